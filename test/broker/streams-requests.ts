import type { RequestInput } from '../../src/protocol/index.js';

type Beat = RequestInput<'StreamsGroupHeartbeat'>;

/** An application that reads `t`, regroups and counts. */
export const countingTopology = (source: string, name: string): NonNullable<Beat['topology']> => ({
  epoch: 0,
  subtopologies: [
    {
      subtopologyId: '0',
      sourceTopics: [source],
      sourceTopicRegex: [],
      stateChangelogTopics: [],
      repartitionSinkTopics: [`${name}-repartition`],
      repartitionSourceTopics: [],
      copartitionGroups: [],
    },
    {
      subtopologyId: '1',
      sourceTopics: [],
      sourceTopicRegex: [],
      stateChangelogTopics: [
        {
          name: `${name}-changelog`,
          partitions: 0,
          replicationFactor: 0,
          topicConfigs: [{ key: 'cleanup.policy', value: 'compact' }],
        },
      ],
      repartitionSinkTopics: [],
      repartitionSourceTopics: [
        { name: `${name}-repartition`, partitions: 0, replicationFactor: 0, topicConfigs: [] },
      ],
      copartitionGroups: [],
    },
  ],
});

/** A member that joins; what is not changed it says as Kafka Streams does. */
export function streamsBeat(changes: Partial<Beat>): Beat {
  const isJoining = (changes.memberEpoch ?? 0) === 0;
  return {
    groupId: 's',
    memberId: 'a',
    memberEpoch: 0,
    endpointInformationEpoch: 0,
    rebalanceTimeoutMs: isJoining ? 30_000 : -1,
    topology: isJoining ? countingTopology('t', changes.groupId ?? 's') : null,
    activeTasks: isJoining ? [] : null,
    standbyTasks: isJoining ? [] : null,
    warmupTasks: isJoining ? [] : null,
    processId: isJoining ? 'p' : null,
    ...changes,
  };
}

const nothing = { subtopologies: [], globalStores: [] };

/** Requests that succeed and requests that fail, for the APIs of streams groups. */
export const streamsAsks = {
  StreamsGroupHeartbeat: () => [
    streamsBeat({}),
    streamsBeat({ memberEpoch: 1 }),
    streamsBeat({ memberId: 'x', memberEpoch: 3 }),
    streamsBeat({ instanceId: 'i' }),
    streamsBeat({ userEndpoint: { host: 'h', port: 1 }, clientTags: [{ key: 'k', value: 'v' }] }),
    streamsBeat({ memberEpoch: -1 }),
  ],
  StreamsGroupDescribe: (version: number) => [
    { groupIds: ['s', 'unknown'], includeAuthorizedOperations: true },
    {
      groupIds: ['s'],
      includeAuthorizedOperations: false,
      ...(version >= 1 ? { includeTopologyDescription: true } : {}),
    },
  ],
  StreamsGroupTopologyDescriptionUpdate: () => [
    { groupId: 's', memberId: 'a', topologyEpoch: 0, topologyDescription: nothing },
  ],
};
