import { describe, expect, test } from 'vitest';
import { batchesIn, RecordBatchBuilder } from '../../records/index.js';
import { MemoryDisk, type SimulatedSystem, simulatedSystem } from '../../system/simulated/index.js';
import type { Log } from './log.js';
import { defaultLogConfig, type LogConfig } from './log-config.js';
import { LogManager } from './log-manager.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const compacted: LogConfig = {
  ...defaultLogConfig,
  cleanupPolicy: ['compact'],
  segmentBytes: 400,
};

async function opened(
  config: Partial<LogConfig> = {},
  cleanerBackoffMs = 1e12,
  cleanerBytesPerSecond?: number,
  system = simulatedSystem(1),
) {
  const full = { ...compacted, ...config };
  const opening = LogManager.open(
    system,
    { dataDirectory: '/data', nodeId: 1, cleanerBackoffMs, cleanerBytesPerSecond },
    () => full,
  );
  await system.clock.settle();
  const logs = await opening;
  return { system, logs, log: logs.createLog('table', 0, topicId, full) };
}

function put(log: Log, system: SimulatedSystem, pairs: Record<string, string | null>): void {
  const now = system.clock.now();
  const builder = new RecordBatchBuilder();
  for (const [key, value] of Object.entries(pairs)) {
    const bytes = value === null ? null : Buffer.from(value);
    builder.append({ key: Buffer.from(key), value: bytes, timestamp: now });
  }
  log.append(Buffer.from(builder.build()), { leaderEpoch: 0, origin: 'client', now });
}

async function done<T>(system: SimulatedSystem, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  for (let i = 0; i < 50; i++) await system.clock.advance(1);
  return await work;
}

/** `offset:key=value` of all records. */
function contentOf(log: Log): string[] {
  const found: string[] = [];
  let next = log.logStartOffset;
  while (next < log.logEndOffset) {
    const { chunks } = log.read(next, 1e6, { upTo: log.logEndOffset, minOneBatch: true });
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      for (const { offset, key, value } of batch.records())
        found.push(`${offset}:${String(key)}=${String(value)}`);
      next = batch.nextOffset;
    }
  }
  return found;
}

const filler = 'x'.repeat(100);

