import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type {
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
} from './transaction-messages.js';
import type { TransactionValue } from './transaction-records.js';

/** What DescribeTransactions says of an id. */
export function described(
  transactionalId: string,
  value: TransactionValue | undefined,
): TransactionDescription {
  if (value === undefined) return undescribed(transactionalId, 'TRANSACTIONAL_ID_NOT_FOUND');
  return {
    errorCode: 0,
    transactionalId,
    transactionState: value.state,
    transactionTimeoutMs: value.timeoutMs,
    transactionStartTimeMs: value.startMs,
    producerId: value.producerId,
    producerEpoch: value.producerEpoch,
    topics: Array.from(value.partitions, ([topic, indexes]) => ({
      topic,
      partitions: [...indexes].sort((a, b) => a - b),
    })),
  };
}

/** What DescribeTransactions says where it can say nothing. */
export function undescribed(transactionalId: string, code: ErrorCode): TransactionDescription {
  return {
    errorCode: errnoOf(code),
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  };
}

/** The ids that pass the filter. */
export function listed(
  entries: Iterable<[string, TransactionValue]>,
  { states, producerIds, durationMs, matches }: TransactionFilter,
  now: number,
): TransactionListing[] {
  const found: TransactionListing[] = [];
  for (const [transactionalId, { producerId, state, startMs }] of entries) {
    if (state === 'Dead') continue;
    if (states.length > 0 && !states.includes(state)) continue;
    if (producerIds.length > 0 && !producerIds.includes(producerId)) continue;
    if (durationMs >= 0 && now - startMs <= durationMs) continue;
    if (matches !== undefined && !matches(transactionalId)) continue;
    found.push({ transactionalId, producerId, transactionState: state });
  }
  return found;
}
