import type { Clock } from '../../system/index.js';

/** How long the first record of a transaction may be kept back, in milliseconds. */
const waits = [0, 1, 2, 4, 8] as const;
/** A broker that finds markers missing looks again after 20 ms: below this nothing is to be won. */
const worthwhileMs = 10;
/** How much one transaction says about the wait that is in use. */
const weight = 0.2;
/** So many transactions lie between two that try another wait, more and more as nothing changes. */
const tryEveryMin = 16;
const tryEveryMax = 512;
/** The first wait where the step before is still under way: that is a matter of milliseconds. */
const backoffMs = 2;

/** Milliseconds to wait after CONCURRENT_TRANSACTIONS, twice as long each time. */
export function markerBackoff(attempt: number, backoffMsMax: number): number {
  return Math.min(backoffMs * 2 ** Math.min(attempt, 10), backoffMsMax);
}

/**
 * Keeps the first record of a transaction back while the markers of the one before are being
 * written. With version 2 of transactions (KIP-890) a broker that gets it earlier looks for the
 * end of the last transaction in steps of `add.partitions.to.txn.retry.backoff.ms` (20), so that
 * two milliseconds too early cost twenty.
 *
 * What a wait costs is measured from the end of one transaction to the first answer of the next,
 * the wait included. Each is tried when it may help, the cheapest one is used, and the others are
 * looked at again from time to time. Where markers are quick, nothing is ever kept back.
 */
export class MarkerWait {
  readonly #clock: Clock;
  /** By the place in `waits`; undefined where it was never tried. */
  readonly #costs: (number | undefined)[] = [];
  #used = 0;
  /** The one that holds in the transaction at hand. */
  #tried = 0;
  #lastTried = 0;
  #tryEvery = tryEveryMin;
  #untilTry = 0;
  #endedAt = 0;
  #hasKeptBack = false;
  /** A transaction has ended, and nothing of the next one was sent so far. */
  #isFirst = false;
  /** Which wait the first answer says something about. */
  #measured: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The coordinator has taken the end of a transaction, and writes its markers. */
  ended(): void {
    this.#endedAt = this.#clock.monotonic();
    this.#hasKeptBack = false;
    this.#isFirst = true;
    this.#measured = undefined;
    this.#tried = this.#next();
  }

  #next(): number {
    const cost = this.#costs[this.#used];
    if (cost === undefined || (this.#used === 0 && cost < worthwhileMs)) return this.#used;
    for (let place = this.#used + 1; place < waits.length; place++) {
      if (this.#costs[place] === undefined) return place;
    }
    if (this.#untilTry-- > 0) return this.#used;
    this.#untilTry = this.#tryEvery;
    this.#tryEvery = Math.min(this.#tryEvery * 2, tryEveryMax);
    this.#lastTried = (this.#lastTried + 1) % waits.length;
    if (this.#lastTried === this.#used) this.#lastTried = (this.#used + 1) % waits.length;
    return this.#lastTried;
  }

  /** How many milliseconds the first record is still to be kept back; 0 lets it go. */
  remaining(): number {
    if (!this.#isFirst) return 0;
    const rest = this.#endedAt + (waits[this.#tried] as number) - this.#clock.monotonic();
    if (rest <= 0) return 0;
    this.#hasKeptBack = true;
    return rest;
  }

  /** Something of the transaction is being sent. */
  sending(): void {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    if (this.#hasKeptBack) {
      this.#measured = this.#tried;
      return;
    }
    const since = this.#clock.monotonic() - this.#endedAt;
    // Who comes later than after any wait learns nothing about them.
    if (since > 2 * (waits.at(-1) as number)) return;
    this.#measured = waits.findLastIndex((wait) => wait <= since);
  }

  /** The first answer to what was sent. */
  answered(): void {
    const place = this.#measured;
    if (place === undefined) return;
    this.#measured = undefined;
    const cost = this.#clock.monotonic() - this.#endedAt;
    const before = this.#costs[place];
    const isUsed = place === this.#used && before !== undefined;
    this.#costs[place] = isUsed ? before + (cost - before) * weight : cost;
    const cheapest = this.#cheapest();
    if (cheapest === this.#used) return;
    this.#used = cheapest;
    this.#tryEvery = tryEveryMin;
    this.#untilTry = tryEveryMin;
  }

  #cheapest(): number {
    let cheapest = this.#used;
    const costOf = (place: number) => this.#costs[place] ?? Infinity;
    for (const place of waits.keys()) {
      if (costOf(place) < costOf(cheapest)) cheapest = place;
    }
    return cheapest;
  }
}
