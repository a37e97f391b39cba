import type { Header } from '../../serde/index.js';

/** What a producer takes as bytes when no serializer is given: text is written as UTF-8. */
export type Bytes = Uint8Array | string | null;

/** A header value; text is written as UTF-8. */
export type HeaderValue = Uint8Array | string | null;

/**
 * Headers as an object (a list as value repeats the name), or as pairs that keep order and
 * repetitions.
 */
export type HeadersInput =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>
  | readonly (readonly [name: string, value: HeaderValue])[];

/** A record to be produced. */
export interface ProducerRecord<K = Bytes, V = Bytes> {
  readonly topic: string;
  /** Records with the same key go to the same partition, and stay in order. */
  readonly key?: K | null | undefined;
  /** null is a tombstone: on a compacted topic it deletes the key. */
  readonly value: V | null;
  readonly headers?: HeadersInput | undefined;
  /** Overrides the partitioner. */
  readonly partition?: number | undefined;
  /** Milliseconds since 1970 (or a Date); default: now. */
  readonly timestamp?: number | Date | undefined;
}

/** Where a record has come to lie. */
export interface RecordMetadata {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0, and when a repeated batch was acknowledged without its offset. */
  readonly offset: number;
  /** The record's, or the broker's where the topic uses LogAppendTime. Milliseconds since 1970. */
  readonly timestamp: number;
  /** Bytes of the serialized key and value; -1 for null. */
  readonly keySize: number;
  readonly valueSize: number;
}

/** What a partitioner may look at. */
export interface PartitionerRecord {
  readonly topic: string;
  readonly keyBytes: Uint8Array | null;
  readonly valueBytes: Uint8Array | null;
  readonly headers: readonly Header[];
  /** How many partitions the topic has. */
  readonly partitionCount: number;
}

/**
 * Chooses the partition of a record without an explicit one; a whole number from 0 to
 * `partitionCount` - 1. Undefined leaves the choice to the default partitioner.
 */
export type Partitioner = (record: PartitionerRecord) => number | undefined;
