import { describe, expect, test } from 'vitest';
import { environmentVariable } from '../../src/system/index.js';
import { describeFailure, simulateCrashes } from './log-crash.js';

/** 50 seeds unless KAFKIT_SEEDS says otherwise; KAFKIT_SEED repeats a single one. */
const only = environmentVariable('KAFKIT_SEED');
const count = Number(environmentVariable('KAFKIT_SEEDS') ?? 50);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
/** Whether the first failure ends the search, as in the hunt for mutants (mutants.mjs). */
const isFirstEnough = environmentVariable('KAFKIT_BAIL') !== undefined;

describe('a data directory that loses power', () => {
  test('keeps every acknowledged record, none twice, offsets dense, in order', {
    timeout: 20_000 + count * 1000,
  }, async () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      try {
        await simulateCrashes(seed);
      } catch (error) {
        failures.push(describeFailure(seed, error));
        if (isFirstEnough) break;
      }
    }
    expect(failures).toEqual([]);
  });
});
