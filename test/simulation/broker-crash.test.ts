import { describe, expect, test } from 'vitest';
import { environmentVariable } from '../../src/system/index.js';
import { simulateBrokerCrashes } from './broker-crash.js';

/** 10 seeds of 5 crashes unless KAFKIT_SEEDS says otherwise; KAFKIT_SEED repeats a single one. */
const only = environmentVariable('KAFKIT_SEED');
const count = Number(environmentVariable('KAFKIT_SEEDS') ?? 10);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];

describe('a broker that loses power under an idempotent producer', () => {
  test.each(seeds)(
    'loses nothing acknowledged and stores nothing twice (seed %i)',
    async (seed) => {
      expect(await simulateBrokerCrashes(seed, 5)).toEqual([]);
    },
  );
});
