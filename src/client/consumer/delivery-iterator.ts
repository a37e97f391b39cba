/** Where an iterator gets its items from. */
export interface DeliverySource<T> {
  /** The next item if it is there already; the one before is finished then. */
  ready(): T | undefined;
  /** The next item as soon as it comes; undefined at the end. */
  wait(): Promise<T | undefined>;
  /** The loop was left: what it had at hand is not finished. */
  left(): void;
}

/** Shared by all results at the end. */
const ended: IteratorResult<never> = { done: true, value: undefined };

/**
 * The loop's end of a delivery. A ready item costs one resolved promise; calls that come before
 * the previous one has its answer are served in order.
 */
export class DeliveryIterator<T> implements AsyncIterableIterator<T> {
  readonly #source: DeliverySource<T>;
  /** Settles when the last waiting call has its answer; undefined when none waits. */
  #last: Promise<void> | undefined;
  /** Calls without an answer. */
  #waiting = 0;
  #isOver = false;

  constructor(source: DeliverySource<T>) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#isOver) return Promise.resolve(ended);
    if (this.#last !== undefined) return this.#queue();
    try {
      const item = this.#source.ready();
      if (item !== undefined) return Promise.resolve({ done: false, value: item });
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#queue();
  }

  return(): Promise<IteratorResult<T>> {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#source.left();
    }
    return Promise.resolve(ended);
  }

  #queue(): Promise<IteratorResult<T>> {
    this.#waiting++;
    const answer = this.#answer(this.#last);
    if (this.#waiting > 0) this.#last = answer.then(forget, forget);
    return answer;
  }

  async #answer(before: Promise<void> | undefined): Promise<IteratorResult<T>> {
    try {
      if (before !== undefined) await before;
      if (this.#isOver) return ended;
      const item = await this.#source.wait();
      if (item !== undefined) return { done: false, value: item };
      this.#isOver = true;
      return ended;
    } finally {
      // At once: the caller's next question comes before anything that waits for this answer.
      this.#waiting--;
      if (this.#waiting === 0) this.#last = undefined;
    }
  }
}

function forget(): void {}
