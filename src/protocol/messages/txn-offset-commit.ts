/**
 * TxnOffsetCommit: commits the offsets of a group within a transaction.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: adds committedLeaderEpoch.
 * - 3: adds generationIdOrMemberEpoch, memberId, groupInstanceId; flexible; fences members that
 *   have left (KIP-447).
 * - 4: may answer TRANSACTION_ABORTABLE (KIP-890).
 * - 5: takes the group into the transaction itself (KIP-890, part 2).
 * - 6: adds topicId; drops name on both sides; topics by id (KIP-1319).
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

export const txnOffsetCommitRequest = message('TxnOffsetCommitRequest', apis.TxnOffsetCommit, {
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationIdOrMemberEpoch: int32.since(3).default(-1),
  memberId: string.since(3).default(''),
  groupInstanceId: string.nullable().since(3).default(null),
  topics: array({
    name: string.until(5).ignorable(),
    topicId: uuid.since(6).ignorable(),
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: int32.since(2).default(-1).ignorable(),
      committedMetadata: string.nullable(),
    }),
  }),
});

export const txnOffsetCommitResponse = message('TxnOffsetCommitResponse', apis.TxnOffsetCommit, {
  throttleTimeMs: int32.default(0),
  topics: array({
    name: string.until(5).ignorable(),
    topicId: uuid.since(6).ignorable(),
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
    }),
  }),
});

export interface TxnOffsetCommitRequest extends Input<typeof txnOffsetCommitRequest> {}
export interface TxnOffsetCommitRequestDecoded extends Decoded<typeof txnOffsetCommitRequest> {}
export interface TxnOffsetCommitResponse extends Input<typeof txnOffsetCommitResponse> {}
export interface TxnOffsetCommitResponseDecoded extends Decoded<typeof txnOffsetCommitResponse> {}

export interface TxnOffsetCommitMessages {
  request: TxnOffsetCommitRequest;
  requestDecoded: TxnOffsetCommitRequestDecoded;
  response: TxnOffsetCommitResponse;
  responseDecoded: TxnOffsetCommitResponseDecoded;
}
