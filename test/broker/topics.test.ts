import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zeroUuid } from '../../src/bytes/index.js';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, only, produceOf, RawClient } from './raw-client.js';

const system = memorySystem();
const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
let broker: Broker;
let client: RawClient;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    createTopics: { t1: {}, 'col.a': {}, tt: { partitions: 2 } },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

type MetadataTopic = { name?: string | null; topicId?: string };
const metadataOf = async (
  version: number,
  topics: readonly MetadataTopic[],
  more: Partial<RequestInput<'Metadata'>> = {},
) =>
  (
    await client.send('Metadata', version, {
      topics: topics.map(({ name = null, ...rest }) => ({ name, ...rest })),
      ...more,
    })
  ).topics;

/** Asks until the topic is there, as clients do. */
async function created(name: string) {
  for (;;) {
    const topic = only(await metadataOf(12, [{ name }]));
    if (topic.errorCode !== 3) return topic;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('Metadata', () => {
  test('an unknown topic is answered with 3, zero id and no partitions, and created', async () => {
    const first = only(await metadataOf(12, [{ name: 'made' }], { allowAutoTopicCreation: true }));
    expect(first).toMatchObject({ errorCode: 3, topicId: zeroUuid, partitions: [] });
    const topic = await created('made');
    expect(topic.errorCode).toBe(0);
    expect(topic.partitions).toMatchObject([
      { partitionIndex: 0, leaderId: 1, leaderEpoch: 0, replicaNodes: [1], isrNodes: [1] },
    ]);
  });

  test('version 0 creates too, and version 1 says 5 while it does', async () => {
    for (const version of [0, 1]) {
      expect(only(await metadataOf(version, [{ name: `old${version}` }])).errorCode).toBe(5);
      expect((await created(`old${version}`)).errorCode).toBe(0);
    }
  });

  for (const name of ['__cluster_metadata', 'col_a']) {
    test(`${name} is answered with 3 and never created`, async () => {
      for (let times = 0; times < 2; times++) {
        expect(only(await metadataOf(12, [{ name }])).errorCode).toBe(3);
      }
      expect(broker.topics.byName(name)).toBeUndefined();
    });
  }

  test('without leave nothing is created', async () => {
    const forbidden = { allowAutoTopicCreation: false };
    expect(only(await metadataOf(12, [{ name: 'unmade' }], forbidden)).errorCode).toBe(3);
    expect(broker.topics.byName('unmade')).toBeUndefined();
  });

  for (const name of ['a b', '', '..', 'x'.repeat(250)]) {
    test(`the name '${name.slice(0, 5)}' (${name.length} characters) is answered with 17`, async () => {
      expect(only(await metadataOf(12, [{ name }])).errorCode).toBe(17);
    });
  }

  test('249 characters are fine', async () => {
    const name = 'x'.repeat(249);
    expect(only(await metadataOf(12, [{ name }])).errorCode).toBe(3);
    expect((await created(name)).errorCode).toBe(0);
  });

  test('by id: unknown is 100 with name null in v12, 42 with an empty name in v10', async () => {
    expect(only(await metadataOf(12, [{ topicId: unknownId }]))).toMatchObject({
      errorCode: 100,
      name: null,
      topicId: unknownId,
    });
    expect(only(await metadataOf(10, [{ topicId: unknownId }]))).toMatchObject({
      errorCode: 42,
      name: '',
    });
    const { topicId } = await created('t1');
    expect(only(await metadataOf(12, [{ topicId }])).name).toBe('t1');
  });

  test('the same name twice is one entry', async () => {
    expect(await metadataOf(12, [{ name: 't1' }, { name: 't1' }])).toHaveLength(1);
  });

  test('null means all topics, an empty list none; in version 0 an empty list means all', async () => {
    expect((await client.send('Metadata', 12, { topics: null })).topics.length).toBeGreaterThan(2);
    expect((await client.send('Metadata', 12, { topics: [] })).topics).toEqual([]);
    expect((await client.send('Metadata', 0, { topics: [] })).topics.length).toBeGreaterThan(2);
  });

  test('authorized operations are told when asked for', async () => {
    const asked = { includeTopicAuthorizedOperations: true };
    const [topic] = await metadataOf(8, [{ name: 't1' }], asked);
    expect(topic?.topicAuthorizedOperations).toBe(3576);
    const answer = await client.send('Metadata', 8, {
      topics: [{ name: 't1' }],
      includeClusterAuthorizedOperations: true,
    });
    expect(answer.clusterAuthorizedOperations).toBe(8096);
    expect(only(answer.topics).topicAuthorizedOperations).toBe(-2147483648);
  });

  test('names one broker that is its own controller', async () => {
    const answer = await client.send('Metadata', 12, { topics: [] });
    expect(answer.brokers).toMatchObject([{ nodeId: 1, host: '127.0.0.1', port: broker.port }]);
    expect(answer.controllerId).toBe(1);
  });
});

describe('CreateTopics', () => {
  type Wanted = Partial<RequestInput<'CreateTopics'>['topics'][number]>;
  const create = async (wanted: Wanted, validateOnly = false) => {
    const topic = {
      name: 'new',
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [],
      configs: [],
      ...wanted,
    };
    return only((await client.send('CreateTopics', 7, { topics: [topic], validateOnly })).topics);
  };
  const unknownPlace = [{ partitionIndex: 0, brokerIds: [5] }];
  const here = [{ partitionIndex: 0, brokerIds: [1] }];
  const config = (name: string, value: string | null) => ({ configs: [{ name, value }] });

  const refusals: [string, Wanted, number, string][] = [
    ['a topic that exists', { name: 't1' }, 36, "Topic 't1' already exists."],
    ['replication 3', { replicationFactor: 3 }, 38, 'Unable to replicate'],
    [
      'replication 0',
      { replicationFactor: 0 },
      38,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      'no partitions',
      { numPartitions: 0 },
      37,
      'Number of partitions was set to an invalid non-positive value.',
    ],
    ['more than 10000 partitions', { numPartitions: 10_001 }, 44, 'Excessively large'],
    ['a bad name', { name: 'a b' }, 17, 'Topic name is invalid'],
    [
      'a name that collides',
      { name: 'col_a' },
      17,
      "Topic 'col_a' collides with existing topic: col.a",
    ],
    ['an unknown config', config('foo', '1'), 40, 'Unknown topic config name: foo'],
    [
      'a bad value',
      config('retention.ms', 'x'),
      40,
      'Invalid value x for configuration retention.ms: Not a number of type LONG',
    ],
    [
      'a null value',
      config('retention.ms', null),
      40,
      'Null value not supported for topic configs: retention.ms',
    ],
    ['a count beside an assignment', { numPartitions: 1, assignments: here }, 42, ''],
    ['an assignment to an unknown broker', { assignments: unknownPlace }, 39, ''],
    ['the metadata log', { name: '__cluster_metadata' }, 42, ''],
    ['segments below 1 MiB', config('segment.bytes', '1000'), 40, 'at least 1048576'],
    ['an enumeration in other case', config('cleanup.policy', 'Delete'), 40, ''],
  ];
  for (const [what, wanted, code, text] of refusals) {
    test(`refuses ${what} with ${code}`, async () => {
      const answer = await create(wanted);
      expect(answer.errorCode).toBe(code);
      expect(answer.errorMessage).toContain(text);
      expect(broker.topics.byName('new')).toBeUndefined();
    });
  }

  test('refuses a name that comes twice, in one answer', async () => {
    const topic = { numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
    const topics = [
      { name: 'twice', ...topic },
      { name: 'twice', ...topic },
    ];
    const answer = only((await client.send('CreateTopics', 7, { topics })).topics);
    expect([answer.errorCode, answer.errorMessage]).toEqual([42, 'Duplicate topic name.']);
  });

  test('answers with id, counts and all configs, sorted', async () => {
    const answer = await create({ name: 'full', ...config('retention.ms', '5') });
    expect(answer).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 });
    expect(answer.topicId).toBe(broker.topics.byName('full')?.id);
    const names = (answer.configs ?? []).map(({ name }) => name);
    expect(names).toHaveLength(37);
    expect(names).toEqual([...names].sort());
    const retention = answer.configs?.find(({ name }) => name === 'retention.ms');
    expect(retention).toMatchObject({ value: '5', configSource: 1 });
    const segment = answer.configs?.find(({ name }) => name === 'segment.bytes');
    expect(segment).toMatchObject({ value: '1073741824', configSource: 5 });
  });

  test('validate-only answers alike and creates nothing', async () => {
    const answer = await create({ name: 'dry', numPartitions: 3 }, true);
    expect(answer).toMatchObject({ errorCode: 0, numPartitions: 3 });
    expect(broker.topics.byName('dry')).toBeUndefined();
  });

  test('a manual assignment to this node', async () => {
    const answer = await create({ name: 'manual', assignments: here });
    expect(answer).toMatchObject({ errorCode: 0, numPartitions: 1 });
  });

  test('a topic takes records as soon as it is created', async () => {
    await create({ name: 'at-once', numPartitions: 2 });
    const input = produceOf('at-once', batch(['x']), { index: 1 });
    const { responses } = await client.send('Produce', 9, input);
    expect(only(only(responses).partitionResponses).errorCode).toBe(0);
  });
});

describe('CreatePartitions', () => {
  const grow = async (
    name: string,
    count: number,
    assignments: { brokerIds: number[] }[] | null = null,
  ) => {
    const topics = [{ name, count, assignments }];
    const input = { topics, timeoutMs: 1000, validateOnly: false };
    const { errorCode, errorMessage } = only(
      (await client.send('CreatePartitions', 3, input)).results,
    );
    return [errorCode, errorMessage];
  };

  test('refuses what is no increase, in words', async () => {
    expect(await grow('tt', 2)).toEqual([37, 'Topic already has 2 partition(s).']);
    expect(await grow('tt', 1)).toEqual([
      37,
      'The topic tt currently has 2 partition(s); 1 would not be an increase.',
    ]);
    expect((await grow('nothing', 3))[0]).toBe(3);
    expect((await grow('tt', 3, [{ brokerIds: [7] }]))[0]).toBe(39);
  });

  test('a new partition takes records at once', async () => {
    expect(await grow('tt', 3)).toEqual([0, null]);
    const { responses } = await client.send(
      'Produce',
      9,
      produceOf('tt', batch(['x']), { index: 2 }),
    );
    expect(only(only(responses).partitionResponses).errorCode).toBe(0);
  });
});

describe('DeleteTopics', () => {
  test('unknown names are 3, unknown ids 100', async () => {
    const topics = [
      { name: 'nothing', topicId: zeroUuid },
      { name: null, topicId: unknownId },
    ];
    const { responses } = await client.send('DeleteTopics', 6, { topics, timeoutMs: 1000 });
    expect(responses.map(({ errorCode }) => errorCode)).toEqual([3, 100]);
  });

  test('by id; a fetch that waits for the topic is told', async () => {
    const { id } = await broker.topics.create('doomed', 1, {});
    const other = await RawClient.connect(system.net, broker.port);
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }];
    await other.post('Fetch', 12, {
      maxWaitMs: 20_000,
      minBytes: 1,
      topics: [{ topic: 'doomed', topicId: zeroUuid, partitions }],
      forgottenTopicsData: [],
    });
    await client.send('Metadata', 12, { topics: [] });
    const topics = [{ name: null, topicId: id }];
    const { responses } = await client.send('DeleteTopics', 6, { topics, timeoutMs: 1000 });
    expect(only(responses)).toMatchObject({ errorCode: 0, name: 'doomed', topicId: id });
    const fetched = await other.answer('Fetch', 12);
    expect(only(only(fetched.responses).partitions).errorCode).toBe(3);
    other.close();
  });
});

