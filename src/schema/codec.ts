import type { Reader, Writer } from '../bytes/index.js';
import { compile } from './compile.js';
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

/** The codec that walks the plan: the judge of the compiled one, and its stand-in. */
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

/** The codec compiled to JavaScript; fails where the host forbids code generation. */
export function compiledCodec<M extends Message<FieldMap>>(
  message: M,
  version: number,
): Codec<Input<M>, Decoded<M>> {
  return compile(planOf(message, version)) as Codec<Input<M>, Decoded<M>>;
}

const cache = new WeakMap<Message, Map<number, Codec<never, unknown>>>();
let mayCompile = true;

/** The codec of a version of a message: compiled at first use where that is allowed, and kept. */
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
    found = newCodec(message, version);
    versions.set(version, found as Codec<never, unknown>);
  }
  return found;
}

function newCodec<M extends Message<FieldMap>>(
  message: M,
  version: number,
): Codec<Input<M>, Decoded<M>> {
  if (!mayCompile) return interpretedCodec(message, version);
  try {
    return compiledCodec(message, version);
  } catch (error) {
    // Only a host that forbids code generation is answered with the slower twin.
    if (!(error instanceof EvalError)) throw error;
    mayCompile = false;
    return interpretedCodec(message, version);
  }
}
