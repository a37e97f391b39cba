import { Kafka } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import { defaultLogger, type Logger, realSystem, type System } from '../system/index.js';
import { backOffMs, wait } from './back-off.js';
import { DeadLetterWriter } from './dead-letters.js';
import { EndWatch } from './end-watch.js';
import { type ErrorPolicy, errorPolicy, whole } from './error-policy.js';
import { asKafkaError, isFatal } from './failures.js';
import { PipelineMetrics, type PipelineStatus } from './pipeline-metrics.js';
import type {
  PipelineOptions,
  RunOptions,
  SinkPipelineOptions,
  SourcePipelineOptions,
} from './pipeline-options.js';
import { SinkTask } from './sink-task.js';
import { SourceTask } from './source-task.js';
import { createMissingTopic, requireTopics } from './topic-checks.js';
import { TransformChain } from './transform.js';

/** Describes a pipeline; `run` sets it going. Fails with INVALID_ARGUMENT. */
export function pipeline(options: PipelineOptions): Pipeline {
  return new Pipeline(options);
}

interface Task {
  readonly started: boolean;
  readonly hasWritten: boolean;
  run(stop: AbortSignal): Promise<void>;
}

const drainTimeoutMs = 30_000;
const offsetsTopic = 'kafkit-pipeline-offsets';

/**
 * Records from topics to a sink, or from a source to a topic, killed at any moment and resumed:
 * every record arrives at least once, and with an idempotent sink as if exactly once.
 *
 * A task that fails is started anew with growing pauses. What no repetition mends ends `run` with
 * the error: a record that cannot be processed (unless `errors` tolerates it), wrong options, and
 * whatever keeps the pipeline from starting at all.
 */
