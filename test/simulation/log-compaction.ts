import {
  defaultLogConfig,
  type Log,
  type LogConfig,
  LogManager,
} from '../../src/broker/log/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import { batchesIn, endTxnMarker, RecordBatchBuilder } from '../../src/records/index.js';
import {
  MemoryDisk,
  type SimulatedSystem,
  simulatedSystem,
} from '../../src/system/simulated/index.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const deleteRetentionMs = 1000;

/** A record as the twin remembers it. */
interface Written {
  readonly offset: number;
  readonly key: string;
  /** Null for a tombstone. */
  readonly value: string | null;
  readonly timestamp: number;
  readonly producerId: number;
  isAborted: boolean;
}

/** A producer, plain (id -1), idempotent or transactional. */
interface Writer {
  readonly producerId: number;
  readonly isTransactional: boolean;
  epoch: number;
  sequence: number;
  /** Offsets of the transaction that is open. */
  open: Written[];
  /** The last data batch, as it was sent. */
  last: Buffer | undefined;
  lastOffset: number;
}

interface Life {
  system: SimulatedSystem;
  logs: LogManager;
  log: Log;
  readonly config: LogConfig;
  readonly mapBytes: number;
  /** Everything ever written, by offset: the dumb twin of the log. */
  readonly written: Map<number, Written>;
  readonly writers: Writer[];
}

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
    const action = random.below(4);
    if (action === 0) await interruptedCompaction(life, 1 + random.below(120));
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
  const soon = (run: () => void) => clock.soon(run);
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
  const writers = [-1, 1, 2, 3, 4].map((producerId) => ({
    producerId,
    isTransactional: producerId >= 3,
    epoch: 0,
    sequence: 0,
    open: [],
    last: undefined,
    lastOffset: -1,
  }));
  return { system, logs, log, config, mapBytes, written: new Map(), writers };
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
  const { system, log, written } = life;
  const { random, clock } = system;
  const now = clock.now();
  if (random.chance(0.03)) log.roll(now);
  const writer = random.pick(life.writers);
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
    written.set(offset, one);
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

async function synced({ system, log }: Life): Promise<void> {
  await system.clock.advance(50);
  if (log.syncedOffset !== log.logEndOffset) throw new Error('the log is not synced');
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
async function interruptedCompaction(life: Life, call: number): Promise<boolean> {
  const { logs, system } = life;
  system.disk.inject({ code: 'EIO', nth: call, lasting: true });
  let wasReached = false;
  try {
    await run(system, logs.compactNow());
  } catch (error) {
    if (!isKafkaError(error)) throw error;
    wasReached = true;
  }
  wasReached ||= logs.failure !== undefined;
  await crash(life);
  return wasReached;
}

async function run(system: SimulatedSystem, work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => undefined);
  for (let i = 0; i < 10_000 && !isDone; i++) await system.clock.advance(1);
  await done;
}

async function crash(life: Life): Promise<void> {
  const { system, logs } = life;
  await logs.abandon();
  const soon = (then: () => void) => system.clock.soon(then);
  const disk = system.disk.crash(system.random.fork(), { soon });
  life.system = { ...system, disk };
  await openAgain(life);
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

/** What a committed reader ends up with, from the twin: the last record of each key. */
function lastOfKeys({ written }: Life, below: number): Map<string, Written> {
  const last = new Map<string, Written>();
  for (const one of written.values()) {
    if (!one.isAborted && one.offset < below) last.set(one.key, one);
  }
  return last;
}

interface Read {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
}

/** All data records of the log, aborted or not; each must be one that was written. */
function recordsOf(life: Life): Read[] {
  const found: Read[] = [];
  for (const batch of batchesOf(life)) {
    if (batch.isControl) continue;
    for (const record of batch.records()) {
      const twin = life.written.get(record.offset);
      const key = String(record.key);
      const value = record.value === null ? null : String(record.value);
      const { timestamp } = record;
      if (twin?.key !== key || twin.value !== value || twin.timestamp !== timestamp) {
        throw new Error(`offset ${record.offset} holds ${key}=${value} at ${timestamp}`);
      }
      found.push({ offset: record.offset, key, value });
    }
  }
  return found;
}

function batchesOf({ log, system }: Life) {
  const batches = [];
  let next = log.logStartOffset;
  while (next < log.logEndOffset) {
    const options = { upTo: log.logEndOffset, minOneBatch: true };
    const { chunks, bytes } = log.read(next, 1 + system.random.below(2000), options);
    if (bytes === 0) break;
    const before = next;
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      batch.ensureValid();
      if (batch.lastOffset < before) continue;
      if (batch.baseOffset < next && next !== before) throw new Error('batches overlap');
      batches.push(batch);
      next = batch.nextOffset;
    }
    if (next === before) throw new Error(`nothing to read at ${next}`);
  }
  return batches;
}

