import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import {
  json,
  map,
  type PipelineStep,
  pipeline,
  regexRouter,
  type Source,
  type TopicPipelineOptions,
  type TransformLike,
} from './index.js';

const open: TestBroker[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close();
});

async function brokerWith(topics: Record<string, number>): Promise<TestBroker> {
  const broker = await startBroker({
    topics: Object.fromEntries(
      Object.entries(topics).map(([name, partitions]) => [name, { partitions }]),
    ),
    config: { 'group.initial.rebalance.delay.ms': '0' },
    logger: silentLogger,
  });
  open.push(broker);
  return broker;
}

async function produce(broker: TestBroker, values: readonly string[], partitions = 2) {
  const producer = broker.kafka().producer();
  const headers = { trace: 'abc' };
  await producer.send(
    values.map((value, at) => ({
      topic: 'in',
      key: `k${at}`,
      value,
      headers,
      partition: at % partitions,
    })),
  );
  await producer.close();
}

/** Everything that readers of committed records see, until the topic's end. */
async function committed(broker: TestBroker, topic: string): Promise<string[]> {
  const kafka = broker.kafka();
  const consumer = kafka.consumer({
    topics: [topic],
    fromBeginning: true,
    isolationLevel: 'read_committed',
    fetchMaxWaitMs: 10,
  });
  await consumer.start();
  const seen: string[] = [];
  const batches = consumer.batches();
  const read = (async () => {
    for await (const batch of batches) {
      for (const { key, value, headers } of batch) {
        seen.push(`${String(key)} ${String(value)} ${String(headers.get('trace'))}`);
      }
    }
  })();
  await expect
    .poll(() => consumer.health().partitions.every(({ lag }) => lag === 0), { timeout: 10_000 })
    .toBe(true);
  await consumer.close();
  await read;
  return seen.sort();
}

async function offsets(broker: TestBroker, group = 'g') {
  const admin = broker.kafka().admin();
  const list = await admin.fetchOffsets(group);
  await admin.close();
  return list.map(({ partition, offset }) => `${partition}@${offset}`);
}

const numbers = Array.from({ length: 40 }, (_, n) => JSON.stringify({ n }));
const wanted = numbers.map((value, at) => `k${at} ${value} abc`).sort();
const fast = { backoffMs: 1, restartBackoffMs: 1 };

function copy(broker: TestBroker, more: Partial<TopicPipelineOptions> = {}) {
  return pipeline({
    kafka: broker.kafka(),
    from: { topics: ['in'], groupId: 'g' },
    via: [json()],
    to: { topic: 'out' },
    errors: fast,
    logger: silentLogger,
    ...more,
  });
}

