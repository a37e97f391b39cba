import { type Crc32cMachine, makeCrc32cMachine } from './crc32c-machine.js';

/**
 * CRC-32C (Castagnoli), sixteen bytes at a time over sixteen tables ("slicing by 16"): in
 * WebAssembly where there is such a thing, else in JavaScript, read as four words where the machine
 * is little-endian. Large inputs can be handed to a faster implementation that the application sets
 * once with `useCrc32c` (the optional package `@node-rs/crc32` is one).
 */
type Crc32c = (bytes: Uint8Array, initial?: number) => number;

const polynomial = 0x82f63b78;
const tables = makeTables();
const t0 = tables[0] as Int32Array;
const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Below this many bytes a view of words costs more than it saves. */
const wordsFrom = 64;

function makeTables(): Int32Array[] {
  const made = Array.from({ length: 16 }, () => new Int32Array(256));
  const first = made[0] as Int32Array;
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    first[n] = crc;
  }
  for (let k = 1; k < 16; k++) {
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
  const { length } = bytes;
  if (length < wordsFrom || !isLittleEndian) return ~byBytes(bytes, 0, length, ~initial) >>> 0;
  const head = (4 - (bytes.byteOffset & 3)) & 3;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, (length - head) >> 2);
  const fours = words.length & ~3;
  const crc = byWords(words, fours, byBytes(bytes, 0, head, ~initial));
  return ~byBytes(bytes, head + fours * 4, length, crc) >>> 0;
}

function byBytes(bytes: Uint8Array, from: number, to: number, before: number): number {
  let crc = before;
  for (let at = from; at < to; at++) {
    crc = (t0[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return crc;
}

type Table = Int32Array;
/** Named one by one, so that the compiler sees sixteen constants instead of a list. */
type SixteenTables = [
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
  Table,
];

/** `count` words, four at a time. */
function byWords(words: Int32Array, count: number, before: number): number {
  const [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = tables as SixteenTables;
  let crc = before;
  for (let at = 0; at < count; at += 4) {
    const v = crc ^ (words[at] as number);
    const w = words[at + 1] as number;
    const x = words[at + 2] as number;
    const y = words[at + 3] as number;
    crc =
      (p[v & 0xff] as number) ^
      (o[(v >>> 8) & 0xff] as number) ^
      (n[(v >>> 16) & 0xff] as number) ^
      (m[v >>> 24] as number) ^
      (l[w & 0xff] as number) ^
      (k[(w >>> 8) & 0xff] as number) ^
      (j[(w >>> 16) & 0xff] as number) ^
      (i[w >>> 24] as number) ^
      (h[x & 0xff] as number) ^
      (g[(x >>> 8) & 0xff] as number) ^
      (f[(x >>> 16) & 0xff] as number) ^
      (e[x >>> 24] as number) ^
      (d[y & 0xff] as number) ^
      (c[(y >>> 8) & 0xff] as number) ^
      (b[(y >>> 16) & 0xff] as number) ^
      (a[y >>> 24] as number);
  }
  return crc;
}

/** Made when it is first needed; undefined where there is no WebAssembly. */
let machine: Crc32cMachine | undefined;
let isMachineMade = false;
/** Below this many bytes copying them into the machine's memory costs more than it saves. */
const machineFrom = 64;

function inMachine(bytes: Uint8Array, initial: number): number {
  if (!isMachineMade) {
    isMachineMade = true;
    machine = makeCrc32cMachine(tables);
  }
  if (machine === undefined) return crc32cInJavaScript(bytes, initial);
  return ~machine(bytes, ~initial) >>> 0;
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
  if (bytes.length >= machineFrom) return inMachine(bytes, initial);
  return crc32cInJavaScript(bytes, initial);
}
