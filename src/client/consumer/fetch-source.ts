import { FetchSession, type FetchTarget } from './fetch-session.js';
import type { PartitionState } from './partition-state.js';

/** A partition while a request for it is under way. */
export interface Asked {
  readonly state: PartitionState;
  readonly incarnation: number;
  readonly target: FetchTarget;
}

/** Whether nothing was left behind what the answers have brought. */
export function isAtEnd(asked: readonly Asked[]): boolean {
  return asked.every(({ state }) => state.fetchOffset >= state.endOffset);
}

/** One broker that partitions are fetched from. */
export class FetchSource {
  readonly broker: number;
  readonly session = new FetchSession();
  /** The connection for fetches from this broker. */
  lane: string;
  /** What the request under way asks for; undefined while there is none. */
  asked: readonly Asked[] | undefined;
  /** Ends the request under way. */
  abort = new AbortController();
  /** Bytes the answer under way may bring. */
  reserved = 0;
  /** No fetch before this moment, after a failure. */
  retryAt = 0;
  /** No fetch for idle partitions beside full ones before this moment. */
  sharedPollAt = 0;
  /** Failures in a row. */
  failures = 0;

  constructor(broker: number, lane: string) {
    this.broker = broker;
    this.lane = lane;
  }

  get inFlight(): boolean {
    return this.asked !== undefined;
  }

  /** Whether a request is under way whose answer nobody wants any more. */
  get isPointless(): boolean {
    if (this.asked === undefined || this.abort.signal.aborted) return false;
    return this.asked.every(({ state, incarnation }) => state.incarnation !== incarnation);
  }

  /** When the next fetch may go; `full` when some of the broker's partitions have enough. */
  startAt(full: boolean): number {
    return full ? Math.max(this.retryAt, this.sharedPollAt) : this.retryAt;
  }
}
