import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordState } from './in-flight.js';
import { acknowledgeType, type ReadBatch, SharePartition } from './share-partition.js';
import type { ShareSettings } from './share-settings.js';

const settings: ShareSettings = {
  autoOffsetReset: 'earliest',
  readCommitted: false,
  deliveryCountLimit: 3,
  lockDurationMs: 100,
  recordLocksMax: 12,
  renewEnabled: true,
  deadLetterTopic: '',
  copiesDeadLetters: false,
};

const batch = (first: number, last: number, isForMembers = true): ReadBatch => ({
  first,
  last,
  isForMembers,
});

function partition(batches: ConstructorParameters<typeof SharePartition>[1] = [], start = 0) {
  return new SharePartition(start, batches, () => settings);
}

const take = (share: SharePartition, memberId: string, batches: readonly ReadBatch[], now = 0) =>
  share
    .acquire(batches, { memberId, now, maxRecords: 100, batchSize: 100, exact: false })
    .map(({ firstOffset, lastOffset, deliveryCount }) => [firstOffset, lastOffset, deliveryCount]);

const say = (
  share: SharePartition,
  memberId: string,
  firstOffset: number,
  lastOffset: number,
  ...acknowledgeTypes: number[]
) => share.acknowledge(memberId, [{ firstOffset, lastOffset, acknowledgeTypes }], 0)?.error;

