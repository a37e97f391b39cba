import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  coordinatorPartition,
  crc32c,
  crc32cInJavaScript,
  javaStringHash,
  murmur2,
  useCrc32c,
} from './index.js';
import { makeCrc32cMachine } from './crc32c-machine.js';

/** Bit by bit, as the definition says. */
function slowly(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  afterEach(() => useCrc32c(undefined));

  test('has its known values', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(0))).toBe(0);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });

  test('equals the slow definition, at every alignment and when continued', () => {
    const run = (bytes: Uint8Array, cut: number) => {
      const at = Math.min(cut, bytes.length);
      expect(crc32cInJavaScript(bytes)).toBe(slowly(bytes));
      expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(slowly(bytes));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 200 }), run));
  });

  test('equals JavaScript for inputs that the machine takes in several parts', () => {
    const bytes = Buffer.alloc(400_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) ^ (i >> 7);
    for (const length of [63, 64, 65, 79, 114_687, 114_688, 114_689, 229_377, 399_999]) {
      expect(crc32c(bytes.subarray(1, 1 + length))).toBe(
        crc32cInJavaScript(bytes.subarray(1, 1 + length)),
      );
    }
  });

  test('there is no machine where WebAssembly is missing or forbidden', () => {
    const holder = globalThis as { WebAssembly?: unknown };
    const { WebAssembly: real } = holder;
    try {
      holder.WebAssembly = undefined;
      expect(makeCrc32cMachine([])).toBeUndefined();
      holder.WebAssembly = {
        Module: class {
          constructor() {
            throw new Error('not here');
          }
        },
      };
      expect(makeCrc32cMachine([])).toBeUndefined();
    } finally {
      holder.WebAssembly = real;
    }
  });

  test('a faster implementation gets the large inputs only', () => {
    const lengths: number[] = [];
    useCrc32c((bytes, initial) => {
      lengths.push(bytes.length);
      return crc32cInJavaScript(bytes, initial) | 0;
    });
    const large = Buffer.alloc(512, 7);
    expect(crc32c(large)).toBe(crc32cInJavaScript(large));
    expect(crc32c(large.subarray(1))).toBe(crc32cInJavaScript(large.subarray(1)));
    expect(lengths).toEqual([512]);
  });
});

describe('murmur2', () => {
  // Values that Kafka's own tests expect of `Utils.murmur2`.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])("of '%s' is %i, as Java computes it", (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected);
  });
});

describe('coordinator partition', () => {
  test("is Java's hash of the id, kept positive as Kafka does", () => {
    expect(javaStringHash('')).toBe(0);
    expect(javaStringHash('hello')).toBe(99162322);
    expect(javaStringHash('polygenelubricants')).toBe(-(2 ** 31));
    expect(coordinatorPartition('polygenelubricants', 50)).toBe(0);
    expect(coordinatorPartition('hello', 50)).toBe(22);
    expect(coordinatorPartition('group-\u{1f600}', 50)).toBeGreaterThanOrEqual(0);
  });
});
