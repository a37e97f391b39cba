import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { crc32c } from '../bytes/index.js';
import {
  assignOffsets,
  assignProducer,
  batchesIn,
  type CompressionType,
  compressionTypes,
  estimateRecordSize,
  loadCodec,
  RecordBatch,
  RecordBatchBuilder,
  type RecordInput,
  rewriteTimestamps,
  validateRecords,
} from './index.js';

beforeAll(async () => {
  await loadCodec('zstd');
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 100, maxLength: 300 }),
);
const nullable = fc.option(bytes, { nil: null });
const record: fc.Arbitrary<RecordInput> = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.option(
    fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: nullable }), {
      maxLength: 4,
    }),
    { nil: undefined },
  ),
  timestamp: fc.oneof(
    fc.integer({ min: 0, max: 2 ** 41 }),
    fc.maxSafeInteger().map((n) => Math.floor(n / 2)),
    fc.constantFrom(-1, 0, 1_763_000_000_000),
  ),
});

interface PlainRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

function hex(value: Uint8Array | null): string | null {
  return value === null ? null : Buffer.from(value).toString('hex');
}

function plain(input: RecordInput, offset: number): PlainRecord {
  return {
    offset,
    timestamp: input.timestamp,
    key: hex(input.key),
    value: hex(input.value),
    headers: (input.headers ?? []).map((header) => [header.key, hex(header.value)] as const),
  };
}

/** The dumb twin: one record after the other with big integers and nothing shared. */
function eagerly(batch: Buffer): PlainRecord[] {
  let position = 61;
  const varlong = (): bigint => {
    let raw = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(batch.readUInt8(position++));
      raw |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asIntN(64, (raw >> 1n) ^ -(raw & 1n));
    }
  };
  const nullableBytes = (): string | null => {
    const length = Number(varlong());
    if (length < 0) return null;
    position += length;
    return batch.toString('hex', position - length, position);
  };
  const records: PlainRecord[] = [];
  while (position < batch.length) {
    varlong();
    position++;
    const timestamp = Number(batch.readBigInt64BE(27) + varlong());
    const offset = Number(batch.readBigInt64BE(0) + varlong());
    const key = nullableBytes();
    const value = nullableBytes();
    const headers = Array.from({ length: Number(varlong()) }, () => {
      const name = Buffer.from(nullableBytes() ?? '', 'hex').toString('utf8');
      return [name, nullableBytes()] as const;
    });
    records.push({ offset, timestamp, key, value, headers });
  }
  return records;
}

function built(
  records: readonly RecordInput[],
  compression: CompressionType = 'none',
  baseOffset = 0,
): Buffer {
  const builder = new RecordBatchBuilder({ compression, baseOffset });
  for (const input of records) builder.append(input);
  return builder.build();
}

const three: RecordInput[] = [
  { key: Buffer.from('a'), value: Buffer.from('one'), timestamp: 1000 },
  { key: null, value: Buffer.from('two'), timestamp: 3000 },
  { key: Buffer.from('c'), value: null, timestamp: 2000 },
];

