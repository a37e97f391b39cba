import type { Log } from '../../src/broker/log/index.js';
import { settingsOf } from '../../src/broker/broker-options.js';
import { openStorage, type Storage } from '../../src/broker/storage.js';
import { isKafkaError } from '../../src/errors/index.js';
import { batchesIn, RecordBatchBuilder } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import {
  type DiskCall,
  type DiskFault,
  MemoryDisk,
  type SimulatedSystem,
  simulatedSystem,
} from '../../src/system/simulated/index.js';

/** What the broker has promised, and must therefore keep whatever the disk does. */
interface Promised {
  /** Topics that were created, and not deleted. */
  readonly topics: Set<string>;
  /** Topics whose creation or deletion ended in an error: both are right. */
  readonly doubtful: Set<string>;
  /** Values of `orders` by offset. */
  readonly orders: Map<number, string>;
  ordersDeletedBelow: number;
  /** Last value of each key of `table` and where it stands. */
  readonly table: Map<string, { readonly offset: number; readonly value: string }>;
  failures: number;
}

interface Running {
  readonly system: SimulatedSystem;
  readonly storage: Storage;
  readonly promised: Promised;
}

/** Calls after which nobody knows what is on the disk: their failure fences the directory. */
const fencing: readonly DiskCall[] = ['sync', 'syncDirectory', 'name'];

/**
 * Runs one scenario (start, create, produce, roll, delete records, retention, compaction, delete
 * a topic, checkpoint, stop) with one fault in it, then checks on a healthy disk, before and after
 * a crash, that every promise is kept. Gives false when the scenario ended before the fault. The
 * seed decides what the crash leaves of all that was not synced.
 */
export async function surviveFault(fault: DiskFault, seed: number): Promise<boolean> {
  const fresh = simulatedSystem(seed * 10_000 + fault.nth);
  const soon = (run: () => void) => fresh.clock.soon(run);
  const system = { ...fresh, disk: new MemoryDisk({ crashable: true, soon }) };
  const promised: Promised = {
    topics: new Set(),
    doubtful: new Set(),
    orders: new Map(),
    ordersDeletedBelow: 0,
    table: new Map(),
    failures: 0,
  };
  system.disk.inject(fault);
  let storage = await attempt(promised, () => opened(system));
  if (storage !== undefined) {
    await scenario({ system, storage, promised });
    const wasReached = promised.failures > 0;
    system.disk.heal();
    const running = { system, storage, promised };
    const { logs, journal } = storage;
    const isFenced = logs.failure !== undefined || journal.failure !== undefined;
    // A fenced directory promises nothing to readers until the next start.
    if (!isFenced) check(running);
    if (isFenced && fault.code === 'ENOSPC' && !canFence(fault)) {
      throw new Error(
        `a full disk fenced the directory: ${String(logs.failure ?? journal.failure)}`,
      );
    }
    // Room again: without a restart everything works as before.
    if (!isFenced) await worksAgain(running);
    if (fault.nth % 2 === 0) await attempt(promised, () => ended(running));
    else await storage.logs.abandon();
    if (!wasReached && fault.nth % 2 === 1) return false;
  }
  const survivor = { ...system, disk: system.disk.crash(system.random.fork(), { soon }) };
  storage = await opened(survivor);
  const running = { system: survivor, storage, promised };
  check(running);
  await worksAgain(running);
  await ended(running);
  return promised.failures > 0;
}

function canFence({ calls }: DiskFault): boolean {
  return calls === undefined || calls.some((call) => fencing.includes(call));
}

async function attempt<T>(promised: Promised, run: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    promised.failures += 1;
    return undefined;
  }
}

/** Waits for something while the manual clock goes on. */
async function run<T>(system: SimulatedSystem, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  for (let i = 0; i < 500 && !isDone; i++) await system.clock.advance(1);
  if (!isDone) throw new Error('something never ends');
  return await done;
}

async function opened(system: SimulatedSystem): Promise<Storage> {
  const options = { system, data: '/data', logger: silentLogger };
  return await run(
    system,
    settingsOf(options).then((settings) => openStorage(settings, options)),
  );
}

async function ended({ system, storage }: Running): Promise<void> {
  await run(system, storage.journal.close());
  await run(system, storage.logs.close(storage.journal.failure === undefined));
}

