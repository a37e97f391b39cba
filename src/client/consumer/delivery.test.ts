import { describe, expect, test } from 'vitest';
import { isKafkaError, KafkaError } from '../../errors/index.js';
import { type CompressionType, RecordBatchBuilder } from '../../records/index.js';
import { type DeserializerFunction, json, toDeserializer } from '../../serde/index.js';
import type { ConsumerRecord } from './consumer-record.js';
import { Delivery } from './delivery.js';
import { FetchBuffer } from './fetch-buffer.js';
import { FetchedPartition } from './fetched-partition.js';
import { PartitionState } from './partition-state.js';
import { RecordMaker } from './record-maker.js';

/** A delivery with a buffer that the test fills by hand. */
function bench(
  valueDeserializer?: DeserializerFunction<unknown>,
  skipped?: (error: KafkaError) => void,
) {
  const value = valueDeserializer ?? toDeserializer<unknown>((data) => String(data));
  const buffer = new FetchBuffer();
  const calls = { asked: 0, drained: 0 };
  const delivery = new Delivery(buffer, new RecordMaker<Buffer | null, unknown>(undefined, value), {
    asked: () => calls.asked++,
    drained: () => calls.drained++,
    soon: (run) => setImmediate(run),
    skipped,
  });
  const states = new Map<number, PartitionState>();
  const put = (partition: number, offsets: number[], options: PutOptions = {}): PartitionState => {
    let state = states.get(partition);
    if (state === undefined) {
      state = new PartitionState('orders', partition);
      state.moveTo({ offset: offsets[0] ?? 0, leaderEpoch: -1 });
      states.set(partition, state);
    }
    const records = batchOf(offsets, options);
    const fetched = new FetchedPartition({
      state,
      records,
      aborted: null,
      endOffset: 99,
      checkCrcs: true,
    });
    state.fetchOffset = fetched.end()?.offset ?? state.fetchOffset;
    buffer.push(fetched);
    delivery.ring();
    return state;
  };
  return { delivery, buffer, calls, put };
}

interface PutOptions {
  readonly compression?: CompressionType;
  readonly values?: readonly string[];
}

function batchOf(offsets: number[], { compression, values }: PutOptions): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset: offsets[0] ?? 0, compression });
  for (const [index, offset] of offsets.entries()) {
    const value = Buffer.from(values?.[index] ?? `v${offset}`);
    builder.append({ key: null, value, timestamp: 1 });
  }
  return builder.build();
}

async function take(
  iterator: AsyncIterator<ConsumerRecord<Buffer | null, unknown>>,
): Promise<string | undefined> {
  const { done, value } = await iterator.next();
  return done === true ? undefined : `${value.partition}:${value.offset}`;
}

describe('the loop', () => {
  test('lets the event loop have a turn although records are always there', async () => {
    const { delivery, put } = bench();
    put(0, [...Array(1000).keys()]);
    let turns = 0;
    const count = () => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    let seen = 0;
    for await (const { offset } of delivery.records()) {
      expect(offset).toBe(seen);
      if (++seen === 1000) break;
    }
    clearImmediate(next);
    expect(turns).toBe(3);
  });

  test('gets records in the order they were fetched, and waits where there are none', async () => {
    const { delivery, put, calls } = bench();
    const records = delivery.records();
    const first = take(records);
    put(0, [0, 1]);
    put(1, [5]);
    expect(await first).toBe('0:0');
    expect(await take(records)).toBe('0:1');
    expect(await take(records)).toBe('1:5');
    expect(calls.drained).toBe(2);
    const waiting = take(records);
    put(0, [2]);
    expect(await waiting).toBe('0:2');
  });

  test('asking for the next finishes the one before, and nothing else does', async () => {
    const { delivery, put } = bench();
    const state = put(0, [0, 1, 2]);
    const records = delivery.records();
    await take(records);
    expect(state).toMatchObject({ position: 1, committable: 0 });
    await take(records);
    expect(state).toMatchObject({ position: 2, committable: 1 });
    await records.return();
    expect(state).toMatchObject({ position: 1, committable: 1 });
  });

  test('what was at hand when a loop was left comes again in the next one', async () => {
    const { delivery, put } = bench();
    put(0, [0, 1, 2]);
    for await (const { offset } of delivery.records()) if (offset === 1) break;
    expect(await take(delivery.records())).toBe('0:1');
  });

  test('a record that was committed before the loop was left does not come again', async () => {
    const { delivery, put } = bench();
    const state = put(0, [0, 1]);
    for await (const { offset } of delivery.records()) {
      state.finishUpTo(offset + 1);
      break;
    }
    expect(state.committable).toBe(1);
    expect(await take(delivery.records())).toBe('0:1');
  });

  test('calls ahead of their answers are served in order', async () => {
    const { delivery, put } = bench();
    const records = delivery.records();
    const answers = [take(records), take(records), take(records)];
    put(0, [0, 1]);
    put(1, [7]);
    expect(await Promise.all(answers)).toEqual(['0:0', '0:1', '1:7']);
  });

  test('ends when the delivery is closed, also while it waits', async () => {
    const { delivery } = bench();
    const waiting = take(delivery.records());
    delivery.close();
    expect(await waiting).toBeUndefined();
    expect(await take(delivery.records())).toBeUndefined();
  });

  test('compressed batches are opened on the way, small and large', async () => {
    const { delivery, put } = bench();
    const large = Array.from({ length: 40 }, (_, index) => `${index}`.repeat(3000));
    put(0, [0, 1], { compression: 'gzip' });
    put(
      0,
      Array.from(large.keys(), (index) => index + 2),
      { compression: 'lz4', values: large },
    );
    const records = delivery.records();
    for (let offset = 0; offset < 42; offset++) expect(await take(records)).toBe(`0:${offset}`);
  });
});

