import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { Kafka, type Metric } from '../../src/client/index.js';
import { type Logger, silentLogger } from '../../src/system/index.js';
import type { FakeBroker } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

async function setUp() {
  const fake = await FakeCluster.start(1);
  fake.topic('t', 2);
  const [broker] = fake.brokers as [FakeBroker];
  const kafka = new Kafka({ bootstrapServers: broker.address, system: fake.system, clientId: 'c' });
  const close = () => finished(fake.system, kafka.close());
  return { fake, broker, kafka, close };
}

function values(metrics: readonly Metric[]): Record<string, number> {
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

test("a producer's records, bytes, retries and errors are counted under Kafka's names", async () => {
  const { fake, broker, kafka, close } = await setUp();
  const producer = kafka.producer({ bufferMemory: 10_000 });
  const record = (value: string) => ({ topic: 't', partition: 0, value });
  await producer.send([record('a'), record('b')]);
  const answers = [6, 0, 87];
  broker.handlers.Produce = (request) => {
    const errorCode = answers.shift() ?? 0;
    if (errorCode === 0) return fake.produce(request, 0);
    const partitionResponses = [{ index: 0, errorCode, baseOffset: -1 }];
    const topicId = request.topicData[0]?.topicId ?? '';
    return { responses: [{ name: 't', topicId, partitionResponses }] };
  };
  await finished(fake.system, producer.send(record('c')));
  await finished(fake.system, failure(producer.send(record('d'))));
  const metrics = kafka.metrics();
  expect(values(metrics)).toMatchObject({
    'record-send-total': 3,
    'record-retry-total': 1,
    'record-error-total': 1,
    'request-total': 4,
    'batch-split-total': 0,
    'buffer-total-bytes': 10_000,
    'buffer-available-bytes': 10_000,
  });
  expect(values(metrics)['byte-total']).toBeGreaterThan(2 * 61);
  expect(metrics[0]).toMatchObject({ group: 'producer-metrics', tags: { 'client-id': 'c' } });
  await close();
  expect(kafka.metrics()).toEqual([]);
});

test('requests are counted and timed, in all and broker by broker, and throttles told', async () => {
  const { fake, broker, kafka, close } = await setUp();
  const { clock } = fake.system;
  const producer = kafka.producer({ lingerMs: 0 });
  const takes = [10, 30];
  broker.handlers.Produce = async (request) => {
    const [ms = 0] = takes.splice(0, 1);
    await new Promise<void>((done) => void clock.after(ms, done));
    return { ...fake.produce(request, 0), throttleTimeMs: ms === 30 ? 200 : 0 };
  };
  for (const value of ['a', 'b']) {
    await finished(fake.system, producer.send({ topic: 't', partition: 0, value }));
  }
  const metrics = kafka.metrics();
  const all = values(metrics.filter(({ group }) => group === 'producer-metrics'));
  expect(all).toMatchObject({
    'connection-creation-total': 2,
    'request-latency-avg': 20,
    'request-latency-max': 30,
    'produce-throttle-time-avg': 100,
    'produce-throttle-time-max': 200,
  });
  const node = metrics.filter(({ group }) => group === 'producer-node-metrics');
  expect(node[0]?.tags).toEqual({ 'client-id': 'c', 'node-id': 'node-0' });
  expect(values(node)).toMatchObject({ 'request-total': 2, 'request-latency-max': 30 });
  expect(metrics.some(({ group }) => group.startsWith('consumer'))).toBe(false);
  await clock.advance(61_000);
  expect(values(kafka.metrics())['request-latency-max']).toBe(0);
  await close();
});

test('a consumer tells its partitions before it has read anything', async () => {
  const { kafka, close } = await setUp();
  kafka.consumer({ assign: [{ topic: 't', partition: 0 }] });
  expect(kafka.metrics()).toContainEqual({
    group: 'consumer-coordinator-metrics',
    name: 'assigned-partitions',
    tags: { 'client-id': 'c' },
    value: 1,
  });
  await close();
});

test('metrics of the application are told along, until they are taken away', async () => {
  const warnings: string[] = [];
  const { fake, broker } = await setUp();
  const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  const kafka = new Kafka({
    ...{ bootstrapServers: broker.address, system: fake.system, clientId: 'c' },
    logger,
  });
  let open = 3;
  const metric = {
    ...{ group: 'shop-metrics', name: 'orders-open', tags: { shop: 'north' }, unit: '{order}' },
    measure: () => open,
  };
  const end = kafka.registerMetric(metric);
  kafka.registerMetric({
    ...{ group: 'shop-metrics', name: 'broken' },
    measure: () => {
      throw new Error('no');
    },
  });
  open = 4;
  const [told, ...others] = kafka.metrics();
  const facts = { kind: 'gauge', unit: '{order}', what: '' };
  const tags = { 'client-id': 'c', shop: 'north' };
  expect(told).toEqual({ group: 'shop-metrics', name: 'orders-open', tags, value: 4, facts });
  expect(others).toEqual([]);
  expect(warnings).toEqual(['the metric shop-metrics/broken could not be measured']);
  end();
  expect(kafka.metrics()).toEqual([]);
  for (const wrong of [{ group: 'producer-metrics' }, { name: 'Orders open' }]) {
    expect(() => kafka.registerMetric({ ...metric, ...wrong })).toThrow(/no names for a metric/);
  }
  await finished(fake.system, kafka.close());
});

test('whoever listens hears of each batch, acknowledged or given up', async () => {
  const { kafka, close } = await setUp();
  const heard: unknown[] = [];
  const listener = (event: unknown) => void heard.push(event);
  subscribe('kafkit.producer.batch', listener);
  try {
    await kafka.producer().send({ topic: 't', partition: 1, value: 'a' });
  } finally {
    unsubscribe('kafkit.producer.batch', listener);
  }
  expect(heard).toMatchObject([
    { topic: 't', partition: 1, records: 1, attempts: 1, baseOffset: 0, error: undefined },
  ]);
  await close();
});
