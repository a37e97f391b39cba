import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { encodeSubscription } from '../../src/protocol/internal/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, only, produceOf, RawClient } from './raw-client.js';

// What Apache Kafka 4.3.1 was seen to answer to members of share groups, and what the source of its
// share coordinator says, asked of ours over a connection: a stimulus and its answer each.

const system = memorySystem();
const sessionsMax = 3;
const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
let broker: Broker;
let client: RawClient;
let topic = '';
let topicId = '';
let groupId = '';
let count = 0;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: {
      'group.share.max.share.sessions': String(sessionsMax),
      'group.share.assignment.interval.ms': '0',
      'group.initial.rebalance.delay.ms': '0',
    },
    system,
    logger: silentLogger,
  });
});
afterAll(() => broker.close());
beforeEach(async () => {
  client?.close();
  client = await RawClient.connect(system.net, broker.port);
  count += 1;
  topic = `t${count}`;
  groupId = `g${count}`;
  topicId = (await broker.topics.create(topic, 1, {})).id;
});

type Beat = RequestInput<'ShareGroupHeartbeat'>;
const beat = (changes: Partial<Beat> = {}) =>
  client.send('ShareGroupHeartbeat', 1, {
    groupId,
    memberId: 'a',
    memberEpoch: 0,
    subscribedTopicNames: [topic],
    ...changes,
  });

type Acknowledgements = readonly (readonly [first: number, last: number, ...types: number[]])[];
const topicsWith = (acknowledgements: Acknowledgements, id = topicId) => {
  const acknowledgementBatches = acknowledgements.map(([firstOffset, lastOffset, ...types]) => ({
    firstOffset,
    lastOffset,
    acknowledgeTypes: types,
  }));
  return [{ topicId: id, partitions: [{ partitionIndex: 0, acknowledgementBatches }] }];
};

type Fetch = RequestInput<'ShareFetch'>;
const fetch = (shareSessionEpoch: number, changes: Partial<Fetch> = {}, by = client) =>
  by.send('ShareFetch', 2, {
    groupId,
    memberId: 'a',
    shareSessionEpoch,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    maxRecords: 100,
    batchSize: 100,
    topics: shareSessionEpoch === 0 ? topicsWith([]) : [],
    forgottenTopicsData: [],
    ...changes,
  });

type Acknowledge = RequestInput<'ShareAcknowledge'>;
const acknowledge = (
  shareSessionEpoch: number,
  acknowledgements: Acknowledgements,
  changes: Partial<Acknowledge> = {},
  version = 2,
) =>
  client.send('ShareAcknowledge', version, {
    groupId,
    memberId: 'a',
    shareSessionEpoch,
    topics: topicsWith(acknowledgements),
    ...changes,
  });

const produce = (...values: string[]) => client.send('Produce', 9, produceOf(topic, batch(values)));

const acquired = ({ responses }: Awaited<ReturnType<typeof fetch>>) =>
  responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ acquiredRecords }) =>
      acquiredRecords.map((one) => [one.firstOffset, one.lastOffset, one.deliveryCount]),
    ),
  );

/** A member whose session has three records, from offset 0 on. */
async function withThree(): Promise<void> {
  await beat();
  expect(acquired(await fetch(0))).toEqual([]);
  await produce('one', 'two', 'three');
  expect(acquired(await fetch(1))).toEqual([[0, 2, 1]]);
}

