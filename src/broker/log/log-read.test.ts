import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesIn, endTxnMarker, RecordBatchBuilder } from '../../records/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../system/simulated/index.js';
import type { Log } from './log.js';
import { defaultLogConfig } from './log-config.js';
import { LogManager } from './log-manager.js';

const config = { ...defaultLogConfig, segmentBytes: 1500, indexIntervalBytes: 150 };
const start = 1_704_096_000_000;

async function open(system: SimulatedSystem, tailCacheBytes: number): Promise<LogManager> {
  const options = { dataDirectory: '/data', nodeId: 1, tailCacheBytes };
  const opening = LogManager.open(system, options, () => config);
  await system.clock.settle();
  return await opening;
}

function append(log: Log, counts: readonly number[], times?: readonly number[]): Buffer[] {
  return counts.map((count, i) => {
    const compression = (['none', 'gzip', 'lz4'] as const)[i % 3];
    const builder = new RecordBatchBuilder({ compression });
    for (let n = 0; n < count; n++) {
      const value = Buffer.from(`${i}.${n}`.padEnd((i * 31) % 200, '-'));
      builder.append({ key: null, value, timestamp: times?.[i] ?? start });
    }
    const bytes = Buffer.from(builder.build());
    const options = { leaderEpoch: 3, origin: 'client', now: start } as const;
    log.append(bytes, options);
    return Buffer.from(bytes);
  });
}

describe.each([
  ['from memory', 1_000_000],
  ['from the files', 0],
  ['from both', 3000],
])('reading %s', (_, tailCacheBytes) => {
  test('gives the same bytes as a list of batches would', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 40 }),
        fc.array(
          fc.record({
            offset: fc.nat(120),
            maxBytes: fc.integer({ min: 0, max: 2500 }),
            upTo: fc.nat(40),
            minOneBatch: fc.boolean(),
          }),
          { maxLength: 20 },
        ),
        async (counts, reads) => {
          const logs = await open(simulatedSystem(1), tailCacheBytes);
          const log = logs.createLog('t', 0, 'jKTRaM_TSNqocJeQI2aYOQ', config);
          const batches = append(log, counts);
          const bounds = [0, ...batches.map((bytes) => [...batchesIn(bytes)][0]?.nextOffset ?? 0)];
          for (const { offset, maxBytes, upTo: bound, minOneBatch } of reads) {
            const upTo = bounds[bound % bounds.length] ?? 0;
            if (offset > log.logEndOffset) continue;
            const { chunks, bytes } = log.read(offset, maxBytes, { upTo, minOneBatch });
            const got = Buffer.concat(chunks);
            expect(got.length).toBe(bytes);
            if (offset >= upTo) {
              expect(bytes).toBe(0);
              continue;
            }
            const at = batches.findIndex((_, i) => (bounds[i + 1] ?? 0) > offset);
            const last = bounds.indexOf(upTo);
            const first = batches[at] ?? Buffer.alloc(0);
            const all = Buffer.concat(batches.slice(at, last));
            if (first.length > maxBytes && !minOneBatch) expect(bytes).toBe(0);
            else {
              // A read may end with its segment, but not before the first batch is whole.
              expect(got.equals(all.subarray(0, got.length))).toBe(true);
              expect(got.length).toBeGreaterThanOrEqual(first.length);
              expect(got.length).toBeLessThanOrEqual(Math.max(maxBytes, first.length));
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('finds timestamps as a walk over all records would', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ count: fc.integer({ min: 1, max: 4 }), time: fc.nat(30) }), {
          minLength: 1,
          maxLength: 30,
        }),
        fc.array(fc.nat(32), { maxLength: 8 }),
        fc.nat(20),
        async (given, wanted, deleted) => {
          const system = simulatedSystem(1);
          const logs = await open(system, tailCacheBytes);
          const log = logs.createLog('t', 0, 'jKTRaM_TSNqocJeQI2aYOQ', config);
          append(
            log,
            given.map(({ count }) => count),
            given.map(({ time }) => start - 100 + time),
          );
          log.deleteRecordsBefore(deleted);
          const records: { offset: number; timestamp: number }[] = [];
          for (const { count, time } of given) {
            for (let n = 0; n < count; n++) {
              records.push({ offset: records.length, timestamp: start - 100 + time });
            }
          }
          const end = log.logEndOffset;
          for (const time of wanted) {
            const timestamp = start - 100 + time;
            const expected = records.find(
              (record) => record.timestamp >= timestamp && record.offset >= log.logStartOffset,
            );
            const found = await log.offsetForTimestamp(timestamp, end);
            expect(found).toEqual(expected && { ...expected, leaderEpoch: 3 });
          }
          if (log.logStartOffset > 0) return;
          const greatest = Math.max(...records.map(({ timestamp }) => timestamp));
          const first = records.find(({ timestamp }) => timestamp === greatest);
          expect(await log.offsetOfMaxTimestamp(end)).toEqual({ ...first, leaderEpoch: 3 });
        },
      ),
      { numRuns: 25 },
    );
  });
});

test('a log in which nothing has a timestamp has no greatest one', async () => {
  const logs = await open(simulatedSystem(1), 0);
  const log = logs.createLog('t', 0, 'jKTRaM_TSNqocJeQI2aYOQ', config);
  expect(await log.offsetOfMaxTimestamp(10)).toBeUndefined();
  append(log, [2], [-1]);
  expect(await log.offsetOfMaxTimestamp(10)).toBeUndefined();
  expect(await log.offsetForTimestamp(0, 10)).toBeUndefined();
});

test('aborted transactions are listed by their first offset, also after a crash', async () => {
  const system = simulatedSystem(3);
  const logs = await open(system, 0);
  const log = logs.createLog('t', 0, 'jKTRaM_TSNqocJeQI2aYOQ', config);
  const options = { leaderEpoch: 3, origin: 'client', now: start } as const;
  const next = new Map<number, number>();
  const data = (producerId: number) => {
    const baseSequence = next.get(producerId) ?? 0;
    next.set(producerId, baseSequence + 1);
    const builder = new RecordBatchBuilder({
      producer: { producerId, producerEpoch: 0, baseSequence, isTransactional: true },
    });
    builder.append({ key: null, value: Buffer.alloc(300), timestamp: start });
    log.append(Buffer.from(builder.build()), options);
  };
  const end = (producerId: number, type: 'commit' | 'abort') => {
    const about = { producerEpoch: 0, coordinatorEpoch: 0, timestamp: start };
    const bytes = Buffer.from(endTxnMarker({ type, producerId, ...about }));
    log.append(bytes, { ...options, origin: 'coordinator' });
  };
  data(1);
  data(2);
  end(2, 'abort');
  data(3);
  end(3, 'commit');
  end(1, 'abort');
  data(4);
  const expected = [
    { producerId: 1, firstOffset: 0, lastOffset: 5 },
    { producerId: 2, firstOffset: 1, lastOffset: 2 },
  ];
  expect(log.abortedTransactions(0, 10)).toMatchObject(expected);
  expect(log.firstOpenTransactionOffset).toBe(6);
  await system.clock.settle();
  const disk = system.disk.crash(system.random, { soon: (run) => system.clock.soon(run) });
  const again = (await open({ ...system, disk }, 0)).log('t', 0);
  expect(again?.abortedTransactions(0, 10)).toMatchObject(expected);
  expect(again?.abortedTransactions(3, 10)).toMatchObject([{ producerId: 1 }]);
  expect(again?.firstOpenTransactionOffset).toBe(6);
});
