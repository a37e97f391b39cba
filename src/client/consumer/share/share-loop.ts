import type { KafkaError } from '../../../errors/index.js';
import { Bell } from '../bell.js';
import type { DeliverySource } from '../delivery-iterator.js';
import type { AcquiredRecord } from './acquired-record.js';
import type { ShareRecord } from './share-record.js';

/** What a loop needs of its consumer. */
export interface ShareLoopHost<K, V> {
  /** The next record, if one is there. */
  next(): AcquiredRecord | undefined;
  /** Makes what the application sees; fails with DESERIALIZATION_FAILED. */
  make(record: AcquiredRecord): ShareRecord<K, V>;
  /** The loop asks for the next: what it had at hand is finished. */
  finished(record: AcquiredRecord): void;
  /** It could not be made into a record. */
  unmade(record: AcquiredRecord): void;
  asked(): void;
  /** The loop ended, with this at hand. */
  left(record: AcquiredRecord | undefined): void;
  /** Whether nothing more will come. */
  isOver(): boolean;
  failure(): KafkaError | undefined;
}

/** One `for await` over a share consumer; several work side by side on the same records. */
export class ShareLoop<K, V> implements DeliverySource<ShareRecord<K, V>> {
  readonly #host: ShareLoopHost<K, V>;
  readonly bell = new Bell();
  #atHand: AcquiredRecord | undefined;
  /** For the watch over loops that ask for nothing. */
  polls = 0;
  isPolling = false;

  constructor(host: ShareLoopHost<K, V>) {
    this.#host = host;
  }

  /** What the application works on. */
  get atHand(): AcquiredRecord | undefined {
    return this.#atHand;
  }

  ready(): ShareRecord<K, V> | undefined {
    this.polls++;
    this.#finish();
    this.#host.asked();
    return this.#next();
  }

  async wait(): Promise<ShareRecord<K, V> | undefined> {
    this.isPolling = true;
    try {
      for (;;) {
        const record = this.#next();
        if (record !== undefined || this.#host.isOver()) return record;
        this.#host.asked();
        await this.bell.wait();
      }
    } finally {
      this.isPolling = false;
    }
  }

  left(): void {
    const record = this.#atHand;
    this.#atHand = undefined;
    this.bell.ring();
    this.#host.left(record);
  }

  #finish(): void {
    const record = this.#atHand;
    this.#atHand = undefined;
    if (record !== undefined) this.#host.finished(record);
  }

  #next(): ShareRecord<K, V> | undefined {
    const failure = this.#host.failure();
    if (failure !== undefined) throw failure;
    const record = this.#host.next();
    if (record === undefined) return undefined;
    try {
      const made = this.#host.make(record);
      this.#atHand = record;
      return made;
    } catch (error) {
      this.#host.unmade(record);
      throw error;
    }
  }
}
