import type { ConsumerOptions, ConsumerRecord } from '../client/index.js';
import type { DeserializerLike } from '../serde/index.js';
import type { Logger, System } from '../system/index.js';

/** What a handler may know besides the record. */
export interface WorkContext {
  /** 1 for the first try, 2 for the first retry … */
  readonly attempt: number;
  /** Where the record was before any retry topic. */
  readonly origin: { readonly topic: string; readonly partition: number; readonly offset: number };
  /**
   * The same for every delivery of this record, in retries and after crashes: make effects
   * idempotent with it.
   */
  readonly idempotencyKey: string;
  /** Aborted when the record's time is over, or the worker must end at once. */
  readonly signal: AbortSignal;
  /** Ends the attempts: the record goes to the dead-letter topic at once. */
  giveUp(reason: string): never;
}

export type WorkHandler<K, V> = (record: ConsumerRecord<K, V>, context: WorkContext) => unknown;

export interface WorkerOptions<K = Buffer | null, V = Buffer | null> {
  readonly topics: readonly string[];
  readonly groupId: string;
  /** Handlers at the same time; default 10. */
  readonly concurrency?: number | undefined;
  /**
   * `key` (default): records with the same key are handled one after the other; `partition`: all
   * of a partition are; `none`: no order. A record that went to a retry topic is overtaken.
   */
  readonly orderBy?: 'key' | 'partition' | 'none' | undefined;
  /**
   * What the group is. In a `share` group (KIP-932) the workers share the records themselves, so
   * that there may be more of them than partitions, and a slow record holds up nothing; in a
   * `consumer` group each partition belongs to one. Default: what the group is already; a new one
   * is a share group if `orderBy` is `none` and the cluster has share groups (Kafka 4.2). Its own
   * limit of deliveries drops no record: one whose last deliveries have come goes to the dead
   * letters. Asked for, it fails with INVALID_ARGUMENT or UNSUPPORTED_VERSION where it cannot be.
   */
  readonly groupType?: 'consumer' | 'share' | undefined;
  /**
   * Pauses before further attempts, such as `['1s', '30s', '5m']`, which is the default. The
   * record waits in a topic of its own, `GROUP.retry.1s`, so that it holds up nobody.
   */
  readonly retries?: readonly (string | number)[] | undefined;
  /**
   * Where records go whose attempts are used up: true (default) is `GROUP.dlq`. False ends the
   * worker with the error.
   */
  readonly deadLetter?: boolean | string | undefined;
  /** How long a handler may take; default: as long as it likes. */
  readonly timeoutMs?: number | undefined;
  /** Records held in memory at the most, but for one fetched batch; default 10 000. */
  readonly bufferedMax?: number | undefined;
  /** Default 1000. */
  readonly commitIntervalMs?: number | undefined;
  /** How long handlers may go on when the worker ends or loses partitions; default 30 000. */
  readonly drainTimeoutMs?: number | undefined;
  /** Where a group begins that has been nowhere yet; default `earliest`. */
  readonly offsetReset?: 'earliest' | 'latest' | 'none' | undefined;
  readonly keyDeserializer?: DeserializerLike<K> | undefined;
  readonly valueDeserializer?: DeserializerLike<V> | undefined;
  /** More of the consumer's options; keeps the worker out of share groups. */
  readonly consumer?: ConsumerOptions | undefined;
  readonly logger?: Logger | undefined;
  readonly system?: System | undefined;
}

/** What a worker has done since it was started. */
export interface WorkerStatus {
  readonly handled: number;
  /** Attempts that failed. */
  readonly failed: number;
  /** Records sent to a retry topic. */
  readonly retried: number;
  readonly deadLettered: number;
  readonly running: number;
  /** Records in memory that wait for a free hand, or for their time. */
  readonly waiting: number;
  /**
   * Records in the topics (and the retry topics) that have not been read yet; of a share group
   * those that are not done with, as it was some seconds ago.
   */
  readonly lag: number;
}
