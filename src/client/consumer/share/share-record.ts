import { ConsumerRecord } from '../consumer-record.js';

/** A record that a share group has handed to this consumer, for as long as its lock lasts. */
export class ShareRecord<K = Buffer | null, V = Buffer | null> extends ConsumerRecord<K, V> {
  /** How often it has been handed out, this time included: 1 the first time. */
  readonly deliveryCount: number;

  constructor(record: ConsumerRecord<K, V>, deliveryCount: number) {
    super(
      record.topic,
      record.partition,
      record.offset,
      record.timestamp,
      record.key,
      record.value,
      record.headers,
      record.leaderEpoch,
    );
    this.deliveryCount = deliveryCount;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), deliveryCount: this.deliveryCount };
  }
}
