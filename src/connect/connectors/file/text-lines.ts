import { KafkaError } from '../../../errors/index.js';
import { jsonFault } from '../../json-fault.js';
import type { SourceBatch, SourceRecord, UnreadableRecord } from '../../source.js';
import { recordsOfCsv } from './csv.js';

/** Whole lines (or records of csv) of a file, and where they stand in it. */
export interface Chunk {
  readonly path: string;
  readonly bytes: Buffer;
  /** Where its first byte is in the file, and the number of its first line. */
  readonly byte: number;
  readonly line: number;
}

const shownMax = 80;

/** Each line is a value. */
export function textRecords({ path, bytes, byte, line }: Chunk): SourceBatch {
  const lines = bytes.toString('utf8').split('\n');
  const position = { byte: byte + bytes.length, line: line + lines.length - 1 };
  if (bytes.at(-1) === 10) lines.pop();
  const records = lines.map((value, at) => ({ key: null, value, place: `${path}:${line + at}` }));
  return { records, position };
}

/** Each line is JSON, and blank ones are nothing; `key` names the field that becomes the key. */
export function jsonRecords(chunk: Chunk, key: string | undefined): SourceBatch {
  const { path, bytes, byte } = chunk;
  const records: SourceRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  let { line } = chunk;
  for (let from = 0; from < bytes.length; line++) {
    const found = bytes.indexOf(10, from);
    const end = found < 0 ? bytes.length : found;
    const raw = bytes.subarray(from, end);
    const position = { byte: byte + from, line };
    from = end + 1;
    const text = raw.toString('utf8');
    const read = parsed(text);
    if (read === 'blank') continue;
    if (typeof read === 'object') {
      const field = key === undefined ? null : (fieldOf(read.value, key) ?? null);
      records.push({ key: field, value: read.value, place: `${path}:${line}` });
      continue;
    }
    const place = `${path}:${line}:${read + 1}`;
    const error = notJson(place, text, read);
    unreadable.push({ before: records.length, raw: Buffer.from(raw), error, place, position });
  }
  // A last line without an end has not been left yet.
  if (bytes.at(-1) !== 10) line--;
  return { records, unreadable, position: { byte: byte + bytes.length, line } };
}

/** Each record is an object of texts; `columns` are the names of its fields. */
export function csvRecords(
  { path, bytes, byte, line }: Chunk,
  columns: readonly string[],
  key: string | undefined,
): SourceBatch {
  const text = bytes.toString('utf8');
  const records: SourceRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  let reached = 0;
  let lineHere = line;
  for (const { fields, from, to } of recordsOfCsv(text)) {
    lineHere += newlinesIn(text, reached, from);
    reached = from;
    const place = `${path}:${lineHere}`;
    if (fields.length === columns.length) {
      const value = Object.fromEntries(columns.map((name, at) => [name, fields[at] ?? '']));
      records.push({ key: key === undefined ? null : (value[key] ?? null), value, place });
      continue;
    }
    const raw = text.slice(from, to).replace(/\r?\n$/, '');
    const counts = `${fields.length} fields, not ${columns.length}`;
    const message = `${place}: a record has ${counts}: ${raw.slice(0, shownMax)}`;
    const position = { byte: byte + Buffer.byteLength(text.slice(0, from)), line: lineHere };
    const error = new KafkaError('RECORD_REJECTED', message, { path });
    unreadable.push({ before: records.length, raw, error, place, position });
  }
  lineHere += newlinesIn(text, reached, text.length);
  return { records, unreadable, position: { byte: byte + bytes.length, line: lineHere } };
}

/** The value, or the place of its fault within the line. */
function parsed(text: string): { readonly value: unknown } | number | 'blank' {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    if (text.trim() === '') return 'blank';
    return jsonFault(text) ?? 0;
  }
}

function notJson(place: string, text: string, fault: number): KafkaError {
  const shown = text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
  const found =
    fault >= text.length ? 'it ends too early' : `${JSON.stringify(text[fault])} is wrong`;
  const message = `${place}: the line is not JSON, ${found} here: ${shown}`;
  return new KafkaError('RECORD_REJECTED', message);
}

function fieldOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | null)?.[name];
}

function newlinesIn(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) {
    count++;
  }
  return count;
}
