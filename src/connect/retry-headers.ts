import { ConsumerRecord, type HeaderValue, RecordHeaders } from '../client/index.js';

const prefix = 'kafkit.retry.';
const names = {
  attempt: `${prefix}attempt`,
  dueAt: `${prefix}due-at`,
  topic: `${prefix}topic`,
  partition: `${prefix}partition`,
  offset: `${prefix}offset`,
  timestamp: `${prefix}timestamp`,
} as const;

/** Where the record was before any retry topic. */
export function originOf(record: ConsumerRecord) {
  const topic = textOf(record, names.topic);
  if (topic === undefined) {
    return { topic: record.topic, partition: record.partition, offset: record.offset };
  }
  const partition = Number(textOf(record, names.partition));
  return { topic, partition, offset: Number(textOf(record, names.offset)) };
}

/** 1 for a record that comes for the first time. */
export function attemptOf(record: ConsumerRecord): number {
  return Number(textOf(record, names.attempt) ?? 1);
}

/** Milliseconds since 1970. */
export function dueAtOf(record: ConsumerRecord, delayMs: number): number {
  return Number(textOf(record, names.dueAt) ?? record.timestamp + delayMs);
}

/** The record's own headers. */
export function strippedHeaders({ headers }: ConsumerRecord): [string, Buffer | null][] {
  return headers.list.filter(([name]) => !name.startsWith(prefix)).map(([name, v]) => [name, v]);
}

/** The record of a retry topic as it was read at first: its place, its time, its headers. */
export function asReadFirst(record: ConsumerRecord): ConsumerRecord {
  if (textOf(record, names.topic) === undefined) return record;
  const { topic, partition, offset } = originOf(record);
  const timestamp = Number(textOf(record, names.timestamp) ?? record.timestamp);
  const headers = new RecordHeaders(strippedHeaders(record));
  const { key, value } = record;
  return new ConsumerRecord(topic, partition, offset, timestamp, key, value, headers, -1);
}

/** Headers of a record that waits for its next attempt; see `retryTopics`. */

export function retryHeaders(
  record: ConsumerRecord,
  { attempt, dueAt }: { readonly attempt: number; readonly dueAt: number },
): [string, HeaderValue][] {
  const { topic, partition, offset } = originOf(record);
  return [
    ...strippedHeaders(record),
    [names.attempt, String(attempt)],
    [names.dueAt, String(dueAt)],
    [names.topic, topic],
    [names.partition, String(partition)],
    [names.offset, String(offset)],
    [names.timestamp, textOf(record, names.timestamp) ?? String(record.timestamp)],
  ];
}

function textOf(record: ConsumerRecord, name: string): string | undefined {
  return record.headers.get(name)?.toString();
}
