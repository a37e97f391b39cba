import { Fifo } from './fifo.js';

/** What the scheduler asks about the items it is given. */
export interface SchedulerHost<T> {
  /** Items of the same chain run one after the other; undefined where order does not matter. */
  chainOf(item: T): string | undefined;
  /** Asked before an item is started: whether it is still wanted. */
  isWanted(item: T): boolean;
  /** Works on an item, and gives `turn` back by `ended` when it has, now or later. Never fails. */
  run(item: T, turn: Turn<T>): void;
  /** An item is through. */
  settled(): void;
}

/** The items of a key that wait, while one of them runs or is about to. */
interface Chain<T> {
  readonly name: string;
  readonly waiting: Fifo<T>;
}

/** An item on its way, to be given back once. */
export interface Turn<T> {
  readonly item: T;
  readonly chain: Chain<T> | undefined;
}

/**
 * Runs at most `concurrency` items at a time, and of each chain at most one: ten thousand keys
 * share fifty hands, and each key keeps its order.
 */
export class Scheduler<T> {
  readonly #concurrency: number;
  readonly #host: SchedulerHost<T>;
  /** Chains of which an item runs or is ready. */
  readonly #chains = new Map<string, Chain<T>>();
  readonly #ready = new Fifo<Turn<T>>();
  #running = 0;
  #waiting = 0;
  #isPumping = false;

  constructor(concurrency: number, host: SchedulerHost<T>) {
    this.#concurrency = concurrency;
    this.#host = host;
  }

  get running(): number {
    return this.#running;
  }

  /** Items that have not been started. */
  get waiting(): number {
    return this.#waiting;
  }

  add(item: T): void {
    this.#waiting++;
    const name = this.#host.chainOf(item);
    if (name === undefined) {
      this.#ready.push({ item, chain: undefined });
    } else {
      const known = this.#chains.get(name);
      if (known !== undefined) {
        known.waiting.push(item);
        return;
      }
      const chain = { name, waiting: new Fifo<T>() };
      this.#chains.set(name, chain);
      this.#ready.push({ item, chain });
    }
    this.#pump();
  }

  #pump(): void {
    // Whatever ends at once leaves its place to the loop that has started it.
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#running < this.#concurrency) {
      const turn = this.#ready.shift();
      if (turn === undefined) break;
      this.#waiting--;
      if (this.#host.isWanted(turn.item)) {
        this.#running++;
        this.#host.run(turn.item, turn);
      } else this.#next(turn.chain);
    }
    this.#isPumping = false;
  }

  /** The host is through with an item. */
  ended({ chain }: Turn<T>): void {
    this.#running--;
    this.#next(chain);
    this.#pump();
    this.#host.settled();
  }

  /** The chain's next item takes its place among those that are ready. */
  #next(chain: Chain<T> | undefined): void {
    if (chain === undefined) return;
    const item = chain.waiting.shift();
    if (item === undefined) this.#chains.delete(chain.name);
    else this.#ready.push({ item, chain });
  }
}
