import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KafkaError } from '../errors/index.js';
import { silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import { type PipelineStep, pipeline, type PutContext, type Sink } from './index.js';

let broker: TestBroker;

beforeEach(async () => {
  broker = await startBroker({
    topics: { in: { partitions: 3 } },
    config: { 'group.initial.rebalance.delay.ms': '0' },
    logger: silentLogger,
  });
  const producer = broker.kafka().producer();
  const values = Array.from({ length: 60 }, (_, number) => String(number));
  await producer.send(values.map((value, at) => ({ topic: 'in', value, partition: at % 3 })));
  await producer.close();
});

afterEach(() => broker.close());

/** A sink whose writes take until `until` resolves. */
function slowSink(partitionsAtOnce: number | undefined, until: (of: PutContext) => Promise<void>) {
  const underWay: number[] = [];
  const seen = { most: 0, twiceTheSame: false, duringOthers: 0 };
  const offsets = new Map<number, number[]>();
  const isAlone = async () => {
    if (underWay.length > 0) seen.duringOthers++;
  };
  const sink: Sink = {
    name: 'slow',
    guarantee: 'idempotent',
    partitionsAtOnce,
    start: async () => ({
      put: async (records, context) => {
        const { partition } = context;
        if (underWay.includes(partition)) seen.twiceTheSame = true;
        underWay.push(partition);
        seen.most = Math.max(seen.most, underWay.length);
        try {
          await until(context);
        } finally {
          underWay.splice(underWay.indexOf(partition), 1);
        }
        const known = offsets.get(partition) ?? [];
        offsets.set(partition, [...known, ...records.map(({ source }) => source.offset)]);
        return [];
      },
      flush: isAlone,
      giveUp: isAlone,
      close: isAlone,
    }),
  };
  return { sink, seen, offsets };
}

async function committed() {
  const admin = broker.kafka().admin();
  const offsets = await admin.fetchOffsets('g');
  await admin.close();
  return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, offset]));
}

function run(to: Sink, more: { onStep?: (step: PipelineStep) => void } = {}) {
  const from = { topics: ['in'], groupId: 'g' };
  const options = { kafka: broker.kafka(), from, to, batchSize: 5, logger: silentLogger };
  return pipeline({ ...options, errors: { restart: 'never', retries: 0 }, ...more });
}

const inOrder = Array.from({ length: 20 }, (_, offset) => offset);
const turn = () => new Promise<void>((done) => setTimeout(done, 2));

describe('a sink that takes records of several partitions at once', () => {
  test('gets as many as it asks for, each partition in its order', async () => {
    const { sink, seen, offsets } = slowSink(2, turn);
    await run(sink).run({ untilEnd: true });
    expect(seen).toEqual({ most: 2, twiceTheSame: false, duringOthers: 0 });
    expect(new Set(offsets.keys())).toEqual(new Set([0, 1, 2]));
    for (const list of offsets.values()) expect(list).toEqual(inOrder);
    expect(await committed()).toEqual({ 0: 20, 1: 20, 2: 20 });
  });

  test('one at a time unless it asks', async () => {
    const { sink, seen, offsets } = slowSink(undefined, turn);
    await run(sink).run({ untilEnd: true });
    expect(seen).toEqual({ most: 1, twiceTheSame: false, duringOthers: 0 });
    expect([...offsets.values()]).toEqual([inOrder, inOrder, inOrder]);
  });

  test('what is under way is written and committed when the pipeline is told to stop', async () => {
    const stop = new AbortController();
    let begun = 0;
    const { sink, offsets } = slowSink(2, async () => {
      if (++begun === 2) stop.abort();
      await turn();
    });
    const status = await run(sink).run({ signal: stop.signal });
    expect(status.written).toBe(10);
    expect([...offsets.values()]).toEqual([inOrder.slice(0, 5), inOrder.slice(0, 5)]);
    expect(Object.values(await committed())).toEqual([5, 5]);
  });

  test('a write that fails ends the task; what was written beside it is committed', async () => {
    let others = 0;
    const { sink, offsets } = slowSink(2, async ({ partition }) => {
      await turn();
      if (partition !== 1) others++;
      else throw new KafkaError('SINK_FAILED', 'no ones', { retriable: false });
    });
    await expect(run(sink).run({ untilEnd: true })).rejects.toThrow('no ones');
    expect(others).toBeGreaterThan(0);
    const stored = Object.fromEntries([...offsets].map(([key, list]) => [key, list.length]));
    expect(await committed()).toEqual(stored);
    expect(stored).not.toHaveProperty('1');
  });

  test('a write that fails while the others end is told all the same', async () => {
    const stop = new AbortController();
    let begun = 0;
    const { sink, offsets } = slowSink(2, async ({ partition }) => {
      if (++begun === 2) stop.abort();
      await turn();
      if (partition !== 1) return;
      await turn();
      throw new KafkaError('SINK_FAILED', 'no ones', { retriable: false });
    });
    await expect(run(sink).run({ signal: stop.signal })).rejects.toThrow('no ones');
    expect([...offsets.values()]).toEqual([inOrder.slice(0, 5)]);
    expect(Object.values(await committed())).toEqual([5]);
  });

  test('nothing comes twice or out of order when a second pipeline comes and goes', async () => {
    const kafka = broker.kafka();
    const admin = kafka.admin();
    await admin.createTopics([{ name: 'busy', partitions: 6 }]);
    await admin.close();
    const { sink, seen, offsets } = slowSink(2, turn);
    const sent = { count: 0, isOver: false };
    const sending = (async () => {
      const producer = kafka.producer();
      for (; !sent.isOver; await turn()) {
        const partitions = [0, 1, 2, 3, 4, 5];
        await producer.send(
          partitions.map((partition) => ({ topic: 'busy', value: '', partition })),
        );
        sent.count++;
      }
      await producer.close();
    })();
    const start = (onStep?: (step: PipelineStep) => void) => {
      const stop = new AbortController();
      const consumer = { heartbeatIntervalMs: 50 };
      const from = { topics: ['busy'], groupId: 'g', consumer };
      const options = { kafka, from, to: sink, batchSize: 20, logger: silentLogger, onStep };
      const running = pipeline(options);
      const ended = running.run({ signal: stop.signal });
      return { running, stop: () => (stop.abort(), ended) };
    };
    const first = start();
    for (let round = 0; round < 3; round++) {
      let writes = 0;
      const other = start((step) => {
        if (step === 'written') writes++;
      });
      await expect.poll(() => writes, { timeout: 10_000 }).toBeGreaterThan(3);
      await other.stop();
    }
    sent.isOver = true;
    await sending;
    const all = Array.from({ length: sent.count }, (_, offset) => offset);
    const stored = () => [...offsets.values()].flat().length;
    await expect.poll(stored, { timeout: 10_000 }).toBe(6 * sent.count);
    const { restarts } = await first.stop();
    expect(restarts).toBe(0);
    expect(seen.twiceTheSame).toBe(false);
    expect([...offsets.values()]).toEqual([all, all, all, all, all, all]);
  });
});
