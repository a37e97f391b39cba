import type { Reader, Writer } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import type { UnknownTag } from './field.js';
import { type FieldPlan, isDefault, type ValuePlan } from './plan.js';

/*
 * The lengths, texts and byte ranges that the interpreter and compiled codecs share. `flexible`
 * chooses between compact lengths (a varint of length + 1, where 0 is null) and plain ones (int16
 * for text, int32 for the rest, where a negative length is null).
 */

/** Kafka refuses longer texts in every version (`Short.MAX_VALUE`). */
const stringBytesMax = 0x7fff;

/**
 * What the array elements and unknown tags of one message may weigh together (see `weightOf`), so
 * that a frame of 100 MiB cannot become gigabytes of objects: at most a million structs, or eight
 * million numbers.
 */
export const weightMax = 1 << 23;

/** An unknown tag costs an object and a view. */
const unknownTagWeight = 64;

/** What is left of `weightMax` while one message is decoded. */
export interface Budget {
  weight: number;
}

export function wrongValue(plan: ValuePlan, value: unknown): never {
  const shown =
    typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : describeValue(value);
  const wanted = plan.nullable ? `${plan.kind} or null` : plan.kind;
  throw new KafkaError('VALUE_OUT_OF_RANGE', `${plan.path} must be ${wanted}, not ${shown}.`);
}

function describeValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** Refuses a value that the version cannot carry. */
export function refuseAbsent(field: FieldPlan, value: unknown): void {
  if (isDefault(field, value)) return;
  throw new KafkaError(
    'UNSUPPORTED_VERSION',
    `${field.path} is set, but the chosen version of the message has no such field.`,
  );
}

export function refuseTags(path: string, tags: readonly UnknownTag[]): void {
  if (tags.length === 0) return;
  throw new KafkaError(
    'UNSUPPORTED_VERSION',
    `${path} brings tagged fields, but the chosen version of the message has none.`,
  );
}

function nullWhereNone(plan: ValuePlan): never {
  throw new KafkaError('MALFORMED_MESSAGE', `${plan.path} is null, which it must not be.`);
}

function badLength(plan: ValuePlan, length: number, left: number): never {
  throw new KafkaError(
    'MALFORMED_MESSAGE',
    `${plan.path} announces a length of ${length} where ${left} bytes are left.`,
  );
}

export function writeString(w: Writer, plan: ValuePlan, value: unknown): void {
  if (typeof value !== 'string') {
    if (value !== null || !plan.nullable) wrongValue(plan, value);
    writeNull(w, plan);
    return;
  }
  const length = Buffer.byteLength(value);
  if (length > stringBytesMax) {
    throw new KafkaError(
      'VALUE_OUT_OF_RANGE',
      `${plan.path} has ${length} bytes; Kafka's texts end at ${stringBytesMax}.`,
    );
  }
  if (plan.flexible) w.uvarint(length + 1);
  else w.int16(length);
  w.utf8(value, length);
}

/** Null, in the shape that the kind and the version ask for. */
export function writeNull(w: Writer, plan: ValuePlan): void {
  if (plan.kind === 'struct') w.int8(plan.tagged ? 0 : -1);
  else if (plan.flexible) w.uint8(0);
  else if (plan.kind === 'string') w.int16(-1);
  else w.int32(-1);
}

export function readString(r: Reader, plan: ValuePlan): string | null {
  const length = plan.flexible ? r.uvarint() - 1 : r.int16();
  if (length < 0) return plan.nullable ? null : nullWhereNone(plan);
  if (length > stringBytesMax || length > r.remaining) badLength(plan, length, r.remaining);
  return r.utf8(length);
}