describe('DescribeTopicPartitions', () => {
  const describeTopics = (
    names: readonly string[],
    responsePartitionLimit = 2000,
    cursor: { topicName: string; partitionIndex: number } | null = null,
  ) =>
    client.send('DescribeTopicPartitions', 0, {
      topics: names.map((name) => ({ name })),
      responsePartitionLimit,
      cursor,
    });

  beforeAll(() => broker.topics.create('paged', 5, {}));

  test('topics come sorted, errors included', async () => {
    const { topics } = await describeTopics(['t1', 'aa', 'paged']);
    expect(topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
      ['aa', 3],
      ['paged', 0],
      ['t1', 0],
    ]);
    expect(topics[0]?.topicAuthorizedOperations).toBe(3576);
  });

  test('pages by partitions; unknown topics do not count', async () => {
    const first = await describeTopics(['aa', 'paged', 't1'], 3);
    expect(first.topics.map(({ partitions }) => partitions.length)).toEqual([0, 3]);
    expect(first.nextCursor).toMatchObject({ topicName: 'paged', partitionIndex: 3 });
    const second = await describeTopics(['aa', 'paged', 't1'], 3, first.nextCursor);
    expect(second.topics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['paged', 2],
      ['t1', 1],
    ]);
    expect(second.nextCursor).toBeNull();
  });

  test('a cursor at partition -1 is 42 in that topic', async () => {
    const { topics } = await describeTopics(['t1'], 9, { topicName: 't1', partitionIndex: -1 });
    expect(only(topics).errorCode).toBe(42);
  });
});
