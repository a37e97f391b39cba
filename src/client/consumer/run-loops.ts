import { KafkaError } from '../../errors/index.js';
import type { AnyTopics } from '../topic-map.js';
import type { ConsumedBatch, ConsumedRecord } from './topic-records.js';
import type { Deliveries } from './deliveries.js';
import type { Delivery } from './delivery.js';

/** What `run` calls: one of the two. */
export interface RunOptions<
  K = Buffer | null,
  V = Buffer | null,
  Topics extends object = AnyTopics,
> {
  /** Waited for; a record is finished when it resolves. */
  readonly eachRecord?:
    | ((record: ConsumedRecord<K, V, Topics>) => void | Promise<void>)
    | undefined;
  /** Waited for; a batch is finished when it resolves. */
  readonly eachBatch?: ((batch: ConsumedBatch<K, V, Topics>) => void | Promise<void>) | undefined;
  /** How many partitions are worked on at the same time, each in its order; default 1. */
  readonly partitionsConsumedConcurrently?: number | undefined;
}

/** More loops than that only wait for each other. */
const lanesMax = 1000;

/**
 * So many loops beside each other, each over whatever partition no other has. The first handler
 * that fails ends them all: the others finish what they have at hand, what failed comes again.
 */
export async function runLoops<K, V>(
  deliveries: Deliveries<K, V>,
  { eachRecord, eachBatch, partitionsConsumedConcurrently = 1 }: RunOptions<K, V>,
): Promise<void> {
  if ((eachRecord === undefined) === (eachBatch === undefined)) {
    throw invalid('run needs either eachRecord or eachBatch.');
  }
  const count = partitionsConsumedConcurrently;
  if (!Number.isInteger(count) || count < 1 || count > lanesMax) {
    throw invalid(`partitionsConsumedConcurrently must be from 1 to ${lanesMax}, not ${count}.`);
  }
  const lanes = Array.from({ length: count }, () => deliveries.lane());
  const failures: unknown[] = [];
  const work = async (lane: Delivery<K, V>): Promise<void> => {
    try {
      if (eachRecord !== undefined) await loop(lane.records(), eachRecord, failures);
      else if (eachBatch !== undefined) await loop(lane.batches(), eachBatch, failures);
    } catch (error) {
      failures.push(error);
    }
    // One that waits for records ends, too.
    if (failures.length > 0) for (const each of lanes) if (each.isPolling) deliveries.remove(each);
    deliveries.remove(lane);
  };
  await Promise.all(lanes.map(work));
  if (failures.length > 0) throw failures[0];
}

async function loop<T>(
  items: AsyncIterable<T>,
  each: (item: T) => void | Promise<void>,
  failures: readonly unknown[],
): Promise<void> {
  for await (const item of items) {
    // Another loop has failed: this one has been given something that is not to be begun any more.
    if (failures.length > 0) return;
    await each(item);
  }
}

function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', message);
}
