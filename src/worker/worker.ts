import { ConsumerRecord, type Kafka, type Metric } from '../client/index.js';
import { attemptOf, dueAtOf, type RetryTopic, retryTopics, type Stage } from '../connect/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import { bytes, toDeserializer } from '../serde/index.js';
import { defaultLogger, type Logger, realSystem, type System } from '../system/index.js';
import { Delivery } from './delivery.js';
import { Lane } from './lane.js';
import { type Failing, Onward } from './onward.js';
import { Scheduler, type Turn } from './scheduler.js';
import { checkGroupType, type ShareGroup, shareGroupOf } from './share-group.js';
import { ShareLane } from './share-lane.js';
import type { LaneRecord, WorkerLane } from './worker-lane.js';
import type { WorkerOptions, WorkerStatus, WorkHandler } from './worker-options.js';

/** Makes a worker; `run` sets it going. Fails with INVALID_ARGUMENT. */
export function worker<K = Buffer | null, V = Buffer | null>(
  kafka: Kafka,
  options: WorkerOptions<K, V>,
  handler: WorkHandler<K, V>,
): Worker<K, V> {
  return new Worker(kafka, options, handler);
}

/** One record in a handler's hands. */
interface Job {
  readonly entry: LaneRecord;
  readonly turn: Turn<LaneRecord>;
  stage: Stage;
  delivery: Delivery | undefined;
}

/**
 * Handles every record of some topics at least once, many at a time, in order where order matters.
 * A record whose handler fails waits in a retry topic and comes again; one whose attempts are used
 * up goes to the dead-letter topic. Offsets are committed behind the first record that is neither
 * handled nor safely in another topic; in a share group each record is acknowledged by itself.
 */
export class Worker<K = Buffer | null, V = Buffer | null> {
  readonly #kafka: Kafka;
  readonly #options: WorkerOptions<K, V>;
  readonly #handler: WorkHandler<K, V>;
  readonly #system: System;
  readonly #logger: Logger;
  readonly #scheduler: Scheduler<LaneRecord>;
  readonly #retries: readonly RetryTopic[];
  readonly #deadLetterTopic: string | undefined;
  readonly #read: (record: ConsumerRecord) => ConsumerRecord<K, V>;
  /** What handlers are working on; bounded by the concurrency. */
  readonly #open = new Set<Delivery>();
  readonly #counts = { handled: 0, failed: 0, retried: 0, deadLettered: 0 };
  #lanes: readonly WorkerLane[] = [];
  #onward: Onward | undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isRunning = false;

