import { batchesToEnd, type Kafka, type TopicPartition } from '../client/index.js';
import type { Clock } from '../system/index.js';
import { type DeadLetter, deadLetterHeaders as names } from './dead-letters.js';

interface Known {
  /** Letters with this timestamp or a later one have been looked up. */
  since: number;
  /** Offsets of the partition's records that lie in the dead-letter topic already. */
  readonly offsets: Set<number>;
}

/**
 * Which records a task that was killed has set aside already: it may have died between the
 * dead-letter topic and the commit. Looked up once per partition, at the first letter after the
 * partition was taken over, and only from that record's time on (a letter keeps its timestamp).
 */
export class DeadLetterLedger {
  readonly #kafka: Kafka;
  readonly #topic: string;
  readonly #pipeline: string;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(kafka: Kafka, topic: string, pipeline: string, clock: Clock) {
    this.#kafka = kafka;
    this.#topic = topic;
    this.#pipeline = pipeline;
    this.#clock = clock;
  }

  /** The partitions have changed hands: what others set aside meanwhile is unknown. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#known.delete(`${topic}:${partition}`);
  }

  /** Those of the letters (of one partition) that are not in the topic yet. */
  async missing(letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const [first] = letters;
    if (first === undefined) return [];
    const { topic, partition } = first.record.source;
    const key = `${topic}:${partition}`;
    const since = Math.min(...letters.map(({ record }) => record.timestamp));
    let known = this.#known.get(key);
    if (known === undefined || since < known.since) {
      known = { since, offsets: await this.#lookUp({ topic, partition }, since) };
      this.#known.set(key, known);
    }
    const { offsets } = known;
    const open = letters.filter(({ record }) => !offsets.has(record.source.offset));
    // What has been passed does not come again.
    for (const { record } of letters) offsets.delete(record.source.offset);
    return open;
  }

  async #lookUp(of: TopicPartition, since: number): Promise<Set<number>> {
    const found = new Set<number>();
    const topic = this.#topic;
    const admin = this.#kafka.admin();
    try {
      const [description] = await admin.describeTopics([topic]);
      const all = (description?.partitions ?? []).map((_, partition) => ({ topic, partition }));
      const ends = await admin.listOffsets(all.map((each) => ({ ...each, at: 'latest' as const })));
      const at = since < 0 ? ('earliest' as const) : { timestamp: since };
      const starts = await admin.listOffsets(all.map((each) => ({ ...each, at })));
      const open = ends.flatMap(({ partition, offset: end }, index) => {
        const offset = starts[index]?.offset ?? -1;
        return offset >= 0 && offset < end ? [{ topic, partition, offset, end }] : [];
      });
      const options = { clock: this.#clock };
      for await (const batch of batchesToEnd(this.#kafka, open, options)) {
        for (const { headers } of batch) {
          const text = (name: string) => headers.get(name)?.toString();
          const isOurs =
            text(names.connector) === this.#pipeline &&
            text(names.topic) === of.topic &&
            text(names.partition) === String(of.partition);
          if (isOurs) found.add(Number(text(names.offset)));
        }
      }
      return found;
    } finally {
      await admin.close();
    }
  }
}
