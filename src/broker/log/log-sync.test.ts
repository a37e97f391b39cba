import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../records/index.js';
import { MemoryDisk, type SimulatedSystem, simulatedSystem } from '../../system/simulated/index.js';
import type { Log } from './log.js';
import { defaultLogConfig } from './log-config.js';
import { LogManager } from './log-manager.js';
import type { Durability } from './log-sync.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';

async function opened(system: SimulatedSystem, durability: Durability): Promise<LogManager> {
  const options = { dataDirectory: '/data', nodeId: 1, durability };
  const opening = LogManager.open(system, options, () => defaultLogConfig);
  await system.clock.settle();
  return await opening;
}

async function started(durability: Durability) {
  const system = simulatedSystem(1);
  const logs = await opened(system, durability);
  const log = logs.createLog('orders', 0, topicId, defaultLogConfig);
  await system.clock.advance(2000);
  return { system, logs, log };
}

/** As a producer does that asks for acks=all, or for less. */
function append(log: Log, system: SimulatedSystem, urgent: boolean, baseSequence = -1) {
  const producerId = baseSequence < 0 ? -1 : 7;
  const producer = { producerId, producerEpoch: producerId < 0 ? -1 : 0, baseSequence };
  const builder = new RecordBatchBuilder({ producer });
  builder.append({ key: null, value: Buffer.from('x'), timestamp: system.clock.now() });
  const now = system.clock.now();
  const options = { leaderEpoch: 0, origin: 'client', now, urgent } as const;
  return log.append(Buffer.from(builder.build()), options);
}

/** Up to where the log counts as safe, and up to where it is. */
const safe = (log: Log) => [log.syncedOffset, log.recoveryPoint];

describe('durability', () => {
  test('group-commit: a record counts when it is synced, at once where one waits', async () => {
    const { system, log } = await started('group-commit');
    append(log, system, true);
    expect(safe(log)).toEqual([0, 0]);
    await system.clock.settle();
    expect(safe(log)).toEqual([1, 1]);
  });

  test('group-commit: what nobody waits for is synced within 5 ms, for its readers', async () => {
    const { system, log } = await started('group-commit');
    append(log, system, false);
    await system.clock.advance(4);
    expect(safe(log)).toEqual([0, 0]);
    await system.clock.advance(1);
    expect(safe(log)).toEqual([1, 1]);
  });

  test('group-commit: all logs of one turn are synced together, each of them once', async () => {
    const { system, logs, log } = await started('group-commit');
    const other = logs.createLog('orders', 1, topicId, defaultLogConfig);
    await system.clock.advance(100);
    const synced: string[] = [];
    log.onSynced = (offset) => synced.push(`0 to ${offset}`);
    other.onSynced = (offset) => synced.push(`1 to ${offset}`);
    for (let i = 0; i < 3; i++) {
      append(log, system, true);
      append(other, system, true);
    }
    await system.clock.settle();
    expect(synced).toEqual(['0 to 3', '1 to 3']);
  });

  test('interval: a record counts when it is written, and is synced within a second', async () => {
    const { system, log } = await started('interval');
    append(log, system, true);
    expect(safe(log)).toEqual([1, 0]);
    await system.clock.advance(999);
    expect(safe(log)).toEqual([1, 0]);
    await system.clock.advance(1);
    expect(safe(log)).toEqual([1, 1]);
  });

  test('os: a record counts when it is written, and synced at the next checkpoint', async () => {
    const { system, log } = await started('os');
    append(log, system, true);
    await system.clock.advance(50_000);
    expect(safe(log)).toEqual([1, 0]);
    await system.clock.advance(10_000);
    expect(safe(log)).toEqual([1, 1]);
  });

  test('memory: nothing is ever synced', async () => {
    const { system, log } = await started('memory');
    append(log, system, true);
    await system.clock.advance(120_000);
    expect(safe(log)).toEqual([1, 0]);
  });
});

describe('retention of everything a log has', () => {
  const config = { ...defaultLogConfig, retentionMs: 1000 };

  /** What is known after the power has failed while all segments were on their way out. */
  async function knownAfterCrash(seed: number) {
    const fresh = simulatedSystem(seed);
    const soon = (run: () => void) => fresh.clock.after(fresh.random.below(4), run);
    const system = { ...fresh, disk: new MemoryDisk({ crashable: true, soon }) };
    const opening = LogManager.open(system, { dataDirectory: '/data', nodeId: 1 }, () => config);
    await system.clock.advance(10);
    const log = (await opening).createLog('orders', 0, topicId, config);
    for (let sequence = 0; sequence < 3; sequence++) append(log, system, true, sequence);
    await system.clock.advance(2000);
    expect(safe(log)).toEqual([3, 3]);
    (await opening).deleteOldSegments();
    await system.clock.advance(system.random.below(8));
    const disk = system.disk.crash(system.random.fork());
    const options = { dataDirectory: '/data', nodeId: 1 };
    const again = LogManager.open({ ...system, disk }, options, () => config);
    await system.clock.advance(10);
    const found = (await again).log('orders', 0) as Log;
    const end = found.logEndOffset;
    const { duplicate, baseOffset } = append(found, system, true, 2);
    return { end, duplicate, baseOffset };
  }

  test('keeps its end and its producers in a power cut: nothing is written twice', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const known = { end: 3, duplicate: true, baseOffset: 2 };
      expect(await knownAfterCrash(seed), `seed ${seed}`).toEqual(known);
    }
  });

  test('takes it at once where nothing is ever synced', async () => {
    const { system, logs, log } = await started('memory');
    append(log, system, true);
    log.updateConfig(config);
    await system.clock.advance(2000);
    logs.deleteOldSegments();
    expect([log.logStartOffset, log.logEndOffset, log.segments.count]).toEqual([1, 1, 1]);
  });
});

describe('recovery', () => {
  /** What the disk keeps after the power has failed, opened again. */
  async function reopened(system: SimulatedSystem) {
    const after = { ...system, disk: system.disk.crash(system.random.fork()) };
    const logs = await opened(after, 'group-commit');
    return { system: after, logs, log: logs.log('orders', 0) as Log };
  }

  test('writes damaged snapshots of the producers anew', async () => {
    const { system, log } = await started('group-commit');
    append(log, system, true, 0);
    for (let i = 0; i < 3; i++) {
      log.roll(system.clock.now());
      append(log, system, true);
    }
    await system.clock.settle();
    // What a crash may leave of snapshots whose sync failed.
    for (const base of ['1', '2', '3']) {
      const path = `/data/orders-0/${base.padStart(20, '0')}.snapshot`;
      system.disk.replaceFile(path, system.disk.readFile(path).subarray(0, 5));
    }
    const second = await reopened(system);
    second.log.deleteRecordsBefore(2);
    expect(second.logs.deleteOldSegments()).toBe(2);
    await second.system.clock.settle();
    const third = await reopened(second.system);
    const again = append(third.log, third.system, true, 0);
    expect(again).toMatchObject({ duplicate: true, baseOffset: 0 });
  });
});
