/**
 * OffsetDelete: forgets committed offsets of a group (KIP-496). Never became flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const offsetDeleteRequest = message('OffsetDeleteRequest', apis.OffsetDelete, {
  groupId: string,
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
    }),
  }),
});

export const offsetDeleteResponse = message('OffsetDeleteResponse', apis.OffsetDelete, {
  errorCode: int16,
  throttleTimeMs: int32.default(0),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      errorCode: int16,
    }),
  }),
});

export interface OffsetDeleteRequest extends Input<typeof offsetDeleteRequest> {}
export interface OffsetDeleteRequestDecoded extends Decoded<typeof offsetDeleteRequest> {}
export interface OffsetDeleteResponse extends Input<typeof offsetDeleteResponse> {}
export interface OffsetDeleteResponseDecoded extends Decoded<typeof offsetDeleteResponse> {}

export interface OffsetDeleteMessages {
  request: OffsetDeleteRequest;
  requestDecoded: OffsetDeleteRequestDecoded;
  response: OffsetDeleteResponse;
  responseDecoded: OffsetDeleteResponseDecoded;
}
