import type { RecordView } from '../../records/index.js';
import type { TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { OpenBatch } from './fetched-partition.js';

/** Consecutive records of one partition, as they were fetched. */
export interface ConsumerBatch<K = Buffer | null, V = Buffer | null>
  extends Iterable<ConsumerRecord<K, V>> {
  readonly topic: string;
  readonly partition: number;
  /** The records as a list, made when first asked for; iterating the batch makes one at a time. */
  readonly records: readonly ConsumerRecord<K, V>[];
  /** Offset of the first record. */
  readonly firstOffset: number;
  /** The offset after the batch. */
  readonly nextOffset: number;
  /** First offset that was not readable yet when the batch was fetched. */
  readonly endOffset: number;
}

/** Makes the record that the application sees; fails with DESERIALIZATION_FAILED. */
export type MakeRecord<K, V> = (view: RecordView, leaderEpoch: number) => ConsumerRecord<K, V>;

/** Opened batches in a row, from an offset on. */
export class FetchedRun<K, V> implements ConsumerBatch<K, V> {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly nextOffset: number;
  readonly endOffset: number;
  readonly #of: TopicPartition;
  readonly #batches: readonly OpenBatch[];
  readonly #make: MakeRecord<K, V>;
  #records: ConsumerRecord<K, V>[] | undefined;

  constructor(
    of: TopicPartition,
    range: {
      readonly firstOffset: number;
      readonly nextOffset: number;
      readonly endOffset: number;
    },
    batches: readonly OpenBatch[],
    make: MakeRecord<K, V>,
  ) {
    this.#of = of;
    this.topic = of.topic;
    this.partition = of.partition;
    this.firstOffset = range.firstOffset;
    this.nextOffset = range.nextOffset;
    this.endOffset = range.endOffset;
    this.#batches = batches;
    this.#make = make;
  }

  /** What the batch was handed out of; undefined for a batch that none of ours made. */
  static origin(batch: object): TopicPartition | undefined {
    return #of in batch ? batch.#of : undefined;
  }

  get records(): readonly ConsumerRecord<K, V>[] {
    this.#records ??= [...this.#walk()];
    return this.#records;
  }

  [Symbol.iterator](): Iterator<ConsumerRecord<K, V>> {
    return this.#records === undefined ? this.#walk() : this.#records[Symbol.iterator]();
  }

  toJSON(): Record<string, unknown> {
    const { topic, partition, firstOffset, nextOffset, endOffset, records } = this;
    return { topic, partition, firstOffset, nextOffset, endOffset, records };
  }

  *#walk(): Generator<ConsumerRecord<K, V>> {
    for (const { records, leaderEpoch } of this.#batches) {
      for (const view of records) {
        if (view.offset >= this.firstOffset) yield this.#make(view, leaderEpoch);
      }
    }
  }
}

/** The first offset from `position` on that a record of the batches has, if any. */
export function firstOffsetIn(batches: readonly OpenBatch[], position: number): number | undefined {
  for (const { records } of batches) {
    for (const view of records) if (view.offset >= position) return view.offset;
  }
  return undefined;
}
