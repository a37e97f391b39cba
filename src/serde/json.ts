import { KafkaError } from '../errors/index.js';
import type { Serde } from './serializer.js';
import { type StandardSchema, validated } from './standard-schema.js';

/**
 * JSON text in UTF-8. A null value is a tombstone (no bytes at all), and no bytes are read as
 * null, whatever `T` says: a compacted topic may hold them.
 *
 * With a schema (zod, valibot, arktype and others: Standard Schema) every value is checked: what
 * is written must be what the schema takes and is written as it is; what is read is what the
 * schema makes of it. What does not fit fails with SERIALIZATION_FAILED or DESERIALIZATION_FAILED
 * and names the path; so does a schema that checks asynchronously. Tombstones are not checked.
 */
export function json<T>(): Serde<T>;
export function json<In, Out>(schema: StandardSchema<In, Out>): Serde<Out, In>;
export function json(schema?: StandardSchema): Serde<unknown> {
  return {
    serialize(value) {
      if (value === null) return null;
      if (schema !== undefined) validated(schema, value, 'SERIALIZATION_FAILED');
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) {
        throw new KafkaError('SERIALIZATION_FAILED', `${typeof value} has no JSON form.`);
      }
      return Buffer.from(text);
    },
    deserialize(data) {
      if (data === null) return null;
      const value = JSON.parse(data.toString()) as unknown;
      return schema === undefined ? value : validated(schema, value, 'DESERIALIZATION_FAILED');
    },
  };
}
