/**
 * InitProducerId: gives an idempotent or transactional producer its id and epoch.
 *
 * Versions:
 * - 1: the broker answers a throttled request at once and delays the next (KIP-219).
 * - 2: flexible.
 * - 3: adds producerId, producerEpoch; a producer may resume with a bumped epoch (KIP-360).
 * - 4: may answer PRODUCER_FENCED.
 * - 5: may answer TRANSACTION_ABORTABLE (KIP-890).
 * - 6: adds enable2Pc, keepPreparedTxn; the response adds ongoingTxnProducerId,
 *   ongoingTxnProducerEpoch; two-phase commit (KIP-939); not stable yet.
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

export const initProducerIdRequest = message('InitProducerIdRequest', apis.InitProducerId, {
  transactionalId: string.nullable(),
  transactionTimeoutMs: int32,
  producerId: int64.since(3).default(-1),
  producerEpoch: int16.since(3).default(-1),
  enable2Pc: boolean.since(6).default(false),
  keepPreparedTxn: boolean.since(6).default(false),
});

export const initProducerIdResponse = message('InitProducerIdResponse', apis.InitProducerId, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  producerId: int64.default(-1),
  producerEpoch: int16,
  ongoingTxnProducerId: int64.since(6).default(-1),
  ongoingTxnProducerEpoch: int16.since(6).default(-1),
});

export interface InitProducerIdRequest extends Input<typeof initProducerIdRequest> {}
export interface InitProducerIdRequestDecoded extends Decoded<typeof initProducerIdRequest> {}
export interface InitProducerIdResponse extends Input<typeof initProducerIdResponse> {}
export interface InitProducerIdResponseDecoded extends Decoded<typeof initProducerIdResponse> {}

export interface InitProducerIdMessages {
  request: InitProducerIdRequest;
  requestDecoded: InitProducerIdRequestDecoded;
  response: InitProducerIdResponse;
  responseDecoded: InitProducerIdResponseDecoded;
}
