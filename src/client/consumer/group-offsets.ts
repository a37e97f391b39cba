import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import type { TopicPartition } from './consumer-options.js';
import { groupByTopic, partitionKey } from './topic-partitions.js';

/** An offset as it is committed: the next one to read. */
export interface TopicPartitionOffset extends TopicPartition {
  readonly offset: number;
  /** Leader epoch of the record before it, for truncation detection. */
  readonly leaderEpoch?: number | undefined;
  /** Up to 4096 bytes that come back with the offset. */
  readonly metadata?: string | undefined;
}

/** In whose name a commit is made. */
export interface CommitIdentity {
  readonly memberId: string;
  /** -1 outside a generation: allowed only while the group has no members. */
  readonly generationId: number;
  readonly groupInstanceId: string | null;
  /** Whether `generationId` is the epoch of a member of the consumer protocol (KIP-848). */
  readonly isEpoch?: boolean | undefined;
}

/** The member for which offsets are fetched, where the coordinator is to check that it still is. */
export interface OffsetMember {
  identity(): CommitIdentity | undefined;
  /** The coordinator has another epoch of it, or does not know it. */
  refused(error: KafkaError): void;
}

export interface OffsetCallOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to try, in ms; default the cluster's `apiTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The offsets of one group at its coordinator: committing and fetching them, with retries over
 * coordinator moves. Whoever calls decides what is committed and in whose name.
 */
export class GroupOffsets {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #member: OffsetMember | undefined;

  constructor(cluster: Cluster, groupId: string, member?: OffsetMember) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#member = member;
  }

  /**
   * Commits, and tries again what may be tried again. Fails with the first error that repeats:
   * ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID when the identity is outdated.
   */
  async commit(
    offsets: readonly TopicPartitionOffset[],
    identity: CommitIdentity,
    options: OffsetCallOptions = {},
  ): Promise<void> {
    let open = offsets;
    await this.#retrying(options, async (broker, timeoutMs) => {
      const response = await this.#cluster.send(
        'OffsetCommit',
        {
          groupId: this.#groupId,
          generationIdOrMemberEpoch: identity.generationId,
          memberId: identity.memberId,
          groupInstanceId: identity.groupInstanceId,
          topics: this.#commitTopics(open),
        },
        { broker },
        { signal: options.signal, timeoutMs, versionMax: this.#versionMax(open) },
      );
      const failed = commitErrors(response, (id) => this.#cluster.topicName(id));
      open = open.filter((each) => failed.has(partitionKey(each)));
      const first = worst(failed.values());
      if (first !== undefined) throw this.#error(first.code, first.of);
    });
  }

  /** The committed offsets; a partition without one is missing in the answer. */
  async fetch(
    partitions: readonly TopicPartition[],
    requireStable: boolean,
    options: OffsetCallOptions = {},
  ): Promise<TopicPartitionOffset[]> {
    if (partitions.length === 0) return [];
    return await this.#retrying(options, async (broker, timeoutMs) => {
      const call = { signal: options.signal, timeoutMs };
      const response = await this.#fetchOnce(broker, partitions, requireStable, call);
      return this.#readFetched(response);
    });
  }

  async #fetchOnce(
    broker: number,
    partitions: readonly TopicPartition[],
    requireStable: boolean,
    { signal, timeoutMs }: OffsetCallOptions,
  ): Promise<ResponseDecoded<'OffsetFetch'>> {
    const topics = [...groupByTopic(partitions)].map(([name, list]) => ({
      name,
      topicId: this.#cluster.topic(name)?.id ?? zeroUuid,
      partitionIndexes: list.map((each) => each.partition),
    }));
    const groupId = this.#groupId;
    const identity = this.#member?.identity();
    const member =
      identity?.isEpoch === true
        ? { memberId: identity.memberId, memberEpoch: identity.generationId }
        : {};
    return await this.#cluster.send(
      'OffsetFetch',
      (version) => {
        if (version >= 8) return { groups: [{ groupId, ...member, topics }], requireStable };
        // Before version 8 one group is asked for, before version 7 nothing is ever unstable.
        const named = topics.map(({ name, partitionIndexes }) => ({ name, partitionIndexes }));
        return { groupId, topics: named, requireStable: requireStable && version >= 7 };
      },
      { broker },
      { signal, timeoutMs, versionMax: this.#versionMax(partitions) },
    );
  }

  #readFetched(response: ResponseDecoded<'OffsetFetch'>): TopicPartitionOffset[] {
    const group = response.groups[0];
    const code = errorCodeOf(group?.errorCode ?? response.errorCode);
    if (code === 'STALE_MEMBER_EPOCH' || code === 'UNKNOWN_MEMBER_ID') {
      const group = this.#groupId;
      // The next heartbeat tells what has become of the member; then it is asked again.
      const error = new KafkaError(code, undefined, { group, retriable: true });
      this.#member?.refused(error);
      throw error;
    }
    if (code !== 'NONE') throw this.#error(code);
    const found: TopicPartitionOffset[] = [];
    for (const answer of group?.topics ?? response.topics) {
      const id = (answer as { readonly topicId?: string }).topicId ?? zeroUuid;
      const topic = answer.name || this.#cluster.topicName(id);
      if (topic === undefined) continue;
      for (const each of answer.partitions) {
        const partition = each.partitionIndex;
        const error = errorCodeOf(each.errorCode);
        if (error !== 'NONE') throw this.#error(error, { topic, partition });
        if (each.committedOffset < 0) continue;
        found.push({
          topic,
          partition,
          offset: each.committedOffset,
          leaderEpoch: each.committedLeaderEpoch,
          metadata: each.metadata ?? '',
        });
      }
    }
    return found;
  }

  #commitTopics(offsets: readonly TopicPartitionOffset[]) {
    return [...groupByTopic(offsets)].map(([name, list]) => ({
      name,
      topicId: this.#cluster.topic(name)?.id ?? zeroUuid,
      partitions: list.map((each) => ({
        partitionIndex: each.partition,
        committedOffset: each.offset,
        committedLeaderEpoch: each.leaderEpoch ?? -1,
        committedMetadata: each.metadata ?? '',
      })),
    }));
  }

  /** From version 10 on topics go by id: not before all ids are known. */
  #versionMax(partitions: readonly TopicPartition[]): number | undefined {
    const known = partitions.every(({ topic }) => {
      const id = this.#cluster.topic(topic)?.id;
      return id !== undefined && id !== zeroUuid;
    });
    return known ? undefined : 9;
  }

  /** Calls with a broker to ask and how long its answer may take. */
  async #retrying<T>(
    options: OffsetCallOptions,
    call: (broker: number, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#cluster.system;
    const { signal } = options;
    const timeoutMs = options.timeoutMs ?? this.#cluster.options.apiTimeoutMs;
    const deadline = clock.monotonic() + timeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        const left = () => Math.max(1, deadline - clock.monotonic());
        const target = { signal, timeoutMs: left() };
        const broker = await this.#cluster.coordinator('group', this.#groupId, target);
        return await call(broker, Math.min(this.#cluster.options.requestTimeoutMs, left()));
      } catch (error) {
        if (!isKafkaError(error) || !mayRetry(error)) throw error;
        if (movesCoordinator(error)) this.#cluster.forgetCoordinator('group', this.#groupId);
        const pause = this.#cluster.retryBackoff(attempt);
        if (clock.monotonic() + pause >= deadline) throw error;
        await this.#cluster.delay(pause, signal);
      }
    }
  }

  #error(code: KafkaError['code'], of?: TopicPartition): KafkaError {
    return new KafkaError(code, undefined, {
      group: this.#groupId,
      topic: of?.topic,
      partition: of?.partition,
    });
  }
}

