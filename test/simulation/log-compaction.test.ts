import { describe, expect, test } from 'vitest';
import {
  crashAtEveryCall,
  describeCompactionFailure,
  simulateCompaction,
} from './log-compaction.js';
import { isFirstEnough, seedsOf } from './seeds.js';

const seeds = seedsOf(100);

describe('a compacted partition and a twin that remembers everything', () => {
  test('agree on the last value of each key, on offsets, producers and transactions', {
    timeout: 20_000 + seeds.length * 1000,
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
    for (const seed of seeds.length > 1 ? [11, 12] : seeds) {
      expect(await crashAtEveryCall(seed), `seed ${seed}`).toBeGreaterThan(20);
    }
  });
});