  constructor(kafka: Kafka, options: WorkerOptions<K, V>, handler: WorkHandler<K, V>) {
    this.#kafka = kafka;
    this.#options = options;
    this.#handler = handler;
    this.#system = options.system ?? realSystem();
    this.#logger = options.logger ?? defaultLogger;
    const concurrency = options.concurrency ?? 10;
    if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
      throw new KafkaError('INVALID_ARGUMENT', `concurrency is ${concurrency}.`);
    }
    if (options.topics.length === 0) {
      throw new KafkaError('INVALID_ARGUMENT', 'The worker names no topic.');
    }
    checkGroupType(options as WorkerOptions<never, never>);
    this.#scheduler = new Scheduler<LaneRecord>(concurrency, {
      chainOf: ({ record }) => this.#chainOf(record),
      isWanted: ({ isGone }) => !isGone,
      run: (entry, turn) => this.#work(entry, turn),
      settled: () => this.#breathe(),
    });
    const { groupId, retries = ['1s', '30s', '5m'], deadLetter = true } = options;
    this.#retries = retryTopics(groupId, retries);
    this.#deadLetterTopic =
      typeof deadLetter === 'string' ? deadLetter : deadLetter ? `${groupId}.dlq` : undefined;
    this.#read = reader(options);
  }

  status(): WorkerStatus {
    const lag = this.#lanes.reduce((sum, lane) => sum + lane.lag, 0);
    const { running } = this.#scheduler;
    return { ...this.#counts, running, waiting: this.#waiting(), lag };
  }

  /** The same as metrics, in the manner of `kafka.metrics()`. Costs no request. */
  metrics(): Metric[] {
    const { handled, failed, retried, deadLettered, running, waiting, lag } = this.status();
    const values: Readonly<Record<string, number>> = {
      'record-handled-total': handled,
      'record-failed-total': failed,
      'record-retry-total': retried,
      'record-dead-letter-total': deadLettered,
      'handlers-running': running,
      'records-waiting': waiting,
      'records-lag': lag,
    };
    const tags = { 'group-id': this.#options.groupId };
    return Object.entries(values).map(([name, value]) => {
      return { name, group: 'worker-metrics', tags, value };
    });
  }

  #waiting(): number {
    let waiting = this.#scheduler.waiting;
    for (const lane of this.#lanes) waiting += lane.delayed;
    return waiting;
  }

  /**
   * Works until the signal says stop: starts nothing new then, waits for the handlers that run,
   * commits and leaves. Fails with what ends it: a broken consumer, or a failed record where
   * `deadLetter` is false.
   */
  async run(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<WorkerStatus> {
    if (this.#isRunning) throw new KafkaError('INVALID_ARGUMENT', 'The worker runs already.');
    this.#isRunning = true;
    try {
      await this.#createTopics();
      const share = await shareGroupOf(this.#kafka, this.#options as WorkerOptions<never, never>);
      await this.#runLanes(share, options.signal);
    } finally {
      this.#isRunning = false;
    }
    return this.status();
  }

  async #runLanes(share: ShareGroup | undefined, signal: AbortSignal | undefined): Promise<void> {
    const onward = this.#makeOnward();
    this.#onward = onward;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = reject;
        this.#lanes = this.#makeLanes(share);
        for (const lane of this.#lanes) lane.run().catch(reject);
        if (signal?.aborted === true) resolve();
        else signal?.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      await Promise.all(this.#lanes.map((lane) => lane.end()));
      for (const each of this.#open) each.abort();
      await onward.close();
    }
  }

  #makeOnward(): Onward {
    return new Onward({
      kafka: this.#kafka,
      groupId: this.#options.groupId,
      retries: this.#retries,
      deadLetterTopic: this.#deadLetterTopic,
      logger: this.#logger,
      system: this.#system,
      fail: (error) => this.#fail(error),
    });
  }

  async #createTopics(): Promise<void> {
    const admin = this.#kafka.admin();
    try {
      const there = await admin.listTopics();
      const partitions = Math.max(
        1,
        ...there.filter(({ name }) => this.#options.topics.includes(name)).map((t) => t.partitions),
      );
      const dead = this.#deadLetterTopic;
      const wanted = [
        ...this.#retries.map(({ topic }) => ({ name: topic, partitions })),
        ...(dead === undefined ? [] : [{ name: dead, partitions: 1 }]),
      ].filter(({ name }) => !there.some((topic) => topic.name === name));
      for (const topic of wanted) {
        await admin.createTopics([topic]).catch((error: unknown) => {
          if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
        });
      }
    } finally {
      await admin.close();
    }
  }

  #makeLanes(share: ShareGroup | undefined): WorkerLane[] {
    const { groupId, topics, bufferedMax = 10_000, concurrency = 10 } = this.#options;
    const common = {
      kafka: this.#kafka,
      logger: this.#logger,
      system: this.#system,
      ready: (entry: LaneRecord) => this.#scheduler.add(entry),
    };
    const shared = {
      ...common,
      options: this.#options as WorkerOptions<never, never>,
      isFull: () => this.#waiting() >= bufferedMax,
    };
    const { drainTimeoutMs } = this.#options;
    const first =
      share === undefined
        ? new Lane({ ...shared, groupId, topics, dueAt: undefined })
        : new ShareLane({
            ...common,
            ...share,
            ...{ groupId, topics, concurrency, drainTimeoutMs },
            spent: (entry, deliveryCount) => void this.#spent(entry, deliveryCount),
          });
    const others = this.#retries.map(
      ({ topic, delayMs }) =>
        new Lane({
          ...shared,
          groupId: topic,
          topics: [topic],
          dueAt: (record) => dueAtOf(record, delayMs),
        }),
    );
    return [first, ...others];
  }

  #breathe(): void {
    for (const lane of this.#lanes) lane.breathe();
  }

  /**
   * One promise for each record, and none for a handler that answers at once: everything else here
   * runs only when something fails.
   */
  #work(entry: LaneRecord, turn: Turn<LaneRecord>): void {
    const { record: raw } = entry;
    entry.begins();
    const job: Job = { entry, turn, stage: 'VALUE_CONVERTER', delivery: undefined };
    let work: Promise<unknown> | undefined;
    try {
      const record = this.#read(raw);
      job.stage = 'TASK_PUT';
      job.delivery = new Delivery(raw, attemptOf(raw));
      this.#open.add(job.delivery);
      work = asPromise(this.#call(record, job.delivery));
    } catch (thrown) {
      void this.#notHandled(job, thrown);
      return;
    }
    if (work === undefined) this.#handled(job);
    else {
      work.then(
        () => this.#handled(job),
        (thrown: unknown) => void this.#notHandled(job, thrown),
      );
    }
  }

  #handled(job: Job): void {
    this.#counts.handled++;
    job.entry.done('handled');
    this.#ended(job);
  }

  /** Done with all the same, once it is safe in another topic. Never fails. */
  async #notHandled(job: Job, thrown: unknown): Promise<void> {
    const { entry, stage } = job;
    this.#counts.failed++;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const isHopeless = isKafkaError(error) && !error.retriable && givenUp.has(error.code);
    const failedBefore = isHopeless ? this.#retries.length : attemptOf(entry.record) - 1;
    await this.#sendOn(entry, { error, stage, failedBefore });
    this.#ended(job);
  }

  /**
   * Given out so often that the broker is about to drop it, while nobody has said what became of
   * it: those who had it were killed, or stood still. It is set aside without a further try.
   */
  async #spent(entry: LaneRecord, deliveryCount: number): Promise<void> {
    const text =
      `The record was given out ${deliveryCount} times, and whoever had it ended without a word;` +
      ' the share group would drop it soon.';
    const error = new KafkaError('RECORD_REJECTED', text);
    entry.begins();
    await this.#sendOn(entry, { error, stage: 'TASK_PUT', failedBefore: this.#retries.length });
    entry.ends();
  }

  /** Never fails: what cannot be sent on is not done. */
  async #sendOn(entry: LaneRecord, failing: Failing): Promise<void> {
    try {
      const outcome = await this.#onward?.send(entry.record, failing);
      if (outcome === undefined) return;
      this.#counts[outcome]++;
      entry.done(outcome);
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #ended({ entry, delivery, turn }: Job): void {
    if (delivery !== undefined) this.#open.delete(delivery);
    entry.ends();
    this.#scheduler.ended(turn);
  }

  #chainOf({ topic, partition, key }: ConsumerRecord): string | undefined {
    const { orderBy = 'key' } = this.#options;
    if (orderBy === 'none' || (orderBy === 'key' && key === null)) return undefined;
    if (orderBy === 'partition') return `${topic}:${partition}`;
    return `${topic}:${partition}:${key?.toString('latin1')}`;
  }

  #call(record: ConsumerRecord<K, V>, delivery: Delivery): unknown {
    const { timeoutMs } = this.#options;
    const work = this.#handler(record, delivery);
    return timeoutMs === undefined ? work : this.#inTime(work, timeoutMs, delivery);
  }

  /** A handler that is late counts as failed; what it does later is nobody's business. */
  #inTime(work: unknown, timeoutMs: number, context: Delivery): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.#system.clock.after(timeoutMs, () => {
        context.abort();
        reject(new KafkaError('REQUEST_TIMEOUT', `The handler took longer than ${timeoutMs} ms.`));
      });
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }
}

