import { describe, expect, test } from 'vitest';
import { isKafkaError, type KafkaError } from '../../errors/index.js';
import { RecordBatchBuilder } from '../../records/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../system/simulated/index.js';
import type { Log } from './log.js';
import { defaultLogConfig, type LogConfig } from './log-config.js';
import { LogManager } from './log-manager.js';
import type { ConfigOf, LogManagerOptions } from './log-manager-options.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const hour = 3_600_000;

function bytesOf(value: string, timestamp: number): Buffer {
  const builder = new RecordBatchBuilder();
  builder.append({ key: null, value: Buffer.from(value), timestamp });
  return Buffer.from(builder.build());
}

function append(log: Log, system: SimulatedSystem, value = 'x'.repeat(100)): number {
  const now = system.clock.now();
  const options = { leaderEpoch: 0, origin: 'client', now } as const;
  return log.append(bytesOf(value, now), options).baseOffset;
}

const config: LogConfig = { ...defaultLogConfig, segmentBytes: 500 };

async function open(
  system: SimulatedSystem,
  options: Partial<LogManagerOptions> = {},
  configOf: ConfigOf = () => config,
): Promise<LogManager> {
  const opening = LogManager.open(
    system,
    { dataDirectory: '/data', nodeId: 1, ...options },
    configOf,
  );
  opening.catch(() => undefined);
  await system.clock.settle();
  return await opening;
}

async function close(system: SimulatedSystem, logs: LogManager): Promise<void> {
  const closing = logs.close();
  await system.clock.settle();
  await closing;
}

function crashed(system: SimulatedSystem): SimulatedSystem {
  const disk = system.disk.crash(system.random, { soon: (run) => system.clock.soon(run) });
  return { ...system, disk };
}

const namesIn = (system: SimulatedSystem, path: string) =>
  system.disk.list(path).map(({ name }) => name);

const errorOf = (opening: Promise<unknown>) =>
  opening.then(
    () => undefined,
    (error: KafkaError) => error,
  );

describe('a data directory', () => {
  test('keeps its identity and refuses another node, cluster or holder', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const { clusterId, directoryId } = logs;
    expect([logs.isNew, logs.wasCleanShutdown]).toEqual([true, true]);
    expect((await errorOf(open(system)))?.code).toBe('DATA_DIRECTORY_LOCKED');
    await close(system, logs);
    const node = await errorOf(open(system, { nodeId: 2 }));
    expect(node?.message).toMatch(/belongs to node 1, not to node 2/);
    expect((await errorOf(open(system, { clusterId: 'x' })))?.code).toBe('DATA_DIRECTORY_INVALID');
    const again = await open(system);
    expect([again.isNew, again.clusterId, again.directoryId]).toEqual([
      false,
      clusterId,
      directoryId,
    ]);
  });

  test('is laid out as Kafka lays it out', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    for (let i = 0; i < 4; i++) append(log, system);
    await close(system, logs);
    expect(namesIn(system, '/data')).toEqual([
      '.kafka_cleanshutdown',
      'log-start-offset-checkpoint',
      'meta.properties',
      'orders-0',
      'recovery-point-offset-checkpoint',
      'replication-offset-checkpoint',
    ]);
    expect(namesIn(system, '/data/orders-0')).toEqual([
      '00000000000000000000.index',
      '00000000000000000000.log',
      '00000000000000000000.timeindex',
      '00000000000000000002.index',
      '00000000000000000002.log',
      '00000000000000000002.snapshot',
      '00000000000000000002.timeindex',
      '00000000000000000004.snapshot',
      'leader-epoch-checkpoint',
      'partition.metadata',
    ]);
    const text = (name: string) => String(system.disk.readFile(`/data/${name}`));
    expect(text('orders-0/partition.metadata')).toBe(`version: 0\ntopic_id: ${topicId}\n`);
    expect(text('orders-0/leader-epoch-checkpoint')).toBe('0\n1\n0 0\n');
    expect(text('recovery-point-offset-checkpoint')).toBe('0\n1\norders 0 4\n');
    expect(text('.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":-1}');
  });

  test('keeps directories of unknown topics aside and removes deleted ones', async () => {
    const system = simulatedSystem(1);
    const first = await open(system);
    append(first.createLog('orders', 0, topicId, config), system);
    append(first.createLog('gone', 0, topicId, config), system);
    await system.clock.settle();
    first.deleteLog('gone', 0);
    expect(namesIn(system, '/data').filter((name) => /^gone-0\..{32}-delete$/.test(name))).toEqual(
      namesIn(system, '/data').filter((name) => name.startsWith('gone')),
    );
    await close(system, first);
    const second = await open(system, {}, () => undefined);
    expect([...second.logs()]).toEqual([]);
    const names = namesIn(system, '/data').filter((name) => /orders|gone/.test(name));
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^orders-0\.[0-9a-f]{32}-stray$/);
  });

  test('removes the files of a deleted log after the delay', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    append(log, system);
    let told: Error | undefined;
    log.whenSynced(1, (error) => {
      told = error;
    });
    logs.deleteLog('orders', 0);
    expect(isKafkaError(told, 'UNKNOWN_TOPIC_OR_PARTITION')).toBe(true);
    expect(() => append(log, system)).toThrow(/deleted/);
    logs.createLog('orders', 0, topicId, config);
    await system.clock.advance(config.fileDeleteDelayMs - 1);
    expect(namesIn(system, '/data').filter((name) => name.endsWith('-delete'))).toHaveLength(1);
    await system.clock.advance(1);
    expect(namesIn(system, '/data').filter((name) => name.startsWith('orders'))).toEqual([
      'orders-0',
    ]);
  });
});