describe('compaction', () => {
  test('keeps the last value per key at its offset, leaves the active segment alone', async () => {
    const { system, logs, log } = await opened();
    for (const round of [1, 2, 3, 4, 5]) put(log, system, { a: `${round}`, b: `${round}` });
    await done(system, logs.compactNow());
    expect(contentOf(log)).toEqual(['8:a=5', '9:b=5']);
    put(log, system, { a: '6' });
    put(log, system, { a: '7' });
    await done(system, logs.compactDue());
    expect(contentOf(log)).toEqual(['8:a=5', '9:b=5', '10:a=6', '11:a=7']);
    expect(log.logEndOffset).toBe(12);
  });

  test('takes the producer snapshots of what it went over with it', async () => {
    const { system, logs, log } = await opened();
    for (let round = 1; round <= 12; round++) put(log, system, { a: `${round}`, b: filler });
    const snapshots = () =>
      system.disk
        .list(log.directory)
        .map(({ name }) => name)
        .filter((name) => name.endsWith('.snapshot'));
    expect(snapshots().length).toBeGreaterThan(2);
    await done(system, logs.compactNow());
    // One stays, that of where the new active segment begins.
    expect(snapshots()).toEqual([`${log.logEndOffset}`.padStart(20, '0').concat('.snapshot')]);
  });

  test('begins when more than the dirty ratio of the log is dirty', async () => {
    const { system, logs, log } = await opened({ minCleanableDirtyRatio: 0.5 });
    const fill = () => {
      for (let i = 0; i < 4; i++) put(log, system, { [`k${log.logEndOffset}`]: filler });
      log.roll(system.clock.now());
    };
    fill();
    await system.clock.advance(10);
    expect(await done(system, logs.compactDue())).toBe(1);
    fill();
    await system.clock.advance(10);
    // Half of it is dirty, and no more.
    expect(await done(system, logs.compactDue())).toBe(0);
    fill();
    await system.clock.advance(10);
    expect(await done(system, logs.compactDue())).toBe(1);
  });

  test('leaves alone what is younger than min.compaction.lag.ms', async () => {
    const { system, logs, log } = await opened({ minCompactionLagMs: 60_000 });
    put(log, system, { a: filler });
    put(log, system, { a: filler });
    log.roll(system.clock.now());
    await system.clock.advance(59_000);
    expect(await done(system, logs.compactDue())).toBe(0);
    await system.clock.advance(2000);
    expect(await done(system, logs.compactDue())).toBe(1);
    expect(contentOf(log)).toHaveLength(1);
  });

  test('does not wait for the ratio once max.compaction.lag.ms has passed', async () => {
    const { system, logs, log } = await opened({
      minCleanableDirtyRatio: 1,
      maxCompactionLagMs: 60_000,
    });
    put(log, system, { a: filler });
    log.roll(system.clock.now());
    await system.clock.advance(50_000);
    expect(await done(system, logs.compactDue())).toBe(0);
    await system.clock.advance(20_000);
    expect(await done(system, logs.compactDue())).toBe(1);
  });

  test('closes the active segment after max.compaction.lag.ms', async () => {
    const { system, log } = await opened({ maxCompactionLagMs: 60_000 });
    put(log, system, { a: '1' });
    await system.clock.advance(61_000);
    put(log, system, { a: '2' });
    expect(log.segments.count).toBe(2);
  });

  test('keeps a tombstone for delete.retention.ms after it was first compacted', async () => {
    const { system, logs, log } = await opened({ deleteRetentionMs: 10_000 });
    put(log, system, { a: '1', b: '1' });
    put(log, system, { a: null });
    await done(system, logs.compactNow());
    expect(contentOf(log)).toEqual(['1:b=1', '2:a=null']);
    await system.clock.advance(9000);
    await done(system, logs.compactNow());
    expect(contentOf(log)).toEqual(['1:b=1', '2:a=null']);
    await system.clock.advance(1000);
    put(log, system, { c: '1' });
    await done(system, logs.compactNow());
    expect(contentOf(log)).toEqual(['1:b=1', '3:c=1']);
  });

  test('makes one segment of several that have become small', async () => {
    const { system, logs, log } = await opened();
    for (let i = 0; i < 40; i++) put(log, system, { a: `${i}${filler}` });
    await done(system, logs.compactNow());
    // Segments are joined by the sizes they have before a round.
    expect(log.segments.count).toBeGreaterThan(10);
    await done(system, logs.compactNow());
    expect(log.segments.count).toBe(2);
    expect(log.segments.first.baseOffset).toBe(0);
    const names = system.disk.list('/data/table-0').map(({ name }) => name);
    expect(names.filter((name) => /cleaned|swap/.test(name))).toEqual([]);
  });

  test('runs by itself and writes how far it came', async () => {
    const { system, log } = await opened({}, 15_000);
    for (let i = 0; i < 10; i++) put(log, system, { a: `${i}${filler}` });
    await system.clock.advance(15_000);
    for (let i = 0; i < 50; i++) await system.clock.advance(1);
    expect(contentOf(log)).toHaveLength(3);
    const file = system.disk.readFile('/data/cleaner-offset-checkpoint').toString();
    expect(file).toBe(`0\n1\ntable 0 ${log.segments.active.baseOffset}\n`);
  });

  test('and deletion by age both work on compact,delete', async () => {
    const { system, logs, log } = await opened({
      cleanupPolicy: ['compact', 'delete'],
      retentionMs: 60_000,
    });
    put(log, system, { a: filler });
    put(log, system, { a: filler, b: filler });
    await done(system, logs.compactNow());
    expect(contentOf(log)).toHaveLength(2);
    await system.clock.advance(61_000);
    logs.deleteOldSegments();
    expect(contentOf(log)).toEqual([]);
    expect(log.logStartOffset).toBe(3);
  });

  test('gives up a round for which the disk has no room, and comes back to it', async () => {
    const { system, logs, log } = await opened();
    for (let i = 0; i < 10; i++) put(log, system, { a: `${i}${filler}` });
    await system.clock.advance(10);
    const before = contentOf(log);
    system.disk.inject({ code: 'ENOSPC', nth: 2, calls: ['write'], lasting: true });
    expect(await done(system, logs.compactDue())).toBe(0);
    expect(contentOf(log).at(-1)).toBe(before.at(-1));
    system.disk.heal();
    expect(await done(system, logs.compactDue())).toBe(1);
    expect(contentOf(log).length).toBeLessThan(before.length);
    expect(contentOf(log).at(-1)).toBe(before.at(-1));
    expect(logs.failure).toBeUndefined();
  });

  test('leaves a log alone whose batches grow above max.decompressed.batch.bytes', async () => {
    const config: Partial<LogConfig> = { cleanupPolicy: ['delete'] };
    const { system, logs, log } = await opened(config);
    const builder = new RecordBatchBuilder({ compression: 'gzip' });
    for (const key of ['a', 'a']) {
      builder.append({ key: Buffer.from(key), value: Buffer.alloc(2000), timestamp: 1 });
    }
    const options = { leaderEpoch: 0, origin: 'client', now: system.clock.now() } as const;
    log.append(Buffer.from(builder.build()), options);
    log.updateConfig({ ...compacted, maxDecompressedBatchBytes: 3000 });
    await expect(done(system, logs.compactNow())).rejects.toMatchObject({
      code: 'DECOMPRESSION_TOO_LARGE',
    });
    expect(contentOf(log)).toHaveLength(2);
    await expect(log.offsetForTimestamp(1, 2)).rejects.toMatchObject({
      code: 'DECOMPRESSION_TOO_LARGE',
    });
    log.updateConfig(compacted);
    expect(await log.offsetForTimestamp(1, 2)).toMatchObject({ offset: 0 });
  });

  /** A producer's second batch is written, not synced, while its first is compacted; a crash. */
  async function crashWhileCompacting(seed: number) {
    const fresh = simulatedSystem(seed);
    let syncMs = 0;
    const soon = (run: () => void) => fresh.clock.after(syncMs, run);
    const disk = new MemoryDisk({ crashable: true, soon });
    const { system, logs, log } = await opened({}, 1e12, undefined, { ...fresh, disk });
    const idempotent = (sequence: number, on: Log) => {
      const producer = { producerId: 5, producerEpoch: 0, baseSequence: sequence };
      const builder = new RecordBatchBuilder({ producer });
      builder.append({ key: Buffer.from('a'), value: Buffer.from('v'), timestamp: 1 });
      const options = { leaderEpoch: 0, origin: 'client', now: system.clock.now() } as const;
      return on.append(Buffer.from(builder.build()), options);
    };
    idempotent(0, log);
    for (let round = 0; round < 8; round++) put(log, system, { a: filler });
    await system.clock.advance(10);
    syncMs = 100;
    idempotent(1, log);
    await system.clock.settle();
    syncMs = 0;
    const compacting = logs.compactDue();
    compacting.catch(() => undefined);
    await system.clock.advance(50);
    const survivor = disk.crash(system.random, { soon: (run) => system.clock.soon(run) });
    const options = { dataDirectory: '/data', nodeId: 1 };
    const opening = LogManager.open({ ...system, disk: survivor }, options, () => compacted);
    await system.clock.settle();
    const again = (await opening).log('table', 0) as Log;
    const isLost = again.logEndOffset === 9;
    return { isLost, isKnown: idempotent(isLost ? 0 : 1, again).duplicate };
  }

  test('keeps the last synced batch of a producer until a later one is synced', async () => {
    const ends = [];
    for (let seed = 1; seed <= 12; seed++) ends.push(await crashWhileCompacting(seed));
    expect(ends.filter(({ isKnown }) => !isKnown)).toEqual([]);
    expect(ends.some(({ isLost }) => isLost)).toBe(true);
  });

  test('reads no more per second than log.cleaner.io.max.bytes.per.second', async () => {
    const { system, logs, log } = await opened({}, 1e12, 1000);
    for (let round = 0; round < 20; round++) put(log, system, { a: filler });
    await system.clock.settle();
    const bytes = log.size;
    expect(bytes).toBeGreaterThan(3000);
    let isDone = false;
    const compacting = logs.compactDue().then(() => {
      isDone = true;
    });
    await system.clock.advance(bytes - 1000);
    expect(isDone).toBe(false);
    // What is dirty is read twice: for its keys, and to be copied.
    await system.clock.advance(bytes + 1000);
    expect(isDone).toBe(true);
    await compacting;
  });

  test('stops in the middle when the broker closes', async () => {
    const { system, logs, log } = await opened();
    for (let i = 0; i < 10; i++) put(log, system, { a: `${i}${filler}` });
    const before = contentOf(log);
    const compacting = logs.compactDue();
    await done(system, logs.close());
    expect(await compacting).toBe(0);
    const names = system.disk.list('/data/table-0').map(({ name }) => name);
    expect(names.filter((name) => /cleaned|swap|deleted/.test(name))).toEqual([]);
    expect(before).toHaveLength(10);
  });
});
