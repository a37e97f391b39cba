import type { LogSegment } from './log-segment.js';
import type { AbortedTransaction } from './transaction-index.js';

/** The segments of a log in the order of their base offsets; never empty once opened. */
export class LogSegments {
  #segments: LogSegment[] = [];

  get count(): number {
    return this.#segments.length;
  }

  get size(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.size, 0);
  }

  get active(): LogSegment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new RangeError('the log has no segment');
    return last;
  }

  get first(): LogSegment {
    const first = this.#segments[0];
    if (first === undefined) throw new RangeError('the log has no segment');
    return first;
  }

  all(): readonly LogSegment[] {
    return this.#segments;
  }

  add(segment: LogSegment): void {
    this.#segments.push(segment);
  }

  /** Takes the first `count` away. */
  takeFirst(count: number): LogSegment[] {
    const taken = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    return taken;
  }

  /**
   * Renames the files of the first one and takes it out; gives their new names. Where its `.log`
   * cannot be renamed it stays: on the disk there must be no hole before those that follow.
   */
  dropFirst(): string[] {
    const { first } = this;
    try {
      return first.markDeleted();
    } finally {
      if (!first.isThere) this.takeFirst(1);
    }
  }

  /** Takes away those after the given number. */
  takeAfter(count: number): LogSegment[] {
    const taken = this.#segments.slice(count);
    this.#segments = this.#segments.slice(0, count);
    return taken;
  }

  /** Puts one segment in the place of several; false, and nothing done, where they are gone. */
  replace(old: readonly LogSegment[], segment: LogSegment): boolean {
    const place = this.placeOfAll(old);
    if (place < 0) return false;
    this.#segments = this.#segments.toSpliced(place, old.length, segment);
    return true;
  }

  /** Where these segments stand one after the other, -1 where they no longer do. */
  placeOfAll(some: readonly LogSegment[]): number {
    const [first] = some;
    const place = first === undefined ? -1 : this.#segments.indexOf(first);
    return some.every((segment, i) => this.#segments[place + i] === segment) ? place : -1;
  }

  /** Place of the segment that holds the offset: the last whose base is not above it. */
  placeOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const segment = this.#segments[middle];
      if (segment !== undefined && segment.baseOffset > offset) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  }

  /** Aborted transactions that touch offsets from `from` on and begin below `upTo`, in order. */
  abortedTransactions(from: number, upTo: number): AbortedTransaction[] {
    const found = this.#segments
      .slice(this.placeOf(from))
      .flatMap(({ transactionIndex }) => transactionIndex.overlapping(from, upTo));
    return found.sort((a, b) => a.firstOffset - b.firstOffset);
  }

  at(place: number): LogSegment | undefined {
    return this.#segments[place];
  }

  /** The offset at which the segment ends: the base of the next one. */
  endOf(place: number, logEndOffset: number): number {
    return this.#segments[place + 1]?.baseOffset ?? logEndOffset;
  }
}