describe('recovery', () => {
  test('builds indexes, epochs and producers anew and cuts a torn tail', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    for (let i = 0; i < 7; i++) append(log, system);
    await system.clock.settle();
    const active = system.disk.open('/data/orders-0/00000000000000000006.log', 'write');
    const size = active.size();
    active.write([Buffer.alloc(300, 7)], size);
    await active.sync();
    const next = crashed(system);
    const again = await open(next);
    const recovered = again.log('orders', 0);
    expect(recovered?.logEndOffset).toBe(7);
    expect(recovered?.segments.active.size).toBe(size);
    expect(recovered?.epochAt(3)).toBe(0);
    expect(append(recovered as Log, next)).toBe(7);
  });

  test('takes zeros behind the last batch for space that was never written', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    for (let i = 0; i < 3; i++) append(log, system);
    await system.clock.advance(60_000);
    const active = system.disk.open('/data/orders-0/00000000000000000002.log', 'write');
    const size = active.size();
    active.write([Buffer.alloc(4096)], size);
    await active.sync();
    const next = crashed(system);
    const recovered = (await open(next)).log('orders', 0);
    expect([recovered?.logEndOffset, recovered?.segments.active.size]).toEqual([3, size]);
  });

  test('refuses to drop synced data that is damaged, unless told to', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    for (let i = 0; i < 7; i++) append(log, system);
    await system.clock.advance(60_000);
    const file = system.disk.open('/data/orders-0/00000000000000000006.log', 'write');
    file.write([Buffer.from([0xff])], 80);
    await file.sync();
    const next = crashed(system);
    const error = await errorOf(open(next));
    expect(error?.code).toBe('LOG_CORRUPTED');
    expect(error?.message).toMatch(/00000000000000000006\.log is damaged at byte 0/);
    expect(error?.message).toMatch(/offsets 6 to 6 of orders-0/);
    const forced = await open(next, { truncateCorrupted: true });
    expect(forced.log('orders', 0)?.logEndOffset).toBe(6);
  });

  test.each([
    ['above the recovery point is a loss, and the log ends there', 2, 4],
    ['below it is what compaction left, and the log goes on', 9, 9],
  ])('a hole in a compacted log %s', async (_, checkpointAt, end) => {
    const system = simulatedSystem(1);
    const compacted: LogConfig = { ...config, cleanupPolicy: ['compact'] };
    const logs = await open(system, {}, () => compacted);
    const log = logs.createLog('orders', 0, topicId, compacted);
    const builderOf = (key: string) => {
      const builder = new RecordBatchBuilder();
      builder.append({ key: Buffer.from(key), value: Buffer.alloc(100), timestamp: 1 });
      return Buffer.from(builder.build());
    };
    for (let i = 0; i < 9; i++) {
      const options = { leaderEpoch: 0, origin: 'client', now: system.clock.now() } as const;
      log.append(builderOf(`${i}`), options);
      await system.clock.settle();
      if (i + 1 === checkpointAt) await Promise.all([logs.checkpoint(), system.clock.settle()]);
    }
    const file = system.disk.open('/data/orders-0/00000000000000000004.log', 'write');
    file.truncate(0);
    await file.sync();
    const again = await open(crashed(system), {}, () => compacted);
    expect(again.log('orders', 0)?.logEndOffset).toBe(end);
  });

  test('finds the log start again that DeleteRecords has moved', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    for (let i = 0; i < 7; i++) append(log, system);
    expect(log.deleteRecordsBefore(3)).toBe(3);
    expect(log.deleteRecordsBefore(2)).toBe(3);
    await close(system, logs);
    const again = await open(system);
    const found = again.log('orders', 0);
    expect(found?.logStartOffset).toBe(3);
    expect(found?.epochs.entries).toEqual([{ epoch: 0, startOffset: 3 }]);
    expect(() => found?.read(2, 1000, { upTo: 7, minOneBatch: true })).toThrow(/holds offsets 3/);
  });
});

