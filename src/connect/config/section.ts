import { isKafkaError, KafkaError } from '../../errors/index.js';
import { nearestName } from './nearest-name.js';

/** What a value of a description may be. `fields` holds values by names of the user's own. */
export type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'fields' | 'list' | 'any';

export type Shape = Readonly<Record<string, Kind | readonly string[]>>;

const kindNames: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a number',
  boolean: 'true or false',
  texts: 'a list of texts',
  fields: 'names with values',
  list: 'a list',
  any: 'a value',
};

/**
 * Checks one section of a description against the names and kinds it may have, and gives it back.
 * Fails with INVALID_ARGUMENT and the path: `to.mongodb: there is no "colection"; …`.
 */
export function section(
  path: string,
  value: unknown,
  shape: Shape,
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, `${Object.keys(shape).join(', ')} are wanted here, not ${shown(value)}.`);
  }
  const result: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    const kind = shape[name];
    if (kind === undefined) throw unknownName(path, name, Object.keys(shape));
    // A name without a value is as good as none: YAML writes so what is commented out.
    if (each === null || each === undefined) continue;
    check(`${path === '' ? '' : `${path}.`}${name}`, each, kind);
    result[name] = kind === 'texts' && typeof each === 'string' ? [each] : each;
  }
  return result;
}

/** The one name and value of a section such as `to: { mongodb: … }`. */
export function choice(
  path: string,
  value: unknown,
  names: readonly string[],
): { readonly name: string; readonly value: unknown } {
  const wanted = names.join(', ');
  if (typeof value === 'string') return { name: oneOf(path, value, names), value: {} };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(path, `one of ${wanted} is wanted, not ${shown(value)}.`);
  }
  const [first, ...others] = Object.entries(value);
  if (first === undefined || others.length > 0) {
    throw invalid(path, `exactly one of ${wanted} is wanted.`);
  }
  return { name: oneOf(path, first[0], names), value: first[1] ?? {} };
}

/** Where mistakes lie, for whoever has the text at hand. */
const places = new WeakMap<object, string>();

/** A mistake in a description; `place` is where it lies, if not the path itself. */
export function invalid(path: string, message: string, place: string = path): KafkaError {
  const where = path === '' ? 'The pipeline' : path;
  const error = new KafkaError('INVALID_ARGUMENT', `${where}: ${message}`);
  places.set(error, place);
  return error;
}

/** The place of a mistake, also of one that names an option at its beginning. */
export function placeOfMistake(error: KafkaError): string | undefined {
  return places.get(error) ?? /^[a-z][\w.[\]]*/i.exec(error.message)?.[0];
}

/** Makes something of a part of the description; what it complains of lies there. */
export async function placed<T>(path: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (thrown) {
    if (!isKafkaError(thrown)) {
      throw invalid(path, thrown instanceof Error ? thrown.message : String(thrown));
    }
    if (thrown.code === 'INVALID_ARGUMENT' && !places.has(thrown)) places.set(thrown, path);
    throw thrown;
  }
}

function oneOf(path: string, name: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  throw unknownName(path, name, names);
}

function unknownName(path: string, name: string, names: readonly string[]): KafkaError {
  const near = nearestName(name, names);
  const hint = near === undefined ? `There are: ${names.join(', ')}.` : `Did you mean "${near}"?`;
  const place = path === '' ? name : `${path}.${name}`;
  return invalid(path, `there is no "${name}". ${hint}`, place);
}

function check(path: string, value: unknown, kind: Kind | readonly string[]): void {
  if (typeof kind !== 'string') {
    if (kind.includes(value as string)) return;
    throw invalid(path, `one of ${kind.join(', ')} is wanted, not ${shown(value)}.`);
  }
  if (fits(value, kind)) return;
  throw invalid(path, `${kindNames[kind]} is wanted, not ${shown(value)}.`);
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'texts':
      return (
        typeof value === 'string' ||
        (Array.isArray(value) && value.every((each) => typeof each === 'string'))
      );
    case 'list':
      return Array.isArray(value);
    case 'fields':
      return typeof value === 'object' && !Array.isArray(value);
    case 'any':
      return true;
  }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
