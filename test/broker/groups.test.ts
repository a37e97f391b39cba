import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

const system = memorySystem();
const start = () =>
  Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: { 'group.initial.rebalance.delay.ms': '0' },
    createTopics: { t: { partitions: 2 } },
    system,
    logger: silentLogger,
  });
let broker: Broker;
let client: RawClient;
let groupId = '';
let groups = 0;
const topicId = () => broker.topics.byName('t')?.id ?? '';
const unknownId = 'abcdefghijklmnopqrstuQ';

beforeAll(async () => {
  broker = await start();
});
afterAll(() => broker.close());
beforeEach(async () => {
  client = await RawClient.connect(system.net, broker.port);
  groupId = `group-${++groups}`;
});

const metadata = Buffer.from('000000000001000174ffffffff', 'hex');

function joining(changes: Partial<RequestInput<'JoinGroup'>> = {}): RequestInput<'JoinGroup'> {
  return {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata }],
    ...changes,
  };
}

/** Joins and syncs alone; answers the member id. */
async function member(version = 9): Promise<string> {
  let joined = await client.send('JoinGroup', version, joining());
  if (joined.errorCode === 79) {
    joined = await client.send('JoinGroup', version, joining({ memberId: joined.memberId }));
  }
  const { memberId, generationId } = joined;
  expect(joined).toMatchObject({ errorCode: 0, generationId: 1, leader: memberId });
  const assignments = [{ memberId, assignment: Buffer.from('all') }];
  const synced = await client.send('SyncGroup', 4, {
    groupId,
    generationId,
    memberId,
    assignments,
  });
  expect(synced).toMatchObject({ errorCode: 0, assignment: Buffer.from('all') });
  return memberId;
}

type Commit = RequestInput<'OffsetCommit'>;

function commitOf(changes: Partial<Commit> = {}, offset = 7, partitionIndex = 0): Commit {
  const partitions = [{ partitionIndex, committedOffset: offset, committedMetadata: 'm' }];
  return {
    groupId,
    memberId: '',
    topics: [{ name: 't', topicId: topicId(), partitions }],
    ...changes,
  };
}

async function commit(version: number, request: Commit): Promise<number[]> {
  const answer = await client.send('OffsetCommit', version, request);
  return answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode));
}

/** What OffsetFetch v9 says of partition 0 of `t`. */
async function committed(): Promise<number> {
  const topics = [{ name: 't', partitionIndexes: [0] }];
  const answer = await client.send('OffsetFetch', 9, { groups: [{ groupId, topics }] });
  return only(only(only(answer.groups).topics).partitions).committedOffset;
}

describe('FindCoordinator', () => {
  test('finds a group in every version, the group without a name as well', async () => {
    for (let version = 0; version <= 3; version++) {
      const found = await client.send('FindCoordinator', version, { key: groupId });
      const errorMessage = version === 0 ? '' : 'NONE';
      expect(found).toMatchObject({ errorCode: 0, errorMessage, nodeId: 1, port: broker.port });
    }
    for (let version = 4; version <= 6; version++) {
      const request = { coordinatorKeys: [groupId, ''] };
      const { coordinators } = await client.send('FindCoordinator', version, request);
      expect(coordinators.map(({ key, errorCode, nodeId }) => [key, errorCode, nodeId])).toEqual([
        [groupId, 0, 1],
        ['', 0, 1],
      ]);
    }
  });

  test('refuses a type it does not know, and share partitions before version 6', async () => {
    const nowhere = { errorCode: 42, nodeId: -1, host: '', port: -1 };
    const ask = async (version: number, keyType: number, key = 'k') =>
      only(
        (await client.send('FindCoordinator', version, { keyType, coordinatorKeys: [key] }))
          .coordinators,
      );
    expect(await client.send('FindCoordinator', 3, { key: 'k', keyType: 5 })).toMatchObject(
      nowhere,
    );
    expect(await ask(4, 5)).toMatchObject(nowhere);
    expect(await ask(5, 2)).toMatchObject(nowhere);
    expect(await ask(6, 2, 'no:share')).toMatchObject(nowhere);
  });

  test('finds transactional ids, too', async () => {
    const found = await client.send('FindCoordinator', 3, { key: 'txn', keyType: 1 });
    expect(found).toMatchObject({ errorCode: 0, nodeId: 1, errorMessage: 'NONE' });
  });
});

