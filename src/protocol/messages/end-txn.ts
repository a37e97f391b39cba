/**
 * EndTxn: commits or aborts a transaction.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: may answer PRODUCER_FENCED.
 * - 3: flexible.
 * - 4: may answer TRANSACTION_ABORTABLE (KIP-890).
 * - 5: the response adds producerId, producerEpoch; the epoch grows with every transaction
 *   (KIP-890, part 2).
 */
import {
  type Decoded,
  type Input,
  boolean,
  int16,
  int32,
  int64,
  message,
  string,
} from '../../schema/index.js';
import { apis } from '../apis.js';

export const endTxnRequest = message('EndTxnRequest', apis.EndTxn, {
  transactionalId: string,
  producerId: int64,
  producerEpoch: int16,
  committed: boolean,
});

export const endTxnResponse = message('EndTxnResponse', apis.EndTxn, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  producerId: int64.since(5).default(-1).ignorable(),
  producerEpoch: int16.since(5).default(-1).ignorable(),
});

export interface EndTxnRequest extends Input<typeof endTxnRequest> {}
export interface EndTxnRequestDecoded extends Decoded<typeof endTxnRequest> {}
export interface EndTxnResponse extends Input<typeof endTxnResponse> {}
export interface EndTxnResponseDecoded extends Decoded<typeof endTxnResponse> {}

export interface EndTxnMessages {
  request: EndTxnRequest;
  requestDecoded: EndTxnRequestDecoded;
  response: EndTxnResponse;
  responseDecoded: EndTxnResponseDecoded;
}
