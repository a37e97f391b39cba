import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../system/simulated/index.js';
import { type AbortedTransaction, TransactionIndex } from './transaction-index.js';

/** Transactions of some producers, one offset for each step; what was aborted, with its LSO. */
function historyOf(steps: readonly (readonly [producer: number, ends: boolean])[]) {
  const open = new Map<number, number>();
  const aborted: AbortedTransaction[] = [];
  for (const [offset, [producerId, ends]] of steps.entries()) {
    const firstOffset = open.get(producerId);
    if (firstOffset === undefined) open.set(producerId, offset);
    else if (ends) {
      open.delete(producerId);
      const lastStableOffset = Math.min(offset + 1, ...open.values());
      aborted.push({ producerId, firstOffset, lastOffset: offset, lastStableOffset });
    }
  }
  return aborted;
}

describe('the index of aborted transactions', () => {
  test('finds what a look at every entry finds', () => {
    const steps = fc.array(fc.tuple(fc.nat(4), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat(60), fc.nat(30), (all, from, length) => {
        const entries = historyOf(all);
        const index = new TransactionIndex(new MemoryDisk(), '/t-0/0.txnindex');
        for (const entry of entries) index.append(entry);
        const upTo = from + length;
        const wanted = entries.filter((one) => one.lastOffset >= from && one.firstOffset < upTo);
        expect(index.overlapping(from, upTo)).toEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });
});
