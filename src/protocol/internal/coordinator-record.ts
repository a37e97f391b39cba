import { Reader, Writer } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import { codec, type Decoded, type Input, type Message } from '../../schema/index.js';

/** Key and value of one kind of coordinator record. */
export interface RecordPair {
  readonly key: Message;
  readonly value: Message;
}
/** The kinds of records of one internal topic, by name. */
export type RecordPairs = { readonly [type: string]: RecordPair };

/**
 * A record read back: `type` says which kind, so that a `switch` narrows key and value. A null
 * value is a tombstone.
 */
export type CoordinatorRecord<P extends RecordPairs> = {
  [T in keyof P]: {
    readonly type: T;
    readonly key: Decoded<P[T]['key']>;
    readonly value: Decoded<P[T]['value']> | null;
    /** Of the value; −1 for a tombstone. */
    readonly version: number;
  };
}[keyof P];

/** The key of a record: the int16 that names its kind, then the body. */
export function encodeRecordKey<M extends Message>(key: M, value: Input<M>): Buffer {
  const writer = new Writer(64);
  writer.int16(key.key);
  codec(key, key.versions[1]).encode(writer, value);
  return writer.bytes();
}

/** The value of a record: its version as an int16, then the body. */
export function encodeRecordValue<M extends Message>(
  message: M,
  version: number,
  value: Input<M>,
): Buffer {
  const writer = new Writer(128);
  writer.int16(version);
  codec(message, version).encode(writer, value);
  return writer.bytes();
}

/**
 * Reads a record of an internal topic. Undefined for a kind that the table does not know, which a
 * newer Kafka may have written; fails with UNSUPPORTED_VERSION for a value of a newer version.
 */
export function decodeCoordinatorRecord<P extends RecordPairs>(
  pairs: P,
  key: Buffer,
  value: Buffer | null,
): CoordinatorRecord<P> | undefined {
  const keyReader = new Reader(key);
  const kind = keyReader.int16();
  const type = Object.keys(pairs).find((name) => pairs[name]?.key.key === kind);
  const pair = type === undefined ? undefined : pairs[type];
  if (pair === undefined) return undefined;
  const decoded = {
    type,
    key: codec(pair.key, pair.key.versions[1]).decode(keyReader),
    ...decodeValue(pair.value, value),
  };
  return decoded as unknown as CoordinatorRecord<P>;
}

function decodeValue(message: Message, value: Buffer | null): { value: unknown; version: number } {
  if (value === null) return { value: null, version: -1 };
  const reader = new Reader(value);
  const version = reader.int16();
  return { value: codec(message, version).decode(reader), version };
}

/**
 * Reads what members say to each other (int16 version, body): a version newer than ours is read
 * as our newest, of which it is an extension; what follows is ignored.
 */
export function decodeVersioned<M extends Message>(message: M, bytes: Buffer): Decoded<M> {
  const reader = new Reader(bytes);
  const version = reader.int16();
  const [min, max] = message.versions;
  if (version < min) {
    throw new KafkaError('MALFORMED_MESSAGE', `${message.name} has no version ${version}.`);
  }
  return codec(message, Math.min(version, max)).decode(reader) as Decoded<M>;
}
