import {
  batchesToEnd,
  type ConsumerRecord,
  type Kafka,
  type TopicPartition,
} from '../client/index.js';
import type { Clock } from '../system/index.js';
import { asRead, type DeadLetter, deadLetterHeaders as names } from './dead-letters.js';
import { asReadFirst } from './retry-headers.js';

interface Known {
  /** Letters with this timestamp or a later one have been looked up. */
  readonly since: number;
  /** Places of records that lie in the topic already. */
  readonly places: Set<string>;
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly end: number;
}

export interface AsideLedgerParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly pipeline: string;
  readonly clock: Clock;
}

/**
 * Which records a task that was killed has set aside already: it may have died between another
 * topic and the commit. Looked up at the first record that is set aside after partitions were taken
 * over: of the dead letters only from that record's time on (a letter keeps its timestamp), of a
 * retry topic only what the group has not worked through yet.
 */
export class AsideLedger {
  readonly #parts: AsideLedgerParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: AsideLedgerParts) {
    this.#parts = parts;
  }

  /** Partitions have changed hands: what others set aside meanwhile is unknown. */
  forget(): void {
    this.#known.clear();
  }

  /** Those of the letters that are not in the dead-letter topic yet. */
  async notDead(topic: string, letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    if (letters.length === 0) return [];
    const since = Math.min(...letters.map(({ record }) => asRead(record).timestamp));
    let known = this.#known.get(topic);
    if (known === undefined || since < known.since) {
      const at = since < 0 ? ('earliest' as const) : { timestamp: since };
      const ranges = await this.#rangesOf(topic, at);
      const places = await this.#placesIn(ranges, (record) => this.#placeOfLetter(record));
      known = { since, places };
      this.#known.set(topic, known);
    }
    return notIn(known.places, letters, placeOf);
  }

  /** Those of the records that do not wait in the retry topic yet. */
  async notWaiting(topic: string, letters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    if (letters.length === 0) return [];
    let known = this.#known.get(topic);
    if (known === undefined) {
      const ranges = await this.#notWorkedThrough(topic);
      const places = await this.#placesIn(ranges, (record) => timedPlaceOf(asReadFirst(record)));
      known = { since: -1, places };
      this.#known.set(topic, known);
    }
    return notIn(known.places, letters, timedPlaceOf);
  }

  #placeOfLetter({ headers }: ConsumerRecord): string | undefined {
    const text = (name: string) => headers.get(name)?.toString() ?? '';
    if (text(names.connector) !== this.#parts.pipeline) return undefined;
    const [topic, partition, offset] = [names.topic, names.partition, names.offset].map(text);
    return placeOf({ topic, partition, offset });
  }

  /** What the group has not committed of the topic. */
  async #notWorkedThrough(topic: string): Promise<Range[]> {
    const admin = this.#parts.kafka.admin();
    try {
      const committed = await admin.fetchOffsets(this.#parts.groupId);
      const ranges = await this.#rangesOf(topic, 'earliest');
      return ranges.flatMap((range) => {
        const { partition, offset, end } = range;
        const is = (each: TopicPartition) => each.topic === topic && each.partition === partition;
        const from = Math.max(offset, committed.find(is)?.offset ?? -1);
        return from < end ? [{ ...range, offset: from }] : [];
      });
    } finally {
      await admin.close();
    }
  }

  async #rangesOf(
    topic: string,
    from: 'earliest' | { readonly timestamp: number },
  ): Promise<Range[]> {
    const admin = this.#parts.kafka.admin();
    try {
      const [description] = await admin.describeTopics([topic]);
      const all = (description?.partitions ?? []).map((_, partition) => ({ topic, partition }));
      const ends = await admin.listOffsets(all.map((each) => ({ ...each, at: 'latest' as const })));
      const starts = await admin.listOffsets(all.map((each) => ({ ...each, at: from })));
      return ends.flatMap(({ partition, offset: end }, index) => {
        const offset = starts[index]?.offset ?? -1;
        return offset >= 0 && offset < end ? [{ topic, partition, offset, end }] : [];
      });
    } finally {
      await admin.close();
    }
  }

  async #placesIn(
    ranges: readonly Range[],
    place: (record: ConsumerRecord) => string | undefined,
  ): Promise<Set<string>> {
    const found = new Set<string>();
    const options = { clock: this.#parts.clock };
    for await (const batch of batchesToEnd(this.#parts.kafka, ranges, options)) {
      for (const record of batch) {
        const at = place(record);
        if (at !== undefined) found.add(at);
      }
    }
    return found;
  }
}

/** What has been passed does not come again, so it need not be remembered. */
function notIn(
  places: Set<string>,
  letters: readonly DeadLetter[],
  at: (record: ConsumerRecord) => string,
): DeadLetter[] {
  const open = letters.filter(({ record }) => !places.has(at(asRead(record))));
  for (const { record } of letters) places.delete(at(asRead(record)));
  return open;
}

/** A topic that was deleted and made anew gives its offsets again, at another time. */
function timedPlaceOf(record: ConsumerRecord): string {
  return `${placeOf(record)} ${record.timestamp}`;
}

function placeOf(of: { readonly [name in 'topic' | 'partition' | 'offset']?: unknown }): string {
  return `${String(of.topic)}:${String(of.partition)}@${String(of.offset)}`;
}