describe('membership', () => {
  test('joins, syncs, beats and leaves in every version', async () => {
    for (let version = 0; version <= 9; version++) {
      groupId = `versions-${version}`;
      const memberId = await member(version);
      for (let beat = 0; beat <= 4; beat++) {
        const request = { groupId, generationId: 1, memberId };
        expect((await client.send('Heartbeat', beat, request)).errorCode).toBe(0);
      }
      for (let sync = 0; sync <= 5; sync++) {
        const names = sync < 5 ? {} : { protocolType: 'consumer', protocolName: 'range' };
        const request = { groupId, generationId: 1, memberId, assignments: [], ...names };
        const synced = await client.send('SyncGroup', sync, request);
        expect(synced).toMatchObject({ errorCode: 0, assignment: Buffer.from('all'), ...names });
      }
      const leaving = Math.min(version, 5);
      const who = leaving < 3 ? { memberId } : { members: [{ memberId }] };
      const left = await client.send('LeaveGroup', leaving, { groupId, ...who });
      expect(left.errorCode).toBe(0);
      expect(left.members.map(({ errorCode }) => errorCode)).toEqual(leaving < 3 ? [] : [0]);
    }
  });

  test('JoinGroup names no protocol in a refusal: null from version 7 on, empty before', async () => {
    for (let version = 0; version <= 9; version++) {
      const refused = await client.send('JoinGroup', version, joining({ sessionTimeoutMs: 5999 }));
      expect(refused).toMatchObject({ errorCode: 26, generationId: -1, leader: '', members: [] });
      expect(refused.protocolName).toBe(version < 7 ? '' : null);
    }
  });

  test('SyncGroup v5 must say which protocol the member believes in', async () => {
    const memberId = await member();
    const request = { groupId, generationId: 1, memberId, assignments: [] };
    expect(await client.send('SyncGroup', 5, request)).toMatchObject({ errorCode: 23 });
  });

  test('LeaveGroup of strangers: top level before version 3, per member after', async () => {
    const before = await client.send('LeaveGroup', 1, { groupId, memberId: 'x' });
    expect(before.errorCode).toBe(25);
    const members = [{ memberId: 'x' }, { memberId: '', groupInstanceId: 'i' }];
    const after = await client.send('LeaveGroup', 3, { groupId, members });
    expect(after).toMatchObject({ errorCode: 0, members: [{ errorCode: 25 }, { errorCode: 25 }] });
    expect((await client.send('LeaveGroup', 4, { groupId: '', members })).errorCode).toBe(24);
  });

  test('a rebalance parks only the connections of those who join', async () => {
    const first = await member();
    const second = await RawClient.connect(system.net, broker.port);
    await second.post('JoinGroup', 3, joining());
    const beat = { groupId, generationId: 1, memberId: first };
    await expect.poll(async () => (await client.send('Heartbeat', 4, beat)).errorCode).toBe(27);
    expect(await commit(9, commitOf({ memberId: first, generationIdOrMemberEpoch: 1 }))).toEqual([
      0,
    ]);
    const rejoined = await client.send('JoinGroup', 9, joining({ memberId: first }));
    expect(rejoined).toMatchObject({ generationId: 2, leader: first });
    expect(rejoined.members).toHaveLength(2);
    expect(await second.answer('JoinGroup', 3)).toMatchObject({ generationId: 2, members: [] });
  });
});

