/**
 * Schema: the small language in which every Kafka message is defined once, and the codecs made
 * from such a definition. Pure and synchronous; knows nothing of any particular message, of
 * headers, frames or sockets.
 */
export { type Codec, codec, compiledCodec, interpretedCodec } from './codec.js';
export {
  type AnyField,
  array,
  type ArraySpec,
  boolean,
  bytes,
  type BytesSpec,
  type DecodedOf,
  type DefaultValue,
  defaultOfKind,
  Field,
  type FieldFacts,
  type FieldKind,
  type FieldMap,
  float64,
  type InputOf,
  int8,
  int16,
  int32,
  int64,
  Int64Field,
  type NullableSpec,
  type OptionalKey,
  records,
  type RecordsSpec,
  type RequiredKey,
  type Same,
  type Spec,
  string,
  struct,
  type StructSpec,
  type Tags,
  uint16,
  uint32,
  type UnknownTag,
  uuid,
} from './field.js';
export { type Decoded, type Input, type Message, type MessageFacts, message } from './message.js';
export { weightMax } from './values.js';