async function scenario(running: Running): Promise<void> {
  const { system, storage, promised } = running;
  const { logs, topics } = storage;
  await create(running, 'orders', { 'file.delete.delay.ms': '10' });
  await create(running, 'table', { 'cleanup.policy': 'compact', 'delete.retention.ms': '10' });
  await create(running, 'short', {});
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) {
      await order(running, `${round}-${i}`);
      await put(running, `k${i % 3}`, `${round}-${i}`);
    }
    await attempt(promised, () => logs.log('orders', 0)?.roll(system.clock.now()));
    await attempt(promised, () => run(system, logs.compactNow()));
    await attempt(promised, () => {
      const upTo = Math.min(2, promised.orders.size);
      promised.ordersDeletedBelow = upTo;
      logs.log('orders', 0)?.deleteRecordsBefore(upTo);
      logs.deleteOldSegments();
    });
    await system.clock.advance(20);
    await attempt(promised, () => run(system, logs.checkpoint()));
  }
  const short = topics.byName('short');
  if (short === undefined) return;
  promised.topics.delete('short');
  const gone = await attempt(promised, () =>
    run(
      system,
      topics.delete(short).then(() => true),
    ),
  );
  if (gone !== true) promised.doubtful.add('short');
}

async function create(
  { system, storage, promised }: Running,
  name: string,
  configs: Record<string, string>,
): Promise<void> {
  const made = await attempt(promised, () => run(system, storage.topics.create(name, 1, configs)));
  if (made === undefined) promised.doubtful.add(name);
  else promised.topics.add(name);
}

async function append(running: Running, topic: string, key: string | null, value: string) {
  const { system, storage, promised } = running;
  const log = storage.logs.log(topic, 0);
  if (log === undefined) return undefined;
  const now = system.clock.now();
  const builder = new RecordBatchBuilder();
  builder.append({
    key: key === null ? null : Buffer.from(key),
    value: Buffer.from(value),
    timestamp: now,
  });
  const bytes = Buffer.from(builder.build());
  return await attempt(promised, async () => {
    const { baseOffset } = log.append(bytes, { leaderEpoch: 0, origin: 'client', now });
    const safe = new Promise<void>((resolve, reject) => {
      log.whenSynced(baseOffset + 1, (error) => (error ? reject(error) : resolve()));
    });
    await run(system, safe);
    return baseOffset;
  });
}

async function order(running: Running, value: string): Promise<void> {
  const offset = await append(running, 'orders', null, value);
  if (offset !== undefined) running.promised.orders.set(offset, value);
}

async function put(running: Running, key: string, value: string): Promise<void> {
  const offset = await append(running, 'table', key, value);
  if (offset !== undefined) running.promised.table.set(key, { offset, value });
}

/** Everything promised is there. Unacknowledged records may be there too, behind or between. */
function check({ storage, promised }: Running): void {
  const { topics, logs } = storage;
  for (const name of promised.topics) {
    if (topics.byName(name) === undefined) throw new Error(`topic ${name} is gone`);
  }
  const orders = logs.log('orders', 0);
  const found = orders === undefined ? new Map() : contentOf(orders);
  for (const [offset, value] of promised.orders) {
    if (offset < promised.ordersDeletedBelow) continue;
    if (found.get(offset)?.value !== value) throw new Error(`order ${offset} is not ${value}`);
  }
  const table = logs.log('table', 0);
  const rows = table === undefined ? new Map() : contentOf(table);
  const latest = new Map<string, number>();
  for (const [offset, { key }] of rows) latest.set(key ?? '', offset);
  for (const [key, { offset, value }] of promised.table) {
    const last = latest.get(key) ?? -1;
    // A later write of the same key may have failed and be there nevertheless.
    if (last > offset) continue;
    if (rows.get(last)?.value !== value) throw new Error(`${key} is at ${last}, not ${offset}`);
  }
}

function contentOf(log: Log): Map<number, { key: string | null; value: string }> {
  const found = new Map<number, { key: string | null; value: string }>();
  let next = log.logStartOffset;
  while (next < log.logEndOffset) {
    const { chunks, bytes } = log.read(next, 4000, { upTo: log.logEndOffset, minOneBatch: true });
    if (bytes === 0) break;
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      for (const { offset, key, value } of batch.records()) {
        found.set(offset, { key: key === null ? null : String(key), value: String(value) });
      }
      next = batch.nextOffset;
    }
  }
  return found;
}

async function worksAgain(running: Running): Promise<void> {
  const { storage, system, promised } = running;
  const before = promised.failures;
  await create(running, `new-${promised.topics.size}`, {});
  await order(running, 'after');
  await put(running, 'k0', 'after');
  await run(system, storage.logs.compactNow());
  await run(system, storage.logs.checkpoint());
  if (promised.failures > before) throw new Error('a healthy disk does not work again');
  promised.failures = before;
  check(running);
}