describe('retention', () => {
  test('takes old segments by time, rolling the last one', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, { ...config, retentionMs: hour });
    for (let i = 0; i < 5; i++) append(log, system);
    await system.clock.advance(hour / 2);
    for (let i = 0; i < 2; i++) append(log, system);
    const starts: number[] = [];
    log.onLogStart = (offset) => starts.push(offset);
    await system.clock.advance(hour / 2 + 300_000);
    expect([log.logStartOffset, starts]).toEqual([4, [4]]);
    await system.clock.advance(hour);
    expect([log.logStartOffset, log.logEndOffset, log.segments.count]).toEqual([7, 7, 1]);
    expect(append(log, system)).toBe(7);
    await close(system, logs);
    expect((await open(system)).log('orders', 0)?.logEndOffset).toBe(8);
  });

  test('takes segments by size, and their files after the delay', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, { ...config, retentionBytes: 700 });
    for (let i = 0; i < 9; i++) append(log, system);
    await system.clock.settle();
    expect(logs.deleteOldSegments()).toBe(2);
    expect([log.logStartOffset, log.segments.count]).toEqual([4, 3]);
    const files = () =>
      namesIn(system, '/data/orders-0').filter((name) => /log|deleted/.test(name));
    expect(files().filter((name) => name.endsWith('.deleted'))).toHaveLength(6);
    await system.clock.advance(config.fileDeleteDelayMs);
    expect(files()).toEqual([
      '00000000000000000004.log',
      '00000000000000000006.log',
      '00000000000000000008.log',
    ]);
  });

  test('begins a new segment after segment.ms, by the time of the records', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, { ...defaultLogConfig, segmentMs: 1000 });
    append(log, system);
    await system.clock.advance(1000);
    append(log, system);
    expect(log.segments.count).toBe(1);
    await system.clock.advance(1);
    append(log, system);
    expect(log.segments.all().map(({ baseOffset }) => baseOffset)).toEqual([0, 2]);
  });

  test('leaves no hole behind a segment whose files cannot be renamed', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, { ...config, retentionBytes: 700 });
    for (let i = 0; i < 9; i++) append(log, system);
    await system.clock.settle();
    system.disk.inject({ code: 'EIO', nth: 1, calls: ['name'] });
    expect(() => logs.deleteOldSegments()).toThrow(/EIO/);
    expect(log.segments.all().map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4, 6, 8]);
    await system.clock.settle();
    expect(logs.deleteOldSegments()).toBe(2);
    await system.clock.settle();
    // Long before a checkpoint: everything is read again.
    const again = (await open(crashed(system))).log('orders', 0);
    expect([again?.logStartOffset, again?.logEndOffset]).toEqual([4, 9]);
  });

  test('keeps everything of a compacted topic', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const compacted: LogConfig = { ...config, cleanupPolicy: ['compact'], retentionMs: 1 };
    const log = logs.createLog('orders', 0, topicId, compacted);
    const now = system.clock.now();
    const builder = new RecordBatchBuilder();
    builder.append({ key: Buffer.from('k'), value: null, timestamp: now });
    log.append(Buffer.from(builder.build()), { leaderEpoch: 0, origin: 'coordinator', now });
    await system.clock.advance(hour);
    expect([logs.deleteOldSegments(), log.logStartOffset]).toEqual([0, 0]);
  });
});

describe('a failing disk', () => {
  test('a full disk refuses appends, reads go on, and free space brings it back', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    append(log, system);
    await system.clock.settle();
    system.disk.inject({ code: 'ENOSPC', nth: 1, calls: ['write'], lasting: true });
    const error = await errorOf(Promise.resolve().then(() => append(log, system)));
    expect(error?.code).toBe('KAFKA_STORAGE_ERROR');
    expect(error?.message).toMatch(/No space left/);
    expect(log.read(0, 1000, { upTo: 1, minOneBatch: true }).bytes).toBeGreaterThan(0);
    system.disk.heal();
    expect(append(log, system)).toBe(1);
    const next = crashed(system);
    expect((await open(next)).log('orders', 0)?.logEndOffset).toBeGreaterThanOrEqual(1);
  });

  test('a failed sync stops all writing to the directory, and says so to who waits', async () => {
    const system = simulatedSystem(1);
    const logs = await open(system);
    const log = logs.createLog('orders', 0, topicId, config);
    const other = logs.createLog('orders', 1, topicId, config);
    await system.clock.settle();
    let failed: Error | undefined;
    other.onFailed = (error) => {
      failed = error;
    };
    append(log, system);
    let told: Error | undefined;
    log.whenSynced(1, (error) => {
      told = error;
    });
    system.disk.inject({ code: 'EIO', nth: 1, calls: ['sync'] });
    await system.clock.settle();
    expect(isKafkaError(told, 'KAFKA_STORAGE_ERROR')).toBe(true);
    expect(failed).toBe(logs.failure);
    expect(log.syncedOffset).toBe(0);
    expect(() => append(other, system)).toThrow(/Nothing more is written/);
    await close(system, logs);
    expect(system.disk.exists('/data/.kafka_cleanshutdown')).toBe(false);
  });
});
