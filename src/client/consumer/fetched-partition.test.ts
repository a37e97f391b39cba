import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endTxnMarker, RecordBatchBuilder } from '../../records/index.js';
import { type AbortedTransaction, FetchedPartition } from './fetched-partition.js';
import { PartitionState } from './partition-state.js';

interface BatchSpec {
  readonly baseOffset: number;
  readonly count: number;
  readonly producerId?: number;
  readonly key?: Buffer;
}

function batch({ baseOffset, count, producerId, key = Buffer.alloc(0) }: BatchSpec): Buffer {
  const producer =
    producerId === undefined
      ? undefined
      : { producerId, producerEpoch: 0, baseSequence: 0, isTransactional: true };
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 3, producer });
  for (let i = 0; i < count; i++) {
    const value = Buffer.from(String(baseOffset + i));
    builder.append({ key, value, timestamp: 1000 + i });
  }
  return builder.build();
}

function marker(baseOffset: number, type: 'abort' | 'commit', producerId: number): Buffer {
  return endTxnMarker({
    type,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: 1000,
    baseOffset,
  });
}

function fetched(
  records: Buffer[],
  aborted: AbortedTransaction[] | null = null,
  position = 0,
): FetchedPartition {
  const state = new PartitionState('orders', 7);
  state.moveTo({ offset: position, leaderEpoch: -1 });
  const data = { state, records: Buffer.concat(records), aborted, endOffset: 100 };
  return new FetchedPartition({ ...data, checkCrcs: true });
}

/** The offsets of everything that is handed out, batch by batch. */
function offsetsOf(chunk: FetchedPartition): number[] {
  const offsets: number[] = [];
  for (;;) {
    const opened = chunk.open();
    if (opened === undefined) return offsets;
    if (opened === 'later') throw new Error('nothing is compressed here');
    for (const record of opened.records) offsets.push(record.offset);
  }
}

describe('what a fetch brought', () => {
  test('is walked over batch by batch, and ends behind the last whole one', () => {
    const cut = batch({ baseOffset: 9, count: 2 }).subarray(0, 50);
    const chunk = fetched([
      batch({ baseOffset: 0, count: 3 }),
      batch({ baseOffset: 5, count: 2 }),
      cut,
    ]);
    expect(chunk.end()).toEqual({ offset: 7, leaderEpoch: 3 });
    expect(offsetsOf(chunk)).toEqual([0, 1, 2, 5, 6]);
    expect(chunk.nextOffset).toBe(7);
  });

  test('passes over batches that end before the position', () => {
    const records = [batch({ baseOffset: 0, count: 3 }), batch({ baseOffset: 3, count: 2 })];
    expect(offsetsOf(fetched(records, null, 4))).toEqual([3, 4]);
  });

  test('passes over control batches, which move the offset on', () => {
    const chunk = fetched([batch({ baseOffset: 0, count: 1 }), marker(1, 'commit', 7)]);
    expect(offsetsOf(chunk)).toEqual([0]);
    expect(chunk.nextOffset).toBe(2);
  });

  test('a damaged batch names topic, partition and the offset to go on at', () => {
    const bytes = batch({ baseOffset: 4, count: 2 });
    bytes.writeUInt8(bytes.readUInt8(70) ^ 1, 70);
    const chunk = fetched([batch({ baseOffset: 0, count: 4 }), bytes]);
    expect(chunk.open()).not.toBe('later');
    expect(() => chunk.open()).toThrow(
      /checksum.*topic orders, partition 7, offset 4.*seek to offset 6/,
    );
    // Asked again it says so again: nothing is passed over silently.
    expect(() => chunk.open()).toThrow(/checksum/);
  });

  test('bytes that are no batches at all are damage, too', () => {
    expect(() => fetched([Buffer.alloc(80)]).end()).toThrow(/length of 0/);
  });
});

