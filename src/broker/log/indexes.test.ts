import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryDisk } from '../../system/simulated/index.js';
import { OffsetIndex } from './offset-index.js';
import { TimeIndex } from './time-index.js';
import { TransactionIndex } from './transaction-index.js';

const base = 1000;

/** Rising pairs: steps of at least one in both. */
const steps = fc.array(
  fc.record({ offset: fc.integer({ min: 1, max: 50 }), step: fc.integer({ min: 1, max: 900 }) }),
  { maxLength: 200 },
);

describe('an offset index', () => {
  test('answers as a list of pairs would, in memory and from its file', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 900, max: 12_000 })), (given, wanted) => {
        const disk = new MemoryDisk();
        const index = OffsetIndex.fresh(disk, '/0.index', base);
        const twin: { offset: number; position: number }[] = [];
        let [offset, position] = [base, 0];
        for (const step of given) {
          offset += step.offset;
          position += step.step;
          index.append(offset, position);
          twin.push({ offset, position });
        }
        index.write(false);
        const stored = OffsetIndex.stored(disk, '/0.index', base);
        for (const one of [index, stored]) {
          expect(one?.count).toBe(twin.length);
          expect(one?.last()).toEqual(twin.at(-1));
          for (const offset of wanted) {
            const expected = twin.findLast((entry) => entry.offset <= offset);
            expect(one?.lookup(offset)).toEqual(expected ?? { offset: base, position: 0 });
            const near = twin.findLast((entry) => entry.position <= offset);
            expect(one?.lookupPosition(offset)).toEqual(near ?? { offset: base, position: 0 });
          }
        }
        // A stored index takes further entries.
        stored?.append(offset + 1, position + 1);
        expect(stored?.last()).toEqual({ offset: offset + 1, position: position + 1 });
      }),
      { numRuns: 50 },
    );
  });

  test('is written byte for byte as Kafka writes it', () => {
    const disk = new MemoryDisk();
    const index = OffsetIndex.fresh(disk, '/0.index', 0);
    index.append(3, 0x13da);
    index.append(5, 0x27b4);
    index.write(true);
    expect(disk.readFile('/0.index').toString('hex')).toBe('00000003000013da00000005000027b4');
  });

  test('is given up when its file is cut inside an entry', () => {
    const disk = new MemoryDisk();
    disk.replaceFile('/0.index', Buffer.alloc(15));
    expect(OffsetIndex.stored(disk, '/0.index', 0)).toBeUndefined();
    expect(OffsetIndex.stored(disk, '/absent', 0)).toBeUndefined();
  });
});

describe('a time index', () => {
  test('answers as a list of pairs would and takes only rising timestamps', () => {
    const entries = fc.array(
      fc.record({
        offset: fc.integer({ min: 1, max: 50 }),
        time: fc.integer({ min: -1, max: 99 }),
      }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(entries, fc.array(fc.integer({ min: -2, max: 110 })), (given, wanted) => {
        const disk = new MemoryDisk();
        const index = TimeIndex.fresh(disk, '/0.timeindex', base);
        const twin: { timestamp: number; offset: number }[] = [];
        let offset = base;
        for (const { offset: step, time } of given) {
          offset += step;
          index.maybeAppend(time, offset);
          if (time > (twin.at(-1)?.timestamp ?? -1)) twin.push({ timestamp: time, offset });
        }
        index.write(false);
        const none = { timestamp: -1, offset: base };
        for (const one of [index, TimeIndex.stored(disk, '/0.timeindex', base)]) {
          expect(one?.last()).toEqual(twin.at(-1) ?? none);
          for (const time of wanted) {
            const expected = twin.findLast(({ timestamp }) => timestamp <= time);
            expect(one?.lookup(time)).toEqual(expected ?? none);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

test('a transaction index keeps the bytes Kafka writes and finds what overlaps', () => {
  const disk = new MemoryDisk();
  const index = new TransactionIndex(disk, '/0.txnindex');
  index.write(true);
  expect(disk.exists('/0.txnindex')).toBe(false);
  index.append({ producerId: 9, firstOffset: 520, lastOffset: 527, lastStableOffset: 528 });
  index.append({ producerId: 8, firstOffset: 530, lastOffset: 540, lastStableOffset: 541 });
  expect(() =>
    index.append({ producerId: 7, firstOffset: 1, lastOffset: 540, lastStableOffset: 1 }),
  ).toThrow(RangeError);
  index.write(true);
  expect(disk.readFile('/0.txnindex').toString('hex', 0, 34)).toBe(
    '00000000000000000009000000000000020800000000000002' + '0f0000000000000210',
  );
  const stored = new TransactionIndex(disk, '/0.txnindex');
  const producersOf = (from: number, upTo: number) =>
    stored.overlapping(from, upTo).map(({ producerId }) => producerId);
  expect(producersOf(527, 530)).toEqual([9]);
  expect(producersOf(528, 531)).toEqual([8]);
  expect(producersOf(0, 1000)).toEqual([9, 8]);
});
