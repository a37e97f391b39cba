/** Bytes an unsigned varint takes, 1 to 5. */
export function sizeOfUvarint(value: number): number {
  let rest = value >>> 0;
  let size = 1;
  while (rest > 0x7f) {
    size++;
    rest >>>= 7;
  }
  return size;
}

/** Bytes a zigzag varint takes, 1 to 5. */
export function sizeOfVarint(value: number): number {
  return sizeOfUvarint((value << 1) ^ (value >> 31));
}

/** Bytes a zigzag varlong takes, 1 to 10; the value must be a safe integer. */
export function sizeOfVarlong(value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return sizeOfVarint(value);
  // The zigzag value is 2·|v| (or 2·|v| − 1), and the thresholds are powers of 128.
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let size = 1;
  while (rest >= 128) {
    size++;
    rest = Math.floor(rest / 128);
  }
  return size;
}
