import { describe, expect, test } from 'vitest';
import { isKafkaError } from '../../errors/index.js';
import { batchesIn, RecordBatchBuilder } from '../../records/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../system/simulated/index.js';
import type { AppendError } from './append.js';
import { defaultLogConfig, type LogConfig } from './log-config.js';
import { LogManager } from './log-manager.js';
import type { LogManagerOptions } from './log-manager-options.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';

function batchOf(
  values: readonly string[],
  options: {
    producerId?: number;
    epoch?: number;
    sequence?: number;
    timestamp?: number;
    key?: string | null;
    compression?: 'none' | 'gzip' | 'lz4' | 'snappy';
  } = {},
): Buffer {
  const { producerId = -1, epoch = -1, sequence = -1, timestamp = 1_704_096_000_000 } = options;
  const builder = new RecordBatchBuilder({
    compression: options.compression,
    producer: { producerId, producerEpoch: epoch, baseSequence: sequence },
  });
  for (const value of values) {
    const key = options.key === undefined ? null : Buffer.from(options.key ?? '');
    builder.append({ key, value: Buffer.from(value), timestamp });
  }
  return Buffer.from(builder.build());
}

async function open(
  system: SimulatedSystem,
  config: Partial<LogConfig> = {},
  options: Partial<LogManagerOptions> = {},
) {
  const full = { ...defaultLogConfig, ...config };
  const manager = LogManager.open(
    system,
    { dataDirectory: '/data', nodeId: 1, ...options },
    () => full,
  );
  await system.clock.settle();
  const logs = await manager;
  const log = logs.log('orders', 0) ?? logs.createLog('orders', 0, topicId, full);
  return { logs, log };
}

async function closed(system: SimulatedSystem, logs: LogManager) {
  const closing = logs.close();
  await system.clock.advance(1000);
  await closing;
}

const client = { leaderEpoch: 0, origin: 'client', now: 1_704_096_000_000 } as const;
const all = { upTo: Number.MAX_SAFE_INTEGER, minOneBatch: true };

function valuesFrom(log: { read: Read }, offset = 0): string[] {
  const values: string[] = [];
  let next = offset;
  for (;;) {
    const { chunks, bytes } = log.read(next, 1_000_000, all);
    if (bytes === 0) return values;
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      for (const record of batch.records()) {
        if (record.offset >= next) values.push(`${record.offset}:${String(record.value)}`);
      }
      next = batch.nextOffset;
    }
  }
}

type Read = (
  offset: number,
  maxBytes: number,
  options: typeof all,
) => { chunks: readonly Buffer[]; bytes: number };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isKafkaError(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('a log', () => {
  test('numbers batches one after the other and gives them back', async () => {
    const system = simulatedSystem(1);
    const { log } = await open(system);
    expect(log.append(batchOf(['a', 'b']), client)).toMatchObject({ baseOffset: 0, lastOffset: 1 });
    expect(log.append(batchOf(['c']), client)).toMatchObject({ baseOffset: 2, duplicate: false });
    expect(valuesFrom(log)).toEqual(['0:a', '1:b', '2:c']);
    expect(valuesFrom(log, 2)).toEqual(['2:c']);
    expect(log.logEndOffset).toBe(3);
  });

  test('counts as synced only what the disk has confirmed', async () => {
    const system = simulatedSystem(1);
    const { log } = await open(system);
    const seen: number[] = [];
    log.onSynced = (offset) => seen.push(offset);
    log.append(batchOf(['a']), client);
    let told = false;
    log.whenSynced(1, () => {
      told = true;
    });
    expect([log.syncedOffset, told]).toEqual([0, false]);
    await system.clock.settle();
    expect([log.syncedOffset, told, seen]).toEqual([1, true, [1]]);
  });

  test('is the same after a clean stop', async () => {
    const system = simulatedSystem(1);
    const first = await open(system, { segmentBytes: 300 });
    for (let i = 0; i < 20; i++) first.log.append(batchOf([`v${i}`]), client);
    const before = valuesFrom(first.log);
    expect(first.log.segments.count).toBeGreaterThan(3);
    await closed(system, first.logs);
    const { log, logs } = await open(system, { segmentBytes: 300 });
    expect(logs.wasCleanShutdown).toBe(true);
    expect(valuesFrom(log)).toEqual(before);
    expect([log.logEndOffset, log.syncedOffset, log.latestEpoch]).toEqual([20, 20, 0]);
  });

  test('comes back after a crash with everything that was synced', async () => {
    const system = simulatedSystem(7);
    const { log } = await open(system, { segmentBytes: 300 });
    for (let i = 0; i < 20; i++) log.append(batchOf([`v${i}`]), client);
    await system.clock.settle();
    const synced = log.syncedOffset;
    expect(synced).toBe(20);
    const disk = system.disk.crash(system.random);
    const again = await open({ ...system, disk }, { segmentBytes: 300 });
    expect(again.logs.wasCleanShutdown).toBe(false);
    expect(valuesFrom(again.log)).toHaveLength(20);
  });

  test('recognises a repeated batch among the last five, also after a restart', async () => {
    const system = simulatedSystem(1);
    const { log, logs } = await open(system);
    const send = (target: typeof log, sequence: number) =>
      target.append(batchOf(['x'], { producerId: 5, epoch: 0, sequence }), client);
    for (let sequence = 0; sequence < 7; sequence++) send(log, sequence);
    expect(send(log, 2)).toMatchObject({ baseOffset: 2, duplicate: true });
    expect(codeOf(() => send(log, 1))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    expect(codeOf(() => send(log, 8))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    await closed(system, logs);
    const again = await open(system);
    expect(send(again.log, 2)).toMatchObject({ baseOffset: 2, duplicate: true });
    expect(send(again.log, 7)).toMatchObject({ baseOffset: 7, duplicate: false });
  });

  test('refuses what Kafka refuses', async () => {
    const system = simulatedSystem(1);
    const { log } = await open(system);
    const corrupt = batchOf(['a']);
    corrupt[65] = 0xee;
    expect(codeOf(() => log.append(corrupt, client))).toBe('CORRUPT_MESSAGE');
    expect(codeOf(() => log.append(Buffer.alloc(100, 0xff), client))).toBe('CORRUPT_MESSAGE');
    const two = Buffer.concat([batchOf(['a']), batchOf(['b'])]);
    for (const bytes of [two, Buffer.alloc(0), Buffer.alloc(10), two.subarray(0, 65)]) {
      expect(codeOf(() => log.append(bytes, client))).toBe('INVALID_RECORD');
    }
    const future = batchOf(['a'], { timestamp: client.now + 7_200_000 });
    let error: AppendError | undefined;
    try {
      log.append(future, client);
    } catch (thrown) {
      error = thrown as AppendError;
    }
    expect(error?.code).toBe('INVALID_TIMESTAMP');
    expect(error?.recordErrors).toHaveLength(1);
    expect(error?.recordErrors[0]?.message).toBe(
      'Timestamp 1704103200000 of message with offset 0 is out of range. The timestamp should ' +
        'be within [-9223370332758775807, 1704099600000]',
    );
    expect(log.logEndOffset).toBe(0);
  });
});
