import { KafkaError } from '../errors/index.js';
import {
  type Deserializer,
  type Serde,
  type Serializer,
  toDeserializer,
  toSerializer,
} from './serializer.js';
import type { StandardSchema } from './standard-schema.js';

type TopicSerde = Serde<unknown, never> | StandardSchema;

type InOf<S> =
  S extends StandardSchema<infer In, unknown> ? In : S extends Serializer<infer In> ? In : never;
type OutOf<S> =
  S extends StandardSchema<unknown, infer Out> ? Out : S extends Deserializer<infer O> ? O : never;

/**
 * A serde for each topic, in one: `byTopic({ orders: json(order), visits: int64() })`. Schemas
 * stand for JSON that they check. A topic that is not named fails with SERIALIZATION_FAILED or
 * DESERIALIZATION_FAILED.
 */
export function byTopic<const S extends Readonly<Record<string, TopicSerde>>>(
  serdes: S,
): Serde<OutOf<S[keyof S]>, InOf<S[keyof S]>> {
  const write = new Map<string, ReturnType<typeof toSerializer<never>>>();
  const read = new Map<string, ReturnType<typeof toDeserializer<unknown>>>();
  for (const [topic, serde] of Object.entries(serdes)) {
    write.set(topic, toSerializer<never>(serde as Serializer<never>));
    read.set(topic, toDeserializer<unknown>(serde));
  }
  const unnamed = (code: 'SERIALIZATION_FAILED' | 'DESERIALIZATION_FAILED') =>
    new KafkaError(code, `There is a serde for ${[...write.keys()].join(', ')} only.`);
  return {
    serialize(value, context) {
      const serialize = write.get(context.topic);
      if (serialize === undefined) throw unnamed('SERIALIZATION_FAILED');
      return serialize(value as never, context);
    },
    deserialize(data, context) {
      const deserialize = read.get(context.topic);
      if (deserialize === undefined) throw unnamed('DESERIALIZATION_FAILED');
      return deserialize(data, context) as OutOf<S[keyof S]>;
    },
  };
}
