/**
 * AlterShareGroupOffsets: sets the start offsets of an empty share group (KIP-932).
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

export const alterShareGroupOffsetsRequest = message(
  'AlterShareGroupOffsetsRequest',
  apis.AlterShareGroupOffsets,
  {
    groupId: string,
    topics: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        startOffset: int64,
      }),
    }),
  },
);

export const alterShareGroupOffsetsResponse = message(
  'AlterShareGroupOffsetsResponse',
  apis.AlterShareGroupOffsets,
  {
    throttleTimeMs: int32.default(0),
    errorCode: int16,
    errorMessage: string.nullable().default(null),
    responses: array({
      topicName: string,
      topicId: uuid,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: string.nullable().default(null),
      }),
    }),
  },
);

export interface AlterShareGroupOffsetsRequest
  extends Input<typeof alterShareGroupOffsetsRequest> {}
export interface AlterShareGroupOffsetsRequestDecoded
  extends Decoded<typeof alterShareGroupOffsetsRequest> {}
export interface AlterShareGroupOffsetsResponse
  extends Input<typeof alterShareGroupOffsetsResponse> {}
export interface AlterShareGroupOffsetsResponseDecoded
  extends Decoded<typeof alterShareGroupOffsetsResponse> {}

export interface AlterShareGroupOffsetsMessages {
  request: AlterShareGroupOffsetsRequest;
  requestDecoded: AlterShareGroupOffsetsRequestDecoded;
  response: AlterShareGroupOffsetsResponse;
  responseDecoded: AlterShareGroupOffsetsResponseDecoded;
}
