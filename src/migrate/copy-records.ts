import type { ConsumerRecord, Kafka, Producer, RecordMetadata } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import type { System } from '../system/index.js';
import type { Mark, MigrationState } from './migration-state.js';
import { readRanges } from './read-ranges.js';
import { addRecord } from './record-checksum.js';

/** A partition on its way from one cluster to the other. */
export interface PartitionToCopy {
  readonly topic: string;
  readonly partition: number;
  /** The last thing remembered. */
  readonly begin: Mark;
  /** So many records after it are in the target already: they are read, but not sent. */
  readonly ahead: number;
  /** Offset in the source at which this run ends. */
  readonly until: number;
  /** Whether timestamps are the producers' and so the same on both sides. */
  readonly withTime: boolean;
}

export interface CopyParts {
  readonly from: Kafka;
  readonly to: Kafka;
  readonly system: System;
  readonly state: MigrationState;
  readonly producer: Producer;
  readonly signal: AbortSignal | undefined;
  readonly copied: (records: number) => void;
}

/** Portions on their way to the target at a time, over all partitions. */
const portionsInFlightMax = 32;
/** Records of a partition between two marks. */
const recordsPerMark = 10_000;

/** Copies partitions side by side; false when it was stopped before their ends. */
export async function copyRecords(
  parts: CopyParts,
  partitions: readonly PartitionToCopy[],
): Promise<boolean> {
  const tracks = new Map(
    partitions.map((each) => [`${each.topic} ${each.partition}`, new Track(parts, each)]),
  );
  const inFlight: Promise<void>[] = [];
  const ranges = partitions.map(({ topic, partition, begin, until }) => {
    return { topic, partition, from: begin.source, until };
  });
  let finished = false;
  try {
    finished = await readRanges(
      parts.from,
      parts.system,
      ranges,
      async (records, { topic, partition }) => {
        const sent = tracks.get(`${topic} ${partition}`)?.send(records);
        if (sent === undefined) return;
        // Its failure is thrown where it is waited for.
        sent.catch(() => undefined);
        inFlight.push(sent);
        if (inFlight.length >= portionsInFlightMax) await inFlight.shift();
      },
      parts.signal,
    );
    await Promise.all(inFlight);
    return finished;
  } finally {
    await Promise.allSettled(inFlight);
    for (const track of tracks.values()) track.remember(finished);
  }
}

/** One partition: what was read and what the target has confirmed, in order. */
class Track {
  readonly #parts: CopyParts;
  readonly #partition: PartitionToCopy;
  #ahead: number;
  #checksum: number;
  /** Offset in the target of the next record sent. */
  #next: number;
  /** Confirmed by the target. */
  #mark: Mark;
  #remembered: Mark;

  constructor(parts: CopyParts, partition: PartitionToCopy) {
    this.#parts = parts;
    this.#partition = partition;
    this.#ahead = partition.ahead;
    this.#checksum = partition.begin.checksum;
    this.#next = partition.begin.target;
    this.#mark = partition.begin;
    this.#remembered = partition.begin;
  }

  /** Sends records; undefined where the target had them all. */
  send(records: readonly ConsumerRecord[]): Promise<void> | undefined {
    const { topic, partition, withTime } = this.#partition;
    for (const record of records) {
      this.#checksum = addRecord(this.#checksum, record, withTime);
    }
    const first = this.#next;
    this.#next += records.length;
    const last = records.at(-1);
    const mark = {
      source: (last?.offset ?? 0) + 1,
      target: this.#next,
      checksum: this.#checksum,
    };
    const skipped = Math.min(this.#ahead, records.length);
    this.#ahead -= skipped;
    const fresh = records.slice(skipped);
    if (fresh.length === 0) {
      this.#confirm(mark);
      return undefined;
    }
    const sending = this.#parts.producer.send(
      fresh.map(({ key, value, headers, timestamp }) => {
        const time = timestamp < 0 ? undefined : timestamp;
        return { topic, partition, key, value, headers: headers.list, timestamp: time };
      }),
    );
    return sending.then((results) => {
      this.#check(results, first + skipped);
      this.#parts.copied(fresh.length);
      this.#confirm(mark);
    });
  }

  /** Somebody else who writes to the target would make every later offset wrong. */
  #check(results: readonly RecordMetadata[], first: number): void {
    const at = results.findIndex(({ offset }, i) => offset >= 0 && offset !== first + i);
    if (at < 0) return;
    const { topic, partition } = this.#partition;
    throw new KafkaError(
      'INVALID_ARGUMENT',
      `A record came to lie at offset ${results[at]?.offset} instead of ${first + at}.`,
      { topic, partition, hint: 'Nobody else may write to the target during a migration.' },
    );
  }

  #confirm(mark: Mark): void {
    this.#mark = mark;
    if (mark.target - this.#remembered.target >= recordsPerMark) this.remember(false);
  }

  /** Writes down how far it has come; at its end, that no record is left below that offset. */
  remember(atEnd: boolean): void {
    const { topic, partition, until } = this.#partition;
    const isWhole = atEnd && this.#mark.target === this.#next;
    const source = isWhole ? Math.max(this.#mark.source, until) : this.#mark.source;
    const mark = { ...this.#mark, source };
    if (source === this.#remembered.source && mark.target === this.#remembered.target) return;
    this.#parts.state.mark(topic, partition, mark);
    this.#remembered = mark;
  }
}
