import {
  type Assignments,
  type Assignor,
  type AssignorMember,
  emptyAssignments,
  sortedMembers,
  subscribedTopics,
} from './assignor.js';

/**
 * Topic by topic, a contiguous range for each subscribed member; the first members get one more
 * where it does not divide. Follows Kafka's `RangeAssignor`.
 */
export const range: Assignor = {
  name: 'range',
  cooperative: false,
  assign(members, partitionCounts) {
    const assignments = emptyAssignments(members);
    const sorted = sortedMembers(members);
    for (const topic of subscribedTopics(members, partitionCounts)) {
      const subscribed = sorted.filter((member) => member.topics.includes(topic));
      shareTopic(topic, partitionCounts.get(topic) ?? 0, subscribed, assignments);
    }
    return assignments;
  },
};

function shareTopic(
  topic: string,
  count: number,
  members: readonly AssignorMember[],
  assignments: Assignments,
): void {
  const each = Math.floor(count / members.length);
  const withExtra = count % members.length;
  let next = 0;
  for (const [index, member] of members.entries()) {
    const end = next + each + (index < withExtra ? 1 : 0);
    const share = assignments.get(member.memberId);
    for (; next < end; next++) share?.push({ topic, partition: next });
  }
}
