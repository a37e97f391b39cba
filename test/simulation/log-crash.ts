import type { Log } from '../../src/broker/log/index.js';
import { defaultLogConfig, LogManager } from '../../src/broker/log/index.js';
import { Partition } from '../../src/broker/partition/partition.js';
import { isKafkaError } from '../../src/errors/index.js';
import { batchesIn } from '../../src/records/index.js';
import {
  MemoryDisk,
  type SimulatedSystem,
  simulatedSystem,
} from '../../src/system/simulated/index.js';
import { checkFilesOfLog } from './log-files.js';
import { bytesOf, readAll, type SentBatch, SimulatedProducer } from './log-model.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const partitions = 2;
const crashes = 4;

/** A partition of the running broker, and what must be in it. */
interface Led {
  readonly partition: Partition;
  readonly log: Log;
  readonly wanted: Expected;
}

/** What must be in a partition, whatever happens. */
interface Expected {
  /** Value by offset of every record whose sync was confirmed, or that a reader was given. */
  readonly acknowledged: Map<number, string>;
  /** The end of what readers have seen of each leader epoch. */
  readonly readTo: Map<number, number>;
  readonly producers: SimulatedProducer[];
  /** Records below were deleted on purpose: they may be gone, or back after a crash. */
  deletedBelow: number;
}

/**
 * One life of a data directory: several producers write, retry and are interrupted by power cuts
 * that lose, tear and reorder what was not synced. Throws with the reason when a record that was
 * acknowledged, or that a reader was given, is lost, moved or there twice, when a producer of an
 * old epoch is let in, or when a leader epoch is said to end before what was read of it.
 */
export async function simulateCrashes(seed: number): Promise<void> {
  let system = simulatedSystem(seed);
  const { random, clock } = system;
  // Syncs take their time, and appends go on meanwhile.
  const soon = (run: () => void) => {
    if (random.chance(0.5)) clock.soon(run);
    else clock.after(random.below(8), run);
  };
  system = { ...system, disk: new MemoryDisk({ crashable: true, soon }) };
  const config = {
    ...defaultLogConfig,
    segmentBytes: random.pick([3500, 6000, 20_000]),
    indexIntervalBytes: random.pick([100, 500, 4096]),
  };
  const expected: Expected[] = Array.from({ length: partitions }, (_, partition) => ({
    acknowledged: new Map(),
    readTo: new Map(),
    producers: [0, 1, 2].map((n) => new SimulatedProducer(partition * 10 + n)),
    deletedBelow: 0,
  }));
  for (let life = 0; life <= crashes; life++) {
    const logs = await opened(system, config);
    const led: Led[] = [];
    for (const [index, wanted] of expected.entries()) {
      const log = logs.log('orders', index) ?? logs.createLog('orders', index, topicId, config);
      check(log, wanted, system);
      // As after every unclean stop, the leader epoch goes up.
      const leader = new Partition(log, { replicas: [1], leader: 1, leaderEpoch: life });
      led.push({ partition: leader, log, wanted });
      for (const producer of wanted.producers) {
        producer.isCutOff = false;
        producer.mustRepeat = true;
        producer.isResting = random.chance(0.2);
        refuseZombie(leader, producer, system);
        knowsAgain(leader, producer, system);
      }
    }
    await work(system, logs, led, random.below(60));
    if (random.chance(0.3)) await close(system, logs);
    for (const { log, wanted } of led) {
      wanted.deletedBelow = Math.max(wanted.deletedBelow, log.logStartOffset);
    }
    const disk = system.disk.crash(random.fork(), { soon });
    system = { ...system, disk };
  }
}

async function opened(system: SimulatedSystem, config: typeof defaultLogConfig) {
  const options = { dataDirectory: '/data', nodeId: 1, tailCacheBytes: 6_000 };
  const open = async () => {
    const opening = LogManager.open(system, options, () => config);
    opening.catch(() => undefined);
    await system.clock.settle();
    return await opening;
  };
  if (!system.random.chance(0.2)) return await open();
  // A start that a failing disk interrupts must not spoil the next one.
  system.disk.inject({ code: 'EIO', nth: 1 + system.random.below(20) });
  try {
    return await open();
  } catch (error) {
    if (!isKafkaError(error, 'DISK_ERROR')) throw error;
    return await open();
  } finally {
    system.disk.heal();
  }
}