describe('a share partition', () => {
  test('gives a batch to one member, and what it releases to the next, counted', () => {
    const share = partition();
    const log = [batch(0, 2), batch(3, 6)];
    expect(take(share, 'a', log)).toEqual([[0, 6, 1]]);
    expect(take(share, 'b', log)).toEqual([]);
    expect(say(share, 'a', 1, 3, 1, 2, 3)).toBeUndefined();
    expect(share.nextOffset).toBe(2);
    expect(take(share, 'b', log)).toEqual([[2, 2, 2]]);
  });

  test('takes no more than a record limit allows, in the middle of a batch too', () => {
    const share = partition();
    const wanted = { memberId: 'a', now: 0, maxRecords: 2, batchSize: 1, exact: true };
    const range = (first: number, last: number) => ({
      firstOffset: first,
      lastOffset: last,
      deliveryCount: 1,
    });
    expect(share.acquire([batch(0, 4)], wanted)).toEqual([range(0, 1)]);
    expect(share.nextOffset).toBe(2);
    expect(share.acquire([batch(0, 4)], wanted)).toEqual([range(2, 3)]);
    expect(share.acquire([batch(0, 4), batch(5, 5)], wanted)).toEqual([range(4, 4), range(5, 5)]);
  });

  test('takes whole batches otherwise, until there are enough', () => {
    const share = partition();
    const wanted = { memberId: 'a', now: 0, maxRecords: 2, batchSize: 1, exact: false };
    const log = [batch(0, 2), batch(3, 6)];
    expect(share.acquire(log, wanted).map(({ lastOffset }) => lastOffset)).toEqual([2]);
  });

  test('gives nothing new out while too many records are not done', () => {
    const share = partition();
    const log = [batch(0, 9), batch(10, 15), batch(16, 20)];
    expect(take(share, 'a', log)).toEqual([[0, 15, 1]]);
    expect(share.canAcquire).toBe(false);
    say(share, 'a', 0, 5, acknowledgeType.accept);
    expect(share.canAcquire).toBe(true);
    expect(take(share, 'a', log)).toEqual([[16, 20, 1]]);
  });

  test('passes over gaps, markers and aborted batches', () => {
    const share = partition();
    const log = [batch(2, 3), batch(4, 4, false), batch(6, 7)];
    expect(take(share, 'a', log)).toEqual([
      [2, 3, 1],
      [6, 7, 1],
    ]);
    say(share, 'a', 2, 3, acknowledgeType.accept);
    say(share, 'a', 6, 7, acknowledgeType.accept);
    expect(share.takeChanges()).toMatchObject({ startOffset: 0, deliveryCompleteCount: 8 });
    share.settle();
    expect(share.start).toBe(8);
  });

  test('puts a record aside that was given out too often', () => {
    const share = partition();
    for (const count of [1, 2, 3]) {
      expect(take(share, 'a', [batch(0, 0)])).toEqual([[0, 0, count]]);
      share.release('a');
    }
    expect(take(share, 'a', [batch(0, 0)])).toEqual([]);
    expect(share.runs.map(({ state }) => state)).toEqual([recordState.archived]);
  });

  test('frees what is locked for too long, and locks anew what is renewed', () => {
    const share = partition();
    take(share, 'a', [batch(0, 3)], 0);
    share.acknowledge('a', [{ firstOffset: 2, lastOffset: 3, acknowledgeTypes: [4] }], 60);
    expect(share.earliestLockEnd).toBe(100);
    share.expire(100);
    expect(say(share, 'a', 0, 1, acknowledgeType.accept)).toBe('INVALID_RECORD_STATE');
    expect(take(share, 'b', [batch(0, 3)], 100)).toEqual([[0, 1, 2]]);
    share.expire(160);
    expect(share.nextOffset).toBe(2);
  });

  test('refuses all of an acknowledgement of which a part is wrong', () => {
    const share = partition();
    take(share, 'a', [batch(0, 3)]);
    const overlapping = [
      { firstOffset: 0, lastOffset: 1, acknowledgeTypes: [1] },
      { firstOffset: 1, lastOffset: 2, acknowledgeTypes: [1] },
    ];
    expect(share.acknowledge('a', overlapping, 0)?.error).toBe('INVALID_RECORD_STATE');
    expect(share.hasChanges).toBe(false);
    expect(say(share, 'b', 0, 0, 1)).toBe('INVALID_RECORD_STATE');
    expect(say(share, 'a', 3, 4, 1)).toBe('INVALID_REQUEST');
    expect(say(share, 'a', 7, 8, 1)).toBe('INVALID_REQUEST');
    expect(say(share, 'a', 0, 3, 1)).toBeUndefined();
    share.takeChanges();
    share.settle();
    expect(say(share, 'a', 0, 3, 1)).toBeUndefined();
  });

  test('moves its start with that of the log, under the hands of whoever has the records', () => {
    const share = partition();
    take(share, 'a', [batch(0, 5)]);
    share.moveStart(3);
    expect(share.start).toBe(3);
    expect(share.takeChanges()).toMatchObject({ startOffset: 3, stateBatches: [] });
    share.moveStart(9);
    expect([share.start, share.end]).toEqual([9, 9]);
    expect(say(share, 'a', 0, 5, 1)).toBeUndefined();
  });

  test('goes on where it was written down, and gives out again what was not', () => {
    const known = { deliveryCount: 2, deliveryState: recordState.acknowledged };
    const share = partition(
      [
        { ...known, firstOffset: 5, lastOffset: 6 },
        { ...known, firstOffset: 9, lastOffset: 9, deliveryState: recordState.available },
      ],
      5,
    );
    expect([share.start, share.end]).toEqual([7, 10]);
    expect(take(share, 'a', [batch(0, 20)])).toEqual([
      [7, 8, 1],
      [9, 9, 3],
      [10, 20, 1],
    ]);
  });
});

/** One record, as the dumb twin knows it. */
interface Known {
  state: 'available' | 'acquired' | 'done';
  count: number;
  by: string | null;
  until: number;
}

const member = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('acquire' as const), member }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      member,
      first: fc.nat(40),
      types: fc.array(fc.nat(4), { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), member }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(120) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('write' as const) }) },
);

