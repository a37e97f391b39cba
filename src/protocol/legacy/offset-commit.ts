/**
 * OffsetCommit before Kafka 4.
 *
 * - 0: no member of a group, only offsets (kept in ZooKeeper then).
 * - 1: adds generationIdOrMemberEpoch, memberId and, in this version only, commitTimestamp.
 *
 * What later versions have stands here beyond the range, so that the shapes are the same.
 */
import { array, int16, int32, int64, message, string, uuid } from '../../schema/index.js';

const legacyOffsetCommit = { key: 8, versions: [0, 1], flexible: null } as const;

export const legacyOffsetCommitRequest = message('OffsetCommitRequest', legacyOffsetCommit, {
  groupId: string,
  generationIdOrMemberEpoch: int32.since(1).default(-1).ignorable(),
  memberId: string.since(1).default('').ignorable(),
  groupInstanceId: string.nullable().since(7).default(null),
  retentionTimeMs: int64.since(2).default(-1).ignorable(),
  topics: array({
    name: string,
    topicId: uuid.since(10).ignorable(),
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      commitTimestamp: int64.since(1).default(-1).ignorable(),
      committedLeaderEpoch: int32.since(6).default(-1).ignorable(),
      committedMetadata: string.nullable(),
    }),
  }),
});

export const legacyOffsetCommitResponse = message('OffsetCommitResponse', legacyOffsetCommit, {
  throttleTimeMs: int32.since(3).default(0).ignorable(),
  topics: array({
    name: string,
    topicId: uuid.since(10).ignorable(),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
    }),
  }),
});
