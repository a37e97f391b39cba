import { afterEach, describe, expect, test } from 'vitest';
import { Producer } from '../../src/client/producer/index.js';
import { compressionTypes } from '../../src/records/index.js';
import { string } from '../../src/serde/index.js';
import { startBroker } from '../../src/testing/index.js';
import { type FakeBroker, hangUp, silence } from './fake-broker.js';
import { FakeCluster, finished } from './fake-cluster.js';
import { oneMember } from './one-member.js';

describe('a consumer', () => {
  test('stays a member while its loop works longer than the session lasts', async () => {
    const { fake, broker, cluster, consumer, append, joins } = await oneMember({
      groupId: 'g',
      topics: ['orders-1'],
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 3000,
    });
    append('a');
    append('b');
    const records = consumer[Symbol.asyncIterator]();
    await finished(fake.system, records.next());
    const before = broker.count('Heartbeat');
    await fake.system.clock.advance(60_000);
    expect(broker.count('Heartbeat') - before).toBeGreaterThanOrEqual(19);
    expect(joins()).toBe(1);
    const next = await finished(fake.system, records.next());
    expect(String(next.value?.value)).toBe('b');
    await finished(fake.system, consumer.close());
    await cluster.close();
  });

  test('a fetch that is never answered is given up and sent again, and health says so', async () => {
    const { fake, broker, cluster, consumer, append } = await oneMember({
      groupId: 'g',
      topics: ['orders-1'],
    });
    const { Fetch } = broker.handlers;
    broker.handlers.Fetch = () => silence;
    const next = consumer[Symbol.asyncIterator]().next();
    await finished(fake.system, consumer.start());
    await fake.system.clock.advance(40_000);
    const { state, reason, lastHeartbeatAgeMs } = consumer.health();
    expect(state).toBe('stable');
    expect(lastHeartbeatAgeMs).toBeLessThan(4000);
    expect(reason).toMatch(/^orders-1-0: waiting after .* did not answer Fetch within 30500 ms/);
    if (Fetch !== undefined) broker.handlers.Fetch = Fetch;
    append('late');
    const { value } = await finished(fake.system, next, 40_000);
    expect(String(value?.value)).toBe('late');
    await finished(fake.system, consumer.close());
    await cluster.close();
  });

  test('makes records one by one, however many came in one answer', async () => {
    const broker = await startBroker({ topics: { t: {} } });
    const kafka = broker.kafka();
    const values = Array.from({ length: 1000 }, (_, n) => ({ topic: 't', value: `${n}` }));
    await kafka.producer({ lingerMs: 50 }).send(values);
    let made = 0;
    const consumer = kafka.consumer({
      topics: ['t'],
      fromBeginning: true,
      valueDeserializer: (data) => {
        made++;
        return String(data);
      },
    });
    for await (const { value } of consumer) {
      expect(value).toBe('0');
      break;
    }
    expect(made).toBe(1);
    await kafka.close();
    await broker.close();
  });

  test.each(compressionTypes)('reads %s without anything being installed', async (compression) => {
    const broker = await startBroker({ topics: { t: {} } });
    const kafka = broker.kafka();
    const value = 'the same words over and over; '.repeat(20);
    await kafka.producer({ compression }).send([1, 2, 3].map(() => ({ topic: 't', value })));
    const consumer = kafka.consumer({
      topics: ['t'],
      fromBeginning: true,
      valueDeserializer: string(),
    });
    const found: (string | null)[] = [];
    for await (const record of consumer) if (found.push(record.value) === 3) break;
    expect(found).toEqual([value, value, value]);
    await kafka.close();
    await broker.close();
  });
});

describe('a producer', () => {
  test('sends by what it knows while the metadata cannot be renewed', async () => {
    const fake = await FakeCluster.start();
    fake.topic('t');
    const cluster = fake.client({ metadataMaxAgeMs: 10_000 });
    const producer = new Producer(cluster);
    await producer.send({ topic: 't', value: 'a' });
    const [broker] = fake.brokers as [FakeBroker];
    broker.handlers.Metadata = () => silence;
    await fake.system.clock.advance(25_000);
    expect(broker.count('Metadata')).toBeGreaterThan(1);
    const before = fake.system.clock.monotonic();
    await producer.send({ topic: 't', value: 'b' });
    expect(fake.system.clock.monotonic()).toBe(before);
    await producer.close();
    await cluster.close();
  });
});

describe('errors of the network', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);

  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  test('never end in an unhandled rejection', async () => {
    process.on('unhandledRejection', note);
    const { fake, broker, cluster, consumer } = await oneMember({
      groupId: 'g',
      topics: ['orders-1'],
    });
    const producer = new Producer(cluster, { deliveryTimeoutMs: 2000, requestTimeoutMs: 1000 });
    const next = consumer[Symbol.asyncIterator]().next();
    next.catch(() => undefined);
    await finished(fake.system, consumer.start());
    const { handlers } = broker;
    const kept = { ...handlers };
    for (const api of Object.keys(kept) as (keyof typeof kept)[]) {
      // This one is cut off in the middle of it, the others are answered.
      Object.assign(handlers, kept, { [api]: () => hangUp });
      const sent = producer.send({ topic: 'orders-1', value: api });
      sent.catch(() => undefined);
      broker.cut();
      await fake.system.clock.advance(5000);
      broker.cut();
    }
    Object.assign(handlers, kept);
    await broker.stop();
    await fake.system.clock.advance(20_000);
    await finished(fake.system, producer.close({ timeoutMs: 1000 }));
    await finished(fake.system, consumer.close());
    await cluster.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
