import type { TransactionValue } from './transaction-records.js';

/** What an operation decides: the record it writes, if any, and the answer. */
export interface Step<T> {
  readonly value?: TransactionValue | undefined;
  readonly answer: T;
}

/** The epoch that no client is ever given: it fences the last one that was. */
export const epochMax = 0x7fff;

/** Whether a producer at this epoch needs a new producer id for its next epoch. */
export function isExhausted(producerEpoch: number): boolean {
  return producerEpoch >= epochMax - 1;
}

/** Aborts an open transaction against its producer's will; the new epoch shuts that one out. */
export function fenced(value: TransactionValue, now: number): TransactionValue {
  return {
    ...value,
    state: 'PrepareAbort',
    producerEpoch: value.producerEpoch + 1,
    lastProducerEpoch: value.producerEpoch,
    nextProducerId: -1,
    lastUpdateMs: now,
    clientVersion: 2,
  };
}
