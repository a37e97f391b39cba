// What a producer is told of its records, against the embedded broker.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Kafka, ProducerOptions } from '../../src/index.js';
import { startBroker, type TestBroker } from '../../src/testing/index.js';

let broker: TestBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({});
  kafka = broker.kafka();
  await kafka
    .admin()
    .createTopics([
      { name: 'plain' },
      { name: 'stamped', configs: { 'message.timestamp.type': 'LogAppendTime' } },
    ]);
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

async function valuesOf(topic: string, count: number): Promise<string[]> {
  const values: string[] = [];
  const consumer = kafka.consumer({ topics: [topic], fromBeginning: true });
  for await (const { value } of consumer) {
    values.push(String(value));
    if (values.length === count) break;
  }
  await consumer.close();
  return values;
}

test.each([
  [0, -1],
  [1, 0],
  ['all', 0],
] as const)('acks %s: the record is there, and its offset is told as %s', async (acks, offset) => {
  const topic = `acks-${acks}`;
  await kafka.admin().createTopics([{ name: topic }]);
  const producer = kafka.producer({ acks, enableIdempotence: acks === 'all' });
  expect(await producer.send({ topic, value: 'a' })).toMatchObject({ partition: 0, offset });
  await producer.close();
  expect(await valuesOf(topic, 1)).toEqual(['a']);
});

test('each record is told its place, time and size', async () => {
  const producer = kafka.producer();
  const [first, second] = await producer.send([
    { topic: 'plain', key: 'key', value: 'four', timestamp: 7 },
    { topic: 'plain', value: null, timestamp: 8 },
  ]);
  const place = { topic: 'plain', partition: 0 };
  expect(first).toEqual({ ...place, offset: 0, timestamp: 7, keySize: 3, valueSize: 4 });
  expect(second).toEqual({ ...place, offset: 1, timestamp: 8, keySize: -1, valueSize: -1 });
  const before = Date.now();
  const stamped = await producer.send({ topic: 'stamped', value: 'x', timestamp: 7 });
  expect(stamped.timestamp).toBeGreaterThanOrEqual(before);
  await producer.close();
});

test.each([
  { compression: 'gzip', compressionLevel: 1 },
  { compression: 'gzip', compressionLevel: 9 },
  { compression: 'snappy' },
  { compression: 'lz4', compressionLevel: 9 },
  { compression: 'zstd', compressionLevel: 3 },
] as const satisfies ProducerOptions[])('what is sent with %o comes back', async (options) => {
  const topic = `${options.compression}-${'compressionLevel' in options ? options.compressionLevel : 0}`;
  await kafka.admin().createTopics([{ name: topic }]);
  const producer = kafka.producer({ ...options, lingerMs: 5 });
  const values = Array.from({ length: 200 }, (_, index) => `${index} `.repeat(20));
  await producer.send(values.map((value) => ({ topic, value })));
  await producer.close();
  expect(await valuesOf(topic, values.length)).toEqual(values);
});
