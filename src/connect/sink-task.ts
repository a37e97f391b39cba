import type {
  Consumer,
  ConsumerBatch,
  ConsumerRecord,
  Kafka,
  Producer,
  TopicPartition,
} from '../client/index.js';
import { isKafkaError, type KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import { backOffMs, untilAborted, wait } from './back-off.js';
import type { DeadLetter } from './dead-letters.js';
import { deadline } from './deadline.js';
import type { ErrorPolicy } from './error-policy.js';
import { asKafkaError, stoppedBy, tooSlow } from './failures.js';
import { OffsetProgress } from './offset-progress.js';
import { PartitionLease } from './partition-lease.js';
import { placeOf, type PipeRecord } from './pipe-record.js';
import type { PipelineMetrics } from './pipeline-metrics.js';
import type { KafkaFrom } from './pipeline-options.js';
import { RetryPauses } from './retry-pauses.js';
import { type RetryTopic, withRetryTopics } from './retry-topics.js';
import { type AsideRoute, asideSteps, AsideWriter } from './set-aside.js';
import type { RejectedRecord, Sink, SinkWriter } from './sink.js';
import type { StepReporter } from './steps.js';
import { transformBatch } from './transform-batch.js';
import type { TransformChain } from './transform.js';
import { WriterLine } from './writer-line.js';

export interface SinkTaskParts {
  readonly pipeline: string;
  readonly task: number;
  readonly kafka: Kafka;
  readonly from: KafkaFrom;
  readonly groupId: string;
  readonly sink: Sink;
  readonly chain: TransformChain;
  readonly policy: ErrorPolicy;
  readonly retries: readonly RetryTopic[];
  readonly route: AsideRoute;
  /** Sends what is set aside; undefined where nothing can be. */
  readonly producer: Producer | undefined;
  readonly batchSize: number;
  readonly commitIntervalMs: number;
  readonly drainTimeoutMs: number;
  readonly metrics: PipelineMetrics;
  readonly logger: Logger;
  readonly system: System;
  readonly step: StepReporter;
  /** Offsets were committed. */
  readonly committed: () => void;
}

/** A process that was killed keeps its partitions for so long; Kafka's default is 45 s. */
const sessionTimeoutMs = 10_000;
/** The last commit of a task that ends may take so long. */
const lastCommitMs = 5000;

/** Ends the loops of a task that was told to stop; what they have at hand is left. */
const leaving = Symbol('leaving');

/**
 * One consumer and one writer, from the first assignment to the end. Reads a batch of one
 * partition, transforms it, writes it, and only then lets its offsets be committed; as many
 * partitions beside each other as the sink writes at once. Before partitions are given up
 * everything written of them is committed, and nothing of them is at hand.
 */
export class SinkTask {
  readonly #parts: SinkTaskParts;
  /** Gives up what is under way. */
  readonly #abandon = new AbortController();
  readonly #aside: AsideWriter | undefined;
  #writer: SinkWriter | undefined;
  #line: WriterLine | undefined;
  #consumer: Consumer | undefined;
  #progress: OffsetProgress | undefined;
  #lease: PartitionLease | undefined;
  #pauses: RetryPauses | undefined;
  /** Partitions at hand. */
  #busy = 0;
  #failure: KafkaError | undefined;
  #drained: Promise<void> | undefined;
  /** Whether the sink has been reached, so that a failure is one of a running pipeline. */
  started = false;
  /** Whether something has been written since the start. */
  hasWritten = false;

  constructor(parts: SinkTaskParts) {
    this.#parts = parts;
    const { kafka, producer, route, groupId, pipeline, task, system } = parts;
    if (producer === undefined) return;
    const { clock } = system;
    const of = { pipeline, task };
    this.#aside = new AsideWriter({ kafka, producer, route, groupId, of, clock });
  }

  /** Runs until `stop` (and drains then) or until it fails. */
  async run(stop: AbortSignal): Promise<void> {
    const { sink, system, drainTimeoutMs } = this.#parts;
    const onStop = () => {
      // A write that does not end would keep the task from ending.
      const timer = system.clock.after(drainTimeoutMs, () => this.#abandon.abort());
      this.#abandon.signal.addEventListener('abort', () => timer.cancel());
      if (this.#busy === 0) void this.#endLoop();
    };
    stop.addEventListener('abort', onStop, { once: true });
    try {
      const { partitionsAtOnce = 1 } = sink;
      this.#writer = await sink.start(this.#context());
      this.#line = new WriterLine(this.#writer, partitionsAtOnce);
      this.started = true;
      if (stop.aborted) return;
      await this.#makeConsumer().run({
        eachBatch: (batch) => this.#take(batch, stop),
        partitionsConsumedConcurrently: partitionsAtOnce,
      });
    } catch (thrown) {
      if (thrown !== leaving) throw thrown;
    } finally {
      stop.removeEventListener('abort', onStop);
      await this.#leave();
    }
    // Of one partition, while the loop of another one left.
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Commits how far the loop has got, which may be further than the last record written: control
   * records, and offsets that the sink itself knew.
   */
  async commitFinished(): Promise<void> {
    const consumer = this.#consumer;
    // While batches are at hand, their slices are committed one by one.
    if (consumer === undefined || this.#busy > 0 || this.#drained !== undefined) return;
    // Whatever keeps it from committing keeps the next commit, too, which reports it.
    await consumer.commit().catch(() => undefined);
  }

  #context() {
    const { pipeline, task, logger, system, step } = this.#parts;
    return { pipeline, task, logger, system, step, signal: this.#abandon.signal };
  }

  #makeConsumer(): Consumer {
    const { kafka, from, groupId, retries, logger, system, metrics } = this.#parts;
    const consumer = kafka.consumer({
      sessionTimeoutMs,
      ...from.consumer,
      groupId,
      topics: withRetryTopics(from.topics, retries),
      offsetReset: from.offsetReset ?? 'earliest',
      isolationLevel: from.isolationLevel ?? 'read_committed',
      commit: 'manual',
      onAssigned: (partitions) => this.#hook(() => this.#assigned(partitions)),
      onRevoked: (partitions) => this.#hook(() => this.#revoked(partitions)),
      onLost: (partitions) => this.#hook(() => this.#lost(partitions)),
      onError: (error) => {
        metrics.failed(error);
        logger.warn(error.message, { code: error.code });
      },
    });
    this.#consumer = consumer;
    const session = from.consumer?.sessionTimeoutMs ?? sessionTimeoutMs;
    this.#lease = new PartitionLease(consumer, session, system, this.#abandon.signal);
    this.#pauses = new RetryPauses(consumer, retries, system);
    this.#progress = this.#makeProgress(consumer);
    return consumer;
  }

  #makeProgress(consumer: Consumer): OffsetProgress {
    const { commitIntervalMs, logger, system, step, metrics } = this.#parts;
    return new OffsetProgress(consumer, commitIntervalMs, {
      logger,
      system,
      step,
      flush: () => this.#flush(),
      committed: (offsets) => {
        for (const each of offsets) metrics.committed(each, each.offset);
        this.#parts.committed();
      },
    });
  }

  async #flush(): Promise<void> {
    try {
      await this.#line?.alone(async (writer) => writer.flush?.());
    } catch (thrown) {
      const error = asKafkaError(thrown, 'SINK_FAILED', `${this.#parts.sink.name} failed`);
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: KafkaError): void {
    this.#failure ??= error;
    if (this.#busy === 0) void this.#endLoop();
  }

  /** A hook that fails ends the task: a consumer would only report it. */
  async #hook(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (thrown) {
      this.#fail(asKafkaError(thrown, 'SINK_FAILED', 'The sink failed in a rebalance'));
    }
  }

  async #assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const offsets = await this.#line?.alone(async (writer) => writer.open?.(partitions));
    if (offsets !== undefined && offsets.length > 0) this.#consumer?.seek(offsets);
  }

  async #revoked(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#parts.step('rebalancing');
    await this.#progress?.commit(partitions, lastCommitMs);
    await this.#lost(partitions);
  }

  async #lost(partitions: readonly TopicPartition[]): Promise<void> {
    this.#progress?.forget(partitions);
    this.#aside?.forget(partitions);
    this.#pauses?.forget(partitions);
    for (const each of partitions) this.#parts.metrics.givenUp(each);
    await this.#line?.alone(async (writer) => writer.giveUp?.(partitions));
  }

  async #take(batch: ConsumerBatch, stop: AbortSignal): Promise<void> {
    this.#busy++;
    try {
      await this.#handle(batch, stop);
    } catch (thrown) {
      this.#failure ??= asKafkaError(thrown, 'SINK_FAILED', `${this.#parts.sink.name} failed`);
      throw thrown;
    } finally {
      this.#busy--;
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (stop.aborted) throw leaving;
  }

  async #handle(batch: ConsumerBatch, stop: AbortSignal): Promise<void> {
    const { batchSize, step, logger } = this.#parts;
    await step('fetched');
    const pauses = this.#pauses as RetryPauses;
    const due = pauses.due(batch);
    const { records } = due;
    try {
      for (let at = 0; at < records.length && !stop.aborted; at += batchSize) {
        const slice = records.slice(at, at + batchSize);
        const isLast = at + batchSize >= records.length;
        const nextOffset = isLast ? due.nextOffset : (slice.at(-1)?.offset ?? 0) + 1;
        await this.#handleSlice(slice, { batch, nextOffset });
      }
      pauses.rest(batch, due);
    } catch (error) {
      // The partition is somebody else's, who begins at what was committed last.
      if (!isKafkaError(error, 'ILLEGAL_GENERATION')) throw error;
      logger.info('a batch was left to the new owner of its partition', { error });
    }
  }

  async #handleSlice(
    slice: readonly ConsumerRecord[],
    { batch, nextOffset }: { readonly batch: ConsumerBatch; readonly nextOffset: number },
  ): Promise<void> {
    const { metrics, policy, route, step } = this.#parts;
    const read = route.readFirst(batch.topic, slice);
    const { ready, failed } = await transformBatch(read, this.#parts);
    const [first] = failed;
    const stopsAt = policy.tolerance === 'none' ? first?.record.source.offset : undefined;
    if (first !== undefined && stopsAt === undefined) {
      await this.#setAside(
        batch,
        failed.map((each) => ({ ...each, where: each.error.code })),
      );
    }
    const end = stopsAt ?? nextOffset;
    // Nothing to write may still be an offset to move.
    const isEmpty = end <= (slice[0]?.offset ?? 0);
    await step('before-write');
    const rejected = isEmpty ? [] : await this.#put(ready, batch, end);
    await step('written');
    const letters = this.#lettersOf(rejected);
    const [refused] = letters;
    if (refused !== undefined && policy.tolerance === 'none') {
      this.#acknowledged(batch, refused.record.source.offset);
      throw stoppedBy(refused);
    }
    if (refused !== undefined) await this.#setAside(batch, letters);
    metrics.read += slice.length;
    metrics.written += ready.length - letters.length;
    this.#acknowledged(batch, end);
    if (first !== undefined && stopsAt !== undefined) throw stoppedBy(first);
  }

  #lettersOf(rejected: readonly RejectedRecord[]): DeadLetter[] {
    const where = this.#parts.sink.name;
    return rejected.map(({ record, error }) => ({ record, error, stage: 'TASK_PUT', where }));
  }

  async #setAsideNow(of: TopicPartition, rejected: readonly RejectedRecord[]): Promise<void> {
    const letters = this.#lettersOf(rejected);
    const [first] = letters;
    if (first !== undefined && this.#parts.policy.tolerance === 'none') throw stoppedBy(first);
    await this.#setAside(of, letters);
  }

  #acknowledged(batch: ConsumerBatch, nextOffset: number): void {
    this.hasWritten = true;
    this.#parts.metrics.processed(batch, nextOffset, batch.endOffset);
    this.#progress?.acknowledged(batch, nextOffset);
  }

  /** Writes with retries; answers with the records the sink will never take. */
  async #put(
    records: readonly PipeRecord[],
    { topic, partition }: ConsumerBatch,
    nextOffset: number,
  ): Promise<readonly RejectedRecord[]> {
    const { policy, system, logger, metrics, sink } = this.#parts;
    const line = this.#line as WriterLine;
    for (let attempt = 1; ; attempt++) {
      const { signal, end } = deadline(policy.writeTimeoutMs, system, this.#abandon.signal);
      try {
        const of = { topic, partition };
        const setAside = (list: readonly RejectedRecord[]) => this.#setAsideNow(of, list);
        const stillOurs = async () => await this.#lease?.check(of);
        // Once more at once: most of what passes, passes soon.
        const mayWait = attempt > 1 && this.#parts.route.next(topic) !== undefined;
        const context = { ...of, nextOffset, signal, mayWait, setAside, stillOurs };
        await stillOurs();
        const written = line.write((writer) => writer.put(records, context));
        return await untilAborted(written, signal);
      } catch (thrown) {
        if (this.#abandon.signal.aborted) throw thrown;
        // What was written may still arrive: a new writer takes over, this one is closed.
        if (signal.aborted) throw tooSlow(sink.name, policy.writeTimeoutMs);
        const error = asKafkaError(thrown, 'SINK_FAILED', `${sink.name} failed`);
        const isOver = !error.retriable || attempt > policy.retries;
        if (isOver && error.retriable && policy.tolerance === 'all') {
          return records.map((record) => ({ record, error }));
        }
        if (isOver) throw error;
        metrics.retries++;
        metrics.failed(error);
        logger.warn(`write ${attempt} failed, it is repeated`, { error });
      } finally {
        end();
      }
      await wait(backOffMs(attempt, policy.backOff, system), system, this.#abandon.signal);
    }
  }

  async #setAside(of: TopicPartition, letters: readonly DeadLetter[]): Promise<void> {
    const { route, metrics, logger, step } = this.#parts;
    for (const { error } of letters) metrics.failed(error);
    if (this.#aside === undefined) {
      metrics.skipped += letters.length;
      for (const { record, error } of letters) {
        logger.error('a record was left out', { record: placeOf(record.source), error });
      }
      return;
    }
    const sorted = route.sort(of.topic, letters);
    const [before, after] = asideSteps(sorted);
    await step(before);
    await this.#lease?.check(of);
    const { waiting, dead } = await this.#aside.write(of.topic, sorted);
    metrics.retried += waiting;
    metrics.deadLettered += dead;
    await step(after);
  }

  /** Ends a loop that waits for records. */
  async #endLoop(): Promise<void> {
    await this.#drain();
    await this.#consumer?.close();
  }

  #drain(): Promise<void> {
    this.#drained ??= (async () => {
      await this.#parts.step('draining');
      this.#progress?.stopTimer();
      await this.#progress?.commit(undefined, lastCommitMs);
    })();
    return this.#drained;
  }

  async #leave(): Promise<void> {
    await this.#drain();
    this.#progress?.stopTimer();
    this.#pauses?.close();
    await this.#parts.step('closing');
    await this.#consumer?.close();
    this.#abandon.abort();
    await this.#writer?.close();
  }
}
