import type { Consumer, ConsumerBatch, ConsumerRecord, Kafka } from '../client/index.js';
import type { Timer } from '../system/index.js';
import { type CliIo, say } from './io.js';
import type { OffsetSpec } from './offset-spec.js';
import { count } from './table.js';

/** What to read, from where, until when, and how it is printed. */
export interface Reading {
  readonly topics: readonly string[] | RegExp;
  /** Only these partitions (of every topic); all when undefined. Not with a group. */
  readonly partitions?: readonly number[] | undefined;
  readonly group?: string | undefined;
  readonly from: OffsetSpec;
  /** Stop after so many records. */
  readonly limit?: number | undefined;
  /** Stop at the offsets that were the end when reading began. */
  readonly exitAtEnd?: boolean | undefined;
  /** Stop when nothing has come for so many milliseconds. */
  readonly idleMs?: number | undefined;
  readonly readCommitted?: boolean | undefined;
  print(record: ConsumerRecord): string | Uint8Array;
}

const endCheckMs = 20;
/** Output is gathered into pieces of about this size. */
const outputBytes = 64 * 1024;

/** Reads and prints until one of the reasons to stop; returns how many records were printed. */
export async function readTopics(kafka: Kafka, reading: Reading, io: CliIo): Promise<number> {
  const { topics, partitions, group, from } = reading;
  const assign =
    partitions === undefined || topics instanceof RegExp
      ? undefined
      : topics.flatMap((topic) => partitions.map((partition) => ({ topic, partition })));
  const consumer = kafka.consumer({
    groupId: group,
    ...(assign === undefined ? { topics } : { assign }),
    offsetReset: from.at === 'end' ? 'latest' : 'earliest',
    // Whoever waits for the end wants to hear of it soon.
    fetchMaxWaitMs: reading.exitAtEnd === true ? endCheckMs : undefined,
    isolationLevel: reading.readCommitted === true ? 'read_committed' : 'read_uncommitted',
  });
  try {
    await consumer.start();
    if (group === undefined) await moveTo(consumer, from);
    return await printAll(consumer, reading, io);
  } finally {
    await consumer.close();
  }
}

/** Moves every partition to where a person wants to begin. */
async function moveTo(consumer: Consumer, from: OffsetSpec): Promise<void> {
  const assignment = consumer.assignment();
  if (from.at === 'time') await consumer.seekToTimestamp(from.timestamp);
  if (from.at === 'offset') {
    consumer.seek(assignment.map((each) => ({ ...each, offset: from.offset })));
  }
  if (from.at !== 'tail') return;
  await consumer.seekToEnd();
  for (const each of assignment) {
    const end = await consumer.position(each);
    // Before the first offset that is left, `offsetReset` takes over: the start.
    consumer.seek({ ...each, offset: Math.max(0, end - from.count) });
  }
}

async function printAll(consumer: Consumer, reading: Reading, io: CliIo): Promise<number> {
  const stop = new StopWatch(consumer, reading, io);
  const batches = consumer.batches();
  const limit = reading.limit ?? Number.POSITIVE_INFINITY;
  let printed = 0;
  try {
    while (!stop.now && printed < limit) {
      const batch = await stop.nextOf(batches);
      if (batch === undefined) break;
      const last = await printBatch(batch, limit - printed, reading, io);
      printed += last.count;
      // A batch that was not printed to its end counts only up to where it was.
      const whole = last.record?.offset === batch.nextOffset - 1 && printed < limit;
      if (last.record !== undefined && !whole && reading.group !== undefined) {
        await consumer.commit(last.record);
      }
    }
  } finally {
    stop.cancel();
  }
  if (io.interrupted.aborted && io.interrupted.reason !== 'closed') {
    say(io, `kafkit: stopped after ${count(printed, 'record')}${whereNow(consumer, reading)}`);
  }
  return printed;
}

async function printBatch(
  batch: ConsumerBatch,
  most: number,
  reading: Reading,
  io: CliIo,
): Promise<{ count: number; record: ConsumerRecord | undefined }> {
  let pieces: (string | Uint8Array)[] = [];
  let bytes = 0;
  let printed = 0;
  let last: ConsumerRecord | undefined;
  const write = async () => {
    const text = Buffer.concat(
      pieces.map((each) => (typeof each === 'string' ? Buffer.from(each) : each)),
    );
    pieces = [];
    bytes = 0;
    await io.stdout.write(text);
  };
  for (const record of batch) {
    if (printed === most || io.interrupted.aborted) break;
    const piece = reading.print(record);
    pieces.push(piece);
    bytes += piece.length;
    printed += 1;
    last = record;
    if (bytes > outputBytes) await write();
  }
  if (pieces.length > 0) await write();
  return { count: printed, record: last };
}

/** Where to go on, for a person who has interrupted us. */
function whereNow(consumer: Consumer, reading: Reading): string {
  const places = consumer
    .health()
    .partitions.flatMap(({ topic, partition, position }) =>
      position === null ? [] : [`${topic}-${partition}@${position}`],
    );
  const shown = places.length > 8 ? [...places.slice(0, 8), '…'] : places;
  if (reading.group !== undefined) {
    return `; the group ${reading.group} goes on from what was printed (${shown.join(', ')}).`;
  }
  return shown.length === 0 ? '.' : `; next: ${shown.join(', ')}.`;
}

/** Knows when to stop, and ends the wait for the next batch then. */
class StopWatch {
  now: boolean;
  readonly #consumer: Consumer;
  readonly #reading: Reading;
  readonly #io: CliIo;
  readonly #ends = new Map<string, number>();
  #endTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #wake = () => {};

  constructor(consumer: Consumer, reading: Reading, io: CliIo) {
    this.#consumer = consumer;
    this.#reading = reading;
    this.#io = io;
    this.now = io.interrupted.aborted;
    io.interrupted.addEventListener('abort', () => this.#stop(), { once: true });
    if (reading.exitAtEnd === true) this.#watchEnd();
  }

  /** The next batch; undefined when it is time to stop or the consumer has ended. */
  async nextOf(batches: AsyncIterator<ConsumerBatch>): Promise<ConsumerBatch | undefined> {
    const { idleMs } = this.#reading;
    if (idleMs !== undefined) {
      this.#idleTimer = this.#io.system.clock.after(idleMs, () => this.#stop());
    }
    const next = await new Promise<IteratorResult<ConsumerBatch> | undefined>((resolve, reject) => {
      this.#wake = () => resolve(undefined);
      // Asking for the next batch says that the one before is done.
      batches.next().then(resolve, reject);
    });
    this.#idleTimer?.cancel();
    return next === undefined || next.done === true ? undefined : next.value;
  }

  cancel(): void {
    this.#endTimer?.cancel();
    this.#idleTimer?.cancel();
  }

  #stop(): void {
    this.now = true;
    this.#wake();
  }

  #watchEnd(): void {
    if (this.#atEnd()) this.#stop();
    else this.#endTimer = this.#io.system.clock.after(endCheckMs, () => this.#watchEnd());
  }

  #atEnd(): boolean {
    const { state, partitions } = this.#consumer.health();
    if (state !== 'stable' && state !== 'standalone') return false;
    return partitions.every(({ topic, partition, position, endOffset }) => {
      if (position === null || endOffset === null) return false;
      const name = `${topic}-${partition}`;
      const end = this.#ends.get(name) ?? endOffset;
      this.#ends.set(name, end);
      return position >= end;
    });
  }
}
