import { type ErrorCode, errorFacts, isKafkaError } from '../../errors/index.js';

/**
 * What an error means for a transactional producer (KIP-1050).
 *
 * - `retry`: the transaction is to be aborted, and the same work may succeed in a new one.
 * - `abort`: the transaction is to be aborted, and the same work would fail again.
 * - `fenced`: a newer producer has the transactional id, or the cluster has forgotten this one;
 *   nothing of it counts any more, and only a new producer helps.
 * - `fatal`: a permission or a setting has to be changed first.
 */
export type TransactionErrorKind = 'retry' | 'abort' | 'fenced' | 'fatal';

const kinds: Partial<Record<ErrorCode, TransactionErrorKind>> = {
  PRODUCER_FENCED: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  TRANSACTION_COORDINATOR_FENCED: 'fenced',
  CLOSED: 'fenced',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'fatal',
  CLUSTER_AUTHORIZATION_FAILED: 'fatal',
  SASL_AUTHENTICATION_FAILED: 'fatal',
  UNSUPPORTED_VERSION: 'fatal',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'fatal',
  INVALID_TRANSACTION_TIMEOUT: 'fatal',
  TRANSACTION_ABORTABLE: 'retry',
  INVALID_TXN_STATE: 'retry',
  INVALID_PRODUCER_EPOCH: 'retry',
  OUT_OF_ORDER_SEQUENCE_NUMBER: 'retry',
  UNKNOWN_PRODUCER_ID: 'retry',
  DELIVERY_TIMEOUT: 'retry',
  BUFFER_FULL: 'retry',
  ILLEGAL_GENERATION: 'retry',
  UNKNOWN_MEMBER_ID: 'retry',
  STALE_MEMBER_EPOCH: 'retry',
  REBALANCE_IN_PROGRESS: 'retry',
};

/** What an error means for a transactional producer; what no broker said is for the work itself. */
export function transactionErrorKind(error: unknown): TransactionErrorKind {
  if (!isKafkaError(error)) return 'abort';
  const kind = kinds[error.code];
  if (kind !== undefined) return kind;
  return error.retriable || errorFacts(error.code).retriable ? 'retry' : 'abort';
}
