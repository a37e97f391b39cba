import { expect, test } from 'vitest';
import { isKafkaError, type KafkaError } from '../../errors/index.js';
import type { FakeBroker } from '../../../test/client/fake-broker.js';
import { failure, FakeCluster, FakeLog, finished } from '../../../test/client/fake-cluster.js';
import { Producer, type ProducerOptions } from './index.js';

async function setUp(options: ProducerOptions = {}) {
  const fake = await FakeCluster.start();
  const { logs } = fake.topic('t', 2);
  const cluster = fake.client();
  const producer = new Producer(cluster, options);
  const [broker] = fake.brokers as [FakeBroker];
  await finished(fake.system, producer.send({ topic: 't', partition: 0, value: 'first' }));
  const end = async () => {
    await producer.close();
    await cluster.close();
    expect(fake.system.clock.pendingTimers).toBe(0);
  };
  return { fake, logs, cluster, producer, broker, clock: fake.system.clock, end };
}

test('a partition that was just added is waited for, in order, and holds up no other', async () => {
  const { fake, logs, producer, clock, end } = await setUp();
  const late = ['a', 'b'].map((value) => producer.send({ topic: 't', partition: 3, value }));
  const mixed = producer.send([
    { topic: 't', partition: 1, value: 'x' },
    { topic: 't', partition: 2, value: 'y' },
  ]);
  await clock.advance(500);
  expect((await finished(fake.system, producer.send({ topic: 't', value: '1' }))).offset).toBe(1);
  logs.push(new FakeLog());
  expect(await finished(fake.system, mixed)).toMatchObject([{ partition: 1 }, { partition: 2 }]);
  logs.push(new FakeLog());
  late.push(producer.send({ topic: 't', partition: 3, value: 'c' }));
  await finished(fake.system, Promise.all(late));
  expect(logs[3]?.values).toEqual(['a', 'b', 'c']);
  await end();
});

test('a partition that another use of the metadata finds goes on at once, in order', async () => {
  const { fake, logs, cluster, producer, clock, end } = await setUp();
  const first = producer.send({ topic: 't', partition: 2, value: 'a' });
  // The pause between two questions is long by now.
  await clock.advance(5000);
  logs.push(new FakeLog());
  const before = clock.monotonic();
  await finished(fake.system, cluster.refresh(['t']));
  const second = producer.send({ topic: 't', partition: 2, value: 'b' });
  await finished(fake.system, Promise.all([first, second]));
  expect(clock.monotonic() - before).toBeLessThan(100);
  expect(logs[2]?.values).toEqual(['a', 'b']);
  await end();
});

test('a partition that never comes is given up in time, saying what there is', async () => {
  const { producer, broker, clock, end } = await setUp({ maxBlockMs: 3000 });
  const asked = broker.count('Metadata');
  const work = producer.send({ topic: 't', partition: 7, value: 'x' });
  const thrown = work.then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advance(2900);
  const flushed = producer.flush();
  await clock.advance(200);
  const error = (await thrown) as KafkaError;
  expect(isKafkaError(error)).toBe(true);
  expect(error.code).toBe('METADATA_TIMEOUT');
  expect(error.context).toMatchObject({ topic: 't', partition: 7 });
  expect(error.message).toContain('waited 3000 ms for partition 7 of t, which has 2 partitions');
  expect(error.hint).toContain('admin.createPartitions');
  await flushed;
  // With growing pauses, and no longer than somebody waits.
  const questions = broker.count('Metadata') - asked;
  expect(questions).toBeGreaterThan(3);
  expect(questions).toBeLessThan(12);
  await clock.advance(10_000);
  expect(broker.count('Metadata') - asked).toBe(questions);
  await end();
});

test('a topic that may not be seen any more ends the wait at once', async () => {
  const { fake, producer, broker, clock, end } = await setUp();
  broker.handlers.Metadata = (request) => ({
    ...fake.metadata(request),
    topics: [{ errorCode: 29, name: 't', partitions: [] }],
  });
  const work = failure(producer.send({ topic: 't', partition: 2, value: 'x' }));
  await clock.advance(50);
  expect((await work).code).toBe('TOPIC_AUTHORIZATION_FAILED');
  await end();
});

test('brokers that are away for a while do not end the wait', async () => {
  const { fake, logs, producer, broker, clock, end } = await setUp();
  await broker.stop();
  const work = producer.send({ topic: 't', partition: 2, value: 'x' });
  await clock.advance(3000);
  await broker.start();
  logs.push(new FakeLog());
  await finished(fake.system, work);
  expect(logs[2]?.values).toEqual(['x']);
  await end();
});

test('closing and giving up end the wait', async () => {
  const { producer, clock, end } = await setUp();
  const caller = new AbortController();
  const options = { signal: caller.signal };
  const given = failure(producer.send({ topic: 't', partition: 2, value: 'x' }, options));
  await clock.advance(500);
  caller.abort();
  expect((await given).code).toBe('ABORTED');
  const left = failure(producer.send({ topic: 't', partition: 2, value: 'x' }));
  await clock.settle();
  void producer.close({ timeoutMs: 1000 });
  await clock.advance(2000);
  expect((await left).code).toBe('CLOSED');
  await end();
});
