import { expect, test } from 'vitest';
import { silentLogger } from '../../src/system/index.js';
import { startBroker } from '../../src/testing/index.js';

test('a producer goes on over restarts and crashes; what was acknowledged is there once, in order', async () => {
  const broker = await startBroker({
    topics: { orders: { partitions: 2 } },
    crashable: true,
    logger: silentLogger,
  });
  const kafka = broker.kafka({ reconnectBackoffMs: 1, retryBackoffMs: 1, retryBackoffMaxMs: 20 });
  const producer = kafka.producer({ batchSize: 300 });
  const total = 600;
  const sent: Promise<{ partition: number; offset: number }>[] = [];
  for (let n = 0; n < total; n++) {
    sent.push(producer.send({ topic: 'orders', partition: n % 2, value: `${n}` }));
    if (n % 200 === 100) {
      // In the middle of requests on their way.
      await sent[n - 20];
      if (n === 300) await broker.crash();
      await broker.restart();
    }
  }
  const places = await Promise.all(sent);
  await producer.close();

  const consumer = kafka.consumer({ topics: ['orders'], fromBeginning: true });
  const found = new Map<string, string>();
  const values: string[][] = [[], []];
  for await (const { partition, offset, value } of consumer) {
    found.set(`${partition}/${offset}`, String(value));
    values[partition]?.push(String(value));
    if (found.size === total) break;
  }
  await consumer.close();
  const [end0, end1] = await kafka
    .admin()
    .listOffsets(
      [0, 1].map((partition) => ({ topic: 'orders', partition, at: 'latest' as const })),
    );
  expect([end0?.offset, end1?.offset]).toEqual([total / 2, total / 2]);
  for (const [n, { partition, offset }] of places.entries()) {
    expect(found.get(`${partition}/${offset}`)).toBe(`${n}`);
  }
  for (const list of values) {
    expect(list).toEqual([...list].sort((a, b) => Number(a) - Number(b)));
  }
  await kafka.close();
  await broker.close();
});

test('a consumer in a group goes on over restarts and crashes, and reads every record', async () => {
  const broker = await startBroker({
    topics: { orders: { partitions: 2 } },
    crashable: true,
    logger: silentLogger,
  });
  const kafka = broker.kafka({
    reconnectBackoffMs: 1,
    retryBackoffMs: 1,
    retryBackoffMaxMs: 20,
    // After a power failure nobody says that the connection is gone.
    requestTimeoutMs: 1000,
    logger: silentLogger,
  });
  const producer = kafka.producer();
  const total = 600;
  const records = Array.from({ length: total }, (_, n) => {
    return { topic: 'orders', partition: n % 2, value: `${n}` };
  });
  await producer.send(records);
  const consumer = kafka.consumer({
    groupId: 'g',
    topics: ['orders'],
    fromBeginning: true,
    heartbeatIntervalMs: 20,
    maxPartitionFetchBytes: 500,
    onError: () => undefined,
  });
  const found = new Set<string>();
  let handled = 0;
  for await (const { value } of consumer) {
    found.add(String(value));
    handled++;
    if (handled === 150 || handled === 450) await broker.restart();
    if (handled === 300) {
      await broker.crash();
      await broker.restart();
    }
    if (found.size === total) break;
  }
  // What was in hand and not committed may come again, everything does not.
  expect(handled).toBeLessThan(2 * total);
  expect(consumer.health().state).not.toBe('failed');
  await kafka.close();
  await broker.close();
});
