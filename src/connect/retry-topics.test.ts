import { afterEach, describe, expect, test } from 'vitest';
import { batchesToEnd, type ConsumerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import { realSystem, silentLogger } from '../system/index.js';
import { startBroker, type TestBroker } from '../testing/index.js';
import {
  json,
  map,
  type PipelineStep,
  type PipeRecord,
  pipeline,
  type PipelineOptions,
  type Sink,
  type SinkPipelineOptions,
} from './index.js';
import { withRetryTopics } from './retry-topics.js';

const open: TestBroker[] = [];
afterEach(async () => {
  for (const broker of open.splice(0)) await broker.close();
});

const produced = Array.from({ length: 20 }, (_, n) => ({
  topic: 'in',
  key: `k${n}`,
  value: JSON.stringify({ n }),
  partition: n % 2,
  timestamp: 1_700_000_000_000 + n,
  headers: { trace: `t${n}` },
}));
/** The record that does not go through: in-1@3. */
const late = 7;

async function start(): Promise<TestBroker> {
  const config = { 'group.initial.rebalance.delay.ms': '0' };
  const topics = { in: { partitions: 2 }, out: { partitions: 2 } };
  const broker = await startBroker({ topics, config, logger: silentLogger });
  open.push(broker);
  const producer = broker.kafka().producer();
  await producer.send(produced);
  await producer.close();
  return broker;
}

const numberOf = ({ value }: PipeRecord) => (value as { n: number }).n;
const notYet = () => new KafkaError('SINK_FAILED', 'not for the moment', { retriable: true });

/** Takes everything but one record, which goes through at its n-th attempt. */
function sinkUntil(attempt: number) {
  const written: PipeRecord[] = [];
  let attempts = 0;
  const sink: Sink = {
    name: 'memory',
    guarantee: 'idempotent',
    start: async () => ({
      put: async (records) => {
        const refused = records.filter(
          (record) => numberOf(record) === late && ++attempts < attempt,
        );
        written.push(...records.filter((record) => !refused.includes(record)));
        return refused.map((record) => ({ record, error: notYet() }));
      },
      close: async () => undefined,
    }),
  };
  return { sink, written };
}

function toSink(broker: TestBroker, sink: Sink, more: Partial<SinkPipelineOptions> = {}) {
  return pipeline({
    name: 'p',
    kafka: broker.kafka(),
    from: { topics: ['in'], groupId: 'g' },
    via: [json()],
    to: sink,
    errors: { retryTopics: ['10ms', '20ms'], deadLetterTopic: 'dlq', restartBackoffMs: 1 },
    logger: silentLogger,
    ...more,
  });
}

async function recordsOf(broker: TestBroker, topic: string): Promise<ConsumerRecord[]> {
  const kafka = broker.kafka();
  const admin = kafka.admin();
  const [description] = await admin.describeTopics([topic]);
  const all = (description?.partitions ?? []).map((_, partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(all.map((each) => ({ ...each, at: 'latest' as const })));
  await admin.close();
  const ranges = ends.map(({ partition, offset: end }) => ({ topic, partition, offset: 0, end }));
  const found: ConsumerRecord[] = [];
  const options = { isolationLevel: 'read_committed', clock: realSystem().clock } as const;
  for await (const batch of batchesToEnd(kafka, ranges, options)) found.push(...batch.records);
  return found;
}

async function committed(broker: TestBroker): Promise<Record<string, number>> {
  const admin = broker.kafka().admin();
  const offsets = await admin.fetchOffsets('g');
  await admin.close();
  return Object.fromEntries(
    offsets.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
  );
}

/** Fails once, at the first time that the step is reached. */
function failAt(wanted: PipelineStep) {
  let times = 0;
  return (step: PipelineStep) => {
    if (step === wanted && ++times === 1) throw new Error('struck down');
  };
}

describe('a record that fails for a passing reason', () => {
  test('waits while the others are written, and comes again as it was read at first', async () => {
    const broker = await start();
    const { sink, written } = sinkUntil(3);
    const status = await toSink(broker, sink).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 20, retried: 2, deadLettered: 0 });
    expect(written.map(numberOf).sort((a, b) => a - b)).toEqual(produced.map((_, n) => n));
    expect(numberOf(written.at(-1) as PipeRecord)).toBe(late);
    const { source, key, timestamp, headers, topic } = written.at(-1) as PipeRecord;
    expect(source).toMatchObject({ topic: 'in', partition: 1, offset: 3 });
    expect([topic, String(key), timestamp]).toEqual(['in', 'k7', 1_700_000_000_007]);
    expect(headers.map(([name, value]) => [name, String(value)])).toEqual([['trace', 't7']]);
    const admin = broker.kafka().admin();
    const there = new Map((await admin.listTopics()).map((each) => [each.name, each.partitions]));
    await admin.close();
    expect(there.get('g.retry.10ms')).toBe(2);
  });

  test('is a dead letter when its attempts are used up', async () => {
    const broker = await start();
    const { sink, written } = sinkUntil(Number.POSITIVE_INFINITY);
    const status = await toSink(broker, sink).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 19, retried: 2, deadLettered: 1 });
    expect(written).toHaveLength(19);
    const [letter, ...others] = await recordsOf(broker, 'dlq');
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ timestamp: 1_700_000_000_007 });
    expect(String(letter?.value)).toBe('{"n":7}');
    const header = (name: string) => String(letter?.headers.get(name));
    const place = ['topic', 'partition', 'offset'].map((name) =>
      header(`__connect.errors.${name}`),
    );
    expect(place).toEqual(['in', '1', '3']);
    expect(header('trace')).toBe('t7');
    expect(letter?.headers.has('kafkit.retry.topic')).toBe(false);
  });

  test('is a dead letter at once when no attempt will help', async () => {
    const broker = await start();
    const refuse = map((record) => {
      if (numberOf(record) === late) throw new Error('never');
      return record;
    });
    const { sink } = sinkUntil(0);
    const parts = { via: [json(), refuse] };
    const status = await toSink(broker, sink, parts).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 19, retried: 0, deadLettered: 1 });
  });

  test('holds up neither its partition nor the commits, and waits through a restart', async () => {
    const broker = await start();
    const stop = new AbortController();
    const errors = { retryTopics: ['1h'], deadLetterTopic: 'dlq' };
    const { sink, written } = sinkUntil(2);
    const running = toSink(broker, sink, { errors, commitIntervalMs: 10 });
    const ended = running.run({ signal: stop.signal });
    const end = { 'in-0': 10, 'in-1': 10 };
    await expect.poll(() => committed(broker), { timeout: 10_000 }).toMatchObject(end);
    expect(written).toHaveLength(19);
    stop.abort();
    await ended;
    const again = new AbortController();
    const second = toSink(broker, sink, { errors });
    const ran = second.run({ signal: again.signal });
    const lag = () => second.status().lag;
    await expect.poll(lag, { timeout: 10_000 }).toBe(0);
    again.abort();
    await ran;
    expect(written).toHaveLength(19);
    const offsets = await committed(broker);
    const [waiting] = await recordsOf(broker, 'g.retry.1h');
    const next = offsets[`g.retry.1h-${waiting?.partition}`] ?? 0;
    expect(next).toBeLessThanOrEqual(waiting?.offset ?? -1);
  });

  test.each(['retrying', 'retried'] as const)('waits once when the task dies at %s', async (at) => {
    const broker = await start();
    const { sink, written } = sinkUntil(3);
    const status = await toSink(broker, sink, { onStep: failAt(at) }).run({ untilEnd: true });
    expect(status).toMatchObject({ restarts: 1, deadLettered: 0 });
    expect(await recordsOf(broker, 'g.retry.10ms')).toHaveLength(1);
    expect(new Set(written.map(numberOf)).size).toBe(20);
  });
});

