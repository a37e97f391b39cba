import type { Reader, Writer } from '../bytes/index.js';
import type { FieldMap } from './field.js';
import { interpretDecode, interpretEncode } from './interpret.js';
import type { Decoded, Input, Message } from './message.js';
import { planOf } from './plan.js';

/** Reads and writes one version of one message. Keeps nothing between calls. */
export interface Codec<I, D> {
  /** Appends the message; fails before or while writing, so drop the writer's bytes on an error. */
  encode(writer: Writer, value: I): void;
  /** Reads the message; byte ranges are views into the reader's buffer. Bytes may be left over. */
  decode(reader: Reader): D;
}

/** The codec that walks the plan: what runs where code must not be generated. */
export function interpretedCodec<M extends Message<FieldMap>>(
  message: M,
  version: number,
): Codec<Input<M>, Decoded<M>> {
  const plan = planOf(message, version);
  return {
    encode: (writer, value) => interpretEncode(writer, plan, value),
    decode: (reader) => interpretDecode(reader, plan) as Decoded<M>,
  };
}

const cache = new WeakMap<Message, Map<number, Codec<never, unknown>>>();

/** The codec of a version of a message, made at first use and kept. */
export function codec<M extends Message<FieldMap>>(
  message: M,
  version: number,
): Codec<Input<M>, Decoded<M>> {
  let versions = cache.get(message);
  if (versions === undefined) {
    versions = new Map();
    cache.set(message, versions);
  }
  let found = versions.get(version) as Codec<Input<M>, Decoded<M>> | undefined;
  if (found === undefined) {
    found = interpretedCodec(message, version);
    versions.set(version, found as Codec<never, unknown>);
  }
  return found;
}
