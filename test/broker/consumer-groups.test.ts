import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Broker } from '../../src/broker/index.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

const system = memorySystem();
let broker: Broker;
let client: RawClient;
let groupId = '';
let groups = 0;
let topicId = '';

const start = () =>
  Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.assignment.interval.ms': '0',
    },
    createTopics: { t: { partitions: 2 }, other: {} },
    system,
    logger: silentLogger,
  });

beforeAll(async () => {
  broker = await start();
});
afterAll(() => broker.close());
beforeEach(async () => {
  client = await RawClient.connect(system.net, broker.port);
  groupId = `group-${++groups}`;
  const topics = [{ name: 't' }];
  const metadata = await client.send('Metadata', 12, { topics, allowAutoTopicCreation: false });
  topicId = only(metadata.topics).topicId;
});

type Beat = RequestInput<'ConsumerGroupHeartbeat'>;

const beat = (changes: Partial<Beat> = {}, version = 1) =>
  client.send('ConsumerGroupHeartbeat', version, {
    groupId,
    memberId: 'a',
    memberEpoch: 0,
    ...changes,
  });

const join = (changes: Partial<Beat> = {}, version = 1) =>
  beat(
    {
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: ['t'],
      topicPartitions: [],
      ...changes,
    },
    version,
  );

const owning = (...partitions: number[]) => ({ topicPartitions: [{ topicId, partitions }] });

async function describeGroup() {
  const groupIds = [groupId];
  const request = { groupIds, includeAuthorizedOperations: true };
  return only((await client.send('ConsumerGroupDescribe', 1, request)).groups);
}

async function commit(version: number, memberId: string, epoch: number, offset = 7) {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }];
  const topics = [{ name: 't', topicId, partitions }];
  const request = { groupId, memberId, generationIdOrMemberEpoch: epoch, topics };
  const answer = await client.send('OffsetCommit', version, request);
  return only(only(answer.topics).partitions).errorCode;
}

async function fetchOffset(memberId: string | null, memberEpoch: number) {
  const topics = [{ name: 't', partitionIndexes: [0] }];
  const asked = { groupId, memberId, memberEpoch, topics };
  const answer = only((await client.send('OffsetFetch', 9, { groups: [asked] })).groups);
  return answer.errorCode || answer.topics[0]?.partitions[0]?.committedOffset;
}

describe('a heartbeat is refused', () => {
  test.each<[number, Partial<Beat>]>([
    [42, { memberId: '' }],
    [42, { groupId: '' }],
    [42, { rebalanceTimeoutMs: -1 }],
    [42, { subscribedTopicNames: null }],
    [42, { topicPartitions: null }],
    [42, { instanceId: '' }],
    [42, { memberEpoch: -2 }],
    [112, { serverAssignor: 'foo' }],
    [128, { subscribedTopicRegex: '(' }],
    [128, { subscribedTopicRegex: '(?=t)' }],
    [69, { memberEpoch: 3 }],
    [69, { memberEpoch: -1 }],
  ])('with %i: %j', async (errorCode, changes) => {
    const nothing = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
    expect(await join(changes)).toMatchObject({ errorCode, ...nothing });
  });

  test('when it owns what it joins for', async () => {
    expect((await join(owning(0))).errorCode).toBe(42);
  });

  test('in words that name the assignors', async () => {
    const { errorMessage } = await join({ serverAssignor: 'foo' });
    const known = 'Supported assignors: uniform, range.';
    expect(errorMessage).toBe(`ServerAssignor foo is not supported. ${known}`);
  });
});

