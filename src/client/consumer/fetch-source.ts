import { FetchSession } from './fetch-session.js';

/** One broker that partitions are fetched from. */
export class FetchSource {
  readonly broker: number;
  readonly session = new FetchSession();
  inFlight = false;
  /** Bytes the answer under way may bring. */
  reserved = 0;
  /** No fetch before this moment, after a failure. */
  retryAt = 0;
  /** No fetch for idle partitions beside full ones before this moment. */
  sharedPollAt = 0;
  /** Failures in a row. */
  failures = 0;

  constructor(broker: number) {
    this.broker = broker;
  }

  /** When the next fetch may go; `full` when some of the broker's partitions have enough. */
  startAt(full: boolean): number {
    return full ? Math.max(this.retryAt, this.sharedPollAt) : this.retryAt;
  }
}
