/** Who waits for the budget to have room again. */
export interface BudgetWaiter {
  budgetFreed(): void;
}

/**
 * Bounds the bytes of requests that have been read and not answered yet, over all connections
 * (`queued.max.request.bytes`). Above the limit, connections that have work in hand stop reading;
 * one that has none may always read, so that nobody starves and the bound is overrun by at most
 * one read per connection.
 */
export class RequestBudget {
  readonly #limit: number;
  readonly #waiters = new Set<BudgetWaiter>();
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  /** Whether a connection with so many bytes in hand must stop reading; it hears when to go on. */
  mustWait(waiter: BudgetWaiter, bytesInHand: number): boolean {
    if (this.#used <= this.#limit || bytesInHand === 0) {
      this.#waiters.delete(waiter);
      return false;
    }
    this.#waiters.add(waiter);
    return true;
  }

  release(bytes: number, from: BudgetWaiter): void {
    this.#used -= bytes;
    this.#waiters.delete(from);
    if (this.#used > this.#limit || this.#waiters.size === 0) return;
    const waiting = [...this.#waiters];
    this.#waiters.clear();
    for (const waiter of waiting) waiter.budgetFreed();
  }
}
