import type { RecordBatch } from '../../records/index.js';

/** A record of an internal topic; a null value is a tombstone. */
export interface InternalRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

export interface InternalAppendOptions {
  /** Writes the batch as part of this producer's open transaction. */
  readonly transaction?:
    | { readonly producerId: number; readonly producerEpoch: number }
    | undefined;
}

/** The end of a producer's transaction. */
export interface MarkerOfTransaction {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  readonly coordinatorEpoch: number;
}

/**
 * How a coordinator reaches the topic that keeps its state. Kept as narrow as this so that a
 * coordinator can be tested with a list.
 */
export interface InternalTopic {
  readonly name: string;
  /** How many partitions it has, or undefined while nobody has needed it. */
  partitionCount(): number | undefined;
  /** Creates the topic when it is not there, and answers its number of partitions. */
  ensure(): Promise<number>;
  /**
   * Appends all records as one batch. The bytes are in the log when this returns, in the order of
   * the calls; the promise resolves when the high watermark has passed them, and fails when they
   * could not be written or synced.
   */
  append(
    partition: number,
    records: readonly InternalRecord[],
    options?: InternalAppendOptions,
  ): Promise<void>;
  /** Appends the marker that ends a transaction; resolves and fails as `append` does. */
  appendMarker(partition: number, marker: MarkerOfTransaction): Promise<void>;
  /** The epoch of a producer's last batch or marker in the partition, -1 where it has none. */
  producerEpoch(partition: number, producerId: number): number;
  /** All batches from the log start on, lazily; a view is valid until the next is asked for. */
  read(partition: number): Iterable<RecordBatch>;
}

/** An internal topic that its coordinator cuts short by itself. */
export interface PrunedTopic extends InternalTopic {
  /** The offset of the next record of a partition. */
  endOffset(partition: number): number;
  /** Deletes all records below an offset that is not above the high watermark. */
  deleteBefore(partition: number, offset: number): void;
}
