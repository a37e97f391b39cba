import { type Reader, Writer } from '../bytes/index.js';
import type { UnknownTag } from './field.js';
import {
  type FieldPlan,
  freshDefault,
  isDefault,
  type StructPlan,
  type ValuePlan,
} from './plan.js';
import {
  type Budget,
  weightMax,
  expectTagEnd,
  readBytes,
  readCount,
  readPresence,
  readString,
  readUnknownTag,
  refuseAbsent,
  refuseTags,
  type TagToWrite,
  writeBytes,
  writeCount,
  writeNull,
  writeString,
  writeTags,
  wrongValue,
} from './values.js';

type Struct = Record<string, unknown>;

/** Writes a message by walking its plan: the plain twin of the compiled codec. */
export function interpretEncode(w: Writer, plan: StructPlan, value: unknown): void {
  encodeStruct(w, plan, value as Struct);
}

/** Reads a message by walking its plan. */
export function interpretDecode(r: Reader, plan: StructPlan): unknown {
  return decodeStruct(r, plan, { weight: weightMax });
}

function encodeStruct(w: Writer, plan: StructPlan, value: Struct): void {
  for (const field of plan.absent) if (!field.ignorable) refuseAbsent(field, value[field.name]);
  for (const field of plan.fields) encodeValue(w, field, fieldValue(field, value));
  const unknown = value['unknownTags'] as readonly UnknownTag[] | undefined;
  if (!plan.flexible) {
    if (unknown !== undefined) refuseTags(plan.path, unknown);
    return;
  }
  const tags: TagToWrite[] = [];
  for (const field of plan.tagged) {
    const given = value[field.name];
    if (isDefault(field, given)) continue;
    const content = new Writer(64);
    encodeValue(content, field, given);
    tags.push({ tag: field.tag as number, data: content.bytes() });
  }
  writeTags(w, plan.path, tags, unknown);
}

function fieldValue(field: FieldPlan, value: Struct): unknown {
  const given = value[field.name];
  if (given !== undefined || field.required) return given;
  return field.kind === 'struct' && field.default !== null ? {} : field.default;
}

function encodeValue(w: Writer, plan: ValuePlan, value: unknown): void {
  switch (plan.kind) {
    case 'string':
      return writeString(w, plan, value);
    case 'bytes':
    case 'records':
      return writeBytes(w, plan, value);
    case 'array':
      if (!writeCount(w, plan, value)) return;
      for (const element of value) encodeValue(w, plan.element as ValuePlan, element);
      return;
    case 'struct':
      return encodeNestedStruct(w, plan, value);
    default:
      return encodeFixed(w, plan, value);
  }
}

function encodeNestedStruct(w: Writer, plan: ValuePlan, value: unknown): void {
  if (value === null && plan.nullable) return writeNull(w, plan);
  if (typeof value !== 'object' || value === null) wrongValue(plan, value);
  if (plan.nullable) w.int8(1);
  encodeStruct(w, plan.struct as StructPlan, value as Struct);
}

function encodeFixed(w: Writer, plan: ValuePlan, value: unknown): void {
  if (!fits(plan, value)) wrongValue(plan, value);
  switch (plan.kind) {
    case 'int8':
      return w.int8(value as number);
    case 'int16':
      return w.int16(value as number);
    case 'uint16':
      return w.uint16(value as number);
    case 'int32':
      return w.int32(value as number);
    case 'uint32':
      return w.uint32(value as number);
    case 'int64':
      return w.int64(value as number);
    case 'int64exact':
      return w.int64Exact(value as bigint);
    case 'float64':
      return w.float64(value as number);
    case 'boolean':
      return w.boolean(value as boolean);
    default:
      return w.uuid(value as string);
  }
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const ranges: { readonly [kind: string]: readonly [number, number] } = {
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x80000000, 0x7fffffff],
  uint32: [0, 0xffffffff],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

function fits(plan: ValuePlan, value: unknown): boolean {
  switch (plan.kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'float64':
      return typeof value === 'number';
    case 'uuid':
      return typeof value === 'string' && value.length === 22;
    case 'int64exact':
      return typeof value === 'bigint' && value >= int64Min && value <= int64Max;
    default: {
      const [min, max] = ranges[plan.kind] ?? [0, 0];
      return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
    }
  }
}

function decodeStruct(r: Reader, plan: StructPlan, budget: Budget): Struct {
  const value: Struct = {};
  for (const field of plan.all) value[field.name] = undefined;
  for (const field of plan.fields) value[field.name] = decodeValue(r, field, budget);
  for (const field of plan.absent) value[field.name] = freshDefault(field);
  if (!plan.flexible) return value;
  let unknown: UnknownTag[] | undefined;
  for (let count = r.uvarint(); count > 0; count--) {
    const tag = r.uvarint();
    const size = r.uvarint();
    const field = plan.tagged.find((candidate) => candidate.tag === tag);
    if (field === undefined) {
      unknown ??= [];
      unknown.push(readUnknownTag(r, plan.path, tag, size, budget));
    } else {
      const end = r.position + size;
      value[field.name] = decodeValue(r, field, budget);
      expectTagEnd(r, field, end);
    }
  }
  for (const field of plan.tagged) {
    if (value[field.name] === undefined) value[field.name] = freshDefault(field);
  }
  if (unknown !== undefined) value['unknownTags'] = unknown;
  return value;
}

function decodeValue(r: Reader, plan: ValuePlan, budget: Budget): unknown {
  switch (plan.kind) {
    case 'int8':
      return r.int8();
    case 'int16':
      return r.int16();
    case 'uint16':
      return r.uint16();
    case 'int32':
      return r.int32();
    case 'uint32':
      return r.uint32();
    case 'int64':
      return r.int64();
    case 'int64exact':
      return r.int64Exact();
    case 'float64':
      return r.float64();
    case 'boolean':
      return r.boolean();
    case 'uuid':
      return r.uuid();
    case 'string':
      return readString(r, plan);
    case 'bytes':
    case 'records':
      return readBytes(r, plan);
    case 'struct':
      if (plan.nullable && !readPresence(r, plan)) return null;
      return decodeStruct(r, plan.struct as StructPlan, budget);
    case 'array':
      return decodeArray(r, plan, budget);
  }
}

function decodeArray(r: Reader, plan: ValuePlan, budget: Budget): unknown[] | null {
  const count = readCount(r, plan, budget);
  if (count < 0) return null;
  const elements: unknown[] = [];
  for (let at = 0; at < count; at++) {
    elements.push(decodeValue(r, plan.element as ValuePlan, budget));
  }
  return elements;
}
