import type { System } from '../system/index.js';

/** Waits for handlers to end. */
export class Drain {
  readonly #system: System;
  readonly #timeoutMs: number;
  readonly #waiting = new Set<() => void>();

  constructor(system: System, timeoutMs: number | undefined) {
    this.#system = system;
    this.#timeoutMs = timeoutMs ?? 30_000;
  }

  /** Something has ended: whoever waits looks again. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when nobody is busy, or the time for that is over. */
  async until(isBusy: () => boolean): Promise<void> {
    let isOver = false;
    const timer = this.#system.clock.after(this.#timeoutMs, () => {
      isOver = true;
      this.wake();
    });
    while (isBusy() && !isOver) {
      await new Promise<void>((wake) => {
        const once = () => {
          this.#waiting.delete(once);
          wake();
        };
        this.#waiting.add(once);
      });
    }
    timer.cancel();
  }
}
