import { KafkaError } from '../../errors/index.js';
import type { Transform } from '../transform.js';
import { type Fields, fieldsOf, ofFields, ofPart, type PartOption } from './part-of-record.js';

export type CastType = 'int' | 'number' | 'string' | 'boolean' | 'date';

/** Turns fields into other types. Follows Connect's `Cast`. */
export function cast(
  options: PartOption & { readonly fields: Readonly<Record<string, CastType>> },
): Transform {
  return ofFields('cast', options, (fields) => {
    const result: Record<string, unknown> = { ...fields };
    for (const [name, type] of Object.entries(options.fields)) {
      const value = fields[name];
      if (value !== null && value !== undefined) result[name] = castTo(type, value, name);
    }
    return result;
  });
}

function castTo(type: CastType, value: unknown, name: string): unknown {
  const refused = () => {
    const text = `The field ${name} is ${JSON.stringify(value)}, which is no ${type}.`;
    return new KafkaError('RECORD_REJECTED', text);
  };
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value as number);
    case 'boolean':
      if (typeof value === 'boolean') return value;
      if (value === 'true' || value === 1 || value === '1') return true;
      if (value === 'false' || value === 0 || value === '0') return false;
      throw refused();
    case 'date': {
      const date = new Date(value as string | number);
      if (Number.isNaN(date.getTime())) throw refused();
      return date;
    }
    default: {
      const number = typeof value === 'boolean' ? Number(value) : Number(value as string);
      const isEmpty = typeof value === 'string' && value.trim() === '';
      if (isEmpty || !Number.isFinite(number)) throw refused();
      return type === 'int' ? Math.trunc(number) : number;
    }
  }
}

/** One field becomes the whole. Follows `ExtractField`. */
export function extractField(options: PartOption & { readonly field: string }): Transform {
  return ofFields('extractField', options, (fields) => fields[options.field] ?? null);
}

/** The whole becomes one field. Follows `HoistField`. */
export function hoistField(options: PartOption & { readonly field: string }): Transform {
  return ofPart('hoistField', options, (part) => ({ [options.field]: part }));
}

/** Nested fields become fields of the top with joined names. Follows `Flatten`. */
export function flatten(
  options: PartOption & { readonly delimiter?: string | undefined } = {},
): Transform {
  const { delimiter = '.' } = options;
  return ofFields('flatten', options, (fields) => {
    const result: Record<string, unknown> = {};
    const walk = (part: Fields, prefix: string) => {
      for (const [name, value] of Object.entries(part)) {
        const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
        if (isNested && !(value instanceof Date) && !(value instanceof Uint8Array)) {
          walk(value as Fields, `${prefix}${name}${delimiter}`);
        } else result[`${prefix}${name}`] = value;
      }
    };
    walk(fields, '');
    return result;
  });
}

/** Where a record came from, or a constant, as fields. Follows `InsertField`. */
export function insertField(
  options: PartOption & {
    readonly topic?: string | undefined;
    readonly partition?: string | undefined;
    readonly offset?: string | undefined;
    readonly timestamp?: string | undefined;
    /** Fields with values that are always the same. */
    readonly static?: Readonly<Record<string, unknown>> | undefined;
  },
): Transform {
  return ofFields('insertField', options, (fields, { source, timestamp }) => {
    const result: Record<string, unknown> = { ...fields, ...options.static };
    if (options.topic !== undefined) result[options.topic] = source.topic;
    if (options.partition !== undefined) result[options.partition] = source.partition;
    if (options.offset !== undefined) result[options.offset] = source.offset;
    if (options.timestamp !== undefined) result[options.timestamp] = timestamp;
    return result;
  });
}

/** Fields lose their values, or get the one given. Follows `MaskField`. */
export function maskField(
  options: PartOption & {
    readonly fields: readonly string[];
    readonly replacement?: string | number | undefined;
  },
): Transform {
  return ofFields('maskField', options, (fields) => {
    const result: Record<string, unknown> = { ...fields };
    for (const name of options.fields) {
      if (name in result) result[name] = options.replacement ?? emptyLike(result[name]);
    }
    return result;
  });
}

