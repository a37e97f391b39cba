import type { ErrorCode } from '../../../errors/index.js';
import type { InitProducer, ProducerAnswer, ProducerAtEpoch } from './transaction-messages.js';
import { isPrepared, noPartitions, type TransactionValue } from './transaction-records.js';
import { fenced, isExhausted, type Step } from './transaction-step.js';

/**
 * InitProducerId for a transactional id: its producer id and the next epoch, which fences whoever
 * had the id before. An open transaction is aborted first; the producer asks again meanwhile.
 */
export function initProducer(
  value: TransactionValue | undefined,
  request: InitProducer,
  fresh: number | undefined,
  now: number,
): Step<ProducerAnswer> {
  const { timeoutMs, expected } = request;
  if (value === undefined) {
    if (fresh === undefined) return wanting;
    return given({ ...emptyValue, producerId: fresh, previousProducerId: fresh }, request, now);
  }
  if (isPrepared(value)) return refused('CONCURRENT_TRANSACTIONS');
  if (expected !== undefined && !isKnown(value, expected)) return refused('PRODUCER_FENCED');
  if (value.state === 'Ongoing') {
    const isOther =
      expected !== undefined &&
      expected.producerEpoch !== value.producerEpoch &&
      expected.producerEpoch !== value.lastProducerEpoch;
    if (isOther) return refused('PRODUCER_FENCED');
    return { ...refused('CONCURRENT_TRANSACTIONS'), value: fenced(value, now) };
  }
  const { producerId, producerEpoch, lastProducerEpoch } = value;
  const isCurrent = expected === undefined || expected.producerEpoch === producerEpoch;
  if (isCurrent && isExhausted(producerEpoch)) {
    if (fresh === undefined) return wanting;
    return rotated(value, fresh, request, now);
  }
  if (isCurrent) return given(value, request, now);
  // The answer to the same question was lost: the epoch it gave is given again.
  const isRetry = expected.producerEpoch === lastProducerEpoch && lastProducerEpoch >= 0;
  if (!isRetry) return refused('PRODUCER_FENCED');
  const again = { ...emptied(value, timeoutMs, now), producerEpoch, lastProducerEpoch };
  return { value: again, answer: { error: 'NONE', producerId, producerEpoch } };
}

const emptyValue: TransactionValue = {
  producerId: -1,
  previousProducerId: -1,
  nextProducerId: -1,
  producerEpoch: -1,
  lastProducerEpoch: -1,
  timeoutMs: 0,
  state: 'Empty',
  partitions: noPartitions,
  lastUpdateMs: -1,
  startMs: -1,
  clientVersion: 0,
};

/** The next epoch of the producer id. */
function given(
  value: TransactionValue,
  { timeoutMs, expected }: InitProducer,
  now: number,
): Step<ProducerAnswer> {
  const { producerId } = value;
  const producerEpoch = value.producerEpoch + 1;
  const lastProducerEpoch = expected === undefined ? -1 : value.producerEpoch;
  const next = { ...emptied(value, timeoutMs, now), producerEpoch, lastProducerEpoch };
  return { value: next, answer: { error: 'NONE', producerId, producerEpoch } };
}

/** A new producer id, because there is no epoch left that could fence this one. */
function rotated(
  value: TransactionValue,
  fresh: number,
  { timeoutMs, expected }: InitProducer,
  now: number,
): Step<ProducerAnswer> {
  const next: TransactionValue = {
    ...emptied(value, timeoutMs, now),
    producerId: fresh,
    previousProducerId: value.producerId,
    producerEpoch: 0,
    lastProducerEpoch: expected === undefined ? -1 : value.producerEpoch,
  };
  return { value: next, answer: { error: 'NONE', producerId: fresh, producerEpoch: 0 } };
}

function emptied(value: TransactionValue, timeoutMs: number, now: number): TransactionValue {
  return {
    ...value,
    state: 'Empty',
    partitions: noPartitions,
    timeoutMs,
    lastUpdateMs: now,
    startMs: -1,
  };
}

/** Whether the producer had this id; one that used it up may not know yet that it has a new one. */
function isKnown(value: TransactionValue, expected: ProducerAtEpoch): boolean {
  if (expected.producerId === value.producerId) return true;
  return expected.producerId === value.previousProducerId && isExhausted(expected.producerEpoch);
}

const wanting: Step<ProducerAnswer> = {
  answer: { error: 'NONE', producerId: -1, producerEpoch: -1, needsProducerId: true },
};

function refused(error: ErrorCode): Step<ProducerAnswer> {
  return { answer: { error, producerId: -1, producerEpoch: -1 } };
}
