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
  readonly #watched: () => Iterable<PollWatched>;
  readonly #maxPollIntervalMs: number;
  readonly #overdue: () => void;
  #timer: Timer | undefined;
  /** What was last seen of each loop. */
  #seen = new Map<PollWatched, { readonly polls: number; readonly at: number }>();
  #isOverdue = false;

  constructor(
    clock: Clock,
    watched: () => Iterable<PollWatched>,
    maxPollIntervalMs: number,
    overdue: () => void,
  ) {
    this.#clock = clock;
    this.#watched = watched;
    this.#maxPollIntervalMs = maxPollIntervalMs;
    this.#overdue = overdue;
  }

  /**
   * Monotonic time at which the loop (of several: the slowest) was last seen to be alive, within a
   * tenth of the interval.
   */
  get lastPollAt(): number {
    return this.#look();
  }

  start(): void {
    this.#look();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const delayMs = Math.max(1, this.#maxPollIntervalMs / looks);
    this.#timer = this.#clock.after(delayMs, () => {
      const isLate = this.#clock.monotonic() - this.#look() >= this.#maxPollIntervalMs;
      if (!isLate) this.#isOverdue = false;
      if (isLate && !this.#isOverdue) {
        this.#isOverdue = true;
        this.#overdue();
      }
      this.#arm();
    });
  }

  #look(): number {
    const now = this.#clock.monotonic();
    const seen = new Map<PollWatched, { readonly polls: number; readonly at: number }>();
    let slowest = now;
    for (const each of this.#watched()) {
      const before = this.#seen.get(each);
      const isAlive = each.isPolling || before === undefined || before.polls !== each.polls;
      const at = isAlive ? now : before.at;
      seen.set(each, { polls: each.polls, at });
      slowest = Math.min(slowest, at);
    }
    this.#seen = seen;
    return slowest;
  }
}

/** What the application hears when its loop is given up on. */
export function pollTimeout(maxPollIntervalMs: number, group: string | undefined): KafkaError {
  return new KafkaError('POLL_TIMEOUT', `No record was asked for within ${maxPollIntervalMs} ms.`, {
    group,
    hint: 'The partitions go to other members. Work faster, or raise maxPollIntervalMs.',
  });
}
