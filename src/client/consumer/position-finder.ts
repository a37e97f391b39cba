import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { Bell } from './bell.js';
import type { GroupOffsets, TopicPartitionOffset } from './group-offsets.js';
import { askOffsets, asKafkaError, type OffsetQuestion } from './offset-lookup.js';
import type { PartitionState } from './partition-state.js';
import type { SubscriptionState } from './subscription-state.js';
import { partitionKey } from './topic-partitions.js';

export interface PositionSettings {
  /** What to ask ListOffsets for where nothing is committed; undefined: that is an error. */
  readonly resetTimestamp: () => number | undefined;
  readonly readCommitted: boolean;
}

export interface PositionHost {
  /** Partitions have other positions now: fetching may go on. */
  moved(): void;
  /** The loop has to know. */
  failed(state: PartitionState, error: KafkaError): void;
  /** It will be tried again. */
  waiting(error: KafkaError): void;
  /** It has been mended, at a price the application may want to know. */
  troubled(error: KafkaError): void;
}

/**
 * Finds where to begin: at the offset the group has committed, otherwise where the reset policy
 * says; and, after a seek, the offset that belongs to a timestamp. Runs in the background as long
 * as a partition wants a position, and tries again what may be tried again.
 */
export class PositionFinder {
  readonly #cluster: Cluster;
  readonly #settings: PositionSettings;
  readonly #subscription: SubscriptionState;
  readonly #offsets: GroupOffsets | undefined;
  readonly #host: PositionHost;
  readonly #abort = new AbortController();
  readonly #bell = new Bell();
  #isRunning = false;

  constructor(
    cluster: Cluster,
    settings: PositionSettings,
    subscription: SubscriptionState,
    offsets: GroupOffsets | undefined,
    host: PositionHost,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#subscription = subscription;
    this.#offsets = offsets;
    this.#host = host;
  }

