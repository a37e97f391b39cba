import type { Kafka, TopicPartition } from '../client/index.js';
import type { System, Timer } from '../system/index.js';
import type { KafkaFrom } from './pipeline-options.js';
import type { RetryTopic } from './retry-topics.js';

export interface EndWatchParts {
  readonly kafka: Kafka;
  readonly from: KafkaFrom;
  readonly groupId: string;
  /** Where records wait that did not go through at first. */
  readonly retries: readonly RetryTopic[];
  readonly system: System;
  /** Commits what can be, before the group's offsets are looked at. */
  readonly beforeLook: () => Promise<void>;
  /** Everything that was there at the start is committed. */
  readonly reached: () => void;
}

type GroupGoal = TopicPartition & { readonly offset: number };

/** Other members of the group commit as well: their offsets are looked up so often. */
const lookEveryMs = 500;

/**
 * Watches the group's commits until they reach the ends that the topics had at the start, and then,
 * one after the other, those that the retry topics have by then.
 */
export class EndWatch {
  readonly #parts: EndWatchParts;
  /** Topics that are still to be reached. */
  readonly #next: string[];
  #goals: readonly GroupGoal[];
  #timer: Timer | undefined;
  #isLooking = false;
  #again = false;
  #isStopped = false;

  private constructor(parts: EndWatchParts, goals: readonly GroupGoal[]) {
    this.#parts = parts;
    this.#goals = goals;
    this.#next = parts.retries.map(({ topic }) => topic);
    this.look();
  }

  static async start(parts: EndWatchParts): Promise<EndWatch> {
    return new EndWatch(parts, await goalsOf(parts, parts.from.topics));
  }

  /** Something was committed. */
  look(): void {
    if (this.#isStopped) return;
    this.#again = true;
    if (!this.#isLooking) void this.#lookOn();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #lookOn(): Promise<void> {
    this.#isLooking = true;
    this.#timer?.cancel();
    while (this.#again && !this.#isStopped) {
      this.#again = false;
      if (await this.#isReached()) {
        this.stop();
        this.#parts.reached();
      }
    }
    this.#isLooking = false;
    if (this.#isStopped) return;
    this.#timer = this.#parts.system.clock.after(lookEveryMs, () => this.look());
  }

  async #isReached(): Promise<boolean> {
    const admin = this.#parts.kafka.admin();
    try {
      await this.#parts.beforeLook();
      const committed = new Map(
        (await admin.fetchOffsets(this.#parts.groupId)).map((each) => [
          `${each.topic}:${each.partition}`,
          each.offset,
        ]),
      );
      const isReached = ({ topic, partition, offset }: GroupGoal) =>
        (committed.get(`${topic}:${partition}`) ?? -1) >= offset;
      while (this.#goals.every(isReached)) {
        const next = this.#next[0];
        if (next === undefined) return true;
        this.#goals = await goalsOf(this.#parts, [next]);
        this.#next.shift();
      }
      return false;
    } catch {
      // The broker is away or moving: the next look comes soon, and the tasks report it.
      return false;
    } finally {
      await admin.close();
    }
  }
}

/** Where the topics end now, as far as there is anything in them. */
async function goalsOf(
  { kafka, from }: EndWatchParts,
  topics: readonly string[] | RegExp,
): Promise<GroupGoal[]> {
  const admin = kafka.admin();
  try {
    const all = await admin.listTopics();
    const partitions = all
      .filter(({ name }) => (topics instanceof RegExp ? topics.test(name) : topics.includes(name)))
      .flatMap(({ name, partitions: count }) =>
        Array.from({ length: count }, (_, partition) => ({ topic: name, partition })),
      );
    const options = { isolationLevel: from.isolationLevel ?? 'read_committed' } as const;
    const ends = await admin.listOffsets(
      partitions.map((each) => ({ ...each, at: 'latest' as const })),
      options,
    );
    const starts = await admin.listOffsets(
      partitions.map((each) => ({ ...each, at: 'earliest' as const })),
      options,
    );
    // A partition that holds nothing will never be committed.
    return ends.filter(({ offset }, at) => offset > (starts[at]?.offset ?? 0));
  } finally {
    await admin.close();
  }
}
