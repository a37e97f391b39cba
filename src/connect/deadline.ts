import type { System } from '../system/index.js';

export interface Deadline {
  /** Aborted when the time is over, or when the signal says so. */
  readonly signal: AbortSignal;
  readonly end: () => void;
}

/** Time for something that ends before it, which `end` tells. */
export function deadline(ms: number, system: System, signal: AbortSignal): Deadline {
  const over = new AbortController();
  const giveUp = () => over.abort();
  signal.addEventListener('abort', giveUp);
  const timer = system.clock.after(ms, giveUp);
  const end = () => {
    timer.cancel();
    signal.removeEventListener('abort', giveUp);
  };
  return { signal: over.signal, end };
}
