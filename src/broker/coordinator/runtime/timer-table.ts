import type { Outcome } from './outcome.js';

/** What happens when a timer is due: an operation like any other. */
export type TimerOperation<R> = (outcome: Outcome<R>, now: number) => void;

interface Entry<R> {
  operation: TimerOperation<R>;
  deadline: number;
  /** Grows with every call of `schedule`: equal deadlines fall due in this order. */
  order: number;
  /** The `order` of the one place in the heap that stands for this entry. */
  place: number;
}

/** A place in the heap: where `key` had this deadline when it was put there. */
interface Place {
  readonly key: string;
  readonly at: number;
  readonly order: number;
}

/**
 * The deadlines of one machine: a table, not timers of the system. The runtime tells it the time
 * and takes out what is due. A key has at most one deadline; setting it again moves it.
 *
 * A deadline that is moved further away keeps its place in the heap until that place comes up, so
 * that a heartbeat costs no search; one place stands for each entry, others are dropped then.
 */
export class TimerTable<R> {
  readonly #entries = new Map<string, Entry<R>>();
  readonly #heap: Place[] = [];
  #now = 0;
  #order = 0;

  /** Sets the deadline of `key` to `delayMs` from now. */
  schedule(key: string, delayMs: number, operation: TimerOperation<R>): void {
    const deadline = this.#now + Math.max(0, delayMs);
    const order = this.#order++;
    const entry = this.#entries.get(key);
    if (entry !== undefined && deadline >= entry.deadline) {
      entry.operation = operation;
      entry.deadline = deadline;
      entry.order = order;
      return;
    }
    this.#entries.set(key, { operation, deadline, order, place: order });
    this.#push({ key, at: deadline, order });
  }

  cancel(key: string): void {
    this.#entries.delete(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Tells the table the time, in milliseconds of the monotonic clock. */
  setNow(monotonicMs: number): void {
    this.#now = Math.max(this.#now, monotonicMs);
  }

  /** No deadline is earlier than this; undefined when there is none at all. */
  earliest(): number | undefined {
    if (this.#entries.size === 0) this.#heap.length = 0;
    return this.#heap[0]?.at;
  }

  /** Takes out the next operation that is due, in the order of deadlines. */
  takeDue(): TimerOperation<R> | undefined {
    for (let top = this.#heap[0]; top !== undefined && top.at <= this.#now; top = this.#heap[0]) {
      this.#pop();
      const entry = this.#entries.get(top.key);
      if (entry === undefined || entry.place !== top.order) continue;
      if (entry.order === top.order) {
        this.#entries.delete(top.key);
        return entry.operation;
      }
      entry.place = entry.order;
      this.#push({ key: top.key, at: entry.deadline, order: entry.order });
    }
    return undefined;
  }

  #push(place: Place): void {
    const heap = this.#heap;
    let at = heap.push(place) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(place, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = place;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (left === undefined) break;
      const rightFirst = right !== undefined && isBefore(right, left);
      const child = rightFirst ? right : left;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = 2 * at + (rightFirst ? 2 : 1);
    }
    heap[at] = last;
  }
}

function isBefore(one: Place, other: Place): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