  /** Looks whether a partition wants a position. */
  wake(): void {
    if (!this.#isRunning && !this.#abort.signal.aborted) void this.#run();
  }

  /** Resolves when the partition has a position or its search has failed. */
  async settled(state: PartitionState): Promise<void> {
    while (state.wanted !== undefined && !this.#abort.signal.aborted) await this.#bell.wait();
  }

  stop(): void {
    this.#abort.abort();
    this.#bell.ring();
  }

  /** The fetch offset is outside what the partition holds. */
  outOfRange(state: PartitionState): void {
    const { topic, partition, position: offset } = state;
    const error = new KafkaError('OFFSET_OUT_OF_RANGE', undefined, {
      topic,
      partition,
      offset,
      hint: 'The records may have been deleted by retention, or the topic created anew.',
    });
    if (this.#settings.resetTimestamp() !== undefined) this.#host.troubled(error);
    this.#reset(state, error);
  }

  /** The topic was deleted and created again: no offset of the old one means anything. */
  renewed(state: PartitionState): void {
    const { topic, partition, position: offset } = state;
    const message = 'The topic was deleted and created again.';
    const hint = 'The consumer goes on in the new one where its reset policy says.';
    const error = new KafkaError('OFFSET_OUT_OF_RANGE', message, {
      topic,
      partition,
      offset,
      hint,
    });
    if (this.#settings.resetTimestamp() !== undefined) this.#host.troubled(error);
    state.committed = -1;
    this.#reset(state, error);
  }

  /** The log ends at `endOffset` now, below what had been fetched (KIP-320). */
  truncated(state: PartitionState, endOffset: number, leaderEpoch: number): void {
    const { topic, partition, fetchOffset } = state;
    const error = new KafkaError(
      'OFFSET_OUT_OF_RANGE',
      `The log was cut back to offset ${endOffset} behind the back of this consumer.`,
      { topic, partition, offset: fetchOffset, hint: 'Records that were read have been lost.' },
    );
    if (this.#settings.resetTimestamp() === undefined) {
      this.#reset(state, error);
      return;
    }
    this.#host.troubled(error);
    // What was fetched beyond the cut is of the lost past, unless the loop has not got that far.
    const offset = Math.max(0, Math.min(state.position, endOffset));
    state.moveTo({ offset, leaderEpoch: offset === endOffset ? leaderEpoch : -1 });
    this.#host.moved();
  }

  /** Starts over where the reset policy says; fails the partition where it says nothing. */
  #reset(state: PartitionState, otherwise: KafkaError): void {
    const resetTimestamp = this.#settings.resetTimestamp();
    if (resetTimestamp === undefined) {
      state.wanted = undefined;
      state.fetchOffset = -1;
      state.problem = otherwise;
      this.#host.failed(state, otherwise);
      return;
    }
    state.resetTo(resetTimestamp);
    this.wake();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { signal } = this.#abort;
    for (let attempt = 0; !signal.aborted; ) {
      const wanted = [...this.#subscription].filter((state) => state.wanted !== undefined);
      if (wanted.length === 0) break;
      const isDone = await this.#try(wanted);
      if (signal.aborted) break;
      this.#bell.ring();
      this.#host.moved();
      if (isDone) {
        attempt = 0;
        continue;
      }
      try {
        await this.#cluster.delay(this.#cluster.retryBackoff(attempt++), signal);
      } catch {
        break; // stopped meanwhile
      }
    }
    this.#isRunning = false;
    this.#bell.ring();
  }

  /** True when everything asked has an answer. */
  async #try(states: readonly PartitionState[]): Promise<boolean> {
    try {
      await this.#askGroup(states.filter((state) => state.wanted === 'committed'));
      return await this.#askLeaders(states.filter((state) => this.#isOpen(state)));
    } catch (thrown) {
      if (this.#abort.signal.aborted) return false;
      const error = asKafkaError(thrown);
      if (error.retriable) {
        for (const state of states) state.problem = error;
        this.#host.waiting(error);
        return false;
      }
      for (const state of states) if (this.#isOpen(state)) this.#giveUp(state, error);
      return true;
    }
  }

  async #askGroup(states: readonly PartitionState[]): Promise<void> {
    if (states.length === 0) return;
    const { signal } = this.#abort;
    const { readCommitted } = this.#settings;
    const asked = states.map((state) => state.incarnation);
    const found = new Map<string, TopicPartitionOffset>();
    for (const each of (await this.#offsets?.fetch(states, readCommitted, { signal })) ?? []) {
      found.set(partitionKey(each), each);
    }
    for (const [index, state] of states.entries()) {
      if (state.incarnation !== asked[index]) continue;
      const committed = found.get(partitionKey(state));
      if (committed === undefined) {
        const { topic, partition } = state;
        this.#reset(state, new KafkaError('NO_OFFSET', undefined, { topic, partition }));
        continue;
      }
      state.moveTo({ offset: committed.offset, leaderEpoch: committed.leaderEpoch ?? -1 });
      state.committed = committed.offset;
    }
  }

  async #askLeaders(states: readonly PartitionState[]): Promise<boolean> {
    const questions: (OffsetQuestion & { state: PartitionState; incarnation: number })[] = [];
    for (const state of states) {
      if (state.wanted === undefined || state.wanted === 'committed') continue;
      const { topic, partition, incarnation } = state;
      questions.push({ topic, partition, ...state.wanted, state, incarnation });
    }
    if (questions.length === 0) return true;
    const { signal } = this.#abort;
    const topics = [...new Set(questions.map(({ topic }) => topic))];
    await this.#cluster.metadataFor(topics, { signal });
    const { readCommitted } = this.#settings;
    const answers = await askOffsets(this.#cluster, questions, { readCommitted, signal });
    let isDone = true;
    for (const { state, incarnation, timestamp } of questions) {
      if (state.incarnation !== incarnation) continue;
      const answer = answers.get(partitionKey(state));
      if (answer === undefined) isDone = false;
      else if (isKafkaError(answer)) {
        state.problem = answer;
        if (answer.retriable) isDone = false;
        else this.#giveUp(state, answer);
      } else if (answer.offset < 0 && timestamp >= 0) {
        // No record is that young: what comes next is what is wanted.
        state.resetTo(-1);
        isDone = false;
      } else {
        state.moveTo({ offset: Math.max(0, answer.offset), leaderEpoch: -1 });
      }
    }
    return isDone;
  }

  #isOpen(state: PartitionState): boolean {
    const { topic, partition } = state;
    return state.wanted !== undefined && this.#subscription.get(topic, partition) === state;
  }

  #giveUp(state: PartitionState, cause: KafkaError): void {
    const { topic, partition } = state;
    const error = new KafkaError(cause.code, cause.message, { topic, partition, cause });
    state.wanted = undefined;
    state.problem = error;
    this.#host.failed(state, error);
  }
}
