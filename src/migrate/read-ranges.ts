import type {
  Consumer,
  ConsumerBatch,
  ConsumerRecord,
  Kafka,
  TopicPartition,
} from '../client/index.js';
import type { System, Timer } from '../system/index.js';

/** A piece of a partition: offsets from `from` on, below `until`. */
export interface Range extends TopicPartition {
  readonly from: number;
  readonly until: number;
}

const lookEveryMs = 50;
/** What waits to be read stays far below what a small machine has. */
const queuedBytesMax = 16 * 1024 * 1024;

/**
 * Reads pieces of partitions and gives their records in portions of one partition each; ends when
 * all have been read, or at the signal (then false). Records of aborted transactions are left out.
 */
export async function readRanges(
  kafka: Kafka,
  system: System,
  ranges: readonly Range[],
  visit: (records: readonly ConsumerRecord[], range: Range) => void | Promise<void>,
  signal?: AbortSignal,
): Promise<boolean> {
  const open = new Map(
    ranges
      .filter(({ from, until }) => from < until)
      .map((range) => [`${range.topic} ${range.partition}`, range]),
  );
  if (open.size === 0) return true;
  const assign = [...open.values()].map(({ topic, partition }) => ({ topic, partition }));
  const consumer = kafka.consumer({
    assign,
    isolationLevel: 'read_committed',
    offsetReset: 'earliest',
    commit: 'manual',
    queuedMaxBytes: queuedBytesMax,
  });
  try {
    await consumer.start();
    consumer.seek(
      [...open.values()].map(({ topic, partition, from: offset }) => ({
        topic,
        partition,
        offset,
      })),
    );
    return await drain(consumer, system, open, visit, signal);
  } finally {
    await consumer.close();
  }
}

async function drain(
  consumer: Consumer,
  system: System,
  open: Map<string, Range>,
  visit: (records: readonly ConsumerRecord[], range: Range) => void | Promise<void>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const batches = consumer.batches();
  while (open.size > 0) {
    const asked = new Asked(batches.next());
    let result: IteratorResult<ConsumerBatch> | undefined;
    while (open.size > 0 && result === undefined) {
      if (signal?.aborted === true) return false;
      result = await asked.within(lookEveryMs, system);
      // A position moves when its batch is handed out: only then nothing is on its way to us.
      if (result === undefined && !asked.hasArrived) closeFinished(consumer, open);
    }
    if (result === undefined) break;
    if (result.done === true) return false;
    const batch = result.value;
    const range = open.get(`${batch.topic} ${batch.partition}`);
    if (range === undefined) continue;
    const records = [...batch].filter(({ offset }) => offset < range.until);
    if (records.length > 0) await visit(records, range);
    if (batch.nextOffset >= range.until) finish(consumer, open, range);
  }
  return true;
}

/** The next batch, for which one may wait a while at a time. */
class Asked {
  hasArrived = false;
  readonly #next: Promise<IteratorResult<ConsumerBatch>>;

  constructor(next: Promise<IteratorResult<ConsumerBatch>>) {
    this.#next = next;
    const arrived = (): void => {
      this.hasArrived = true;
    };
    // Whoever stops in between does not wait for what was asked for last.
    next.then(arrived, arrived);
  }

  /** The batch, or undefined when it has not come in that time. */
  async within(ms: number, { clock }: System): Promise<IteratorResult<ConsumerBatch> | undefined> {
    const result = await new Promise<IteratorResult<ConsumerBatch> | undefined>(
      (resolve, reject) => {
        const timer: Timer = clock.after(ms, () => resolve(undefined));
        this.#next
          .then(resolve, reject)
          .finally(() => timer.cancel())
          .catch(() => undefined);
      },
    );
    if (result === undefined) await new Promise<void>((resolve) => clock.soon(resolve));
    return result;
  }
}

/** What stands at the end may be no records at all but markers: then only the position moves. */
function closeFinished(consumer: Consumer, open: Map<string, Range>): void {
  for (const { topic, partition, position } of consumer.health().partitions) {
    const range = open.get(`${topic} ${partition}`);
    if (range === undefined || position === null || position < range.until) continue;
    finish(consumer, open, range);
  }
}

function finish(consumer: Consumer, open: Map<string, Range>, range: Range): void {
  open.delete(`${range.topic} ${range.partition}`);
  consumer.pause([{ topic: range.topic, partition: range.partition }]);
}
