/**
 * ListOffsets: the offsets that belong to timestamps, or to either end of a partition.
 *
 * Versions:
 * - 2: adds isolationLevel; the response adds throttleTimeMs.
 * - 3: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 4: adds currentLeaderEpoch; the response adds leaderEpoch; KIP-320.
 * - 5: may answer OFFSET_NOT_AVAILABLE.
 * - 6: flexible.
 * - 7: timestamp -3 asks for the offset of the largest timestamp (KIP-734).
 * - 8: -4 asks for the local start (KIP-405).
 * - 9: -5 asks for the last tiered offset (KIP-1005).
 * - 10: adds timeoutMs; timeoutMs bounds a look-up in tiered storage (KIP-1075).
 * - 11: -6 asks for the first offset pending upload (KIP-1023).
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const listOffsetsRequest = message('ListOffsetsRequest', apis.ListOffsets, {
  replicaId: int32,
  isolationLevel: int8.since(2),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      currentLeaderEpoch: int32.since(4).default(-1).ignorable(),
      timestamp: int64,
    }),
  }),
  timeoutMs: int32.since(10).ignorable(),
});

export const listOffsetsResponse = message('ListOffsetsResponse', apis.ListOffsets, {
  throttleTimeMs: int32.since(2).default(0).ignorable(),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
      timestamp: int64.default(-1),
      offset: int64.default(-1),
      leaderEpoch: int32.since(4).default(-1),
    }),
  }),
});

export interface ListOffsetsRequest extends Input<typeof listOffsetsRequest> {}
export interface ListOffsetsRequestDecoded extends Decoded<typeof listOffsetsRequest> {}
export interface ListOffsetsResponse extends Input<typeof listOffsetsResponse> {}
export interface ListOffsetsResponseDecoded extends Decoded<typeof listOffsetsResponse> {}

export interface ListOffsetsMessages {
  request: ListOffsetsRequest;
  requestDecoded: ListOffsetsRequestDecoded;
  response: ListOffsetsResponse;
  responseDecoded: ListOffsetsResponseDecoded;
}
