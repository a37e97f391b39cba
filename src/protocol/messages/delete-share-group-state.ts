/**
 * DeleteShareGroupState: the group coordinator drops the state of share partitions (KIP-932).
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
  uuid,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const deleteShareGroupStateRequest = message(
  'DeleteShareGroupStateRequest',
  apis.DeleteShareGroupState,
  {
    groupId: string,
    topics: array({
      topicId: uuid,
      partitions: array({
        partition: int32,
      }),
    }),
  },
);

export const deleteShareGroupStateResponse = message(
  'DeleteShareGroupStateResponse',
  apis.DeleteShareGroupState,
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

export interface DeleteShareGroupStateRequest extends Input<typeof deleteShareGroupStateRequest> {}
export interface DeleteShareGroupStateRequestDecoded
  extends Decoded<typeof deleteShareGroupStateRequest> {}
export interface DeleteShareGroupStateResponse
  extends Input<typeof deleteShareGroupStateResponse> {}
export interface DeleteShareGroupStateResponseDecoded
  extends Decoded<typeof deleteShareGroupStateResponse> {}

export interface DeleteShareGroupStateMessages {
  request: DeleteShareGroupStateRequest;
  requestDecoded: DeleteShareGroupStateRequestDecoded;
  response: DeleteShareGroupStateResponse;
  responseDecoded: DeleteShareGroupStateResponseDecoded;
}
