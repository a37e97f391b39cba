import type { Log } from '../../src/broker/log/index.js';
import { defaultLogConfig, LogManager } from '../../src/broker/log/index.js';
import { isKafkaError } from '../../src/errors/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../src/system/simulated/index.js';
import { bytesOf, readAll, type SentBatch, SimulatedProducer } from './log-model.js';

const topicId = 'jKTRaM_TSNqocJeQI2aYOQ';
const partitions = 2;
const crashes = 4;

/** What must be in a partition, whatever happens. */
interface Expected {
  /** Value by offset of every record whose sync was confirmed. */
  readonly acknowledged: Map<number, string>;
  readonly producers: SimulatedProducer[];
}

/**
 * One life of a data directory: several producers write, retry and are interrupted by power cuts
 * that lose, tear and reorder what was not synced. Throws with the reason when an acknowledged
 * record is lost, moved or there twice.
 */
export async function simulateCrashes(seed: number): Promise<void> {
  let system = simulatedSystem(seed);
  const { random } = system;
  const config = {
    ...defaultLogConfig,
    segmentBytes: random.pick([3500, 6000, 20_000]),
    indexIntervalBytes: random.pick([100, 500, 4096]),
  };
  const expected: Expected[] = Array.from({ length: partitions }, (_, partition) => ({
    acknowledged: new Map(),
    producers: [0, 1, 2].map((n) => new SimulatedProducer(partition * 10 + n)),
  }));
  for (let life = 0; life <= crashes; life++) {
    const logs = await opened(system, config);
    for (let partition = 0; partition < partitions; partition++) {
      const log =
        logs.log('orders', partition) ?? logs.createLog('orders', partition, topicId, config);
      const wanted = expected[partition];
      if (wanted === undefined) continue;
      check(log, wanted, system);
      resend(log, wanted, system);
    }
    await work(system, logs, expected, random.below(60));
    const isClean = random.chance(0.3);
    if (isClean) {
      const closing = logs.close();
      await system.clock.advance(1000);
      await closing;
    }
    const disk = system.disk.crash(random.fork(), { soon: (run) => system.clock.soon(run) });
    system = { ...system, disk };
  }
}

async function opened(system: SimulatedSystem, config: typeof defaultLogConfig) {
  const options = { dataDirectory: '/data', nodeId: 1, tailCacheBytes: 6_000 };
  const opening = LogManager.open(system, options, () => config);
  await system.clock.settle();
  return await opening;
}

/** A random number of steps; some syncs get the time to end, others do not. */
async function work(
  system: SimulatedSystem,
  logs: LogManager,
  expected: readonly Expected[],
  steps: number,
): Promise<void> {
  const { random, clock } = system;
  for (let step = 0; step < steps; step++) {
    const partition = random.below(partitions);
    const log = logs.log('orders', partition);
    const wanted = expected[partition];
    if (log === undefined || wanted === undefined) throw new Error('a log is missing');
    const producer = random.pick(wanted.producers);
    const batch = producer.next(random);
    if (batch !== undefined) send(log, wanted, producer, batch, system);
    else for (const again of producer.inFlight) send(log, wanted, producer, again, system);
    if (random.chance(0.3)) await clock.settle();
    if (random.chance(0.1)) await clock.advance(random.below(20));
    if (random.chance(0.03)) await clock.advance(60_000);
    if (random.chance(0.05)) log.roll(clock.now());
  }
}

/** After a restart a client sends again what was not acknowledged, oldest first. */
function resend(log: Log, wanted: Expected, system: SimulatedSystem): void {
  for (const producer of wanted.producers) {
    producer.isCutOff = false;
    for (const batch of producer.inFlight.slice()) send(log, wanted, producer, batch, system);
  }
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
  for (const [offset, value] of wanted.acknowledged) {
    if (values[offset] !== value) {
      throw new Error(`offset ${offset} holds ${values[offset]} instead of ${value}`);
    }
  }
  const last = new Map<string, number>();
  for (const value of values) {
    const [producer, sequence] = value.split('-');
    const before = last.get(producer ?? '') ?? -1;
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
