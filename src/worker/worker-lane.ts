import type { ConsumerRecord } from '../client/index.js';

/** What became of a record: all three are the end of it here. */
export type Outcome = 'handled' | 'retried' | 'deadLettered';

/** A record on its way through a worker; whoever it came from hears what becomes of it. */
export interface LaneRecord {
  readonly record: ConsumerRecord;
  /** It belongs to somebody else by now: nothing is begun with it any more. */
  readonly isGone: boolean;
  /** A handler begins with it. */
  begins(): void;
  /** It is handled, or safe in another topic. */
  done(outcome: Outcome): void;
  /** A handler has ended with it, well or not. */
  ends(): void;
}

/** Where records of a worker come from. */
export interface WorkerLane {
  /** Records waiting for their time. */
  readonly delayed: number;
  /** Records in Kafka that have not been handed out, as far as is known. */
  readonly lag: number;
  /** Reads until `end`. */
  run(): Promise<void>;
  /** Rests while there are too many records, and goes on when there are fewer. */
  breathe(): void;
  /** Starts nothing new, waits for what runs, says how far it has come, and leaves the group. */
  end(): Promise<void>;
}
