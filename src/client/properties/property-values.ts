import { KafkaError } from '../../errors/index.js';
import { bytes, float64, int32, int64, type Serde, string } from '../../serde/index.js';

/** Turns the text of a property into an option's value; fails with INVALID_ARGUMENT. */
export type ReadValue = (text: string, name: string) => unknown;

export const text: ReadValue = (value) => value;

export const whole: ReadValue = (value, name) => {
  const trimmed = value.trim();
  if (/^-?\d+$/.test(trimmed)) return Number(trimmed);
  throw wrong(name, value, 'a whole number');
};

/** In KiB there, in bytes here. */
export const kibibytes: ReadValue = (value, name) => (whole(value, name) as number) * 1024;

export const flag: ReadValue = (value, name) => {
  const lower = value.trim().toLowerCase();
  if (lower === 'true' || lower === '1' || lower === 'yes') return true;
  if (lower === 'false' || lower === '0' || lower === 'no') return false;
  throw wrong(name, value, 'true or false');
};

/** One of some words; several words may mean the same. */
export function oneOf(words: Readonly<Record<string, unknown>>): ReadValue {
  return (value, name) => {
    const lower = value.trim().toLowerCase();
    if (Object.hasOwn(words, lower)) return words[lower];
    throw wrong(name, value, `one of ${Object.keys(words).join(', ')}`);
  };
}

export const acks: ReadValue = oneOf({ all: 'all', '-1': 'all', 0: 0, 1: 1 });

const assignors: Readonly<Record<string, string>> = {
  range: 'range',
  rangeassignor: 'range',
  roundrobin: 'roundrobin',
  roundrobinassignor: 'roundrobin',
  sticky: 'sticky',
  stickyassignor: 'sticky',
  'cooperative-sticky': 'cooperative-sticky',
  cooperativestickyassignor: 'cooperative-sticky',
};

/** A list, by Java's class names or the protocol's. */
export const assignorList: ReadValue = (value, name) =>
  value.split(',').map((each) => {
    const found = assignors[simpleName(each).toLowerCase()];
    if (found !== undefined) return found;
    throw wrong(name, each.trim(), 'an assignor: range, roundrobin, sticky, cooperative-sticky');
  });

const javaPartitioners: Readonly<Record<string, unknown>> = {
  defaultpartitioner: undefined,
  uniformstickypartitioner: undefined,
  builtinpartitioner: undefined,
  roundrobinpartitioner: 'round_robin',
};

/** Java's partitioners by class; the standard ones are what a producer does anyway. */
export const partitionerClass: ReadValue = (value, name) => {
  const lower = simpleName(value).toLowerCase();
  if (Object.hasOwn(javaPartitioners, lower)) return javaPartitioners[lower];
  throw wrong(name, value, 'no class of Java: give the producer a function as partitioner');
};

const serdes: Readonly<Record<string, () => Serde<never>>> = {
  string: () => string() as Serde<never>,
  bytearray: () => bytes() as Serde<never>,
  bytes: () => bytes() as Serde<never>,
  integer: () => int32() as Serde<never>,
  long: () => int64() as Serde<never>,
  double: () => float64() as Serde<never>,
};

/** Java's own serializers and deserializers by class. */
export const serdeClass: ReadValue = (value, name) => {
  const kind = simpleName(value).replace(/(Des|S)erializer$/, '');
  const made = serdes[kind.toLowerCase()]?.();
  if (made !== undefined) return made;
  throw wrong(name, value, 'no class of Java beyond its own: give a serializer as an option');
};

function simpleName(className: string): string {
  return className.trim().split('.').at(-1) ?? '';
}

export function wrong(name: string, value: string, wanted: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', `${name} is '${value}'; ${wanted} is wanted.`);
}
