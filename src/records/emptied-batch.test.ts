import { describe, expect, test } from 'vitest';
import { emptiedBatch } from './emptied-batch.js';
import { RecordBatch } from './record-batch.js';
import { RecordBatchBuilder } from './record-batch-builder.js';

const producer = { producerId: 7, producerEpoch: 2, baseSequence: 40, isTransactional: true };

function batchOf(options: ConstructorParameters<typeof RecordBatchBuilder>[0]): RecordBatch {
  const builder = new RecordBatchBuilder({ baseOffset: 100, producer, ...options });
  for (const timestamp of [5000, 6000, 5500]) {
    builder.append({ key: Buffer.from('k'), value: null, timestamp });
  }
  return new RecordBatch(builder.build());
}

describe('a batch that compaction rewrites', () => {
  test('keeps offsets, producer, sequences and flags when all records go', () => {
    const batch = batchOf({ compression: 'gzip', partitionLeaderEpoch: 9 });
    const empty = new RecordBatch(emptiedBatch(batch));
    expect(empty.isValid()).toBe(true);
    expect([...empty.records()]).toEqual([]);
    expect(empty).toMatchObject({
      sizeInBytes: 61,
      baseOffset: 100,
      lastOffset: 102,
      lastSequence: 42,
      producerId: 7,
      producerEpoch: 2,
      isTransactional: true,
      compression: 'none',
      baseTimestamp: -1,
      maxTimestamp: 6000,
      partitionLeaderEpoch: 9,
    });
  });

  test('carries a delete horizon without changing a timestamp', () => {
    for (const compression of ['none', 'lz4'] as const) {
      const batch = batchOf({ compression, deleteHorizonMs: 90_000 });
      expect(batch.hasDeleteHorizon).toBe(true);
      expect(batch.baseTimestamp).toBe(90_000);
      expect(batch.maxTimestamp).toBe(6000);
      expect([...batch.records()].map(({ timestamp }) => timestamp)).toEqual([5000, 6000, 5500]);
    }
  });

  test('names the last offset it had before', () => {
    const batch = batchOf({ lastOffset: 250 });
    expect(batch.lastOffset).toBe(250);
    expect(batch.lastSequence).toBe(190);
    expect([...batch.records()].map(({ offset }) => offset)).toEqual([100, 101, 102]);
  });
});
