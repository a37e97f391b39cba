/** A scheduled call. Cancelling one that has run, or was cancelled, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time. `now` goes into records and may jump when someone sets the clock; everything that
 * measures or waits uses `monotonic` and the timers.
 */
export interface Clock {
  /** Wall clock in whole milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment, fractional, never going back. */
  monotonic(): number;
  /**
   * Calls `run` once after `delayMs`. A timer keeps the process alive unless `background` is set.
   */
  after(delayMs: number, run: () => void, options?: { readonly background?: boolean }): Timer;
  /** Calls `run` in the next turn of the event loop. */
  soon(run: () => void): void;
}