export class Pipeline {
  readonly name: string;
  readonly #options: PipelineOptions;
  readonly #policy: ErrorPolicy;
  readonly #system: System;
  readonly #logger: Logger;
  readonly #metrics: PipelineMetrics;
  readonly #chain: TransformChain;
  #running = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#policy = errorPolicy(options.errors);
    this.#system = options.system ?? realSystem();
    this.#logger = options.logger ?? defaultLogger;
    this.#metrics = new PipelineMetrics(this.#system.clock);
    this.#chain = new TransformChain(options.via ?? []);
    this.name = options.name ?? nameOf(options);
    if (isSinkPipeline(options)) {
      const tasks = whole('tasks', options.tasks ?? 1, 1);
      const { name, tasksMax } = options.to;
      if (tasksMax !== undefined && tasks > tasksMax) {
        const message = `tasks is ${tasks}, but ${name} allows ${tasksMax} here.`;
        throw new KafkaError('INVALID_ARGUMENT', message);
      }
      whole('batchSize', options.batchSize ?? 1000, 1);
      whole('commitIntervalMs', options.commitIntervalMs ?? 1000, 1);
    } else if (this.#policy.deadLetterTopic !== undefined) {
      const message = 'Records of a source have no bytes to set aside: no deadLetterTopic here.';
      throw new KafkaError('INVALID_ARGUMENT', message);
    }
  }

  /** What has been done since the start, and how it is now. Costs no request. */
  status(): PipelineStatus {
    return this.#metrics.snapshot(this.name);
  }

  /**
   * Runs until the signal says stop (drains, commits, gives its partitions up), until the end with
   * `untilEnd`, or until something fails for good. Answers with the last status.
   */
  async run(options: RunOptions = {}): Promise<PipelineStatus> {
    if (this.#running) throw new KafkaError('INVALID_ARGUMENT', 'The pipeline runs already.');
    this.#running = true;
    const stop = new AbortController();
    const onAbort = () => stop.abort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.signal?.aborted === true) stop.abort();
    const { kafka, close } = this.#kafka();
    try {
      const all = this.#options;
      if (isSinkPipeline(all)) await this.#runSink(all, kafka, stop, options.untilEnd ?? false);
      else await this.#runSource(all, kafka, stop, options.untilEnd ?? false);
      return this.status();
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
      this.#running = false;
      await close();
    }
  }

  /** The cluster given, or one of our own that is closed in the end. */
  #kafka(): { readonly kafka: Kafka; readonly close: () => Promise<void> } {
    const { kafka: given, from, to } = this.#options;
    if (given !== undefined && 'consumer' in given) {
      return { kafka: given, close: () => Promise.resolve() };
    }
    const bootstrapServers =
      ('topics' in from ? from.bootstrapServers : undefined) ??
      ('topic' in to ? to.bootstrapServers : undefined);
    const kafka = new Kafka({
      clientId: `kafkit-pipe-${this.name}`,
      logger: this.#logger,
      system: this.#system,
      ...given,
      ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
    });
    return { kafka, close: () => kafka.close() };
  }

  async #runSink(
    options: SinkPipelineOptions,
    kafka: Kafka,
    stop: AbortController,
    untilEnd: boolean,
  ): Promise<void> {
    const { from } = options;
    const groupId = from.groupId ?? this.name;
    await requireTopics(kafka, from.topics);
    const deadLetters = await this.#deadLetters(kafka);
    const tasks = new Set<SinkTask>();
    const watch = untilEnd
      ? await EndWatch.start({
          kafka,
          from,
          groupId,
          system: this.#system,
          beforeLook: async () => {
            await Promise.all([...tasks].map((task) => task.commitFinished()));
          },
          reached: () => stop.abort(),
        })
      : undefined;
    const shared = {
      pipeline: this.name,
      kafka,
      from,
      groupId,
      sink: options.to,
      chain: this.#chain,
      policy: this.#policy,
      deadLetters,
      batchSize: options.batchSize ?? options.to.batchSize ?? 1000,
      // Whoever waits for the end waits for the commit.
      commitIntervalMs: Math.min(options.commitIntervalMs ?? 1000, untilEnd ? 50 : Infinity),
      drainTimeoutMs: options.drainTimeoutMs ?? drainTimeoutMs,
      metrics: this.#metrics,
      logger: this.#logger,
      system: this.#system,
      step: options.onStep ?? (() => undefined),
      committed: () => watch?.look(),
    };
    try {
      await this.#supervise(options.tasks ?? 1, stop, (number) => {
        const task = new SinkTask({ ...shared, task: number });
        tasks.add(task);
        return task;
      });
    } finally {
      watch?.stop();
      await deadLetters?.close();
    }
  }

  async #runSource(
    options: SourcePipelineOptions,
    kafka: Kafka,
    stop: AbortController,
    untilEnd: boolean,
  ): Promise<void> {
    const topic = options.offsetsTopic ?? offsetsTopic;
    await requireTopics(kafka, [options.to.topic]);
    const configs = { 'cleanup.policy': 'compact' };
    await createMissingTopic(kafka, { name: topic, partitions: 1, configs }, this.#logger);
    const parts = {
      pipeline: this.name,
      kafka,
      source: options.from,
      to: options.to,
      offsetsTopic: topic,
      chain: this.#chain,
      policy: this.#policy,
      metrics: this.#metrics,
      logger: this.#logger,
      system: this.#system,
      step: options.onStep ?? (() => undefined),
      ended: () => {
        if (untilEnd) stop.abort();
      },
    };
    await this.#supervise(1, stop, () => new SourceTask(parts));
  }

  async #deadLetters(kafka: Kafka): Promise<DeadLetterWriter | undefined> {
    const { deadLetterTopic, deadLetterPartitions } = this.#policy;
    if (deadLetterTopic === undefined) return undefined;
    const topic = { name: deadLetterTopic, partitions: deadLetterPartitions };
    await createMissingTopic(kafka, topic, this.#logger);
    return new DeadLetterWriter(kafka, deadLetterTopic);
  }

  /** Keeps tasks going until they are told to stop; the first error that is final ends all. */
  async #supervise(
    count: number,
    stop: AbortController,
    make: (task: number) => Task,
  ): Promise<void> {
    const runs = Array.from({ length: count }, (_, number) => {
      this.#metrics.tasks[number] = { state: 'starting', restarts: 0 };
      return this.#keepRunning(number, stop, make).catch((error: unknown) => {
        stop.abort();
        throw error;
      });
    });
    const results = await Promise.allSettled(runs);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #keepRunning(
    number: number,
    stop: AbortController,
    make: (task: number) => Task,
  ): Promise<void> {
    const state = this.#metrics.tasks[number] as { state: string; restarts: number };
    let attempt = 0;
    let everStarted = false;
    while (!stop.signal.aborted) {
      const task = make(number);
      state.state = 'running';
      try {
        await task.run(stop.signal);
        break;
      } catch (thrown) {
        const error = asKafkaError(thrown, 'UNKNOWN_SERVER_ERROR', 'The task failed');
        everStarted ||= task.started;
        this.#metrics.failed(error);
        const isOver = this.#policy.restart === 'never' || !everStarted || isFatal(error);
        if (isOver || stop.signal.aborted) {
          state.state = 'failed';
          if (stop.signal.aborted && isKafkaError(error, 'ABORTED')) return;
          throw error;
        }
        attempt = task.hasWritten ? 1 : attempt + 1;
        const pauseMs = backOffMs(attempt, this.#policy.restartBackOff, this.#system);
        this.#metrics.restarts++;
        state.restarts++;
        state.state = 'waiting';
        this.#logger.warn(`task ${number} failed, it is started anew`, {
          error,
          inMs: Math.round(pauseMs),
        });
        await wait(pauseMs, this.#system, stop.signal).catch(() => undefined);
      }
    }
    state.state = 'stopped';
  }
}

function isSinkPipeline(options: PipelineOptions): options is SinkPipelineOptions {
  const { from, to } = options;
  const reads = 'topics' in from;
  const writes = 'topic' in to;
  if (reads && !writes) return true;
  if (!reads && writes) return false;
  throw new KafkaError(
    'INVALID_ARGUMENT',
    reads
      ? 'From topics to a topic in one transaction is not there yet; use a sink.'
      : 'A pipeline needs Kafka on one side: `from.topics` or `to.topic`.',
  );
}

function nameOf(options: PipelineOptions): string {
  if (!isSinkPipeline(options)) return `${options.from.name}-${options.to.topic}`;
  const { groupId, topics } = options.from;
  if (groupId !== undefined) return groupId;
  const what = topics instanceof RegExp ? 'topics' : topics.join('-');
  return `${what}-${options.to.name}`;
}
