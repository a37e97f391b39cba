/**
 * InitializeShareGroupState: the group coordinator sets up the state of share partitions
 * (KIP-932).
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

export const initializeShareGroupStateRequest = message(
  'InitializeShareGroupStateRequest',
  apis.InitializeShareGroupState,
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64,
      }),
    }),
  },
);

export const initializeShareGroupStateResponse = message(
  'InitializeShareGroupStateResponse',
  apis.InitializeShareGroupState,
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

export interface InitializeShareGroupStateRequest
  extends Input<typeof initializeShareGroupStateRequest> {}
export interface InitializeShareGroupStateRequestDecoded
  extends Decoded<typeof initializeShareGroupStateRequest> {}
export interface InitializeShareGroupStateResponse
  extends Input<typeof initializeShareGroupStateResponse> {}
export interface InitializeShareGroupStateResponseDecoded
  extends Decoded<typeof initializeShareGroupStateResponse> {}

export interface InitializeShareGroupStateMessages {
  request: InitializeShareGroupStateRequest;
  requestDecoded: InitializeShareGroupStateRequestDecoded;
  response: InitializeShareGroupStateResponse;
  responseDecoded: InitializeShareGroupStateResponseDecoded;
}