describe('aborted transactions', () => {
  test('are left out from their first offset to their marker', () => {
    const records = [
      batch({ baseOffset: 0, count: 2, producerId: 1 }),
      batch({ baseOffset: 2, count: 2, producerId: 2 }),
      marker(4, 'abort', 1),
      batch({ baseOffset: 5, count: 1, producerId: 1 }),
      marker(6, 'commit', 2),
      marker(7, 'commit', 1),
    ];
    expect(offsetsOf(fetched(records, [{ producerId: 1, firstOffset: 0 }]))).toEqual([2, 3, 5]);
  });

  test('a transaction that began in an earlier answer is left out here as well', () => {
    const records = [batch({ baseOffset: 10, count: 2, producerId: 1 })];
    expect(offsetsOf(fetched(records, [{ producerId: 1, firstOffset: 3 }], 10))).toEqual([]);
  });

  test('a record with the key of a marker is a record, and ends no transaction', () => {
    const key = Buffer.alloc(4);
    const records = [
      batch({ baseOffset: 0, count: 1, producerId: 1, key }),
      batch({ baseOffset: 1, count: 1, producerId: 1 }),
      batch({ baseOffset: 2, count: 1, producerId: 2, key }),
      batch({ baseOffset: 3, count: 1, key }),
      marker(4, 'abort', 1),
    ];
    expect(offsetsOf(fetched(records, [{ producerId: 1, firstOffset: 0 }]))).toEqual([2, 3]);
  });

  test('records outside of transactions stay, whoever wrote them', () => {
    const records = [batch({ baseOffset: 0, count: 2 })];
    expect(offsetsOf(fetched(records, [{ producerId: -1, firstOffset: 0 }]))).toEqual([0, 1]);
  });

  test('a random log, cut into answers anywhere, gives what a patient reader would see', () => {
    const step = fc.record({
      producer: fc.nat(3),
      action: fc.constantFrom('write', 'write', 'plain', 'commit', 'abort'),
      count: fc.integer({ min: 1, max: 3 }),
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), cuts, (steps, sizes) => {
        const log = writeLog(steps);
        const got: number[] = [];
        let position = 0;
        for (let at = 0, turn = 0; at < log.batches.length; turn++) {
          const take = sizes[turn % sizes.length] as number;
          const part = log.batches.slice(at, at + take);
          at += take;
          const end = (part.at(-1) as WrittenBatch).nextOffset;
          // What a broker lists: every abort that overlaps the range of the answer.
          const aborted = log.aborted.filter(
            (each) => each.firstOffset < end && each.markerOffset >= position,
          );
          const records = part.map((each) => each.bytes);
          const chunk = fetched(records, aborted, position);
          got.push(...offsetsOf(chunk));
          expect(chunk.nextOffset).toBe(end);
          position = end;
        }
        expect(got).toEqual(log.visible);
      }),
    );
  });
});

interface WrittenBatch {
  readonly bytes: Buffer;
  readonly nextOffset: number;
}

interface Step {
  readonly producer: number;
  readonly action: string;
  readonly count: number;
}

/** Plays the steps; whatever is open at the end is committed. */
function writeLog(steps: readonly Step[]) {
  const batches: WrittenBatch[] = [];
  const aborted: (AbortedTransaction & { markerOffset: number })[] = [];
  const open = new Map<number, number[]>();
  const visible: number[] = [];
  let next = 0;
  const end = (producerId: number, type: 'commit' | 'abort'): void => {
    const offsets = open.get(producerId);
    if (offsets === undefined) return;
    open.delete(producerId);
    if (type === 'commit') visible.push(...offsets);
    else aborted.push({ producerId, firstOffset: offsets[0] as number, markerOffset: next });
    batches.push({ bytes: marker(next, type, producerId), nextOffset: ++next });
  };
  for (const { producer, action, count } of steps) {
    if (action === 'commit' || action === 'abort') {
      end(producer, action);
      continue;
    }
    const offsets = Array.from({ length: count }, (_, index) => next + index);
    const producerId = action === 'write' ? producer : undefined;
    const spec = { baseOffset: next, count, ...(producerId === undefined ? {} : { producerId }) };
    next += count;
    batches.push({ bytes: batch(spec), nextOffset: next });
    if (producerId === undefined) visible.push(...offsets);
    else open.set(producerId, [...(open.get(producerId) ?? []), ...offsets]);
  }
  for (const producerId of open.keys()) end(producerId, 'commit');
  return { batches, aborted, visible: visible.sort((a, b) => a - b) };
}
