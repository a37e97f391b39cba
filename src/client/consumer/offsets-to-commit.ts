import { type ConsumerBatch, FetchedRun } from './consumer-batch.js';
import type { TopicPartition } from './consumer-options.js';
import type { ConsumerRecord } from './consumer-record.js';
import type { CommitIdentity, TopicPartitionOffset } from './group-offsets.js';
import { type Committable, givenUp, noMember } from './offset-commits.js';
import type { PartitionState } from './partition-state.js';
import type { SubscriptionState } from './subscription-state.js';

/** Offsets of a group, and in whose name they are committed. */
export interface OffsetsToCommit {
  readonly groupId: string;
  readonly offsets: readonly TopicPartitionOffset[];
  readonly metadata: CommitIdentity;
}

/**
 * What a transaction commits for a consumer. Fails when it is not the consumer's to commit. `lost`
 * is a partition that was taken away while the loop worked on records of it, as it does still.
 */
export function offsetsToCommit<K, V>(
  groupId: string,
  identity: CommitIdentity | undefined,
  subscription: SubscriptionState,
  what: Committable<K, V> | undefined,
  lost: TopicPartition | undefined,
): OffsetsToCommit {
  if (identity === undefined) throw noMember(groupId);
  const { memberId, generationId, groupInstanceId } = identity;
  const metadata = { memberId, generationId, groupInstanceId };
  if (what === undefined) {
    if (lost !== undefined) throw givenUp(lost.topic, lost.partition, groupId);
    return { groupId, offsets: handedOut(subscription), metadata };
  }
  if (isList(what)) return { groupId, offsets: what, metadata };
  const { topic, partition } = what;
  const offset = nextOffset(what);
  const state = stateOf(groupId, subscription, what);
  if (!hasHandedOut(state, firstOffset(what), offset)) throw givenUp(topic, partition, groupId);
  const leaderEpoch = 'leaderEpoch' in what ? what.leaderEpoch : state.positionEpoch;
  return { groupId, offsets: [{ topic, partition, offset, leaderEpoch }], metadata };
}

/**
 * The partition that a record or batch was handed out of. Fails with ILLEGAL_GENERATION when it
 * is held no more, or was lost meanwhile and has come back: others may have been further by then.
 */
export function stateOf<K, V>(
  groupId: string | undefined,
  subscription: SubscriptionState,
  what: ConsumerRecord<K, V> | ConsumerBatch<K, V>,
): PartitionState {
  const { topic, partition } = what;
  const state = subscription.get(topic, partition);
  if (state === undefined || isOfAnother(state, what)) throw givenUp(topic, partition, groupId);
  return state;
}

/** The offset behind a record or batch. */
export function nextOffset<K, V>(what: ConsumerRecord<K, V> | ConsumerBatch<K, V>): number {
  return 'nextOffset' in what ? what.nextOffset : what.offset + 1;
}

function firstOffset<K, V>(what: ConsumerRecord<K, V> | ConsumerBatch<K, V>): number {
  return 'nextOffset' in what ? what.firstOffset : what.offset;
}

/**
 * Whether it was handed out of an earlier assignment of the partition. Batches know; of records it
 * is known where they lie before the place at which this assignment began.
 */
function isOfAnother<K, V>(
  state: PartitionState,
  what: ConsumerRecord<K, V> | ConsumerBatch<K, V>,
): boolean {
  const origin = FetchedRun.origin(what);
  if (origin !== undefined) return origin !== state;
  return state.lowestPosition < 0 || firstOffset(what) < state.lowestPosition;
}

/**
 * A partition that was lost and has come back begins anew: while the loop still works on what it
 * was given before, nothing of the new beginning has been handed out.
 */
function hasHandedOut(state: PartitionState, first: number, next: number): boolean {
  if (state.unfinished >= 0 && state.unfinished <= first) return true;
  return state.position >= next;
}

function handedOut(subscription: SubscriptionState): TopicPartitionOffset[] {
  const offsets: TopicPartitionOffset[] = [];
  for (const { topic, partition, position: offset, committed, positionEpoch } of subscription) {
    if (offset < 0 || offset === committed) continue;
    offsets.push({ topic, partition, offset, leaderEpoch: positionEpoch });
  }
  return offsets;
}

function isList<T>(what: T | readonly T[] | object): what is readonly T[] {
  return Array.isArray(what);
}
