import { KafkaError } from '../../errors/index.js';

export type ConfigType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password';

/** What a value must satisfy beyond its type. */
export interface ConfigBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** The only values allowed, case-sensitive; for lists, the only elements. */
  readonly oneOf?: readonly string[] | undefined;
  /** Upper and lower case do not matter in `oneOf`, which must be in upper case then. */
  readonly anyCase?: boolean | undefined;
  /** A value that is fine although it lies outside the bounds. */
  readonly except?: number | undefined;
}

/** One configuration: what Kafka calls it, what it takes, what it is when nobody sets it. */
export interface ConfigFacts {
  readonly name: string;
  readonly type: ConfigType;
  readonly fallback: string | null;
  readonly bounds: ConfigBounds;
  readonly doc: string;
  /** For topic configs: the broker config that gives the default (`retention.ms` has two more). */
  readonly brokerName?: string | undefined;
  /** For topic configs: the first Kafka version that has it, where that is later than 4.0. */
  readonly since?: '4.4' | undefined;
}

/** How DescribeConfigs numbers the types (`ConfigResponse.ConfigType`). */
export const configTypeNumber: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
};

const wholeRanges: Readonly<Record<string, readonly [bigint, bigint]>> = {
  short: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  long: [-9223372036854775808n, 9223372036854775807n],
};

/**
 * Checks a value as Kafka's `ConfigDef` does and gives it back trimmed. Fails with INVALID_CONFIG
 * in Kafka's words, since people and programs search for them.
 */
export function checkConfig(facts: ConfigFacts, text: string): string {
  const value = text.trim();
  switch (facts.type) {
    case 'boolean':
      if (!/^(true|false)$/i.test(value)) {
        throw invalid(facts, value, 'Expected value to be either true or false');
      }
      return value.toLowerCase();
    case 'int':
    case 'short':
    case 'long':
      checkWhole(facts, value);
      return value;
    case 'double':
      if (value === '' || Number.isNaN(Number(value))) {
        throw invalid(facts, value, 'Not a number of type DOUBLE');
      }
      checkBounds(facts, value, Number(value));
      return value;
    case 'list':
      return checkList(facts, value);
    default:
      checkOneOf(facts, value);
      return value;
  }
}

function checkWhole(facts: ConfigFacts, value: string): void {
  const range = wholeRanges[facts.type];
  const whole = /^[+-]?\d{1,19}$/.test(value) ? BigInt(value.replace('+', '')) : undefined;
  if (range === undefined || whole === undefined || whole < range[0] || whole > range[1]) {
    throw invalid(facts, value, `Not a number of type ${facts.type.toUpperCase()}`);
  }
  // The bounds are far from 2^53, so that rounding cannot carry a value across one.
  checkBounds(facts, value, Number(whole));
}

function checkBounds(facts: ConfigFacts, value: string, number: number): void {
  const { min, max, except } = facts.bounds;
  if (except === number) return;
  if (min !== undefined && number < min) {
    throw invalid(facts, value, `Value must be at least ${min}`);
  }
  if (max !== undefined && number > max) {
    throw invalid(facts, value, `Value must be no more than ${max}`);
  }
}

function checkList(facts: ConfigFacts, value: string): string {
  if (value === '') return value;
  const items = value.split(',').map((item) => item.trim());
  const { oneOf } = facts.bounds;
  for (const item of items) {
    if (oneOf !== undefined && !oneOf.includes(item)) {
      throw invalid(facts, item, `String must be one of: ${oneOf.join(', ')}`);
    }
  }
  if (oneOf !== undefined && new Set(items).size !== items.length) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Configuration '${facts.name}' values must not be duplicated.`,
    );
  }
  return items.join(',');
}

function checkOneOf(facts: ConfigFacts, value: string): void {
  const { oneOf, anyCase = false } = facts.bounds;
  if (oneOf === undefined || oneOf.includes(anyCase ? value.toUpperCase() : value)) return;
  const what = anyCase ? 'String must be one of (case insensitive)' : 'String must be one of';
  throw invalid(facts, value, `${what}: ${oneOf.join(', ')}`);
}

function invalid(facts: ConfigFacts, value: string, why: string): KafkaError {
  return new KafkaError(
    'INVALID_CONFIG',
    `Invalid value ${value} for configuration ${facts.name}: ${why}`,
  );
}

/** A number from a checked value; longs beyond ±(2^53−1) come as the nearest safe integer. */
export function configNumber(value: string): number {
  const number = Number(value);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}
