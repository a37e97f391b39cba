import { batchesToEnd, type Kafka, type ProducerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { Clock } from '../system/index.js';
import type { SourcePosition } from './source.js';

/** The position of one source, as the last record under its name in a compacted topic. */
export class SourceOffsets {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(kafka: Kafka, topic: string, name: string, clock: Clock) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#name = name;
    this.#clock = clock;
  }

  /**
   * The position stored last; undefined when there is none. Reads the topic to its very end, so
   * that it waits for transactions of others that are open before a position of ours.
   */
  async load(): Promise<SourcePosition | undefined> {
    const topic = this.#topic;
    const admin = this.#kafka.admin();
    const at = { topic, partition: 0 };
    const [end] = await admin.listOffsets([{ ...at, at: 'latest' }]);
    const [start] = await admin.listOffsets([{ ...at, at: 'earliest' }]);
    await admin.close();
    const range = { ...at, offset: start?.offset ?? 0, end: end?.offset ?? 0 };
    const options = { isolationLevel: 'read_committed', clock: this.#clock } as const;
    let found: Buffer | null = null;
    for await (const batch of batchesToEnd(this.#kafka, [range], options)) {
      for (const { key, value } of batch) if (key?.toString() === this.#name) found = value;
    }
    if (found === null) return undefined;
    try {
      return JSON.parse(found.toString()) as SourcePosition;
    } catch (cause) {
      const message = `The position of ${this.#name} cannot be read.`;
      throw new KafkaError('DESERIALIZATION_FAILED', message, { topic, cause });
    }
  }

  /** What stores the position, once it is sent. */
  record(position: SourcePosition): ProducerRecord {
    return { topic: this.#topic, partition: 0, key: this.#name, value: JSON.stringify(position) };
  }
}
