import type { KafkaError } from '../../../errors/index.js';
import type { DeserializerLike } from '../../../serde/index.js';
import type { ConsumerInterceptor } from '../consumer-interceptors.js';

/**
 * What becomes of an acquired record: `accept` (done with), `release` (it comes again, here or
 * elsewhere), `reject` (never again), `renew` (its lock begins anew, it is still worked on).
 */
export type AcknowledgeType = 'accept' | 'release' | 'reject' | 'renew';

/**
 * How a broker chooses how many records to hand out (KIP-1206, `share.acquire.mode`):
 * `batch_optimized` whole batches as they were written, `record_limit` never more than were asked
 * for.
 */
export type ShareAcquireMode = 'batch_optimized' | 'record_limit';

/** What was sent for records of one partition came to this; Kafka's acknowledgement callback. */
export interface AcknowledgementResult {
  readonly topic: string;
  readonly partition: number;
  readonly offsets: readonly number[];
  /** Null where the broker has taken it. After an error the records may come again. */
  readonly error: KafkaError | null;
}

/**
 * What a share consumer can be told. Names are those of Kafka's consumer configs in camelCase,
 * times are milliseconds, sizes are bytes. Unknown names fail with INVALID_ARGUMENT and a
 * suggestion. Where a share group begins, how long a lock lasts and how often a record is
 * delivered are configs of the group: `share.auto.offset.reset` (default the end),
 * `share.record.lock.duration.ms` (30 000), `share.delivery.count.limit` (5).
 */
export interface ShareConsumerOptions<K = Buffer | null, V = Buffer | null> {
  /**
   * The share group; its members share the records of the topics, whatever the partitions. May be
   * left out where properties name one (`group.id`).
   */
  readonly groupId?: string | undefined;
  /** Topics by name. */
  readonly topics: readonly string[];
  /**
   * `implicit` (default): asking for the next record accepts the one before. `explicit`: each
   * record is settled by `accept`, `release` or `reject`, in any order, and what is not settled
   * when the consumer closes is released. Kafka's `share.acknowledgement.mode`.
   */
  readonly acknowledgementMode?: 'implicit' | 'explicit' | undefined;
  /**
   * Default: `record_limit` until the loop has shown that it can work through `maxPollRecords`
   * before their locks end, then `batch_optimized`. Brokers before Kafka 4.2 know only the latter.
   */
  readonly acquireMode?: ShareAcquireMode | undefined;
  /**
   * Most records that are acquired and not yet settled; default 500. A slow loop is given fewer:
   * as many as it can work through in a third of the time that locks last, besides those that it
   * has renewed.
   */
  readonly maxPollRecords?: number | undefined;
  /**
   * A loop that holds one record longer than this makes the member leave the group, so that others
   * are given its partitions; it joins again when the loop asks for more. Default 300 000.
   */
  readonly maxPollIntervalMs?: number | undefined;
  /** The answer waits for so many bytes, up to `fetchMaxWaitMs`; default 1. */
  readonly fetchMinBytes?: number | undefined;
  /** Default 500. Acknowledgements may wait as long for the next fetch. */
  readonly fetchMaxWaitMs?: number | undefined;
  /** Most bytes in one answer (a larger first batch comes all the same); default 50 MiB. */
  readonly fetchMaxBytes?: number | undefined;
  /** The rack of this client. */
  readonly rackId?: string | undefined;
  /**
   * Shown every record that is handed out, in this order (KIP-42); of acknowledgements
   * `onAcknowledged` hears, and `onCommit` is not called.
   */
  readonly interceptors?: readonly ConsumerInterceptor[] | undefined;
  /** Default: bytes as they are. */
  readonly keyDeserializer?: DeserializerLike<K> | undefined;
  readonly valueDeserializer?: DeserializerLike<V> | undefined;
  /** Verify the checksum of every batch; default true. A damaged batch is rejected. */
  readonly checkCrcs?: boolean | undefined;
  /** Hears of every acknowledgement once the broker has answered. */
  readonly onAcknowledged?: ((result: AcknowledgementResult) => void) | undefined;
  /**
   * Hears of what the consumer survives: a lock that ended before its record was settled, an
   * acknowledgement that failed, a broker that is away. Default: the logger.
   */
  readonly onError?: ((error: KafkaError) => void) | undefined;
  /** Ends the consumer as `close` does; the loop ends quietly. */
  readonly signal?: AbortSignal | undefined;
}
