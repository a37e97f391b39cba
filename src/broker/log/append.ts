import { type ErrorCode, KafkaError, type KafkaErrorOptions } from '../../errors/index.js';
import type { RememberedBatch } from './producer-entry.js';

/**
 * Who appends. `client`: everything is checked. `coordinator`: batches this broker made itself;
 * control batches are allowed. `raw`: batches with offsets and epochs of their own, as from an
 * import; they must continue the log.
 */
export type AppendOrigin = 'client' | 'coordinator' | 'raw';

export interface AppendOptions {
  readonly leaderEpoch: number;
  readonly origin: AppendOrigin;
  /** Wall clock in milliseconds. */
  readonly now: number;
  /**
   * Whether someone waits until the batch is synced: the sync then begins in the next turn of the
   * event loop, otherwise within `flushMs`. Default true.
   */
  readonly urgent?: boolean | undefined;
}

export interface AppendResult {
  /** Offset of the first record. */
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** What a Produce response says: -1 unless under LogAppendTime, or for a duplicate. */
  readonly logAppendTime: number;
  readonly logStartOffset: number;
  /** The batch was there already (same producer, epoch and sequence); nothing was appended. */
  readonly duplicate: boolean;
}

/** The answer to a batch that is in the log already. */
export function repeatedAppend(known: RememberedBatch, logStartOffset: number): AppendResult {
  return {
    baseOffset: known.lastOffset - known.offsetDelta,
    lastOffset: known.lastOffset,
    logAppendTime: known.timestamp,
    logStartOffset,
    duplicate: true,
  };
}

export interface RecordError {
  /** Place of the record in its batch. */
  readonly batchIndex: number;
  readonly message: string;
}

export interface AppendErrorOptions extends KafkaErrorOptions {
  readonly answer?: string | undefined;
  readonly recordErrors?: readonly RecordError[] | undefined;
  readonly logStartOffset?: number | undefined;
}

/** Why a batch was not appended, with what a Produce response says about it. */
export class AppendError extends KafkaError {
  /** `error_message` of the response; Kafka leaves it out for most codes. */
  readonly answer: string | null;
  /** `record_errors` of the response (v8 and later). */
  readonly recordErrors: readonly RecordError[];
  /** `log_start_offset` of the response; -1 where Kafka does not say it. */
  readonly logStartOffset: number;

  constructor(code: ErrorCode, message: string, options: AppendErrorOptions = {}) {
    super(code, message, options);
    this.answer = options.answer ?? null;
    this.recordErrors = options.recordErrors ?? [];
    this.logStartOffset = options.logStartOffset ?? -1;
  }
}
