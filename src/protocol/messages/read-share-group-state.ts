/**
 * ReadShareGroupState: a share partition leader loads its state (KIP-932).
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

export const readShareGroupStateRequest = message(
  'ReadShareGroupStateRequest',
  apis.ReadShareGroupState,
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

export const readShareGroupStateResponse = message(
  'ReadShareGroupStateResponse',
  apis.ReadShareGroupState,
  {
    results: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
        stateEpoch: int32,
        startOffset: int64,
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

export interface ReadShareGroupStateRequest extends Input<typeof readShareGroupStateRequest> {}
export interface ReadShareGroupStateRequestDecoded
  extends Decoded<typeof readShareGroupStateRequest> {}
export interface ReadShareGroupStateResponse extends Input<typeof readShareGroupStateResponse> {}
export interface ReadShareGroupStateResponseDecoded
  extends Decoded<typeof readShareGroupStateResponse> {}

export interface ReadShareGroupStateMessages {
  request: ReadShareGroupStateRequest;
  requestDecoded: ReadShareGroupStateRequestDecoded;
  response: ReadShareGroupStateResponse;
  responseDecoded: ReadShareGroupStateResponseDecoded;
}
