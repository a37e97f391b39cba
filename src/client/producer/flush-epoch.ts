/**
 * The calls between two flushes. A flush waits for the calls of its own epoch and of all before
 * it, without a list of calls: each epoch counts those that are open and knows its forerunner.
 */
export class FlushEpoch {
  open = 0;
  #before: FlushEpoch | undefined;
  #isSealed = false;
  #done: (() => void) | undefined;

  constructor(before?: FlushEpoch) {
    this.#before = before;
  }

  finished(): void {
    this.open--;
    this.#check();
  }

  /** No further calls join. Calls `done` as soon as this epoch and those before it are over. */
  seal(done: () => void): void {
    this.#isSealed = true;
    this.#done = done;
    this.#check();
  }

  get isOver(): boolean {
    if (this.open > 0) return false;
    if (this.#before === undefined) return true;
    if (!this.#before.isOver) return false;
    this.#before = undefined;
    return true;
  }

  #check(): void {
    if (!this.#isSealed || this.#done === undefined || this.open > 0) return;
    const before = this.#before;
    if (before === undefined || before.isOver) {
      const done = this.#done;
      this.#done = undefined;
      this.#before = undefined;
      done();
    } else {
      before.#follow(() => this.#check());
    }
  }

  /** Calls `next` once this epoch is over. */
  #follow(next: () => void): void {
    const done = this.#done;
    this.#isSealed = true;
    this.#done = () => {
      done?.();
      next();
    };
    this.#check();
  }
}
