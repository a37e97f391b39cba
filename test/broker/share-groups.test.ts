import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { zeroUuid } from '../../src/bytes/index.js';
import { Broker } from '../../src/broker/index.js';
import { errnoOf } from '../../src/errors/index.js';
import type { RequestInput, ResponseDecoded } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, only, produceOf, RawClient } from './raw-client.js';

const system = memorySystem();
let broker: Broker;
let client: RawClient;
let topic = '';
let topicId = '';
let groupId = '';
let count = 0;

const start = () =>
  Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: { 'group.share.assignment.interval.ms': '0' },
    system,
    logger: silentLogger,
  });

const connect = () => RawClient.connect(system.net, broker.port);

beforeAll(async () => {
  broker = await start();
});
afterAll(() => broker.close());
beforeEach(async () => {
  client = await connect();
  count += 1;
  topic = `t${count}`;
  groupId = `sg${count}`;
  const wanted = { name: topic, numPartitions: 2, replicationFactor: 1 };
  const topics = [{ ...wanted, assignments: [], configs: [] }];
  const created = await client.send('CreateTopics', 7, { topics, timeoutMs: 1000 });
  topicId = only(created.topics).topicId;
  await configure('share.auto.offset.reset', 'earliest');
});

async function configure(name: string, value: string): Promise<void> {
  const configs = [{ name, configOperation: 0, value }];
  const resources = [{ resourceType: 32, resourceName: groupId, configs }];
  const request = { resources, validateOnly: false };
  const answer = await client.send('IncrementalAlterConfigs', 1, request);
  expect(only(answer.responses)).toMatchObject({ errorCode: 0 });
}

const produce = (...values: string[]) => client.send('Produce', 9, produceOf(topic, batch(values)));

type Beat = RequestInput<'ShareGroupHeartbeat'>;
const beat = (changes: Partial<Beat> = {}) =>
  client.send('ShareGroupHeartbeat', 1, {
    groupId,
    memberId: 'a',
    memberEpoch: 0,
    subscribedTopicNames: [topic],
    ...changes,
  });

type Acks = readonly (readonly [first: number, last: number, ...types: number[]])[];

const partitionsWith = (acks: Acks, partitionIndex = 0) => [
  {
    topicId,
    partitions: [
      {
        partitionIndex,
        acknowledgementBatches: acks.map(([firstOffset, lastOffset, ...acknowledgeTypes]) => ({
          firstOffset,
          lastOffset,
          acknowledgeTypes,
        })),
      },
    ],
  },
];

type Fetch = RequestInput<'ShareFetch'>;
const fetchOf = (shareSessionEpoch: number, changes: Partial<Fetch> = {}): Fetch => ({
  groupId,
  memberId: 'a',
  shareSessionEpoch,
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1_000_000,
  maxRecords: 100,
  batchSize: 100,
  topics: shareSessionEpoch === 0 ? partitionsWith([]) : [],
  forgottenTopicsData: [],
  ...changes,
});
const fetch = (epoch: number, changes: Partial<Fetch> = {}, by = client) =>
  by.send('ShareFetch', 2, fetchOf(epoch, changes));

const acknowledge = (shareSessionEpoch: number, acks: Acks, memberId = 'a') =>
  client.send('ShareAcknowledge', 2, {
    groupId,
    memberId,
    shareSessionEpoch,
    topics: partitionsWith(acks),
  });

const acquiredIn = (answer: ResponseDecoded<'ShareFetch'>) =>
  answer.responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ acquiredRecords }) =>
      acquiredRecords.map((one) => [one.firstOffset, one.lastOffset, one.deliveryCount]),
    ),
  );

const errorIn = (answer: ResponseDecoded<'ShareAcknowledge'>) =>
  answer.errorCode || only(only(answer.responses).partitions).errorCode;

const described = async () => {
  const groups = [{ groupId, topics: null }];
  const answer = await client.send('DescribeShareGroupOffsets', 1, { groups });
  return only(answer.groups).topics.flatMap(({ partitions }) =>
    partitions.map(({ startOffset, lag }) => [startOffset, lag]),
  );
};

