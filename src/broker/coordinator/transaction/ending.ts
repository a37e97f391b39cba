import type { ErrorCode } from '../../../errors/index.js';
import type { EndTransaction, ProducerAnswer } from './transaction-messages.js';
import { isPrepared, type TransactionValue } from './transaction-records.js';
import { epochMax, isExhausted, type Step } from './transaction-step.js';

/** EndTxn (Kafka's `TransactionCoordinator.endTransaction`): decides the transaction's outcome. */
export function endTransaction(
  value: TransactionValue | undefined,
  request: EndTransaction,
  fresh: number | undefined,
  now: number,
): Step<ProducerAnswer> {
  if (value === undefined) return answered('INVALID_PRODUCER_ID_MAPPING');
  return request.bumpsEpoch
    ? endWithBump(value, request, fresh, now)
    : endWithoutBump(value, request, now);
}

/** EndTxn up to version 4: the epoch stays, so a repetition looks like the first request. */
function endWithoutBump(
  value: TransactionValue,
  request: EndTransaction,
  now: number,
): Step<ProducerAnswer> {
  const { producerId, producerEpoch, committed } = request;
  if (value.producerId !== producerId) return answered('INVALID_PRODUCER_ID_MAPPING');
  if (value.producerEpoch !== producerEpoch) return answered('PRODUCER_FENCED');
  if (value.state === 'Ongoing') {
    const ended = prepared(value, committed, now);
    return {
      value: { ...ended, nextProducerId: -1, clientVersion: 0 },
      answer: { error: 'NONE', producerId: -1, producerEpoch: -1 },
    };
  }
  if (isPrepared(value)) return answered('CONCURRENT_TRANSACTIONS');
  const isRepeated = value.state !== 'Empty' && wasCommitted(value) === committed;
  return answered(isRepeated ? 'NONE' : 'INVALID_TXN_STATE');
}

/**
 * EndTxn from version 5 on (KIP-890): every end brings a new epoch, so a request with the epoch
 * before is a repetition. Nothing can be committed where nothing was added; an abort of nothing
 * still brings its new epoch, because batches may have been refused or be under way.
 *
 * While markers are written any end is to be asked for again, before the epoch is looked at: the
 * producer has the next epoch already, and ending the next transaction so soon fences nobody.
 */
function endWithBump(
  value: TransactionValue,
  request: EndTransaction,
  fresh: number | undefined,
  now: number,
): Step<ProducerAnswer> {
  const { producerId, producerEpoch, committed } = request;
  if (isPrepared(value)) return answered('CONCURRENT_TRANSACTIONS');
  const isRetryOverflow =
    value.previousProducerId === producerId &&
    value.producerId !== producerId &&
    producerEpoch === epochMax - 1 &&
    value.producerEpoch === 0;
  const isRetry =
    isRetryOverflow ||
    (value.producerId === producerId && value.producerEpoch === producerEpoch + 1);
  if (value.producerId !== producerId && !isRetryOverflow) {
    return answered('INVALID_PRODUCER_ID_MAPPING');
  }
  const mayBeRetry = value.state.startsWith('Complete');
  const isCurrent = value.producerEpoch === producerEpoch;
  if (!isCurrent && !(isRetry && mayBeRetry)) return answered('PRODUCER_FENCED');
  if (!isCurrent && wasCommitted(value) !== committed) return answered('INVALID_TXN_STATE');
  if (!isCurrent) {
    return {
      answer: { error: 'NONE', producerId: value.producerId, producerEpoch: value.producerEpoch },
    };
  }
  if (value.state !== 'Ongoing' && committed) return answered('INVALID_TXN_STATE');
  return bumped(value, committed, fresh, now);
}

function bumped(
  value: TransactionValue,
  committed: boolean,
  fresh: number | undefined,
  now: number,
): Step<ProducerAnswer> {
  const rotates = isExhausted(value.producerEpoch);
  if (rotates && fresh === undefined) {
    const none = { producerId: -1, producerEpoch: -1 };
    return { answer: { error: 'NONE', ...none, needsProducerId: true } };
  }
  const producerEpoch = value.producerEpoch + 1;
  const nextProducerId = rotates && fresh !== undefined ? fresh : -1;
  const ended: TransactionValue = {
    ...prepared(value, committed, now),
    producerEpoch,
    lastProducerEpoch: value.producerEpoch,
    nextProducerId,
    startMs: value.state === 'Ongoing' ? value.startMs : now,
    clientVersion: 2,
  };
  const next = rotates
    ? { producerId: nextProducerId, producerEpoch: 0 }
    : { producerId: value.producerId, producerEpoch };
  return { value: ended, answer: { error: 'NONE', ...next } };
}

function prepared(value: TransactionValue, committed: boolean, now: number): TransactionValue {
  return { ...value, state: committed ? 'PrepareCommit' : 'PrepareAbort', lastUpdateMs: now };
}

function wasCommitted({ state }: TransactionValue): boolean {
  return state === 'PrepareCommit' || state === 'CompleteCommit';
}

function answered(error: ErrorCode): Step<ProducerAnswer> {
  return { answer: { error, producerId: -1, producerEpoch: -1 } };
}
