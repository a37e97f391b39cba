/**
 * DeleteShareGroupOffsets: forgets the start offsets of an empty share group (KIP-932).
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

export const deleteShareGroupOffsetsRequest = message(
  'DeleteShareGroupOffsetsRequest',
  apis.DeleteShareGroupOffsets,
  {
    groupId: string,
    topics: array({
      topicName: string,
    }),
  },
);

export const deleteShareGroupOffsetsResponse = message(
  'DeleteShareGroupOffsetsResponse',
  apis.DeleteShareGroupOffsets,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      errorCode: int16,
      errorMessage: string.nullable().default(null),
    }),
  },
);

export interface DeleteShareGroupOffsetsRequest
  extends Input<typeof deleteShareGroupOffsetsRequest> {}
export interface DeleteShareGroupOffsetsRequestDecoded
  extends Decoded<typeof deleteShareGroupOffsetsRequest> {}
export interface DeleteShareGroupOffsetsResponse
  extends Input<typeof deleteShareGroupOffsetsResponse> {}
export interface DeleteShareGroupOffsetsResponseDecoded
  extends Decoded<typeof deleteShareGroupOffsetsResponse> {}

export interface DeleteShareGroupOffsetsMessages {
  request: DeleteShareGroupOffsetsRequest;
  requestDecoded: DeleteShareGroupOffsetsRequestDecoded;
  response: DeleteShareGroupOffsetsResponse;
  responseDecoded: DeleteShareGroupOffsetsResponseDecoded;
}
