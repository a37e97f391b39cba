import { damaged } from './codec-errors.js';

/**
 * The lz4 block: sequences of a token (4 bits literal length, 4 bits match length − 4, 15 meaning
 * that more length bytes follow), literals, and a match as a little-endian distance of two bytes.
 * The last five bytes are literals, and no match begins in the last twelve.
 */
export const matchMin = 4;
export const lastLiterals = 5;
export const matchFreeTail = 12;
const hashBits = 13;
const hashTable = new Uint16Array(1 << hashBits);

/** The most bytes a block of `length` bytes can take compressed. */
export function lz4BlockBound(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

/**
 * Compresses `start` to `end` (at most 64 KiB) into `target` at `targetStart` and returns where it
 * ended. The caller has made room by `lz4BlockBound`.
 */
export function lz4CompressBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  targetStart: number,
): number {
  const table = hashTable.fill(0);
  const matchFrom = end - matchFreeTail;
  const matchEnd = end - lastLiterals;
  let to = targetStart;
  let literalStart = start;
  let at = start + 1;
  let misses = 64;
  while (at < matchFrom) {
    const four = fourAt(source, at);
    const hash = Math.imul(four, -1640531535) >>> (32 - hashBits);
    const candidate = start + (table[hash] as number);
    table[hash] = at - start;
    if (fourAt(source, candidate) !== four) {
      at += misses++ >> 6;
      continue;
    }
    let length = matchMin;
    while (at + length < matchEnd && source[candidate + length] === source[at + length]) length++;
    to = writeLiterals(source, literalStart, at, length - matchMin, target, to);
    const distance = at - candidate;
    target[to++] = distance & 0xff;
    target[to++] = distance >> 8;
    if (length - matchMin >= 15) to = writeLength(target, to, length - matchMin - 15);
    at += length;
    literalStart = at;
    misses = 64;
    if (at < matchFrom) {
      const before = Math.imul(fourAt(source, at - 2), -1640531535) >>> (32 - hashBits);
      table[before] = at - 2 - start;
    }
  }
  return writeLiterals(source, literalStart, end, 0, target, to);
}

export function fourAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** A token and its literals. */
export function writeLiterals(
  source: Uint8Array,
  start: number,
  end: number,
  matchCode: number,
  target: Buffer,
  at: number,
): number {
  const length = end - start;
  let to = at;
  target[to++] = (Math.min(length, 15) << 4) | Math.min(matchCode, 15);
  if (length >= 15) to = writeLength(target, to, length - 15);
  if (length > 32) target.set(source.subarray(start, end), to);
  else for (let i = 0; i < length; i++) target[to + i] = source[start + i] as number;
  return to + length;
}

export function writeLength(target: Buffer, at: number, length: number): number {
  let to = at;
  let rest = length;
  for (; rest >= 255; rest -= 255) target[to++] = 255;
  target[to++] = rest;
  return to;
}

/**
 * Decompresses the block `start` to `end` into `target` at `targetStart`, writing no further than
 * `targetEnd`, and returns where it ended. Matches reach back to `historyStart`. Returns -1 where
 * the target is too small.
 */
export function lz4DecompressBlock(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  targetStart: number,
  targetEnd: number,
  historyStart: number,
): number {
  let at = start;
  let to = targetStart;
  while (at < end) {
    const token = source[at++] as number;
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = source[at++] as number;
        literals += byte;
      }
    }
    if (literals > end - at) throw damaged('lz4', `${literals} literals are cut off`);
    if (to + literals > targetEnd) return -1;
    if (literals > 32) target.set(source.subarray(at, at + literals), to);
    else for (let i = 0; i < literals; i++) target[to + i] = source[at + i] as number;
    at += literals;
    to += literals;
    if (at >= end) return to;
    if (at + 2 > end) throw damaged('lz4', 'a distance is cut off');
    const distance = (source[at] as number) | ((source[at + 1] as number) << 8);
    at += 2;
    let length = token & 15;
    if (length === 15) {
      let byte = 255;
      while (byte === 255 && at < end) {
        byte = source[at++] as number;
        length += byte;
      }
    }
    length += matchMin;
    const from = to - distance;
    if (distance === 0 || from < historyStart) {
      throw damaged('lz4', `a match reaches ${distance} bytes back, before the data`);
    }
    if (to + length > targetEnd) return -1;
    if (distance >= length && length > 32) target.copyWithin(to, from, from + length);
    else for (let i = 0; i < length; i++) target[to + i] = target[from + i] as number;
    to += length;
  }
  return to;
}
