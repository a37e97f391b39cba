import { Kafka } from '../client/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import { defaultLogger, type Logger, realSystem, type System } from '../system/index.js';
import { backOffMs, wait } from './back-off.js';
import { EndWatch } from './end-watch.js';
import { type ErrorPolicy, errorPolicy } from './error-policy.js';
import { asKafkaError, isFatal } from './failures.js';
import { checkNumbers, checkRetries, kindOf, nameOf, type PipelineKind } from './pipeline-kind.js';
import { PipelineMetrics, type PipelineStatus } from './pipeline-metrics.js';
import type {
  KafkaFrom,
  PipelineOptions,
  RunOptions,
  SinkPipelineOptions,
  SourcePipelineOptions,
  TopicPipelineOptions,
} from './pipeline-options.js';
import { type RetryTopic, retryTopics } from './retry-topics.js';
import { AsideRoute } from './set-aside.js';
import type { Sink } from './sink.js';
import { SinkTask } from './sink-task.js';
import { SourceTask } from './source-task.js';
import {
  checkTimeoutMs,
  createMissingTopic,
  createRetryTopics,
  requireTarget,
  requireTopics,
} from './topic-checks.js';
import { topicSink } from './topic-sink.js';
import { TopicTask } from './topic-task.js';
import { TransformChain } from './transform.js';

/** Describes a pipeline; `run` sets it going. Fails with INVALID_ARGUMENT. */
export function pipeline(options: PipelineOptions): Pipeline {
  return new Pipeline(options);
}

interface Running {
  readonly kafka: Kafka;
  readonly stop: AbortController;
  readonly untilEnd: boolean;
}

interface Tasks {
  readonly tasks?: number | undefined;
  readonly drainTimeoutMs?: number | undefined;
}

interface Task {
  readonly started: boolean;
  readonly hasWritten: boolean;
  run(stop: AbortSignal): Promise<void>;
}

interface ConsumingTask extends Task {
  commitFinished(): Promise<void>;
}

const standardDrainMs = 30_000;
const offsetsTopic = 'kafkit-pipeline-offsets';

/**
 * Records from topics to a sink or to a topic, or from a source to a topic, killed at any moment
 * and resumed: every record arrives at least once, with an idempotent sink as if exactly once, and
 * in a topic exactly once.
 *
 * A task that fails is started anew with growing pauses. What no repetition mends ends `run` with
 * the error: a record that cannot be processed (unless `errors` tolerates it), wrong options, and
 * whatever keeps the pipeline from starting at all.
 */
export class Pipeline {
  readonly name: string;
  readonly #options: PipelineOptions;
  readonly #kind: PipelineKind;
  readonly #policy: ErrorPolicy;
  readonly #system: System;
  readonly #logger: Logger;
  readonly #metrics: PipelineMetrics;
  readonly #chain: TransformChain;
  readonly #retries: readonly RetryTopic[];
  #running = false;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#policy = errorPolicy(options.errors);
    this.#system = options.system ?? realSystem();
    this.#logger = options.logger ?? defaultLogger;
    this.#metrics = new PipelineMetrics(this.#system.clock);
    this.#chain = new TransformChain(options.via ?? []);
    this.#kind = kindOf(options);
    this.name = options.name ?? nameOf(options);
    checkNumbers(this.#kind);
    checkRetries(this.#kind, this.#policy);
    this.#retries = retryTopics(this.#groupId(), this.#policy.retryTopics);
  }

  #groupId(): string {
    const { from } = this.#options;
    return ('topics' in from ? from.groupId : undefined) ?? this.name;
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
      await this.#runKind({ kafka, stop, untilEnd: options.untilEnd ?? false });
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
    const kafka = this.#ownKafka(bootstrapServers);
    return { kafka, close: () => kafka.close() };
  }

