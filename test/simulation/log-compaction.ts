import { defaultLogConfig, type LogConfig, LogManager } from '../../src/broker/log/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import { endTxnMarker, RecordBatchBuilder } from '../../src/records/index.js';
import {
  MemoryDisk,
  type SimulatedSystem,
  simulatedSystem,
} from '../../src/system/simulated/index.js';
import {
  check,
  checkProducers,
  lastOfKeys,
  type Life,
  recordsOf,
  type Writer,
  type Written,
} from './compaction-twin.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const deleteRetentionMs = 1000;

/**
 * One life of a compacted partition: writers of every kind with few keys, tombstones, transactions
 * that commit and abort, rolls, compaction, restarts, power cuts in the middle of compaction. Throws
 * with the reason when the log and its twin, which simply remembers everything, disagree.
 */
export async function simulateCompaction(seed: number): Promise<void> {
  const life = await born(seed);
  const { random } = life.system;
  for (let round = 0; round < 8; round++) {
    const steps = random.pick([0, 5, 60]);
    for (let step = random.below(steps + 1); step > 0; step--) writeSome(life);
    await synced(life);
    if (random.chance(0.3)) await run(life.system, life.logs.checkpoint());
    const action = random.below(4);
    if (action === 0) await interruptedCompaction(life, 1 + random.below(120), random.chance(0.5));
    else await completeCompaction(life);
    check(life);
    if (random.chance(0.7)) await life.system.clock.advance(random.below(2 * deleteRetentionMs));
    if (random.chance(0.3)) await reopen(life);
    check(life);
    checkProducers(life);
  }
  await end(life);
}

/** Lets the power fail at each disk call of one compaction in turn; returns how many there were. */
export async function crashAtEveryCall(seed: number): Promise<number> {
  for (let call = 1; ; call++) {
    const life = await born(seed);
    for (let step = 20; step > 0; step--) writeSome(life);
    await synced(life);
    await completeCompaction(life);
    for (let step = 20; step > 0; step--) writeSome(life);
    await synced(life);
    const wasReached = await interruptedCompaction(life, call);
    check(life);
    checkProducers(life);
    await completeCompaction(life);
    check(life);
    await end(life);
    if (!wasReached) return call - 1;
  }
}

async function born(seed: number): Promise<Life> {
  const fresh = simulatedSystem(seed);
  const { random, clock } = fresh;
  // On some disks syncs take their time, and what is written meanwhile may be lost.
  const slowness = random.pick([0, 0, 0.5]);
  const soon = (run: () => void) => {
    if (random.chance(slowness)) clock.after(random.below(10), run);
    else clock.soon(run);
  };
  const system = { ...fresh, disk: new MemoryDisk({ crashable: true, soon }) };
  const config: LogConfig = {
    ...defaultLogConfig,
    segmentBytes: random.pick([600, 1500, 5000]),
    indexIntervalBytes: random.pick([0, 100, 4096]),
    cleanupPolicy: ['compact'],
    deleteRetentionMs,
    messageTimestampType: random.pick(['CreateTime', 'CreateTime', 'LogAppendTime']),
  };
  // Sometimes so small that a round has to leave keys to the next.
  const mapBytes = random.pick([400, 1200, 1 << 20]);
  const logs = await openLogs(system, config, mapBytes);
  const log = logs.createLog('table', 0, topicId, config);
  // Where nobody has written a recovery point, a hole is taken for one that compaction left.
  await run(system, logs.checkpoint());
  const writers = [-1, 1, 2, 3, 4].map((producerId) => ({
    producerId,
    isTransactional: producerId >= 3,
    epoch: 0,
    sequence: 0,
    open: [],
    last: undefined,
    lastOffset: -1,
  }));
  return { system, logs, log, config, mapBytes, twin: { written: new Map(), writers }, past: [] };
}

async function openLogs(system: SimulatedSystem, config: LogConfig, mapBytes: number) {
  const options = {
    dataDirectory: '/data',
    nodeId: 1,
    tailCacheBytes: 4000,
    cleanerDedupeBytes: mapBytes,
    cleanerBackoffMs: 1e12,
  };
  const opening = LogManager.open(system, options, () => config);
  opening.catch(() => undefined);
  await system.clock.settle();
  return await opening;
}

function writeSome(life: Life): void {
  const { system, log, twin } = life;
  const { random, clock } = system;
  const now = clock.now();
  if (random.chance(0.03)) log.roll(now);
  const writer = random.pick(twin.writers);
  if (writer.open.length > 0 && random.chance(0.3)) {
    endTransaction(life, writer);
    return;
  }
  const { producerId, isTransactional, epoch, sequence } = writer;
  const builder = new RecordBatchBuilder({
    compression: random.pick(['none', 'none', 'gzip', 'snappy', 'lz4'] as const),
    producer:
      producerId < 0
        ? undefined
        : { producerId, producerEpoch: epoch, baseSequence: sequence, isTransactional },
  });
  const records = Array.from({ length: 1 + random.below(4) }, () => ({
    key: `k${random.below(12)}`,
    value: random.chance(0.25) ? null : `${random.below(1e9)}${'x'.repeat(random.below(60))}`,
    timestamp: now + random.below(50) - 25,
  }));
  for (const { key, value, timestamp } of records) {
    const bytes = value === null ? null : Buffer.from(value);
    builder.append({ key: Buffer.from(key), value: bytes, timestamp });
  }
  const bytes = Buffer.from(builder.build());
  writer.last = Buffer.from(bytes);
  const result = log.append(bytes, { leaderEpoch: 0, origin: 'client', now });
  writer.sequence += records.length;
  writer.lastOffset = result.lastOffset;
  const isAppendTime = life.config.messageTimestampType === 'LogAppendTime';
  for (const [i, { key, value, timestamp }] of records.entries()) {
    const offset = result.baseOffset + i;
    const time = isAppendTime ? now : timestamp;
    const one: Written = { offset, key, value, timestamp: time, producerId, isAborted: false };
    twin.written.set(offset, one);
    if (isTransactional) writer.open.push(one);
  }
}

