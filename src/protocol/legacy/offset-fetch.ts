/**
 * OffsetFetch before Kafka 4: version 0 has the shape of version 1; Kafka read ZooKeeper for it.
 *
 * What later versions have stands here beyond the range, so that the shapes are the same.
 */
import { array, boolean, int16, int32, int64, message, string, uuid } from '../../schema/index.js';

const legacyOffsetFetch = { key: 9, versions: [0, 0], flexible: null } as const;

export const legacyOffsetFetchRequest = message('OffsetFetchRequest', legacyOffsetFetch, {
  groupId: string,
  topics: array({
    name: string,
    partitionIndexes: array(int32),
  }).nullable(2),
  groups: array({
    groupId: string,
    memberId: string.nullable().since(9).default(null).ignorable(),
    memberEpoch: int32.since(9).default(-1).ignorable(),
    topics: array({
      name: string,
      topicId: uuid.since(10).ignorable(),
      partitionIndexes: array(int32),
    }).nullable(),
  }).since(8),
  requireStable: boolean.since(7).default(false),
});

export const legacyOffsetFetchResponse = message('OffsetFetchResponse', legacyOffsetFetch, {
  throttleTimeMs: int32.since(3).default(0).ignorable(),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: int32.since(5).default(-1).ignorable(),
      metadata: string.nullable(),
      errorCode: int16,
    }),
  }),
  errorCode: int16.since(2).default(0).ignorable(),
  groups: array({
    groupId: string,
    topics: array({
      name: string,
      topicId: uuid.since(10).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.default(-1).ignorable(),
        metadata: string.nullable(),
        errorCode: int16,
      }),
    }),
    errorCode: int16.default(0),
  }).since(8),
});
