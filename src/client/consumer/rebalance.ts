import { KafkaError } from '../../errors/index.js';
import type { RebalanceHook, TopicPartition } from './consumer-options.js';
import { type RebalanceEvent, rebalances } from '../diagnostics.js';
import type { FetchBuffer } from './fetch-buffer.js';
import type { MembershipHost } from './membership.js';
import type { OffsetCommits } from './offset-commits.js';
import { asKafkaError } from './offset-lookup.js';
import type { SubscriptionState } from './subscription-state.js';
import { partitionKey, partitionNames, sortedPartitions, without } from './topic-partitions.js';
import type { PartitionState } from './partition-state.js';

/** The loop, as far as a rebalance is concerned. */
export interface RebalanceLoop {
  isAtHand(state: PartitionState): boolean;
  hold(): () => void;
  until(isTrue: () => boolean): Promise<void>;
  interrupt(): void;
  /** What is at hand of these is finished in vain. */
  abandon(partitions: ReadonlySet<string>): void;
}

export interface RebalanceParts {
  readonly groupId: string | undefined;
  readonly subscription: SubscriptionState;
  readonly buffer: FetchBuffer;
  readonly loop: RebalanceLoop;
  /** Undefined where nothing is committed by itself. */
  readonly commits: OffsetCommits | undefined;
  readonly commitTimeoutMs: number;
  readonly hooks: {
    readonly onAssigned: RebalanceHook | undefined;
    readonly onRevoked: RebalanceHook | undefined;
    readonly onLost: RebalanceHook | undefined;
  };
  /** Whether waiting for the loop is pointless: it was given up on, is to end, or all is lost. */
  readonly isGivenUp: () => boolean;
  /** Partitions came or went. */
  readonly changed: () => void;
  readonly failed: (error: KafkaError) => void;
  readonly troubled: (error: KafkaError) => void;
}

/** Gives up and takes partitions in step with the loop, the hooks and the commits. */
export class Rebalance implements MembershipHost {
  readonly #parts: RebalanceParts;
  /** What the hooks have been told of: partitions of `assign` are there from the beginning. */
  #assigned: TopicPartition[] = [];

  constructor(parts: RebalanceParts) {
    this.#parts = parts;
  }

  owned(): TopicPartition[] {
    return this.#parts.subscription.assignment();
  }

  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { loop, commits, hooks, commitTimeoutMs, isGivenUp } = this.#parts;
    const release = loop.hold();
    try {
      await loop.until(() => isGivenUp() || !this.#isWorkedOn(partitions));
      if (isGivenUp()) {
        throw new KafkaError('POLL_TIMEOUT', `${partitionNames(partitions)} must be given up.`);
      }
      await this.#call('onRevoked', hooks.onRevoked, partitions);
      await commits?.finishedQuietly(partitions, { timeoutMs: commitTimeoutMs });
      this.#remove(partitions);
      this.#tell('revoked', partitions);
      this.#changed();
    } finally {
      release();
    }
  }

  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    const { loop, hooks } = this.#parts;
    const release = loop.hold();
    try {
      const gone = new Set(partitions.map(partitionKey));
      this.#remove(partitions);
      loop.abandon(gone);
      this.#tell('lost', partitions);
      this.#changed();
      await this.#call('onLost', hooks.onLost ?? hooks.onRevoked, partitions);
    } finally {
      release();
    }
  }

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    const { loop, hooks, subscription } = this.#parts;
    const added = without(partitions, this.#assigned);
    const release = loop.hold();
    try {
      subscription.add(added);
      this.#assigned = this.owned();
      this.#tell('assigned', added);
      if (added.length > 0) await this.#call('onAssigned', hooks.onAssigned, added);
      this.#changed();
    } finally {
      release();
    }
  }

  #remove(partitions: readonly TopicPartition[]): void {
    this.#parts.subscription.remove(partitions);
    this.#assigned = without(this.#assigned, partitions);
  }

  outdated(): void {
    this.#parts.loop.interrupt();
  }

  failed(error: KafkaError): void {
    this.#parts.failed(error);
  }

  troubled(error: KafkaError): void {
    this.#parts.troubled(error);
  }

  #isWorkedOn(partitions: readonly TopicPartition[]): boolean {
    const { loop, subscription } = this.#parts;
    return partitions.some(({ topic, partition }) => {
      const state = subscription.get(topic, partition);
      return state !== undefined && (loop.isAtHand(state) || state.deferred.size > 0);
    });
  }

  #tell(kind: RebalanceEvent['kind'], partitions: readonly TopicPartition[]): void {
    if (!rebalances.hasSubscribers || partitions.length === 0) return;
    const event: RebalanceEvent = { groupId: this.#parts.groupId, kind, partitions };
    rebalances.publish(event);
  }

  #changed(): void {
    this.#parts.buffer.sweep();
    this.#parts.changed();
  }

  async #call(
    name: string,
    hook: RebalanceHook | undefined,
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    if (hook === undefined) return;
    try {
      await hook(sortedPartitions(partitions));
    } catch (thrown) {
      const cause = asKafkaError(thrown);
      const message = `The hook ${name} failed for ${partitionNames(partitions)}: ${cause.message}`;
      this.#parts.troubled(new KafkaError(cause.code, message, { cause: thrown }));
    }
  }
}
