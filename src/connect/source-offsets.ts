import type { Kafka, Producer } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { SourcePosition } from './source.js';

/** The position of one source, as the last record under its name in a compacted topic. */
export class SourceOffsets {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #name: string;
  #producer: Producer | undefined;

  constructor(kafka: Kafka, topic: string, name: string) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#name = name;
  }

  /** The position stored last; undefined when there is none. Reads the topic to its end. */
  async load(): Promise<SourcePosition | undefined> {
    const topic = this.#topic;
    const admin = this.#kafka.admin();
    const [end] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
    const [start] = await admin.listOffsets([{ topic, partition: 0, at: 'earliest' }]);
    await admin.close();
    const goal = end?.offset ?? 0;
    if (goal <= (start?.offset ?? 0)) return undefined;
    const consumer = this.#kafka.consumer({
      assign: [{ topic, partition: 0 }],
      fromBeginning: true,
    });
    let found: Buffer | null = null;
    for await (const batch of consumer.batches()) {
      for (const { key, value } of batch) if (key?.toString() === this.#name) found = value;
      if (batch.nextOffset >= goal) break;
    }
    await consumer.close();
    if (found === null) return undefined;
    try {
      return JSON.parse(found.toString()) as SourcePosition;
    } catch (cause) {
      const message = `The position of ${this.#name} cannot be read.`;
      throw new KafkaError('DESERIALIZATION_FAILED', message, { topic, cause });
    }
  }

  async store(position: SourcePosition): Promise<void> {
    this.#producer ??= this.#kafka.producer();
    const value = JSON.stringify(position);
    await this.#producer.send({ topic: this.#topic, partition: 0, key: this.#name, value });
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }
}
