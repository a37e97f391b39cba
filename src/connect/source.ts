import type { HeadersInput } from '../client/index.js';
import type { KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import type { StepReporter } from './steps.js';

/** Where a source stands: plain JSON, kept in the offsets topic. */
export type SourcePosition = Readonly<Record<string, unknown>>;

export interface SourceRecord {
  readonly key: unknown;
  /** null is a tombstone. */
  readonly value: unknown;
  readonly headers?: HeadersInput | undefined;
  /** Milliseconds since 1970; default: now. */
  readonly timestamp?: number | undefined;
  /** A topic of its own choice instead of the pipeline's. */
  readonly topic?: string | undefined;
  /** Where it was found, for messages and dead letters, such as `numbers.jsonl:17`. */
  readonly place?: string | undefined;
}

/** Something that no record could be made of. */
export interface UnreadableRecord {
  /** How many records of the batch come before it. */
  readonly before: number;
  /** As it was read: what a dead-letter topic gets. */
  readonly raw: string | Uint8Array;
  /** Says what is wrong, and where. */
  readonly error: KafkaError;
  readonly place?: string | undefined;
  /** Where the source goes on once this is mended: in front of it. */
  readonly position: SourcePosition;
}

/** Some records, and where the source goes on once they are in Kafka. */
export interface SourceBatch {
  readonly records: readonly SourceRecord[];
  /** What was found among them and is none, in its order; `errors` says what becomes of it. */
  readonly unreadable?: readonly UnreadableRecord[] | undefined;
  readonly position: SourcePosition;
}

export interface SourceContext {
  readonly pipeline: string;
  /** Where the last run stopped; undefined at the very first start. */
  readonly position: SourcePosition | undefined;
  readonly logger: Logger;
  readonly system: System;
  readonly step: StepReporter;
  readonly signal: AbortSignal;
}

/** A place outside Kafka that records are read from. */
export interface Source {
  readonly name: string;
  start(context: SourceContext): Promise<SourceReader>;
}

export interface SourceReader {
  /** The next records, waiting for them; undefined at the end of a source that has one. */
  poll(): Promise<SourceBatch | undefined>;
  close(): Promise<void>;
}
