import { controlRecordOf, RecordBatchBuilder } from '../../../src/records/index.js';
import { silentLogger } from '../../../src/system/index.js';
import type { MemorySystem } from '../../../src/system/simulated/index.js';
import { settingsOf } from '../../../src/broker/broker-options.js';
import type { Topic } from '../../../src/broker/metadata/topic.js';
import { openStorage, type Storage } from '../../../src/broker/storage.js';
import { recordsOf } from '../../../src/broker/transfer/log-records.js';

export const now = 1_700_000_000_000;
export const logger = silentLogger;

export async function withStorage<T>(
  system: MemorySystem,
  data: string,
  use: (storage: Storage) => Promise<T> | T,
): Promise<T> {
  const options = { data, system, logger };
  const storage = await openStorage(await settingsOf(options), options);
  try {
    return await use(storage);
  } finally {
    await storage.journal.close();
    await storage.logs.close();
  }
}

export interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly isTransactional?: boolean;
}

export function write(
  topic: Topic,
  index: number,
  values: readonly string[],
  producer?: Producer,
): void {
  const partition = topic.partitions[index];
  if (partition === undefined) throw new RangeError(`no partition ${index}`);
  const builder = new RecordBatchBuilder({ producer });
  for (const value of values) {
    builder.append({ key: Buffer.from('k'), value: Buffer.from(value), timestamp: now });
  }
  const { log, leaderEpoch } = partition;
  log.append(Buffer.from(builder.build()), { leaderEpoch, origin: 'client', now });
}

/** Offsets and values of every record, markers as `commit` and `abort`. */
export async function contentOf(storage: Storage): Promise<Record<string, string[]>> {
  const content: Record<string, string[]> = {};
  for (const log of storage.logs.logs()) {
    const records: string[] = [];
    for await (const { batch, record } of recordsOf(log)) {
      const text = batch.isControl
        ? `${controlRecordOf(record).type} ${batch.producerId}:${batch.producerEpoch}`
        : String(record.value);
      records.push(`${record.offset} ${text}`);
    }
    if (!log.topic.startsWith('__')) content[`${log.topic}-${log.partition}`] = records;
  }
  return content;
}

export async function filled(
  system: MemorySystem,
  data = '/data',
): Promise<Record<string, string[]>> {
  return await withStorage(system, data, async (storage) => {
    const { topics } = storage;
    const a = await topics.create('a', 2, { 'retention.ms': '-1', 'segment.bytes': '1048576' });
    await topics.create('b', 1, { 'cleanup.policy': 'compact' });
    await topics.delete(await topics.create('gone', 1, {}));
    write(a, 0, ['one', 'two']);
    write(a, 0, ['three'], { producerId: 41, producerEpoch: 0, baseSequence: 0 });
    a.partitions[0]?.log.roll(now);
    write(a, 0, ['four', 'five']);
    a.partitions[0]?.log.deleteRecordsBefore(1);
    write(a, 1, ['six']);
    await topics.nextProducerId();
    return await contentOf(storage);
  });
}

export const failure = async (run: Promise<unknown>): Promise<string> =>
  await run.then(
    () => 'no error',
    (error: Error) => error.message,
  );

export const namesIn = (system: MemorySystem, path: string): string[] =>
  system.disk.list(path).map(({ name }) => name);
