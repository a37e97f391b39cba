import { bytes, json, jsonEnvelope, string } from '../converters.js';
import type { Transform } from '../transform.js';
import { debeziumUnwrap } from '../transforms/debezium.js';
import {
  cast,
  extractField,
  filterBy,
  flatten,
  hoistField,
  insertField,
  maskField,
  replaceField,
  valueToKey,
} from '../transforms/field-transforms.js';
import { regexRouter, timestampRouter } from '../transforms/routing.js';
import { timestampConverter } from '../transforms/timestamp-converter.js';
import { choice, invalid, section, type Shape } from './section.js';

interface Named {
  readonly shape: Shape;
  readonly required: readonly string[];
  // What the shape has let through is what the function takes.
  readonly make: (options: never) => Transform;
}

const of: Shape = { of: ['key', 'value'] };

/** Everything `via` of a description may name. */
const transforms: Readonly<Record<string, Named>> = {
  cast: { shape: { ...of, fields: 'fields' }, required: ['fields'], make: cast },
  extractField: { shape: { ...of, field: 'text' }, required: ['field'], make: extractField },
  filter: {
    shape: {
      ...of,
      field: 'text',
      equals: 'any',
      in: 'list',
      matches: 'text',
      exists: 'boolean',
      not: 'boolean',
    },
    required: ['field'],
    make: filterBy,
  },
  flatten: { shape: { ...of, delimiter: 'text' }, required: [], make: flatten },
  hoistField: { shape: { ...of, field: 'text' }, required: ['field'], make: hoistField },
  insertField: {
    shape: {
      ...of,
      topic: 'text',
      partition: 'text',
      offset: 'text',
      timestamp: 'text',
      static: 'fields',
    },
    required: [],
    make: insertField,
  },
  maskField: {
    shape: { ...of, fields: 'texts', replacement: 'any' },
    required: ['fields'],
    make: maskField,
  },
  replaceField: {
    shape: {
      ...of,
      include: 'texts',
      exclude: 'texts',
      renames: 'fields',
      renamePattern: 'fields',
    },
    required: [],
    make: replaceField,
  },
  valueToKey: { shape: { fields: 'texts' }, required: ['fields'], make: valueToKey },
  regexRouter: {
    shape: { regex: 'text', replacement: 'text' },
    required: ['regex', 'replacement'],
    make: regexRouter,
  },
  timestampRouter: {
    shape: { topicFormat: 'text', timestampFormat: 'text' },
    required: [],
    make: timestampRouter,
  },
  timestampConverter: {
    shape: {
      ...of,
      field: 'text',
      to: ['date', 'unix', 'string'],
      unit: ['seconds', 'milliseconds', 'microseconds'],
      format: 'text',
    },
    required: ['field', 'to'],
    make: timestampConverter,
  },
  debeziumUnwrap: {
    shape: { unwrapKey: 'boolean', deletes: ['tombstone', 'drop'] },
    required: [],
    make: debeziumUnwrap,
  },
  json: { shape: of, required: [], make: json },
  jsonEnvelope: { shape: of, required: [], make: jsonEnvelope },
  string: { shape: of, required: [], make: string },
  bytes: { shape: of, required: [], make: bytes },
};

export const formats = ['json', 'jsonEnvelope', 'string', 'bytes'] as const;

/** The names that `via` may use, and what each of them takes. */
export const transformShapes: Readonly<Record<string, Shape>> = Object.fromEntries(
  Object.entries(transforms).map(([name, { shape }]) => [name, shape]),
);

/** The transform that an entry of `via` names. */
export function namedTransform(path: string, entry: unknown): Transform {
  const { name, value } = choice(path, entry, Object.keys(transforms));
  const named = transforms[name] as Named;
  const options = section(`${path}.${name}`, value, named.shape);
  const missing = named.required.find((each) => options[each] === undefined);
  if (missing !== undefined) throw invalid(`${path}.${name}`, `${missing} is missing.`);
  return named.make(options as never);
}

/** The converter of `keyFormat` or `valueFormat`. */
export function converterOf(format: unknown, of: 'key' | 'value'): Transform {
  const makers = { json, jsonEnvelope, string, bytes };
  return makers[format as keyof typeof makers]({ of });
}
