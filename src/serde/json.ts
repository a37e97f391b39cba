import { KafkaError } from '../errors/index.js';
import type { Serde } from './serializer.js';

/**
 * JSON text in UTF-8. A null value is a tombstone (no bytes at all), and no bytes are read as
 * null, whatever `T` says: a compacted topic may hold them.
 */
export function json<T>(): Serde<T> {
  return {
    serialize(value) {
      if (value === null) return null;
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) {
        throw new KafkaError('SERIALIZATION_FAILED', `${typeof value} has no JSON form.`);
      }
      return Buffer.from(text);
    },
    deserialize: (data) => (data === null ? null : JSON.parse(data.toString())) as T,
  };
}
