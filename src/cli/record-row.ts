import { CommandFailure } from './command.js';

/** What rows and formats show of a record. */
export interface PrintableRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Iterable<readonly [string, Buffer | null]>;
}

/** A row read from JSON, ready to be sent. */
export interface ProducibleRow {
  readonly topic?: string | undefined;
  readonly partition?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

type Bytes = Buffer | null;

/**
 * One record as a line of JSON. Bytes that are not UTF-8 come as `{"base64": …}`, so that every
 * record survives the way through a pipe.
 */
export function toJsonRow(record: PrintableRecord): string {
  const headers = [...record.headers].map(([name, bytes]) => [name, readable(bytes)]);
  return JSON.stringify({
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    key: readable(record.key),
    value: readable(record.value),
    ...(headers.length === 0 ? {} : { headers }),
  });
}

/** Reads a row as `toJsonRow` writes it; values that are no strings are sent as JSON. */
export function fromJsonRow(line: string, number: number): ProducibleRow {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(`Line ${number} is no JSON: ${why}.`);
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new CommandFailure(`Line ${number} is no JSON object.`, 'Write {"value": …}.');
  }
  const fields = new Map(Object.entries(row));
  return {
    topic: ofType(fields.get('topic'), 'string', `topic of line ${number}`),
    partition: ofType(fields.get('partition'), 'number', `partition of line ${number}`),
    timestamp: ofType(fields.get('timestamp'), 'number', `timestamp of line ${number}`),
    key: asBytes(fields.get('key')),
    value: asBytes(fields.get('value')),
    headers: headersOf(fields.get('headers'), number),
  };
}

/** Replaces the percent verbs of `format`: `%t %p %o %k %v %h %T %%`, and `\n`, `\t`. */
export function formatRecord(format: string, record: PrintableRecord): string {
  return format.replace(/%(.)|\\(.)/gs, (all, verb?: string, escaped?: string) => {
    if (escaped !== undefined) return { n: '\n', t: '\t', r: '\r' }[escaped] ?? escaped;
    switch (verb) {
      case 't':
        return record.topic;
      case 'p':
        return String(record.partition);
      case 'o':
        return String(record.offset);
      case 'k':
        return textOf(record.key) ?? '';
      case 'v':
      case 's':
        return textOf(record.value) ?? '';
      case 'T':
        return String(record.timestamp);
      case 'h':
        return headersAsText(record.headers);
      case '%':
        return '%';
      default:
        return all;
    }
  });
}

/** `name:text,name:text`. */
export function headersAsText(
  headers: PrintableRecord['headers'],
  absent = '',
  separator = ',',
): string {
  return [...headers].map(([name, bytes]) => `${name}:${textOf(bytes) ?? absent}`).join(separator);
}

function readable(bytes: Bytes): unknown {
  if (bytes === null) return null;
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : { base64: bytes.toString('base64') };
}

function textOf(bytes: Bytes): string | null {
  return bytes === null ? null : bytes.toString('utf8');
}

function asBytes(value: unknown): Bytes {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  const [only, ...others] = typeof value === 'object' ? Object.entries(value) : [];
  if (only?.[0] === 'base64' && typeof only[1] === 'string' && others.length === 0) {
    return Buffer.from(only[1], 'base64');
  }
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function headersOf(value: unknown, line: number): readonly (readonly [string, Bytes])[] {
  if (value === undefined || value === null) return [];
  const pairs: unknown[] = Array.isArray(value) ? value : Object.entries(value);
  return pairs.map((pair) => {
    const [name, content] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    if (typeof name !== 'string') {
      throw new CommandFailure(`The headers of line ${line} are no list of [name, text] pairs.`);
    }
    return [name, asBytes(content)] as const;
  });
}

function ofType(value: unknown, type: 'string', what: string): string | undefined;
function ofType(value: unknown, type: 'number', what: string): number | undefined;
function ofType(value: unknown, type: string, what: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (typeof value === type) return value;
  throw new CommandFailure(`The ${what} is no ${type}.`);
}
