/** Before the first record is settled nobody knows how fast the loop is. */
const cautiousLimit = 20;
/** So much of a lock's time may be used up by what is acquired at once. */
const lockShare = 1 / 3;
/** How much the newest pace counts. */
const weight = 0.2;
/** Records settled within so many milliseconds were worked on together. */
const togetherMs = 1;

/**
 * How many records may be acquired and not settled at a time, so that the last of them is settled
 * before its lock ends: as many as the loop settles in a third of that time, at its pace so far.
 * Records that are settled together, as those of a batch, have taken equal shares of the time;
 * those that were renewed do not count, as nobody waits for their locks.
 */
export class AcquireLimit {
  /** Never more than this. */
  readonly max: number;
  /** Milliseconds from one settled record to the next while there was work; undefined at first. */
  #gapMs: number | undefined;
  #lastAt = -Infinity;
  /** What it was before the records that were settled together last, and those. */
  #gapBefore: number | undefined;
  #togetherMs = 0;
  #together = 0;

  constructor(max: number) {
    this.max = max;
  }

  /** A record that the loop was given at `deliveredAt` was settled now. */
  settled(deliveredAt: number, now: number): void {
    const gap = Math.max(0, now - Math.max(deliveredAt, this.#lastAt));
    if (now - this.#lastAt >= togetherMs) {
      this.#gapBefore = this.#gapMs;
      this.#together = 0;
      this.#togetherMs = 0;
    }
    this.#lastAt = now;
    this.#together++;
    this.#togetherMs += gap;
    const mean = this.#togetherMs / this.#together;
    const old = (1 - weight) ** this.#together;
    this.#gapMs = this.#gapBefore === undefined ? mean : this.#gapBefore * old + mean * (1 - old);
  }

  /**
   * `lockMs` is undefined before the first answer. `oldestAt` says since when the loop has had a
   * record that it has not settled: that no word has come since then tells of its pace, too.
   */
  current(lockMs: number | undefined, oldestAt = Infinity, now = 0): number {
    const silentMs = Math.max(0, now - Math.max(oldestAt, this.#lastAt));
    const gapMs = Math.max(this.#gapMs ?? 0, silentMs);
    const max = this.#gapMs === undefined ? Math.min(this.max, cautiousLimit) : this.max;
    if (gapMs === 0 || lockMs === undefined) return max;
    return Math.min(max, Math.max(1, Math.floor((lockMs * lockShare) / gapMs)));
  }

  /** Whether the loop is fast enough for all that may be acquired. */
  isAmple(lockMs: number | undefined): boolean {
    return this.#gapMs !== undefined && this.current(lockMs) === this.max;
  }
}
