import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { encodeSubscription } from '../../src/protocol/internal/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

// What one node of Apache Kafka 4.3.1 was seen to answer to members of groups, asked of ours over a
// connection: a stimulus and its answer each. Over 400 lines because the list is long.

const system = memorySystem();
let broker: Broker;
let client: RawClient;
let groups = 0;
let topicId = '';

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: { 'group.initial.rebalance.delay.ms': '0' },
    createTopics: { t: { partitions: 2 }, other: {} },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
  topicId = broker.topics.byName('t')?.id ?? '';
});
afterAll(() => broker.close());

const fresh = () => `g${++groups}`;
const metadata = encodeSubscription(0, { topics: ['t'] });

type Join = RequestInput<'JoinGroup'>;

const join = (groupId: string, changes: Partial<Join> = {}, version = 9) =>
  client.send('JoinGroup', version, {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata }],
    ...changes,
  });

const sync = (
  groupId: string,
  memberId: string,
  changes: Partial<RequestInput<'SyncGroup'>> = {},
) =>
  client.send('SyncGroup', 5, {
    groupId,
    memberId,
    generationId: 1,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId, assignment: Buffer.from('all') }],
    ...changes,
  });

const heartbeat = async (groupId: string, memberId: string, generationId = 1) =>
  (await client.send('Heartbeat', 4, { groupId, memberId, generationId })).errorCode;

/** A group of one member that has its assignment. */
async function stable(groupId = fresh(), changes: Partial<Join> = {}) {
  const { memberId, errorCode, generationId } = await join(groupId, changes, 3);
  expect([errorCode, generationId]).toEqual([0, 1]);
  expect((await sync(groupId, memberId)).errorCode).toBe(0);
  return { groupId, memberId };
}

async function commit(
  groupId: string,
  changes: Partial<RequestInput<'OffsetCommit'>> = {},
  version = 8,
) {
  const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: 'm' }];
  const topics = [{ name: 't', topicId, partitions }];
  const request = { groupId, memberId: '', topics, ...changes };
  const answer = await client.send('OffsetCommit', version, request);
  return only(only(answer.topics).partitions).errorCode;
}

async function fetchOffsets(groupId: string, version = 9, changes = {}) {
  const topics = [{ name: 't', topicId, partitionIndexes: [0] }];
  const request = { groups: [{ groupId, topics, ...changes }] };
  return only((await client.send('OffsetFetch', version, request)).groups);
}

type Beat = RequestInput<'ConsumerGroupHeartbeat'>;

const beat = (groupId: string, changes: Partial<Beat> = {}, version = 1) => {
  const isJoining = (changes.memberEpoch ?? 0) === 0;
  const first = { rebalanceTimeoutMs: 30_000, subscribedTopicNames: ['t'], topicPartitions: [] };
  return client.send('ConsumerGroupHeartbeat', version, {
    groupId,
    memberId: 'a',
    memberEpoch: 0,
    ...(isJoining ? first : {}),
    ...changes,
  });
};

const owning = (...partitions: number[]) => ({ topicPartitions: [{ topicId, partitions }] });

