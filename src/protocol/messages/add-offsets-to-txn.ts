/**
 * AddOffsetsToTxn: takes the offsets of a group into a transaction.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: may answer PRODUCER_FENCED.
 * - 3: flexible.
 * - 4: may answer TRANSACTION_ABORTABLE (KIP-890).
 */
import {
  type Decoded,
  type Input,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const addOffsetsToTxnRequest = message('AddOffsetsToTxnRequest', apis.AddOffsetsToTxn, {
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  groupId: string,
});

export const addOffsetsToTxnResponse = message('AddOffsetsToTxnResponse', apis.AddOffsetsToTxn, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
});

export interface AddOffsetsToTxnRequest extends Input<typeof addOffsetsToTxnRequest> {}
export interface AddOffsetsToTxnRequestDecoded extends Decoded<typeof addOffsetsToTxnRequest> {}
export interface AddOffsetsToTxnResponse extends Input<typeof addOffsetsToTxnResponse> {}
export interface AddOffsetsToTxnResponseDecoded extends Decoded<typeof addOffsetsToTxnResponse> {}

export interface AddOffsetsToTxnMessages {
  request: AddOffsetsToTxnRequest;
  requestDecoded: AddOffsetsToTxnRequestDecoded;
  response: AddOffsetsToTxnResponse;
  responseDecoded: AddOffsetsToTxnResponseDecoded;
}