describe('what interferes', () => {
  test('a seek drops what was fetched before it', async () => {
    const { delivery, buffer, put } = bench();
    const state = put(0, [0, 1, 2]);
    const records = delivery.records();
    await take(records);
    state.moveTo({ offset: 8, leaderEpoch: -1 });
    buffer.sweep();
    delivery.interrupt();
    put(0, [8, 9]);
    expect(await take(records)).toBe('0:8');
    expect(state.queuedBytes).toBe(0);
  });

  test('a paused partition waits in front while others go on', async () => {
    const { delivery, put } = bench();
    const state = put(0, [0, 1]);
    put(1, [5, 6]);
    const records = delivery.records();
    expect(await take(records)).toBe('0:0');
    state.paused = true;
    delivery.interrupt();
    expect(await take(records)).toBe('1:5');
    state.paused = false;
    delivery.interrupt();
    expect(await take(records)).toBe('1:6');
    expect(await take(records)).toBe('0:1');
  });

  test('a hold waits for the record at hand, and hands out nothing until it is over', async () => {
    const { delivery, put } = bench();
    put(0, [0, 1]);
    const records = delivery.records();
    await take(records);
    const events: string[] = [];
    const release = delivery.hold();
    const idle = delivery
      .until(() => delivery.atHand === undefined)
      .then(() => events.push('idle'));
    const next = take(records).then((which) => events.push(`got ${which}`));
    await idle;
    expect(events).toEqual(['idle']);
    release();
    await next;
    expect(events).toEqual(['idle', 'got 0:1']);
  });

  test('waiting for the loop can be given up', async () => {
    const { delivery, put } = bench();
    put(0, [0]);
    await take(delivery.records());
    let isGivenUp = false;
    const idle = delivery.until(() => isGivenUp);
    isGivenUp = true;
    delivery.interrupt();
    await idle;
    expect(delivery.atHand?.partition).toBe(0);
  });

  test('an error of a partition is thrown once, one of the consumer every time', async () => {
    const { delivery, put } = bench();
    const state = put(0, [0, 1]);
    delivery.failPartition(state, new KafkaError('NO_OFFSET'));
    const records = delivery.records();
    await expect(records.next()).rejects.toMatchObject({ code: 'NO_OFFSET' });
    expect(await take(records)).toBe('0:0');
    delivery.failPartition(state, new KafkaError('NO_OFFSET'));
    state.moveTo({ offset: 1, leaderEpoch: -1 });
    put(0, [1]);
    expect(await take(records)).toBe('0:1');
    delivery.fail(new KafkaError('GROUP_AUTHORIZATION_FAILED'));
    for (let i = 0; i < 2; i++) {
      await expect(records.next()).rejects.toMatchObject({ code: 'GROUP_AUTHORIZATION_FAILED' });
    }
  });
});

