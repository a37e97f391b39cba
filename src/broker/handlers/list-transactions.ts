import { errnoOf } from '../../errors/index.js';
import { topicMatcher } from '../coordinator/group/consumer/topic-regex.js';
import { transactionStates } from '../coordinator/transaction/transaction-records.js';
import type { Handler } from './handler.js';

const known: ReadonlySet<string> = new Set(transactionStates);

/** ListTransactions v0–2: the transactional ids in the states asked for (KIP-664). */
export const listTransactions: Handler<'ListTransactions'> = async (request, { broker }) => {
  const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request;
  const matches = transactionalIdPattern ? topicMatcher(transactionalIdPattern) : undefined;
  const unknownStateFilters = stateFilters.filter((state) => !known.has(state));
  const nothing = { unknownStateFilters, transactionStates: [] };
  if (transactionalIdPattern && matches === undefined) {
    return { errorCode: errnoOf('INVALID_REGULAR_EXPRESSION'), ...nothing };
  }
  const states = stateFilters.filter((state) => known.has(state));
  if (stateFilters.length > 0 && states.length === 0) return { errorCode: 0, ...nothing };
  const { error, transactions } = await broker.transactions.list({
    states,
    producerIds: producerIdFilters,
    durationMs: durationFilter,
    matches,
  });
  return { errorCode: errnoOf(error), unknownStateFilters, transactionStates: transactions };
};
