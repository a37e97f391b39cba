import type { KafkaError } from '../../errors/index.js';
import type { TopicPartition } from './consumer-options.js';
import type { Membership } from './membership.js';
import type { PartitionState } from './partition-state.js';
import type { SubscriptionState } from './subscription-state.js';

/** Where a consumer stands as a whole. */
export type ConsumerState =
  | 'idle' // nobody has asked for records yet
  | 'joining' // on the way into the group
  | 'rebalancing' // a member, but the partitions are being shared out anew
  | 'stable' // a member with an assignment
  | 'standalone' // reads its partitions without a group
  | 'expelled' // held a record longer than maxPollIntervalMs, or was fenced out; joins when asked
  | 'failed' // ended by an error that repeats
  | 'closed';

export interface PartitionHealth extends TopicPartition {
  /** Next offset to be handed out; null while it is looked up. */
  readonly position: number | null;
  /** Last offset this consumer committed or found committed; null for none. */
  readonly committed: number | null;
  /** First offset that is not readable yet; null before the first answer. */
  readonly endOffset: number | null;
  readonly lag: number | null;
  /** How far the position is after the first record there is (KIP-223); null while not known. */
  readonly lead: number | null;
  readonly paused: boolean;
  /** Bytes fetched and not yet handed out. */
  readonly bufferedBytes: number;
  /** What the partition waits for, one phrase. */
  readonly status: string;
}

/** A consumer is never silent: what it does, and why nothing comes. */
export interface ConsumerHealth {
  readonly state: ConsumerState;
  /** One sentence for people. */
  readonly reason: string;
  readonly groupId: string | null;
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly partitions: readonly PartitionHealth[];
  /** Sum over the partitions whose lag is known. */
  readonly lag: number;
  /** Milliseconds since the loop last asked for a record; null when it never did. */
  readonly lastPollAgeMs: number | null;
  /** Milliseconds since the coordinator last answered a heartbeat; null outside a group. */
  readonly lastHeartbeatAgeMs: number | null;
  /** The last thing that went wrong, mended or not. */
  readonly lastError: KafkaError | null;
}

/** What `healthOf` looks at. */
export interface HealthParts {
  readonly now: number;
  readonly groupId: string | undefined;
  readonly membership: Membership;
  readonly subscription: SubscriptionState;
  readonly isStarted: boolean;
  readonly isClosed: boolean;
  readonly isPolling: boolean;
  readonly hasPolled: boolean;
  readonly lastPollAt: number | undefined;
  readonly failure: KafkaError | undefined;
  readonly lastError: KafkaError | undefined;
}

export function healthOf(parts: HealthParts): ConsumerHealth {
  const { now, membership, lastPollAt } = parts;
  const partitions = [...parts.subscription].map((state) => partitionHealth(state));
  const beat = membership.lastHeartbeatAt;
  const state = stateOf(parts);
  return {
    state,
    reason: reasonOf(state, parts, partitions),
    groupId: parts.groupId ?? null,
    memberId: membership.memberId === '' ? null : membership.memberId,
    generationId: membership.generationId < 0 ? null : membership.generationId,
    partitions,
    lag: partitions.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
    lastPollAgeMs: lastPollAt === undefined || !parts.hasPolled ? null : age(now, lastPollAt),
    lastHeartbeatAgeMs: beat === undefined ? null : age(now, beat),
    lastError: parts.lastError ?? null,
  };
}

function age(now: number, then: number): number {
  return Math.max(0, Math.round(now - then));
}

function stateOf(parts: HealthParts): ConsumerState {
  if (parts.isClosed) return 'closed';
  if (parts.failure !== undefined) return 'failed';
  if (!parts.isStarted) return 'idle';
  const { phase } = parts.membership;
  if (phase === 'over') return 'closed';
  return phase === 'stable' && parts.membership.memberId === '' ? 'standalone' : phase;
}

function reasonOf(
  state: ConsumerState,
  { failure, isPolling }: HealthParts,
  partitions: readonly PartitionHealth[],
): string {
  switch (state) {
    case 'idle':
      return 'Nobody has asked for records yet: iterate, or call start.';
    case 'joining':
      return 'On the way to its partitions: looking for the cluster, the coordinator, the group.';
    case 'rebalancing':
      return isPolling
        ? 'The group shares out its partitions anew.'
        : 'The group rebalances and waits for the loop to finish what it has at hand.';
    case 'expelled':
      return 'The loop held a record for too long; the consumer joins again when it asks for more.';
    case 'failed':
      return `Ended by ${failure?.message ?? 'an error'}`;
    case 'closed':
      return 'Closed.';
    default:
      return readingReason(partitions, isPolling);
  }
}

function readingReason(partitions: readonly PartitionHealth[], isPolling: boolean): string {
  if (partitions.length === 0) return 'No partition is assigned: others have them all, or none is.';
  if (!isPolling) return 'The loop works on what it was given.';
  if (partitions.every(({ paused }) => paused)) return 'All partitions are paused.';
  const stuck = partitions.find(({ status }) => status !== 'at the end' && status !== 'paused');
  if (stuck === undefined) return 'Everything has been read; waiting for new records.';
  return `${stuck.topic}-${stuck.partition}: ${stuck.status}.`;
}

function partitionHealth(state: PartitionState): PartitionHealth {
  const { topic, partition, position, endOffset, logStartOffset, committed, paused } = state;
  const lag = position >= 0 && endOffset >= 0 ? Math.max(0, endOffset - position) : null;
  return {
    topic,
    partition,
    position: position >= 0 ? position : null,
    committed: committed >= 0 ? committed : null,
    endOffset: endOffset >= 0 ? endOffset : null,
    lag,
    lead: position >= 0 && logStartOffset >= 0 ? Math.max(0, position - logStartOffset) : null,
    paused,
    bufferedBytes: state.queuedBytes,
    status: statusOf(state, lag),
  };
}

function statusOf(state: PartitionState, lag: number | null): string {
  if (state.paused) return 'paused';
  if (state.problem !== undefined)
    return `waiting after ${state.problem.message.replace(/\.$/, '')}`;
  if (state.wanted === 'committed') return 'its committed offset is being looked up';
  if (state.wanted !== undefined) return 'its offset is being looked up';
  if (state.position < 0) return 'it has no position: seek, or set offsetReset';
  if (lag === null) return 'the first fetch is under way';
  if (lag === 0) return 'at the end';
  return state.queuedBytes > 0 ? 'records wait for the loop' : 'being fetched';
}
