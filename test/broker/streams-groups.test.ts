import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Broker } from '../../src/broker/index.js';
import { errnoOf } from '../../src/errors/index.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';
import { countingTopology, streamsBeat } from './streams-requests.js';

const system = memorySystem();
let broker: Broker;
let client: RawClient;
let groupId = '';
let groups = 0;

const start = () =>
  Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: {
      'group.streams.initial.rebalance.delay.ms': '0',
      'group.streams.assignment.interval.ms': '0',
    },
    createTopics: { t: { partitions: 2 } },
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
});

type Beat = RequestInput<'StreamsGroupHeartbeat'>;

const beat = (changes: Partial<Beat> = {}, version = 1) =>
  client.send('StreamsGroupHeartbeat', version, streamsBeat({ groupId, ...changes }));

async function describeGroup(version = 1) {
  const request = { groupIds: [groupId], includeAuthorizedOperations: true };
  return only((await client.send('StreamsGroupDescribe', version, request)).groups);
}

async function topicNames(): Promise<string[]> {
  const { topics } = await client.send('Metadata', 12, { topics: null });
  return topics.map(({ name }) => name ?? '').sort();
}

const both = [
  { subtopologyId: '0', partitions: [0, 1] },
  { subtopologyId: '1', partitions: [0, 1] },
];

