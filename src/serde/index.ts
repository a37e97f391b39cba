/**
 * Serde: how keys and values become bytes and bytes become values. Knows the interface and the
 * simplest formats; knows nothing of topics' schemas, records on the wire, or the client.
 */
export { bytes } from './bytes.js';
export { byTopic } from './by-topic.js';
export { json } from './json.js';
export { float64, int32, int64 } from './numbers.js';
export {
  type Deserializer,
  type DeserializerFunction,
  type DeserializerLike,
  type Header,
  type Serde,
  type SerdeContext,
  type Serializer,
  type SerializerFunction,
  type SerializerLike,
  toDeserializer,
  toSerializer,
} from './serializer.js';
export type { StandardIssue, StandardSchema } from './standard-schema.js';
export { string, type StringEncoding } from './string.js';
