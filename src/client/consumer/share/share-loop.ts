import type { KafkaError } from '../../../errors/index.js';
import { Bell } from '../bell.js';
import type { DeliverySource } from '../delivery-iterator.js';
import type { AcquiredRecord } from './acquired-record.js';

/** What a loop is given, and the records whose locks belong to it. */
export interface Taken<T> {
  readonly item: T;
  readonly from: readonly AcquiredRecord[];
}

/** What a loop needs of its consumer. */
export interface ShareLoopHost<T> {
  /** The next item, if one is there; fails where it cannot be made. */
  next(): Taken<T> | undefined;
  /** The loop asks for the next: what it had at hand is finished. */
  finished(records: readonly AcquiredRecord[]): void;
  asked(): void;
  /** The loop ended, with this at hand. */
  left(records: readonly AcquiredRecord[]): void;
  /** Whether nothing more will come. */
  isOver(): boolean;
  failure(): KafkaError | undefined;
}

const nothing: readonly AcquiredRecord[] = [];

/** One `for await` over a share consumer; several work side by side on the same records. */
export class ShareLoop<T> implements DeliverySource<T> {
  readonly #host: ShareLoopHost<T>;
  readonly bell = new Bell();
  #atHand = nothing;
  /** For the watch over loops that ask for nothing. */
  polls = 0;
  isPolling = false;

  constructor(host: ShareLoopHost<T>) {
    this.#host = host;
  }

  /** What the application works on. */
  get atHand(): readonly AcquiredRecord[] {
    return this.#atHand;
  }

  ready(): T | undefined {
    this.polls++;
    this.#finish();
    this.#host.asked();
    return this.#next();
  }

  async wait(): Promise<T | undefined> {
    this.isPolling = true;
    try {
      for (;;) {
        const item = this.#next();
        if (item !== undefined || this.#host.isOver()) return item;
        this.#host.asked();
        await this.bell.wait();
      }
    } finally {
      this.isPolling = false;
    }
  }

  left(): void {
    const records = this.#atHand;
    this.#atHand = nothing;
    this.bell.ring();
    this.#host.left(records);
  }

  #finish(): void {
    const records = this.#atHand;
    this.#atHand = nothing;
    if (records.length > 0) this.#host.finished(records);
  }

  #next(): T | undefined {
    const failure = this.#host.failure();
    if (failure !== undefined) throw failure;
    const taken = this.#host.next();
    this.#atHand = taken?.from ?? nothing;
    return taken?.item;
  }
}
