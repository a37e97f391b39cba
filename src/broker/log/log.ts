import type { AppendOptions, AppendResult } from './append.js';
import type { LogConfig } from './log-config.js';

export interface ReadOptions {
  /** Reads only batches that begin below this offset (high watermark or last stable offset). */
  readonly upTo: number;
  /** Gives the first batch whole even where it is larger than `maxBytes`. */
  readonly minOneBatch: boolean;
}

/** Bytes as a Fetch response carries them; valid and unchanged for as long as someone holds them. */
export interface LogRead {
  /** Whole batches from the one that holds the offset; the last may be cut at `maxBytes`. */
  readonly chunks: readonly Buffer[];
  readonly bytes: number;
  /** Base offset of the first batch; the asked offset when there is nothing to read. */
  readonly baseOffset: number;
}

export interface OffsetAndTimestamp {
  readonly offset: number;
  readonly timestamp: number;
  /** -1 where unknown. */
  readonly leaderEpoch: number;
}

/** What the log knows of an idempotent producer (DescribeProducers). */
export interface ProducerSummary {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** -1 where no marker was written. */
  readonly coordinatorEpoch: number;
  /** First offset of the open transaction, -1 without one. */
  readonly currentTransactionStartOffset: number;
}

/** One partition directory. Bodies follow; see `LogManager` for how to get one. */
export declare class Log {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly config: LogConfig;
  readonly logStartOffset: number;
  /** Offset of the next record. */
  readonly logEndOffset: number;
  /** Everything below is on disk safely (or counts as such in the chosen durability). */
  readonly syncedOffset: number;
  /** Bytes of all segments. */
  readonly size: number;
  /** Latest leader epoch that has records or was announced; -1 without any. */
  readonly latestEpoch: number;
  /** Why writing has stopped for good (a failed sync), or undefined. */
  readonly failure: Error | undefined;

  /** Called whenever `syncedOffset` has moved. One listener: the partition. */
  onSynced: (offset: number) => void;
  /** Called whenever `logStartOffset` has moved (retention, DeleteRecords). */
  onLogStart: (offset: number) => void;
  /** Called once when writing has failed for good. */
  onFailed: (error: Error) => void;

  /**
   * Checks, numbers and writes one or more whole batches (clients: exactly one). Synchronous: the
   * bytes are in the log when it returns. The buffer is changed in place (offset, epoch) and must
   * not be used by the caller afterwards. Fails with AppendError. Codecs must be ready:
   * await `prepareAppend` first when it gives a promise.
   */
  append(batches: Buffer, options: AppendOptions): AppendResult;
  /** Calls back once everything below `offset` is synced, or with the error that prevents it. */
  whenSynced(offset: number, done: (error?: Error) => void): void;
  /** Fails with OFFSET_OUT_OF_RANGE below the log start and above the log end. */
  read(offset: number, maxBytes: number, options: ReadOptions): LogRead;
  /** Tells the log that a new leader epoch begins at its end; written down with its first record. */
  assignLeaderEpoch(epoch: number): void;
  /** Leader epoch of the record at this offset, -1 where unknown. */
  epochAt(offset: number): number;
  /** End offset of an epoch as OffsetForLeaderEpoch answers it; -1 and -1 where unknown. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number };
  /** First record at or after the timestamp, below `upTo`. */
  offsetForTimestamp(timestamp: number, upTo: number): Promise<OffsetAndTimestamp | undefined>;
  /** The first record with the greatest timestamp; undefined in a log without timestamps. */
  offsetOfMaxTimestamp(upTo: number): Promise<OffsetAndTimestamp | undefined>;
  /** Moves the log start (DeleteRecords); returns the new log start. */
  deleteRecordsBefore(offset: number): number;
  updateConfig(config: LogConfig): void;
  producers(): ProducerSummary[];
}
