import { describe, expect, test } from 'vitest';
import { LeaderEpochCache } from './leader-epoch-cache.js';

describe('the leader epochs of a log', () => {
  test('answer where an epoch ends, also for one that never had records', () => {
    const cache = new LeaderEpochCache();
    cache.assign(0, 0);
    cache.announce(2);
    expect(cache.endOffsetFor(0, 531)).toEqual({ epoch: 0, endOffset: 531 });
    expect(cache.endOffsetFor(1, 531)).toEqual({ epoch: 0, endOffset: 531 });
    expect(cache.endOffsetFor(2, 531)).toEqual({ epoch: 2, endOffset: 531 });
    expect(cache.endOffsetFor(3, 531)).toEqual({ epoch: -1, endOffset: -1 });
    expect(cache.endOffsetFor(-1, 531)).toEqual({ epoch: -1, endOffset: -1 });
    cache.assign(2, 531);
    expect(cache.endOffsetFor(2, 540)).toEqual({ epoch: 2, endOffset: 540 });
    expect(cache.epochAt(530)).toBe(0);
    expect(cache.epochAt(531)).toBe(2);
  });

  test('begin at the log start once records before it are deleted', () => {
    const cache = new LeaderEpochCache();
    cache.assign(0, 0);
    cache.truncateFromStart(3);
    expect(String(cache.encode())).toBe('0\n1\n0 3\n');
    cache.assign(4, 10);
    cache.truncateFromStart(12);
    expect(cache.entries).toEqual([{ epoch: 4, startOffset: 12 }]);
  });

  test('forget what contradicts a new epoch and what lies behind a cut', () => {
    const cache = new LeaderEpochCache();
    for (const [epoch, start] of [
      [0, 0],
      [2, 10],
      [3, 20],
    ] as const) {
      cache.assign(epoch, start);
    }
    cache.truncateFromEnd(20);
    expect(cache.latest).toBe(2);
    cache.assign(5, 10);
    expect(cache.entries).toEqual([
      { epoch: 0, startOffset: 0 },
      { epoch: 5, startOffset: 10 },
    ]);
  });

  test('survive a file and refuse a damaged one', () => {
    const cache = new LeaderEpochCache();
    cache.load(Buffer.from('0\n2\n0 0\n2 1051\n'));
    expect([cache.latest, cache.changed]).toEqual([2, false]);
    expect(String(cache.encode())).toBe('0\n2\n0 0\n2 1051\n');
    expect(() => cache.load(Buffer.from('0\n3\n0 0\n'))).toThrow(/damaged/);
  });
});
