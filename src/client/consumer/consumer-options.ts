import type { KafkaError } from '../../errors/index.js';
import type { DeserializerLike } from '../../serde/index.js';
import type { Assignor } from './assignors/assignor.js';
import type { ConsumerInterceptor } from './consumer-interceptors.js';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/**
 * Where to begin when a group has no offset for a partition, or has one that is gone; with
 * `by_duration:PT1H` at the records of the last hour (an ISO 8601 duration, KIP-1106).
 */
export type OffsetReset = 'earliest' | 'latest' | 'none' | `by_duration:${string}`;

/** How the members of a group agree; Kafka's `group.protocol`. */
export type GroupProtocol = 'classic' | 'consumer';

/** The assignors that come along, by the names that Java and librdkafka know them by. */
export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky';

/** A callback that is waited for; partitions are sorted by topic and partition. */
export type RebalanceHook = (partitions: TopicPartition[]) => void | Promise<void>;

/**
 * What a consumer can be told. Names are those of Kafka's consumer configs in camelCase, times
 * are milliseconds, sizes are bytes. Unknown names fail with INVALID_ARGUMENT and a suggestion.
 */
export interface ConsumerOptions<K = Buffer | null, V = Buffer | null> {
  /** The group to join; without one, offsets are neither read nor committed. */
  readonly groupId?: string | undefined;
  /**
   * `classic` (default), or `consumer`: the protocol of KIP-848 (Kafka 4.0), in which the brokers
   * share out the partitions and members that keep theirs are not disturbed. There the brokers
   * say how long a session lasts, so `sessionTimeoutMs`, `heartbeatIntervalMs` and `assignors`
   * cannot be given.
   */
  readonly groupProtocol?: GroupProtocol | undefined;
  /**
   * Topics by name, or all that match one expression: looked up in the metadata by this client, or
   * by the brokers where the `groupProtocol` is `consumer` (they know no look-around).
   * Needs a `groupId`; with none, every partition of the topics is read by this consumer.
   */
  readonly topics?: readonly string[] | RegExp | undefined;
  /**
   * Instead of `topics`, with the `groupProtocol` `consumer`: an expression in RE2 syntax that the
   * brokers match against the whole name (Kafka's `SubscriptionPattern`).
   */
  readonly topicPattern?: string | undefined;
  /** The broker's assignor of the `groupProtocol` `consumer`: `uniform` or `range`. */
  readonly groupRemoteAssignor?: string | undefined;
  /**
   * Reads these partitions and takes no part in the group's rebalances (Kafka's `assign`). They
   * are assigned at once, so that `seek` may come before the first record is asked for.
   */
  readonly assign?: readonly TopicPartition[] | undefined;
  /** Short for `offsetReset: 'earliest'`. */
  readonly fromBeginning?: boolean | undefined;
  /** Kafka's `auto.offset.reset`; default `latest`. */
  readonly offsetReset?: OffsetReset | undefined;
  /** `auto` (default) commits what the loop has finished; `manual` only what `commit` is told. */
  readonly commit?: 'auto' | 'manual' | undefined;
  /** Time between automatic commits; default 5000. */
  readonly autoCommitIntervalMs?: number | undefined;
  /** The coordinator forgets a member it has not heard of for so long; default 45 000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /**
   * A loop that holds one record (or batch) longer than this loses its partitions: the member
   * leaves the group, and joins again when the loop asks for more. Default 300 000.
   */
  readonly maxPollIntervalMs?: number | undefined;
  /** How long the coordinator waits for this member in a rebalance; default `maxPollIntervalMs`. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** The answer waits for so many bytes, up to `fetchMaxWaitMs`; default 1. */
  readonly fetchMinBytes?: number | undefined;
  /** Default 500. */
  readonly fetchMaxWaitMs?: number | undefined;
  /** Most bytes in one answer (a larger first batch comes all the same); default 50 MiB. */
  readonly fetchMaxBytes?: number | undefined;
  /**
   * Most bytes of one partition in one answer; default 1 MiB. Half of it, and 64 KiB at the least,
   * is fetched ahead of the loop.
   */
  readonly maxPartitionFetchBytes?: number | undefined;
  /** Fetches pause while so many bytes wait to be read by the loop; default 32 MiB. */
  readonly queuedMaxBytes?: number | undefined;
  /** Default `read_uncommitted`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
  /** Assignors in order of preference; default `range`, `cooperative-sticky`, as in Java. */
  readonly assignors?: readonly (AssignorName | Assignor)[] | undefined;
  /** Makes a static member, whose partitions stay with it over a restart (KIP-345). */
  readonly groupInstanceId?: string | undefined;
  /** The rack of this client: reads from the closest replica where the brokers allow (KIP-392). */
  readonly rackId?: string | undefined;
  /** Shown every record that is handed out, and every commit, in this order (KIP-42). */
  readonly interceptors?: readonly ConsumerInterceptor[] | undefined;
  /** Default: bytes as they are. */
  readonly keyDeserializer?: DeserializerLike<K> | undefined;
  readonly valueDeserializer?: DeserializerLike<V> | undefined;
  /**
   * What becomes of a batch whose bytes are damaged, when fetching it anew has not helped: `throw`
   * (default) fails the loop, which may seek; `skip` reports it to `onError` and goes on behind it.
   */
  readonly corruptBatches?: 'throw' | 'skip' | undefined;
  /** Verify the checksum of every batch; default true. */
  readonly checkCrcs?: boolean | undefined;
  /** New topics of an expression and new partitions are noticed after so long; default 300 000. */
  readonly metadataMaxAgeMs?: number | undefined;
  /** Partitions were added; `seek` works here, and nothing is delivered before it is done. */
  readonly onAssigned?: RebalanceHook | undefined;
  /** Partitions are about to go; `commit` works here. */
  readonly onRevoked?: RebalanceHook | undefined;
  /** Partitions are gone already (expelled, fenced or too slow): commits are pointless. */
  readonly onLost?: RebalanceHook | undefined;
  /**
   * Hears of what the consumer survives: a record held longer than `maxPollIntervalMs`
   * (POLL_TIMEOUT), an automatic commit that failed, a hook that threw. What it cannot survive is
   * thrown by the loop. Default: the logger.
   */
  readonly onError?: ((error: KafkaError) => void) | undefined;
  /** Ends the consumer as `close` does; the loop ends quietly. */
  readonly signal?: AbortSignal | undefined;
}
