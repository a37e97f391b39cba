import type {
  ConsumerRecord,
  Kafka,
  Producer,
  ProducerRecord,
  TopicPartition,
} from '../client/index.js';
import type { Clock } from '../system/index.js';
import { AsideLedger } from './aside-ledger.js';
import { asRead, type DeadLetter, letterRecord, type LetterWriter } from './dead-letters.js';
import type { RecordPosition } from './pipe-record.js';
import { asReadFirst, retryHeaders } from './retry-headers.js';
import type { RetryTopic } from './retry-topics.js';
import type { PipelineStep } from './steps.js';

/** What becomes of records that were not written. */
export interface SetAsideRecords {
  /** To the next retry topic. */
  readonly waiting: readonly DeadLetter[];
  /** To the dead-letter topic, or nowhere. */
  readonly dead: readonly DeadLetter[];
}

/** How many of each were sent. */
interface SetAsideCounts {
  readonly waiting: number;
  readonly dead: number;
}

/** The steps around writing them. */
export function asideSteps({ dead }: SetAsideRecords): readonly [PipelineStep, PipelineStep] {
  return dead.length > 0 ? ['dead-lettering', 'dead-lettered'] : ['retrying', 'retried'];
}

/** The ways of records that were not written: from topic to topic, and to the dead letters. */
export class AsideRoute {
  readonly #retries: readonly RetryTopic[];
  readonly #deadLetterTopic: string | undefined;
  readonly #clock: Clock;

  constructor(retries: readonly RetryTopic[], deadLetterTopic: string | undefined, clock: Clock) {
    this.#retries = retries;
    this.#deadLetterTopic = deadLetterTopic;
    this.#clock = clock;
  }

  get deadLetterTopic(): string | undefined {
    return this.#deadLetterTopic;
  }

  /** The records of a topic as they were read at first, wherever they have waited since. */
  readFirst(topic: string, records: readonly ConsumerRecord[]): readonly ConsumerRecord[] {
    return this.#failedBefore(topic) === 0 ? records : records.map(asReadFirst);
  }

  /** The topic in which records wait that failed in this one. */
  next(topic: string): RetryTopic | undefined {
    return this.#retries[this.#failedBefore(topic)];
  }

  /**
   * Errors that are retriable may pass, as long as there is an attempt left. A record goes one way,
   * whatever was made of it: when any of that may pass, all of it is tried again.
   */
  sort(topic: string, letters: readonly DeadLetter[]): SetAsideRecords {
    const isLast = this.next(topic) === undefined;
    const waiting = new Map<RecordPosition, DeadLetter>();
    const dead = new Map<RecordPosition, DeadLetter>();
    for (const letter of letters) {
      const list = !isLast && letter.error.retriable ? waiting : dead;
      list.set(letter.record.source, letter);
    }
    for (const source of waiting.keys()) dead.delete(source);
    return { waiting: [...waiting.values()], dead: [...dead.values()] };
  }

  /** The records to be sent, all of them from this topic. */
  records(topic: string, { waiting, dead }: SetAsideRecords, of: LetterWriter): ProducerRecord[] {
    const next = this.next(topic);
    const aside = this.#deadLetterTopic;
    const retried =
      next === undefined ? [] : waiting.map((each) => this.#waiting(each, topic, next));
    const letters = aside === undefined ? [] : dead.map((each) => letterRecord(aside, each, of));
    return [...retried, ...letters];
  }

  #waiting(letter: DeadLetter, from: string, { topic, delayMs }: RetryTopic): ProducerRecord {
    const record = asRead(letter.record);
    const attempt = this.#failedBefore(from) + 2;
    const dueAt = this.#clock.now() + delayMs;
    const headers = retryHeaders(record, { attempt, dueAt });
    return { topic, key: record.key, value: record.value, headers };
  }

  #failedBefore(topic: string): number {
    return this.#retries.findIndex((retry) => retry.topic === topic) + 1;
  }
}

export interface AsideWriterParts {
  readonly kafka: Kafka;
  readonly producer: Producer;
  readonly route: AsideRoute;
  readonly groupId: string;
  readonly of: LetterWriter;
  readonly clock: Clock;
}

/**
 * Writes records that were not written where they belong, and waits until they are there: once,
 * also where a task was killed between writing and committing.
 */
export class AsideWriter {
  readonly #parts: AsideWriterParts;
  readonly #ledger: AsideLedger;
  /** Partitions that are worked on beside each other ask the ledger one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: AsideWriterParts) {
    this.#parts = parts;
    const { kafka, groupId, of, clock } = parts;
    this.#ledger = new AsideLedger({ kafka, groupId, pipeline: of.pipeline, clock });
  }

  /** Answers with how many of each were not there yet. */
  write(topic: string, records: SetAsideRecords): Promise<SetAsideCounts> {
    const turn = this.#last.then(() => this.#write(topic, records));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #write(topic: string, { waiting, dead }: SetAsideRecords): Promise<SetAsideCounts> {
    const { route, producer, of } = this.#parts;
    const next = route.next(topic)?.topic;
    const aside = route.deadLetterTopic;
    const open = {
      waiting: next === undefined ? [] : await this.#ledger.notWaiting(next, waiting),
      dead: aside === undefined ? [] : await this.#ledger.notDead(aside, dead),
    };
    await producer.send(route.records(topic, open, of));
    return { waiting: open.waiting.length, dead: open.dead.length };
  }

  /** The partitions have changed hands: what others set aside meanwhile is unknown. */
  forget(partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#ledger.forget();
  }
}
