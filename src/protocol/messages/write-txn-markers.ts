/**
 * WriteTxnMarkers: the transaction coordinator has commit and abort markers written.
 *
 * Versions:
 * - 2: adds transactionVersion; KIP-1228.
 */
import {
  type Decoded,
  type Input,
  array,
  boolean,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const writeTxnMarkersRequest = message('WriteTxnMarkersRequest', apis.WriteTxnMarkers, {
  markers: array({
    producerId: int64,
    producerEpoch: int16,
    transactionResult: boolean,
    topics: array({
      name: string,
      partitionIndexes: array(int32),
    }),
    coordinatorEpoch: int32,
    transactionVersion: int8.since(2).default(0).ignorable(),
  }),
});

export const writeTxnMarkersResponse = message('WriteTxnMarkersResponse', apis.WriteTxnMarkers, {
  markers: array({
    producerId: int64,
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
      }),
    }),
  }),
});

export interface WriteTxnMarkersRequest extends Input<typeof writeTxnMarkersRequest> {}
export interface WriteTxnMarkersRequestDecoded extends Decoded<typeof writeTxnMarkersRequest> {}
export interface WriteTxnMarkersResponse extends Input<typeof writeTxnMarkersResponse> {}
export interface WriteTxnMarkersResponseDecoded extends Decoded<typeof writeTxnMarkersResponse> {}

export interface WriteTxnMarkersMessages {
  request: WriteTxnMarkersRequest;
  requestDecoded: WriteTxnMarkersRequestDecoded;
  response: WriteTxnMarkersResponse;
  responseDecoded: WriteTxnMarkersResponseDecoded;
}
