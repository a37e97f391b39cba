import { Fifo } from './fifo.js';

/** One record of a partition that is being worked on. */
export interface Tracked {
  readonly offset: number;
  isDone: boolean;
}

/**
 * The records of one partition on their way: they end in any order, and what may be committed is
 * the first that has not ended.
 */
export class OffsetTracker {
  readonly topic: string;
  readonly partition: number;
  readonly #open = new Fifo<Tracked>();
  #next = -1;
  #committed = -1;
  /** The partition has been given up: nothing of it is started any more. */
  isGone = false;
  /** How many handlers are at work on records of it. */
  running = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Records that have not ended. */
  get size(): number {
    return this.#open.size;
  }

  add(tracked: Tracked): void {
    this.#open.push(tracked);
  }

  /** Everything below has been handed out. */
  reached(nextOffset: number): void {
    this.#next = nextOffset;
  }

  done(tracked: Tracked): void {
    tracked.isDone = true;
    while (this.#open.first?.isDone === true) this.#open.shift();
  }

  /** What may be committed and is not yet. */
  committable(): number | undefined {
    const offset = this.#open.first?.offset ?? this.#next;
    return offset < 0 || offset === this.#committed ? undefined : offset;
  }

  committed(offset: number): void {
    this.#committed = offset;
  }
}
