import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zeroUuid } from '../../src/bytes/index.js';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

// What Apache Kafka 4.3.1 was seen to answer about versions, topics and configs, asked of ours as
// that version. What is not here stands in frames, topics and configs.test.ts.

const system = memorySystem();
let broker: Broker;
let client: RawClient;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    compat: '4.3',
    createTopics: { t: { partitions: 2 } },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

describe('ApiVersions', () => {
  const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };

  test('v3 lists the one feature whose minimum is above 0, v4 all; in force are the same', async () => {
    const third = await client.send('ApiVersions', 3, software);
    const fourth = await client.send('ApiVersions', 4, software);
    const supported = ({ supportedFeatures }: typeof third) =>
      supportedFeatures.map(({ name, minVersion, maxVersion }) => [name, minVersion, maxVersion]);
    expect(supported(third)).toEqual([['metadata.version', 7, 30]]);
    expect(supported(fourth)).toContainEqual(['share.version', 0, 1]);
    expect(supported(fourth).length).toBeGreaterThan(3);
    expect(third.finalizedFeatures).toEqual(fourth.finalizedFeatures);
    expect(third.apiKeys).toEqual(fourth.apiKeys);
  });

  test('v5 is not known yet: the body of v0 with error 35 and the range of ApiVersions', async () => {
    const other = await RawClient.connect(system.net, broker.port);
    const header = Buffer.from('0012' + '0005' + '00000009' + 'ffff' + '00', 'hex');
    other.writeFrame(Buffer.concat([header, Buffer.from([1, 1, 0])]));
    const frame = await other.frame();
    expect(frame?.toString('hex')).toBe('00000009' + '0023' + '00000001' + '0012' + '00000004');
    other.close();
  });
});

describe('topics', () => {
  test('33 configs, whether a topic is created or described; a trial run has an id of its own', async () => {
    const topic = { name: 'new', numPartitions: -1, replicationFactor: -1 };
    const topics = [{ ...topic, assignments: [], configs: [] }];
    const created = only(
      (await client.send('CreateTopics', 7, { topics, validateOnly: true })).topics,
    );
    expect(created).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 });
    expect(created.topicId).not.toBe(zeroUuid);
    expect(created.configs).toHaveLength(33);
    const resources = [{ resourceType: 2, resourceName: 't', configurationKeys: null }];
    const { results } = await client.send('DescribeConfigs', 4, { resources });
    expect(only(results).configs).toHaveLength(33);
  });

  test('ElectLeaders: no need 84, unknown 3, null: every partition', async () => {
    const elect = async (topicPartitions: { topic: string; partitions: number[] }[] | null) => {
      const request = { electionType: 0, topicPartitions, timeoutMs: 1000 };
      const { replicaElectionResults } = await client.send('ElectLeaders', 2, request);
      return replicaElectionResults.flatMap(({ topic, partitionResult }) =>
        partitionResult.map(({ partitionId, errorCode }) => [topic, partitionId, errorCode]),
      );
    };
    expect(await elect([{ topic: 't', partitions: [0] }])).toEqual([['t', 0, 84]]);
    expect(await elect([{ topic: 'unknown', partitions: [0] }])).toEqual([['unknown', 0, 3]]);
    const all = await elect(null);
    expect(all.every(([, , errorCode]) => errorCode === 84 || errorCode === 0)).toBe(true);
  });

  test('AlterPartitionReassignments: unknown broker 39, nothing to cancel 85', async () => {
    const reassign = async (replicas: number[] | null) => {
      const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas }] }];
      const request = { timeoutMs: 1000, topics };
      const { responses } = await client.send('AlterPartitionReassignments', 0, request);
      return only(only(responses).partitions).errorCode;
    };
    expect(await reassign([7])).toBe(39);
    expect(await reassign(null)).toBe(85);
  });
});

describe('configs', () => {
  const described = async (resourceType: number, resourceName: string) => {
    const resources = [{ resourceType, resourceName, configurationKeys: null }];
    return only((await client.send('DescribeConfigs', 4, { resources })).results);
  };

  test.each([
    ['an unknown topic', 2, 'unknown', 3],
    ['a bad name of a topic', 2, 'a b', 17],
    ['another broker', 4, '42', 42],
    ['a group without a name', 32, '', 42],
    ['an unknown type', 99, '', 42],
  ])('DescribeConfigs of %s → error', async (_, type, name, errorCode) => {
    expect((await described(type, name)).errorCode).toBe(errorCode);
  });

  test('a group that nobody knows has the defaults', async () => {
    const { errorCode, configs } = await described(32, 'nobody');
    expect([errorCode, configs.every(({ configSource }) => configSource === 5)]).toEqual([0, true]);
    expect(configs.length).toBeGreaterThan(10);
  });

  test('producers and transactions that nobody knows: 3, 105', async () => {
    const topics = [{ name: 'unknown', partitionIndexes: [0] }];
    const producers = await client.send('DescribeProducers', 0, { topics });
    expect(only(only(producers.topics).partitions).errorCode).toBe(3);
    const asked = { transactionalIds: ['nobody'] };
    const transactions = await client.send('DescribeTransactions', 0, asked);
    expect(only(transactions.transactionStates).errorCode).toBe(105);
  });
});
