import type { KafkaError } from '../../errors/index.js';

/** What names one of several things: `{ topic, partition }`, `{ group }`, `{ user }` … */
export type ItemKey = Readonly<Record<string, unknown>>;

/** What one of the things of a call came to. */
export interface ItemResult {
  readonly key: ItemKey;
  /** What the call would have given for it; undefined where it failed, or gives nothing. */
  readonly value: unknown;
  /** Why it failed; null where it worked. */
  readonly error: KafkaError | null;
}

/** Shared by copies of the package, as the brand of errors is. */
const results = Symbol.for('kafkit.itemResults');

/** The error, which from now on knows what became of each item. */
export function withResults(error: KafkaError, items: readonly ItemResult[]): KafkaError {
  Object.defineProperty(error, results, { value: items, configurable: true });
  return error;
}

/**
 * What became of each item of a failed call of Admin, those that worked among them: each with its
 * key and either its value or its KafkaError. Empty for any other error.
 */
export function itemResults(error: unknown): readonly ItemResult[] {
  if (typeof error !== 'object' || error === null) return [];
  const found = (error as { readonly [results]?: readonly ItemResult[] })[results];
  return found ?? [];
}
