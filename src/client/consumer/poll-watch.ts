import { KafkaError } from '../../errors/index.js';
import type { Clock, Timer } from '../../system/index.js';

/** What can be seen of the application's loop from outside. */
export interface PollWatched {
  /** Grows with every question of the loop. */
  readonly polls: number;
  /** Whether the loop is waiting for records right now. */
  readonly isPolling: boolean;
}

/** The loop is looked at so many times in `maxPollIntervalMs`, which bounds the error. */
const looks = 10;

/**
 * Notices a loop that has not asked for records for `maxPollIntervalMs` (Kafka's
 * `max.poll.interval.ms`), within a tenth of it, at no cost for each record.
 */
export class PollWatch {
  readonly #clock: Clock;
  readonly #watched: PollWatched;
  readonly #maxPollIntervalMs: number;
  readonly #overdue: () => void;
  #timer: Timer | undefined;
  #polls = 0;
  #seenAt = 0;
  #isOverdue = false;

  constructor(clock: Clock, watched: PollWatched, maxPollIntervalMs: number, overdue: () => void) {
    this.#clock = clock;
    this.#watched = watched;
    this.#maxPollIntervalMs = maxPollIntervalMs;
    this.#overdue = overdue;
  }

  /** Monotonic time at which the loop was last seen to be alive, within a tenth of the interval. */
  get lastPollAt(): number {
    this.#look();
    return this.#seenAt;
  }

  start(): void {
    this.#seenAt = this.#clock.monotonic();
    this.#polls = this.#watched.polls;
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const delayMs = Math.max(1, this.#maxPollIntervalMs / looks);
    this.#timer = this.#clock.after(delayMs, () => {
      this.#look();
      const isLate = this.#clock.monotonic() - this.#seenAt >= this.#maxPollIntervalMs;
      if (isLate && !this.#isOverdue) {
        this.#isOverdue = true;
        this.#overdue();
      }
      this.#arm();
    });
  }

  #look(): void {
    if (!this.#watched.isPolling && this.#watched.polls === this.#polls) return;
    this.#polls = this.#watched.polls;
    this.#seenAt = this.#clock.monotonic();
    this.#isOverdue = false;
  }
}

/** What the application hears when its loop is given up on. */
export function pollTimeout(maxPollIntervalMs: number, group: string | undefined): KafkaError {
  return new KafkaError('POLL_TIMEOUT', `No record was asked for within ${maxPollIntervalMs} ms.`, {
    group,
    hint: 'The partitions go to other members. Work faster, or raise maxPollIntervalMs.',
  });
}
