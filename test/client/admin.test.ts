import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kafka } from '../../src/client/index.js';
import { clientSoftware } from '../../src/network/index.js';
import { startBroker, type TestBroker } from '../../src/testing/index.js';
import { failure } from './fake-cluster.js';

let broker: TestBroker;
let kafka: Kafka;

beforeAll(async () => {
  broker = await startBroker({ topics: { orders: { partitions: 3 } } });
  kafka = broker.kafka();
});

afterAll(async () => {
  await kafka.close();
  await broker.close();
});

describe('topics', () => {
  test('are created with configs, listed, described and deleted', async () => {
    const admin = kafka.admin();
    const [made] = await admin.createTopics([
      { name: 'made', partitions: 2, configs: { 'retention.ms': -1, 'cleanup.policy': 'compact' } },
    ]);
    expect(made).toMatchObject({ name: 'made', partitions: 2, replicationFactor: 1 });
    const listed = await admin.listTopics();
    expect(listed.map(({ name }) => name)).toEqual(['made', 'orders']);
    const [described] = await admin.describeTopics(['made']);
    expect(described).toMatchObject({ id: made?.id, internal: false });
    expect(described?.partitions).toHaveLength(2);
    await admin.createPartitions([{ topic: 'made', count: 4 }]);
    expect((await admin.describeTopics(['made']))[0]?.partitions).toHaveLength(4);
    await admin.deleteTopics(['made']);
    expect((await admin.listTopics()).map(({ name }) => name)).toEqual(['orders']);
    await admin.close();
  });

  test('partitions that others have added since are asked about', async () => {
    const admin = kafka.admin();
    await admin.createTopics([{ name: 'grown', partitions: 1 }]);
    const last = (partition: number) => [{ topic: 'grown', partition, at: 'latest' as const }];
    expect((await admin.listOffsets(last(0)))[0]?.offset).toBe(0);
    const other = broker.kafka();
    await other.admin().createPartitions([{ topic: 'grown', count: 3 }]);
    await other.close();
    expect((await admin.listOffsets(last(2)))[0]?.offset).toBe(0);
    expect((await failure(admin.listOffsets(last(3)))).message).toMatch(/no partition 3/);
    await admin.deleteTopics(['grown']);
    await admin.close();
  });

  test('validateOnly changes nothing', async () => {
    const admin = kafka.admin();
    await admin.createTopics([{ name: 'maybe' }], { validateOnly: true });
    expect((await admin.listTopics()).some(({ name }) => name === 'maybe')).toBe(false);
  });

  test('one failure of several is thrown as it is, several as the first with all in its cause', async () => {
    const admin = kafka.admin();
    const one = await failure(admin.createTopics([{ name: 'orders' }, { name: 'fresh' }]));
    expect(one.code).toBe('TOPIC_ALREADY_EXISTS');
    expect((await admin.listTopics()).some(({ name }) => name === 'fresh')).toBe(true);
    const work = admin.createTopics([{ name: 'orders' }, { name: 'fresh' }, { name: 'a b' }]);
    const error = await work.catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toMatch(/createTopics failed for 3 of 3/);
    const { errors } = (error as Error).cause as AggregateError;
    expect(errors.map(({ code }: { code: string }) => code).sort()).toEqual([
      'INVALID_TOPIC_EXCEPTION',
      'TOPIC_ALREADY_EXISTS',
      'TOPIC_ALREADY_EXISTS',
    ]);
    await admin.deleteTopics(['fresh']);
    const missing = await failure(admin.describeTopics(['fresh']));
    expect(missing).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' });
  });
});

describe('configs', () => {
  test('show their value, source and type, and change one by one', async () => {
    const admin = kafka.admin();
    const resource = { type: 'topic', name: 'orders' } as const;
    const read = async (name: string) => {
      const [configs] = await admin.describeConfigs([{ ...resource, keys: [name] }]);
      return configs?.entries[0];
    };
    expect(await read('retention.ms')).toMatchObject({ isDefault: true, type: 'long' });
    await admin.alterConfigs([{ ...resource, set: { 'retention.ms': 1000 } }]);
    expect(await read('retention.ms')).toMatchObject({ value: '1000', source: 'topic' });
    await admin.alterConfigs([{ ...resource, delete: ['retention.ms'] }]);
    expect(await read('retention.ms')).toMatchObject({ isDefault: true });
    const wrong = admin.alterConfigs([{ ...resource, set: { 'retention.ms': 'long' } }]);
    expect((await failure(wrong)).code).toBe('INVALID_CONFIG');
    const unknown = { type: 'planet', name: 'x' } as unknown as typeof resource;
    expect((await failure(admin.describeConfigs([unknown]))).message).toMatch(/topic, broker/);
  });
});

