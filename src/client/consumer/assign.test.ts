import { afterAll, beforeAll, expect, test } from 'vitest';
import { string } from '../../serde/index.js';
import { startBroker, type TestBroker } from '../../testing/index.js';
import type { Kafka } from '../kafka.js';
import type { TopicPartition } from './consumer-options.js';

const zero = { topic: 'orders', partition: 0 };
const one = { topic: 'orders', partition: 1 };
let broker: TestBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({});
  kafka = broker.kafka();
  await kafka.admin().createTopics([{ name: 'orders', partitions: 2 }]);
  const records = ['a', 'b', 'c'].flatMap((value) => [
    { ...zero, value },
    { ...one, value: value.toUpperCase() },
  ]);
  await kafka.producer().send(records);
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

function consumer(onAssigned?: (partitions: TopicPartition[]) => void) {
  const assign = [one, zero];
  const valueDeserializer = string();
  return kafka.consumer({ assign, fromBeginning: true, valueDeserializer, onAssigned });
}

test('partitions of assign are assigned, sought and paused before anything is read', async () => {
  const told: TopicPartition[][] = [];
  const reader = consumer((partitions) => void told.push(partitions));
  expect(reader.assignment()).toEqual([zero, one]);
  reader.seek({ ...zero, offset: 2 });
  reader.pause([one]);
  expect(reader.paused()).toEqual([one]);
  expect(await reader.position(zero)).toBe(2);
  expect(await reader.lag(zero)).toBe(1);
  expect(reader.health()).toMatchObject({ state: 'idle', partitions: [{}, {}] });
  expect(told).toEqual([]);
  for await (const { value } of reader) {
    expect(value).toBe('c');
    break;
  }
  // Once, as for every consumer.
  expect(told).toEqual([[zero, one]]);
  await reader.close();
  expect(reader.assignment()).toEqual([]);
});

test('places are looked up before anything is read, and nothing is fetched by that', async () => {
  const reader = consumer();
  await reader.seekToEnd([one]);
  expect(await reader.position(one)).toBe(3);
  expect(await reader.position(zero)).toBe(0);
  await reader.seekToBeginning();
  expect(await reader.position(one)).toBe(0);
  reader.resume();
  const { partitions } = reader.health();
  expect(partitions.map(({ endOffset, bufferedBytes }) => [endOffset, bufferedBytes])).toEqual([
    [null, 0],
    [null, 0],
  ]);
  await reader.close();
});
