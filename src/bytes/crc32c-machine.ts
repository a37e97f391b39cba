/**
 * CRC-32C in WebAssembly: the loop over sixteen tables that `crc32c.ts` has in JavaScript too,
 * three times as fast, because the memory needs no check of bounds and the words no conversion.
 * The module is put together here, instruction by instruction, so that nothing binary lies in the
 * repository; it is some 500 bytes, and made when the first checksum of that size is asked for.
 */
export type Crc32cMachine = (bytes: Uint8Array, before: number) => number;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly crc32c: (from: number, length: number, before: number) => number;
}

/** What this file needs of the global of that name, which not every runtime has. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
}

const tableBytes = 1024;
const slices = 16;
/** The tables lie at the beginning of the memory, the bytes to go over behind them. */
const inputAt = slices * tableBytes;
const pages = 2;
const pageBytes = 65_536;
const inputBytes = pages * pageBytes - inputAt;

/** The machine, or undefined where there is no WebAssembly (`--jitless`) or it is forbidden. */
export function makeCrc32cMachine(tables: readonly Int32Array[]): Crc32cMachine | undefined {
  const exports = instantiate();
  if (exports === undefined) return undefined;
  const { memory, crc32c } = exports;
  const words = new Int32Array(memory.buffer);
  for (let k = 0; k < slices; k++) words.set(tables[k] as Int32Array, (k * tableBytes) / 4);
  const input = new Uint8Array(memory.buffer, inputAt, inputBytes);
  return (bytes, before) => {
    const { length } = bytes;
    if (length <= inputBytes) {
      input.set(bytes);
      return crc32c(inputAt, length, before);
    }
    let crc = before;
    for (let at = 0; at < length; at += inputBytes) {
      const part = bytes.subarray(at, at + inputBytes);
      input.set(part);
      crc = crc32c(inputAt, part.length, crc);
    }
    return crc;
  };
}

function instantiate(): Exports | undefined {
  const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyGlobal };
  if (WebAssembly === undefined) return undefined;
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(moduleBytes())).exports;
  } catch {
    return undefined;
  }
}

const i32 = 0x7f;
const nothing = 0x40;
const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  get: 0x20,
  set: 0x21,
  load: 0x28,
  loadByte: 0x2d,
  constant: 0x41,
  lessThan: 0x49,
  notLess: 0x4f,
  add: 0x6a,
  subtract: 0x6b,
  and: 0x71,
  xor: 0x73,
  shiftLeft: 0x74,
  shiftRight: 0x76,
};
/** The locals by number: three parameters, then a word for each four of sixteen bytes. */
const [at, end, crc, word] = [0, 1, 2, 3] as const;

type Code = readonly number[];

const get = (local: number): Code => [op.get, local];
const set = (local: number, value: Code): Code => [...value, op.set, local];
const constant = (value: number): Code => [op.constant, ...signed(value)];
const both = (a: Code, b: Code, operation: number): Code => [...a, ...b, operation];
/** The word that lies `offset` bytes behind an address. */
const load = (address: Code, offset: number): Code => {
  return [...address, op.load, 0, ...unsigned(offset)];
};

/**
 * Sixteen bytes: one look into a table for each of them. Only the first four wait for the checksum
 * of what came before, so they come last, and in pairs: the others are together by then.
 */
function sixteen(): Code {
  const code: number[] = [];
  const found: Code[] = [];
  for (let k = 0; k < slices / 4; k++) {
    const read = load(get(at), 4 * k);
    code.push(...set(word + k, k === 0 ? both(get(crc), read, op.xor) : read));
    for (let byte = 0; byte < 4; byte++) {
      const table = slices - 1 - (4 * k + byte);
      found.push(load(entryOf(word + k, byte), table * tableBytes));
    }
  }
  const together = (list: readonly Code[]) => list.reduce((a, b) => both(a, b, op.xor));
  const waiting = together([together(found.slice(0, 2)), together(found.slice(2, 4))]);
  return [...code, ...set(crc, both(together(found.slice(4)), waiting, op.xor))];
}

/** Where in a table the entry for a byte of a word lies: four times the byte. */
function entryOf(local: number, byte: number): Code {
  const shifted =
    byte === 0
      ? both(get(local), constant(2), op.shiftLeft)
      : both(get(local), constant(byte * 8 - 2), op.shiftRight);
  return both(shifted, constant(0x3fc), op.and);
}

function single(): Code {
  const read = [...get(at), op.loadByte, 0, 0];
  const index = both(both(get(crc), read, op.xor), constant(0xff), op.and);
  const found = load(both(index, constant(2), op.shiftLeft), 0);
  return set(crc, both(found, both(get(crc), constant(8), op.shiftRight), op.xor));
}

/** As often as fits: leaves when `isOver`, else does `step` and goes `by` bytes further. */
function repeat(isOver: Code, step: Code, by: number): Code {
  const onwards = set(at, both(get(at), constant(by), op.add));
  const body = [...isOver, op.branchIf, 1, ...step, ...onwards, op.branch, 0];
  return [op.block, nothing, op.loop, nothing, ...body, op.end, op.end];
}

/** `crc32c(at, length, crc)`; the length becomes the end first. */
function functionBody(): Code {
  const left = both(get(end), get(at), op.subtract);
  const code = [
    ...set(end, both(get(at), get(end), op.add)),
    ...repeat(both(left, constant(slices), op.lessThan), sixteen(), slices),
    ...repeat(both(get(at), get(end), op.notLess), single(), 1),
    ...get(crc),
    op.end,
  ];
  const locals = [1, slices / 4, i32];
  return sized([...locals, ...code]);
}

function moduleBytes(): Uint8Array {
  const magicAndVersion = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const type = [1, 0x60, 3, i32, i32, i32, 1, i32];
  const exported = [2, ...named('memory'), 0x02, 0, ...named('crc32c'), 0x00, 0];
  const sections: [id: number, content: Code][] = [
    [1, type],
    [3, [1, 0]],
    [5, [1, 0, pages]],
    [7, exported],
    [10, [1, ...functionBody()]],
  ];
  const bytes = sections.flatMap(([id, content]) => [id, ...sized(content)]);
  return Uint8Array.from([...magicAndVersion, ...bytes]);
}

function named(name: string): Code {
  return sized([...Buffer.from(name)]);
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
