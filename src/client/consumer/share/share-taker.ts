import type { AcquiredRecord } from './acquired-record.js';
import type { HeldRecords } from './held-records.js';
import { ShareBatch } from './share-batch.js';
import type { Taken } from './share-loop.js';
import type { ShareRecord } from './share-record.js';

/** What a taker needs of its consumer. */
export interface ShareTakerHost<K, V> {
  /** Makes what the application sees; fails with DESERIALIZATION_FAILED. */
  make(record: AcquiredRecord): ShareRecord<K, V>;
  /** It could not be made into a record. */
  unmade(record: AcquiredRecord): void;
}

/** Takes what a loop is given next out of the records held: one, or those that lie together. */
export class ShareTaker<K, V> {
  readonly #held: HeldRecords;
  readonly #host: ShareTakerHost<K, V>;

  constructor(held: HeldRecords, host: ShareTakerHost<K, V>) {
    this.#held = held;
    this.#host = host;
  }

  record(): Taken<ShareRecord<K, V>> | undefined {
    const acquired = this.#held.next();
    return acquired === undefined ? undefined : { item: this.#make(acquired), from: [acquired] };
  }

  /** The next records that wait, as far as they are of one partition. */
  batch(): Taken<ShareBatch<K, V>> | undefined {
    const first = this.#held.next();
    if (first === undefined) return undefined;
    const from = [first];
    const records = [this.#make(first)];
    for (let next = this.#held.next(first.of); next !== undefined; ) {
      try {
        records.push(this.#host.make(next));
      } catch {
        // Its turn comes with the next question, which is told what is wrong with it.
        this.#held.putBack(next);
        break;
      }
      from.push(next);
      next = this.#held.next(first.of);
    }
    const { topic, partition } = first.of;
    return { item: new ShareBatch(topic, partition, records), from };
  }

  #make(acquired: AcquiredRecord): ShareRecord<K, V> {
    try {
      return this.#host.make(acquired);
    } catch (error) {
      this.#host.unmade(acquired);
      throw error;
    }
  }
}
