import { KafkaError } from '../../../errors/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { Driver } from './driver.js';

/**
 * Whose change events the values are: those of Debezium's connectors (of databases with tables, and
 * of MongoDB), or MongoDB's own, as change streams have them.
 */
export type ChangeDataCapture = 'debezium' | 'changeStream';

type Fields = Readonly<Record<string, unknown>>;

/** What a change event does to one document. */
export type Change =
  | { readonly kind: 'replace'; readonly id: unknown; readonly document: Fields }
  | {
      readonly kind: 'update';
      readonly id: unknown;
      readonly set: Fields;
      readonly unset: readonly string[];
    }
  | { readonly kind: 'delete'; readonly id: unknown };

/** The change a record tells of; undefined for none. Fails with RECORD_REJECTED. */
export type ReadChange = (record: PipeRecord) => Change | undefined;

export function changeReader(capture: ChangeDataCapture, driver: Driver): ReadChange {
  const { EJSON } = driver.BSON;
  // Values such as { $oid: … } become what they stand for.
  const real = (value: unknown): unknown =>
    typeof value === 'object' && value !== null
      ? (EJSON.deserialize(value as never) as unknown)
      : value;
  const parsed = (text: unknown): unknown => (typeof text === 'string' ? EJSON.parse(text) : text);
  return capture === 'changeStream'
    ? (record) => streamChange(record, real)
    : (record) => debeziumChange(record, parsed);
}

/** Events of a change stream; follows mongo-kafka's `ChangeStreamHandler`. */
function streamChange(record: PipeRecord, real: (value: unknown) => unknown): Change | undefined {
  // The tombstone behind a deletion says nothing new.
  if (record.value === null) return undefined;
  const event = fieldsOf(real(fieldsOf(record.value, record)), record);
  const key = event.documentKey as Fields | null | undefined;
  const id = key?._id;
  const type = event.operationType;
  if (id === undefined) throw rejected(record, `is no change of a document (${String(type)})`);
  switch (type) {
    case 'insert':
    case 'replace':
      return { kind: 'replace', id, document: fieldsOf(event.fullDocument, record) };
    case 'update': {
      const described = event.updateDescription as Fields | null | undefined;
      if (described === null || described === undefined) {
        return { kind: 'replace', id, document: fieldsOf(event.fullDocument, record) };
      }
      return updateOf(id, described, record);
    }
    case 'delete':
      return { kind: 'delete', id };
    default:
      throw rejected(record, `is a change of the kind ${String(type)}`);
  }
}

/** Events of Debezium's connectors; those of MongoDB hold documents as text. */
function debeziumChange(
  record: PipeRecord,
  parsed: (text: unknown) => unknown,
): Change | undefined {
  if (record.value === null) return undefined;
  const event = fieldsOf(payloadOf(record.value), record);
  const id = debeziumId(record, parsed);
  switch (event.op) {
    case 'c':
    case 'r':
    case 'u':
      if (event.after === null || event.after === undefined) {
        return updateOf(id, fieldsOf(event.updateDescription, record), record, parsed);
      }
      return { kind: 'replace', id, document: fieldsOf(parsed(event.after), record) };
    case 'd':
      return { kind: 'delete', id };
    case 't':
    case 'm':
      // A whole table was cut, or a message was logged: nothing about one document.
      return undefined;
    default:
      throw rejected(record, 'is no change event of Debezium');
  }
}

/** A primary key of one column is the id, several make a document of it. */
function debeziumId(record: PipeRecord, parsed: (text: unknown) => unknown): unknown {
  const key = payloadOf(record.key);
  if (key === null || key === undefined) throw rejected(record, 'has no key');
  if (typeof key !== 'object' || key instanceof Uint8Array) return key;
  const source = (payloadOf(record.value) as { readonly source?: Fields }).source;
  const [only, ...others] = Object.values(key);
  if (others.length > 0) return key;
  return source?.connector === 'mongodb' ? parsed(only) : only;
}

function updateOf(
  id: unknown,
  described: Fields,
  record: PipeRecord,
  parsed: (text: unknown) => unknown = (value) => value,
): Change {
  const set = parsed(described.updatedFields) ?? {};
  const unset = (described.removedFields ?? []) as readonly string[];
  return { kind: 'update', id, set: fieldsOf(set, record), unset };
}

/** Without the envelope of JsonConverter. */
function payloadOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return 'payload' in value && 'schema' in value ? value.payload : value;
}

function fieldsOf(value: unknown, record: PipeRecord): Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (isObject && !(value instanceof Uint8Array)) return value as Fields;
  throw rejected(record, 'is no change event; put json() before the sink');
}

function rejected({ source }: PipeRecord, why: string): KafkaError {
  const { topic, partition, offset } = source;
  return new KafkaError('RECORD_REJECTED', `The record ${why}.`, { topic, partition, offset });
}