describe('a consumer group', () => {
  test('begins with epoch 2 for names, epoch 1 for an empty list', async () => {
    expect(await join()).toMatchObject({ memberEpoch: 2, heartbeatIntervalMs: 5000 });
    groupId += '-empty';
    expect((await join({ subscribedTopicNames: [] })).memberEpoch).toBe(1);
  });

  test('version 0 makes the member id', async () => {
    const { memberId } = await join({ memberId: '' }, 0);
    expect(memberId).toHaveLength(22);
  });

  test('a second member gets its share once the first has given it back', async () => {
    await join();
    expect(await join({ memberId: 'b' })).toMatchObject({
      memberEpoch: 3,
      assignment: { topicPartitions: [] },
    });
    const told = await beat({ memberEpoch: 2 });
    expect(told.memberEpoch).toBe(2);
    expect(told.assignment).toEqual(owning(0));
    const given = await beat({ memberEpoch: 2, ...owning(0) });
    expect([given.memberEpoch, given.assignment]).toEqual([3, null]);
    expect((await beat({ memberId: 'b', memberEpoch: 3 })).assignment).toEqual(owning(1));
    // The answer with the new epoch may have got lost.
    expect((await beat({ memberEpoch: 2, ...owning(0) })).errorCode).toBe(0);
    expect((await beat({ memberEpoch: 2, ...owning(0, 1) })).errorCode).toBe(110);
    expect((await beat({ memberEpoch: 4 })).errorCode).toBe(110);
    expect((await beat({ memberId: 'x', memberEpoch: 3 })).errorCode).toBe(25);
    expect(await join()).toMatchObject({ memberEpoch: 3, assignment: owning(0) });
    expect(await describeGroup()).toMatchObject({
      errorCode: 0,
      groupState: 'Stable',
      groupEpoch: 3,
      assignmentEpoch: 3,
      assignorName: 'uniform',
      authorizedOperations: 3400,
    });
  });

  test('is left with epoch -1, and keeps its assignment epoch when it is empty', async () => {
    await join();
    const left = await beat({ memberEpoch: -1 });
    expect(left).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: -1 });
    const { groupState, groupEpoch, assignmentEpoch } = await describeGroup();
    expect([groupState, groupEpoch, assignmentEpoch]).toEqual(['Empty', 3, 2]);
    const { results } = await client.send('DeleteGroups', 2, { groupsNames: [groupId] });
    expect(only(results).errorCode).toBe(0);
    expect((await describeGroup()).errorCode).toBe(69);
  });

  test('a static member leaves for a while with -2 and comes back under another id', async () => {
    const instanceId = 'i';
    await join({ instanceId });
    expect((await join({ memberId: 'b', instanceId })).errorCode).toBe(111);
    expect((await beat({ memberEpoch: -2, instanceId })).memberEpoch).toBe(-2);
    const back = await join({ memberId: 'b', instanceId });
    expect(back).toMatchObject({ memberEpoch: 2, assignment: owning(0, 1) });
    expect((await beat({ memberEpoch: 2, instanceId })).errorCode).toBe(82);
  });

  test('resolves an expression in the background', async () => {
    const changes = { subscribedTopicNames: null, subscribedTopicRegex: '[a-t]' };
    expect(await join(changes)).toMatchObject({ memberEpoch: 1 });
    await expect
      .poll(() => beat({ memberEpoch: 1 }), { interval: 5 })
      .toMatchObject({ memberEpoch: 2, assignment: owning(0, 1) });
  });

  test('checks the epoch of who commits and who fetches offsets', async () => {
    await join();
    expect(await commit(9, 'a', 2)).toBe(0);
    expect(await commit(9, 'a', 1)).toBe(113);
    expect(await commit(9, 'a', 3)).toBe(113);
    expect(await commit(9, 'x', 2)).toBe(25);
    expect(await commit(8, 'a', 2)).toBe(35);
    expect(await commit(9, '', -1)).toBe(25);
    expect(await fetchOffset('a', 2)).toBe(7);
    expect(await fetchOffset('a', 3)).toBe(113);
    expect(await fetchOffset('x', 2)).toBe(25);
    expect(await fetchOffset(null, -1)).toBe(7);
  });

  test('is nothing to the classic protocol, but is listed', async () => {
    await join();
    const beating = { groupId, memberId: 'a', generationId: 2 };
    expect((await client.send('Heartbeat', 4, beating)).errorCode).toBe(25);
    const { groups } = await client.send('DescribeGroups', 6, { groups: [groupId] });
    expect(only(groups)).toMatchObject({
      errorCode: 69,
      errorMessage: `Group ${groupId} is not a classic group.`,
      groupState: 'Dead',
    });
    const listed = await client.send('ListGroups', 5, { typesFilter: ['Consumer'] });
    const mine = listed.groups.find((group) => group.groupId === groupId);
    expect(mine).toMatchObject({ groupType: 'consumer', groupState: 'Stable' });
  });

  test('takes the place of an empty classic group, and takes over one with a member', async () => {
    expect(await commit(8, '', -1)).toBe(0);
    expect((await join()).memberEpoch).toBe(2);
    expect(await fetchOffset(null, -1)).toBe(7);
    await beat({ memberEpoch: -1 });
    const joined = await client.send('JoinGroup', 3, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('000000000001000174ffffffff', 'hex') }],
    });
    expect(joined).toMatchObject({ errorCode: 0, generationId: 1 });
    expect(await fetchOffset(null, -1)).toBe(7);
    const typeOf = async (type: string) =>
      (await client.send('ListGroups', 5, { typesFilter: [type] })).groups.some(
        (group) => group.groupId === groupId,
      );
    expect([await typeOf('Classic'), await typeOf('Consumer')]).toEqual([true, false]);
    expect(await join({ memberId: 'b' })).toMatchObject({ errorCode: 0 });
    expect([await typeOf('Classic'), await typeOf('Consumer')]).toEqual([false, true]);
  });

  test('sees partitions that come', async () => {
    await join({ subscribedTopicNames: ['other'] });
    await client.send('CreatePartitions', 3, {
      topics: [{ name: 'other', count: 3, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    });
    const { memberEpoch, assignment } = await beat({ memberEpoch: 2 });
    expect(memberEpoch).toBe(3);
    expect(only(assignment?.topicPartitions ?? []).partitions).toEqual([0, 1, 2]);
  });

  test('survives a restart of the broker', async () => {
    await join();
    await join({ memberId: 'b' });
    const before = await describeGroup();
    await broker.close();
    broker = await start();
    client = await RawClient.connect(system.net, broker.port);
    expect(await describeGroup()).toEqual(before);
    expect((await beat({ memberEpoch: 2 })).assignment).toEqual(owning(0));
  });
});