describe('record batch', () => {
  test.each(compressionTypes)('what was built with %s is read back', (compression) => {
    const run = (records: RecordInput[], baseOffset: number) => {
      const bytes = built(records, compression, baseOffset);
      const batch = new RecordBatch(bytes);
      expect(batch.isValid()).toBe(true);
      expect(batch.sizeInBytes).toBe(bytes.length);
      expect(batch.compression).toBe(compression);
      const read = [...batch.records()].map((view) => plain(view, view.offset));
      expect(read).toEqual(records.map((input, i) => plain(input, baseOffset + i)));
      expect(batch.maxTimestamp).toBe(Math.max(-1, ...records.map((input) => input.timestamp)));
      expect(validateRecords(batch)).toMatchObject({ count: records.length, sequential: true });
    };
    const base = fc.oneof(fc.nat(), fc.constant(2 ** 52));
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), base, run), {
      numRuns: 60,
    });
  });

  test('the lazy view sees what an eager reader sees', () => {
    const run = (records: RecordInput[]) => {
      const bytes = built(records);
      const lazily = [...new RecordBatch(bytes).records()];
      expect(lazily.map((view) => plain(view, view.offset))).toEqual(eagerly(bytes));
      const size = lazily.reduce((sum, view) => sum + view.sizeInBytes, 0);
      expect(size).toBe(bytes.length - 61);
    };
    fc.assert(fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), run));
  });

  test('the estimate of a record is never below what it takes', () => {
    const run = (first: RecordInput, second: RecordInput) => {
      const builder = new RecordBatchBuilder();
      builder.append(first);
      const before = builder.uncompressedSize;
      builder.append(second);
      const grown = builder.uncompressedSize - before;
      expect(grown).toBeLessThanOrEqual(estimateRecordSize(second));
    };
    fc.assert(fc.property(record, record, run));
  });

  test('a batch of three records has the bytes Kafka documents', () => {
    const bytes = built(three, 'none', 7);
    expect(bytes.toString('hex', 0, 17)).toBe('0000000000000007' + '00000050' + 'ffffffff' + '02');
    expect(bytes.readUInt32BE(17)).toBe(crc32c(bytes.subarray(21)));
    expect(bytes.toString('hex', 21)).toBe(
      '0000' +
        '00000002' +
        '00000000000003e8' +
        '0000000000000bb8' +
        'ffffffffffffffff' +
        'ffff' +
        'ffffffff' +
        '00000003' +
        '140000000261066f6e6500' +
        '1400a01f02010674776f00' +
        '1000d00f0402630100',
    );
  });

  test('header fields are read where they stand', () => {
    const builder = new RecordBatchBuilder({
      baseOffset: 40,
      partitionLeaderEpoch: 5,
      producer: {
        producerId: 2 ** 40,
        producerEpoch: 9,
        baseSequence: 2 ** 31 - 2,
        isTransactional: true,
      },
    });
    for (const input of three) builder.append(input);
    const batch = new RecordBatch(builder.build());
    expect(batch).toMatchObject({
      magic: 2,
      baseOffset: 40,
      lastOffset: 42,
      nextOffset: 43,
      lastOffsetDelta: 2,
      partitionLeaderEpoch: 5,
      producerId: 2 ** 40,
      producerEpoch: 9,
      baseSequence: 2 ** 31 - 2,
      lastSequence: 0,
      isTransactional: true,
      isControl: false,
      hasDeleteHorizon: false,
      timestampType: 'CreateTime',
      baseTimestamp: 1000,
      maxTimestamp: 3000,
      count: 3,
    });
  });

  test('a batch refuses a record beyond its size limit but always takes the first', () => {
    const builder = new RecordBatchBuilder({ sizeLimit: 100 });
    expect(builder.append({ key: null, value: Buffer.alloc(200), timestamp: 0 })).toBe(0);
    expect(builder.append(three[0] as RecordInput)).toBeUndefined();
    expect(builder.count).toBe(1);
    const roomy = new RecordBatchBuilder({ sizeLimit: 61 + 11 + 11 });
    expect(three.map((input) => roomy.append(input))).toEqual([0, 1, undefined]);
    expect(roomy.build()).toHaveLength(61 + 11 + 11);
  });

  test('a batch that will shrink grows by doubling, not record by record', () => {
    const allocated = vi.spyOn(Buffer, 'allocUnsafeSlow');
    try {
      const record = { key: null, value: Buffer.alloc(200), timestamp: 0 };
      const sizeLimit = 16_384;
      const builder = new RecordBatchBuilder({
        compression: 'gzip',
        compressionRatio: 0.1,
        sizeLimit,
      });
      let count = 0;
      while (builder.append(record) !== undefined) count++;
      expect(count).toBeGreaterThan(500);
      expect(allocated.mock.calls.length).toBeLessThan(12);
    } finally {
      allocated.mockRestore();
    }
  });

  test('a built batch takes no more records and is the same bytes when built again', async () => {
    const builder = new RecordBatchBuilder({ compression: 'gzip' });
    builder.append(three[0] as RecordInput);
    const first = await builder.buildAsync();
    expect(builder.append(three[1] as RecordInput)).toBeUndefined();
    expect(builder.build()).toBe(first);
    expect(await builder.buildAsync()).toBe(first);
  });

  test('a big batch compressed off the event loop equals one compressed on it', async () => {
    const big = Array.from({ length: 2000 }, (_, n) => ({
      key: null,
      value: Buffer.from(`value ${n % 10} `.repeat(5)),
      timestamp: n,
    }));
    for (const compression of compressionTypes) {
      const builder = new RecordBatchBuilder({ compression });
      for (const input of big) builder.append(input);
      const bytes = await builder.buildAsync();
      const read = [...(await new RecordBatch(bytes).recordsAsync())];
      const expected = [...new RecordBatch(built(big, compression)).records()];
      expect(JSON.stringify(read)).toBe(JSON.stringify(expected));
      expect(read).toHaveLength(2000);
    }
  });

  test('offsets and leader epoch are set without touching the checksum', () => {
    const bytes = built(three, 'lz4');
    assignOffsets(bytes, 0, 123_456_789_012, 7);
    const batch = new RecordBatch(bytes);
    expect(batch.isValid()).toBe(true);
    expect(batch.partitionLeaderEpoch).toBe(7);
    expect([...batch.records()].map((view) => view.offset)).toEqual([
      123_456_789_012, 123_456_789_013, 123_456_789_014,
    ]);
  });

  test('under LogAppendTime every record has the time of appending', () => {
    const bytes = built(three);
    rewriteTimestamps(bytes, 0, 'LogAppendTime', 9_000);
    const batch = new RecordBatch(bytes);
    expect(batch.isValid()).toBe(true);
    expect(batch.timestampType).toBe('LogAppendTime');
    expect(batch.baseTimestamp).toBe(1000);
    expect([...batch.records()].map((view) => view.timestamp)).toEqual([9000, 9000, 9000]);
    rewriteTimestamps(bytes, 0, 'CreateTime', 3000);
    expect(bytes.equals(built(three))).toBe(true);
  });

  test('a built batch can be given to another producer epoch', () => {
    const bytes = built(three);
    assignProducer(bytes, 0, { producerId: 5, producerEpoch: 1, baseSequence: 0 });
    const batch = new RecordBatch(bytes);
    expect(batch.isValid()).toBe(true);
    expect(batch).toMatchObject({ producerId: 5, producerEpoch: 1, baseSequence: 0 });
  });

  test('records keep the gaps that compaction left', () => {
    const builder = new RecordBatchBuilder({ baseOffset: 10 });
    builder.appendAt(12, three[0] as RecordInput);
    builder.appendAt(19, three[1] as RecordInput);
    const batch = new RecordBatch(builder.build());
    expect([...batch.records()].map((view) => view.offset)).toEqual([12, 19]);
    expect(batch.lastOffset).toBe(19);
  });

  test('batches of a buffer come one by one up to a cut tail', () => {
    const whole = Buffer.concat([built(three, 'none', 0), built(three, 'gzip', 3), built(three)]);
    const cut = whole.subarray(0, whole.length - 1);
    expect([...batchesIn(whole)]).toHaveLength(3);
    expect([...batchesIn(cut)].map((batch) => batch.baseOffset)).toEqual([0, 3]);
    expect([...batchesIn(cut.subarray(0, 5))]).toEqual([]);
  });

  test('a view keeps working when the batch lies inside a larger buffer', () => {
    const padded = Buffer.concat([Buffer.alloc(13, 0xee), built(three), Buffer.alloc(7, 0xee)]);
    const batch = new RecordBatch(padded, 13);
    expect(batch.isValid()).toBe(true);
    expect([...batch.records()].map((view) => hex(view.value))).toEqual(
      three.map((input) => hex(input.value)),
    );
  });
});