function endTransaction(life: Life, writer: Writer): void {
  const { system, log } = life;
  const type = system.random.pick(['commit', 'abort'] as const);
  // As since KIP-890: the marker carries the next epoch.
  if (system.random.chance(0.5)) {
    writer.epoch += 1;
    writer.sequence = 0;
    writer.last = undefined;
  }
  const { producerId, epoch: producerEpoch } = writer;
  const now = system.clock.now();
  const options = { type, producerId, producerEpoch, coordinatorEpoch: 0, timestamp: now };
  const marker = Buffer.from(endTxnMarker(options));
  log.append(marker, { leaderEpoch: 0, origin: 'coordinator', now });
  for (const one of writer.open) one.isAborted = type === 'abort';
  writer.open = [];
}

async function synced({ system, log, past }: Life): Promise<void> {
  await system.clock.advance(50);
  if (log.syncedOffset !== log.logEndOffset) throw new Error('the log is not synced');
  past.length = 0;
}

/** Writes while a compaction is under way, which a crash may take back. */
function writeMeanwhile(life: Life): void {
  const { random } = life.system;
  for (let step = random.below(3); step > 0; step--) {
    life.past.push({ end: life.log.logEndOffset, twin: structuredClone(life.twin) });
    try {
      writeSome(life);
    } catch (error) {
      if (!isKafkaError(error)) throw error;
    }
  }
}

/** Up to where compaction may go: below the active segment and below open transactions. */
function upperBoundOf({ log }: Life): number {
  const { segments } = log;
  const open = log.firstOpenTransactionOffset ?? log.logEndOffset;
  const bound = Math.min(open, segments.active.baseOffset);
  return segments.at(segments.placeOf(bound))?.baseOffset ?? 0;
}

async function completeCompaction(life: Life): Promise<void> {
  const { logs, system } = life;
  await run(system, logs.compactNow());
  // All was dirty up to here: nothing but the last of each key may be left.
  const bound = upperBoundOf(life);
  const left = recordsOf(life).filter(({ offset }) => offset < bound);
  const wanted = lastOfKeys(life, bound);
  for (const [key, { offset, value }] of wanted) {
    const found = left.filter((record) => record.key === key).map((record) => record.offset);
    const isRight =
      value === null ? found.every((o) => o === offset) : found.join() === `${offset}`;
    if (!isRight) throw new Error(`${key} is at [${found.join()}] instead of ${offset}`);
  }
  for (const { key, offset } of left) {
    if (!wanted.has(key)) throw new Error(`${key} at ${offset} belongs to an aborted transaction`);
  }
}

/** The power fails at the given disk call of a compaction; false where it ended before. */
async function interruptedCompaction(life: Life, call: number, isBusy = false): Promise<boolean> {
  const { logs, system } = life;
  system.disk.inject({ code: 'EIO', nth: call, lasting: true });
  let wasReached = false;
  const meanwhile = () => {
    if (isBusy && logs.failure === undefined) writeMeanwhile(life);
  };
  try {
    await run(system, logs.compactNow(), meanwhile);
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    wasReached = true;
  }
  wasReached ||= logs.failure !== undefined;
  await crash(life);
  return wasReached;
}

async function run(
  system: SimulatedSystem,
  work: Promise<unknown>,
  meanwhile: () => void = () => undefined,
): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  for (let i = 0; i < 10_000 && !isDone; i++) {
    meanwhile();
    await system.clock.advance(1);
  }
  await done;
}

async function crash(life: Life): Promise<void> {
  const { system, logs } = life;
  await logs.abandon();
  const disk = system.disk.crash(system.random.fork());
  life.system = { ...system, disk };
  const end = life.log.logEndOffset;
  await openAgain(life);
  const before = life.past.find((one) => one.end === life.log.logEndOffset);
  if (before !== undefined) life.twin = before.twin;
  else if (life.log.logEndOffset !== end) throw new Error(`the log ends at ${end}`);
  life.past.length = 0;
}

async function reopen(life: Life): Promise<void> {
  await run(life.system, life.logs.close());
  await openAgain(life);
}

async function openAgain(life: Life): Promise<void> {
  life.logs = await openLogs(life.system, life.config, life.mapBytes);
  const log = life.logs.log('table', 0);
  if (log === undefined) throw new Error('the log is gone');
  life.log = log;
}

async function end(life: Life): Promise<void> {
  await run(life.system, life.logs.close());
}

/** The reason a seed failed for, with what is needed to repeat it. */
export function describeCompactionFailure(seed: number, error: unknown): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `seed ${seed}: ${reason} (repeat with KAFKIT_SEED=${seed})`;
}
