import { describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { realSystem, silentLogger } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

async function started() {
  const disk = new MemoryDisk();
  const { clock, random } = realSystem();
  const system = { clock, random, disk, net: new MemoryNet(clock) };
  const broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/d',
    durability: 'group-commit',
    createTopics: { t: {} },
    system,
    logger: silentLogger,
  });
  const client = await RawClient.connect(system.net, broker.port);
  const produce = async (value: string) => {
    const { responses } = await client.send('Produce', 9, produceOf('t', batch([value])));
    return only(only(responses).partitionResponses).errorCode;
  };
  const readable = async () => {
    const { responses } = await client.send('Fetch', 12, fetchOf('t', 0));
    const { errorCode, highWatermark } = only(only(responses).partitions);
    return [errorCode, highWatermark];
  };
  const create = async (name: string) => {
    const topic = { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const { topics } = await client.send('CreateTopics', 7, { topics: [topic] });
    return only(topics).errorCode;
  };
  return { broker, disk, produce, readable, create };
}

const storageError = 56;

describe('a disk that fails', () => {
  test('on writing: the record is refused, what is there can still be read', async () => {
    const { broker, disk, produce, readable } = await started();
    expect(await produce('kept')).toBe(0);
    disk.inject({ code: 'EIO', nth: 1, calls: ['write'] });
    expect(await produce('lost')).toBe(storageError);
    expect(await readable()).toEqual([0, 1]);
    await broker.close().catch(() => undefined);
  });

  test('on syncing: the record is not acknowledged, nobody sees it, nothing more is written', async () => {
    const { broker, disk, produce, readable } = await started();
    expect(await produce('kept')).toBe(0);
    disk.inject({ code: 'EIO', nth: 1, calls: ['sync'] });
    expect(await produce('doubtful')).toBe(storageError);
    expect(await readable()).toEqual([0, 1]);
    expect(await produce('after')).toBe(storageError);
    await broker.close().catch(() => undefined);
  });

  test('that is full: no topic is created by halves, and it is created once there is room', async () => {
    const { broker, disk, create } = await started();
    disk.inject({ code: 'ENOSPC', nth: 1, calls: ['write'] });
    expect(await create('new')).toBe(storageError);
    expect(broker.topics.byName('new')).toBeUndefined();
    disk.heal();
    expect(await create('new')).toBe(0);
    await broker.close();
  });
});
