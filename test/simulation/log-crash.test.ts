import { describe, expect, test } from 'vitest';
import { describeFailure, simulateCrashes } from './log-crash.js';
import { isFirstEnough, seedsOf } from './seeds.js';

const seeds = seedsOf(50);

describe('a data directory that loses power', () => {
  test('keeps every acknowledged record, none twice, offsets dense, in order', {
    timeout: 20_000 + seeds.length * 1000,
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
