import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isUuid,
  Reader,
  sizeOfUvarint,
  sizeOfVarint,
  sizeOfVarlong,
  uuidFrom,
  Writer,
  zeroUuid,
} from './index.js';

/** One value with how it is written, read, and laid out by Buffer's own methods. */
interface Step {
  readonly name: string;
  readonly value: unknown;
  readonly write: (writer: Writer) => void;
  readonly read: (reader: Reader) => unknown;
  readonly bytes: Buffer;
}

function layout(length: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(length);
  write(buffer);
  return buffer;
}

/** Seven bits at a time, with big integers: slow and plain. */
function uvarintBytes(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function zigzagBytes(value: number): Buffer {
  const wide = BigInt(value);
  return uvarintBytes(BigInt.asUintN(64, (wide << 1n) ^ (wide >> 63n)));
}

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const edges64 = [0, -1, 1, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 32 - 1, -(2 ** 32), 2 ** 52];
const int64 = fc.oneof(
  fc.maxSafeInteger(),
  int32,
  fc.constantFrom(...edges64, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.integer({ min: -128, max: 127 }).map((value) => ({
    name: 'int8',
    value,
    write: (writer: Writer) => writer.int8(value),
    read: (reader: Reader) => reader.int8(),
    bytes: layout(1, (buffer) => buffer.writeInt8(value)),
  })),
  fc.integer({ min: 0, max: 255 }).map((value) => ({
    name: 'uint8',
    value,
    write: (writer: Writer) => writer.uint8(value),
    read: (reader: Reader) => reader.uint8(),
    bytes: Buffer.from([value]),
  })),
  fc.integer({ min: -32768, max: 32767 }).map((value) => ({
    name: 'int16',
    value,
    write: (writer: Writer) => writer.int16(value),
    read: (reader: Reader) => reader.int16(),
    bytes: layout(2, (buffer) => buffer.writeInt16BE(value)),
  })),
  int32.map((value) => ({
    name: 'int32',
    value,
    write: (writer: Writer) => writer.int32(value),
    read: (reader: Reader) => reader.int32(),
    bytes: layout(4, (buffer) => buffer.writeInt32BE(value)),
  })),
  int64.map((value) => ({
    name: 'int64',
    value,
    write: (writer: Writer) => writer.int64(value),
    read: (reader: Reader) => reader.int64(),
    bytes: layout(8, (buffer) => buffer.writeBigInt64BE(BigInt(value))),
  })),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({
    name: 'int64Exact',
    value,
    write: (writer: Writer) => writer.int64Exact(value),
    read: (reader: Reader) => reader.int64Exact(),
    bytes: layout(8, (buffer) => buffer.writeBigInt64BE(value)),
  })),
  fc.double().map((value) => ({
    name: 'float64',
    value,
    write: (writer: Writer) => writer.float64(value),
    read: (reader: Reader) => reader.float64(),
    bytes: layout(8, (buffer) => buffer.writeDoubleBE(value)),
  })),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => ({
    name: 'uvarint',
    value,
    write: (writer: Writer) => writer.uvarint(value),
    read: (reader: Reader) => reader.uvarint(),
    bytes: uvarintBytes(BigInt(value)),
  })),
  int32.map((value) => ({
    name: 'varint',
    value,
    write: (writer: Writer) => writer.varint(value),
    read: (reader: Reader) => reader.varint(),
    bytes: zigzagBytes(value),
  })),
  int64.map((value) => ({
    name: 'varlong',
    value,
    write: (writer: Writer) => writer.varlong(value),
    read: (reader: Reader) => reader.varlong(),
    bytes: zigzagBytes(value),
  })),
  fc.string({ unit: 'binary', maxLength: 80 }).map((value) => {
    const bytes = Buffer.from(value);
    return {
      name: 'utf8',
      value,
      write: (writer: Writer) => writer.utf8(value, bytes.length),
      read: (reader: Reader) => reader.utf8(bytes.length),
      bytes,
    };
  }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map((value) => {
    const text = Buffer.from(value).toString('base64url');
    return {
      name: 'uuid',
      value: text,
      write: (writer: Writer) => writer.uuid(text),
      read: (reader: Reader) => reader.uuid(),
      bytes: Buffer.from(value),
    };
  }),
);

describe('reader and writer', () => {
  test('any sequence of values is laid out as Buffer does it, and read back', () => {
    const run = (steps: Step[], capacity: number) => {
      const writer = new Writer(capacity);
      for (const { write } of steps) write(writer);
      const expected = Buffer.concat(steps.map(({ bytes }) => bytes));
      expect(writer.bytes().toString('hex')).toBe(expected.toString('hex'));
      const padded = Buffer.concat([Buffer.alloc(3), writer.bytes(), Buffer.alloc(3)]);
      const reader = new Reader(padded, 3, padded.length - 3);
      for (const { read, value } of steps) expect(read(reader)).toEqual(value);
      reader.expectEnd();
    };
    const capacity = fc.integer({ min: 1, max: 64 });
    fc.assert(fc.property(fc.array(step, { maxLength: 20 }), capacity, run), { numRuns: 400 });
  });

  test('a value cut anywhere is MALFORMED_MESSAGE', () => {
    const run = ({ bytes, read }: Step) => {
      for (let end = 0; end < bytes.length; end++) {
        const reader = new Reader(Buffer.concat([bytes, bytes]), 0, end);
        expect(() => read(reader)).toThrow(expect.objectContaining({ code: 'MALFORMED_MESSAGE' }));
      }
    };
    fc.assert(fc.property(step, run), { numRuns: 300 });
  });

  test('an int64 beyond ±(2^53−1) is refused, and exact as a bigint', () => {
    const outside = [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n];
    for (const value of outside) {
      const bytes = layout(8, (buffer) => buffer.writeBigInt64BE(value));
      expect(() => new Reader(bytes).int64()).toThrow(
        expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }),
      );
      expect(new Reader(bytes).int64Exact()).toBe(value);
      const zigzag = uvarintBytes(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
      expect(() => new Reader(zigzag).varlong()).toThrow(
        expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }),
      );
    }
    for (const value of [2 ** 53, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Writer().int64(value)).toThrow(
        expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }),
      );
    }
  });

  test('varints that never end are refused', () => {
    const endless = Buffer.alloc(20, 0xff);
    for (const read of ['uvarint', 'varint', 'varlong'] as const) {
      expect(() => new Reader(endless)[read]()).toThrow(
        expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
      );
    }
  });

  test('byte ranges are views, and a negative or too large length is refused', () => {
    const buffer = Buffer.from('abcdef');
    const reader = new Reader(buffer, 1, 5);
    const view = reader.bytes(2);
    buffer[1] = 0x58;
    expect(view.toString()).toBe('Xc');
    for (const length of [-1, 3, 2 ** 31]) {
      expect(() => reader.bytes(length)).toThrow(
        expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
      );
    }
    expect(reader.remaining).toBe(2);
    expect(() => reader.expectEnd()).toThrow(
      expect.objectContaining({ code: 'MALFORMED_MESSAGE' }),
    );
  });

  test('a length that was left open is patched later', () => {
    const writer = new Writer(1);
    const at = writer.reserve(4);
    writer.raw(Buffer.from('abc'));
    writer.patchInt32(at, 3);
    expect(writer.bytes().toString('hex')).toBe('00000003616263');
    writer.reset();
    expect(writer.bytes()).toHaveLength(0);
  });

  test('gathered bytes come out where they were written, and are not copied', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.nat({ max: 14 }), (written, gatherFrom) => {
        const plain = new Writer(1);
        const gathering = new Writer(1, gatherFrom);
        for (const piece of written) {
          plain.uvarint(piece.length);
          plain.raw(piece);
          gathering.uvarint(piece.length);
          gathering.raw(piece);
        }
        const chunks = gathering.chunks();
        expect(Buffer.concat(chunks)).toEqual(plain.bytes());
        expect(gathering.length).toBe(plain.length);
        for (const piece of written) {
          if (piece.length >= gatherFrom) expect(chunks).toContain(piece);
        }
      }),
    );
  });

  test('the sizes of varints are those written', () => {
    fc.assert(
      fc.property(int32, int64, (narrow, wide) => {
        expect(sizeOfUvarint(narrow)).toBe(uvarintBytes(BigInt(narrow >>> 0)).length);
        expect(sizeOfVarint(narrow)).toBe(zigzagBytes(narrow).length);
        expect(sizeOfVarlong(wide)).toBe(zigzagBytes(wide).length);
      }),
      { numRuns: 1000 },
    );
  });

  test('a uuid is text of 22 characters; reserved ones and those with a dash are not given', () => {
    expect(uuidFrom(Buffer.alloc(16, 0xfb))).toBeUndefined();
    const made = uuidFrom(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')) ?? '';
    expect(made).toHaveLength(22);
    expect(isUuid(made)).toBe(true);
    expect(Buffer.from(made, 'base64url')[6]).toBe(0x46);
    expect(isUuid(zeroUuid)).toBe(true);
    expect(isUuid('short')).toBe(false);
    expect(() => new Writer().uuid('short')).toThrow(
      expect.objectContaining({ code: 'VALUE_OUT_OF_RANGE' }),
    );
  });
});
