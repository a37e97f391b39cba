import { type Assignor, emptyAssignments, sortedMembers, subscribedTopics } from './assignor.js';

/**
 * All partitions of all topics dealt out in turn, passing over members that did not subscribe.
 * Follows Kafka's `RoundRobinAssignor`.
 */
export const roundRobin: Assignor = {
  name: 'roundrobin',
  cooperative: false,
  assign(members, partitionCounts) {
    const assignments = emptyAssignments(members);
    const circle = sortedMembers(members).map((member) => ({
      topics: new Set(member.topics),
      share: assignments.get(member.memberId) ?? [],
    }));
    let turn = 0;
    for (const topic of subscribedTopics(members, partitionCounts)) {
      const count = partitionCounts.get(topic) ?? 0;
      for (let partition = 0; partition < count; partition++) {
        while (circle[turn]?.topics.has(topic) === false) turn = (turn + 1) % circle.length;
        circle[turn]?.share.push({ topic, partition });
        turn = (turn + 1) % circle.length;
      }
    }
    return assignments;
  },
};
