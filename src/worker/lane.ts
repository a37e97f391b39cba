import type {
  Consumer,
  ConsumerBatch,
  ConsumerRecord,
  Kafka,
  TopicPartition,
} from '../client/index.js';
import { isKafkaError } from '../errors/index.js';
import type { Logger, System, Timer } from '../system/index.js';
import { Drain } from './drain.js';
import { Fifo } from './fifo.js';
import { OffsetTracker, type Tracked } from './offset-tracker.js';
import type { LaneRecord, WorkerLane } from './worker-lane.js';
import type { WorkerOptions } from './worker-options.js';

/** A record in a lane, and where it is noted. */
class TrackedRecord implements LaneRecord, Tracked {
  readonly record: ConsumerRecord;
  readonly #drain: Drain;
  readonly #tracker: OffsetTracker;
  isDone = false;

  constructor(record: ConsumerRecord, tracker: OffsetTracker, drain: Drain) {
    this.record = record;
    this.#drain = drain;
    this.#tracker = tracker;
    tracker.add(this);
  }

  get offset(): number {
    return this.record.offset;
  }

  get isGone(): boolean {
    return this.#tracker.isGone;
  }

  begins(): void {
    this.#tracker.running++;
  }

  done(): void {
    this.#tracker.done(this);
  }

  ends(): void {
    this.#tracker.running--;
    if (this.#tracker.isGone) this.#drain.wake();
  }
}

export interface LaneParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly options: WorkerOptions<never, never>;
  /** When a record may be handled, in ms since 1970; undefined: at once. */
  readonly dueAt: ((record: ConsumerRecord) => number) | undefined;
  readonly logger: Logger;
  readonly system: System;
  /** The record's time has come. */
  readonly ready: (record: LaneRecord) => void;
  /** Whether more records would be too many. */
  readonly isFull: () => boolean;
}

const defaultCommitIntervalMs = 1000;
const commitTimeoutMs = 5000;
/** After so many records of a batch the event loop gets a turn. */
const recordsPerTurn = 256;
/** Small fetches: what is read lives until it is handled. */
const maxPartitionFetchBytes = 262_144;
/** The coordinator waits so long for this member in a rebalance. */
const rebalanceTimeoutMs = 60_000;

/**
 * One consumer of a worker: of its topics, or of one retry topic. It never holds a record up in
 * its loop: records are noted and passed on, and partitions rest while there are too many. So
 * rebalances never wait for more than the handlers that run.
 */
