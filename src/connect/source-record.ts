import { toBytes } from './output-bytes.js';
import type { PipeRecord } from './pipe-record.js';
import type { SourceRecord } from './source.js';

/** The record of a source as transforms see it; `number` is its place in the batch. */
export function asPipeRecord(record: SourceRecord, topic: string, number: number): PipeRecord {
  const goal = record.topic ?? topic;
  return {
    topic: goal,
    key: record.key,
    value: record.value,
    headers: headerList(record),
    timestamp: record.timestamp ?? -1,
    source: { topic: goal, partition: -1, offset: number },
    part: 0,
  };
}

function headerList({ headers }: SourceRecord): PipeRecord['headers'] {
  if (headers === undefined) return [];
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  return (pairs as [string, unknown][]).map(([name, value]) => [name, toBytes(value)]);
}
