import { KafkaError } from '../../../errors/index.js';
import type { PipeRecord } from '../../pipe-record.js';

/** How a record becomes a line. */
export interface LineFormat {
  /** The line without its end. Fails with RECORD_REJECTED. */
  line(record: PipeRecord): string | Uint8Array;
  /** What a new file begins with. */
  readonly header: string | undefined;
  readonly extension: string;
}

/**
 * `jsonl`: the value as one line of JSON (text and bytes that hold one line are taken as they
 * are). `csv`: the fields of the value that `columns` names, after RFC 4180.
 */
export function lineFormat(
  format: 'jsonl' | 'csv',
  columns: readonly string[] | undefined,
): LineFormat {
  if (format === 'jsonl') return { line: jsonLine, header: undefined, extension: 'jsonl' };
  if (columns === undefined || columns.length === 0) {
    throw new KafkaError('INVALID_ARGUMENT', 'file: csv needs columns, the fields to write.');
  }
  return {
    line: (record) => csvLine(record, columns),
    header: columns.map(csvField).join(','),
    extension: 'csv',
  };
}

function jsonLine(record: PipeRecord): string | Uint8Array {
  const { value } = record;
  if (value instanceof Uint8Array) {
    if (value.includes(10)) throw rejected(record, 'holds a line break; put json() before');
    return value;
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw rejected(record, 'has no JSON form', cause);
  }
  if (text === undefined) throw rejected(record, 'has no JSON form');
  return text;
}

function csvLine(record: PipeRecord, columns: readonly string[]): string {
  const { value } = record;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    throw rejected(record, 'is no object with fields; put json() before');
  }
  const fields = value as Record<string, unknown>;
  return columns.map((name) => csvField(fields[name])).join(',');
}

function csvField(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rejected({ source }: PipeRecord, why: string, cause?: unknown): KafkaError {
  const { topic, partition, offset } = source;
  const about = { topic, partition, offset, cause };
  return new KafkaError('RECORD_REJECTED', `The value ${why}.`, about);
}