describe('ShareGroupHeartbeat', () => {
  const stranger = { memberId: 'who', memberEpoch: 3 };
  test.each([
    ['an unknown member', stranger, 25],
    ['another epoch', { memberEpoch: 7 }, 110],
    ['no member id', { memberId: '' }, 42],
    ['no topics', { memberId: 'b', subscribedTopicNames: null }, 42],
    ['no group', { groupId: '' }, 42],
  ])('%s → %i', async (_, changes, errorCode) => {
    expect((await beat()).errorCode).toBe(0);
    expect((await beat(changes as Partial<Beat>)).errorCode).toBe(errorCode);
  });

  test('a group of another type → 69 both ways; JoinGroup 23; OffsetCommit 69', async () => {
    const consumer = { memberEpoch: 0, rebalanceTimeoutMs: 30_000, topicPartitions: [] };
    const first = { memberId: 'k', subscribedTopicNames: [topic], ...consumer };
    await client.send('ConsumerGroupHeartbeat', 1, { groupId: 'consumers', ...first });
    expect((await beat({ groupId: 'consumers' })).errorCode).toBe(69);
    await beat();
    expect((await client.send('ConsumerGroupHeartbeat', 1, { groupId, ...first })).errorCode).toBe(
      69,
    );
    const metadata = encodeSubscription(0, { topics: [topic] });
    const joined = await client.send('JoinGroup', 3, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    });
    expect(joined.errorCode).toBe(23);
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }];
    const commit = { groupId, memberId: '', topics: [{ name: topic, partitions }] };
    const { topics } = await client.send('OffsetCommit', 9, commit);
    expect(only(only(topics).partitions).errorCode).toBe(69);
  });
});

describe('ShareFetch', () => {
  test('epoch 0: no records, the lock in milliseconds, and the end of the log to begin at', async () => {
    await produce('before');
    await beat();
    const first = await fetch(0);
    expect(first).toMatchObject({ errorCode: 0, acquisitionLockTimeoutMs: 30_000 });
    expect(acquired(first)).toEqual([]);
    await produce('one', 'two', 'three');
    expect(acquired(await fetch(1))).toEqual([[1, 3, 1]]);
  });

  test('wrong epoch 123, no session 122, epoch 0 with acknowledgements 42', async () => {
    await withThree();
    expect((await fetch(7)).errorCode).toBe(123);
    expect((await fetch(1, { memberId: 'b' })).errorCode).toBe(122);
    expect((await fetch(0, { topics: topicsWith([[0, 2, 1]]) })).errorCode).toBe(42);
  });

  test('epoch −1 ends the session and gives back what it had; anybody may fetch that', async () => {
    await withThree();
    expect((await fetch(-1)).errorCode).toBe(0);
    expect((await fetch(2)).errorCode).toBe(122);
    expect((await fetch(-1)).errorCode).toBe(122);
    expect(acquired(await fetch(0, { memberId: 'no member' }))).toEqual([[0, 2, 2]]);
  });

  test('of two partitions that nobody has read the first that is ready is answered with', async () => {
    topicId = (await broker.topics.create(`${topic}-of-two`, 2, {})).id;
    topic = `${topic}-of-two`;
    await client.send('Produce', 9, produceOf(topic, batch(['zero']), { index: 0 }));
    await client.send('Produce', 9, produceOf(topic, batch(['one', 'one']), { index: 1 }));
    const configs = [{ name: 'share.auto.offset.reset', configOperation: 0, value: 'earliest' }];
    const resources = [{ resourceType: 32, resourceName: groupId, configs }];
    await client.send('IncrementalAlterConfigs', 1, { resources, validateOnly: false });
    await beat();
    const both = [0, 1].map((partitionIndex) => ({ partitionIndex, acknowledgementBatches: [] }));
    const maxWaitMs = 10_000;
    const first = await fetch(0, { topics: [{ topicId, partitions: both }], maxWaitMs });
    expect(acquired(first)).toHaveLength(1);
    expect(only(first.responses).partitions).toHaveLength(2);
    const second = await fetch(1, { maxWaitMs });
    expect([...acquired(first), ...acquired(second)]).toEqual([
      [0, 0, 1],
      [0, 1, 1],
    ]);
    expect(acquired(await fetch(2))).toEqual([]);
    // Whoever comes next finds both at work.
    await fetch(-1);
    const topics = [{ topicId, partitions: both }];
    expect(acquired(await fetch(0, { memberId: 'b', topics, maxWaitMs }))).toHaveLength(2);
  });

  test('a batch larger than max_bytes is acquired whole', async () => {
    await beat();
    await fetch(0);
    await produce('x'.repeat(3000), 'y'.repeat(3000));
    expect(acquired(await fetch(1, { maxBytes: 100 }))).toEqual([[0, 1, 1]]);
  });
});