/** A clean stop, in which the disk may fail too. */
async function close(system: SimulatedSystem, logs: LogManager): Promise<void> {
  if (system.random.chance(0.2)) {
    system.disk.inject({ code: 'EIO', nth: 1 + system.random.below(20) });
  }
  let isClean = true;
  const closing = logs.close().catch((error: unknown) => {
    if (!isKafkaError(error)) throw error;
    isClean = false;
  });
  await system.clock.advance(1000);
  await closing;
  system.disk.heal();
  if (!isClean || logs.failure !== undefined) return;
  for (let partition = 0; partition < partitions; partition++) {
    checkFilesOfLog(system.disk, `/data/orders-${partition}`);
  }
}

/** A random number of steps; some syncs get the time to end, others do not. */
async function work(
  system: SimulatedSystem,
  logs: LogManager,
  led: readonly Led[],
  steps: number,
): Promise<void> {
  const { random, clock, disk } = system;
  for (let step = 0; step < steps && logs.failure === undefined; step++) {
    const one = random.pick(led);
    const { partition, log, wanted } = one;
    if (random.chance(0.05)) disk.heal();
    if (random.chance(0.02)) {
      const code = random.pick(['ENOSPC', 'ENOSPC', 'EIO'] as const);
      disk.inject({ code, nth: 1 + random.below(10), lasting: random.chance(0.5) });
    }
    try {
      sendSome(partition, wanted, system);
      if (random.chance(0.2)) readSome(partition, wanted, system);
      if (random.chance(0.1)) refuseZombie(partition, random.pick(wanted.producers), system);
      if (random.chance(0.05)) log.roll(clock.now());
      if (random.chance(0.04)) {
        deleteSome(log, wanted, random.below(log.syncedOffset + 1));
        if (random.chance(0.3)) {
          disk.inject({ code: 'ENOSPC', nth: 1 + random.below(3), calls: ['name'] });
        }
        if (random.chance(0.7)) logs.deleteOldSegments();
      }
      if (random.chance(0.03)) await outliveAll(logs, one, system);
    } catch (error) {
      ensureStorageError(error);
      if (random.chance(0.5)) rollAfterFailure(log, system);
    }
    if (random.chance(0.05)) logs.checkpoint().catch(ensureStorageError);
    if (random.chance(0.3)) await clock.settle();
    if (random.chance(0.1)) await clock.advance(random.below(20));
    if (random.chance(0.03)) await clock.advance(60_000);
  }
}

const storageErrors: ReadonlySet<string> = new Set([
  'KAFKA_STORAGE_ERROR',
  'DISK_FULL',
  'DISK_ERROR',
]);

function ensureStorageError(error: unknown): void {
  if (!isKafkaError(error) || !storageErrors.has(error.code)) throw error;
}

/** Right behind a failed write, whose bytes may still be there, the segment is closed. */
function rollAfterFailure(log: Log, { disk, clock }: SimulatedSystem): void {
  disk.heal();
  if (log.failure === undefined) log.roll(clock.now());
}

/** DeleteRecords, but of nothing that a producer may still have to send again. */
function deleteSome(log: Log, wanted: Expected, offset: number): void {
  const inFlight = wanted.producers.flatMap((producer) => producer.inFlight);
  const upTo = Math.min(offset, ...inFlight.map((batch) => batch.offset ?? offset));
  wanted.deletedBelow = Math.max(wanted.deletedBelow, log.deleteRecordsBefore(upTo));
}

/** Retention by age takes all that is synced, the active segment as well, a sync later. */
async function outliveAll(
  logs: LogManager,
  { log, wanted }: Led,
  { random, clock }: SimulatedSystem,
): Promise<void> {
  if (wanted.producers.some(({ inFlight }) => inFlight.length > 0)) return;
  const { config } = log;
  log.updateConfig({ ...config, retentionMs: 0 });
  try {
    logs.deleteOldSegments();
    await clock.advance(random.below(20));
  } finally {
    log.updateConfig(config);
  }
}

/** A reader gets what stands below the high watermark, and will rely on it. */
function readSome(partition: Partition, wanted: Expected, { random }: SimulatedSystem): void {
  const { logStartOffset, highWatermark } = partition;
  let next = logStartOffset + random.below(highWatermark - logStartOffset + 1);
  const { chunks } = partition.read(next, 1 + random.below(5000), highWatermark, true);
  for (const batch of batchesIn(Buffer.concat(chunks))) {
    for (const { offset, value } of batch.records()) {
      if (offset < next) continue;
      if (offset >= highWatermark) throw new Error(`${offset} is above ${highWatermark}`);
      wanted.acknowledged.set(offset, String(value));
      next = offset + 1;
    }
    const epoch = batch.partitionLeaderEpoch;
    wanted.readTo.set(epoch, Math.max(wanted.readTo.get(epoch) ?? 0, next));
  }
}