test('a topic that is made anew does not mistake its records for those that wait', async () => {
  const broker = await start();
  const errors = { retryTopics: ['1h'], deadLetterTopic: 'dlq' };
  const { sink } = sinkUntil(9);
  const round = async () => {
    const stop = new AbortController();
    const running = toSink(broker, sink, { errors, commitIntervalMs: 10 });
    const ended = running.run({ signal: stop.signal });
    const end = { 'in-0': 10, 'in-1': 10 };
    await expect.poll(() => committed(broker), { timeout: 10_000 }).toMatchObject(end);
    stop.abort();
    await ended;
  };
  await round();
  const admin = broker.kafka().admin();
  await admin.deleteTopics(['in']);
  await admin.createTopics([{ name: 'in', partitions: 2 }]);
  await admin.deleteGroups(['g']);
  await admin.close();
  const producer = broker.kafka().producer();
  await producer.send(produced.map((each) => ({ ...each, timestamp: each.timestamp + 1000 })));
  await producer.close();
  await round();
  expect(await recordsOf(broker, 'g.retry.1h')).toHaveLength(2);
});

describe('into a topic, exactly once', () => {
  const toTopic = (broker: TestBroker, attempt: number, more: Partial<PipelineOptions> = {}) => {
    let attempts = 0;
    const reluctant = map((record) => {
      if (numberOf(record) === late && ++attempts < attempt) throw notYet();
      return record;
    });
    return pipeline({
      name: 'p',
      kafka: broker.kafka(),
      from: { topics: ['in'], groupId: 'g' },
      via: [json(), reluctant],
      to: { topic: 'out' },
      errors: { retryTopics: ['10ms', '20ms'], deadLetterTopic: 'dlq', restartBackoffMs: 1 },
      logger: silentLogger,
      ...more,
    } as PipelineOptions);
  };
  const values = async (broker: TestBroker, topic: string) =>
    (await recordsOf(broker, topic)).map(({ value }) => String(value)).sort();

  test('a record that waits comes out once, with its own headers and time', async () => {
    const broker = await start();
    const status = await toTopic(broker, 3).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 20, retried: 2, deadLettered: 0 });
    expect(await values(broker, 'out')).toEqual(produced.map(({ value }) => value).sort());
    const found = await recordsOf(broker, 'out');
    const seventh = found.find(({ key }) => String(key) === 'k7');
    expect(seventh?.timestamp).toBe(1_700_000_000_007);
    expect(seventh?.headers.list.map(([name]) => name)).toEqual(['trace']);
  });

  test.each(['retrying', 'retried', 'written', 'committing', 'committed'] as const)(
    'the same when the task dies at %s',
    async (at) => {
      const broker = await start();
      await toTopic(broker, 3, { onStep: failAt(at) }).run({ untilEnd: true });
      expect(await values(broker, 'out')).toEqual(produced.map(({ value }) => value).sort());
      expect((await values(broker, 'g.retry.20ms')).length).toBeLessThanOrEqual(1);
      expect(await values(broker, 'dlq')).toEqual([]);
    },
  );

  test('it is a dead letter when its attempts are used up', async () => {
    const broker = await start();
    const status = await toTopic(broker, 9).run({ untilEnd: true });
    expect(status).toMatchObject({ written: 19, retried: 2, deadLettered: 1 });
    expect(await values(broker, 'dlq')).toEqual(['{"n":7}']);
  });
});

