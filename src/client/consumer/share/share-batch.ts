import type { ShareRecord } from './share-record.js';

/**
 * Records of one partition that a share group has handed to this consumer together, each with a
 * lock of its own. Offsets may be missing between them: those are with others, or done with.
 */
export class ShareBatch<K = Buffer | null, V = Buffer | null>
  implements Iterable<ShareRecord<K, V>>
{
  readonly topic: string;
  readonly partition: number;
  /** In the order of their offsets within one delivery; what was released may come later. */
  readonly records: readonly ShareRecord<K, V>[];

  constructor(topic: string, partition: number, records: readonly ShareRecord<K, V>[]) {
    this.topic = topic;
    this.partition = partition;
    this.records = records;
  }

  [Symbol.iterator](): Iterator<ShareRecord<K, V>> {
    return this.records[Symbol.iterator]();
  }
}