describe('JoinGroup', () => {
  test('v4 and later without an id: 79 and an id of client id and uuid', async () => {
    const answer = await join(fresh());
    expect(answer.errorCode).toBe(79);
    expect(answer.memberId).toMatch(/^raw-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });

  test('v0 to v3 without an id joins at once', async () => {
    for (let version = 0; version <= 3; version++) {
      const answer = await join(fresh(), {}, version);
      expect(answer).toMatchObject({ errorCode: 0, generationId: 1 });
    }
  });

  test('static without an id joins at once, its id begins with the instance', async () => {
    const answer = await join(fresh(), { groupInstanceId: 'i' });
    expect(answer).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(answer.memberId).toMatch(/^i-/);
  });

  test('a group with only a pending member is listed as Empty', async () => {
    const groupId = fresh();
    await join(groupId);
    const listed = await client.send('ListGroups', 5, {});
    expect(listed.groups).toContainEqual(
      expect.objectContaining({ groupId, groupState: 'Empty', groupType: 'classic' }),
    );
  });

  test.each([
    ['session 5999', 26, { sessionTimeoutMs: 5999 }],
    ['session 1800001', 26, { sessionTimeoutMs: 1_800_001 }],
    ['no protocols', 23, { protocols: [] }],
    ['empty type', 23, { protocolType: '' }],
    ['unknown member id', 25, { memberId: 'who' }],
  ])('%s → %i, the member id is echoed, generation −1', async (_, errorCode, changes) => {
    const answer = await join(fresh(), changes);
    const { memberId = '' } = changes as Partial<Join>;
    expect(answer).toMatchObject({ errorCode, memberId, generationId: -1 });
  });

  test('group without a name → 24', async () => {
    expect((await join('')).errorCode).toBe(24);
  });

  test('another type, or no common protocol, in a group with members → 23', async () => {
    const { groupId } = await stable();
    expect((await join(groupId, { protocolType: 'connect' })).errorCode).toBe(23);
    const protocols = [{ name: 'sticky', metadata }];
    expect((await join(groupId, { protocols })).errorCode).toBe(23);
  });

  test('the leader again, unchanged, in Stable: the next generation', async () => {
    const { groupId, memberId } = await stable();
    expect(await join(groupId, { memberId })).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test('static again without an id: same generation, new id, the leader is told to skip', async () => {
    const groupId = fresh();
    const instance = { groupInstanceId: 'i' };
    const { memberId } = await join(groupId, instance, 3 + 2);
    await sync(groupId, memberId, instance);
    const again = await join(groupId, instance);
    expect(again).toMatchObject({ errorCode: 0, generationId: 1, skipAssignment: true });
    expect(again.memberId).not.toBe(memberId);
    expect(again.leader).toBe(again.memberId);
    expect((await join(groupId, { memberId, ...instance })).errorCode).toBe(82);
    expect((await join(groupId, { memberId })).errorCode).toBe(25);
    const stranger = { memberId: again.memberId, groupInstanceId: 'j' };
    expect((await join(groupId, stranger)).errorCode).toBe(25);
  });
});

describe('SyncGroup and Heartbeat', () => {
  test('SyncGroup: wrong protocol 23, generation 22, unknown member or group 25', async () => {
    const { groupId, memberId } = await stable();
    const code = async (id: string, changes = {}, group = groupId) =>
      (await sync(group, id, changes)).errorCode;
    expect(await code(memberId, { protocolName: 'sticky' })).toBe(23);
    expect(await code(memberId, { generationId: 7 })).toBe(22);
    expect(await code('who')).toBe(25);
    expect(await code(memberId, {}, fresh())).toBe(25);
  });

  test('SyncGroup again in Stable: the same assignment', async () => {
    const { groupId, memberId } = await stable();
    const again = await sync(groupId, memberId, { assignments: [] });
    expect(again).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') });
  });

  test('while a rebalance is prepared: SyncGroup 27, Heartbeat 27, a commit 0', async () => {
    const { groupId, memberId } = await stable();
    const other = await RawClient.connect(system.net, broker.port);
    void other.send('JoinGroup', 3, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    });
    await expect.poll(() => heartbeat(groupId, memberId)).toBe(27);
    expect((await sync(groupId, memberId)).errorCode).toBe(27);
    expect(await commit(groupId, { memberId, generationIdOrMemberEpoch: 1 })).toBe(0);
  });

  test('Heartbeat: awaiting sync 0, wrong generation 22, unknown 25, group without a name 24', async () => {
    const groupId = fresh();
    const { memberId } = await join(groupId, {}, 3);
    expect(await heartbeat(groupId, memberId)).toBe(0);
    expect(await heartbeat(groupId, memberId, 7)).toBe(22);
    expect(await heartbeat(groupId, memberId, -1)).toBe(22);
    expect(await heartbeat(groupId, 'who')).toBe(25);
    expect(await heartbeat(fresh(), memberId)).toBe(25);
    expect(await heartbeat('', memberId)).toBe(24);
  });
});

describe('LeaveGroup, DescribeGroups, DeleteGroups, OffsetDelete, ListGroups', () => {
  test('LeaveGroup: codes by member, top level 0; v1: top level; by instance alone', async () => {
    const groupId = fresh();
    const { memberId } = await join(groupId, { groupInstanceId: 'i' });
    const leave = (members: { memberId: string; groupInstanceId?: string | null }[]) =>
      client.send('LeaveGroup', 4, { groupId, members });
    expect(await leave([{ memberId: 'who' }])).toMatchObject({
      errorCode: 0,
      members: [{ errorCode: 25 }],
    });
    const stranger = { groupId: fresh(), members: [{ memberId }] };
    expect(await client.send('LeaveGroup', 4, stranger)).toMatchObject({
      errorCode: 0,
      members: [{ errorCode: 25 }],
    });
    const old = await client.send('LeaveGroup', 1, { groupId, memberId: 'who' });
    expect(old.errorCode).toBe(25);
    const gone = await leave([{ memberId: '', groupInstanceId: 'i' }]);
    expect(gone).toMatchObject({ errorCode: 0, members: [{ errorCode: 0 }] });
  });

  test('DescribeGroups of an unknown group: v6 → 69 with a text, before → 0, Dead in both', async () => {
    const groupId = fresh();
    const describeAt = async (version: number) =>
      only((await client.send('DescribeGroups', version, { groups: [groupId] })).groups);
    expect(await describeAt(6)).toMatchObject({
      errorCode: 69,
      errorMessage: `Group ${groupId} not found.`,
      groupState: 'Dead',
    });
    expect(await describeAt(5)).toMatchObject({ errorCode: 0, groupState: 'Dead' });
  });

  test('DescribeGroups shows the host of a member with a slash before it', async () => {
    const { groupId } = await stable();
    const { members } = only(
      (await client.send('DescribeGroups', 6, { groups: [groupId] })).groups,
    );
    expect(only(members).clientHost).toBe('/127.0.0.1');
  });

  test('DeleteGroups: unknown 69, with members 68', async () => {
    const { groupId } = await stable();
    const names = [fresh(), groupId];
    const { results } = await client.send('DeleteGroups', 2, { groupsNames: names });
    expect(results.map(({ errorCode }) => errorCode)).toEqual([69, 68]);
  });

  test('OffsetDelete: unknown group 69, a partition that is not there 3', async () => {
    const topics = [{ name: 'other', partitions: [{ partitionIndex: 1 }] }];
    const unknown = await client.send('OffsetDelete', 0, { groupId: fresh(), topics });
    expect(unknown.errorCode).toBe(69);
    const { groupId } = await stable();
    const { topics: answered } = await client.send('OffsetDelete', 0, { groupId, topics });
    expect(only(only(answered).partitions).errorCode).toBe(3);
  });

  test('ListGroups: filters in any case; an unknown state or type → 0, no groups', async () => {
    const { groupId } = await stable();
    const names = async (filter: RequestInput<'ListGroups'>) => {
      const { errorCode, groups: listed } = await client.send('ListGroups', 5, filter);
      expect(errorCode).toBe(0);
      return listed.map((group) => group.groupId);
    };
    expect(await names({ statesFilter: ['stable'], typesFilter: ['Classic'] })).toContain(groupId);
    expect(await names({ statesFilter: ['nonsense'] })).toEqual([]);
    expect(await names({ typesFilter: ['nonsense'] })).toEqual([]);
  });
});

describe('offsets', () => {
  test('generation −1, group unknown or empty, member id given or not: 0, a simple group', async () => {
    const groupId = fresh();
    expect(await commit(groupId)).toBe(0);
    expect(await commit(groupId, { memberId: 'x' })).toBe(0);
    const { groups: listed } = await client.send('ListGroups', 5, {});
    expect(listed).toContainEqual(
      expect.objectContaining({ groupId, protocolType: '', groupState: 'Empty' }),
    );
    const known = { memberId: 'x', generationIdOrMemberEpoch: 1 };
    expect(await commit(groupId, known)).toBe(25);
  });

  test('unknown group with a generation: v8 → 22, v9 → 69', async () => {
    const at = { memberId: 'x', generationIdOrMemberEpoch: 0 };
    expect(await commit(fresh(), at, 8)).toBe(22);
    expect(await commit(fresh(), at, 9)).toBe(69);
  });

  test('group with members: nobody 25, generation 22, stranger 25, awaiting sync 27', async () => {
    const { groupId, memberId } = await stable();
    expect(await commit(groupId)).toBe(25);
    expect(await commit(groupId, { memberId, generationIdOrMemberEpoch: 3 })).toBe(22);
    expect(await commit(groupId, { memberId: 'who', generationIdOrMemberEpoch: 1 })).toBe(25);
    const waiting = fresh();
    const joined = await join(waiting, {}, 3);
    const at = { memberId: joined.memberId, generationIdOrMemberEpoch: 1 };
    expect(await commit(waiting, at)).toBe(27);
  });

  test('unknown topic or partition 3, unknown id 100, long metadata 12, odd offset 0', async () => {
    const of = (one: object, name = 't', id = topicId) => ({
      topics: [
        {
          name,
          topicId: id,
          partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '', ...one }],
        },
      ],
    });
    const groupId = fresh();
    expect(await commit(groupId, of({}, 'unknown'))).toBe(3);
    expect(await commit(groupId, of({ partitionIndex: 7 }))).toBe(3);
    expect(await commit(groupId, of({}, '', 'abcdefghijklmnopqrstuQ'), 10)).toBe(100);
    expect(await commit(groupId, of({ committedMetadata: 'x'.repeat(4097) }))).toBe(12);
    expect(await commit(groupId, of({ committedMetadata: 'x'.repeat(4096) }))).toBe(0);
    expect(await commit(groupId, of({ committedOffset: -5 }))).toBe(0);
    expect(await commit(groupId, of({ committedMetadata: null }))).toBe(0);
    const [topic] = (await fetchOffsets(groupId)).topics;
    expect(only(topic?.partitions ?? []).metadata).toBe('');
  });

  test('OffsetFetch of nothing: 0 and −1; unknown id 100; all topics: empty', async () => {
    const groupId = fresh();
    const nothing = { errorCode: 0, committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };
    const { errorCode, topics } = await fetchOffsets(groupId);
    expect(errorCode).toBe(0);
    expect(only(only(topics).partitions)).toMatchObject(nothing);
    expect(await fetchOffsets(groupId, 9, { topics: null })).toMatchObject({
      errorCode: 0,
      topics: [],
    });
    const unknown = { topics: [{ topicId: 'abcdefghijklmnopqrstuQ', partitionIndexes: [0] }] };
    const answer = await fetchOffsets(groupId, 10, unknown);
    expect(only(only(answer.topics).partitions).errorCode).toBe(100);
  });
});

