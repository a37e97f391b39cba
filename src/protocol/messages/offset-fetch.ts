/**
 * OffsetFetch: how far a group has read.
 *
 * Versions:
 * - 2: allows null for topics; the response adds errorCode; null asks for all topics.
 * - 3: the response adds throttleTimeMs.
 * - 4: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 5: the response adds committedLeaderEpoch; KIP-320.
 * - 6: flexible.
 * - 7: adds requireStable; KIP-447.
 * - 8: adds groups; drops groupId, topics; the response adds groups; drops topics, errorCode;
 *   several groups at once (KIP-709).
 * - 9: adds memberId, memberEpoch; KIP-848.
 * - 10: adds topicId; drops name on both sides; topics by id.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int16,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const offsetFetchRequest = message('OffsetFetchRequest', apis.OffsetFetch, {
  groupId: string.until(7),
  topics: array({
    name: string,
    partitionIndexes: array(int32),
  })
    .nullable(2)
    .until(7),
  groups: array({
    groupId: string,
    memberId: string.nullable().since(9).default(null).ignorable(),
    memberEpoch: int32.since(9).default(-1).ignorable(),
    topics: array({
      name: string.until(9).ignorable(),
      topicId: uuid.since(10).ignorable(),
      partitionIndexes: array(int32),
    }).nullable(),
  }).since(8),
  requireStable: boolean.since(7).default(false),
});

export const offsetFetchResponse = message('OffsetFetchResponse', apis.OffsetFetch, {
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
  }).until(7),
  errorCode: int16.since(2).until(7).default(0).ignorable(),
  groups: array({
    groupId: string,
    topics: array({
      name: string.until(9).ignorable(),
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

export interface OffsetFetchRequest extends Input<typeof offsetFetchRequest> {}
export interface OffsetFetchRequestDecoded extends Decoded<typeof offsetFetchRequest> {}
export interface OffsetFetchResponse extends Input<typeof offsetFetchResponse> {}
export interface OffsetFetchResponseDecoded extends Decoded<typeof offsetFetchResponse> {}

export interface OffsetFetchMessages {
  request: OffsetFetchRequest;
  requestDecoded: OffsetFetchRequestDecoded;
  response: OffsetFetchResponse;
  responseDecoded: OffsetFetchResponseDecoded;
}
