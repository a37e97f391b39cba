import { describe, expect, test } from 'vitest';
import { simulateTransactions } from './transactions-crash.js';
import { seedsOf } from './seeds.js';

/** Each of 4 crashes. */
const seeds = seedsOf(10);

describe('transactions on a broker that loses power', () => {
  test.each(seeds)('are whole or not there, as was said (seed %i)', async (seed) => {
    expect(await simulateTransactions(seed, 4)).toEqual([]);
  });
});
