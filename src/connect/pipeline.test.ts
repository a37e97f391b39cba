import { afterEach, describe, expect, test } from 'vitest';
import { KafkaError } from '../errors/index.js';
import { silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import { json, type PipelineStep, type PipeRecord, pipeline, type Sink } from './index.js';

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

async function produce(broker: TestBroker, topic: string, values: readonly string[]) {
  const producer = broker.kafka().producer();
  await producer.send(values.map((value, at) => ({ topic, value, partition: at % 2 })));
  await producer.close();
}

/** A sink that keeps everything by position, and can be told to misbehave. */
function memorySink(
  put: (records: readonly PipeRecord[], attempt: number) => PipeRecord[] = () => [],
) {
  const stored = new Map<string, unknown>();
  let attempt = 0;
  const sink: Sink = {
    name: 'memory',
    guarantee: 'idempotent',
    start: async () => ({
      put: async (records) => {
        const refused = put(records, ++attempt);
        for (const { source, value } of records) {
          stored.set(`${source.partition}#${source.offset}`, value);
        }
        for (const { source } of refused) stored.delete(`${source.partition}#${source.offset}`);
        const error = new KafkaError('RECORD_REJECTED', 'no such record, please');
        return refused.map((record) => ({ record, error }));
      },
      close: async () => undefined,
    }),
  };
  return { sink, stored };
}

const numbers = Array.from({ length: 50 }, (_, number) => JSON.stringify({ number }));
const fast = { backoffMs: 1, restartBackoffMs: 1 };

async function committed(broker: TestBroker, group: string) {
  const admin = broker.kafka().admin();
  const offsets = await admin.fetchOffsets(group);
  await admin.close();
  return Object.fromEntries(
    offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
  );
}

describe('a pipeline', () => {
  test('writes every record and commits behind what was acknowledged', async () => {
    const broker = await brokerWith({ in: 2 });
    await produce(broker, 'in', numbers);
    const { sink, stored } = memorySink();
    const status = await pipeline({
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      via: [json()],
      to: sink,
      logger: silentLogger,
    }).run({ untilEnd: true });
    expect(stored.size).toBe(50);
    expect(status).toMatchObject({ read: 50, written: 50, lag: 0, restarts: 0 });
    expect(await committed(broker, 'g')).toEqual({ 'in-0': 25, 'in-1': 25 });
  });

  test('repeats a write that failed for a passing reason', async () => {
    const broker = await brokerWith({ in: 2 });
    await produce(broker, 'in', numbers);
    const { sink, stored } = memorySink((_, attempt) => {
      if (attempt < 4) throw new KafkaError('SINK_FAILED', 'away');
      return [];
    });
    const status = await pipeline({
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      to: sink,
      errors: fast,
      logger: silentLogger,
    }).run({ untilEnd: true });
    expect(stored.size).toBe(50);
    expect(status).toMatchObject({ retries: 3, restarts: 0 });
  });

  test('starts a task anew when retries do not help, and loses nothing', async () => {
    const broker = await brokerWith({ in: 2 });
    await produce(broker, 'in', numbers);
    const { sink, stored } = memorySink((_, attempt) => {
      if (attempt < 5) throw new KafkaError('SINK_FAILED', 'away');
      return [];
    });
    const status = await pipeline({
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      to: sink,
      errors: { ...fast, retries: 1 },
      logger: silentLogger,
    }).run({ untilEnd: true });
    expect(stored.size).toBe(50);
    expect(status.restarts).toBe(2);
  });

  test('stops at a record that cannot be read, with everything before it written', async () => {
    const broker = await brokerWith({ in: 1 });
    const producer = broker.kafka().producer();
    await producer.send(['1', '2', 'no JSON', '4'].map((value) => ({ topic: 'in', value })));
    await producer.close();
    const { sink, stored } = memorySink();
    const run = pipeline({
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      via: [json()],
      to: sink,
      logger: silentLogger,
    }).run({ untilEnd: true });
    await expect(run).rejects.toThrow(/in-0@2 cannot be processed: The value is not JSON/);
    expect([...stored.values()]).toEqual([1, 2]);
    expect(await committed(broker, 'g')).toEqual({ 'in-0': 2 });
  });

  test('sets poison records aside as they were, with the reason; writes the others', async () => {
    const broker = await brokerWith({ in: 1 });
    const kafka = broker.kafka();
    const producer = kafka.producer();
    const values = ['1', 'no JSON', '3', '4'];
    await producer.send(
      values.map((value) => ({ topic: 'in', key: 'k', value, headers: { trace: 'abc' } })),
    );
    await producer.close();
    const { sink, stored } = memorySink((records) => records.filter(({ value }) => value === 3));
    const status = await pipeline({
      kafka,
      from: { topics: ['in'], groupId: 'g' },
      via: [json()],
      to: sink,
      errors: { deadLetterTopic: 'in.dlq' },
      logger: silentLogger,
    }).run({ untilEnd: true });
    expect(status).toMatchObject({ deadLettered: 2, written: 2 });
    expect([...stored.values()]).toEqual([1, 4]);
    const consumer = kafka.consumer({ topics: ['in.dlq'], fromBeginning: true });
    const letters: string[] = [];
    for await (const { key, value, headers } of consumer) {
      const header = (name: string) => String(headers.get(name));
      letters.push(
        [
          String(key),
          String(value),
          header('trace'),
          header('__connect.errors.topic'),
          header('__connect.errors.offset'),
          header('__connect.errors.stage'),
          header('__connect.errors.exception.message'),
        ].join(' | '),
      );
      if (letters.length === 2) break;
    }
    await consumer.close();
    expect(letters[0]).toMatch(
      /^k \| no JSON \| abc \| in \| 1 \| VALUE_CONVERTER \| The value is/,
    );
    expect(letters[1]).toMatch(/^k \| 3 \| abc \| in \| 2 \| TASK_PUT \| no such record, please/);
  });

  test('sets nothing aside twice when it was killed before the commit', async () => {
    const broker = await brokerWith({ in: 1 });
    const kafka = broker.kafka();
    const producer = kafka.producer();
    await producer.send(['x', '1', 'y', '2'].map((value) => ({ topic: 'in', value })));
    await producer.close();
    const run = async (onStep?: (step: PipelineStep) => void) =>
      pipeline({
        kafka,
        from: { topics: ['in'], groupId: 'g' },
        via: [json()],
        to: memorySink().sink,
        errors: { deadLetterTopic: 'in.dlq', restart: 'never' },
        logger: silentLogger,
        onStep,
      }).run({ untilEnd: true });
    await run((step) => {
      if (step === 'dead-lettered') throw new Error('struck down');
    }).catch(() => undefined);
    expect(await run()).toMatchObject({ deadLettered: 0, written: 2 });
    const admin = kafka.admin();
    const [end] = await admin.listOffsets([{ topic: 'in.dlq', partition: 0, at: 'latest' }]);
    await admin.close();
    expect(end?.offset).toBe(2);
  });

  test('with tolerance all sets a write aside that keeps failing; data does not', async () => {
    const broker = await brokerWith({ in: 1 });
    const producer = broker.kafka().producer();
    await producer.send(['1', '2', '3'].map((value) => ({ topic: 'in', value })));
    await producer.close();
    const { sink, stored } = memorySink((records) => {
      if (records.some(({ value }) => value === 2)) throw new KafkaError('SINK_FAILED', 'no twos');
      return [];
    });
    const options = {
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      via: [json()],
      to: sink,
      batchSize: 1,
      logger: silentLogger,
    };
    const errors = { ...fast, retries: 1, deadLetterTopic: 'in.dlq' };
    const stop = new AbortController();
    const waiting = pipeline({
      ...options,
      errors,
      onStep: () => {
        if (waiting.status().restarts === 2) stop.abort();
      },
    });
    const first = await waiting.run({ signal: stop.signal });
    expect(first).toMatchObject({ written: 1, deadLettered: 0 });
    const all = pipeline({ ...options, errors: { ...errors, tolerance: 'all' } });
    expect(await all.run({ untilEnd: true })).toMatchObject({ written: 1, deadLettered: 1 });
    expect([...stored.values()]).toEqual([1, 3]);
    expect(() => pipeline({ ...options, errors: { tolerance: 'all' } })).toThrow(/deadLetterTopic/);
  });

  test('drains when it is told to stop, and the next run goes on there', async () => {
    const broker = await brokerWith({ in: 2 });
    await produce(broker, 'in', numbers);
    const { sink, stored } = memorySink();
    const stop = new AbortController();
    const options = {
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      to: sink,
      batchSize: 5,
      logger: silentLogger,
    };
    let writes = 0;
    const onStep = (step: PipelineStep) => {
      if (step === 'written' && ++writes === 3) stop.abort();
    };
    const first = await pipeline({ ...options, onStep }).run({ signal: stop.signal });
    expect(first.written).toBe(15);
    expect(stored.size).toBe(15);
    const second = await pipeline(options).run({ untilEnd: true });
    expect(second.written).toBe(35);
    expect(stored.size).toBe(50);
  });

  test('goes on while idle until it is told to stop', async () => {
    const broker = await brokerWith({ in: 1 });
    const { sink, stored } = memorySink();
    const stop = new AbortController();
    const kafka = broker.kafka();
    const onStep = (step: PipelineStep) => {
      if (step === 'committed') stop.abort();
    };
    const running = pipeline({
      kafka,
      from: { topics: ['in'], groupId: 'g' },
      to: sink,
      commitIntervalMs: 1,
      logger: silentLogger,
      onStep,
    }).run({ signal: stop.signal });
    const producer = kafka.producer();
    await producer.send({ topic: 'in', value: 'late' });
    await producer.close();
    await running;
    expect(stored.size).toBe(1);
    expect(await committed(broker, 'g')).toEqual({ 'in-0': 1 });
  });

  test('shares partitions between tasks, and commits before it gives one up', async () => {
    const broker = await brokerWith({ in: 2 });
    await produce(broker, 'in', numbers);
    const { sink, stored } = memorySink();
    const status = await pipeline({
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      to: sink,
      tasks: 2,
      batchSize: 7,
      logger: silentLogger,
    }).run({ untilEnd: true });
    expect(stored.size).toBe(50);
    expect(status.written).toBe(50);
  });

  test('says which topic is missing', async () => {
    const broker = await brokerWith({});
    const { sink } = memorySink();
    const run = pipeline({ kafka: broker.kafka(), from: { topics: ['nope'] }, to: sink }).run();
    await expect(run).rejects.toThrow(/There is no topic 'nope'. Create it first/);
  });
});
