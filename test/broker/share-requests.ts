import type { RequestInput } from '../../src/protocol/index.js';
import type { Asks } from './requests.js';

const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';

/** What the requests of share groups say, right and wrong. */
export function shareAsksOf(topicId: string): Asks {
  const ids = [topicId, unknownId];
  const partitionsOf = <P>(partition: P) =>
    ids.map((id) => ({ topicId: id, partitions: [partition] }));
  const state = { stateEpoch: 3, leaderEpoch: 0, startOffset: 0, stateBatches: [] };
  const fetch = (version: number, shareSessionEpoch: number): RequestInput<'ShareFetch'> => ({
    groupId: 'sg',
    memberId: 'm',
    shareSessionEpoch,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1000,
    maxRecords: 10,
    batchSize: 10,
    ...(version >= 2 ? { shareAcquireMode: 1 } : {}),
    topics: partitionsOf({ partitionIndex: 0, acknowledgementBatches: [] }),
    forgottenTopicsData: [],
  });
  return {
    ShareGroupHeartbeat: () =>
      [0, -1, 7].map((memberEpoch) => ({
        groupId: 'sg',
        memberId: 'm',
        memberEpoch,
        subscribedTopicNames: ['t', 'unknown'],
      })),
    ShareGroupDescribe: () => [
      { groupIds: ['sg', 'none', 'g'], includeAuthorizedOperations: true },
    ],
    ShareFetch: (version) => [0, 1, -1].map((epoch) => fetch(version, epoch)),
    ShareAcknowledge: (version) =>
      [0, 1, -1].map((shareSessionEpoch) => ({
        groupId: 'sg',
        memberId: 'm',
        shareSessionEpoch,
        ...(version >= 2 ? { isRenewAck: true } : {}),
        topics: partitionsOf({
          partitionIndex: 0,
          acknowledgementBatches: [{ firstOffset: 0, lastOffset: 1, acknowledgeTypes: [1] }],
        }),
      })),
    InitializeShareGroupState: () => [
      { groupId: 'sg', topics: partitionsOf({ partition: 0, stateEpoch: 3, startOffset: 0 }) },
    ],
    ReadShareGroupState: () => [
      { groupId: 'sg', topics: partitionsOf({ partition: 0, leaderEpoch: 0 }) },
    ],
    WriteShareGroupState: (version) => [
      {
        groupId: 'sg',
        topics: partitionsOf({
          partition: 0,
          ...state,
          ...(version >= 1 ? { deliveryCompleteCount: 0 } : {}),
        }),
      },
    ],
    DeleteShareGroupState: () => [{ groupId: 'other', topics: partitionsOf({ partition: 0 }) }],
    ReadShareGroupStateSummary: () => [
      { groupId: 'sg', topics: partitionsOf({ partition: 0, leaderEpoch: 0 }) },
    ],
    DescribeShareGroupOffsets: () => [
      {
        groups: [
          { groupId: 'sg', topics: null },
          { groupId: 'sg', topics: [{ topicName: 't', partitions: [0, 7] }] },
          { groupId: 'none', topics: [{ topicName: 'unknown', partitions: [0] }] },
        ],
      },
    ],
    AlterShareGroupOffsets: () =>
      ['t', 'unknown'].map((topicName) => ({
        groupId: 'altered',
        topics: [{ topicName, partitions: [{ partitionIndex: 0, startOffset: 1 }] }],
      })),
    DeleteShareGroupOffsets: () =>
      ['altered', 'none'].map((groupId) => ({
        groupId,
        topics: [{ topicName: 't' }, { topicName: 'unknown' }],
      })),
  };
}