describe('a share partition and a list of records', () => {
  test('agree on who has what, whatever members do', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.array(step, { maxLength: 80 }), (lengths, steps) => {
        const twin = new Twin(lengths);
        for (const one of steps) twin.play(one);
      }),
    );
  });
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Twin {
  readonly share = partition();
  readonly batches: ReadBatch[] = [];
  readonly records: Known[] = [];
  now = 0;

  constructor(lengths: readonly number[]) {
    let next = 0;
    for (const length of lengths) {
      this.batches.push(batch(next, next + length - 1));
      next += length;
    }
  }

  play(one: Step): void {
    switch (one.do) {
      case 'acquire':
        return this.#acquire(one.member);
      case 'acknowledge':
        return this.#acknowledge(one.member, one.first, one.types);
      case 'release':
        this.share.release(one.member);
        this.#free((record) => record.by === one.member);
        break;
      case 'wait':
        this.now += one.ms;
        this.share.expire(this.now);
        this.#free((record) => record.by !== null && record.until <= this.now);
        break;
      case 'write':
        this.share.takeChanges();
        this.share.settle();
    }
    this.#check();
  }

  #free(belongs: (record: Known) => boolean): void {
    for (const record of this.records) {
      if (!belongs(record)) continue;
      record.by = null;
      record.state = record.count >= settings.deliveryCountLimit ? 'done' : 'available';
    }
  }

  #acquire(memberId: string): void {
    const wanted = { memberId, now: this.now, maxRecords: 4, batchSize: 2, exact: true };
    const open = () => this.records.filter(({ state }) => state !== 'done').length;
    const expected: number[] = [];
    const last = this.batches[this.batches.length - 1]?.last ?? -1;
    for (let offset = 0; offset <= last && expected.length < wanted.maxRecords; offset++) {
      const record = this.records[offset];
      if (record === undefined && open() >= settings.recordLocksMax) break;
      if (record !== undefined && record.state !== 'available') continue;
      const until = this.now + settings.lockDurationMs;
      const count = (record?.count ?? 0) + 1;
      this.records[offset] = { state: 'acquired', count, by: memberId, until };
      expected.push(offset);
    }
    const taken = this.share.acquire(this.batches, wanted);
    const offsets = taken.flatMap(({ firstOffset, lastOffset }) =>
      Array.from({ length: lastOffset - firstOffset + 1 }, (_, at) => firstOffset + at),
    );
    expect(offsets).toEqual(expected);
    for (const { firstOffset, lastOffset, deliveryCount } of taken) {
      for (let offset = firstOffset; offset <= lastOffset; offset++) {
        expect(this.records[offset]?.count).toBe(deliveryCount);
      }
    }
    this.#check();
  }

  #acknowledge(memberId: string, first: number, types: readonly number[]): void {
    const touched = types.map((_, at) => first + at);
    const isRight = touched
      .filter((offset) => offset >= this.share.start)
      .every((offset) => {
        const record = this.records[offset];
        return record?.state === 'acquired' && record.by === memberId;
      });
    const isBelow = first + types.length - 1 < this.share.start;
    const one = { firstOffset: first, lastOffset: first + types.length - 1 };
    const fault = this.share.acknowledge(memberId, [{ ...one, acknowledgeTypes: types }], this.now);
    expect(fault === undefined).toBe(isRight || isBelow);
    if (fault !== undefined) return;
    // One type stands for all; here there is but one record then.
    touched.forEach((offset, at) => {
      const record = this.records[offset];
      if (record === undefined || offset < this.share.start) return;
      if (types[at] === acknowledgeType.renew) {
        record.until = this.now + settings.lockDurationMs;
      } else if (types[at] === acknowledgeType.release) {
        this.#free((other) => other === record);
      } else {
        record.state = 'done';
        record.by = null;
      }
    });
    this.#check();
  }

  #check(): void {
    expect(this.share.end).toBe(this.records.length);
    for (let offset = 0; offset < this.share.start; offset++) {
      expect(this.records[offset]?.state).toBe('done');
    }
    let next = this.share.start;
    for (const run of this.share.runs) {
      expect(run.first).toBe(next);
      next = run.last + 1;
      for (let offset = run.first; offset <= run.last; offset++) {
        const record = this.records[offset];
        const state =
          run.state === recordState.available
            ? 'available'
            : run.state === recordState.acquired
              ? 'acquired'
              : 'done';
        expect([record?.state, record?.by]).toEqual([state, run.memberId]);
        if (state !== 'done') expect(record?.count).toBe(run.deliveryCount);
      }
    }
    expect(next).toBe(this.share.end);
  }
}