  /** How long the checks of a start may take. */
  #checkMs(): number {
    const { kafka: given } = this.#options;
    const isCluster = given === undefined || 'consumer' in given;
    return (isCluster ? undefined : given.defaultApiTimeoutMs) ?? checkTimeoutMs;
  }

  #ownKafka(bootstrapServers: KafkaFrom['bootstrapServers']): Kafka {
    const { kafka: given } = this.#options;
    return new Kafka({
      clientId: `kafkit-pipe-${this.name}`,
      logger: this.#logger,
      system: this.#system,
      ...(given !== undefined && 'consumer' in given ? {} : given),
      ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
    });
  }

  async #runKind(run: Running): Promise<void> {
    const kind = this.#kind;
    if (kind.kind === 'source') return await this.#runSource(kind.options, run);
    if (kind.kind === 'sink') {
      const { options } = kind;
      return await this.#runSink(options, options.to, run);
    }
    const { options } = kind;
    if (kind.exactlyOnce) return await this.#runTopics(options, run);
    const servers = options.to.bootstrapServers;
    const target = servers === undefined ? undefined : this.#ownKafka(servers);
    try {
      await requireTarget(target ?? run.kafka, options.to.topic);
      await this.#runSink(options, topicSink(target ?? run.kafka, options.to), run);
    } finally {
      await target?.close();
    }
  }

  async #runSink(
    options: Pick<SinkPipelineOptions, 'from' | 'batchSize' | 'commitIntervalMs'> & Tasks,
    sink: Sink,
    { kafka, stop, untilEnd }: Running,
  ): Promise<void> {
    const { from } = options;
    await requireTopics(kafka, from.topics, this.#checkMs());
    await this.#createTopicsAside(kafka, from);
    const producer = this.#policy.deadLetterTopic === undefined ? undefined : kafka.producer();
    const shared = {
      ...this.#shared(options),
      kafka,
      sink,
      producer,
      batchSize: options.batchSize ?? sink.batchSize ?? 1000,
      // Whoever waits for the end waits for the commit.
      commitIntervalMs: Math.min(options.commitIntervalMs ?? 1000, untilEnd ? 50 : Infinity),
    };
    try {
      await this.#consume(options, { kafka, stop, untilEnd }, (task, committed) => {
        return new SinkTask({ ...shared, ...this.#member(options, task), task, committed });
      });
    } finally {
      await producer?.close();
    }
  }

  /** Topics to a topic of the same cluster, in transactions. */
  async #runTopics(options: TopicPipelineOptions, run: Running): Promise<void> {
    const { to } = options;
    const { kafka } = run;
    await requireTopics(kafka, options.from.topics, this.#checkMs());
    await requireTarget(kafka, to.topic);
    await this.#createTopicsAside(kafka, options.from);
    const shared = { ...this.#shared(options), kafka, to };
    const instance = options.from.consumer?.groupInstanceId ?? this.#system.random.uuid();
    await this.#consume(options, run, (task, committed) => {
      const transactionalId = `${this.name}-${instance}-${task}`;
      const member = this.#member(options, task);
      return new TopicTask({ ...shared, ...member, task, committed, transactionalId });
    });
  }

  /** Runs tasks of a group; with `untilEnd` until its offsets have reached today's ends. */
  async #consume(
    options: Tasks & { readonly from: KafkaFrom },
    { kafka, stop, untilEnd }: Running,
    make: (task: number, committed: () => void) => ConsumingTask,
  ): Promise<void> {
    const { from } = options;
    const tasks = new Set<ConsumingTask>();
    const watch = untilEnd
      ? await EndWatch.start({
          kafka,
          from,
          groupId: this.#groupId(),
          retries: this.#retries,
          system: this.#system,
          beforeLook: async () => {
            await Promise.all([...tasks].map((task) => task.commitFinished()));
          },
          reached: () => stop.abort(),
        })
      : undefined;
    try {
      await this.#supervise(options.tasks ?? 1, stop, (number) => {
        const task = make(number, () => watch?.look());
        tasks.add(task);
        return task;
      });
    } finally {
      watch?.stop();
    }
  }

  /** A static member has a name of its own in each task. */
  #member({ from, tasks = 1 }: Tasks & { readonly from: KafkaFrom }, task: number) {
    const instance = from.consumer?.groupInstanceId;
    if (instance === undefined || tasks === 1) return { from };
    const consumer = { ...from.consumer, groupInstanceId: `${instance}-${task}` };
    return { from: { ...from, consumer } };
  }

  #shared({ drainTimeoutMs }: Tasks) {
    return {
      pipeline: this.name,
      groupId: this.#groupId(),
      chain: this.#chain,
      retries: this.#retries,
      route: new AsideRoute(this.#retries, this.#policy.deadLetterTopic, this.#system.clock),
      policy: this.#policy,
      drainTimeoutMs: drainTimeoutMs ?? standardDrainMs,
      metrics: this.#metrics,
      logger: this.#logger,
      system: this.#system,
      step: this.#options.onStep ?? (() => undefined),
    };
  }

  async #runSource(
    options: SourcePipelineOptions,
    { kafka, stop, untilEnd }: Running,
  ): Promise<void> {
    const topic = options.offsetsTopic ?? offsetsTopic;
    await requireTarget(kafka, options.to.topic);
    const configs = { 'cleanup.policy': 'compact' };
    await createMissingTopic(kafka, { name: topic, partitions: 1, configs }, this.#logger);
    await this.#createDeadLetterTopic(kafka);
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

  async #createTopicsAside(kafka: Kafka, { topics }: KafkaFrom): Promise<void> {
    await this.#createDeadLetterTopic(kafka);
    await createRetryTopics(kafka, topics, this.#retries, this.#logger);
  }

  async #createDeadLetterTopic(kafka: Kafka): Promise<void> {
    const { deadLetterTopic, deadLetterPartitions } = this.#policy;
    if (deadLetterTopic === undefined) return;
    const topic = { name: deadLetterTopic, partitions: deadLetterPartitions };
    await createMissingTopic(kafka, topic, this.#logger);
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