describe('offsets', () => {
  test('are committed and fetched in every version', async () => {
    for (let version = 0; version <= 10; version++) {
      groupId = `commits-${version}`;
      expect(await commit(version, commitOf({}, version))).toEqual([0]);
      expect(await committed()).toBe(version);
    }
    groupId = 'commits-10';
    const offset = { partitionIndex: 0, committedOffset: 10, metadata: 'm', errorCode: 0 };
    const nothing = { partitionIndex: 1, committedOffset: -1, metadata: '' };
    for (let version = 0; version <= 7; version++) {
      const topics = [{ name: 't', partitionIndexes: [0, 1] }];
      const answer = await client.send('OffsetFetch', version, { groupId, topics });
      expect(answer.errorCode).toBe(0);
      // Version 0 is ZooKeeper's: no offset is an error.
      const errorCode = version === 0 ? 3 : 0;
      expect(only(answer.topics).partitions).toMatchObject([offset, { ...nothing, errorCode }]);
    }
    for (let version = 8; version <= 10; version++) {
      const topics = [{ name: 't', topicId: topicId(), partitionIndexes: [0] }];
      const request = {
        groups: [
          { groupId, topics },
          { groupId, topics: null },
        ],
      };
      const answer = await client.send('OffsetFetch', version, request);
      for (const group of answer.groups) {
        expect(only(group.topics)).toMatchObject({
          ...(version < 10 ? { name: 't' } : { topicId: topicId() }),
          partitions: [offset],
        });
      }
    }
  });

  test('null asks for everything from version 2 on, an empty list for nothing', async () => {
    await commit(9, commitOf());
    const all = await client.send('OffsetFetch', 2, { groupId, topics: null });
    expect(only(all.topics)).toMatchObject({ name: 't', partitions: [{ committedOffset: 7 }] });
    expect((await client.send('OffsetFetch', 7, { groupId, topics: [] })).topics).toEqual([]);
    const nobody = await client.send('OffsetFetch', 7, { groupId: 'nobody', topics: null });
    expect(nobody).toMatchObject({ errorCode: 0, topics: [] });
  });

  test('of topics and partitions that are not there are refused one by one', async () => {
    const one = { committedOffset: 1, committedMetadata: null };
    const request = {
      groupId,
      memberId: '',
      topics: [
        { name: 'nowhere', partitions: [{ partitionIndex: 0, ...one }] },
        { name: 't', partitions: [0, 2, -1].map((partitionIndex) => ({ partitionIndex, ...one })) },
      ],
    };
    expect(await commit(9, request)).toEqual([3, 0, 3, 3]);
    const byId = request.topics.map(({ partitions }, at) => ({
      topicId: at === 0 ? unknownId : topicId(),
      partitions,
    }));
    expect(await commit(10, { ...request, topics: byId })).toEqual([100, 0, 3, 3]);
    const topics = [
      { topicId: unknownId, partitionIndexes: [0] },
      { topicId: topicId(), partitionIndexes: [5] },
    ];
    const { groups: fetched } = await client.send('OffsetFetch', 10, {
      groups: [{ groupId, topics }],
    });
    const found = only(fetched).topics.map((topic) => [
      topic.topicId,
      only(topic.partitions).errorCode,
    ]);
    expect(new Map(found as [string, number][])).toEqual(
      new Map([
        [unknownId, 100],
        [topicId(), 0],
      ]),
    );
  });

  test('of members need the generation, of nobody an empty group', async () => {
    const memberId = await member();
    expect(await commit(9, commitOf({ memberId, generationIdOrMemberEpoch: 1 }))).toEqual([0]);
    expect(await commit(9, commitOf({ memberId, generationIdOrMemberEpoch: 0 }))).toEqual([22]);
    expect(await commit(9, commitOf())).toEqual([25]);
    groupId = 'nobody-yet';
    expect(await commit(8, commitOf({ generationIdOrMemberEpoch: 0 }))).toEqual([22]);
    expect(await commit(9, commitOf({ generationIdOrMemberEpoch: 0 }))).toEqual([69]);
  });

  test('are deleted where nobody reads; what was not there is no error', async () => {
    const memberId = await member();
    await commit(9, commitOf({ memberId, generationIdOrMemberEpoch: 1 }));
    const ask = (group: string, name: string, ...indexes: number[]) => {
      const partitions = indexes.map((partitionIndex) => ({ partitionIndex }));
      return client.send('OffsetDelete', 0, { groupId: group, topics: [{ name, partitions }] });
    };
    const codes = async (...question: Parameters<typeof ask>) =>
      only((await ask(...question)).topics).partitions.map(({ errorCode }) => errorCode);
    expect(await codes(groupId, 't', 0)).toEqual([86]);
    await client.send('LeaveGroup', 1, { groupId, memberId });
    expect(await codes(groupId, 't', 0, 1, 9)).toEqual([0, 0, 3]);
    expect(await committed()).toBe(-1);
    expect((await ask('nobody', 't', 0)).errorCode).toBe(69);
    expect((await ask('', 't', 0)).errorCode).toBe(24);
  });

  test('go with their topic', async () => {
    await client.send('CreateTopics', 7, {
      topics: [
        { name: 'short', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
      ],
      timeoutMs: 1000,
    });
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: '' }];
    await commit(9, commitOf({ topics: [{ name: 'short', partitions }] }));
    await client.send('DeleteTopics', 5, { topicNames: ['short'], timeoutMs: 1000 });
    const request = { groups: [{ groupId, topics: null }] };
    await expect
      .poll(async () => only((await client.send('OffsetFetch', 9, request)).groups).topics)
      .toEqual([]);
  });
});

