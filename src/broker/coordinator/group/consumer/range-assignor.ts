import { ascending, type Assignment } from './assignment.js';
import type { AssignorInput, AssignorMember } from './assignor.js';

/**
 * Topic by topic: every reader gets an equal run of partitions, the first ones perhaps one more.
 * Topics of equal size read by the same members are cut alike, so that they can be joined; what a
 * member has it keeps as far as it is not too much (Kafka's `RangeAssignor`).
 */
export function assignRange(input: AssignorInput): ReadonlyMap<string, Assignment> {
  const readers = new Map<string, AssignorMember[]>();
  for (const member of input.members) {
    for (const topicId of member.topicIds) {
      const others = readers.get(topicId);
      if (others === undefined) readers.set(topicId, [member]);
      else others.push(member);
    }
  }
  const targets = new Map<string, Map<string, readonly number[]>>();
  for (const { memberId } of input.members) targets.set(memberId, new Map());
  for (const [topicId, members] of readers) {
    const count = input.partitionCountOf(topicId);
    for (const [memberId, partitions] of divided(topicId, members, count)) {
      if (partitions.length > 0) targets.get(memberId)?.set(topicId, ascending(partitions));
    }
  }
  return targets;
}

function divided(
  topicId: string,
  members: readonly AssignorMember[],
  count: number,
): Map<string, number[]> {
  const quota = Math.floor(count / members.length);
  let extras = count % members.length;
  const shares = new Map<string, number[]>();
  const unfilled: AssignorMember[] = [];
  const kept = new Set<number>();
  for (const member of members) {
    const current = (member.current.get(topicId) ?? []).filter((partition) => partition < count);
    const mayHaveExtra = current.length > quota && extras > 0;
    if (mayHaveExtra) extras -= 1;
    else unfilled.push(member);
    const share = current.slice(0, mayHaveExtra ? quota + 1 : quota);
    for (const partition of share) kept.add(partition);
    shares.set(member.memberId, share);
  }
  const free = Array.from({ length: count }, (_, partition) => partition).filter(
    (partition) => !kept.has(partition),
  );
  for (const { memberId } of unfilled) {
    const share = shares.get(memberId) ?? [];
    const wanted = quota + (extras > 0 ? 1 : 0) - share.length;
    if (extras > 0) extras -= 1;
    share.push(...free.splice(0, wanted));
  }
  return shares;
}