describe('acknowledging', () => {
  test.each([
    ['accepting all', [[0, 2, 1]], 0, null],
    ['one type each', [[0, 2, 1, 2, 3]], 0, null],
    ['type 9', [[0, 2, 9]], 42, null],
    ['more time in v1', [[0, 2, 4]], 42, null],
    ['other length than the range', [[0, 2, 1, 1]], 42, null],
    ['a range the wrong way round', [[2, 0, 1]], 42, null],
    [
      'beyond what was acquired',
      [[3, 4, 1]],
      42,
      'Batch record not found. The first offset in request is past acquired records.',
    ],
  ] as const)('%s → %o: %i in the partition', async (_, acknowledgements, errorCode, text) => {
    await withThree();
    const { responses } = await acknowledge(2, acknowledgements, {}, 1);
    const answer = only(only(responses).partitions);
    expect(answer.errorCode).toBe(errorCode);
    if (text !== null) expect(answer.errorMessage).toBe(text);
  });

  test('below the start again → 0; wrong epoch 123 at the top, epoch 0 too', async () => {
    await withThree();
    await acknowledge(2, [[0, 2, 1]]);
    const again = await acknowledge(3, [[0, 2, 1]]);
    expect(only(only(again.responses).partitions).errorCode).toBe(0);
    expect(await acknowledge(3, [[0, 2, 1]])).toMatchObject({ errorCode: 123, responses: [] });
    expect((await acknowledge(0, [[0, 2, 1]])).errorCode).toBe(123);
    expect((await acknowledge(1, [[0, 2, 1]], { memberId: 'b' })).errorCode).toBe(122);
  });

  test('what another member has → 121', async () => {
    await withThree();
    await fetch(0, { memberId: 'b' });
    const theirs = await acknowledge(1, [[0, 2, 1]], { memberId: 'b' });
    expect(only(only(theirs.responses).partitions).errorCode).toBe(121);
  });
});

describe('share sessions', () => {
  test('beyond the limit → 133 after the wait; one that ends makes room; a member has its own', async () => {
    await beat();
    const members = Array.from({ length: sessionsMax }, (_, at) => `m${at}`);
    for (const memberId of members) expect((await fetch(0, { memberId })).errorCode).toBe(0);
    const before = system.clock.now();
    expect(await fetch(0, { maxWaitMs: 700 })).toMatchObject({ errorCode: 133, responses: [] });
    expect(system.clock.now() - before).toBeGreaterThanOrEqual(700);
    // One that has a session begins it anew.
    expect((await fetch(0, { memberId: 'm0' })).errorCode).toBe(0);
    expect((await fetch(1, { memberId: 'm1' })).errorCode).toBe(0);
    expect((await fetch(-1, { memberId: 'm2' })).errorCode).toBe(0);
    expect((await fetch(0)).errorCode).toBe(0);
  });

  test('are as many as connections that have begun them: those that close make room', async () => {
    await beat();
    const other = await RawClient.connect(system.net, broker.port);
    for (const memberId of ['x', 'y', 'z']) await fetch(0, { memberId }, other);
    expect((await fetch(0)).errorCode).toBe(133);
    other.close();
    await expect.poll(async () => (await fetch(0)).errorCode).toBe(0);
  });
});

