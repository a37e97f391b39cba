import { zeroUuid } from '../bytes/index.js';

/** What a field is on the wire. */
export type FieldKind =
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'int64exact'
  | 'float64'
  | 'boolean'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'
  | 'struct'
  | 'array';

/** The value of a field that nobody set; a struct or array can only default to null or empty. */
export type DefaultValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | readonly never[]
  | Uint8Array;

/** Everything a definition says about one field. Versions count as in Kafka's schemas. */
export interface FieldFacts {
  readonly kind: FieldKind;
  /** First and last version that carry the field; 0 and Infinity when nothing is said. */
  readonly since: number;
  readonly until: number;
  /** First version in which the field may be null; Infinity: never. */
  readonly nullableSince: number;
  readonly tag: number | undefined;
  /** Undefined: no default was declared, and the kind's own applies where one is needed. */
  readonly default: DefaultValue | undefined;
  /** Whether a value may be dropped silently in a version that lacks the field. */
  readonly ignorable: boolean;
  readonly element: AnyField | undefined;
  readonly fields: FieldMap | undefined;
}

/** A pair of types: what `encode` accepts and what `decode` gives. Exists for the compiler only. */
export interface Spec {
  readonly input: unknown;
  readonly decoded: unknown;
}
export interface Same<T> {
  readonly input: T;
  readonly decoded: T;
}
export interface BytesSpec {
  readonly input: Uint8Array;
  readonly decoded: Buffer;
}
export interface RecordsSpec {
  readonly input: Uint8Array | readonly Uint8Array[];
  readonly decoded: Buffer;
}
export interface NullableSpec<S extends Spec> {
  readonly input: S['input'] | null;
  readonly decoded: S['decoded'] | null;
}
export interface ArraySpec<S extends Spec> {
  readonly input: readonly S['input'][];
  readonly decoded: S['decoded'][];
}
export interface StructSpec<F extends FieldMap> {
  readonly input: InputOf<F>;
  readonly decoded: DecodedOf<F>;
}

/** A tagged field that the definition does not know, kept to be written back. */
export interface UnknownTag {
  readonly tag: number;
  /** A view into the buffer that was decoded. */
  readonly data: Uint8Array;
}

/** Fields in wire order. */
export type FieldMap = { readonly [name: string]: AnyField };
export type AnyField = Field<Spec, boolean>;

export type RequiredKey<F extends FieldMap> = {
  [K in keyof F]: F[K]['optional'] extends true ? never : K;
}[keyof F];
export type OptionalKey<F extends FieldMap> = {
  [K in keyof F]: F[K]['optional'] extends true ? K : never;
}[keyof F];
export interface Tags {
  /** Tagged fields of a newer schema; only there when there are any. */
  unknownTags?: readonly UnknownTag[] | undefined;
}

/** What `encode` takes: fields with a default, a tag or a limited range may be left out. */
export type InputOf<F extends FieldMap> = {
  [K in RequiredKey<F>]: F[K]['spec']['input'];
} & { [K in OptionalKey<F>]?: F[K]['spec']['input'] | undefined } & Tags;
/** What `decode` gives: every field of every version, the default where the version lacks it. */
export type DecodedOf<F extends FieldMap> = { [K in keyof F]: F[K]['spec']['decoded'] } & Tags;

const plain: Omit<FieldFacts, 'kind'> = {
  since: 0,
  until: Number.POSITIVE_INFINITY,
  nullableSince: Number.POSITIVE_INFINITY,
  tag: undefined,
  default: undefined,
  ignorable: false,
  element: undefined,
  fields: undefined,
};

/** One field of a message; every modifier gives a new field. */
export class Field<S extends Spec, O extends boolean> {
  declare readonly spec: S;
  declare readonly optional: O;
  readonly facts: FieldFacts;

  constructor(facts: FieldFacts) {
    this.facts = facts;
  }

  /** The first version with this field. */
  since(version: number): Field<S, true> {
    return new Field({ ...this.facts, since: version });
  }

  /** The last version with this field. */
  until(version: number): Field<S, true> {
    return new Field({ ...this.facts, until: version });
  }

  /** May be null, from the given version on. */
  nullable(since = 0): Field<NullableSpec<S>, O> {
    return new Field({ ...this.facts, nullableSince: since });
  }

  /** Travels in the tagged section of its struct, and only when it is not the default. */
  tag(tag: number): Field<S, true> {
    return new Field({ ...this.facts, tag });
  }

  /** The value when nobody set one. Arrays and structs: null, or `[]` for arrays. */
  default(value: S['input'] & DefaultValue): Field<S, true> {
    return new Field({ ...this.facts, default: value });
  }

  /** A value is dropped silently in versions without the field. */
  ignorable(): Field<S, O> {
    return new Field({ ...this.facts, ignorable: true });
  }
}

export class Int64Field extends Field<Same<number>, false> {
  /** Decodes to bigint: for a field whose values leave ±(2^53−1). */
  exact(): Field<Same<bigint>, false> {
    return new Field({ ...this.facts, kind: 'int64exact' });
  }
}

function primitive<S extends Spec>(kind: FieldKind): Field<S, false> {
  return new Field({ ...plain, kind });
}

export const int8 = primitive<Same<number>>('int8');
export const int16 = primitive<Same<number>>('int16');
export const uint16 = primitive<Same<number>>('uint16');
export const int32 = primitive<Same<number>>('int32');
export const uint32 = primitive<Same<number>>('uint32');
/** A number; values beyond ±(2^53−1) fail on the way in and out, see `exact()`. */
export const int64: Int64Field = new Int64Field({ ...plain, kind: 'int64' });
export const float64 = primitive<Same<number>>('float64');
export const boolean = primitive<Same<boolean>>('boolean');
export const string = primitive<Same<string>>('string');
/** 16 bytes as 22 characters of base64url. */
export const uuid = primitive<Same<string>>('uuid');
/** Decodes to a view into the received buffer. */
export const bytes = primitive<BytesSpec>('bytes');
/** Record batches as opaque bytes; several buffers given for writing are joined. */
export const records = primitive<RecordsSpec>('records');

/**
 * A struct within a message. A nullable one is preceded by one signed byte, −1 or 1; in a tagged
 * field by a varint, 0 or 1.
 */
export function struct<const F extends FieldMap>(fields: F): Field<StructSpec<F>, false> {
  return new Field({ ...plain, kind: 'struct', fields });
}

/** An array of structs (given by their fields) or of a primitive. */
export function array<S extends Spec>(element: Field<S, boolean>): Field<ArraySpec<S>, false>;
export function array<const F extends FieldMap>(fields: F): Field<ArraySpec<StructSpec<F>>, false>;
export function array(element: AnyField | FieldMap): AnyField {
  const field = element instanceof Field ? element : struct(element);
  return new Field({ ...plain, kind: 'array', element: field });
}

/** What a field without a declared default holds when nobody set it (Kafka's rule). */
export function defaultOfKind(kind: FieldKind): DefaultValue {
  switch (kind) {
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return zeroUuid;
    case 'bytes':
    case 'records':
      return emptyBytes;
    case 'array':
    case 'struct':
      return emptyArray;
    case 'int64exact':
      return 0n;
    default:
      return 0;
  }
}

const emptyBytes = Buffer.alloc(0);
const emptyArray: readonly never[] = [];
