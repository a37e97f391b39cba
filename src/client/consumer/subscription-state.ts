import { KafkaError } from '../../errors/index.js';
import type { TopicPartition } from './consumer-options.js';
import { PartitionState } from './partition-state.js';
import { sortedPartitions } from './topic-partitions.js';

/**
 * The partitions this consumer reads now and how far it is in each. Follows Kafka's class of the
 * same name.
 */
export class SubscriptionState {
  readonly #topics = new Map<string, Map<number, PartitionState>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The topics of these partitions. */
  topics(): IterableIterator<string> {
    return this.#topics.keys();
  }

  get(topic: string, partition: number): PartitionState | undefined {
    return this.#topics.get(topic)?.get(partition);
  }

  /** Fails with INVALID_ARGUMENT when the partition is not assigned. */
  need(of: TopicPartition): PartitionState {
    const state = this.get(of.topic, of.partition);
    if (state !== undefined) return state;
    throw new KafkaError('INVALID_ARGUMENT', 'The partition is not assigned to this consumer.', {
      topic: of.topic,
      partition: of.partition,
    });
  }

  /** All states, or those of the partitions named. */
  select(partitions?: readonly TopicPartition[]): PartitionState[] {
    return partitions === undefined ? [...this] : partitions.map((each) => this.need(each));
  }

  *[Symbol.iterator](): Iterator<PartitionState> {
    for (const partitions of this.#topics.values()) yield* partitions.values();
  }

  /** Sorted by topic and partition. */
  assignment(): TopicPartition[] {
    return sortedPartitions([...this].map(({ topic, partition }) => ({ topic, partition })));
  }

  /** Adds partitions; those that are here already keep what is known of them. */
  add(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      let states = this.#topics.get(topic);
      if (states === undefined) {
        states = new Map();
        this.#topics.set(topic, states);
      }
      if (states.has(partition)) continue;
      states.set(partition, new PartitionState(topic, partition));
      this.#size++;
    }
  }

  /** Takes partitions away; those that are not here are passed over. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const states = this.#topics.get(topic);
      const state = states?.get(partition);
      if (states === undefined || state === undefined) continue;
      state.retire();
      states.delete(partition);
      this.#size--;
      if (states.size === 0) this.#topics.delete(topic);
    }
  }
}