describe('groups of KIP-848', () => {
  const nothing = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0 };

  test('v1 without a member id → 42; v0 makes one; group without a name → 42', async () => {
    expect(await beat(fresh(), { memberId: '' })).toMatchObject({
      ...nothing,
      errorCode: 42,
      errorMessage: "MemberId can't be empty.",
    });
    expect((await beat(fresh(), { memberId: '' }, 0)).memberId).toMatch(/^[\w-]{22}$/);
    expect(await beat('')).toMatchObject({ ...nothing, errorCode: 42 });
  });

  test.each([
    ['no rebalance time-out', 42, { rebalanceTimeoutMs: -1 }],
    ['neither names nor expression', 42, { subscribedTopicNames: null }],
    ['owned partitions null', 42, { topicPartitions: null }],
    ['an assignor that is not there', 112, { serverAssignor: 'foo' }],
    ['an expression that is none', 128, { subscribedTopicRegex: '(' }],
    ['-2 without an instance', 42, { memberEpoch: -2 }],
  ])('%s → %i', async (_, errorCode, changes) => {
    expect(await beat(fresh(), changes)).toMatchObject({ ...nothing, errorCode });
  });

  test('joining with partitions of its own → 42', async () => {
    expect((await beat(fresh(), owning(0))).errorCode).toBe(42);
  });

  test('first join with names, existing or not: epoch 2; empty list: epoch 1', async () => {
    expect(await beat(fresh())).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    const unknown = await beat(fresh(), { subscribedTopicNames: ['not-there'] });
    expect(unknown).toMatchObject({ errorCode: 0, memberEpoch: 2 });
    expect((await beat(fresh(), { subscribedTopicNames: [] })).memberEpoch).toBe(1);
    const regex = { subscribedTopicNames: null, subscribedTopicRegex: 't.*' };
    expect((await beat(fresh(), regex)).memberEpoch).toBe(1);
  });

  test('the next member within a second waits; the group is Assigning', async () => {
    const groupId = fresh();
    await beat(groupId);
    const second = await beat(groupId, { memberId: 'b' });
    expect(second).toMatchObject({ memberEpoch: 2, assignment: { topicPartitions: [] } });
    const request = { groupIds: [groupId], includeAuthorizedOperations: false };
    const described = only((await client.send('ConsumerGroupDescribe', 1, request)).groups);
    expect(described).toMatchObject({
      groupState: 'Assigning',
      groupEpoch: 3,
      assignmentEpoch: 2,
    });
  });

  test('epochs too low or high → 110, unknown member 25, unknown group 69, also to leave', async () => {
    const groupId = fresh();
    await beat(groupId);
    expect((await beat(groupId, { memberEpoch: 1 })).errorCode).toBe(110);
    expect((await beat(groupId, { memberEpoch: 9 })).errorCode).toBe(110);
    expect((await beat(groupId, { memberId: 'who', memberEpoch: 2 })).errorCode).toBe(25);
    expect((await beat(fresh(), { memberEpoch: 2 })).errorCode).toBe(69);
    expect((await beat(fresh(), { memberEpoch: -1 })).errorCode).toBe(69);
    expect(await beat(groupId)).toMatchObject({ errorCode: 0, memberEpoch: 2 });
  });

  test('static: owned by another 111; left with −2 it is taken over; the old id 82', async () => {
    const groupId = fresh();
    const instance = { instanceId: 'i' };
    const { assignment } = await beat(groupId, instance);
    expect((await beat(groupId, { memberId: 'b', ...instance })).errorCode).toBe(111);
    const left = await beat(groupId, { memberEpoch: -2, ...instance });
    expect(left).toMatchObject({ errorCode: 0, memberEpoch: -2, heartbeatIntervalMs: 0 });
    const taken = await beat(groupId, { memberId: 'b', ...instance });
    expect(taken).toMatchObject({ errorCode: 0, memberEpoch: 2, assignment });
    expect((await beat(groupId, { memberEpoch: 2, ...instance })).errorCode).toBe(82);
  });

  test('OffsetCommit: another epoch 113, unknown member 25, v8 35; OffsetFetch 113 and 25', async () => {
    const groupId = fresh();
    await beat(groupId);
    const at = (generationIdOrMemberEpoch: number, memberId = 'a') => ({
      memberId,
      generationIdOrMemberEpoch,
    });
    expect(await commit(groupId, at(2), 9)).toBe(0);
    expect(await commit(groupId, at(3), 9)).toBe(113);
    expect(await commit(groupId, at(1), 9)).toBe(113);
    expect(await commit(groupId, at(2, 'who'), 9)).toBe(25);
    expect(await commit(groupId, at(2), 8)).toBe(35);
    expect(await commit(groupId)).toBe(25);
    expect((await fetchOffsets(groupId, 9, { memberId: 'a', memberEpoch: 3 })).errorCode).toBe(113);
    expect((await fetchOffsets(groupId, 9, { memberId: 'w', memberEpoch: 2 })).errorCode).toBe(25);
  });

  test('to the classic protocol: Heartbeat 25, JoinGroup 79 with 22 characters, DescribeGroups Dead', async () => {
    const groupId = fresh();
    await beat(groupId);
    expect(await heartbeat(groupId, 'a', 2)).toBe(25);
    const joined = await join(groupId);
    expect(joined.errorCode).toBe(79);
    expect(joined.memberId).toMatch(/^[\w-]{22}$/);
    expect(
      only((await client.send('DescribeGroups', 6, { groups: [groupId] })).groups),
    ).toMatchObject({
      errorCode: 69,
      errorMessage: `Group ${groupId} is not a classic group.`,
      groupState: 'Dead',
    });
  });

  test('empty groups change their protocol, both ways', async () => {
    const groupId = fresh();
    await commit(groupId);
    expect((await beat(groupId)).memberEpoch).toBe(2);
    expect(await beat(groupId, { memberEpoch: -1 })).toMatchObject({ memberEpoch: -1 });
    const joined = await join(groupId, {}, 3);
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  test('when the last one has left: Empty, the group epoch moves, the assignment epoch stays', async () => {
    const groupId = fresh();
    await beat(groupId);
    await beat(groupId, { memberEpoch: -1 });
    const request = { groupIds: [groupId], includeAuthorizedOperations: false };
    expect(only((await client.send('ConsumerGroupDescribe', 1, request)).groups)).toMatchObject({
      groupState: 'Empty',
      groupEpoch: 3,
      assignmentEpoch: 2,
    });
  });
});
