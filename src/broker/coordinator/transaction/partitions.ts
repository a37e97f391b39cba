import type { ErrorCode } from '../../../errors/index.js';
import type { AddPartitions, ProducerAtEpoch } from './transaction-messages.js';
import { hasPartition, isPrepared, type TransactionValue } from './transaction-records.js';
import type { Step } from './transaction-step.js';

/** The transaction with more partitions; the first of them begins it. */
export function addedTo(
  value: TransactionValue | undefined,
  request: AddPartitions,
  now: number,
): Step<ErrorCode> {
  const fault = producerFault(value, request);
  if (value === undefined || fault !== undefined) {
    return { answer: fault ?? 'INVALID_PRODUCER_ID_MAPPING' };
  }
  const isOngoing = value.state === 'Ongoing';
  const isThere = request.partitions.every(([topic, indexes]) =>
    indexes.every((index) => hasPartition(value, topic, index)),
  );
  if (isOngoing && isThere) return { answer: 'NONE' };
  const partitions = new Map(isOngoing ? value.partitions : []);
  for (const [topic, indexes] of request.partitions) {
    partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...indexes]));
  }
  return {
    value: {
      ...value,
      state: 'Ongoing',
      partitions,
      lastUpdateMs: now,
      startMs: isOngoing ? value.startMs : now,
      clientVersion: request.clientVersion,
    },
    answer: 'NONE',
  };
}

/** Why this producer cannot work on its transaction now. */
export function producerFault(
  value: TransactionValue | undefined,
  { producerId, producerEpoch }: ProducerAtEpoch,
): ErrorCode | undefined {
  if (value === undefined) return 'INVALID_PRODUCER_ID_MAPPING';
  // While an epoch is used up the next producer id is in use before it is anywhere else.
  const mayBeNext = isPrepared(value) && value.nextProducerId === producerId && producerId >= 0;
  if (mayBeNext) return 'CONCURRENT_TRANSACTIONS';
  if (value.producerId !== producerId) return 'INVALID_PRODUCER_ID_MAPPING';
  if (value.producerEpoch !== producerEpoch) return 'PRODUCER_FENCED';
  return isPrepared(value) ? 'CONCURRENT_TRANSACTIONS' : undefined;
}

/** TRANSACTION_ABORTABLE when nobody has added the partition to the transaction. */
export function partitionFault(
  value: TransactionValue | undefined,
  topic: string,
  partition: number,
): ErrorCode | undefined {
  const isIn = value?.state === 'Ongoing' && hasPartition(value, topic, partition);
  return isIn ? undefined : 'TRANSACTION_ABORTABLE';
}
