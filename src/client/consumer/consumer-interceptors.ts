import type { Logger } from '../../system/index.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { TopicPartitionOffset } from './group-offsets.js';

/**
 * Looks at every record that a loop gets, or changes it, and hears of every commit (KIP-42). What
 * an interceptor throws is logged and has no effect. Follows Kafka's `ConsumerInterceptor`.
 */
export interface ConsumerInterceptor<K = unknown, V = unknown> {
  /**
   * A record is about to be handed out; what it returns is. A record that comes again (from
   * `batch.records` and by iterating the batch, or after a seek) is shown again.
   */
  onConsume?(record: ConsumerRecord<K, V>): ConsumerRecord<K, V>;
  /** These offsets have been committed by this consumer. */
  onCommit?(offsets: readonly TopicPartitionOffset[]): void;
}

/** The interceptors of one consumer. */
export class ConsumerInterceptors {
  readonly #list: readonly ConsumerInterceptor[];
  readonly #logger: Logger;

  constructor(list: readonly ConsumerInterceptor[], logger: Logger) {
    this.#list = list;
    this.#logger = logger;
  }

  consuming<K, V>(record: ConsumerRecord<K, V>): ConsumerRecord<K, V> {
    let changed: ConsumerRecord = record as ConsumerRecord<never, never>;
    for (const interceptor of this.#list) {
      try {
        const returned = interceptor.onConsume?.(changed) ?? changed;
        changed = returned as ConsumerRecord<never, never>;
      } catch (error) {
        this.#logger.warn('an interceptor threw in onConsume', { error });
      }
    }
    return changed as ConsumerRecord<never, never>;
  }

  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const interceptor of this.#list) {
      try {
        interceptor.onCommit?.(offsets);
      } catch (error) {
        this.#logger.warn('an interceptor threw in onCommit', { error });
      }
    }
  }
}