describe('administration', () => {
  test('DescribeGroups in every version; an unknown group is an error from version 6 on', async () => {
    const memberId = await member();
    for (let version = 0; version <= 6; version++) {
      const request = { groups: [groupId, 'unknown'], includeAuthorizedOperations: version >= 3 };
      const answer = await client.send('DescribeGroups', version, request);
      const [known, unknown] = answer.groups;
      expect(known).toMatchObject({ errorCode: 0, groupState: 'Stable', protocolData: 'range' });
      expect(known?.authorizedOperations).toBe(version >= 3 ? 3400 : -2147483648);
      expect(known?.members).toMatchObject([
        {
          memberId,
          clientId: 'raw',
          memberMetadata: metadata,
          memberAssignment: Buffer.from('all'),
        },
      ]);
      expect(unknown).toMatchObject({ groupState: 'Dead', errorCode: version < 6 ? 0 : 69 });
      expect(unknown?.errorMessage).toBe(version < 6 ? null : 'Group unknown not found.');
    }
  });

  test('ListGroups in every version, with filters in any case', async () => {
    await member();
    const simple = `${groupId}-simple`;
    await commit(9, commitOf({ groupId: simple }));
    for (let version = 0; version <= 5; version++) {
      const filters = version < 5 ? {} : { statesFilter: ['stable'], typesFilter: ['Classic'] };
      const listed = (await client.send('ListGroups', version, filters)).groups;
      const ours = listed.filter((group) => group.groupId.startsWith(groupId));
      expect(ours.length).toBe(version < 5 ? 2 : 1);
      const found = ours.find((group) => group.groupId === groupId);
      expect(found?.protocolType).toBe('consumer');
      expect(found?.groupState).toBe(version < 4 ? '' : 'Stable');
      expect(found?.groupType).toBe(version < 5 ? '' : 'classic');
    }
    const none = await client.send('ListGroups', 5, { statesFilter: ['odd'] });
    expect(none).toMatchObject({ errorCode: 0, groups: [] });
  });

  test('DeleteGroups in every version: not with members, not what is not there', async () => {
    for (let version = 0; version <= 3; version++) {
      groupId = `deletes-${version}`;
      await member();
      const simple = `${groupId}-simple`;
      await commit(9, commitOf({ groupId: simple }));
      const groupsNames = [groupId, simple, 'nobody'];
      const { results } = await client.send('DeleteGroups', version, { groupsNames });
      expect(results.map((one) => one.errorCode)).toEqual([68, 0, 69]);
      expect(results.map((one) => one.errorMessage === null)).toEqual([
        version < 3,
        true,
        version < 3,
      ]);
    }
  });
});

describe('a restart', () => {
  test('brings back groups, members and offsets', async () => {
    const memberId = await member();
    await commit(9, commitOf({ memberId, generationIdOrMemberEpoch: 1 }, 42));
    await broker.close();
    broker = await start();
    client = await RawClient.connect(system.net, broker.port);
    expect(await committed()).toBe(42);
    const beat = { groupId, generationId: 1, memberId };
    expect((await client.send('Heartbeat', 4, beat)).errorCode).toBe(0);
  });
});
