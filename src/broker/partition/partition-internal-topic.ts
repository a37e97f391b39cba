import { KafkaError } from '../../errors/index.js';
import { batchesIn, type RecordBatch, RecordBatchBuilder } from '../../records/index.js';
import type { Clock } from '../../system/index.js';
import type { TopicOverrides } from '../config/topic-config.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import type {
  InternalAppendOptions,
  InternalRecord,
  MarkerOfTransaction,
  PrunedTopic,
} from './internal-topic.js';
import type { Partition } from './partition.js';

/** What an internal topic is created with on first use. */
export interface InternalTopicSettings {
  readonly partitions: number;
  readonly overrides: TopicOverrides;
  /** As many nodes as keep it, or all where there are fewer. */
  readonly replicationFactor: number;
  /** What Kafka writes as the base sequence of plain batches: 0, or -1 in `__transaction_state`. */
  readonly baseSequence?: 0 | -1 | undefined;
}

/** Bytes asked of the log at a time when the topic is read from its start. */
const readBytes = 1024 * 1024;

/**
 * An internal topic over the broker's own partitions. Plain batches carry producer id and epoch -1,
 * as those of Kafka's coordinators do.
 */
export class PartitionInternalTopic implements PrunedTopic {
  readonly name: string;
  readonly #registry: TopicRegistry;
  readonly #settings: InternalTopicSettings;
  readonly #clock: Clock;
  #creating: Promise<number> | undefined;

  constructor(
    name: string,
    registry: TopicRegistry,
    settings: InternalTopicSettings,
    clock: Clock,
  ) {
    this.name = name;
    this.#registry = registry;
    this.#settings = settings;
    this.#clock = clock;
  }

  partitionCount(): number | undefined {
    return this.#registry.byName(this.name)?.partitionCount;
  }

  async ensure(): Promise<number> {
    const count = this.partitionCount();
    if (count !== undefined) return count;
    this.#creating ??= this.#create().finally(() => {
      this.#creating = undefined;
    });
    return await this.#creating;
  }

  async #create(): Promise<number> {
    const { partitions, overrides, replicationFactor } = this.#settings;
    const created = this.#registry.create(this.name, partitions, overrides, replicationFactor);
    return (await created).partitionCount;
  }

  async append(
    index: number,
    records: readonly InternalRecord[],
    options: InternalAppendOptions = {},
  ): Promise<void> {
    const partition = this.#partition(index);
    const now = this.#clock.now();
    const batch = batchOf(records, now, options, this.#settings.baseSequence ?? 0);
    const appended = partition.append(batch, { origin: 'coordinator', now, urgent: true });
    const { lastOffset } = appended instanceof Promise ? await appended : appended;
    await partition.replicated(lastOffset + 1);
  }

  async appendMarker(index: number, marker: MarkerOfTransaction): Promise<void> {
    await this.#partition(index).appendMarker(marker, this.#clock.now());
  }

  producerEpoch(index: number, producerId: number): number {
    return this.#partition(index).log.producerState.entry(producerId)?.producerEpoch ?? -1;
  }

  endOffset(index: number): number {
    return this.#partition(index).logEndOffset;
  }

  deleteBefore(index: number, offset: number): void {
    this.#partition(index).log.deleteRecordsBefore(offset);
  }

  *read(index: number): Iterable<RecordBatch> {
    const partition = this.#partition(index);
    let offset = partition.logStartOffset;
    while (offset < partition.logEndOffset) {
      const { chunks } = partition.read(offset, readBytes, partition.logEndOffset, true);
      const before = offset;
      for (const chunk of chunks) {
        for (const batch of batchesIn(chunk)) {
          if (batch.nextOffset <= offset) continue;
          yield batch;
          offset = batch.nextOffset;
        }
      }
      if (offset === before) throw this.#unreadable(index, offset);
    }
  }

  #partition(index: number): Partition {
    const partition = this.#registry.partition(this.name, index);
    if (partition !== undefined) return partition;
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      'The internal topic has no such partition.',
      {
        topic: this.name,
        partition: index,
      },
    );
  }

  #unreadable(index: number, offset: number): KafkaError {
    return new KafkaError('LOG_CORRUPTED', 'An internal topic cannot be read on.', {
      topic: this.name,
      partition: index,
      offset,
    });
  }
}

function batchOf(
  records: readonly InternalRecord[],
  timestamp: number,
  { transaction }: InternalAppendOptions,
  plainSequence: number,
): Buffer {
  const producerId = transaction?.producerId ?? -1;
  const producerEpoch = transaction?.producerEpoch ?? -1;
  const isTransactional = transaction !== undefined;
  const baseSequence = isTransactional ? 0 : plainSequence;
  const builder = new RecordBatchBuilder({
    producer: { producerId, producerEpoch, baseSequence, isTransactional },
  });
  for (const { key, value } of records) builder.append({ timestamp, key, value });
  return builder.build();
}