describe('the configs of a group', () => {
  const resource = () => ({ resourceType: 32, resourceName: groupId });

  async function alter(name: string, value: string | null, configOperation = 0) {
    const resources = [{ ...resource(), configs: [{ name, value, configOperation }] }];
    const request = { resources, validateOnly: false };
    return only((await client.send('IncrementalAlterConfigs', 1, request)).responses).errorCode;
  }

  async function configs() {
    const resources = [{ ...resource(), configurationKeys: null }];
    return only((await client.send('DescribeConfigs', 4, { resources })).results);
  }

  test('rule its heartbeats, outlive a restart, and can be taken back', async () => {
    await join();
    expect(await alter('consumer.heartbeat.interval.ms', '7000')).toBe(0);
    expect((await beat({ memberEpoch: 2 })).heartbeatIntervalMs).toBe(7000);
    await broker.close();
    broker = await start();
    client = await RawClient.connect(system.net, broker.port);
    expect((await beat({ memberEpoch: 2 })).heartbeatIntervalMs).toBe(7000);
    const set = (await configs()).configs.find((one) => one.configSource !== 5);
    expect(set).toMatchObject({ name: 'consumer.heartbeat.interval.ms', value: '7000' });
    const listing = { resourceTypes: [32] };
    const { configResources } = await client.send('ListConfigResources', 1, listing);
    expect(configResources).toEqual([{ resourceType: 32, resourceName: groupId }]);
    expect(await alter('consumer.heartbeat.interval.ms', null, 1)).toBe(0);
    expect((await beat({ memberEpoch: 2 })).heartbeatIntervalMs).toBe(5000);
  });

  test('are refused when they are unknown, out of bounds or without a group', async () => {
    expect(await alter('consumer.session.timeout.ms', '1')).toBe(40);
    expect(await alter('consumer.session.timeout.ms', 'x')).toBe(40);
    expect(await alter('foo', '1')).toBe(40);
    groupId = '';
    expect((await configs()).errorCode).toBe(42);
  });
});
