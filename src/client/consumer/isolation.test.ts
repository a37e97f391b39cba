import { afterAll, beforeAll, expect, test } from 'vitest';
import { string } from '../../serde/index.js';
import { startBroker, type TestBroker } from '../../testing/index.js';
import type { Kafka } from '../kafka.js';

let broker: TestBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({ topics: { ledger: {} } });
  kafka = broker.kafka();
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

const topics = ['ledger'];
const here = { topic: 'ledger', partition: 0 };

async function take(isolationLevel: 'read_committed' | 'read_uncommitted', count: number) {
  const valueDeserializer = string();
  const reader = kafka.consumer({ topics, fromBeginning: true, isolationLevel, valueDeserializer });
  const values: (string | null)[] = [];
  for await (const { value } of reader) {
    values.push(value);
    if (values.length === count) break;
  }
  const lag = await reader.lag(here);
  await reader.close();
  return { values, lag };
}

test('read_committed gives what was committed, and waits at what is open', async () => {
  const producer = kafka.producer({ transactionalId: 'ledger-1' });
  const send = async (value: string, end: 'commit' | 'abort') => {
    const transaction = await producer.beginTransaction();
    await transaction.send({ ...here, value });
    await transaction[end]();
  };
  await send('committed', 'commit');
  await send('aborted', 'abort');
  await kafka.producer().send({ ...here, value: 'plain' });
  const open = await producer.beginTransaction();
  await open.send({ ...here, value: 'open' });
  await kafka.producer().send({ ...here, value: 'behind it' });
  const seen = await take('read_committed', 2);
  // The last one was not finished: it is all that is left to read.
  expect(seen).toEqual({ values: ['committed', 'plain'], lag: 1 });
  const all = await take('read_uncommitted', 5);
  expect(all.values).toEqual(['committed', 'aborted', 'plain', 'open', 'behind it']);
  await open.commit();
  const after = await take('read_committed', 4);
  expect(after.values).toEqual(['committed', 'plain', 'open', 'behind it']);
  await producer.close();
});

test('partitions take turns, however much there is of one of them', async () => {
  await kafka.admin().createTopics([{ name: 'many', partitions: 4 }]);
  const value = 'x'.repeat(200);
  const producer = kafka.producer({ batchSize: 1000 });
  const counts = [2000, 200, 200, 200];
  await producer.send(
    counts.flatMap((count, partition) =>
      Array.from({ length: count }, () => ({ topic: 'many', partition, value })),
    ),
  );
  const consumer = kafka.consumer({
    topics: ['many'],
    fromBeginning: true,
    maxPartitionFetchBytes: 4000,
  });
  const seen = [0, 0, 0, 0];
  let left = 800;
  for await (const { partition } of consumer) {
    seen[partition] = (seen[partition] ?? 0) + 1;
    if (--left === 0) break;
  }
  await consumer.close();
  expect(Math.min(...seen)).toBeGreaterThan(100);
});
