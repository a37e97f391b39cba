/** Kafka's `metrics.sample.window.ms`; two such windows count. */
const windowMs = 30_000;

interface Window {
  /** Monotonic time at which it began. */
  readonly since: number;
  count: number;
  sum: number;
  max: number;
}

/** Measured values of the last half to whole minute: how large they are on average and at most. */
export class RecentValues {
  #now: Window = emptySince(-Infinity);
  #before: Window = emptySince(-Infinity);

  /** `now` is monotonic, in ms. */
  add(value: number, now: number): void {
    if (now - this.#now.since >= windowMs) this.#turn(now);
    const window = this.#now;
    window.count++;
    window.sum += value;
    if (value > window.max) window.max = value;
  }

  /** 0 where there are none. */
  average(now: number): number {
    return RecentValues.averageOf([this], now);
  }

  /** Of all of them together. */
  static averageOf(all: readonly RecentValues[], now: number): number {
    let count = 0;
    let sum = 0;
    for (const one of all) {
      one.#turn(now);
      count += one.#now.count + one.#before.count;
      sum += one.#now.sum + one.#before.sum;
    }
    return count === 0 ? 0 : sum / count;
  }

  max(now: number): number {
    this.#turn(now);
    return Math.max(this.#now.max, this.#before.max);
  }

  #turn(now: number): void {
    const age = now - this.#now.since;
    if (age < windowMs) return;
    this.#before = age < 2 * windowMs ? this.#now : emptySince(now);
    this.#now = emptySince(now);
  }
}

function emptySince(since: number): Window {
  return { since, count: 0, sum: 0, max: 0 };
}
