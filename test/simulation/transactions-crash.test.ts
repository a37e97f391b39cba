import { describe, expect, test } from 'vitest';
import { environmentVariable } from '../../src/system/index.js';
import { simulateTransactions } from './transactions-crash.js';

/** 10 seeds of 4 crashes unless KAFKIT_SEEDS says otherwise; KAFKIT_SEED repeats a single one. */
const single = environmentVariable('KAFKIT_SEED');
const count = Number(environmentVariable('KAFKIT_SEEDS') ?? 10);
const seeds =
  single === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(single)];

describe('transactions on a broker that loses power', () => {
  test.each(seeds)('are whole or not there, as was said (seed %i)', async (seed) => {
    expect(await simulateTransactions(seed, 4)).toEqual([]);
  });
});
