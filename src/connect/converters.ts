import { KafkaError } from '../errors/index.js';
import { type DeserializerLike, toDeserializer } from '../serde/index.js';
import type { PipeRecord } from './pipe-record.js';
import type { Transform } from './transform.js';

/** What a converter works on: values unless told otherwise. */
export interface ConverterOptions {
  readonly of?: 'key' | 'value' | undefined;
}

/** Text in UTF-8. */
export function string(options: ConverterOptions = {}): Transform {
  return converter('string', options, (bytes) => utf8.decode(bytes));
}

/** JSON text in UTF-8. */
export function json(options: ConverterOptions = {}): Transform {
  return converter('json', options, (bytes) => JSON.parse(utf8.decode(bytes)) as unknown);
}

/**
 * JSON as Kafka Connect's JsonConverter writes it with schemas: `{ "schema": …, "payload": … }`.
 * Logical types become what they stand for: dates become Date, Decimals stay text.
 */
export function jsonEnvelope(options: ConverterOptions = {}): Transform {
  return converter('jsonEnvelope', options, (bytes) => {
    const parsed = JSON.parse(utf8.decode(bytes)) as unknown;
    if (!isEnvelope(parsed)) {
      throw new KafkaError(
        'DESERIALIZATION_FAILED',
        'This is no envelope of JsonConverter with "schema" and "payload"; use json.',
      );
    }
    return payload(parsed.payload, parsed.schema);
  });
}

/**
 * Any deserializer as a converter: formats of a schema registry, `int64()`, functions of one's own.
 */
export function convert<T>(
  deserializer: DeserializerLike<T>,
  { of = 'value' }: ConverterOptions = {},
): Transform {
  const read = toDeserializer(deserializer);
  const isKey = of === 'key';
  return {
    name: 'convert',
    stage: isKey ? 'KEY_CONVERTER' : 'VALUE_CONVERTER',
    apply(record) {
      const { topic, partition, offset } = record.source;
      const data = (isKey ? record.key : record.value) as Buffer | null;
      const made = read(data, { topic, partition, offset, isKey, headers: record.headers });
      return isKey ? { ...record, key: made } : { ...record, value: made };
    },
  };
}

/** Bytes as they are: says so where a format has to be named. */
export function bytes(options: ConverterOptions = {}): Transform {
  return converter('bytes', options, (data) => data);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function converter(
  name: string,
  { of = 'value' }: ConverterOptions,
  convert: (bytes: Buffer) => unknown,
): Transform {
  const isKey = of === 'key';
  return {
    name,
    stage: isKey ? 'KEY_CONVERTER' : 'VALUE_CONVERTER',
    apply(record: PipeRecord): PipeRecord {
      const data = isKey ? record.key : record.value;
      // No bytes at all are a tombstone, or a record without a key.
      if (data === null) return record;
      let converted: unknown;
      try {
        converted = convert(data as Buffer);
      } catch (cause) {
        throw unreadable(name, of, cause, record);
      }
      return isKey ? { ...record, key: converted } : { ...record, value: converted };
    },
  };
}

function unreadable(name: string, of: string, cause: unknown, record: PipeRecord): KafkaError {
  const { topic, partition, offset } = record.source;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The ${of} is not ${name === 'json' ? 'JSON' : name}: ${reason}`;
  return new KafkaError('DESERIALIZATION_FAILED', message, { topic, partition, offset, cause });
}

interface Envelope {
  readonly schema: unknown;
  readonly payload: unknown;
}

interface Schema {
  readonly type?: string;
  readonly name?: string;
  readonly items?: unknown;
  readonly values?: unknown;
  readonly fields?: readonly (Schema & { readonly field?: string })[];
}

function isEnvelope(value: unknown): value is Envelope {
  return typeof value === 'object' && value !== null && 'schema' in value && 'payload' in value;
}

const millisPerDay = 86_400_000;

/** The payload with its logical types made real, as deep as the schema goes. */
function payload(value: unknown, untyped: unknown): unknown {
  if (value === null || value === undefined || typeof untyped !== 'object') return value;
  if (untyped === null) return value;
  const schema = untyped as Schema;
  if (schema.name === 'org.apache.kafka.connect.data.Timestamp') return new Date(Number(value));
  if (schema.name === 'org.apache.kafka.connect.data.Date') {
    return new Date(Number(value) * millisPerDay);
  }
  if (schema.type === 'bytes' && typeof value === 'string' && schema.name === undefined) {
    return Buffer.from(value, 'base64');
  }
  if (schema.type === 'struct' && typeof value === 'object') {
    const source = value as Record<string, unknown>;
    const result: Record<string, unknown> = { ...source };
    for (const field of schema.fields ?? []) {
      if (field.field !== undefined) result[field.field] = payload(source[field.field], field);
    }
    return result;
  }
  if (schema.type === 'array' && Array.isArray(value)) {
    return value.map((each) => payload(each, schema.items));
  }
  if (schema.type === 'map' && typeof value === 'object' && !Array.isArray(value)) {
    const entries = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(entries.map(([name, each]) => [name, payload(each, schema.values)]));
  }
  return value;
}