describe('a pipeline from topics to a topic', () => {
  test('writes what comes of each record, with its key, headers and offset', async () => {
    const broker = await brokerWith({ in: 2, out: 3 });
    await produce(broker, numbers);
    const status = await copy(broker).run({ untilEnd: true });
    expect(status).toMatchObject({ read: 40, written: 40, lag: 0, restarts: 0 });
    expect(await committed(broker, 'out')).toEqual(wanted);
    expect(await offsets(broker)).toEqual(['0@20', '1@20']);
  });

  const steps: PipelineStep[] = ['fetched', 'before-write', 'mid-write', 'written', 'committing'];
  for (const step of steps) {
    test(`that fails once at the step ${step} writes nothing twice`, async () => {
      const broker = await brokerWith({ in: 2, out: 1 });
      await produce(broker, numbers);
      let failures = 0;
      const status = await copy(broker, {
        onStep: (now) => {
          if (now === step && failures++ === 0) throw new Error('struck down');
        },
      }).run({ untilEnd: true });
      expect(failures).toBeGreaterThan(1);
      expect(status.restarts).toBe(1);
      expect(await committed(broker, 'out')).toEqual(wanted);
    });
  }

  test('sets poison aside in the same transaction, as it was read', async () => {
    const broker = await brokerWith({ in: 1, out: 1 });
    await produce(broker, ['1', 'no JSON', '3'], 1);
    let failures = 0;
    const status = await copy(broker, {
      errors: { ...fast, deadLetterTopic: 'in.dlq' },
      onStep: (now) => {
        if (now === 'dead-lettered' && failures++ === 0) throw new Error('struck down');
      },
    }).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 2, deadLettered: 1, restarts: 1 });
    expect(await committed(broker, 'out')).toEqual(['k0 1 abc', 'k2 3 abc']);
    expect(await committed(broker, 'in.dlq')).toEqual(['k1 no JSON abc']);
  });

  test('stops at a record that cannot be processed; what is before it is written', async () => {
    const broker = await brokerWith({ in: 1, out: 1 });
    await produce(broker, ['1', '2', 'no JSON', '4'], 1);
    const run = copy(broker).run({ untilEnd: true });
    await expect(run).rejects.toThrow(/in-0@2 cannot be processed: The value is not JSON/);
    expect(await committed(broker, 'out')).toEqual(['k0 1 abc', 'k1 2 abc']);
    expect(await offsets(broker)).toEqual(['0@2']);
  });

  test('sets a record aside that the topic does not take, and writes its neighbours', async () => {
    const broker = await brokerWith({ in: 1, out: 1 });
    const values = numbers.map((value, n) => (n === 17 ? JSON.stringify('x'.repeat(5000)) : value));
    await produce(broker, values, 1);
    const admin = broker.kafka().admin();
    const set = { 'max.message.bytes': '2000' };
    await admin.alterConfigs([{ type: 'topic', name: 'out', set }]);
    await admin.close();
    const status = await copy(broker, {
      errors: { ...fast, deadLetterTopic: 'in.dlq' },
      to: { topic: 'out', producer: { batchSize: 1500 } },
    }).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 39, deadLettered: 1, restarts: 0 });
    expect(await committed(broker, 'out')).toEqual(
      wanted.filter((each) => !each.startsWith('k17 ')),
    );
  });

  test('follows what a transform says about the topic', async () => {
    const broker = await brokerWith({ in: 1, 'copy-in': 1, odd: 1 });
    await produce(broker, ['1', '2', '3'], 1);
    const route = map<unknown, number>((record) =>
      record.value % 2 === 1 ? { ...record, topic: 'odd' } : record,
    );
    await copy(broker, { via: [json(), route], to: { topic: 'copy-${topic}' } }).run({
      untilEnd: true,
    });
    expect(await committed(broker, 'copy-in')).toEqual(['k1 2 abc']);
    expect(await committed(broker, 'odd')).toEqual(['k0 1 abc', 'k2 3 abc']);
  });

  test('shares partitions between two processes, and each record comes out once', async () => {
    const broker = await brokerWith({ in: 2, out: 1 });
    await produce(broker, numbers);
    const slow: TransformLike[] = [
      map(async (record) => {
        await new Promise((done) => setImmediate(done));
        return record;
      }),
    ];
    await Promise.all([
      copy(broker, { via: slow }).run({ untilEnd: true }),
      copy(broker, { via: slow }).run({ untilEnd: true }),
    ]);
    expect(await committed(broker, 'out')).toEqual(wanted);
  });

  test('drains when it is told to stop: what it had at hand is committed', async () => {
    const broker = await brokerWith({ in: 2, out: 1 });
    await produce(broker, numbers);
    const stop = new AbortController();
    const first = await copy(broker, {
      onStep: (step) => {
        if (step === 'mid-write') stop.abort();
      },
    }).run({ signal: stop.signal });
    expect(first.written).toBe(20);
    const second = await copy(broker).run({ untilEnd: true });
    expect(second.written).toBe(20);
    expect(await committed(broker, 'out')).toEqual(wanted);
  });

  test('to another cluster is written at least once, and not in transactions', async () => {
    const broker = await brokerWith({ in: 2 });
    const other = await brokerWith({ out: 1 });
    await produce(broker, numbers);
    const bootstrapServers = await other.listen();
    const options = { to: { topic: 'out', bootstrapServers } };
    const status = await copy(broker, options).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 40 });
    expect(await committed(other, 'out')).toEqual(wanted);
    const from = { topics: ['in'], groupId: 'g', bootstrapServers: 'a:1, b:2' };
    expect(() => copy(broker, { from, to: { ...options.to, exactlyOnce: true } })).toThrow(
      /exactlyOnce needs both topics in one cluster/,
    );
  });

  test('ends a source of the same name that runs elsewhere, and repeats nothing', async () => {
    const broker = await brokerWith({ out: 1 });
    /** Numbers from a position on; it rests after each batch until it is woken. */
    const source = (woken: () => Promise<void>): Source => ({
      name: 'numbers',
      start: async ({ position }) => {
        let next = Number(position?.next ?? 0);
        return {
          poll: async () => {
            if (next > 0) await woken();
            if (next >= 6) return undefined;
            const records = [next, next + 1].map((n) => ({ key: `k${n}`, value: n }));
            next += 2;
            return { records, position: { next } };
          },
          close: async () => undefined,
        };
      },
    });
    const options = { name: 'n', kafka: broker.kafka(), to: { topic: 'out' }, errors: fast };
    let wake = () => undefined as void;
    const rest = new Promise<void>((done) => {
      wake = done;
    });
    let begun = () => undefined as void;
    const hasBegun = new Promise<void>((done) => {
      begun = done;
    });
    const old = pipeline({
      ...options,
      from: source(() => rest),
      logger: silentLogger,
      onStep: (step) => {
        if (step === 'committed') begun();
      },
    }).run();
    await hasBegun;
    const next = await pipeline({
      ...options,
      from: source(async () => undefined),
      logger: silentLogger,
    }).run({ untilEnd: true });
    wake();
    await expect(old).rejects.toThrow(/Another process runs the pipeline n, and has taken over/);
    expect(next.written).toBe(4);
    const all = [0, 1, 2, 3, 4, 5].map((n) => `k${n} ${n} undefined`);
    expect(await committed(broker, 'out')).toEqual(all);
  });

  test('is refused where it would read what it writes, or its target is missing', async () => {
    const broker = await brokerWith({ in: 1 });
    expect(() => copy(broker, { to: { topic: 'in' } })).toThrow(/round for ever/);
    await expect(copy(broker).run()).rejects.toThrow(/There is no topic 'out'/);
    const routed = copy(broker, {
      via: [regexRouter({ regex: 'in', replacement: 'nowhere' })],
      to: { topic: 'copy-${topic}' },
    });
    expect(routed.name).toBe('g');
  });
});
