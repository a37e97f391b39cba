import type { Header } from '../../serde/index.js';

/**
 * One record as the application gets it: plain properties, cheap to make. `JSON.stringify` gives
 * keys, values and headers that are bytes as text where they are UTF-8, else as
 * `{ "base64": … }`.
 */
export class ConsumerRecord<K = Buffer | null, V = Buffer | null> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970, -1 for none; the broker's time where the topic says so. */
  readonly timestamp: number;
  readonly key: K;
  readonly value: V;
  readonly headers: RecordHeaders;
  /** Leader epoch in which the record was written, -1 when the broker did not say. */
  readonly leaderEpoch: number;

  constructor(
    topic: string,
    partition: number,
    offset: number,
    timestamp: number,
    key: K,
    value: V,
    headers: RecordHeaders,
    leaderEpoch: number,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.key = key;
    this.value = value;
    this.headers = headers;
    this.leaderEpoch = leaderEpoch;
  }

  toJSON(): Record<string, unknown> {
    const { topic, partition, offset, timestamp, key, value, headers, leaderEpoch } = this;
    return {
      topic,
      partition,
      offset,
      timestamp,
      key: readable(key),
      value: readable(value),
      headers: headers.toJSON(),
      leaderEpoch,
    };
  }
}

/** Headers in the order they were written, duplicates included, with a Map-like view. */
export class RecordHeaders implements Iterable<Header> {
  /** What records without headers share. */
  static readonly none = new RecordHeaders([]);

  /** Name and value, in order. */
  readonly list: readonly (readonly [name: string, value: Buffer | null])[];

  constructor(list: readonly (readonly [name: string, value: Buffer | null])[]) {
    this.list = list;
  }

  get size(): number {
    return this.list.length;
  }

  /** The last value under the name, as Kafka's `lastHeader`; undefined when there is none. */
  get(name: string): Buffer | null | undefined {
    return this.list.findLast((header) => header[0] === name)?.[1];
  }

  /** All values under the name, in order. */
  getAll(name: string): (Buffer | null)[] {
    return this.list.filter((header) => header[0] === name).map((header) => header[1]);
  }

  has(name: string): boolean {
    return this.list.some((header) => header[0] === name);
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: Buffer | null]> {
    return this.list[Symbol.iterator]();
  }

  toJSON(): [string, unknown][] {
    return this.list.map(([name, value]) => [name, readable(value)]);
  }
}

function readable(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : { base64: bytes.toString('base64') };
}
