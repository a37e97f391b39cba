import type { ConsumerBatch } from './consumer-batch.js';
import type { TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { Deliveries } from './deliveries.js';
import type { Delivery } from './delivery.js';
import { DeliveryIterator } from './delivery-iterator.js';
import type { PartitionState } from './partition-state.js';
import type { SubscriptionState } from './subscription-state.js';

/**
 * The records of one partition, in a loop of their own. It ends when the partition goes to another
 * member or the consumer is closed; when the partition comes back it is a new stream.
 */
export interface PartitionStream<K = Buffer | null, V = Buffer | null>
  extends TopicPartition,
    AsyncIterable<ConsumerRecord<K, V>> {
  /** As the consumer's `batches`, of this partition. */
  batches(): AsyncIterableIterator<ConsumerBatch<K, V>>;
}

class Stream<K, V> implements PartitionStream<K, V> {
  readonly topic: string;
  readonly partition: number;
  readonly #delivery: Delivery<K, V>;

  constructor({ topic, partition }: TopicPartition, delivery: Delivery<K, V>) {
    this.topic = topic;
    this.partition = partition;
    this.#delivery = delivery;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumerRecord<K, V>> {
    return this.#delivery.records();
  }

  batches(): AsyncIterableIterator<ConsumerBatch<K, V>> {
    return this.#delivery.batches();
  }
}

/** A stream for each partition as it comes; streams end with the iteration that gave them out. */
export function partitionStreams<K, V>(
  deliveries: Deliveries<K, V>,
  subscription: SubscriptionState,
  asked: () => void,
): AsyncIterableIterator<PartitionStream<K, V>> {
  const open = new Map<PartitionState, Delivery<K, V>>();
  const ended = deliveries.streaming();
  const take = (): PartitionStream<K, V> | undefined => {
    for (const [state, delivery] of open) {
      if (!state.isRetired) continue;
      open.delete(state);
      deliveries.remove(delivery);
    }
    for (const state of subscription) {
      if (state.isStreamed) continue;
      const delivery = deliveries.stream(state);
      open.set(state, delivery);
      return new Stream(state, delivery);
    }
    return undefined;
  };
  return new DeliveryIterator<PartitionStream<K, V>>({
    // The consumer has to be asked first: it may have been given up on.
    ready: () => undefined,
    wait: async () => {
      asked();
      for (;;) {
        if (deliveries.failure !== undefined) throw deliveries.failure;
        if (deliveries.isClosed) return undefined;
        const stream = take();
        if (stream !== undefined) return stream;
        await deliveries.changed();
      }
    },
    left: () => {
      ended();
      for (const delivery of open.values()) deliveries.remove(delivery);
      open.clear();
    },
  });
}
