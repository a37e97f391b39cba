import type { ConsumerRecord } from '../client/index.js';
import type { Header } from '../serde/index.js';

/** A place in Kafka. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * A record on its way through a pipeline. Plain data: a transform answers with a changed copy
 * (`{ ...record, value }`), never changes it in place.
 */
export interface PipeRecord<K = unknown, V = unknown> {
  /** Where it came from, or where a routing transform wants it to go. */
  readonly topic: string;
  readonly key: K;
  /** null is a tombstone. */
  readonly value: V;
  readonly headers: readonly Header[];
  /** Milliseconds since 1970, -1 for none. */
  readonly timestamp: number;
  /**
   * The record as it was read, bytes untouched: what ids are made of and what a dead-letter topic
   * gets. Transforms leave it alone.
   */
  readonly source: RecordPosition;
  /** 0, 1, … where a transform made several records of one. */
  readonly part: number;
}

/** The record as the pipeline's first transform sees it: key and value are bytes. */
export function pipeRecordOf(record: ConsumerRecord): PipeRecord<Buffer | null, Buffer | null> {
  return {
    topic: record.topic,
    key: record.key,
    value: record.value,
    headers: record.headers.list,
    timestamp: record.timestamp,
    source: record,
    part: 0,
  };
}

/** `orders-0@17`, for messages. */
export function placeOf({ topic, partition, offset }: RecordPosition): string {
  return `${topic}-${partition}@${offset}`;
}