describe('a share group', () => {
  test('gives a new member all partitions at its first heartbeat', async () => {
    const topicPartitions = [{ topicId, partitions: [0, 1] }];
    const joined = await beat();
    expect(joined).toMatchObject({ errorCode: 0, memberEpoch: 3, assignment: { topicPartitions } });
    expect(await beat({ memberEpoch: 3, subscribedTopicNames: null })).toMatchObject({
      memberEpoch: 3,
      assignment: null,
    });
    const groups = await client.send('ShareGroupDescribe', 1, {
      groupIds: [groupId],
      includeAuthorizedOperations: false,
    });
    expect(only(groups.groups)).toMatchObject({ groupState: 'Stable', assignorName: 'simple' });
  });

  test('divides partitions, shares them where there are too few, and is left', async () => {
    await beat();
    const second = await beat({ memberId: 'b' });
    expect(only(second.assignment?.topicPartitions).partitions).toHaveLength(1);
    const third = await beat({ memberId: 'c' });
    expect(only(third.assignment?.topicPartitions).partitions).toHaveLength(1);
    for (const memberId of ['a', 'b', 'c']) {
      expect(await beat({ memberId, memberEpoch: -1 })).toMatchObject({ memberEpoch: -1 });
    }
    const listed = await client.send('ListGroups', 5, { statesFilter: [], typesFilter: ['share'] });
    expect(listed.groups.find((one) => one.groupId === groupId)).toMatchObject({
      groupState: 'Empty',
      protocolType: 'share',
    });
  });

  test('refuses who has no business with it', async () => {
    await beat();
    expect(await beat({ memberEpoch: 9 })).toMatchObject({
      errorCode: errnoOf('FENCED_MEMBER_EPOCH'),
    });
    expect(await beat({ memberId: 'x', memberEpoch: 3 })).toMatchObject({
      errorCode: errnoOf('UNKNOWN_MEMBER_ID'),
    });
    const commit = { partitionIndex: 0, committedOffset: 1, committedMetadata: null };
    const committed = await client.send('OffsetCommit', 9, {
      groupId,
      memberId: '',
      topics: [{ name: topic, partitions: [commit] }],
    });
    expect(only(only(committed.topics).partitions).errorCode).toBe(errnoOf('GROUP_ID_NOT_FOUND'));
    const consumer = await client.send('ConsumerGroupHeartbeat', 1, {
      groupId,
      memberId: 'k',
      memberEpoch: 0,
      rebalanceTimeoutMs: 1000,
      subscribedTopicNames: [topic],
      topicPartitions: [],
    });
    expect(consumer.errorCode).toBe(errnoOf('GROUP_ID_NOT_FOUND'));
    const deleted = await client.send('DeleteGroups', 2, { groupsNames: [groupId] });
    expect(only(deleted.results).errorCode).toBe(errnoOf('NON_EMPTY_GROUP'));
  });
});