describe('the states of share partitions', () => {
  const topics = <P>(partitions: P[], id = topicId) => [{ topicId: id, partitions }];
  const initialize = async (stateEpoch: number, id = topicId, partition = 0) => {
    const partitions = [{ partition, stateEpoch, startOffset: 5 }];
    const request = { groupId, topics: topics(partitions, id) };
    return only(
      only((await client.send('InitializeShareGroupState', 0, request)).results).partitions,
    );
  };
  const read = async (leaderEpoch: number, id = topicId, partition = 0) => {
    const request = { groupId, topics: topics([{ partition, leaderEpoch }], id) };
    return only(only((await client.send('ReadShareGroupState', 0, request)).results).partitions);
  };
  const write = async (changes: object = {}, id = topicId) => {
    const whole = { partition: 0, stateEpoch: 2, leaderEpoch: 4, startOffset: 7 };
    const stateBatches = [{ firstOffset: 7, lastOffset: 9, deliveryState: 2, deliveryCount: 1 }];
    const partitions = [{ ...whole, deliveryCompleteCount: 3, stateBatches, ...changes }];
    const request = { groupId, topics: topics(partitions, id) };
    return only(only((await client.send('WriteShareGroupState', 1, request)).results).partitions);
  };
  const summary = async (id = topicId, partition = 0) => {
    const request = { groupId, topics: topics([{ partition, leaderEpoch: -1 }], id) };
    const { results } = await client.send('ReadShareGroupStateSummary', 1, request);
    return only(only(results).partitions);
  };
  const remove = async (id = topicId, partition = 0) => {
    const request = { groupId, topics: topics([{ partition }], id) };
    return only(only((await client.send('DeleteShareGroupState', 0, request)).results).partitions);
  };

  const uninitialized = /^(Read|Write) operation on uninitialized share partition not allowed\.$/;

  test('are made, written, read, summed up and taken away', async () => {
    expect(await summary()).toMatchObject({
      errorCode: 0,
      startOffset: -1,
      deliveryCompleteCount: -1,
    });
    expect(await remove()).toMatchObject({ errorCode: 0 });
    for (const refused of [await read(0), await write()]) {
      expect(refused.errorCode).toBe(42);
      expect(refused.errorMessage).toMatch(uninitialized);
    }
    expect((await initialize(2)).errorCode).toBe(0);
    expect(await read(4)).toMatchObject({ errorCode: 0, stateEpoch: 2, startOffset: 5 });
    expect((await write()).errorCode).toBe(0);
    expect(await read(-1)).toMatchObject({
      startOffset: 7,
      stateBatches: [{ firstOffset: 7, lastOffset: 9, deliveryState: 2, deliveryCount: 1 }],
    });
    const sum = { stateEpoch: 2, leaderEpoch: 4, startOffset: 7, deliveryCompleteCount: 3 };
    expect(await summary()).toMatchObject(sum);
    expect((await remove()).errorCode).toBe(0);
    expect((await read(4)).errorCode).toBe(42);
  });

  test('older epochs are fenced, −1 is none: leader 74, state 124', async () => {
    await initialize(2);
    await read(4);
    expect((await read(3)).errorCode).toBe(74);
    expect((await write({ leaderEpoch: 3 })).errorCode).toBe(74);
    expect((await write({ stateEpoch: 1 })).errorCode).toBe(124);
    expect((await initialize(1)).errorCode).toBe(124);
    expect((await write({ stateEpoch: -1, leaderEpoch: -1 })).errorCode).toBe(0);
    expect((await initialize(-1)).errorCode).toBe(0);
  });

  test('of topics that are not there → 3, of partition −1 → 42; what was never made, 42', async () => {
    const unknown = 'This server does not host this topic-partition.';
    for (const ask of [() => initialize(2, unknownId), () => summary(unknownId)]) {
      expect(await ask()).toMatchObject({ errorCode: 3, errorMessage: unknown });
    }
    expect(await remove(unknownId)).toMatchObject({ errorCode: 3, errorMessage: unknown });
    expect((await read(0, unknownId)).errorCode).toBe(42);
    expect((await write({}, unknownId)).errorCode).toBe(42);
    const negative = 'The partition id cannot be a negative number.';
    for (const refused of [
      await initialize(2, topicId, -1),
      await read(0, topicId, -1),
      await write({ partition: -1 }),
      await summary(topicId, -1),
      await remove(topicId, -1),
    ]) {
      expect(refused).toMatchObject({ errorCode: 42, errorMessage: negative });
    }
  });

  test('no group, no topics or no partitions: an empty answer', async () => {
    const partitions = [{ partition: 0, leaderEpoch: 0 }];
    const whole = { groupId: '', topics: topics(partitions) };
    for (const request of [whole, { groupId, topics: [] }, { groupId, topics: topics([]) }]) {
      expect((await client.send('ReadShareGroupState', 0, request)).results).toEqual([]);
    }
  });
});
