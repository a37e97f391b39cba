import { zeroUuid } from '../../src/bytes/index.js';
import type { ApiName, RequestInput } from '../../src/protocol/index.js';
import { batch, fetchOf, produceOf } from './raw-client.js';
import { shareAsksOf } from './share-requests.js';
import { streamsAsks } from './streams-requests.js';

const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
/** A producer that never was. */
const nobody = { producerId: 9999, producerEpoch: 0 };

export type Asks = { readonly [A in ApiName]?: (version: number) => readonly RequestInput<A>[] };

/** What an old producer sends: a set of one message of magic 0 with its CRC-32. */
const messageSet = Buffer.from(
  '0000000000000000' + '00000012' + '5fc5b1fb' + '0000' + 'ffffffff' + '00000004' + '74657374',
  'hex',
);
const software = (version: number) =>
  version < 3 ? {} : { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };
const named = (version: number, from: number, name: string, id: string) =>
  version >= from ? { name: '', topicId: id } : { name, topicId: zeroUuid };

/** Requests that succeed and requests that fail, for every API and every one of its versions. */
export function asksOf(topicId: string): Asks {
  return {
    ...shareAsksOf(topicId),
    ...streamsAsks,
    Produce: (version) => [
      ...['t', 'unknown'].map((topic) =>
        produceOf(topic, version < 3 ? messageSet : batch(['a', 'b']), {
          topicId: topic === 't' ? topicId : unknownId,
        }),
      ),
      produceOf('t', Buffer.from('no batch'), { topicId }),
      produceOf('t', batch(['x'], { timestamp: Date.now() + 1e8 }), { topicId }),
      produceOf('t', batch(['x']), { topicId, acks: 1 }),
    ],
    Fetch: (version) => [
      fetchOf('t', 0, { topicId, isolationLevel: version >= 4 ? 1 : 0 }),
      fetchOf('unknown', 0, { topicId: unknownId }),
      fetchOf('t', 10_000, { topicId }),
      ...(version >= 7 ? [fetchOf('t', 0, { topicId, sessionEpoch: 0 })] : []),
      ...(version >= 7 ? [fetchOf('t', 0, { topicId, sessionId: 12, sessionEpoch: 3 })] : []),
    ],
    ListOffsets: () =>
      [-1, -2, -3, 0, 9e14].flatMap((timestamp) =>
        ['t', 'unknown'].map((name) => ({
          replicaId: -1,
          topics: [{ name, partitions: [{ partitionIndex: 0, timestamp }] }],
        })),
      ),
    Metadata: (version) => [
      { topics: version === 0 ? [] : null },
      { topics: [{ name: 't' }, { name: 'a b' }, { name: `made-by-${version}` }] },
      ...(version >= 8 ? [{ topics: [], includeTopicAuthorizedOperations: true }] : []),
      ...(version >= 8 && version <= 10
        ? [{ topics: [], includeClusterAuthorizedOperations: true }]
        : []),
      ...(version >= 10 ? [{ topics: [{ name: null, topicId }] }] : []),
      ...(version >= 12 ? [{ topics: [{ name: null, topicId: unknownId }] }] : []),
    ],
    OffsetCommit: (version) =>
      ['t', 'unknown'].map((name) => ({
        groupId: `g${version}`,
        memberId: '',
        topics: [
          {
            ...named(version, 10, name, name === 't' ? topicId : unknownId),
            partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: 'm' }],
          },
        ],
      })),
    OffsetFetch: (version) => {
      const partitionIndexes = [0];
      if (version < 8) {
        return [
          { groupId: 'g2', topics: [{ name: 't', partitionIndexes }] },
          ...(version >= 2 ? [{ groupId: 'g2', topics: null }] : []),
        ];
      }
      const topics = [{ ...named(version, 10, 't', topicId), partitionIndexes }];
      return [
        { groups: [{ groupId: 'g2', topics }] },
        { groups: [{ groupId: 'g2', topics: null }] },
      ];
    },
    FindCoordinator: (version) =>
      [0, ...(version >= 1 ? [1, 5] : [])].map((keyType) => ({
        ...(version < 4 ? { key: 'g' } : { coordinatorKeys: ['g', 'h'] }),
        ...(version >= 1 ? { keyType } : {}),
      })),
    JoinGroup: (version) => [
      {
        groupId: `joined-${version}`,
        sessionTimeoutMs: 10_000,
        ...(version >= 1 ? { rebalanceTimeoutMs: 10_000 } : {}),
        memberId: '',
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(4) }],
      },
      {
        groupId: '',
        sessionTimeoutMs: 10_000,
        memberId: '',
        protocolType: 'consumer',
        protocols: [],
      },
    ],
    Heartbeat: () => [{ groupId: 'nogroup', generationId: 1, memberId: 'm' }],
    LeaveGroup: (version) => [
      version < 3
        ? { groupId: 'nogroup', memberId: 'm' }
        : { groupId: 'nogroup', members: [{ memberId: 'm' }] },
    ],
    SyncGroup: () => [{ groupId: 'nogroup', generationId: 1, memberId: 'm', assignments: [] }],
    DescribeGroups: () => [{ groups: ['g2', 'nogroup'] }],
    ListGroups: () => [{}],
    ApiVersions: (version) => [software(version)],
    SaslHandshake: () => [{ mechanism: 'PLAIN' }],
    SaslAuthenticate: () => [{ authBytes: Buffer.from('x') }],
    CreateTopics: (version) =>
      [`t${version}`, 't', 'a b'].map((name) => ({
        topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
        timeoutMs: 1000,
      })),
    DeleteTopics: (version) =>
      version < 6
        ? [{ topicNames: ['gone', `t${version}`], timeoutMs: 1000 }]
        : [
            {
              topics: [
                { name: 'gone', topicId: zeroUuid },
                { name: null, topicId: unknownId },
              ],
              timeoutMs: 1000,
            },
          ],
    DeleteRecords: () =>
      ['t', 'unknown'].map((name) => ({
        topics: [{ name, partitions: [{ partitionIndex: 1, offset: -1 }] }],
        timeoutMs: 1000,
      })),
    InitProducerId: () =>
      [null, '', 'tx'].map((transactionalId) => ({ transactionalId, transactionTimeoutMs: 1000 })),
    OffsetForLeaderEpoch: () =>
      ['t', 'unknown'].map((topic) => ({
        topics: [{ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] }],
      })),
    DescribeConfigs: (version) =>
      [
        [2, 't'],
        [2, 'unknown'],
        [4, '1'],
        [99, ''],
      ].map(([resourceType, resourceName]) => ({
        resources: [
          {
            resourceType: Number(resourceType),
            resourceName: String(resourceName),
            configurationKeys: null,
          },
        ],
        includeSynonyms: true,
        ...(version >= 3 ? { includeDocumentation: true } : {}),
      })),
    AlterConfigs: () =>
      ['t', 'unknown'].map((resourceName) => ({
        resources: [
          { resourceType: 2, resourceName, configs: [{ name: 'retention.ms', value: '1' }] },
        ],
        validateOnly: true,
      })),
    IncrementalAlterConfigs: () =>
      ['t', 'unknown'].map((resourceName) => ({
        resources: [
          {
            resourceType: 2,
            resourceName,
            configs: [{ name: 'retention.ms', configOperation: 1, value: null }],
          },
        ],
        validateOnly: true,
      })),
    DescribeLogDirs: () => [
      { topics: null },
      {
        topics: [
          { topic: 't', partitions: [0] },
          { topic: 'unknown', partitions: [0] },
        ],
      },
    ],
    CreatePartitions: () =>
      ['t', 'unknown'].map((name) => ({
        topics: [{ name, count: 3, assignments: null }],
        timeoutMs: 1000,
        validateOnly: true,
      })),
    ElectLeaders: (version) =>
      ['t', 'unknown', null].map((topic) => ({
        ...(version >= 1 ? { electionType: topic === 'unknown' ? 1 : 0 } : {}),
        topicPartitions: topic === null ? null : [{ topic, partitions: [0, 9] }],
        timeoutMs: 1000,
      })),
    AlterPartitionReassignments: () =>
      ['t', 'unknown'].map((name) => ({
        timeoutMs: 1000,
        topics: [
          {
            name,
            partitions: [[1], [1, 2], [], null].map((replicas, partitionIndex) => ({
              partitionIndex,
              replicas,
            })),
          },
        ],
      })),
    ListPartitionReassignments: () => [{}, { topics: [{ name: 't', partitionIndexes: [0] }] }],
    DeleteGroups: () => [{ groupsNames: ['nogroup'] }],
    OffsetDelete: () => [
      { groupId: 'nogroup', topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] },
    ],
    ConsumerGroupHeartbeat: (version) => [
      {
        groupId: `k${version}`,
        memberId: 'm',
        memberEpoch: 0,
        rebalanceTimeoutMs: 1000,
        subscribedTopicNames: ['t'],
        topicPartitions: [],
      },
      { groupId: 'nogroup', memberId: 'm', memberEpoch: 1 },
    ],
    ConsumerGroupDescribe: () => [
      { groupIds: ['k1', 'nogroup'], includeAuthorizedOperations: true },
    ],
    DescribeCluster: (version) => [
      { includeClusterAuthorizedOperations: true },
      ...(version >= 1 ? [{ includeClusterAuthorizedOperations: false, endpointType: 2 }] : []),
    ],
    AddPartitionsToTxn: (version) => {
      const topics = [{ name: 't', partitions: [0, 7] }];
      const at = { producerId: 9999, producerEpoch: 0 };
      if (version >= 4) {
        return [true, false].map((verifyOnly) => ({
          transactions: [{ transactionalId: 'none', ...at, verifyOnly, topics }],
        }));
      }
      return ['none', ''].map((id) => ({
        v3AndBelowTransactionalId: id,
        v3AndBelowProducerId: 9999,
        v3AndBelowProducerEpoch: 0,
        v3AndBelowTopics: topics,
      }));
    },
    AddOffsetsToTxn: () =>
      ['none', ''].map((transactionalId) => ({ transactionalId, ...nobody, groupId: 'g' })),
    EndTxn: () =>
      ['none', ''].map((transactionalId) => ({ transactionalId, ...nobody, committed: true })),
    WriteTxnMarkers: () => [
      {
        markers: [
          {
            ...nobody,
            transactionResult: false,
            coordinatorEpoch: 0,
            topics: [{ name: 't', partitionIndexes: [0, 7] }],
          },
        ],
      },
    ],
    TxnOffsetCommit: (version) =>
      ['t', 'unknown'].map((topic) => ({
        transactionalId: 'none',
        groupId: 'g',
        ...nobody,
        topics: [
          {
            ...named(version, 6, topic, topic === 't' ? topicId : unknownId),
            partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
          },
        ],
      })),
    DescribeProducers: () => [{ topics: [{ name: 't', partitionIndexes: [0, 7] }] }],
    DescribeTransactions: () => [{ transactionalIds: ['none', ''] }],
    ListTransactions: (version) => [
      { stateFilters: [], producerIdFilters: [] },
      { stateFilters: ['Ongoing', 'odd'], producerIdFilters: [1] },
      ...(version >= 2
        ? ['t.*', '('].map((transactionalIdPattern) => ({
            stateFilters: [],
            producerIdFilters: [],
            transactionalIdPattern,
          }))
        : []),
    ],
    ListConfigResources: (version) => [{}, ...(version >= 1 ? [{ resourceTypes: [2, 4] }] : [])],
    DescribeTopicPartitions: () => [
      { topics: [] },
      { topics: [{ name: 't' }, { name: 'unknown' }], responsePartitionLimit: 1 },
    ],
  };
}
