import { KafkaError } from '../../errors/index.js';
import type { Clock, Timer } from '../../system/index.js';
import { aborted } from './broker-pool.js';

/** Waits that end early, with CLOSED, when their owner closes. */
export class Delays {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`; rejects with ABORTED or CLOSED when that comes first. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closedError());
      if (signal?.aborted) return reject(aborted(signal));
      const settle = (settled: () => void) => {
        timer.cancel();
        this.#waiting.delete(onClose);
        signal?.removeEventListener('abort', onAbort);
        settled();
      };
      const onClose = () => settle(() => reject(closedError()));
      const onAbort = () => settle(() => reject(aborted(signal as AbortSignal)));
      const timer: Timer = this.#clock.after(ms, () => settle(resolve));
      this.#waiting.add(onClose);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  close(): void {
    this.#closed = true;
    for (const onClose of this.#waiting) onClose();
  }
}

export function closedError(): KafkaError {
  return new KafkaError('CLOSED', 'The Kafka client has been closed.');
}
