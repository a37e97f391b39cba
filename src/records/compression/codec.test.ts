import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isKafkaError } from '../../errors/index.js';
import {
  compress,
  compressAsync,
  decompress,
  decompressAsync,
  isCodecLoaded,
  loadCodec,
  runCompressionTask,
  useCompressionOffload,
} from './codec.js';
import { compressionTypes } from './compression-type.js';
import { lz4Compress } from './lz4.js';
import { xxhash32 } from './xxhash32.js';
import { zstdFrames } from './zstd-frame.js';

const codecs = compressionTypes.filter((type) => type !== 'none');

beforeAll(async () => {
  await loadCodec('zstd');
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isKafkaError(error)) return error.code;
    throw error;
  }
  return 'none';
}

/** Bytes that repeat now and then, so that matches of all kinds occur. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 90 }), fc.integer({ min: 1, max: 40 })), {
    maxLength: 12,
  })
  .map((parts) => Buffer.concat(parts.flatMap(([part, times]) => Array(times).fill(part))));

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 12345;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('codecs', () => {
  test.each(codecs)('%s gives back what it was given', (type) => {
    const run = (bytes: Buffer) => {
      const packed = compress(type, bytes);
      expect(decompress(type, packed, bytes.length).equals(bytes)).toBe(true);
    };
    fc.assert(fc.property(repetitive, run), { numRuns: 200 });
    const text = Buffer.from('{"number": 17, "name": "somebody"}\n'.repeat(9000));
    for (const bytes of [noise(200_000), text, Buffer.alloc(300_000), Buffer.alloc(0)]) {
      run(bytes);
      for (const length of [1, 15, 16, 17, 32767, 32768, 65535, 65536, 65537, 131072]) {
        run(bytes.subarray(0, length));
      }
    }
    expect(compress(type, text).length).toBeLessThan(text.length / 8);
  });

  test.each(codecs)('%s stops at the output limit', (type) => {
    const bomb = compress(type, Buffer.alloc(8 * 1024 * 1024));
    expect(codeOf(() => decompress(type, bomb, 100_000))).toBe('DECOMPRESSION_TOO_LARGE');
    const small = compress(type, Buffer.from('abc'));
    expect(codeOf(() => decompress(type, small, 2))).toBe('DECOMPRESSION_TOO_LARGE');
    expect(decompress(type, small, 3).toString()).toBe('abc');
  });

  test.each(codecs)('%s refuses cut and changed data with an error of its own', (type) => {
    const packed = compress(type, Buffer.from('a line of text that repeats. '.repeat(40)));
    const allowed = ['none', 'DECOMPRESSION_FAILED', 'DECOMPRESSION_TOO_LARGE'];
    for (let length = 0; length < packed.length; length++) {
      const code = codeOf(() => decompress(type, packed.subarray(0, length), 100_000));
      expect(allowed).toContain(code);
    }
    const run = (at: number, byte: number) => {
      const changed = Buffer.from(packed);
      changed[at % packed.length] = byte;
      expect(allowed).toContain(codeOf(() => decompress(type, changed, 100_000)));
    };
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), run), { numRuns: 300 });
    const noiseIn = (bytes: Uint8Array) => {
      expect(allowed).toContain(codeOf(() => decompress(type, bytes, 100_000)));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), noiseIn), { numRuns: 300 });
  });

  test.each(compressionTypes)('%s gives the same on and off the event loop', async (type) => {
    const bytes = Buffer.from('{"number": 17}\n'.repeat(20_000));
    const packed = await compressAsync(type, bytes);
    expect(decompress(type, packed).equals(bytes)).toBe(true);
    expect((await decompressAsync(type, compress(type, bytes))).equals(bytes)).toBe(true);
    expect((await decompressAsync(type, packed)).equals(bytes)).toBe(true);
    expect(
      (await decompressAsync(type, await compressAsync(type, Buffer.from('x')))).toString(),
    ).toBe('x');
  });

  test.each(codecs)('%s keeps its limit and its errors off the event loop', async (type) => {
    const packed = await compressAsync(type, noise(300_000));
    await expect(decompressAsync(type, packed, 299_999)).rejects.toThrow(
      expect.objectContaining({ code: 'DECOMPRESSION_TOO_LARGE' }),
    );
    await expect(decompressAsync(type, packed.subarray(0, -5))).rejects.toThrow(
      expect.objectContaining({ code: 'DECOMPRESSION_FAILED' }),
    );
  });

  test('big inputs of the codecs in JavaScript go where the application says', async () => {
    const seen: string[] = [];
    useCompressionOffload(async (task) => {
      seen.push(`${task.work} ${task.type}`);
      return await runCompressionTask(task);
    });
    const bytes = noise(100_000);
    try {
      const packed = await compressAsync('snappy', bytes);
      expect((await decompressAsync('snappy', packed)).equals(bytes)).toBe(true);
    } finally {
      useCompressionOffload(undefined);
    }
    expect(seen).toEqual(['compress snappy', 'decompress snappy']);
  });

  test('gzip of several members is read as one', () => {
    const two = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')]);
    expect(decompress('gzip', two).toString()).toBe('one two');
  });

  test('zstd of several frames is read as one, skippable frames passed over', () => {
    const skippable = Buffer.from('502a4d1803000000616263', 'hex');
    const frames = [compress('zstd', Buffer.from('one ')), compress('zstd', Buffer.from('two'))];
    const whole = Buffer.concat([skippable, ...frames, skippable]);
    expect(decompress('zstd', whole).toString()).toBe('one two');
    expect([...zstdFrames(whole)]).toHaveLength(2);
    expect(isCodecLoaded('zstd')).toBe(true);
  });

  test('a zstd frame that claims more than its blocks hold is damaged', () => {
    // Single segment, four bytes of content size, one raw block of one byte.
    const liar = Buffer.from('28b52ffda0ffffff7f09000061', 'hex');
    expect(codeOf(() => decompress('zstd', liar))).toBe('DECOMPRESSION_FAILED');
  });

  test('a zstd frame with a window beyond 128 MiB is refused', () => {
    const wide = Buffer.from('28b52ffd00f809000061', 'hex');
    expect(codeOf(() => decompress('zstd', wide))).toBe('DECOMPRESSION_FAILED');
  });
});

describe('snappy', () => {
  test('a bare block with copies of all widths is read', () => {
    // 'abcd', copy 4 from 4 (one byte), 4 from 8 (two bytes), 4 from 12 (four bytes).
    const block = Buffer.from('100c61626364' + '0104' + '0e0800' + '0f0c000000', 'hex');
    expect(decompress('snappy', block).toString()).toBe('abcdabcdabcdabcd');
  });

  test('a stream begins with the magic that Java writes', () => {
    const packed = compress('snappy', Buffer.from('hello'));
    expect(packed.toString('hex')).toBe(
      '82534e4150505900' + '0000000100000001' + '00000007' + '0510' + '68656c6c6f',
    );
  });

  test('a claimed size that the data cannot give is refused before memory is taken', () => {
    const liar = Buffer.from('ffffff7f00', 'hex');
    expect(codeOf(() => decompress('snappy', liar))).toBe('DECOMPRESSION_FAILED');
  });
});

describe('lz4', () => {
  test('xxHash32 has its known values', () => {
    expect(xxhash32(Buffer.from(''))).toBe(0x02cc5d05);
    expect(xxhash32(Buffer.from('a'))).toBe(0x550d7456);
    expect(xxhash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f);
  });

  test('a frame has independent blocks of 64 KiB and no checksums, as Java wants it', () => {
    const packed = compress('lz4', noise(70_000));
    expect(packed.toString('hex', 0, 7)).toBe('04224d18604082');
    expect(packed.readUInt32LE(7)).toBe(0x80010000);
  });

  test('a level other than the default searches: smaller the higher, and the same content', () => {
    const words = ['broker', 'record', 'offset', 'segment', 'epoch', 'leader'];
    const random = noise(20_000);
    const text = Buffer.from(Array.from(random, (byte) => words[byte % 6]).join(' '));
    const sizes = [1, 4, 12, 17].map((level) => {
      for (const bytes of [text, random, Buffer.alloc(70_000), Buffer.from('x'), Buffer.alloc(0)]) {
        const packed = compress('lz4', bytes, level);
        expect(decompress('lz4', packed).equals(bytes)).toBe(true);
      }
      return compress('lz4', text, level).length;
    });
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
    expect(sizes[2]).toBeLessThan(compress('lz4', text).length * 0.9);
    expect(compress('lz4', text, 9).equals(compress('lz4', text))).toBe(true);
  });

  test('the header checksum of magic 0 covers the frame magic and is accepted', () => {
    const old = lz4Compress(Buffer.from('hello'), { oldHeaderChecksum: true });
    expect(old[6]).not.toBe(0x82);
    expect(decompress('lz4', old).toString()).toBe('hello');
    old[6] = (old[6] as number) ^ 1;
    expect(codeOf(() => decompress('lz4', old))).toBe('DECOMPRESSION_FAILED');
  });

  /** A frame of two stored blocks with every optional field. */
  function fullFrame(): Buffer {
    const blocks = [Buffer.from('hello '), Buffer.from('world')];
    const content = Buffer.concat(blocks);
    const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x7c, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64LE(BigInt(content.length), 6);
    header[14] = (xxhash32(header, 4, 14) >>> 8) & 0xff;
    const parts: Buffer[] = [header];
    for (const block of blocks) {
      const around = Buffer.alloc(8);
      around.writeUInt32LE((0x80000000 | block.length) >>> 0, 0);
      around.writeUInt32LE(xxhash32(block), 4);
      parts.push(around.subarray(0, 4), block, around.subarray(4));
    }
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(xxhash32(content), 4);
    return Buffer.concat([...parts, tail]);
  }

  test('checksums of blocks and content, content size and 4 MiB blocks are read', () => {
    const frame = fullFrame();
    expect(decompress('lz4', frame).toString()).toBe('hello world');
    for (const at of [frame.length - 1, 20, 26]) {
      const changed = Buffer.from(frame);
      changed[at] = (changed[at] as number) ^ 1;
      expect(codeOf(() => decompress('lz4', changed))).toBe('DECOMPRESSION_FAILED');
    }
    const skippable = Buffer.from('5f2a4d1802000000abcd', 'hex');
    const several = Buffer.concat([skippable, frame, skippable, frame]);
    expect(decompress('lz4', several).toString()).toBe('hello worldhello world');
  });

  test('linked blocks reach back into the block before', () => {
    const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x40, 0x40, 0]);
    header[6] = (xxhash32(header, 4, 6) >>> 8) & 0xff;
    const first = Buffer.from('08000080' + Buffer.from('abcdefgh').toString('hex'), 'hex');
    // No literals, four bytes from eight back, then five literals.
    const second = Buffer.from('09000000' + '000800' + '50' + '3132333435', 'hex');
    const frame = Buffer.concat([header, first, second, Buffer.alloc(4)]);
    expect(decompress('lz4', frame).toString()).toBe('abcdefghabcd12345');
  });
});
