import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { Kafka, type Metric } from '../../src/client/index.js';
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

test('a consumer tells its partitions before it has read anything', async () => {
  const { kafka, close } = await setUp();
  kafka.consumer({ assign: [{ topic: 't', partition: 0 }] });
  expect(kafka.metrics()).toEqual([
    {
      group: 'consumer-coordinator-metrics',
      name: 'assigned-partitions',
      tags: { 'client-id': 'c' },
      value: 0,
    },
  ]);
  await close();
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
