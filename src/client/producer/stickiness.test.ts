import { expect, test } from 'vitest';
import type { FakeBroker } from '../../../test/client/fake-broker.js';
import { FakeCluster, finished } from '../../../test/client/fake-cluster.js';
import { Producer } from './index.js';

test('a broker that is slow is given fewer of the records without a key', async () => {
  const fake = await FakeCluster.start(2);
  fake.topic('t', 2);
  const { clock } = fake.system;
  const [, slow] = fake.brokers as [FakeBroker, FakeBroker];
  slow.handlers.Produce = async (request) => {
    await new Promise<void>((done) => void clock.after(400, done));
    return fake.produce(request, 1);
  };
  const cluster = fake.client();
  const producer = new Producer(cluster, { batchSize: 1000 });
  const sent: Promise<unknown>[] = [];
  for (let round = 0; round < 200; round++) {
    for (let each = 0; each < 10; each++) {
      sent.push(producer.send({ topic: 't', value: 'x'.repeat(200) }));
    }
    await clock.advance(10);
  }
  await finished(fake.system, Promise.all(sent));
  const [quick, late] = [0, 1].map((partition) => fake.log('t', partition).values.length);
  expect((quick ?? 0) + (late ?? 0)).toBe(2000);
  expect(late).toBeGreaterThan(0);
  expect((quick ?? 0) / (late ?? 1)).toBeGreaterThan(1.5);
  await producer.close();
  await cluster.close();
});