export class Lane implements WorkerLane {
  readonly #parts: LaneParts;
  readonly #consumer: Consumer;
  readonly #trackers = new Map<string, OffsetTracker>();
  /** Records whose time has not come, in that order for each partition. */
  readonly #delayed = new Fifo<{ readonly entry: LaneRecord; readonly dueAt: number }>();
  readonly #drain: Drain;
  #delayTimer: Timer | undefined;
  #commitTimer: Timer | undefined;
  #isResting = false;
  #isEnding = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    const { kafka, options, groupId, topics, logger, system } = parts;
    this.#drain = new Drain(system, options.drainTimeoutMs);
    this.#consumer = kafka.consumer({
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs,
      maxPartitionFetchBytes,
      ...options.consumer,
      groupId,
      topics,
      commit: 'manual',
      offsetReset: parts.dueAt === undefined ? (options.offsetReset ?? 'earliest') : 'earliest',
      onAssigned: () => {
        this.#isResting = false;
        this.breathe();
      },
      onRevoked: (partitions) => this.#giveUp(partitions, true),
      onLost: (partitions) => this.#giveUp(partitions, false),
      onError: (error) => logger.warn(error.message, { code: error.code }),
    });
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  get lag(): number {
    return this.#consumer.closed ? 0 : this.#consumer.health().lag;
  }

  async run(): Promise<void> {
    this.#scheduleCommit();
    for await (const batch of this.#consumer.batches()) {
      if (this.#isEnding) break;
      const tracker = this.#trackerOf(batch);
      await this.#passAll(batch, tracker);
      this.breathe();
    }
  }

  /** Handlers that wait for a timer or an answer do not wait for a whole batch to be read. */
  async #passAll(batch: ConsumerBatch, tracker: OffsetTracker): Promise<void> {
    const { clock } = this.#parts.system;
    let inTurn = 0;
    for (const record of batch) {
      this.#pass(new TrackedRecord(record, tracker, this.#drain));
      if (++inTurn < recordsPerTurn) continue;
      inTurn = 0;
      tracker.reached(record.offset + 1);
      await new Promise<void>((go) => clock.soon(go));
      if (tracker.isGone || this.#isEnding) return;
    }
    tracker.reached(batch.nextOffset);
  }

  breathe(): void {
    if (this.#consumer.closed) return;
    const isFull = this.#parts.isFull();
    if (isFull === this.#isResting) return;
    this.#isResting = isFull;
    if (isFull) this.#consumer.pause();
    else this.#consumer.resume();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#delayTimer?.cancel();
    this.#commitTimer?.cancel();
    const trackers = [...this.#trackers.values()];
    for (const each of trackers) each.isGone = true;
    this.#delayed.clear();
    await this.#settled(trackers);
    await this.#commit(trackers);
    await this.#consumer.close();
  }

  #pass(entry: LaneRecord): void {
    const { dueAt, ready, system } = this.#parts;
    const due = dueAt?.(entry.record) ?? 0;
    if (due <= system.clock.now() && this.#delayed.size === 0) {
      ready(entry);
      return;
    }
    this.#delayed.push({ entry, dueAt: due });
    this.#waitForFirst();
  }

  #waitForFirst(): void {
    const first = this.#delayed.first;
    if (first === undefined || this.#delayTimer !== undefined) return;
    const { clock } = this.#parts.system;
    this.#delayTimer = clock.after(Math.max(0, first.dueAt - clock.now()), () => {
      this.#delayTimer = undefined;
      while ((this.#delayed.first?.dueAt ?? Infinity) <= clock.now()) {
        const delayed = this.#delayed.shift();
        if (delayed !== undefined) this.#parts.ready(delayed.entry);
      }
      this.#waitForFirst();
    });
  }

  #trackerOf({ topic, partition }: TopicPartition): OffsetTracker {
    const key = `${topic}:${partition}`;
    let tracker = this.#trackers.get(key);
    if (tracker === undefined) {
      tracker = new OffsetTracker(topic, partition);
      this.#trackers.set(key, tracker);
    }
    return tracker;
  }

  async #giveUp(partitions: readonly TopicPartition[], commits: boolean): Promise<void> {
    const going: OffsetTracker[] = [];
    for (const { topic, partition } of partitions) {
      const tracker = this.#trackers.get(`${topic}:${partition}`);
      if (tracker === undefined) continue;
      tracker.isGone = true;
      going.push(tracker);
      this.#trackers.delete(`${topic}:${partition}`);
    }
    if (!commits || this.#isEnding) return;
    await this.#settled(going);
    await this.#commit(going);
  }

  /** Resolves when nothing of these is being handled, or the time for that is over. */
  async #settled(trackers: readonly OffsetTracker[]): Promise<void> {
    await this.#drain.until(() => trackers.some(({ running }) => running > 0));
  }

  #scheduleCommit(): void {
    const { system, options } = this.#parts;
    const interval = options.commitIntervalMs ?? defaultCommitIntervalMs;
    this.#commitTimer = system.clock.after(interval, () => {
      void this.#commit([...this.#trackers.values()]).then(() => {
        if (!this.#isEnding) this.#scheduleCommit();
      });
    });
  }

  /** Never fails: what is not committed is handled again by whoever has the partition then. */
  async #commit(trackers: readonly OffsetTracker[]): Promise<void> {
    const open = trackers.flatMap((tracker) => {
      const offset = tracker.committable();
      return offset === undefined ? [] : [{ tracker, offset }];
    });
    if (open.length === 0 || this.#consumer.closed) return;
    try {
      await this.#consumer.commit(
        open.map(({ tracker: { topic, partition }, offset }) => ({ topic, partition, offset })),
        { timeoutMs: commitTimeoutMs },
      );
      for (const { tracker, offset } of open) tracker.committed(offset);
    } catch (error) {
      const code = isKafkaError(error) ? error.code : 'unknown';
      this.#parts.logger.warn('offsets were not committed', { code, error });
    }
  }
}
