import type { Outcome } from './outcome.js';
import type { TimerTable } from './timer-table.js';

/** A record as it stands in the log; a null value is a tombstone. */
export interface LogRecord {
  readonly key: Buffer;
  readonly value: Buffer | null;
}

/** The producer of a transactional batch. */
export interface ProducerOfBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/**
 * A coordinator's state machine over one partition of its topic: no input, no output, no clock.
 * Operations are methods that change the machine and put records and answers into an `Outcome`;
 * `replay` is the only way in for what stands in the log.
 */
export interface Machine<R> {
  /** Applies a record, when it was just written or when the log is read again. */
  replay(record: R, transaction?: ProducerOfBatch): void;
  /** A transaction of this producer has ended: what it left pending counts, or vanishes. */
  replayMarker(producerId: number, committed: boolean): void;
  /** The log has been read to its end: time begins for what was found in it. */
  loaded(outcome: Outcome<R>, now: number): void;
}

/** How the records of a machine become bytes, and bytes records. */
export interface RecordCodec<R> {
  encode(record: R): LogRecord;
  /** Undefined for a record of a kind this version has no use for. */
  decode(record: LogRecord): R | undefined;
}

/** Makes the empty machine of a partition; called at every (re)load. */
export type MachineFactory<M, R> = (partition: number, timers: TimerTable<R>) => M;
