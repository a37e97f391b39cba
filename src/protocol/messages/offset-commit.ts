/**
 * OffsetCommit: a group notes how far its members have read.
 *
 * Versions:
 * - 3: the response adds throttleTimeMs.
 * - 4: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 5: drops retentionTimeMs; retention is the broker's business (KIP-211).
 * - 6: adds committedLeaderEpoch; KIP-320.
 * - 7: adds groupInstanceId; static members (KIP-345).
 * - 8: flexible.
 * - 9: KIP-848 members may commit: generationIdOrMemberEpoch is their epoch, STALE_MEMBER_EPOCH
 *   and GROUP_ID_NOT_FOUND are possible.
 * - 10: adds topicId; drops name on both sides; topics by id.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const offsetCommitRequest = message('OffsetCommitRequest', apis.OffsetCommit, {
  groupId: string,
  generationIdOrMemberEpoch: int32.default(-1),
  memberId: string,
  groupInstanceId: string.nullable().since(7).default(null),
  retentionTimeMs: int64.until(4).default(-1).ignorable(),
  topics: array({
    name: string.until(9).ignorable(),
    topicId: uuid.since(10).ignorable(),
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: int32.since(6).default(-1).ignorable(),
      committedMetadata: string.nullable(),
    }),
  }),
});

export const offsetCommitResponse = message('OffsetCommitResponse', apis.OffsetCommit, {
  throttleTimeMs: int32.since(3).default(0).ignorable(),
  topics: array({
    name: string.until(9).ignorable(),
    topicId: uuid.since(10).ignorable(),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
    }),
  }),
});

export interface OffsetCommitRequest extends Input<typeof offsetCommitRequest> {}
export interface OffsetCommitRequestDecoded extends Decoded<typeof offsetCommitRequest> {}
export interface OffsetCommitResponse extends Input<typeof offsetCommitResponse> {}
export interface OffsetCommitResponseDecoded extends Decoded<typeof offsetCommitResponse> {}

export interface OffsetCommitMessages {
  request: OffsetCommitRequest;
  requestDecoded: OffsetCommitRequestDecoded;
  response: OffsetCommitResponse;
  responseDecoded: OffsetCommitResponseDecoded;
}