/** Someone whose epoch has ended must not write any more, also after a restart. */
function refuseZombie(
  partition: Partition,
  producer: SimulatedProducer,
  { random, clock }: SimulatedSystem,
): void {
  const batch = producer.zombie(random);
  if (batch === undefined) return;
  const now = clock.now();
  try {
    void partition.append(bytesOf(batch, random, now), { origin: 'client', now });
  } catch (error) {
    if (isKafkaError(error, 'INVALID_PRODUCER_EPOCH')) return;
    throw error;
  }
  throw new Error(`a zombie of producer ${batch.producerId} has written`);
}

/** The last batch of a producer is a repetition, and nothing may be left out behind it. */
function knowsAgain(
  partition: Partition,
  producer: SimulatedProducer,
  { random, clock }: SimulatedSystem,
): void {
  const { settled, producerId } = producer;
  if (settled === undefined) return;
  const options = { origin: 'client', now: clock.now() } as const;
  const repeated = partition.append(bytesOf(settled, random, options.now), options);
  if (repeated instanceof Promise) throw new Error('none of these codecs has to be loaded');
  if (!repeated.duplicate || repeated.baseOffset !== settled.offset) {
    throw new Error(`producer ${producerId} has written ${settled.offset} twice`);
  }
  try {
    void partition.append(bytesOf(producer.gap(), random, options.now), options);
  } catch (error) {
    if (isKafkaError(error, 'OUT_OF_ORDER_SEQUENCE_NUMBER')) return;
    throw error;
  }
  throw new Error(`producer ${producerId} has left out a sequence`);
}

/** A new batch of one producer, or all it has in flight once more. */
function sendSome(partition: Partition, wanted: Expected, system: SimulatedSystem): void {
  const { random } = system;
  const awake = wanted.producers.filter(({ isResting }) => !isResting);
  if (awake.length === 0) return;
  const producer = random.pick(awake);
  const batch =
    producer.inFlight.length > 0 && random.chance(0.2) ? undefined : producer.next(random);
  const due = batch === undefined || producer.mustRepeat ? producer.inFlight.slice() : [batch];
  producer.mustRepeat = true;
  for (const one of due) send(partition, wanted, producer, one, system);
  producer.mustRepeat = false;
}

function send(
  partition: Partition,
  wanted: Expected,
  producer: SimulatedProducer,
  batch: SentBatch,
  system: SimulatedSystem,
): void {
  const now = system.clock.now();
  const result = partition.append(bytesOf(batch, system.random, now), {
    origin: 'client',
    now,
    urgent: system.random.chance(0.5),
  });
  if (result instanceof Promise) throw new Error('none of these codecs has to be loaded');
  batch.offset = result.baseOffset;
  partition.whenReplicated(result.lastOffset + 1, (error) => {
    if (error !== undefined) return;
    if (system.random.chance(0.03)) producer.isCutOff = true;
    producer.acknowledged(batch);
    for (const [i, value] of batch.values.entries()) {
      wanted.acknowledged.set(result.baseOffset + i, value);
    }
  });
}

/** Everything acknowledged is where it was; nothing is there twice; each producer's order holds. */
function check(log: Log, wanted: Expected, system: SimulatedSystem): void {
  const values = readAll(log, system.random);
  const start = log.logStartOffset;
  for (const [offset, value] of wanted.acknowledged) {
    if (offset < start && offset < wanted.deletedBelow) continue;
    if (values[offset - start] !== value) {
      throw new Error(`offset ${offset} holds ${values[offset - start]} instead of ${value}`);
    }
  }
  for (const [epoch, readTo] of wanted.readTo) {
    if (readTo <= start) continue;
    const { endOffset } = log.endOffsetForEpoch(epoch);
    if (endOffset < readTo) {
      throw new Error(`epoch ${epoch} was read to ${readTo}, and is said to end at ${endOffset}`);
    }
  }
  const last = new Map<string, number>();
  for (const value of values) {
    const [producer, number] = value.split('-');
    const before = last.get(producer ?? '') ?? (start > 0 ? Number(number) - 1 : -1);
    if (Number(number) !== before + 1) {
      throw new Error(`${producer} has ${number} after ${before}`);
    }
    last.set(producer ?? '', Number(number));
  }
}

/** The reason a seed failed for, with what is needed to repeat it. */
export function describeFailure(seed: number, error: unknown): string {
  const reason = isKafkaError(error) ? `${error.code} ${error.message}` : String(error);
  return `seed ${seed}: ${reason} (repeat with KAFKIT_SEED=${seed})`;
}
