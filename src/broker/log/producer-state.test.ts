import { describe, expect, test } from 'vitest';
import { isKafkaError } from '../../errors/index.js';
import { endTxnMarker, RecordBatch, RecordBatchBuilder } from '../../records/index.js';
import { sequenceAfter, sequenceBefore } from './producer-entry.js';
import { ProducerState } from './producer-state.js';

const int32Max = 0x7fffffff;

function batch(options: {
  id?: number;
  epoch?: number;
  sequence: number;
  count?: number;
  offset?: number;
  isTransactional?: boolean;
  timestamp?: number;
}): RecordBatch {
  const { id = 7, epoch = 0, sequence, count = 1, offset = 0, isTransactional = false } = options;
  const builder = new RecordBatchBuilder({
    baseOffset: offset,
    producer: { producerId: id, producerEpoch: epoch, baseSequence: sequence, isTransactional },
  });
  for (let i = 0; i < count; i++) {
    builder.append({ key: null, value: null, timestamp: options.timestamp ?? 5 });
  }
  return new RecordBatch(builder.build());
}

function verdict(state: ProducerState, given: RecordBatch): string | number {
  try {
    const known = state.admit(given, 't-0', true);
    return known === undefined ? 'ok' : known.lastOffset - known.offsetDelta;
  } catch (error) {
    if (isKafkaError(error)) return error.code;
    throw error;
  }
}

describe('the producers of a log', () => {
  test('a repeated batch of the last five gives its first offset, an older one is refused', () => {
    const state = new ProducerState();
    for (let i = 0; i < 6; i++) state.note(batch({ sequence: i * 2, count: 2, offset: i * 2 }), 0);
    expect(verdict(state, batch({ sequence: 10, count: 2 }))).toBe(10);
    expect(verdict(state, batch({ sequence: 2, count: 2 }))).toBe(2);
    expect(verdict(state, batch({ sequence: 0, count: 2 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(verdict(state, batch({ sequence: 10, count: 3 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(verdict(state, batch({ sequence: 13 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(verdict(state, batch({ sequence: 12 }))).toBe('ok');
  });

  test('an unknown producer may begin anywhere, a new epoch only at 0, an old epoch never', () => {
    const state = new ProducerState();
    expect(verdict(state, batch({ sequence: 500 }))).toBe('ok');
    state.note(batch({ sequence: 500, epoch: 3 }), 0);
    expect(verdict(state, batch({ sequence: 1, epoch: 4 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(verdict(state, batch({ sequence: 0, epoch: 4 }))).toBe('ok');
    expect(verdict(state, batch({ sequence: 500, epoch: 2 }))).toBe('INVALID_PRODUCER_EPOCH');
  });

  test('sequences go on at 0 after the largest int32, also inside a batch', () => {
    expect(sequenceAfter(int32Max, 1)).toBe(0);
    expect(sequenceBefore(0, 1)).toBe(int32Max);
    expect(sequenceBefore(sequenceAfter(int32Max - 2, 5), 5)).toBe(int32Max - 2);
    const state = new ProducerState();
    state.note(batch({ sequence: int32Max }), 0);
    expect(verdict(state, batch({ sequence: 0 }))).toBe('ok');
    const wrapping = batch({ id: 8, sequence: int32Max - 1, count: 4, offset: 20 });
    state.note(wrapping, 0);
    expect(verdict(state, wrapping)).toBe(20);
    expect(verdict(state, batch({ id: 8, sequence: 2 }))).toBe('ok');
  });

  test('a snapshot keeps the last batch of each producer in the bytes Kafka reads', () => {
    const state = new ProducerState();
    expect(state.snapshot()).toHaveLength(10);
    for (let i = 0; i < 3; i++) state.note(batch({ sequence: i, offset: 40 + i }), 0);
    const bytes = Buffer.from(state.snapshot());
    expect(bytes).toHaveLength(56);
    const again = new ProducerState();
    again.load(bytes);
    expect(verdict(again, batch({ sequence: 2 }))).toBe(42);
    expect(verdict(again, batch({ sequence: 1 }))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    bytes[20] = 1;
    expect(() => again.load(bytes)).toThrow(/damaged/);
  });

  test('markers end transactions; one with a bumped epoch forgets the batches', () => {
    const state = new ProducerState();
    state.note(batch({ sequence: 0, offset: 10, epoch: 3, isTransactional: true }), 0);
    state.note(batch({ id: 9, sequence: 0, offset: 11, isTransactional: true }), 0);
    expect(state.firstOpenOffset).toBe(10);
    expect(verdict(state, batch({ sequence: 1, epoch: 3 }))).toBe('INVALID_TXN_STATE');
    const marker = (producerId: number, producerEpoch: number, baseOffset: number) =>
      new RecordBatch(
        Buffer.from(
          endTxnMarker({
            type: 'abort',
            producerId,
            producerEpoch,
            coordinatorEpoch: 4,
            timestamp: 9,
            baseOffset,
          }),
        ),
      );
    expect(state.note(marker(7, 4, 12), 0)).toMatchObject({
      producerId: 7,
      firstOffset: 10,
      lastOffset: 12,
      lastStableOffset: 11,
    });
    expect(state.entry(7)).toMatchObject({ producerEpoch: 4, lastSequence: -1, batches: [] });
    expect(verdict(state, batch({ sequence: 0, epoch: 4 }))).toBe('ok');
    expect(state.note(marker(9, 0, 13), 0)).toMatchObject({ lastStableOffset: 14 });
    expect(state.summaries().map(({ coordinatorEpoch }) => coordinatorEpoch)).toEqual([4, 4]);
  });

  test('producers idle for too long are forgotten, but not inside a transaction', () => {
    const state = new ProducerState();
    state.note(batch({ sequence: 0, timestamp: 5 }), 100);
    state.note(batch({ id: 8, sequence: 0, isTransactional: true }), 100);
    state.removeExpired(1099, 1000);
    expect(state.size).toBe(2);
    state.removeExpired(1100, 1000);
    expect([state.size, state.entry(8)?.producerId]).toEqual([1, 8]);
  });
});
