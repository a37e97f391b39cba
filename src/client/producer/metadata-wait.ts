import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { RecordAccumulator } from './record-accumulator.js';
import type { TopicQueues } from './topic-queues.js';

/**
 * Fetches the metadata that calls of `send` wait for: of a topic that is not known yet, or of a
 * partition that the topic does not have yet. Kafka's `KafkaProducer.waitOnMetadata`. How long a
 * call waits is its own business: the accumulator fails those whose `maxBlockMs` is over.
 */
export class MetadataWait {
  readonly #cluster: Cluster;
  readonly #accumulator: RecordAccumulator;
  readonly #maxBlockMs: number;
  readonly #signal: AbortSignal;

  /** `signal` ends all waiting, when the producer is closed. */
  constructor(
    cluster: Cluster,
    accumulator: RecordAccumulator,
    maxBlockMs: number,
    signal: AbortSignal,
  ) {
    this.#cluster = cluster;
    this.#accumulator = accumulator;
    this.#maxBlockMs = maxBlockMs;
    this.#signal = signal;
  }

  /** One answer about the topic; the accumulator asks again while calls are left waiting. */
  async fetch(topic: TopicQueues): Promise<void> {
    try {
      await (topic.partitionCount === 0 ? this.#topic(topic) : this.#partition(topic));
      const metadata = this.#cluster.topic(topic.name);
      if (metadata !== undefined) topic.accept(metadata);
      this.#accumulator.topicReady(topic);
    } catch (error) {
      this.#accumulator.topicFailed(topic, asKafkaError(error, topic.name));
    }
  }

  async #topic({ name }: TopicQueues): Promise<void> {
    const known = this.#cluster.topic(name);
    if (known?.error === 'NONE' && known.partitions.length > 0) return;
    const options = { allowAutoCreate: true, timeoutMs: this.#maxBlockMs, signal: this.#signal };
    await this.#cluster.metadataFor([name], options);
  }

  async #partition(topic: TopicQueues): Promise<void> {
    const { name } = topic;
    if (topic.vainFetches > 0) {
      const backoff = this.#cluster.retryBackoff(topic.vainFetches - 1);
      await this.#cluster.delay(backoff, this.#signal);
      if (topic.waiting.length === 0) return;
    }
    topic.vainFetches++;
    try {
      await this.#cluster.refresh([name], { signal: this.#signal });
    } catch (error) {
      if (!isKafkaError(error) || !error.retriable) throw error;
      return;
    }
    const error = new KafkaError(this.#cluster.topic(name)?.error ?? 'NONE', undefined, {
      topic: name,
    });
    if (error.code !== 'NONE' && !error.retriable) throw error;
  }
}

function asKafkaError(error: unknown, topic: string): KafkaError {
  if (isKafkaError(error)) return error;
  const message = 'The metadata of the topic could not be fetched.';
  return new KafkaError('METADATA_TIMEOUT', message, { topic, cause: error });
}
