import { describe, expect, test } from 'vitest';
import { Kafka } from '../client/index.js';
import { startBroker } from './index.js';

describe('a broker in a test', () => {
  test('takes records from a client in the same process and gives them back', async () => {
    const broker = await startBroker({ topics: { orders: { partitions: 3 } } });
    const kafka = broker.kafka();
    const producer = kafka.producer();
    const sent = await producer.send({ topic: 'orders', key: 'k', value: 'one book' });
    expect(sent.offset).toBe(0);
    await producer.close();
    const consumer = kafka.consumer({ groupId: 'g', topics: ['orders'], offsetReset: 'earliest' });
    for await (const record of consumer) {
      expect(record.value?.toString()).toBe('one book');
      break;
    }
    await consumer.close();
    await broker.close();
  });

  test('has the topics it was asked for', async () => {
    const broker = await startBroker({ topics: { a: {}, b: { partitions: 2 } } });
    const admin = broker.kafka().admin();
    expect((await admin.listTopics()).map(({ name }) => name).sort()).toEqual(['a', 'b']);
    await admin.close();
    await broker.close();
  });

  test('listens on a TCP port for everybody else, always the same', async () => {
    const broker = await startBroker({ topics: { t: {} } });
    const address = await broker.listen();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await broker.listen()).toBe(address);
    const producer = new Kafka({ bootstrapServers: address }).producer();
    expect((await producer.send({ topic: 't', value: 'over tcp' })).offset).toBe(0);
    await producer.close();
    await broker.close();
  });

  test('several brokers in one process know nothing of each other', async () => {
    const brokers = await Promise.all([startBroker(), startBroker()]);
    const [one, two] = await Promise.all(brokers.map((broker) => broker.listen()));
    expect(one).not.toBe(two);
    await Promise.all(brokers.map((broker) => broker.close()));
  });

  test('starts again with what it had, and its clients go on', async () => {
    const broker = await startBroker({ topics: { t: {} } });
    const address = await broker.listen();
    const producer = broker.kafka().producer();
    const tcp = new Kafka({ bootstrapServers: address }).producer();
    await producer.send({ topic: 't', value: 'before' });
    await broker.restart();
    expect((await producer.send({ topic: 't', value: 'after' })).offset).toBe(1);
    expect((await tcp.send({ topic: 't', value: 'over tcp' })).offset).toBe(2);
    await Promise.all([producer.close(), tcp.close()]);
    await broker.close();
  });

  test('keeps what it acknowledged when it crashes', async () => {
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const broker = await startBroker({ topics: { t: {} }, crashable: true, logger });
    const producer = broker.kafka().producer();
    for (let n = 0; n < 5; n++) await producer.send({ topic: 't', value: `${n}` });
    await broker.crash();
    const waiting = producer.send({ topic: 't', value: 'into the dark' });
    await broker.restart();
    expect((await waiting).offset).toBe(5);
    await producer.close();
    await broker.close();
  });

  test('crashes only when it was told to keep account', async () => {
    const broker = await startBroker();
    await expect(broker.crash()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await broker.close();
  });

  test('is gone after its block with `await using`', async () => {
    let address = '';
    {
      await using broker = await startBroker();
      address = await broker.listen();
    }
    const [host, port] = address.split(':');
    const { realSystem } = await import('../system/index.js');
    await expect(
      realSystem().net.connect({ host: host ?? '', port: Number(port) }),
    ).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
  });
});
