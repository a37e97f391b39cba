import type { DecodedOf, FieldMap, InputOf } from './field.js';

/** What the definition of a message hangs on: which versions exist, and which use tags. */
export interface MessageFacts {
  /** Kafka's number of the API or record type. */
  readonly key: number;
  readonly versions: readonly [min: number, max: number];
  /** The first flexible version (compact lengths, tagged fields), or null when there is none. */
  readonly flexible: number | null;
}

/** A request, response or record: a name, its version range and its fields in wire order. */
export interface Message<F extends FieldMap = FieldMap> extends MessageFacts {
  readonly name: string;
  readonly fields: F;
}

/** Defines a message. */
export function message<const F extends FieldMap>(
  name: string,
  facts: MessageFacts,
  fields: F,
): Message<F> {
  return { name, key: facts.key, versions: facts.versions, flexible: facts.flexible, fields };
}

/** What can be encoded as this message. */
export type Input<M extends Message> = InputOf<M['fields']>;
/** What decoding this message gives. */
export type Decoded<M extends Message> = DecodedOf<M['fields']>;
