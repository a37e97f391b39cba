import type { Assignment, OwnedPartitions } from './assignment.js';
import { type ConsumerMember, memberState } from './consumer-member.js';

export interface ReconciliationInput {
  readonly targetEpoch: number;
  readonly target: Assignment;
  /** What the member says it owns; null when it says nothing. */
  readonly reported: Assignment | null;
  /** Whether the member reads this topic, and the topic exists. */
  readonly isSubscribed: (topicId: string) => boolean;
  /** The member's subscription has changed: what it does not read any more goes at once. */
  readonly subscriptionChanged: boolean;
  /** Whether somebody else owns the partition. */
  readonly isTaken: (topicId: string, partition: number) => boolean;
}

/**
 * One step of a member towards its target (Kafka's `CurrentAssignmentBuilder`): first it gives
 * back what the target does not have, and keeps its epoch until it reports that it has; then it
 * takes the epoch of the target and whatever nobody else owns any more. Gives the very same
 * member back when there is nothing to do.
 */
export function reconciled(member: ConsumerMember, input: ReconciliationInput): ConsumerMember {
  const { targetEpoch, subscriptionChanged } = input;
  switch (member.state) {
    case memberState.stable:
      if (member.epoch !== targetEpoch) return nextStep(member, input);
      return subscriptionChanged ? withoutUnsubscribed(member, input) : member;
    case memberState.unrevoked:
      if (!stillOwns(input.reported, member.revoking)) return nextStep(member, input);
      return subscriptionChanged ? withoutUnsubscribed(member, input) : member;
    default:
      return nextStep(member, input);
  }
}

/** A member that reports nothing may own everything. */
function stillOwns(reported: Assignment | null, revoking: OwnedPartitions): boolean {
  if (reported === null) return true;
  for (const [topicId, partitions] of reported) {
    const theirs = revoking.get(topicId);
    if (theirs !== undefined && partitions.some((partition) => theirs.has(partition))) return true;
  }
  return false;
}

function withoutUnsubscribed(member: ConsumerMember, input: ReconciliationInput): ConsumerMember {
  const assigned = new Map(member.assigned);
  const revoking = new Map(member.revoking);
  for (const [topicId, partitions] of member.assigned) {
    if (input.isSubscribed(topicId)) continue;
    assigned.delete(topicId);
    revoking.set(topicId, new Map([...(revoking.get(topicId) ?? []), ...partitions]));
  }
  if (assigned.size === member.assigned.size) return member;
  const epochs = { epoch: member.epoch, previousEpoch: member.epoch };
  if (!stillOwns(input.reported, revoking)) return { ...member, ...epochs, assigned };
  return { ...member, ...epochs, state: memberState.unrevoked, assigned, revoking };
}

function nextStep(member: ConsumerMember, input: ReconciliationInput): ConsumerMember {
  const assigned = new Map<string, Map<number, number>>();
  const revoking = new Map<string, Map<number, number>>();
  const coming: [topicId: string, partition: number][] = [];
  let isWaiting = false;
  for (const topicId of new Set([...input.target.keys(), ...member.assigned.keys()])) {
    const target = new Set(input.isSubscribed(topicId) ? input.target.get(topicId) : []);
    for (const [partition, epoch] of member.assigned.get(topicId) ?? []) {
      put(target.delete(partition) ? assigned : revoking, topicId, partition, epoch);
    }
    for (const partition of target) {
      if (input.isTaken(topicId, partition)) isWaiting = true;
      else coming.push([topicId, partition]);
    }
  }
  if (revoking.size > 0 && stillOwns(input.reported, revoking)) {
    const epochs = { epoch: member.epoch, previousEpoch: member.epoch };
    return { ...member, ...epochs, state: memberState.unrevoked, assigned, revoking };
  }
  for (const [topicId, partition] of coming) put(assigned, topicId, partition, input.targetEpoch);
  return {
    ...member,
    epoch: input.targetEpoch,
    previousEpoch: member.epoch,
    state: isWaiting ? memberState.unreleased : memberState.stable,
    assigned,
    revoking: new Map(),
  };
}

function put(
  owned: Map<string, Map<number, number>>,
  topicId: string,
  partition: number,
  epoch: number,
): void {
  const partitions = owned.get(topicId);
  if (partitions === undefined) owned.set(topicId, new Map([[partition, epoch]]));
  else partitions.set(partition, epoch);
}