/** A reader, committed or not, ends up with what the twin says; offsets and order hold. */
function check(life: Life): void {
  const { log, written } = life;
  const records = recordsOf(life);
  const offsets = records.map(({ offset }) => offset);
  if (offsets.some((offset, i) => i > 0 && offset <= (offsets[i - 1] ?? -1))) {
    throw new Error(`offsets are out of order: ${offsets.join()}`);
  }
  const visible = new Map<string, Read>();
  for (const record of committedOf(life)) visible.set(record.key, record);
  const stable = log.firstOpenTransactionOffset ?? log.logEndOffset;
  for (const [key, twin] of lastOfKeys(life, stable)) {
    const found = visible.get(key);
    if (found === undefined && twin.value === null) continue;
    if (found?.offset !== twin.offset) {
      throw new Error(`${key} is read at ${found?.offset} instead of ${twin.offset}`);
    }
  }
  const bound = log.segments.active.baseOffset;
  for (const { offset } of written.values()) {
    if (offset >= bound && !offsets.includes(offset)) throw new Error(`${offset} is missing`);
  }
}

/** What isolation level read_committed shows, as clients filter it. */
function committedOf(life: Life): Read[] {
  const { log } = life;
  const upcoming = log.abortedTransactions(log.logStartOffset, log.logEndOffset);
  const aborted = new Set<number>();
  const seen: Read[] = [];
  const stable = log.firstOpenTransactionOffset ?? log.logEndOffset;
  for (const batch of batchesOf(life)) {
    if (batch.baseOffset >= stable) break;
    while (upcoming[0] !== undefined && upcoming[0].firstOffset <= batch.lastOffset) {
      aborted.add(upcoming.shift()?.producerId ?? -1);
    }
    if (batch.isControl) {
      aborted.delete(batch.producerId);
      continue;
    }
    if (batch.isTransactional && aborted.has(batch.producerId)) continue;
    for (const { offset, key, value } of batch.records()) {
      if (life.written.get(offset)?.isAborted) throw new Error(`${offset} was aborted`);
      seen.push({ offset, key: String(key), value: value === null ? null : String(value) });
    }
  }
  return seen;
}

/** Every producer's state has survived: epoch, sequence, open transaction, its last batch. */
function checkProducers(life: Life): void {
  const { log, system } = life;
  const now = system.clock.now();
  for (const writer of life.writers) {
    const { producerId, epoch, sequence, last, lastOffset } = writer;
    if (producerId < 0 || lastOffset < 0) continue;
    const summary = log.producers().find((one) => one.producerId === producerId);
    const start = writer.open[0]?.offset ?? -1;
    const isRight =
      summary?.producerEpoch === epoch &&
      summary.lastSequence === (last === undefined ? -1 : sequence - 1) &&
      summary.currentTransactionStartOffset === start;
    if (!isRight) throw new Error(`producer ${producerId} is ${JSON.stringify(summary)}`);
    if (last === undefined) continue;
    const result = log.append(Buffer.from(last), { leaderEpoch: 0, origin: 'client', now });
    if (!result.duplicate || result.lastOffset !== lastOffset) {
      throw new Error(`the last batch of ${producerId} is not known again`);
    }
  }
}

/** The reason a seed failed for, with what is needed to repeat it. */
export function describeCompactionFailure(seed: number, error: unknown): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `seed ${seed}: ${reason} (repeat with KAFKIT_SEED=${seed})`;
}