describe('a share session', () => {
  test('gives records once, and again what was released', async () => {
    await beat();
    await produce('one', 'two', 'three');
    expect(acquiredIn(await fetch(0))).toEqual([[0, 2, 1]]);
    expect(acquiredIn(await fetch(1))).toEqual([]);
    expect(errorIn(await acknowledge(2, [[0, 2, 1, 2, 3]]))).toBe(0);
    expect(await described()).toEqual([
      [0, 1],
      [-1, -1],
    ]);
    expect(acquiredIn(await fetch(3))).toEqual([[1, 1, 2]]);
    const last = await fetch(-1, { topics: partitionsWith([[1, 1, 1]]) });
    expect(only(only(last.responses).partitions)).toMatchObject({ acknowledgeErrorCode: 0 });
    expect((await described())[0]?.[1]).toBe(0);
  });

  test('has an epoch that moves with every request', async () => {
    await beat();
    expect(await fetch(3)).toMatchObject({ errorCode: errnoOf('SHARE_SESSION_NOT_FOUND') });
    expect(await fetch(0)).toMatchObject({ errorCode: 0 });
    expect(await fetch(2)).toMatchObject({ errorCode: errnoOf('INVALID_SHARE_SESSION_EPOCH') });
    expect(await fetch(1)).toMatchObject({ errorCode: 0 });
    expect(errorIn(await acknowledge(0, [[0, 0, 1]]))).toBe(errnoOf('INVALID_SHARE_SESSION_EPOCH'));
    expect(await fetch(-1)).toMatchObject({ errorCode: 0 });
    expect(await fetch(2)).toMatchObject({ errorCode: errnoOf('SHARE_SESSION_NOT_FOUND') });
  });

  test('waits for records, and for what another gives back', async () => {
    await beat();
    const other = await connect();
    const waiting = fetch(0, { memberId: 'b', maxWaitMs: 60_000 }, other);
    await produce('one');
    expect(acquiredIn(await waiting)).toEqual([[0, 0, 1]]);
    const third = await connect();
    const released = fetch(0, { memberId: 'c', maxWaitMs: 60_000 }, third);
    expect(errorIn(await acknowledge(1, [[0, 0, 2]], 'b'))).toBe(0);
    expect(acquiredIn(await released)).toEqual([[0, 0, 2]]);
    other.close();
    third.close();
  });

  test('ends with its connection, and gives back what it had', async () => {
    await beat();
    await produce('one');
    const other = await connect();
    expect(acquiredIn(await fetch(0, { memberId: 'b' }, other))).toEqual([[0, 0, 1]]);
    const waiting = fetch(0, { maxWaitMs: 60_000 });
    other.close();
    expect(acquiredIn(await waiting)).toEqual([[0, 0, 2]]);
  });

  test('is over when its member leaves, and takes nothing any more', async () => {
    await beat();
    const leaving = await connect();
    const waiting = fetch(0, { memberId: 'b', maxWaitMs: 60_000 }, leaving);
    await beat({ memberId: 'b' });
    await beat({ memberId: 'b', memberEpoch: -1 });
    await produce('one');
    expect(acquiredIn(await waiting)).toEqual([]);
    expect(acquiredIn(await fetch(0))).toEqual([[0, 0, 1]]);
    leaving.close();
  });

  test('tells of topics that are not there, and of those that go', async () => {
    await beat();
    const waiting = fetch(0, { maxWaitMs: 60_000 });
    const other = await connect();
    await other.send('DeleteTopics', 6, {
      topics: [{ name: topic, topicId: zeroUuid }],
      timeoutMs: 1000,
    });
    const code = errnoOf('UNKNOWN_TOPIC_OR_PARTITION');
    expect(only(only((await waiting).responses).partitions).errorCode).toBe(code);
    const unknown = await fetch(1);
    expect(only(only(unknown.responses).partitions).errorCode).toBe(errnoOf('UNKNOWN_TOPIC_ID'));
    expect(await described()).toEqual([]);
    other.close();
  });
});

describe('the offsets of a share group', () => {
  test('are set and deleted while nobody is in it', async () => {
    await beat();
    await produce('one', 'two', 'three');
    const partitions = [{ partitionIndex: 0, startOffset: 2 }];
    const topics = [{ topicName: topic, partitions }];
    const alter = () => client.send('AlterShareGroupOffsets', 0, { groupId, topics });
    expect(await alter()).toMatchObject({ errorCode: errnoOf('NON_EMPTY_GROUP') });
    await fetch(0);
    await beat({ memberEpoch: -1 });
    expect(await alter()).toMatchObject({ errorCode: 0 });
    expect((await described())[0]).toEqual([2, 1]);
    await beat();
    expect(acquiredIn(await fetch(0))).toEqual([[2, 2, 1]]);
    await beat({ memberEpoch: -1 });
    const names = [{ topicName: topic }];
    const forget = () => client.send('DeleteShareGroupOffsets', 0, { groupId, topics: names });
    expect(only((await forget()).responses)).toMatchObject({ errorCode: 0, topicId });
    const code = errnoOf('UNKNOWN_TOPIC_OR_PARTITION');
    expect(only((await forget()).responses)).toMatchObject({ errorCode: code });
    expect(await described()).toEqual([]);
    const deleted = await client.send('DeleteGroups', 2, { groupsNames: [groupId] });
    expect(only(deleted.results).errorCode).toBe(0);
  });

  test('outlive the broker, with what is done and how often records were given out', async () => {
    await beat();
    await produce('one', 'two', 'three');
    await fetch(0);
    await acknowledge(1, [[0, 1, 1, 2]]);
    await broker.close();
    broker = await start();
    client = await connect();
    expect((await beat({ memberEpoch: 3 })).errorCode).toBe(0);
    // The second was released once; the third went down with its lock, and that is not written.
    expect(acquiredIn(await fetch(0))).toEqual([
      [1, 1, 2],
      [2, 2, 1],
    ]);
  });
});

