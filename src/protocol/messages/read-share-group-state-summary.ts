/**
 * ReadShareGroupStateSummary: the start offsets of share partitions (KIP-932).
 *
 * Versions:
 * - 1: the response adds deliveryCompleteCount; KIP-1226.
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

export const readShareGroupStateSummaryRequest = message(
  'ReadShareGroupStateSummaryRequest',
  apis.ReadShareGroupStateSummary,
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        leaderEpoch: int32,
      }),
    }),
  },
);

export const readShareGroupStateSummaryResponse = message(
  'ReadShareGroupStateSummaryResponse',
  apis.ReadShareGroupStateSummary,
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1).default(-1).ignorable(),
      }),
    }),
  },
);

export interface ReadShareGroupStateSummaryRequest
  extends Input<typeof readShareGroupStateSummaryRequest> {}
export interface ReadShareGroupStateSummaryRequestDecoded
  extends Decoded<typeof readShareGroupStateSummaryRequest> {}
export interface ReadShareGroupStateSummaryResponse
  extends Input<typeof readShareGroupStateSummaryResponse> {}
export interface ReadShareGroupStateSummaryResponseDecoded
  extends Decoded<typeof readShareGroupStateSummaryResponse> {}

export interface ReadShareGroupStateSummaryMessages {
  request: ReadShareGroupStateSummaryRequest;
  requestDecoded: ReadShareGroupStateSummaryRequestDecoded;
  response: ReadShareGroupStateSummaryResponse;
  responseDecoded: ReadShareGroupStateSummaryResponseDecoded;
}
