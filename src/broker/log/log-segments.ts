import type { LogSegment } from './log-segment.js';

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

  at(place: number): LogSegment | undefined {
    return this.#segments[place];
  }

  /** The offset at which the segment ends: the base of the next one. */
  endOf(place: number, logEndOffset: number): number {
    return this.#segments[place + 1]?.baseOffset ?? logEndOffset;
  }
}
