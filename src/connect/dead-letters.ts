import type { ConsumerRecord, HeaderValue, ProducerRecord } from '../client/index.js';
import { isKafkaError, type KafkaError } from '../errors/index.js';
import type { Header } from '../serde/index.js';
import { toBytes } from './output-bytes.js';
import type { PipeRecord, RecordPosition } from './pipe-record.js';
import type { Stage } from './transform.js';

/** Kafka Connect's header names, so that its tools read our dead letters and we read theirs. */
export const deadLetterHeaders = {
  topic: '__connect.errors.topic',
  partition: '__connect.errors.partition',
  offset: '__connect.errors.offset',
  connector: '__connect.errors.connector.name',
  task: '__connect.errors.task.id',
  stage: '__connect.errors.stage',
  className: '__connect.errors.class.name',
  exception: '__connect.errors.exception.class.name',
  message: '__connect.errors.exception.message',
  stackTrace: '__connect.errors.exception.stacktrace',
} as const;

const stackBytesMax = 8192;

/** A record that is set aside, and why. */
export interface DeadLetter {
  readonly record: PipeRecord;
  readonly stage: Stage;
  /** The transform or sink that gave up. */
  readonly where: string;
  readonly error: KafkaError;
}

/** The headers that say where a dead letter comes from and what went wrong. */
export function errorHeaders(
  of: { readonly pipeline: string; readonly task: number | string },
  letter: { readonly stage: Stage; readonly where: string; readonly error: Error },
  source: RecordPosition | undefined,
): [string, HeaderValue][] {
  const { error, stage, where } = letter;
  const names = deadLetterHeaders;
  const root = error.cause instanceof Error ? error.cause : error;
  const from: [string, HeaderValue][] =
    source === undefined
      ? []
      : [
          [names.topic, source.topic],
          [names.partition, String(source.partition)],
          [names.offset, String(source.offset)],
        ];
  return [
    ...from,
    [names.connector, of.pipeline],
    [names.task, String(of.task)],
    [names.stage, stage],
    [names.className, where],
    [names.exception, isKafkaError(root) ? root.code : root.name],
    [names.message, error.message],
    [names.stackTrace, (root.stack ?? root.message).slice(0, stackBytesMax)],
  ];
}

/** Who sets records aside. */
export interface LetterWriter {
  readonly pipeline: string;
  readonly task: number;
}

/** The letter as a record of the dead-letter topic: as it was read, with the reason in headers. */
export function letterRecord(topic: string, letter: DeadLetter, of: LetterWriter): ProducerRecord {
  const { key, value, headers, timestamp } = asRead(letter.record);
  return {
    topic,
    key,
    value,
    headers: [...headers.list, ...errorHeaders(of, letter, letter.record.source)],
    ...(timestamp < 0 ? {} : { timestamp }),
  };
}

/** What a source could make no record of. */
export interface SourceLetter {
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: readonly Header[];
  readonly stage: Stage;
  readonly where: string;
  readonly error: KafkaError;
  /** Where it was found, such as `numbers.jsonl:17`. */
  readonly place: string | undefined;
}

/** Names the place in the source, which is none of Kafka's. */
export const sourcePlaceHeader = 'kafkit.source.place';

/** The letter of a source as a record: it has no topic to be sent back to. */
export function sourceLetterRecord(
  topic: string,
  letter: SourceLetter,
  of: LetterWriter,
): ProducerRecord {
  const { key, value, headers, place } = letter;
  return {
    topic,
    key: toBytes(key),
    value: toBytes(value),
    headers: [
      ...headers,
      ...errorHeaders(of, letter, undefined),
      ...(place === undefined ? [] : [[sourcePlaceHeader, place] as const]),
    ],
  };
}

/** The record as it was read: a pipeline keeps it as the source of what it makes of it. */
export function asRead(record: PipeRecord): ConsumerRecord {
  return record.source as ConsumerRecord;
}
