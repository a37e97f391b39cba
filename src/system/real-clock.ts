import type { Clock, Timer } from './clock.js';

/** setTimeout takes no longer delay; longer waits are made of several. */
const timeoutMsMax = 0x7fffffff;

/** The clock of the machine. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run, options): Timer {
    return new RealTimer(delayMs, run, options?.background ?? false);
  },
  soon(run) {
    setImmediate(run);
  },
};

class RealTimer implements Timer {
  #handle: NodeJS.Timeout | undefined;

  constructor(delayMs: number, run: () => void, background: boolean) {
    this.#start(delayMs, run, background);
  }

  #start(delayMs: number, run: () => void, background: boolean): void {
    const now = Math.min(delayMs, timeoutMsMax);
    const rest = delayMs - now;
    this.#handle = setTimeout(() => {
      if (rest > 0) this.#start(rest, run, background);
      else run();
    }, now);
    if (background) this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}
