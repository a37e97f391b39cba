import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isKafkaError } from '../errors/index.js';
import {
  batchesIn,
  compressionTypes,
  downConvert,
  loadCodec,
  messageSetRecords,
  RecordBatch,
  RecordBatchBuilder,
  upConvert,
  validateRecords,
} from './index.js';

beforeAll(async () => {
  await loadCodec('zstd');
});

function sample(compression: (typeof compressionTypes)[number]): Buffer {
  const builder = new RecordBatchBuilder({ compression });
  for (let n = 0; n < 5; n++) {
    builder.append({
      key: n % 2 === 0 ? null : Buffer.from(`key ${n}`),
      value: Buffer.from(`value ${n}`),
      headers: [{ key: 'h', value: Buffer.from([n]) }],
      timestamp: 1000 + n,
    });
  }
  return builder.build();
}

/** Everything a reader can do with bytes; gives the code of the error, if any. */
function readAll(bytes: Buffer): string {
  try {
    for (const batch of batchesIn(bytes)) {
      for (const record of batch.records({ maxBytes: 1_000_000 })) {
        expect(record.headers.length).toBeLessThan(bytes.length);
        expect(record.key?.length ?? 0).toBeLessThanOrEqual(1_000_000);
        expect(record.value?.length ?? 0).toBeLessThanOrEqual(1_000_000);
        expect(Number.isSafeInteger(record.offset)).toBe(true);
      }
      validateRecords(batch, { maxBytes: 1_000_000 });
    }
  } catch (error) {
    if (isKafkaError(error)) return error.code;
    throw error;
  }
  return 'none';
}

const known = [
  'none',
  'CORRUPT_MESSAGE',
  'INVALID_RECORD',
  'DECOMPRESSION_FAILED',
  'DECOMPRESSION_TOO_LARGE',
  'UNSUPPORTED_COMPRESSION_TYPE',
];

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
}

describe('damaged batches', () => {
  test.each(compressionTypes)('any change of a batch in %s ends in a known error', (type) => {
    const bytes = sample(type);
    const run = (at: number, byte: number, cut: number) => {
      const copy = changed(bytes, (buffer) => {
        buffer[at % buffer.length] = byte;
      });
      expect(known).toContain(readAll(copy.subarray(0, copy.length - (cut % 3 === 0 ? cut : 0))));
    };
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(fc.property(fc.nat(), byte, fc.nat({ max: bytes.length }), run), { numRuns: 1500 });
  });

  test('a wrong checksum is noticed', () => {
    for (let at = 21; at < 80; at++) {
      const copy = changed(sample('none'), (buffer) => {
        buffer[at] = (buffer[at] as number) ^ 0x10;
      });
      expect(new RecordBatch(copy).isValid()).toBe(false);
    }
  });

  test('counts that lie are INVALID_RECORD, in both directions', () => {
    const bytes = sample('none');
    for (const count of [-1, 4, 6, 0x7fffffff]) {
      const copy = changed(bytes, (buffer) => buffer.writeInt32BE(count, 57));
      expect(() => [...new RecordBatch(copy).records()]).toThrow(
        expect.objectContaining({ code: 'INVALID_RECORD' }),
      );
    }
    for (const [count, last] of [
      [0, -1],
      [-1, -2],
      [5, 5],
      [6, 5],
      [4, 3],
    ] as const) {
      const copy = changed(bytes, (buffer) => {
        buffer.writeInt32BE(count, 57);
        buffer.writeInt32BE(last, 23);
      });
      expect(() => validateRecords(new RecordBatch(copy))).toThrow(
        expect.objectContaining({ code: 'INVALID_RECORD' }),
      );
    }
  });

  test('offset deltas out of order are told, not refused', () => {
    const builder = new RecordBatchBuilder();
    builder.appendAt(1, { key: null, value: null, timestamp: 5 });
    builder.appendAt(3, { key: Buffer.from('k'), value: null, timestamp: 9 });
    const bytes = builder.build();
    bytes.writeInt32BE(1, 23);
    expect(validateRecords(new RecordBatch(bytes))).toEqual({
      count: 2,
      maxTimestamp: 9,
      minTimestamp: 5,
      maxTimestampOffsetDelta: 3,
      firstKeylessIndex: 0,
      sequential: false,
      recordBytes: 15,
    });
  });

  test('lengths, magic and codec that cannot be are named', () => {
    const bytes = sample('none');
    const codes = [
      changed(bytes, (buffer) => buffer.writeInt32BE(-1, 8)),
      changed(bytes, (buffer) => buffer.writeInt32BE(0, 8)),
      changed(bytes, (buffer) => buffer.writeInt32BE(20, 8)),
      changed(bytes, (buffer) => buffer.writeInt8(3, 16)),
      changed(bytes, (buffer) => buffer.writeInt16BE(5, 21)),
      changed(bytes, (buffer) => buffer.writeBigInt64BE(2n ** 60n, 27)),
      Buffer.alloc(100, 0xff),
    ].map(readAll);
    expect(codes).toEqual([
      'CORRUPT_MESSAGE',
      'CORRUPT_MESSAGE',
      'CORRUPT_MESSAGE',
      'CORRUPT_MESSAGE',
      'UNSUPPORTED_COMPRESSION_TYPE',
      'CORRUPT_MESSAGE',
      'CORRUPT_MESSAGE',
    ]);
  });

  test('a batch that grows beyond the limit when decompressed is refused', () => {
    const builder = new RecordBatchBuilder({ compression: 'gzip' });
    builder.append({ key: null, value: Buffer.alloc(5_000_000), timestamp: 0 });
    const batch = new RecordBatch(builder.build());
    expect(batch.sizeInBytes).toBeLessThan(6000);
    expect(() => batch.records({ maxBytes: 1_000_000 })).toThrow(
      expect.objectContaining({ code: 'DECOMPRESSION_TOO_LARGE' }),
    );
  });
});

describe('damaged message sets', () => {
  const sources = compressionTypes.filter((type) => type !== 'zstd');
  const sets = sources.flatMap((type) =>
    ([0, 1] as const).map((magic) => [type, magic, downConvert(sample(type), { magic })] as const),
  );

  test.each(sets)('any change of a set in %s of magic %i ends in a known error', (_, __, set) => {
    const run = (at: number, byte: number) => {
      const copy = changed(set, (buffer) => {
        buffer[at % buffer.length] = byte;
      });
      try {
        for (const record of messageSetRecords(copy)) expect(record.headers).toEqual([]);
        upConvert(copy);
      } catch (error) {
        expect(isKafkaError(error)).toBe(true);
        expect(known).toContain((error as { code: string }).code);
      }
    };
    fc.assert(fc.property(fc.nat(), fc.integer({ min: 0, max: 255 }), run), { numRuns: 300 });
  });

  test('a set that is empty or cut off is not converted', () => {
    const whole = downConvert(sample('none'), { magic: 1 });
    expect(() => upConvert(Buffer.alloc(0))).toThrow(
      expect.objectContaining({ code: 'INVALID_RECORD' }),
    );
    expect(() => upConvert(whole.subarray(0, whole.length - 1))).toThrow(
      expect.objectContaining({ code: 'CORRUPT_MESSAGE' }),
    );
    const read = [...messageSetRecords(whole.subarray(0, whole.length - 1))];
    expect(read.map((record) => record.offset)).toEqual([0, 1, 2, 3]);
  });
});
