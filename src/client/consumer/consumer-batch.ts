import type { ConsumerRecord } from './consumer-record.js';

/** Consecutive records of one partition, as they were fetched. */
export interface ConsumerBatch<K = Buffer | null, V = Buffer | null>
  extends Iterable<ConsumerRecord<K, V>> {
  readonly topic: string;
  readonly partition: number;
  /** The records as a list, made when first asked for; iterating the batch makes one at a time. */
  readonly records: readonly ConsumerRecord<K, V>[];
  /** First offset that may be in the batch. */
  readonly firstOffset: number;
  /** The offset after the batch. */
  readonly nextOffset: number;
  /** First offset not readable yet, when the batch was fetched. */
  readonly endOffset: number;
}
