import type { Consumer, TopicPartition, TopicPartitionOffset } from '../client/index.js';
import type { Logger, System, Timer } from '../system/index.js';
import { asKafkaError, isRefusedCommit } from './failures.js';
import type { StepReporter } from './steps.js';

export interface OffsetProgressHost {
  readonly logger: Logger;
  readonly system: System;
  readonly step: StepReporter;
  /** Makes safe what the sink has acknowledged so far. */
  flush(): Promise<void>;
  /** These offsets are committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void;
}

/**
 * How far the sink has acknowledged each partition, and how much of that is committed. Only what
 * `acknowledged` was told is ever committed. Commits run besides the work, at most one at a time,
 * at least every `intervalMs` while there is something to commit.
 */
export class OffsetProgress {
  readonly #consumer: Consumer;
  readonly #intervalMs: number;
  readonly #host: OffsetProgressHost;
  /** What is acknowledged and not committed yet, by partition. */
  readonly #open = new Map<string, TopicPartitionOffset>();
  #timer: Timer | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(consumer: Consumer, intervalMs: number, host: OffsetProgressHost) {
    this.#consumer = consumer;
    this.#intervalMs = intervalMs;
    this.#host = host;
  }

  acknowledged(of: TopicPartition, offset: number): void {
    const { topic, partition } = of;
    this.#open.set(`${topic}:${partition}`, { topic, partition, offset });
    this.#timer ??= this.#host.system.clock.after(this.#intervalMs, () => {
      this.#timer = undefined;
      void this.commit();
    });
  }

  /** These partitions are gone: committing them means nothing any more. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#open.delete(`${topic}:${partition}`);
  }

  stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /**
   * Commits what is acknowledged, after commits that are under way. Never fails: what could not
   * be committed is tried again later or, where the partition has moved on, comes again elsewhere.
   */
  commit(partitions?: readonly TopicPartition[], timeoutMs?: number): Promise<void> {
    const turn = this.#last.then(() => this.#commit(partitions, timeoutMs));
    this.#last = turn;
    return turn;
  }

  async #commit(partitions?: readonly TopicPartition[], timeoutMs?: number): Promise<void> {
    const wanted = partitions?.map(({ topic, partition }) => `${topic}:${partition}`);
    const offsets = [...this.#open]
      .filter(([key]) => wanted === undefined || wanted.includes(key))
      .map(([, offset]) => offset);
    if (offsets.length === 0 || this.#consumer.closed) return;
    const { step, logger } = this.#host;
    try {
      await this.#host.flush();
      const sent = this.#consumer.commit(offsets, { timeoutMs });
      await Promise.all([sent, step('committing')]);
    } catch (thrown) {
      const error = asKafkaError(thrown, 'UNKNOWN_SERVER_ERROR', 'The commit failed');
      if (isRefusedCommit(error)) this.#settled(offsets);
      // What is not committed is processed again: no loss, and the next commit covers it.
      logger.warn('offsets were not committed', { error });
      this.#again();
      return;
    }
    this.#settled(offsets);
    this.#host.committed(offsets);
    await step('committed');
  }

  #again(): void {
    const [first] = this.#open.values();
    if (first !== undefined) this.acknowledged(first, first.offset);
  }

  /** Offsets acknowledged meanwhile stay. */
  #settled(offsets: readonly TopicPartitionOffset[]): void {
    for (const offset of offsets) {
      const key = `${offset.topic}:${offset.partition}`;
      if (this.#open.get(key) === offset) this.#open.delete(key);
    }
  }
}
