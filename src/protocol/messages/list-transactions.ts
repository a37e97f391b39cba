/**
 * ListTransactions: the transactions that a coordinator knows (KIP-664).
 *
 * Versions:
 * - 1: adds durationFilter; KIP-994.
 * - 2: adds transactionalIdPattern; KIP-1152.
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

export const listTransactionsRequest = message('ListTransactionsRequest', apis.ListTransactions, {
  stateFilters: array(string),
  producerIdFilters: array(int64),
  durationFilter: int64.since(1).default(-1),
  transactionalIdPattern: string.nullable().since(2).default(null),
});

export const listTransactionsResponse = message('ListTransactionsResponse', apis.ListTransactions, {
  throttleTimeMs: int32.default(0),
  errorCode: int16,
  unknownStateFilters: array(string),
  transactionStates: array({
    transactionalId: string,
    producerId: int64,
    transactionState: string,
  }),
});

export interface ListTransactionsRequest extends Input<typeof listTransactionsRequest> {}
export interface ListTransactionsRequestDecoded extends Decoded<typeof listTransactionsRequest> {}
export interface ListTransactionsResponse extends Input<typeof listTransactionsResponse> {}
export interface ListTransactionsResponseDecoded extends Decoded<typeof listTransactionsResponse> {}

export interface ListTransactionsMessages {
  request: ListTransactionsRequest;
  requestDecoded: ListTransactionsRequestDecoded;
  response: ListTransactionsResponse;
  responseDecoded: ListTransactionsResponseDecoded;
}