describe('offsets and records', () => {
  test('the ends of a partition and places in time are found, and records cut off', async () => {
    const admin = kafka.admin();
    const producer = kafka.producer();
    for (const timestamp of [1000, 2000, 3000]) {
      await producer.send({ topic: 'orders', partition: 1, value: 'x', timestamp });
    }
    await producer.close();
    const at = { topic: 'orders', partition: 1 };
    const found = await admin.listOffsets([
      { ...at, at: 'earliest' },
      { ...at, at: 'latest' },
      { ...at, at: { timestamp: 1500 } },
      { ...at, at: { timestamp: 9000 } },
      { ...at, at: 'max-timestamp' },
    ]);
    expect(found.map(({ offset }) => offset)).toEqual([0, 3, 1, -1, 2]);
    expect(found[2]?.timestamp).toBe(2000);
    expect(await admin.deleteRecords([{ ...at, offset: 2 }])).toEqual([{ ...at, lowWatermark: 2 }]);
    const beyond = admin.listOffsets([{ topic: 'orders', partition: 7, at: 'latest' }]);
    expect(await failure(beyond)).toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: expect.stringMatching(/orders has 3 partitions; there is no partition 7/) as string,
    });
    const odd = admin.listOffsets([{ ...at, at: 'middle' as 'latest' }]);
    expect((await failure(odd)).message).toMatch(/'middle' is no place/);
  });
});

describe('groups', () => {
  test('have offsets that can be set, read and forgotten without any member', async () => {
    const admin = kafka.admin();
    const place = { topic: 'orders', partition: 0 };
    await admin.alterOffsets('g1', [{ ...place, offset: 5, metadata: 'note' }]);
    expect(await admin.fetchOffsets('g1')).toEqual([
      { ...place, offset: 5, leaderEpoch: -1, metadata: 'note' },
    ]);
    expect(await admin.fetchOffsets('g1', { partitions: [{ ...place, partition: 2 }] })).toEqual(
      [],
    );
    const [listed] = await admin.listGroups();
    expect(listed).toMatchObject({ groupId: 'g1', state: 'Empty' });
    const [described] = await admin.describeGroups(['g1']);
    expect(described).toMatchObject({ groupId: 'g1', state: 'Empty', members: [] });
    await admin.deleteOffsets('g1', [place]);
    await admin.alterOffsets('g1', [{ ...place, offset: 1 }]);
    await admin.deleteGroups(['g1']);
    expect(await admin.fetchOffsets('g1')).toEqual([]);
    const gone = await failure(admin.describeGroups(['g1']));
    expect(gone).toMatchObject({ code: 'GROUP_ID_NOT_FOUND' });
  });
});

describe('the cluster', () => {
  test('tells its brokers, features and API versions', async () => {
    const admin = kafka.admin();
    const cluster = await admin.describeCluster();
    expect(cluster.brokers).toHaveLength(1);
    expect(cluster.clusterId).toBeTruthy();
    const versions = await admin.apiVersions();
    expect(versions.find(({ name }) => name === 'Produce')).toMatchObject({ key: 0 });
    expect((await admin.describeFeatures()).finalized).toBeInstanceOf(Map);
  });

  test('raw requests go to leaders, coordinators and anybody', async () => {
    const request = { includeClusterAuthorizedOperations: false };
    expect((await kafka.send('DescribeCluster', request)).errorCode).toBe(0);
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 2, timestamp: -1 }] }];
    const offsets = await kafka.send(
      'ListOffsets',
      { replicaId: -1, isolationLevel: 0, topics },
      { leaderOf: { topic: 'orders', partition: 2 } },
    );
    expect(offsets.topics[0]?.partitions[0]?.errorCode).toBe(0);
    const groups = { groups: ['g'], includeAuthorizedOperations: false };
    const to = { coordinatorOf: { group: 'g' } };
    expect((await kafka.send('DescribeGroups', groups, to)).groups).toHaveLength(1);
  });
});

describe('Kafka', () => {
  test('refuses unknown options and addresses without sense, with what is meant', () => {
    const make = (options: object) => () => new Kafka(options);
    expect(make({ brokers: ['x:1'] })).toThrow(/no option 'brokers'/);
    expect(make({ bootstrapServer: 'x:1' })).toThrow(/Is 'bootstrapServers' meant/);
    for (const bootstrapServers of ['', 'a b:1', 'x:99999', ['x:1', 'y:z']]) {
      expect(make({ bootstrapServers })).toThrow(/address of a broker/);
    }
    expect(make({ requestTimeoutMs: 0 })).toThrow(/requestTimeoutMs is 0/);
    expect(make({ bootstrapServers: ' a:1, PLAINTEXT://b:2 ,[::1]:3,c' })).not.toThrow();
  });

  test('a closed admin says so', async () => {
    const admin = kafka.admin();
    await admin.close();
    expect((await failure(admin.listTopics())).code).toBe('CLOSED');
  });

  test('names itself to brokers with the version of the package', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(clientSoftware.version).toBe(manifest.version);
  });
});
