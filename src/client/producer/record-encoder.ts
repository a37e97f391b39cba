import { KafkaError } from '../../errors/index.js';
import type { RecordHeaderInput, RecordInput } from '../../records/index.js';
import type { Header, SerdeContext, SerializerFunction } from '../../serde/index.js';
import type { HeadersInput, HeaderValue, ProducerRecord } from './producer-record.js';

/** A record whose parts have become bytes. The encoder uses one again and again. */
export interface EncodedRecord extends RecordInput {
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: readonly RecordHeaderInput[] | undefined;
  timestamp: number;
}

const noHeaders: readonly Header[] = [];

/** Turns the records of an application into bytes. */
export class RecordEncoder {
  readonly #key: SerializerFunction<unknown> | undefined;
  readonly #value: SerializerFunction<unknown> | undefined;
  readonly #encoded: EncodedRecord = { key: null, value: null, headers: undefined, timestamp: 0 };

  /** Undefined serializers write bytes and text as they are. */
  constructor(
    key: SerializerFunction<never> | undefined,
    value: SerializerFunction<never> | undefined,
  ) {
    this.#key = key as SerializerFunction<unknown> | undefined;
    this.#value = value as SerializerFunction<unknown> | undefined;
  }

  /** The bytes of a record, valid until the next call. Fails with SERIALIZATION_FAILED. */
  encode(record: ProducerRecord<unknown, unknown>, now: number): EncodedRecord {
    const encoded = this.#encoded;
    const { topic, key, value, headers, timestamp } = record;
    if (value === undefined) throw withoutValue(topic);
    encoded.headers = headers === undefined ? undefined : headersOf(headers, topic);
    encoded.timestamp = timestamp === undefined ? now : millisecondsOf(timestamp, topic);
    if (key === undefined || key === null) encoded.key = null;
    else if (this.#key === undefined) encoded.key = plainBytes(key, true, topic);
    else encoded.key = this.#key(key, contextOf(topic, true, encoded.headers));
    if (value === null) encoded.value = null;
    else if (this.#value === undefined) encoded.value = plainBytes(value, false, topic);
    else encoded.value = this.#value(value, contextOf(topic, false, encoded.headers));
    return encoded;
  }
}

function contextOf(
  topic: string,
  isKey: boolean,
  headers: readonly RecordHeaderInput[] | undefined,
): SerdeContext {
  return { topic, isKey, headers: headers === undefined ? noHeaders : pairsOf(headers) };
}

/** Headers as serializers and partitioners see them. */
export function pairsOf(headers: readonly RecordHeaderInput[] | undefined): readonly Header[] {
  return headers === undefined ? noHeaders : headers.map(({ key, value }) => [key, value]);
}

function plainBytes(value: unknown, isKey: boolean, topic: string): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  const name = isKey ? 'key' : 'value';
  throw new KafkaError(
    'SERIALIZATION_FAILED',
    `The ${name} is ${kindOf(value)}, not bytes or text.`,
    {
      topic,
      hint: `Give the producer a ${name}Serializer, such as json().`,
    },
  );
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  return `an object (${value.constructor.name})`;
}

function withoutValue(topic: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', 'A record has no value.', {
    topic,
    hint: 'value: null makes a tombstone.',
  });
}

function millisecondsOf(timestamp: number | Date, topic: string): number {
  const ms = typeof timestamp === 'number' ? timestamp : timestamp.getTime();
  if (Number.isSafeInteger(ms) && ms >= -1) return ms;
  throw new KafkaError(
    'INVALID_TIMESTAMP',
    `${String(timestamp)} is not a time in ms since 1970.`,
    {
      topic,
    },
  );
}

function headersOf(headers: HeadersInput, topic: string): readonly RecordHeaderInput[] | undefined {
  const list: RecordHeaderInput[] = [];
  if (isPairs(headers)) {
    for (const [key, value] of headers) list.push({ key, value: headerBytes(value, key, topic) });
    return list;
  }
  for (const key of Object.keys(headers)) {
    const value = headers[key];
    if (value === undefined) continue;
    if (isList(value)) {
      for (const one of value) list.push({ key, value: headerBytes(one, key, topic) });
    } else {
      list.push({ key, value: headerBytes(value, key, topic) });
    }
  }
  return list.length === 0 ? undefined : list;
}

type Pairs = readonly (readonly [name: string, value: HeaderValue])[];

function isPairs(headers: HeadersInput): headers is Pairs {
  return Array.isArray(headers);
}

function isList(value: HeaderValue | readonly HeaderValue[]): value is readonly HeaderValue[] {
  return Array.isArray(value);
}

function headerBytes(value: HeaderValue, key: string, topic: string): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value;
  if (typeof value === 'string') return Buffer.from(value);
  throw new KafkaError(
    'SERIALIZATION_FAILED',
    `Header '${key}' is ${kindOf(value)}, not bytes or text.`,
    {
      topic,
    },
  );
}
