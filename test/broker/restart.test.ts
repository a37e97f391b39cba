import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../src/broker/index.js';
import { realSystem, silentLogger, type System } from '../../src/system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

async function withClient<T>(
  system: System,
  broker: Broker,
  use: (client: RawClient) => Promise<T>,
): Promise<T> {
  const client = await RawClient.connect(system.net, broker.port);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function produced(client: RawClient, topic: string, records: Buffer) {
  const { responses } = await client.send('Produce', 9, produceOf(topic, records));
  return only(only(responses).partitionResponses);
}

async function topicOf(client: RawClient, name: string) {
  return only((await client.send('Metadata', 12, { topics: [{ name }] })).topics);
}

async function overridesOf(client: RawClient, resourceName: string) {
  const resources = [{ resourceType: 2, resourceName, configurationKeys: null }];
  const { results } = await client.send('DescribeConfigs', 4, { resources });
  const own = only(results).configs.filter(({ configSource }) => configSource === 1);
  return Object.fromEntries(own.map(({ name, value }) => [name, value]));
}

describe('a broker on a real disk, stopped and started again', () => {
  const system = { ...realSystem(), net: new MemoryNet(realSystem().clock) };
  let data: string;
  const start = (more: BrokerOptions = {}) =>
    Broker.start({ listen: '127.0.0.1:0', data, system, logger: silentLogger, ...more });

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'kafkit-restart-'));
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  test('keeps topics, ids, configs, records and the leader epoch', async () => {
    const before = await start({ createTopics: { a: { partitions: 3 }, b: {} } });
    const told = await withClient(system, before, async (client) => {
      const configs = [{ name: 'retention.ms', configOperation: 0, value: '1234567' }];
      const resources = [{ resourceType: 2, resourceName: 'b', configs }];
      await client.send('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
      const topics = [{ name: 'b', count: 2, assignments: null }];
      await client.send('CreatePartitions', 3, { topics, timeoutMs: 1000, validateOnly: false });
      expect((await produced(client, 'a', batch(['1', '2']))).baseOffset).toBe(0);
      return { a: await topicOf(client, 'a'), b: await topicOf(client, 'b') };
    });
    await before.close();
    const after = await start();
    expect(after.clusterId).toBe(before.clusterId);
    await withClient(system, after, async (client) => {
      expect({ a: await topicOf(client, 'a'), b: await topicOf(client, 'b') }).toEqual(told);
      expect(await overridesOf(client, 'b')).toEqual({ 'retention.ms': '1234567' });
      expect((await produced(client, 'a', batch(['3']))).baseOffset).toBe(2);
      const fetched = await client.send('Fetch', 12, fetchOf('a', 0));
      expect(only(only(fetched.responses).partitions).highWatermark).toBe(3);
    });
    await after.close();
  });

  test('keeps a deleted topic deleted, and gives its name a new id', async () => {
    const before = await start({ createTopics: { gone: {} } });
    const firstId = await withClient(system, before, async (client) => {
      const { topicId } = await topicOf(client, 'gone');
      await produced(client, 'gone', batch(['old']));
      await client.send('DeleteTopics', 5, { topicNames: ['gone'], timeoutMs: 1000 });
      return topicId;
    });
    await before.close();
    const after = await start({ createTopics: { gone: {} } });
    await withClient(system, after, async (client) => {
      expect((await topicOf(client, 'gone')).topicId).not.toBe(firstId);
      expect((await produced(client, 'gone', batch(['new']))).baseOffset).toBe(0);
    });
    await after.close();
  });

  test('never hands out a producer id twice', async () => {
    const ids: number[] = [];
    for (let round = 0; round < 3; round++) {
      const broker = await start();
      await withClient(system, broker, async (client) => {
        const ask = { transactionalId: null, transactionTimeoutMs: 0 };
        for (let n = 0; n < 2; n++)
          ids.push((await client.send('InitProducerId', 4, ask)).producerId);
      });
      await broker.close();
    }
    expect(ids).toEqual([0, 1, 1000, 1001, 2000, 2001]);
  });

  test('has no directory in its data directory but those of partitions', async () => {
    const broker = await start({ createTopics: { a: { partitions: 2 } } });
    await withClient(system, broker, (client) =>
      client.send('FindCoordinator', 4, { keyType: 0, coordinatorKeys: ['g'] }),
    );
    await broker.close();
    const directories = readdirSync(data, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    expect(directories).toHaveLength(6);
    for (const name of directories) expect(name).toMatch(/^.+-\d+$/);
  });

  test('a second broker on the same directory is refused', async () => {
    const broker = await start();
    await expect(start()).rejects.toMatchObject({ code: 'DATA_DIRECTORY_LOCKED' });
    await broker.close();
  });
});

describe('a broker that crashes', () => {
  const system = (disk: MemoryDisk): System => {
    const { clock, random } = realSystem();
    return { clock, random, disk, net: new MemoryNet(clock) };
  };
  const crashable = () => new MemoryDisk({ crashable: true });
  const start = (on: System, more: BrokerOptions = {}) =>
    Broker.start({ listen: '127.0.0.1:0', data: '/d', system: on, logger: silentLogger, ...more });

  test('tells a reader from before where the epoch it knows has ended', async () => {
    const disk = crashable();
    const first = system(disk);
    const before = await start(first, { createTopics: { a: {} } });
    await withClient(first, before, async (client) => {
      for (const value of ['1', '2']) await produced(client, 'a', batch([value]));
    });
    const survivor = disk.crash(new SeededRandom(1));
    await before.crash();
    const second = system(survivor);
    const after = await start(second);
    await withClient(second, after, async (client) => {
      for (const value of ['3', '4']) await produced(client, 'a', batch([value]));
      // It has read three records of epoch 0, of which the crash has taken one away.
      const input = fetchOf('a', 3, { lastFetchedEpoch: 0 });
      const { responses } = await client.send('Fetch', 12, input);
      const { errorCode, records, divergingEpoch } = only(only(responses).partitions);
      expect([errorCode, records?.length ?? 0]).toEqual([0, 0]);
      expect(divergingEpoch).toMatchObject({ epoch: 0, endOffset: 2 });
    });
    await after.close();
  });

  for (let seed = 1; seed <= 20; seed++) {
    test(`loses no topic and no record it acknowledged (seed ${seed})`, async () => {
      const disk = crashable();
      const first = system(disk);
      const before = await start(first);
      const told = await withClient(first, before, async (client) => {
        const wanted = { name: 'a', numPartitions: 2, replicationFactor: 1, assignments: [] };
        const configs = [{ name: 'retention.ms', value: '99' }];
        await client.send('CreateTopics', 7, { topics: [{ ...wanted, configs }] });
        for (let n = 0; n < 1 + (seed % 4); n++) await produced(client, 'a', batch([`${n}`]));
        const topic = await topicOf(client, 'a');
        await client.post('Produce', 9, produceOf('a', batch(['perhaps'])));
        return topic;
      });
      const survivor = disk.crash(new SeededRandom(seed));
      await before.crash();
      const second = system(survivor);
      const after = await start(second);
      await withClient(second, after, async (client) => {
        const topic = await topicOf(client, 'a');
        expect(topic.topicId).toBe(told.topicId);
        expect(topic.partitions.map(({ leaderEpoch }) => leaderEpoch)).toEqual([1, 1]);
        expect(await overridesOf(client, 'a')).toEqual({ 'retention.ms': '99' });
        const { baseOffset } = await produced(client, 'a', batch(['after']));
        expect(baseOffset).toBeGreaterThanOrEqual(1 + (seed % 4));
        expect(baseOffset).toBeLessThanOrEqual(2 + (seed % 4));
      });
      await after.close();
    });
  }
});
