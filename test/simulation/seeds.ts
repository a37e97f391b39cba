import { environmentVariable } from '../../src/system/index.js';

/**
 * The seeds of a run: so many, or KAFKIT_SEEDS, from KAFKIT_FIRST_SEED (1) on. KAFKIT_SEED repeats
 * a single one.
 */
export function seedsOf(usual: number): readonly number[] {
  const single = environmentVariable('KAFKIT_SEED');
  if (single !== undefined) return [Number(single)];
  const count = Number(environmentVariable('KAFKIT_SEEDS') ?? usual);
  const first = Number(environmentVariable('KAFKIT_FIRST_SEED') ?? 1);
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Whether the first failure ends the search, as in the hunt for mutants (mutants.mjs). */
export const isFirstEnough = environmentVariable('KAFKIT_BAIL') !== undefined;
