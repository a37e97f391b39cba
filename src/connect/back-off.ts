import { KafkaError } from '../errors/index.js';
import type { System } from '../system/index.js';

export interface BackOffOptions {
  /** The first wait, in ms. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `attempt` (1, 2, …) is repeated: doubling, and between half and
 * all of it by chance, so that many who failed together do not come back together.
 */
export function backOffMs(attempt: number, options: BackOffOptions, system: System): number {
  const { baseMs, maxMs } = options;
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return full * (0.5 + system.random.fraction() / 2);
}

/** Waits; fails with ABORTED as soon as the signal says so. */
export function wait(ms: number, system: System, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(signal));
      return;
    }
    const onAbort = () => {
      timer.cancel();
      reject(abortedError(signal));
    };
    const timer = system.clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export function abortedError(signal: AbortSignal): KafkaError {
  return new KafkaError('ABORTED', 'The pipeline was told to stop.', {
    cause: signal.reason as unknown,
  });
}

/** Whatever comes first: the work, or ABORTED. The work goes on unseen then. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