/** What is to be waited for; undefined for a plain answer. Some libraries bring their own kind. */
function asPromise(value: unknown): Promise<unknown> | undefined {
  if (value instanceof Promise) return value;
  const then = (value as { readonly then?: unknown } | null | undefined)?.then;
  return typeof then === 'function' ? Promise.resolve(value) : undefined;
}

/** Errors that no further attempt mends. */
const givenUp = new Set(['RECORD_REJECTED', 'DESERIALIZATION_FAILED']);

function reader<K, V>(
  options: WorkerOptions<K, V>,
): (record: ConsumerRecord) => ConsumerRecord<K, V> {
  const { keyDeserializer, valueDeserializer } = options;
  if (keyDeserializer === undefined && valueDeserializer === undefined) {
    return (record) => record as unknown as ConsumerRecord<K, V>;
  }
  const readKey = toDeserializer<unknown>(keyDeserializer ?? bytes());
  const readValue = toDeserializer<unknown>(valueDeserializer ?? bytes());
  return (record) => {
    const { topic, partition, offset, timestamp, headers, leaderEpoch } = record;
    const context = { topic, partition, offset, headers: headers.list };
    const key = readKey(record.key, { ...context, isKey: true }) as K;
    const value = readValue(record.value, { ...context, isKey: false }) as V;
    return new ConsumerRecord(
      topic,
      partition,
      offset,
      timestamp,
      key,
      value,
      headers,
      leaderEpoch,
    );
  };
}
