import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaError } from '../../errors/index.js';
import { startBroker, type TestBroker } from '../../testing/index.js';
import type { Kafka } from '../kafka.js';

let broker: TestBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({});
  kafka = broker.kafka();
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

async function create(topic: string, ...values: string[]): Promise<void> {
  const admin = kafka.admin();
  await admin.createTopics([{ name: topic, partitions: 1 }]);
  await admin.close();
  const producer = kafka.producer();
  await producer.send(values.map((value) => ({ topic, value })));
  await producer.close();
}

async function remove(topic: string): Promise<void> {
  const admin = kafka.admin();
  await admin.deleteTopics([topic]);
  await admin.close();
}

async function next(
  records: AsyncIterator<{ readonly value: Buffer | null }>,
  count: number,
): Promise<(string | undefined)[]> {
  const values: (string | undefined)[] = [];
  while (values.length < count) {
    const { value, done } = await records.next();
    if (done === true) throw new Error('the loop has ended');
    values.push(value.value?.toString());
  }
  return values;
}

test('a topic that is created again is read from where the reset policy says', async () => {
  await create('again', 'a', 'b', 'c');
  const errors: KafkaError[] = [];
  const reader = kafka.consumer({
    topics: ['again'],
    fromBeginning: true,
    onError: (error) => errors.push(error),
  });
  const records = reader[Symbol.asyncIterator]();
  expect(await next(records, 3)).toEqual(['a', 'b', 'c']);
  const more = next(records, 2);
  await remove('again');
  await create('again', 'd', 'e');
  expect(await more).toEqual(['d', 'e']);
  expect(errors[0]).toMatchObject({ code: 'OFFSET_OUT_OF_RANGE', context: { topic: 'again' } });
  expect(errors[0]?.message).toMatch(/deleted and created again/);
  await reader.close();
});

test('without a policy the loop is told of a topic that is created again', async () => {
  await create('refused', 'a');
  const groupId = 'refusing';
  const admin = kafka.admin();
  await admin.alterOffsets(groupId, [{ topic: 'refused', partition: 0, offset: 0 }]);
  await admin.close();
  const reader = kafka.consumer({ groupId, topics: ['refused'], offsetReset: 'none' });
  const records = reader[Symbol.asyncIterator]();
  expect(await next(records, 1)).toEqual(['a']);
  const more = next(records, 1);
  // Looked at below, once the topic is there again.
  more.catch(() => undefined);
  await remove('refused');
  await create('refused', 'b');
  await expect(more).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  await reader.close();
});