export function writeBytes(w: Writer, plan: ValuePlan, value: unknown): void {
  if (value instanceof Uint8Array) {
    writeLength(w, plan, value.length);
    w.raw(value);
    return;
  }
  if (value === null && plan.nullable) {
    writeNull(w, plan);
    return;
  }
  if (plan.kind !== 'records' || !Array.isArray(value)) wrongValue(plan, value);
  let length = 0;
  for (const part of value)
    length += part instanceof Uint8Array ? part.length : wrongValue(plan, part);
  writeLength(w, plan, length);
  for (const part of value) w.raw(part);
}

export function readBytes(r: Reader, plan: ValuePlan): Buffer | null {
  const length = plan.flexible ? r.uvarint() - 1 : r.int32();
  if (length < 0) return plan.nullable ? null : nullWhereNone(plan);
  if (length > r.remaining) badLength(plan, length, r.remaining);
  return r.bytes(length);
}

function writeLength(w: Writer, plan: ValuePlan, length: number): void {
  if (plan.flexible) w.uvarint(length + 1);
  else w.int32(length);
}

/** Writes the count of an array, or null; returns false when there are no elements to follow. */
export function writeCount(
  w: Writer,
  plan: ValuePlan,
  value: unknown,
): value is readonly unknown[] {
  if (Array.isArray(value)) {
    writeLength(w, plan, value.length);
    return true;
  }
  if (value !== null || !plan.nullable) wrongValue(plan, value);
  writeNull(w, plan);
  return false;
}

/**
 * The count of an array, −1 for null. It is never above what the bytes that follow could hold,
 * nor above what is left of the message's budget; an element of no bytes counts as one.
 */
export function readCount(r: Reader, plan: ValuePlan, budget: Budget): number {
  const count = plan.flexible ? r.uvarint() - 1 : r.int32();
  if (count < 0) return plan.nullable ? -1 : nullWhereNone(plan);
  const sizeMin = Math.max(1, plan.element?.sizeMin ?? 1);
  if (count * sizeMin > r.remaining) {
    throw new KafkaError(
      'MALFORMED_MESSAGE',
      `${plan.path} announces ${count} elements where ${r.remaining} bytes are left.`,
    );
  }
  spend(plan.path, count * (plan.element?.weight ?? 1), budget);
  return count;
}

function spend(path: string, weight: number, budget: Budget): void {
  budget.weight -= weight;
  if (budget.weight >= 0) return;
  throw new KafkaError(
    'MALFORMED_MESSAGE',
    `The message has more elements than any real one, at ${path} at the latest.`,
  );
}

/** Whether a nullable struct follows. */
export function readPresence(r: Reader, plan: ValuePlan): boolean {
  return plan.tagged ? r.uvarint() > 0 : r.int8() >= 0;
}

export function readUnknownTag(
  r: Reader,
  path: string,
  tag: number,
  size: number,
  budget: Budget,
): UnknownTag {
  spend(path, unknownTagWeight, budget);
  return { tag, data: r.bytes(size) };
}

/** A tagged field whose value ends before or after its announced size is not to be trusted. */
export function expectTagEnd(r: Reader, plan: ValuePlan, end: number): void {
  if (r.position === end) return;
  throw new KafkaError(
    'MALFORMED_MESSAGE',
    `The tagged field ${plan.path} does not end where its size says.`,
  );
}

export interface TagToWrite {
  readonly tag: number;
  readonly data: Uint8Array;
}

/** Writes the tagged section: known and unknown fields by ascending tag. */
export function writeTags(
  w: Writer,
  path: string,
  known: TagToWrite[],
  unknown: readonly UnknownTag[] | undefined,
): void {
  const tags = unknown === undefined ? known : known.concat(unknown);
  if (unknown !== undefined) tags.sort((a, b) => a.tag - b.tag);
  w.uvarint(tags.length);
  let last = -1;
  for (const { tag, data } of tags) {
    if (tag === last) throw new KafkaError('VALUE_OUT_OF_RANGE', `${path} has tag ${tag} twice.`);
    last = tag;
    w.uvarint(tag);
    w.uvarint(data.length);
    w.raw(data);
  }
}