/** After these the coordinator is looked up again. */
export function movesCoordinator(error: KafkaError): boolean {
  switch (error.code) {
    case 'NOT_COORDINATOR':
    case 'COORDINATOR_NOT_AVAILABLE':
    case 'CONNECTION_CLOSED':
    case 'CONNECTION_REFUSED':
    case 'CONNECTION_TIMED_OUT':
    case 'NETWORK_EXCEPTION':
    case 'REQUEST_TIMEOUT':
    case 'BROKER_NOT_AVAILABLE':
      return true;
    default:
      return false;
  }
}

/** A rebalance ends by itself: a commit of the generation may still be taken afterwards. */
function mayRetry(error: KafkaError): boolean {
  return error.retriable || movesCoordinator(error) || error.code === 'REBALANCE_IN_PROGRESS';
}

interface CommitError {
  readonly code: KafkaError['code'];
  readonly of: TopicPartition;
}

function commitErrors(
  response: ResponseDecoded<'OffsetCommit'>,
  nameOf: (id: string) => string | undefined,
): Map<string, CommitError> {
  const failed = new Map<string, CommitError>();
  for (const { name, topicId, partitions } of response.topics) {
    const topic = name || nameOf(topicId);
    if (topic === undefined) continue;
    for (const { partitionIndex: partition, errorCode } of partitions) {
      const code = errorCodeOf(errorCode);
      const of = { topic, partition };
      if (code !== 'NONE') failed.set(partitionKey(of), { code, of });
    }
  }
  return failed;
}

/** What cannot be retried decides about the whole. */
function worst(errors: Iterable<CommitError>): CommitError | undefined {
  let first: CommitError | undefined;
  for (const error of errors) {
    first ??= error;
    if (!mayRetry(new KafkaError(error.code))) return error;
  }
  return first;
}
