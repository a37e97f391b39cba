import { describe, expect, test } from 'vitest';
import { simulateBrokerCrashes } from './broker-crash.js';
import { seedsOf } from './seeds.js';

/** Each of 5 crashes. */
const seeds = seedsOf(10);

describe('a broker that loses power under an idempotent producer', () => {
  test.each(seeds)(
    'loses nothing acknowledged and stores nothing twice (seed %i)',
    async (seed) => {
      expect(await simulateBrokerCrashes(seed, 5)).toEqual([]);
    },
  );
});
