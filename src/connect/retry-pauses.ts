import type { Consumer, ConsumerBatch, ConsumerRecord, TopicPartition } from '../client/index.js';
import type { System, Timer } from '../system/index.js';
import { dueAtOf } from './retry-headers.js';
import type { RetryTopic } from './retry-topics.js';

/** The records of a batch that may be worked on now, and the offset behind them. */
export interface DueBatch {
  readonly records: readonly ConsumerRecord[];
  readonly nextOffset: number;
  /** When the first of the others is due; undefined where there is none. */
  readonly nextDueAt: number | undefined;
}

/**
 * Partitions of retry topics rest until the time of their first record has come. Nobody waits for
 * that in the loop: the partition is paused, put back to that record, and resumed by a timer.
 */
export class RetryPauses {
  readonly #consumer: Consumer;
  readonly #delays: ReadonlyMap<string, number>;
  readonly #system: System;
  readonly #timers = new Map<string, Timer>();

  constructor(consumer: Consumer, retries: readonly RetryTopic[], system: System) {
    this.#consumer = consumer;
    this.#delays = new Map(retries.map(({ topic, delayMs }) => [topic, delayMs]));
    this.#system = system;
  }

  /** What has come of its time; all of it where the topic is none of records that wait. */
  due(batch: ConsumerBatch): DueBatch {
    const { records, nextOffset } = batch;
    const delayMs = this.#delays.get(batch.topic);
    if (delayMs === undefined) return { records, nextOffset, nextDueAt: undefined };
    const now = this.#system.clock.now();
    const at = records.findIndex((record) => dueAtOf(record, delayMs) > now);
    const first = records[at];
    if (first === undefined) return { records, nextOffset, nextDueAt: undefined };
    const nextDueAt = dueAtOf(first, delayMs);
    return { records: records.slice(0, at), nextOffset: first.offset, nextDueAt };
  }

  /** The rest of the batch comes again when its time has come. */
  rest({ topic, partition }: TopicPartition, { nextOffset, nextDueAt }: DueBatch): void {
    const place = { topic, partition };
    if (nextDueAt === undefined || !this.#isOurs(place)) return;
    this.#consumer.pause([place]);
    this.#consumer.seek({ ...place, offset: nextOffset });
    const { clock } = this.#system;
    const key = `${topic}:${partition}`;
    this.#timers.get(key)?.cancel();
    const timer = clock.after(Math.max(0, nextDueAt - clock.now()), () => {
      this.#timers.delete(key);
      if (this.#isOurs(place)) this.#consumer.resume([place]);
    });
    this.#timers.set(key, timer);
  }

  #isOurs({ topic, partition }: TopicPartition): boolean {
    if (this.#consumer.closed) return false;
    const all = this.#consumer.assignment();
    return all.some((each) => each.topic === topic && each.partition === partition);
  }

  /** These partitions are ours no more. */
  forget(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) {
      const key = `${topic}:${partition}`;
      this.#timers.get(key)?.cancel();
      this.#timers.delete(key);
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
