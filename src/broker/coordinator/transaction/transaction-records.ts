/** What the transaction machine writes down, before it becomes bytes. */

/** The states of a transaction in the order of Kafka's numbers (`TransactionState`). */
export const transactionStates = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;

export type TransactionState = (typeof transactionStates)[number];

/** Partition indexes by topic, in the order in which they were added. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>;

/** A transactional id with its producer and its current or last transaction. */
export interface TransactionValue {
  readonly producerId: number;
  /** The producer id before this one; the same id where it never changed. */
  readonly previousProducerId: number;
  /** The producer id that takes over when this transaction is complete; -1 without one. */
  readonly nextProducerId: number;
  readonly producerEpoch: number;
  /**
   * The epoch before the last bump, by which a repeated request is recognised. Kept in memory
   * only, as in Kafka: -1 after the log was read again.
   */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly state: TransactionState;
  readonly partitions: TransactionPartitions;
  /** Wall clock in milliseconds. */
  readonly lastUpdateMs: number;
  /** Wall clock when the first partition was added; -1 before that. */
  readonly startMs: number;
  /** 2 when the producer ends transactions with new epochs (KIP-890, part 2), else 0. */
  readonly clientVersion: number;
}

export interface TransactionRecord {
  readonly transactionalId: string;
  /** Null forgets the id. */
  readonly value: TransactionValue | null;
}

/** Whether markers are being written: the outcome is decided, nothing can be added. */
export function isPrepared({ state }: TransactionValue): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort';
}

export function hasPartition(value: TransactionValue, topic: string, partition: number): boolean {
  return value.partitions.get(topic)?.has(partition) === true;
}

export const noPartitions: TransactionPartitions = new Map();
