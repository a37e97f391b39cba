import type { Serde } from './serializer.js';

/** Encodings of text that Node's Buffer knows. */
export type StringEncoding = 'utf8' | 'latin1' | 'ascii' | 'utf16le' | 'hex' | 'base64';

/** Text, UTF-8 unless told otherwise; null stays null. Follows Kafka's `StringSerializer`. */
export function string(encoding: StringEncoding = 'utf8'): Serde<string | null> {
  return {
    serialize: (value) => (value === null ? null : Buffer.from(value, encoding)),
    deserialize: (data) => (data === null ? null : data.toString(encoding)),
  };
}
