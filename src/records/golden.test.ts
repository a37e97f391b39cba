import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  batchesIn,
  type CompressionType,
  controlRecordOf,
  downConvert,
  endTxnMarker,
  loadCodec,
  messageSetRecords,
  RecordBatch,
  RecordBatchBuilder,
  type RecordView,
  upConvert,
  validateRecords,
} from './index.js';

const folder = new URL('../../test/fixtures/records/', import.meta.url);
const names = readdirSync(folder);

function fixture(name: string): Buffer {
  return readFileSync(new URL(name, folder));
}

interface Plain {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly string[])[];
}

function plain({ key, value, headers }: RecordView): Plain {
  return {
    key: key?.toString() ?? null,
    value: value?.toString() ?? null,
    headers: headers.map((header) => [header.key, header.value?.toString() ?? 'null']),
  };
}

const small = JSON.parse(fixture('small.json').toString()) as Plain[];
const large: Plain[] = Array.from({ length: 1500 }, (_, i) => ({
  key: `key-${i % 7}`,
  value: `${'abcdefghij'.charAt(i % 10).repeat(100)} ${i % 100}`,
  headers: [['n', String(i % 10)]],
}));

beforeAll(async () => {
  await loadCodec('zstd');
});

describe('batches written by other clients', () => {
  const batches = names.filter((name) => name.endsWith('.batch'));

  test.each(batches)('%s is read as it was written', (name) => {
    const batch = new RecordBatch(fixture(name));
    const expected = name.includes('small') ? small : large;
    expect(name).toContain(`-${batch.compression}-`);
    expect(batch.isValid()).toBe(true);
    expect([...batch.records()].map(plain)).toEqual(expected);
    const summary = validateRecords(batch);
    expect(summary).toMatchObject({ count: expected.length, sequential: true });
    expect(summary.maxTimestamp).toBe(batch.maxTimestamp);
  });

  test.each(['java-none-small.batch', 'librdkafka-none-small.batch'])(
    '%s is what our builder makes of the same records',
    (name) => {
      const bytes = fixture(name);
      const batch = new RecordBatch(bytes);
      const { producerId, producerEpoch, baseSequence, baseOffset } = batch;
      const builder = new RecordBatchBuilder({
        baseOffset,
        partitionLeaderEpoch: batch.partitionLeaderEpoch,
        producer: { producerId, producerEpoch, baseSequence },
      });
      for (const record of batch.records()) builder.append(record);
      expect(builder.build().toString('hex')).toBe(bytes.toString('hex'));
    },
  );

  test('the markers of a committed and an aborted transaction are read and written', () => {
    const log = [...batchesIn(fixture('java-transactions.log'))];
    expect(log.map((batch) => [batch.isTransactional, batch.isControl, batch.count])).toEqual([
      [true, false, 3],
      [true, true, 1],
      [true, false, 3],
      [true, true, 1],
    ]);
    const markers = log.filter((batch) => batch.isControl);
    const types = ['commit', 'abort'] as const;
    expect(markers).toHaveLength(types.length);
    for (const [i, marker] of markers.entries()) {
      const [record] = marker.records();
      const type = types[i] as 'commit' | 'abort';
      expect(record && controlRecordOf(record)).toEqual({ type, coordinatorEpoch: 0 });
      const written = endTxnMarker({
        type,
        producerId: marker.producerId,
        producerEpoch: marker.producerEpoch,
        coordinatorEpoch: 0,
        timestamp: marker.maxTimestamp,
        baseOffset: marker.baseOffset,
        partitionLeaderEpoch: marker.partitionLeaderEpoch,
      });
      expect(written.toString('hex')).toBe(marker.bytes().toString('hex'));
    }
  });

  test('a batch of a LogAppendTime topic has one timestamp for all records', () => {
    const batch = new RecordBatch(fixture('java-log-append-time.log'));
    expect(batch.timestampType).toBe('LogAppendTime');
    const timestamps = [...batch.records()].map((record) => record.timestamp);
    expect(timestamps).toEqual([batch.maxTimestamp, batch.maxTimestamp, batch.maxTimestamp]);
    expect(batch.baseTimestamp).toBe(1_700_000_000_000);
  });
});

describe('message sets of magic 0 and 1', () => {
  const sets = names.filter((name) => name.endsWith('.messages'));
  const expected = Array.from({ length: 10 }, (_, i) => ({
    key: i % 3 === 0 ? null : `key-${i}`,
    value: i === 5 ? null : `value ${i} ${'ab'.repeat(i)}`,
    headers: [],
  }));
  const timestamps = Array.from({ length: 10 }, (_, i) => 1_700_000_000_000 + 10 * i);
  const none = Array.from({ length: 10 }, () => -1);
  const offsets = Array.from({ length: 10 }, (_, i) => i);

  test.each(sets)('%s is read as it was written', (name) => {
    const records = [...messageSetRecords(fixture(name))];
    expect(records.map(plain)).toEqual(expected);
    expect(records.map((record) => record.offset)).toEqual(offsets);
    expect(records.map((record) => record.timestamp)).toEqual(
      name.includes('magic0') ? none : timestamps,
    );
  });

  test.each(sets)('%s becomes a batch and comes back', (name) => {
    const magic = name.includes('magic0') ? 0 : 1;
    const compression = name.split('-')[2] as CompressionType;
    const bytes = upConvert(fixture(name));
    const batch = new RecordBatch(bytes);
    expect(batch.isValid()).toBe(true);
    expect(batch.compression).toBe(compression);
    expect([...batch.records()].map(plain)).toEqual(expected);
    const back = downConvert(bytes, { magic });
    if (compression === 'none') expect(back.equals(fixture(name))).toBe(true);
    const records = [...messageSetRecords(back)];
    expect(records.map(plain)).toEqual(expected);
    expect(records.map((record) => record.offset)).toEqual(offsets);
  });
});