describe('a streams group', () => {
  test('gets the topics between its parts, and its tasks once they are there', async () => {
    const first = await beat();
    expect(first).toMatchObject({ errorCode: 0, memberId: 'a', memberEpoch: 2, activeTasks: [] });
    expect(first.status).toMatchObject([
      {
        statusCode: 3,
        statusDetail:
          `Internal topics are missing: ${groupId}-repartition, ` + `${groupId}-changelog`,
      },
    ]);
    expect(await topicNames()).toEqual(
      expect.arrayContaining([`${groupId}-changelog`, `${groupId}-repartition`]),
    );
    const second = await beat({ memberEpoch: 2 });
    expect(second).toMatchObject({ memberEpoch: 3, status: [], activeTasks: both });
    expect(second.heartbeatIntervalMs).toBe(5000);
    const third = await beat({ memberEpoch: 3 });
    expect(third).toMatchObject({ memberEpoch: 3, activeTasks: null });
  });

  test('is described with its topology, listed by type and state, and deleted when empty', async () => {
    await beat();
    await beat({ memberEpoch: 2 });
    const described = await describeGroup();
    expect(described).toMatchObject({
      groupState: 'Stable',
      groupEpoch: 3,
      assignmentEpoch: 3,
      assignorName: 'sticky',
      authorizedOperations: 3400,
      topologyDescription: null,
    });
    const [, counting] = described.topology?.subtopologies ?? [];
    expect(counting?.stateChangelogTopics).toMatchObject([
      { name: `${groupId}-changelog`, partitions: 2 },
    ]);
    const member = only(described.members);
    expect(member).toMatchObject({ memberId: 'a', processId: 'p', isClassic: false });
    expect(member.assignment.activeTasks).toEqual(both);
    expect(member.targetAssignment.activeTasks).toEqual(both);
    expect(await describeGroup(0)).toMatchObject({ groupState: 'Stable', groupEpoch: 3 });

    const filter = { statesFilter: ['stable'], typesFilter: ['Streams'] };
    const listed = await client.send('ListGroups', 5, filter);
    expect(listed.groups).toContainEqual({
      groupId,
      protocolType: 'streams',
      groupState: 'Stable',
      groupType: 'streams',
    });
    const names = { groupsNames: [groupId] };
    expect(only((await client.send('DeleteGroups', 2, names)).results).errorCode).toBe(68);
    await beat({ memberEpoch: -1 });
    expect(await describeGroup()).toMatchObject({ groupState: 'Empty', groupEpoch: 4 });
    expect(only((await client.send('DeleteGroups', 2, names)).results).errorCode).toBe(0);
    expect(await describeGroup()).toMatchObject({
      errorCode: errnoOf('GROUP_ID_NOT_FOUND'),
      errorMessage: `Group ${groupId} not found.`,
      topology: null,
    });
  });

  test('asks for the offsets of tasks, and tells them to whoever describes the group', async () => {
    const offset = (partition: number, value: number) => ({
      subtopologyId: '0',
      partition,
      offset: value,
    });
    const joined = await beat();
    expect(joined.taskOffsetIntervalMs).toBe(60_000);
    let { memberEpoch } = joined;
    const later = async (changes: Partial<Beat>) => {
      const answer = await beat({ memberEpoch, ...changes });
      if (answer.errorCode === 0) memberEpoch = answer.memberEpoch;
      return answer;
    };
    const twice = await later({ taskOffsets: [offset(1, 4), offset(1, 5)] });
    expect(twice).toMatchObject({
      errorCode: errnoOf('INVALID_REQUEST'),
      errorMessage: 'Task offsets contain a duplicate entry for subtopology 0 and partition 1.',
    });
    const taskOffsets = [offset(1, 4), offset(0, 7)];
    expect((await later({ taskOffsets, taskEndOffsets: [offset(0, 9)] })).errorCode).toBe(0);
    // Null lists change nothing.
    expect((await later({})).errorCode).toBe(0);
    expect(only((await describeGroup()).members)).toMatchObject({
      taskOffsets: [offset(0, 7), offset(1, 4)],
      taskEndOffsets: [offset(0, 9)],
    });
  });

  test('takes offsets by member and epoch', async () => {
    await beat();
    await beat({ memberEpoch: 2 });
    const commit = async (memberEpoch: number) => {
      const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: '' }];
      const topics = [{ name: 't', partitions }];
      const who = { groupId, memberId: 'a', generationIdOrMemberEpoch: memberEpoch };
      const answer = await client.send('OffsetCommit', 9, { ...who, topics });
      return only(only(answer.topics).partitions).errorCode;
    };
    expect(await commit(3)).toBe(0);
    expect(await commit(4)).toBe(errnoOf('STALE_MEMBER_EPOCH'));
  });

  test('sets standbys for itself', async () => {
    const resource = {
      resourceType: 32,
      resourceName: groupId,
      configs: [{ name: 'streams.num.standby.replicas', configOperation: 0, value: '1' }],
    };
    const request = { resources: [resource], validateOnly: false };
    const answer = await client.send('IncrementalAlterConfigs', 1, request);
    expect(only(answer.responses).errorCode).toBe(0);
    await beat({ processId: 'one' });
    await beat({ memberEpoch: 2 });
    await beat({ memberId: 'b', processId: 'two' });
    await beat({ memberEpoch: 3 });
    await beat({ memberEpoch: 3, activeTasks: [], standbyTasks: [], warmupTasks: [] });
    await beat({ memberId: 'b', memberEpoch: 4 });
    const { members } = await describeGroup();
    const standbys = members.flatMap(({ targetAssignment }) => targetAssignment.standbyTasks);
    expect(standbys.flatMap(({ partitions }) => partitions)).toHaveLength(2);
    expect(standbys.every(({ subtopologyId }) => subtopologyId === '1')).toBe(true);

    const tooMany = { ...only(resource.configs), value: '3' };
    const refused = { resources: [{ ...resource, configs: [tooMany] }], validateOnly: false };
    const refusal = only((await client.send('IncrementalAlterConfigs', 1, refused)).responses);
    expect(refusal.errorCode).toBe(errnoOf('INVALID_CONFIG'));
  });

  test('lives on after a restart', async () => {
    await beat();
    await beat({ memberEpoch: 2 });
    await broker.close();
    broker = await start();
    client = await RawClient.connect(system.net, broker.port);
    expect(await describeGroup()).toMatchObject({ groupState: 'Stable', groupEpoch: 3 });
    expect(await beat({ memberEpoch: 3 })).toMatchObject({ errorCode: 0, memberEpoch: 3 });
  });

  test('is refused topics that nobody may have, and told of topics that could not be made', async () => {
    const internal = countingTopology('__consumer_offsets', groupId);
    expect(await beat({ topology: internal })).toMatchObject({
      errorCode: errnoOf('STREAMS_INVALID_TOPOLOGY'),
      errorMessage:
        'Use of Kafka internal topics __consumer_offsets in a Kafka Streams topology is ' +
        'prohibited.',
    });
    expect(await beat({ topology: countingTopology('a b', groupId) })).toMatchObject({
      errorCode: errnoOf('STREAMS_INVALID_TOPOLOGY'),
      errorMessage: 'Topic names a b are not valid topic names.',
    });
    const topology = countingTopology('t', groupId);
    for (const { stateChangelogTopics } of topology.subtopologies ?? []) {
      for (const topic of stateChangelogTopics) topic.replicationFactor = 3;
    }
    const answer = await beat({ topology });
    expect(only(answer.status ?? []).statusDetail).toMatch(
      /; Creation failed: .*-changelog \(Unable to replicate the partition 3 time/,
    );
  });

  test('keeps no descriptions of topologies', async () => {
    const topologyDescription = { subtopologies: [], globalStores: [] };
    const request = { groupId, memberId: 'a', topologyEpoch: 0, topologyDescription };
    const answer = await client.send('StreamsGroupTopologyDescriptionUpdate', 0, request);
    expect(answer.errorCode).toBe(errnoOf('UNSUPPORTED_VERSION'));
    expect((await beat()).topologyDescriptionRequired).toBe(false);
  });
});