function emptyLike(value: unknown): unknown {
  if (typeof value === 'string') return '';
  if (typeof value === 'number') return 0;
  if (typeof value === 'boolean') return false;
  if (Array.isArray(value)) return [];
  return typeof value === 'object' && value !== null ? {} : null;
}

/**
 * Keeps, drops and renames fields, also those within others (`address.city`); `renamePattern`
 * renames all that match, wherever they are. Follows `ReplaceField` and mongo-kafka's projectors.
 */
export function replaceField(
  options: PartOption & {
    readonly include?: readonly string[] | undefined;
    readonly exclude?: readonly string[] | undefined;
    /** New names; of a field within another only the last part is renamed. */
    readonly renames?: Readonly<Record<string, string>> | undefined;
    readonly renamePattern?: { readonly regex: string; readonly replacement: string } | undefined;
  },
): Transform {
  const { include, exclude = [], renames = {}, renamePattern } = options;
  const regex = renamePattern === undefined ? undefined : new RegExp(renamePattern.regex, 'g');
  const isKept = (path: string) =>
    include === undefined || include.some((name) => path === name || path.startsWith(`${name}.`));
  const isAbove = (path: string) => include?.some((name) => name.startsWith(`${path}.`)) === true;
  const renamed = (path: string, name: string) => {
    const given = renames[path] ?? name;
    return regex === undefined ? given : given.replace(regex, renamePattern?.replacement ?? '');
  };
  const walk = (fields: Fields, above: string): Record<string, unknown> => {
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields)) {
      const path = `${above}${name}`;
      if (exclude.includes(path)) continue;
      const isInner = isPlain(value);
      if (!isKept(path) && !(isInner && isAbove(path))) continue;
      result[renamed(path, name)] = isInner ? walk(value, `${path}.`) : value;
    }
    return result;
  };
  return ofFields('replaceField', options, (fields) => walk(fields, ''));
}

function isPlain(value: unknown): value is Fields {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && !(value instanceof Date) && !(value instanceof Uint8Array);
}

/** Fields of the value become the key; one alone becomes the key itself. Follows `ValueToKey`. */
export function valueToKey(options: { readonly fields: readonly string[] }): Transform {
  const { fields: names } = options;
  return {
    name: 'valueToKey',
    stage: 'TRANSFORMATION',
    apply(record) {
      if (record.value === null) return record;
      const fields = fieldsOf(record.value, 'valueToKey', record);
      const missing = names.find((name) => fields[name] === undefined);
      if (missing !== undefined) {
        throw new KafkaError('RECORD_REJECTED', `The value has no field ${missing} for the key.`);
      }
      const [only, ...others] = names;
      if (only !== undefined && others.length === 0) return { ...record, key: fields[only] };
      return { ...record, key: Object.fromEntries(names.map((name) => [name, fields[name]])) };
    },
  };
}

/** What `filterBy` looks for in a field. */
export interface FieldCondition extends PartOption {
  readonly field: string;
  readonly equals?: unknown;
  readonly in?: readonly unknown[] | undefined;
  /** A regular expression that the field, as text, must match. */
  readonly matches?: string | undefined;
  readonly exists?: boolean | undefined;
  /** Keeps the records that do not fulfil it. */
  readonly not?: boolean | undefined;
}

/** Keeps records by one of their fields; for more, `filter` takes a function. */
export function filterBy(options: FieldCondition): Transform {
  const pattern = options.matches === undefined ? undefined : new RegExp(options.matches);
  return {
    name: 'filterBy',
    stage: 'TRANSFORMATION',
    apply(record) {
      const part = options.of === 'key' ? record.key : record.value;
      if (part === null) return record;
      const value = fieldsOf(part, 'filterBy', record)[options.field];
      let holds = true;
      if (options.equals !== undefined) holds &&= value === options.equals;
      if (options.in !== undefined) holds &&= options.in.includes(value);
      if (pattern !== undefined) holds &&= typeof value === 'string' && pattern.test(value);
      if (options.exists !== undefined) holds &&= (value !== undefined) === options.exists;
      return holds === (options.not !== true) ? record : null;
    },
  };
}
