import { KafkaError } from '../errors/index.js';
import {
  type AnyField,
  type DefaultValue,
  defaultOfKind,
  type FieldKind,
  type FieldMap,
} from './field.js';
import type { Message } from './message.js';

/** A value's place in one version of a message: its kind, and whether null may stand there. */
export interface ValuePlan {
  readonly kind: FieldKind;
  readonly flexible: boolean;
  readonly nullable: boolean;
  /** A tagged struct says by a varint whether it is null, another one by a signed byte. */
  readonly tagged: boolean;
  /** Where the value stands, for error texts: `Fetch.topics.partitions`. */
  readonly path: string;
  /** The fewest bytes a value takes: what bounds the count an array may announce. */
  readonly sizeMin: number;
  /** What one of these in an array weighs in memory, in numbers. */
  readonly weight: number;
  readonly element: ValuePlan | undefined;
  readonly struct: StructPlan | undefined;
}

export interface FieldPlan extends ValuePlan {
  readonly name: string;
  readonly tag: number | undefined;
  readonly default: DefaultValue;
  /** Whether leaving the field out is an error rather than the default. */
  readonly required: boolean;
  readonly ignorable: boolean;
}

/** One struct in one version. */
export interface StructPlan {
  readonly path: string;
  readonly flexible: boolean;
  /** Every field of every version, as defined. */
  readonly all: readonly FieldPlan[];
  /** What is written in order. */
  readonly fields: readonly FieldPlan[];
  /** Tagged fields by ascending tag. */
  readonly tagged: readonly FieldPlan[];
  /** Fields this version lacks. */
  readonly absent: readonly FieldPlan[];
  readonly sizeMin: number;
}

/** Lays a message out for one version; fails with UNSUPPORTED_VERSION outside its range. */
export function planOf(message: Message, version: number): StructPlan {
  const [min, max] = message.versions;
  if (!Number.isInteger(version) || version < min || version > max) {
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      `${message.name} has the versions ${min} to ${max}, not ${version}.`,
    );
  }
  const flexible = message.flexible !== null && version >= message.flexible;
  return structPlan(message.name, message.fields, { message, version, flexible });
}

interface Context {
  readonly message: Message;
  readonly version: number;
  readonly flexible: boolean;
}

function structPlan(path: string, fields: FieldMap, context: Context): StructPlan {
  const all: FieldPlan[] = [];
  const untagged: FieldPlan[] = [];
  const tagged: FieldPlan[] = [];
  const absent: FieldPlan[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const plan = fieldPlan(`${path}.${name}`, name, field, context);
    all.push(plan);
    const { since, until, tag } = field.facts;
    if (context.version < since || context.version > until) absent.push(plan);
    else if (tag === undefined) untagged.push(plan);
    else if (context.flexible) tagged.push(plan);
    else absent.push(plan);
  }
  tagged.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0));
  let sizeMin = context.flexible ? 1 : 0;
  for (const field of untagged) sizeMin += field.sizeMin;
  return { path, flexible: context.flexible, all, fields: untagged, tagged, absent, sizeMin };
}

function fieldPlan(path: string, name: string, field: AnyField, context: Context): FieldPlan {
  const { facts } = field;
  const [min, max] = context.message.versions;
  const limited = facts.since > min || facts.until < max;
  return {
    ...valuePlan(path, field, context),
    name,
    tag: facts.tag,
    default: facts.default === undefined ? defaultOfKind(facts.kind) : facts.default,
    required: facts.default === undefined && facts.tag === undefined && !limited,
    ignorable: facts.ignorable,
  };
}

function valuePlan(path: string, field: AnyField, context: Context): ValuePlan {
  const { facts } = field;
  const struct = facts.fields && structPlan(path, facts.fields, context);
  const nullable = facts.nullableSince <= context.version;
  return {
    kind: facts.kind,
    flexible: context.flexible,
    nullable,
    tagged: facts.tag !== undefined,
    path,
    sizeMin: sizeMin(facts.kind, context.flexible, nullable, struct),
    weight: weightOf(facts.kind),
    element: facts.element && valuePlan(path, facts.element, context),
    struct,
  };
}

function weightOf(kind: FieldKind): number {
  switch (kind) {
    case 'struct':
      return 8;
    case 'string':
    case 'uuid':
    case 'bytes':
    case 'records':
    case 'array':
      return 4;
    default:
      return 1;
  }
}

function sizeMin(
  kind: FieldKind,
  flexible: boolean,
  nullable: boolean,
  struct: StructPlan | undefined,
): number {
  switch (kind) {
    case 'int8':
    case 'boolean':
      return 1;
    case 'int16':
    case 'uint16':
      return 2;
    case 'int32':
    case 'uint32':
      return 4;
    case 'int64':
    case 'int64exact':
    case 'float64':
      return 8;
    case 'uuid':
      return 16;
    case 'string':
      return flexible ? 1 : 2;
    case 'bytes':
    case 'records':
    case 'array':
      return flexible ? 1 : 4;
    case 'struct':
      return nullable ? 1 : (struct?.sizeMin ?? 0);
  }
}

/** What a field decodes to that a version lacks or nobody set: fresh, so it may be changed. */
export function freshDefault(field: FieldPlan): unknown {
  if (field.default === null) return null;
  if (field.kind === 'array') return [];
  if (field.struct !== undefined) {
    const value: Record<string, unknown> = {};
    for (const inner of field.struct.all) value[inner.name] = freshDefault(inner);
    return value;
  }
  return field.default;
}

/** Whether a value given for a field says no more than its default. */
export function isDefault(field: FieldPlan, value: unknown): boolean {
  if (value === undefined) return true;
  if (value === null || field.default === null) return value === field.default;
  switch (field.kind) {
    case 'array':
    case 'bytes':
    case 'records':
      return (value as ArrayLike<unknown>).length === 0;
    case 'struct':
      return isDefaultStruct(field.struct as StructPlan, value as Record<string, unknown>);
    default:
      return value === field.default;
  }
}

function isDefaultStruct(plan: StructPlan, value: Record<string, unknown>): boolean {
  const tags = value['unknownTags'] as readonly unknown[] | undefined;
  if (tags !== undefined && tags.length > 0) return false;
  return plan.all.every((field) => isDefault(field, value[field.name]));
}
