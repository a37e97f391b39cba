import type { Log } from '../../src/broker/log/index.js';
import { defaultLogConfig, LogManager } from '../../src/broker/log/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import {
  MemoryDisk,
  type SimulatedSystem,
  simulatedSystem,
} from '../../src/system/simulated/index.js';
import { bytesOf, readAll, type SentBatch, SimulatedProducer } from './log-model.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const partitions = 2;
const crashes = 4;

/** What must be in a partition, whatever happens. */
interface Expected {
  /** Value by offset of every record whose sync was confirmed. */
  readonly acknowledged: Map<number, string>;
  readonly producers: SimulatedProducer[];
  /** Records below were deleted on purpose: they may be gone, or back after a crash. */
  deletedBelow: number;
}

/**
 * One life of a data directory: several producers write, retry and are interrupted by power cuts
 * that lose, tear and reorder what was not synced. Throws with the reason when an acknowledged
 * record is lost, moved or there twice.
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
    producers: [0, 1, 2].map((n) => new SimulatedProducer(partition * 10 + n)),
    deletedBelow: 0,
  }));
  for (let life = 0; life <= crashes; life++) {
    const logs = await opened(system, config);
    for (let partition = 0; partition < partitions; partition++) {
      const log =
        logs.log('orders', partition) ?? logs.createLog('orders', partition, topicId, config);
      const wanted = expected[partition];
      if (wanted === undefined) continue;
      check(log, wanted, system);
      for (const producer of wanted.producers) {
        producer.isCutOff = false;
        producer.mustRepeat = true;
      }
    }
    await work(system, logs, expected, random.below(60));
    if (random.chance(0.3)) await close(system, logs);
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
  const closing = logs.close().catch((error: unknown) => {
    if (!isKafkaError(error)) throw error;
  });
  await system.clock.advance(1000);
  await closing;
}

/** A random number of steps; some syncs get the time to end, others do not. */
async function work(
  system: SimulatedSystem,
  logs: LogManager,
  expected: readonly Expected[],
  steps: number,
): Promise<void> {
  const { random, clock, disk } = system;
  for (let step = 0; step < steps && logs.failure === undefined; step++) {
    const partition = random.below(partitions);
    const log = logs.log('orders', partition);
    const wanted = expected[partition];
    if (log === undefined || wanted === undefined) throw new Error('a log is missing');
    if (random.chance(0.05)) disk.heal();
    if (random.chance(0.02)) {
      const code = random.pick(['ENOSPC', 'ENOSPC', 'EIO'] as const);
      disk.inject({ code, nth: 1 + random.below(10), lasting: random.chance(0.5) });
    }
    try {
      sendSome(log, wanted, system);
      if (random.chance(0.05)) log.roll(clock.now());
      if (random.chance(0.03)) deleteSome(log, wanted, random.below(log.syncedOffset + 1));
      if (random.chance(0.03)) logs.deleteOldSegments();
    } catch (error) {
      if (!isKafkaError(error) || !storageErrors.has(error.code)) throw error;
    }
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

/** DeleteRecords, but of nothing that a producer may still have to send again. */
function deleteSome(log: Log, wanted: Expected, offset: number): void {
  const inFlight = wanted.producers.flatMap((producer) => producer.inFlight);
  const upTo = Math.min(offset, ...inFlight.map((batch) => batch.offset ?? offset));
  wanted.deletedBelow = Math.max(wanted.deletedBelow, log.deleteRecordsBefore(upTo));
}

/** A new batch of one producer, or all it has in flight once more. */
function sendSome(log: Log, wanted: Expected, system: SimulatedSystem): void {
  const { random } = system;
  const producer = random.pick(wanted.producers);
  const batch =
    producer.inFlight.length > 0 && random.chance(0.2) ? undefined : producer.next(random);
  const due = batch === undefined || producer.mustRepeat ? producer.inFlight.slice() : [batch];
  producer.mustRepeat = true;
  for (const one of due) send(log, wanted, producer, one, system);
  producer.mustRepeat = false;
}

function send(
  log: Log,
  wanted: Expected,
  producer: SimulatedProducer,
  batch: SentBatch,
  system: SimulatedSystem,
): void {
  const now = system.clock.now();
  const result = log.append(bytesOf(batch, system.random, now), {
    leaderEpoch: 0,
    origin: 'client',
    now,
    urgent: system.random.chance(0.5),
  });
  batch.offset = result.baseOffset;
  log.whenSynced(result.lastOffset + 1, (error) => {
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
  const last = new Map<string, number>();
  for (const value of values) {
    const [producer, sequence] = value.split('-');
    const before = last.get(producer ?? '') ?? (start > 0 ? Number(sequence) - 1 : -1);
    if (Number(sequence) !== before + 1) {
      throw new Error(`${producer} has ${sequence} after ${before}`);
    }
    last.set(producer ?? '', Number(sequence));
  }
}

/** The reason a seed failed for, with what is needed to repeat it. */
export function describeFailure(seed: number, error: unknown): string {
  const reason = isKafkaError(error) ? `${error.code} ${error.message}` : String(error);
  return `seed ${seed}: ${reason} (repeat with KAFKIT_SEED=${seed})`;
}
