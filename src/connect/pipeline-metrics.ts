import type { TopicPartition } from '../client/index.js';
import type { KafkaError } from '../errors/index.js';
import type { Clock } from '../system/index.js';

export type TaskState = 'starting' | 'running' | 'waiting' | 'stopped' | 'failed';

export interface TaskStatus {
  readonly task: number;
  /** `waiting`: it failed and is started anew after a pause. */
  readonly state: TaskState;
  readonly restarts: number;
}

export interface PartitionProgress extends TopicPartition {
  /** The next offset to be processed. */
  readonly position: number;
  /** What the group has committed by this pipeline; undefined before the first commit. */
  readonly committed: number | undefined;
  /** Records between position and the end known last. */
  readonly lag: number;
}

/** What a pipeline has done since it was started, and how it is. */
export interface PipelineStatus {
  readonly name: string;
  readonly tasks: readonly TaskStatus[];
  /** Records read from Kafka (or from the source). */
  readonly read: number;
  /** Records acknowledged by the sink (or by Kafka). */
  readonly written: number;
  /** Records that transforms dropped. */
  readonly filtered: number;
  /** Records sent to a retry topic; each of their attempts is read and written again. */
  readonly retried: number;
  /** Records in the dead-letter topic. */
  readonly deadLettered: number;
  /** Records that were logged and left out: tolerance `data` without a dead-letter topic. */
  readonly skipped: number;
  /** Writes that were repeated. */
  readonly retries: number;
  readonly restarts: number;
  /** Records per second over the last ten seconds. */
  readonly recordsPerSecond: number;
  /** Over all partitions this process has. */
  readonly lag: number;
  readonly partitions: readonly PartitionProgress[];
  /** What has been committed since the start, also of partitions that are others' by now. */
  readonly committed: readonly (TopicPartition & { readonly offset: number })[];
  readonly lastError: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastErrorAt: number | undefined;
}

interface Progress {
  topic: string;
  partition: number;
  position: number;
  end: number;
  committed: number | undefined;
}

const windowMs = 10_000;
const samplesMax = 64;

/** The counters of a running pipeline. */
export class PipelineMetrics {
  read = 0;
  written = 0;
  filtered = 0;
  retried = 0;
  deadLettered = 0;
  skipped = 0;
  retries = 0;
  restarts = 0;
  readonly tasks: { state: TaskState; restarts: number }[] = [];
  readonly #clock: Clock;
  readonly #partitions = new Map<string, Progress>();
  readonly #committed = new Map<string, TopicPartition & { readonly offset: number }>();
  /** Moments and what had been written then; bounded by `samplesMax`. */
  readonly #samples: { readonly at: number; readonly written: number }[] = [];
  #lastError: { readonly error: KafkaError; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  processed(of: TopicPartition, position: number, end: number): void {
    const key = `${of.topic}:${of.partition}`;
    const progress = this.#partitions.get(key);
    if (progress === undefined) {
      const { topic, partition } = of;
      this.#partitions.set(key, { topic, partition, position, end, committed: undefined });
    } else {
      progress.position = position;
      progress.end = Math.max(end, position);
    }
    this.#sample();
  }

  committed(of: TopicPartition, offset: number): void {
    const { topic, partition } = of;
    const progress = this.#partitions.get(`${topic}:${partition}`);
    if (progress !== undefined) progress.committed = offset;
    this.#committed.set(`${topic}:${partition}`, { topic, partition, offset });
  }

  givenUp(of: TopicPartition): void {
    this.#partitions.delete(`${of.topic}:${of.partition}`);
  }

  failed(error: KafkaError): void {
    this.#lastError = { error, at: this.#clock.now() };
  }

  #sample(): void {
    const at = this.#clock.monotonic();
    const last = this.#samples.at(-1);
    if (last !== undefined && at - last.at < windowMs / samplesMax) return;
    this.#samples.push({ at, written: this.written });
    if (this.#samples.length > samplesMax) this.#samples.shift();
  }

  #rate(): number {
    const now = this.#clock.monotonic();
    const first = this.#samples.find((sample) => now - sample.at <= windowMs);
    if (first === undefined) return 0;
    return ((this.written - first.written) * 1000) / Math.max(now - first.at, 1000);
  }

  snapshot(name: string): PipelineStatus {
    const partitions = [...this.#partitions.values()].map((each) => ({
      topic: each.topic,
      partition: each.partition,
      position: each.position,
      committed: each.committed,
      lag: Math.max(0, each.end - each.position),
    }));
    return {
      name,
      tasks: this.tasks.map(({ state, restarts }, task) => ({ task, state, restarts })),
      read: this.read,
      written: this.written,
      filtered: this.filtered,
      retried: this.retried,
      deadLettered: this.deadLettered,
      skipped: this.skipped,
      retries: this.retries,
      restarts: this.restarts,
      recordsPerSecond: Math.round(this.#rate()),
      lag: partitions.reduce((sum, each) => sum + each.lag, 0),
      partitions,
      committed: [...this.#committed.values()],
      lastError: this.#lastError?.error.message,
      lastErrorAt: this.#lastError?.at,
    };
  }
}
