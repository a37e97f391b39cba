/**
 * WriteShareGroupState: a share partition leader stores its state (KIP-932).
 *
 * Versions:
 * - 1: adds deliveryCompleteCount; KIP-1226.
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
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const writeShareGroupStateRequest = message(
  'WriteShareGroupStateRequest',
  apis.WriteShareGroupState,
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: int32.since(1).default(-1).ignorable(),
        stateBatches: array({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
);

export const writeShareGroupStateResponse = message(
  'WriteShareGroupStateResponse',
  apis.WriteShareGroupState,
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  },
);

export interface WriteShareGroupStateRequest extends Input<typeof writeShareGroupStateRequest> {}
export interface WriteShareGroupStateRequestDecoded
  extends Decoded<typeof writeShareGroupStateRequest> {}
export interface WriteShareGroupStateResponse extends Input<typeof writeShareGroupStateResponse> {}
export interface WriteShareGroupStateResponseDecoded
  extends Decoded<typeof writeShareGroupStateResponse> {}

export interface WriteShareGroupStateMessages {
  request: WriteShareGroupStateRequest;
  requestDecoded: WriteShareGroupStateRequestDecoded;
  response: WriteShareGroupStateResponse;
  responseDecoded: WriteShareGroupStateResponseDecoded;
}
