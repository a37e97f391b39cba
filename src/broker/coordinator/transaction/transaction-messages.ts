/** What producers and administrators ask about transactions, free of versions. */
import type { ErrorCode } from '../../../errors/index.js';
import type { TransactionState } from './transaction-records.js';

/** A producer at one of its epochs. */
export interface ProducerAtEpoch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface InitProducer {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** What the producer believes to be (KIP-360); undefined for one that begins. */
  readonly expected: ProducerAtEpoch | undefined;
}

/** `needsProducerId`: ask again with a producer id that nobody had before. */
export interface ProducerAnswer extends ProducerAtEpoch {
  readonly error: ErrorCode;
  readonly needsProducerId?: true | undefined;
}

export interface AddPartitions extends ProducerAtEpoch {
  readonly transactionalId: string;
  readonly partitions: readonly (readonly [topic: string, indexes: readonly number[]])[];
  /** 2 when the broker adds on behalf of Produce or TxnOffsetCommit, 0 for AddPartitionsToTxn. */
  readonly clientVersion: number;
}

export interface EndTransaction extends ProducerAtEpoch {
  readonly transactionalId: string;
  readonly committed: boolean;
  /** Whether the epoch grows with the end of the transaction (EndTxn 5 and later). */
  readonly bumpsEpoch: boolean;
}

/** A transaction whose outcome is durable and whose markers are to be written. */
export interface DecidedTransaction extends ProducerAtEpoch {
  readonly transactionalId: string;
  readonly committed: boolean;
  readonly partitions: readonly (readonly [topic: string, index: number])[];
}

export interface TransactionDescription extends ProducerAtEpoch {
  readonly errorCode: number;
  readonly transactionalId: string;
  readonly transactionState: TransactionState | '';
  readonly transactionTimeoutMs: number;
  readonly transactionStartTimeMs: number;
  readonly topics: { topic: string; partitions: number[] }[];
}

export interface TransactionFilter {
  /** Empty for all. */
  readonly states: readonly string[];
  /** Empty for all. */
  readonly producerIds: readonly number[];
  /** Only those running longer than this; negative for all. */
  readonly durationMs: number;
  /** Undefined for all. */
  readonly matches: ((transactionalId: string) => boolean) | undefined;
}

export interface TransactionListing {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly transactionState: TransactionState;
}
