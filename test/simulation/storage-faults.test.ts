import { describe, expect, test } from 'vitest';
import type { DiskFault } from '../../src/system/simulated/index.js';
import { seedsOf } from './seeds.js';
import { surviveFault } from './storage-faults.js';

const seeds = seedsOf(1);

/** Lets every disk call of the scenario fail in turn; gives what went wrong. */
async function everyCall(fault: Omit<DiskFault, 'nth'>): Promise<string[]> {
  const failures: string[] = [];
  for (const seed of seeds) {
    let passed = 0;
    for (let nth = 1; passed < 2; nth++) {
      try {
        passed = (await surviveFault({ ...fault, nth }, seed)) ? 0 : passed + 1;
      } catch (error) {
        const why = error instanceof Error ? error.stack : String(error);
        failures.push(`call ${nth}: (seed ${seed}) ${why}`);
        if (failures.length > 2) return failures;
      }
      if (nth > 5000) throw new Error('the scenario never ends');
    }
  }
  return failures;
}

const timeout = 120_000 * seeds.length;

describe('a broker whose disk fails at any of its calls', { timeout }, () => {
  test('once, with an I/O error: keeps what it promised, and starts again', async () => {
    expect(await everyCall({ code: 'EIO' })).toEqual([]);
  });

  test('from then on, with an I/O error: keeps what it promised, and starts again', async () => {
    expect(await everyCall({ code: 'EIO', lasting: true })).toEqual([]);
  });

  test('because it is full: reads go on, and with room again everything works without a restart', async () => {
    const calls = ['open', 'write', 'truncate'] as const;
    expect(await everyCall({ code: 'ENOSPC', lasting: true, calls })).toEqual([]);
  });

  test('because it is full, also for names and syncs: keeps what it promised', async () => {
    expect(await everyCall({ code: 'ENOSPC' })).toEqual([]);
  });
});
