import type { Clock } from '../system/index.js';
import type { Consumer, ConsumerBatch, TopicPartition } from './consumer/index.js';
import type { Kafka } from './kafka.js';

/** What to read of one partition: from `offset` up to, and not including, `end`. */
export interface PartitionRange extends TopicPartition {
  readonly offset: number;
  readonly end: number;
}

export interface BatchesToEndOptions {
  /** Default `read_uncommitted`; the other one waits for transactions open before the end. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
  readonly clock: Clock;
}

/** So soon after the end is reached the reading ends, where no record lies right before it. */
const lookEveryMs = 20;

/**
 * The records of some ranges of partitions, then the end: also where the last thing in front of it
 * is no record but the mark of a transaction, or where compaction has left nothing.
 */
export async function* batchesToEnd(
  kafka: Kafka,
  ranges: readonly PartitionRange[],
  { isolationLevel, clock }: BatchesToEndOptions,
): AsyncGenerator<ConsumerBatch> {
  const open = ranges.filter(({ offset, end }) => offset < end);
  if (open.length === 0) return;
  const ends = new Map(open.map(({ topic, partition, end }) => [`${topic}:${partition}`, end]));
  const consumer = kafka.consumer({
    assign: open,
    fromBeginning: true,
    fetchMaxWaitMs: lookEveryMs,
    isolationLevel,
  });
  let isOver = false;
  const look = () => {
    if (isOver) return;
    if (isThere(consumer, ends)) void consumer.close();
    else timer = clock.after(lookEveryMs, look);
  };
  let timer = clock.after(lookEveryMs, look);
  try {
    await consumer.start();
    consumer.seek(open);
    for await (const batch of consumer.batches()) {
      if (batch.firstOffset < (ends.get(`${batch.topic}:${batch.partition}`) ?? 0)) yield batch;
      if (isThere(consumer, ends)) break;
    }
  } finally {
    isOver = true;
    timer.cancel();
    await consumer.close();
  }
}

/** Whether everything before the ends has been handed out. */
function isThere(consumer: Consumer, ends: ReadonlyMap<string, number>): boolean {
  const { state, partitions } = consumer.health();
  if (state !== 'standalone') return false;
  return partitions.every(({ topic, partition, position }) => {
    return position !== null && position >= (ends.get(`${topic}:${partition}`) ?? 0);
  });
}
