import { KafkaError } from '../../errors/index.js';
import type { Timer } from '../../system/index.js';
import type { Cluster } from '../cluster/index.js';
import { type CommitEvent, commits } from '../diagnostics.js';
import type { ConsumerBatch } from './consumer-batch.js';
import type { TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { CommitIdentity, GroupOffsets, TopicPartitionOffset } from './group-offsets.js';
import { asKafkaError } from './offset-lookup.js';
import type { SubscriptionState } from './subscription-state.js';

/** What `commit` takes besides nothing: something handed out, or offsets to the letter. */
export type Committable<K, V> =
  | ConsumerRecord<K, V>
  | ConsumerBatch<K, V>
  | readonly TopicPartitionOffset[];

export interface OffsetCommitsHost {
  /** In whose name; undefined while the consumer is no member of its group. */
  identity(): CommitIdentity | undefined;
  /** Whether the group is on its way to the next generation. */
  isJoining(): boolean;
  /** The coordinator does not know the identity any more. */
  refused(error: KafkaError): void;
  troubled(error: KafkaError): void;
  /** Told of each commit that the coordinator has taken; undefined where nobody listens. */
  readonly committed: ((offsets: readonly TopicPartitionOffset[]) => void) | undefined;
}

export interface CommitOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Commits, one after the other: what is committed is read off when its turn comes, so that a
 * slow commit never overwrites a later one.
 */
export class OffsetCommits {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #offsets: GroupOffsets;
  readonly #subscription: SubscriptionState;
  readonly #host: OffsetCommitsHost;
  #timer: Timer | undefined;
  /** Settles when the last commit in line is through. */
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    cluster: Cluster,
    groupId: string,
    offsets: GroupOffsets,
    subscription: SubscriptionState,
    host: OffsetCommitsHost,
  ) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#offsets = offsets;
    this.#subscription = subscription;
    this.#host = host;
  }

  /** Commits what is finished, over and over. */
  startTimer(intervalMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.#cluster.system.clock.after(intervalMs, () => {
      this.startTimer(intervalMs);
      // A commit that takes longer than the interval is not overtaken.
      if (this.#waiting === 0) void this.finishedQuietly();
    });
  }

  stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Commits what the loop has finished, of these partitions or of all. */
  finished(partitions?: readonly TopicPartition[], options?: CommitOptions): Promise<void> {
    return this.#inLine(async () => {
      // What went to others meanwhile is theirs to commit.
      await this.#tellingSend(this.#finishedOffsets(partitions), options);
    });
  }

  /** As `finished`; a failure is only reported: the next commit covers it. */
  async finishedQuietly(
    partitions?: readonly TopicPartition[],
    options?: CommitOptions,
  ): Promise<void> {
    try {
      await this.finished(partitions, options);
    } catch (error) {
      this.#host.troubled(asKafkaError(error));
    }
  }

  #tell(offsets: readonly TopicPartitionOffset[], error?: KafkaError): void {
    if (!commits.hasSubscribers || offsets.length === 0) return;
    const event: CommitEvent = { groupId: this.#groupId, offsets, error };
    commits.publish(event);
  }

  /** Commits exactly these; fails with ILLEGAL_GENERATION when a partition of them went away. */
  exactly(offsets: readonly TopicPartitionOffset[], options?: CommitOptions): Promise<void> {
    return this.#inLine(async () => {
      const lost = await this.#tellingSend(offsets, options);
      const [first] = lost;
      if (first === undefined) return;
      const error = givenUp(first.topic, first.partition, this.#groupId);
      this.#tell(lost, error);
      throw error;
    });
  }

  #finishedOffsets(partitions?: readonly TopicPartition[]): TopicPartitionOffset[] {
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition } of partitions ?? this.#subscription) {
      const state = this.#subscription.get(topic, partition);
      if (state === undefined) continue;
      const offset = state.committable;
      if (offset < 0 || offset === state.committed) continue;
      offsets.push({ topic, partition, offset, leaderEpoch: state.positionEpoch });
    }
    return offsets;
  }

  #inLine(commit: () => Promise<void>): Promise<void> {
    this.#waiting++;
    const turn = this.#last.then(commit);
    this.#last = turn.then(
      () => {
        this.#waiting--;
      },
      () => {
        this.#waiting--;
      },
    );
    return turn;
  }

  async #tellingSend(
    offsets: readonly TopicPartitionOffset[],
    options?: CommitOptions,
  ): Promise<TopicPartitionOffset[]> {
    try {
      return await this.#send(offsets, options);
    } catch (error) {
      this.#tell(offsets, asKafkaError(error));
      throw error;
    }
  }

  /** Gives what was not committed, because a rebalance took its partition away. */
  async #send(
    offsets: readonly TopicPartitionOffset[],
    options?: CommitOptions,
  ): Promise<TopicPartitionOffset[]> {
    const { clock } = this.#cluster.system;
    const timeoutMs = options?.timeoutMs ?? this.#cluster.options.apiTimeoutMs;
    const deadline = clock.monotonic() + timeoutMs;
    let open = offsets.map((each) => ({
      ...each,
      given: each,
      state: this.#subscription.get(each.topic, each.partition),
    }));
    const lost: TopicPartitionOffset[] = [];
    for (let attempt = 0; open.length > 0; attempt++) {
      const identity = this.#host.identity();
      if (identity === undefined) throw noMember(this.#groupId);
      try {
        await this.#offsets.commit(open, identity, options);
        break;
      } catch (thrown) {
        const error = asKafkaError(thrown);
        if (!isRefusal(error)) throw error;
        // The epoch has moved on: the next heartbeat brings the new one, and we go on with that.
        if (error.code === 'STALE_MEMBER_EPOCH') this.#host.refused(error);
        // A commit may be overtaken by the generation that is just beginning: what we still hold
        // is committed in the new one, the rest may have been taken further by others already.
        else if (!this.#host.isJoining() && this.#isSame(identity)) {
          this.#host.refused(error);
          throw error;
        }
        if (clock.monotonic() >= deadline) throw error;
      }
      await this.#cluster.delay(this.#cluster.retryBackoff(attempt), options?.signal);
      open = open.filter(({ topic, partition, state, given }) => {
        const isHeld = this.#subscription.get(topic, partition) === state;
        if (!isHeld) lost.push(given);
        return isHeld;
      });
    }
    for (const { state, offset } of open) if (state !== undefined) state.committed = offset;
    const taken = open.map(({ given }) => given);
    if (taken.length > 0) this.#host.committed?.(taken);
    this.#tell(taken);
    return lost;
  }

  #isSame(identity: CommitIdentity): boolean {
    const now = this.#host.identity();
    return now?.memberId === identity.memberId && now.generationId === identity.generationId;
  }
}

/** The error for committing while the consumer is outside its group. */
export function noMember(group: string): KafkaError {
  return new KafkaError('UNKNOWN_MEMBER_ID', 'This consumer is no member of its group now.', {
    group,
    hint: 'Its partitions are with other members, who begin at the last committed offset.',
  });
}

function isRefusal({ code }: KafkaError): boolean {
  return (
    code === 'UNKNOWN_MEMBER_ID' ||
    code === 'ILLEGAL_GENERATION' ||
    code === 'FENCED_INSTANCE_ID' ||
    code === 'STALE_MEMBER_EPOCH'
  );
}

/** The error for committing a record of a partition that is not held any more. */
export function givenUp(topic: string, partition: number, group: string | undefined): KafkaError {
  return new KafkaError('ILLEGAL_GENERATION', 'The partition was given up meanwhile.', {
    topic,
    partition,
    group,
    hint: 'Whoever has it now begins at the last committed offset.',
  });
}
