import { describe, expect, test } from 'vitest';
import { environmentVariable } from '../../src/system/index.js';
import {
  crashAtEveryCall,
  describeCompactionFailure,
  simulateCompaction,
} from './log-compaction.js';

/** 100 seeds unless KAFKIT_SEEDS says otherwise; KAFKIT_SEED repeats a single one. */
const only = environmentVariable('KAFKIT_SEED');
const count = Number(environmentVariable('KAFKIT_SEEDS') ?? 100);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
/** Whether the first failure ends the search, as in the hunt for mutants (mutants.mjs). */
const isFirstEnough = environmentVariable('KAFKIT_BAIL') !== undefined;

describe('a compacted partition and a twin that remembers everything', () => {
  test('agree on the last value of each key, on offsets, producers and transactions', {
    timeout: 20_000 + count * 1000,
  }, async () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      try {
        await simulateCompaction(seed);
      } catch (error) {
        failures.push(describeCompactionFailure(seed, error));
        if (isFirstEnough) break;
      }
    }
    expect(failures).toEqual([]);
  });

  test('agree wherever the power fails during a compaction', { timeout: 120_000 }, async () => {
    for (const seed of only === undefined ? [11, 12] : seeds) {
      expect(await crashAtEveryCall(seed), `seed ${seed}`).toBeGreaterThan(20);
    }
  });
});