describe('retry topics', () => {
  const { sink } = sinkUntil(0);
  const make = (errors: object, to: Sink = sink) =>
    pipeline({ from: { topics: ['in'] }, to, errors } as PipelineOptions);

  test('need a place for what fails to the last, and durations', () => {
    expect(() => make({ retryTopics: ['1s'] })).toThrow(/set deadLetterTopic/);
    expect(() => make({ retryTopics: ['soon'], deadLetterTopic: 'd' })).toThrow(/no duration/);
    expect(() => make({ retryTopics: ['1s', '1s'], deadLetterTopic: 'd' })).toThrow(/two retry/);
  });

  test('do not go with a sink that must not write late', () => {
    const refusesLate = 'it would hurt';
    const errors = { retryTopics: ['1s'], deadLetterTopic: 'd' };
    expect(() => make(errors, { ...sink, refusesLate })).toThrow(
      'errors.retryTopics do not go with memory here: it would hurt.',
    );
  });

  test('are read beside topics that a pattern names', () => {
    const retries = [{ topic: 'g.retry.1s', delayMs: 1000 }];
    const pattern = withRetryTopics(/^orders\./, retries) as RegExp;
    const names = ['orders.a', 'g.retry.1s', 'gxretry.1s', 'g.retry.1s.x', 'other'];
    expect(names.filter((name) => pattern.test(name))).toEqual(['orders.a', 'g.retry.1s']);
  });
});
