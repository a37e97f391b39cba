import { isKafkaError, KafkaError } from '../errors/index.js';
import { json } from './json.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

/** One record header: headers keep their order, and a name may stand there more than once. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** What a (de)serializer may want to know about the record it works for. */
export interface SerdeContext {
  readonly topic: string;
  /** Whether the key is meant; the value otherwise. */
  readonly isKey: boolean;
  readonly headers: readonly Header[];
  /** Where the record lies, when it is being read. */
  readonly partition?: number | undefined;
  readonly offset?: number | undefined;
}

/**
 * Turns a key or value into bytes. `null` bytes are a missing key, or a tombstone as a value.
 * Follows Kafka's `Serializer`.
 */
export interface Serializer<T> {
  serialize(value: T, context: SerdeContext): Uint8Array | null;
}

/**
 * Turns the bytes of a key or value back. The bytes are a view into the fetched response: copy
 * them when they must outlive the record by far. Follows Kafka's `Deserializer`.
 */
export interface Deserializer<T> {
  deserialize(data: Buffer | null, context: SerdeContext): T;
}

/** Both directions in one hand. */
export interface Serde<T, In = T> extends Serializer<In>, Deserializer<T> {}

export type SerializerFunction<T> = (value: T, context: SerdeContext) => Uint8Array | null;
export type DeserializerFunction<T> = (data: Buffer | null, context: SerdeContext) => T;

/** A serializer as an object, as a plain function, or as a schema of JSON. */
export type SerializerLike<T> = Serializer<T> | SerializerFunction<T> | StandardSchema<T, unknown>;
/** A deserializer as an object, as a plain function, or as a schema of JSON. */
export type DeserializerLike<T> =
  | Deserializer<T>
  | DeserializerFunction<T>
  | StandardSchema<unknown, T>;

/**
 * The serializer behind any spelling, as a function that fails only with
 * SERIALIZATION_FAILED, naming the topic.
 */
export function toSerializer<T>(like: SerializerLike<T>): SerializerFunction<T> {
  const serialize = serializerOf(like);
  return (value, context) => {
    try {
      return serialize(value, context);
    } catch (cause) {
      throw failed('SERIALIZATION_FAILED', 'could not be turned into bytes', cause, context);
    }
  };
}

/**
 * The deserializer behind any spelling, as a function that fails only with
 * DESERIALIZATION_FAILED, naming topic, partition and offset.
 */
export function toDeserializer<T>(like: DeserializerLike<T>): DeserializerFunction<T> {
  const deserialize = deserializerOf(like);
  return (data, context) => {
    try {
      return deserialize(data, context);
    } catch (cause) {
      throw failed('DESERIALIZATION_FAILED', 'could not be read', cause, context);
    }
  };
}

function serializerOf<T>(like: SerializerLike<T>): SerializerFunction<T> {
  if (isStandardSchema(like)) return serializerOf(json(like) as Serializer<T>);
  return typeof like === 'function' ? like : (value, context) => like.serialize(value, context);
}

function deserializerOf<T>(like: DeserializerLike<T>): DeserializerFunction<T> {
  if (isStandardSchema(like)) return deserializerOf(json(like) as Deserializer<T>);
  return typeof like === 'function' ? like : (data, context) => like.deserialize(data, context);
}

function failed(
  code: 'SERIALIZATION_FAILED' | 'DESERIALIZATION_FAILED',
  what: string,
  cause: unknown,
  context: SerdeContext,
): KafkaError {
  if (isKafkaError(cause, code) && cause.context.topic !== undefined) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const { topic, partition, offset } = context;
  const where = offset === undefined ? topic : `${topic}-${partition} at offset ${offset}`;
  const message = `The ${context.isKey ? 'key' : 'value'} for ${where} ${what}: ${reason}`;
  return new KafkaError(code, message, { topic, partition, offset, cause });
}