describe('a share group that reads committed records only', () => {
  test('passes over what was aborted, and waits for what is open', async () => {
    await configure('share.isolation.level', 'read_committed');
    await beat();
    const transactionalId = `tx-${groupId}`;
    const keyType = 1;
    await client.send('FindCoordinator', 4, { keyType, coordinatorKeys: [transactionalId] });
    const timeouts = { transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    const { producerId, producerEpoch } = await client.send('InitProducerId', 4, {
      transactionalId,
      ...timeouts,
    });
    let epoch = producerEpoch;
    const write = (value: string) => {
      const producer = { producerId, producerEpoch: epoch, baseSequence: 0, isTransactional: true };
      const request = produceOf(topic, batch([value], { producer }));
      return client.send('Produce', 12, { ...request, transactionalId });
    };
    const end = async (committed: boolean) => {
      const who = { transactionalId, producerId, producerEpoch: epoch };
      const ended = await client.send('EndTxn', 5, { ...who, committed });
      expect(ended.errorCode).toBe(0);
      epoch = ended.producerEpoch;
    };
    await write('aborted');
    await end(false);
    await write('committed');
    expect(acquiredIn(await fetch(0))).toEqual([]);
    await end(true);
    expect(acquiredIn(await fetch(1))).toEqual([[2, 2, 1]]);
    expect(errorIn(await acknowledge(2, [[2, 2, 1]]))).toBe(0);
    // The marker behind it is passed over, and nothing lags.
    await fetch(3);
    expect((await described())[0]?.[1]).toBe(0);
  });
});

describe('where a share group begins', () => {
  const begin = async (reset: string) => {
    await configure('share.auto.offset.reset', reset);
    await beat();
    const hourAgo = Date.now() - 3_600_000;
    for (const timestamp of [hourAgo, Date.now()]) {
      await client.send('Produce', 9, produceOf(topic, batch(['x'], { timestamp })));
    }
    return acquiredIn(await fetch(0));
  };

  test('is the end, the start, or a time ago', async () => {
    expect(await begin('by_duration:PT30M')).toEqual([[1, 1, 1]]);
  });

  test('is the end unless it says otherwise', async () => {
    expect(await begin('latest')).toEqual([]);
    await produce('new');
    expect(acquiredIn(await fetch(1))).toEqual([[2, 2, 1]]);
  });
});

describe('limits of a share group', () => {
  test('a record that was given out too often is put aside', async () => {
    await configure('share.delivery.count.limit', '2');
    await beat();
    await produce('poison');
    for (const [epoch, delivery] of [
      [0, 1],
      [2, 2],
    ] as const) {
      expect(acquiredIn(await fetch(epoch))).toEqual([[0, 0, delivery]]);
      expect(errorIn(await acknowledge(epoch + 1, [[0, 0, 2]]))).toBe(0);
    }
    expect(acquiredIn(await fetch(4))).toEqual([]);
    expect((await described())[0]?.[1]).toBe(0);
  });

  test('a request for more time is refused where the group does not allow it', async () => {
    await configure('share.renew.acknowledge.enable', 'false');
    await beat();
    await produce('slow');
    await fetch(0);
    const renewed = await client.send('ShareAcknowledge', 2, {
      groupId,
      memberId: 'a',
      shareSessionEpoch: 1,
      isRenewAck: true,
      topics: partitionsWith([[0, 0, 4]]),
    });
    expect(errorIn(renewed)).toBe(errnoOf('INVALID_RECORD_STATE'));
  });

  test('a group config outside its bounds is refused in the words of Kafka', async () => {
    const configs = [{ name: 'share.delivery.count.limit', configOperation: 0, value: '11' }];
    const answer = await client.send('IncrementalAlterConfigs', 1, {
      resources: [{ resourceType: 32, resourceName: groupId, configs }],
      validateOnly: false,
    });
    expect(only(answer.responses)).toMatchObject({
      errorCode: errnoOf('INVALID_CONFIG'),
      errorMessage:
        'share.delivery.count.limit must be less than or equal to ' +
        'group.share.max.delivery.count.limit',
    });
  });
});
