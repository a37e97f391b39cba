import type { Clock, Timer } from '../clock.js';

interface Waiting {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** An endless exchange of `soon` calls is a bug in what is tested: it ends here. */
const turnsMax = 100_000;

/**
 * Time that stands still until `advance` is called. Timers then run in the order of their due
 * times (equal times in the order they were set), each after everything that the one before set
 * in motion has come to rest.
 */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  /** Calls of `soon` that have not run yet. */
  #soon = 0;
  readonly #waiting = new Set<Waiting>();

  /** `startMs` is what `now()` says at first; default the morning of 1 January 2024 (UTC). */
  constructor(startMs = 1_704_096_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, run: () => void): Timer {
    const waiting = { at: this.#elapsed + Math.max(0, delayMs), order: this.#order++, run };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  soon(run: () => void): void {
    this.#soon += 1;
    setImmediate(() => {
      this.#soon -= 1;
      run();
    });
  }

  /** Timers that are set; for leak checks. */
  get pendingTimers(): number {
    return this.#waiting.size;
  }

  /** Sets the wall clock without touching timers, as someone setting the date would. */
  setWallClock(ms: number): void {
    this.#now = ms;
  }

  /** Moves time on, running what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    await this.settle();
    for (let next = this.#next(target); next !== undefined; next = this.#next(target)) {
      this.#waiting.delete(next);
      this.#moveTo(Math.max(this.#elapsed, next.at));
      next.run();
      await this.settle();
    }
    this.#moveTo(target);
  }

  /** Lets promises and `soon` calls run until none of the latter is left; time stands still. */
  async settle(): Promise<void> {
    let turns = 0;
    do {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      turns += 1;
    } while (this.#soon > 0 && turns < turnsMax);
  }

  #moveTo(elapsed: number): void {
    this.#now += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }

  #next(until: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.at > until) continue;
      const earlier =
        first === undefined ||
        waiting.at < first.at ||
        (waiting.at === first.at && waiting.order < first.order);
      if (earlier) first = waiting;
    }
    return first;
  }
}
