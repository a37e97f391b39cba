/**
 * DeleteRecords: moves the start of partitions forward.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: flexible.
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
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const deleteRecordsRequest = message('DeleteRecordsRequest', apis.DeleteRecords, {
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      offset: int64,
    }),
  }),
  timeoutMs: int32,
});

export const deleteRecordsResponse = message('DeleteRecordsResponse', apis.DeleteRecords, {
  throttleTimeMs: int32.default(0),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      lowWatermark: int64,
      errorCode: int16,
    }),
  }),
});

export interface DeleteRecordsRequest extends Input<typeof deleteRecordsRequest> {}
export interface DeleteRecordsRequestDecoded extends Decoded<typeof deleteRecordsRequest> {}
export interface DeleteRecordsResponse extends Input<typeof deleteRecordsResponse> {}
export interface DeleteRecordsResponseDecoded extends Decoded<typeof deleteRecordsResponse> {}

export interface DeleteRecordsMessages {
  request: DeleteRecordsRequest;
  requestDecoded: DeleteRecordsRequestDecoded;
  response: DeleteRecordsResponse;
  responseDecoded: DeleteRecordsResponseDecoded;
}