describe('records that cannot be read', () => {
  test('a value that does not deserialize comes again until someone seeks past it', async () => {
    const { delivery, buffer, put } = bench(toDeserializer(json<unknown>()));
    const state = put(0, [0, 1, 2], { values: ['1', '{', '3'] });
    const records = delivery.records();
    expect(await take(records)).toBe('0:0');
    for (let i = 0; i < 2; i++) {
      const error: unknown = await records.next().catch((thrown: unknown) => thrown);
      expect(isKafkaError(error, 'DESERIALIZATION_FAILED')).toBe(true);
      expect((error as KafkaError).context).toMatchObject({
        topic: 'orders',
        partition: 0,
        offset: 1,
      });
      expect(state.committable).toBe(1);
    }
    state.moveTo({ offset: 2, leaderEpoch: -1 });
    buffer.sweep();
    delivery.interrupt();
    put(0, [2], { values: ['3'] });
    expect(await take(records)).toBe('0:2');
  });

  test('a damaged batch is fetched anew when it is asked for again', async () => {
    const { delivery, buffer, put } = bench();
    const state = put(0, [0]);
    const records = batchOf([1, 2], {});
    records.writeUInt8(records.readUInt8(75) ^ 1, 75);
    buffer.push(
      new FetchedPartition({ state, records, aborted: null, endOffset: 9, checkCrcs: true }),
    );
    const loop = delivery.records();
    expect(await take(loop)).toBe('0:0');
    await expect(loop.next()).rejects.toMatchObject({ code: 'CORRUPT_MESSAGE' });
    expect(state).toMatchObject({ position: 1, fetchOffset: 1 });
    put(0, [1]);
    expect(await take(loop)).toBe('0:1');
  });

  test('damage that comes again is reported and stepped over, where that is wanted', async () => {
    const reports: KafkaError[] = [];
    const { delivery, buffer, put } = bench(undefined, (error) => reports.push(error));
    const state = put(0, [0]);
    const damaged = (): void => {
      const bad = batchOf([1, 2], {});
      bad.writeUInt8(bad.readUInt8(75) ^ 1, 75);
      const records = Buffer.concat([bad, batchOf([5], {})]);
      const data = { state, records, aborted: null, endOffset: 9, checkCrcs: true };
      buffer.push(new FetchedPartition(data));
      state.fetchOffset = 6;
      delivery.ring();
    };
    damaged();
    const loop = delivery.records();
    expect(await take(loop)).toBe('0:0');
    const next = take(loop);
    await new Promise((run) => setImmediate(run));
    expect(reports).toEqual([]);
    expect(state).toMatchObject({ position: 1, fetchOffset: 1 });
    damaged();
    expect(await next).toBe('0:5');
    expect(reports).toMatchObject([
      { code: 'CORRUPT_MESSAGE', context: { topic: 'orders', partition: 0, offset: 1 } },
    ]);
  });
});

describe('batches', () => {
  test('hold the records of one partition and are finished as a whole', async () => {
    const { delivery, put } = bench();
    const state = put(0, [3, 4, 5]);
    put(1, [0]);
    const batches = delivery.batches();
    const { value: batch } = await batches.next();
    expect(batch).toMatchObject({
      topic: 'orders',
      partition: 0,
      firstOffset: 3,
      nextOffset: 6,
      endOffset: 99,
    });
    expect([...batch].map(({ offset }) => offset)).toEqual([3, 4, 5]);
    expect(batch.records.map(({ value }: { value: unknown }) => value)).toEqual(['v3', 'v4', 'v5']);
    expect(state.committable).toBe(3);
    state.finishUpTo(5);
    expect(state.committable).toBe(5);
    expect((await batches.next()).value).toMatchObject({ partition: 1 });
    expect(state.committable).toBe(6);
  });

  test('a loop over batches that is left goes back to what was not finished', async () => {
    const { delivery, put } = bench();
    const state = put(0, [0, 1, 2]);
    for await (const batch of delivery.batches()) {
      state.finishUpTo(batch.firstOffset + 1);
      break;
    }
    expect(state).toMatchObject({ position: 1, fetchOffset: 1, committable: 1 });
  });

  test('go on where a loop over records stopped', async () => {
    const { delivery, put } = bench();
    put(0, [0, 1, 2, 3]);
    for await (const { offset } of delivery.records()) if (offset === 2) break;
    const { value: batch } = await delivery.batches().next();
    expect([...batch].map(({ offset }) => offset)).toEqual([2, 3]);
  });
});
