import type { AnyField, FieldMap, Message } from '../../../schema/index.js';

/**
 * A decoded record as Kafka's tools print it: fields in the order of the schema, only those that
 * this version has, tagged fields only where they differ from their default, bytes in base64.
 */
export function jsonOf(message: Message, version: number, decoded: unknown): string {
  const isFlexible = message.flexible !== null && version >= message.flexible;
  return structText(message.fields, decoded, { version, isFlexible });
}

interface Place {
  readonly version: number;
  readonly isFlexible: boolean;
}

function structText(fields: FieldMap, decoded: unknown, place: Place): string {
  const values = decoded as Readonly<Record<string, unknown>>;
  const parts: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const { since, until, tag } = field.facts;
    if (place.version < since || place.version > until) continue;
    const value = values[name];
    if (tag !== undefined && (!place.isFlexible || isDefault(field, value))) continue;
    parts.push(`${JSON.stringify(name)}:${valueText(field, value, place)}`);
  }
  return `{${parts.join(',')}}`;
}

function valueText({ facts }: AnyField, value: unknown, place: Place): string {
  if (value === null || value === undefined) return 'null';
  if (facts.fields !== undefined) return structText(facts.fields, value, place);
  const { element } = facts;
  if (element !== undefined && Array.isArray(value)) {
    return `[${value.map((one) => valueText(element, one, place)).join(',')}]`;
  }
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (facts.kind === 'float64') return doubleText(value as number);
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** A double that is whole has a `.0` in Java's texts. */
function doubleText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** Kafka's texts say of a struct that it is null, tagged or not. */
function isDefault({ facts }: AnyField, value: unknown): boolean {
  if (facts.kind === 'struct') return false;
  if (Array.isArray(value) || value instanceof Uint8Array) {
    return value.length === 0 && facts.default !== null;
  }
  if (facts.default === undefined) return value === null || value === emptyOf(facts.kind);
  return value === facts.default;
}

function emptyOf(kind: string): unknown {
  if (kind === 'string') return '';
  if (kind === 'uuid') return 'AAAAAAAAAAAAAAAAAAAAAA';
  return kind === 'boolean' ? false : 0;
}
