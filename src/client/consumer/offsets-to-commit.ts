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

/** What a transaction commits for a consumer. Fails when it is not the consumer's to commit. */
export function offsetsToCommit<K, V>(
  groupId: string,
  identity: CommitIdentity | undefined,
  subscription: SubscriptionState,
  what: Committable<K, V> | undefined,
): OffsetsToCommit {
  if (identity === undefined) throw noMember(groupId);
  const { memberId, generationId, groupInstanceId } = identity;
  const metadata = { memberId, generationId, groupInstanceId };
  if (what === undefined) return { groupId, offsets: handedOut(subscription), metadata };
  if (isList(what)) return { groupId, offsets: what, metadata };
  const { topic, partition } = what;
  const isBatch = 'nextOffset' in what;
  const first = isBatch ? what.firstOffset : what.offset;
  const offset = isBatch ? what.nextOffset : what.offset + 1;
  const state = subscription.get(topic, partition);
  if (state === undefined || !hasHandedOut(state, first, offset)) {
    throw givenUp(topic, partition, groupId);
  }
  const leaderEpoch = 'leaderEpoch' in what ? what.leaderEpoch : state.positionEpoch;
  return { groupId, offsets: [{ topic, partition, offset, leaderEpoch }], metadata };
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
