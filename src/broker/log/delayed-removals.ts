import type { Clock, Disk, Logger, Timer } from '../../system/index.js';

/** Files and directories that go after `file.delete.delay.ms`, or at the next start. */
export class DelayedRemovals {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timers = new Set<Timer>();

  constructor(disk: Disk, clock: Clock, logger: Logger) {
    this.#disk = disk;
    this.#clock = clock;
    this.#logger = logger;
  }

  add(paths: readonly string[], delayMs: number): void {
    const remove = () => {
      this.#timers.delete(timer);
      try {
        for (const path of paths) this.#disk.remove(path);
      } catch (error) {
        this.#logger.warn(`Deleted files stay until the next start: ${String(error)}`);
      }
    };
    const timer = this.#clock.after(delayMs, remove, { background: true });
    this.#timers.add(timer);
  }

  /** Leaves everything that is still due to the next start. */
  cancel(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
