import type { Cluster } from '../cluster/index.js';
import type { ConsumerBatch } from './consumer-batch.js';
import type { ConsumerHealth } from './consumer-health.js';
import type { ConsumerOptions, TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';

export interface TopicPartitionOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

export declare class Consumer<K = Buffer | null, V = Buffer | null>
  implements AsyncIterable<ConsumerRecord<K, V>>, AsyncDisposable
{
  constructor(cluster: Cluster, options: ConsumerOptions<K, V>);
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>>;
  batches(): AsyncIterableIterator<ConsumerBatch<K, V>>;
  /** Joins and begins to fetch; iterating does it by itself. Resolves with the first assignment. */
  start(): Promise<void>;
  commit(
    what?: ConsumerRecord<K, V> | ConsumerBatch<K, V> | readonly TopicPartitionOffset[],
  ): Promise<void>;
  assignment(): TopicPartition[];
  pause(partitions?: readonly TopicPartition[]): void;
  resume(partitions?: readonly TopicPartition[]): void;
  paused(): TopicPartition[];
  seek(to: TopicPartitionOffset | readonly TopicPartitionOffset[]): void;
  seekToBeginning(partitions?: readonly TopicPartition[]): Promise<void>;
  seekToEnd(partitions?: readonly TopicPartition[]): Promise<void>;
  seekToTimestamp(timestamp: number, partitions?: readonly TopicPartition[]): Promise<void>;
  position(of: TopicPartition): Promise<number>;
  committed(of?: readonly TopicPartition[]): Promise<TopicPartitionOffset[]>;
  lag(of: TopicPartition): Promise<number>;
  health(): ConsumerHealth;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
