/**
 * CRC-32C (Castagnoli), eight bytes at a time over eight tables ("slicing by 8"): about 2.5 times
 * as fast as one table. Large inputs can be handed to a faster implementation that the
 * application sets once with `useCrc32c` (the optional package `@node-rs/crc32` is one).
 */
type Crc32c = (bytes: Uint8Array, initial?: number) => number;

const polynomial = 0x82f63b78;
const tables = makeTables();
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables;

function makeTables(): Int32Array[] {
  const made = Array.from({ length: 8 }, () => new Int32Array(256));
  const first = made[0] as Int32Array;
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    first[n] = crc;
  }
  for (let k = 1; k < 8; k++) {
    const table = made[k] as Int32Array;
    const before = made[k - 1] as Int32Array;
    for (let n = 0; n < 256; n++) {
      const crc = before[n] as number;
      table[n] = (crc >>> 8) ^ (first[crc & 0xff] as number);
    }
  }
  return made;
}

/** The pure JavaScript implementation; `initial` continues an earlier result. */
export function crc32cInJavaScript(bytes: Uint8Array, initial = 0): number {
  const a = t0 as Int32Array;
  const b = t1 as Int32Array;
  const c = t2 as Int32Array;
  const d = t3 as Int32Array;
  const e = t4 as Int32Array;
  const f = t5 as Int32Array;
  const g = t6 as Int32Array;
  const h = t7 as Int32Array;
  const data = bytes as ArrayLike<number> as Record<number, number>;
  const length = bytes.length;
  const eights = length - (length & 7);
  let crc = ~initial;
  let at = 0;
  for (; at < eights; at += 8) {
    crc ^= at4(data, at);
    crc =
      (h[crc & 0xff] as number) ^
      (g[(crc >>> 8) & 0xff] as number) ^
      (f[(crc >>> 16) & 0xff] as number) ^
      (e[crc >>> 24] as number) ^
      (d[data[at + 4] as number] as number) ^
      (c[data[at + 5] as number] as number) ^
      (b[data[at + 6] as number] as number) ^
      (a[data[at + 7] as number] as number);
  }
  for (; at < length; at++) crc = (a[(crc ^ (data[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function at4(data: Record<number, number>, at: number): number {
  return (
    (data[at] as number) |
    ((data[at + 1] as number) << 8) |
    ((data[at + 2] as number) << 16) |
    ((data[at + 3] as number) << 24)
  );
}

let accelerated: Crc32c | undefined;
/** Below this many bytes the call into native code costs more than it saves. */
const acceleratedFrom = 512;

/** Sets a faster implementation for inputs of 512 bytes and more; undefined takes it away. */
export function useCrc32c(implementation: Crc32c | undefined): void {
  accelerated = implementation;
}

/** CRC-32C of the bytes as an unsigned 32-bit number; `initial` continues an earlier result. */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  if (accelerated !== undefined && bytes.length >= acceleratedFrom) {
    return accelerated(bytes, initial) >>> 0;
  }
  return crc32cInJavaScript(bytes, initial);
}
