import {
  type Assignments,
  type Assignor,
  type AssignorMember,
  emptyAssignments,
  type PartitionRacks,
  sortedMembers,
  subscribedTopics,
} from './assignor.js';
import { sortedPartitions } from '../topic-partitions.js';
import { isNear, racksMatter } from './racks.js';

/** A topic while it is shared out. */
interface OpenTopic {
  readonly topic: string;
  /** Subscribed, in order; each with the number of partitions it still gets. */
  readonly members: readonly AssignorMember[];
  readonly wanted: number[];
  readonly free: Set<number>;
}

/**
 * Topic by topic, a contiguous range for each subscribed member; the first members get one more
 * where it does not divide. Where racks are known and tell partitions apart, members first get
 * partitions with a replica in their rack, and topics that are alike keep equal numbers together
 * (KIP-881). Follows Kafka's `RangeAssignor`.
 */
export const range: Assignor = {
  name: 'range',
  cooperative: false,
  assign(members, partitionCounts, racks) {
    const assignments = emptyAssignments(members);
    const sorted = sortedMembers(members);
    const topics = subscribedTopics(members, partitionCounts).map((topic) => {
      const subscribed = sorted.filter((member) => member.topics.includes(topic));
      return openTopic(topic, partitionCounts.get(topic) ?? 0, subscribed);
    });
    if (racks !== undefined) shareByRack(topics, assignments, racks);
    for (const topic of topics) shareRanges(topic, assignments);
    for (const [id, share] of assignments) assignments.set(id, sortedPartitions(share));
    return assignments;
  },
};

function openTopic(topic: string, count: number, members: readonly AssignorMember[]): OpenTopic {
  const each = Math.floor(count / members.length);
  const withExtra = count % members.length;
  const wanted = members.map((_member, index) => each + (index < withExtra ? 1 : 0));
  const free = new Set(Array.from({ length: count }, (_, partition) => partition));
  return { topic, members, wanted, free };
}

function give(topic: OpenTopic, index: number, partition: number, to: Assignments): void {
  const member = topic.members[index] as AssignorMember;
  to.get(member.memberId)?.push({ topic: topic.topic, partition });
  topic.wanted[index] = (topic.wanted[index] as number) - 1;
  topic.free.delete(partition);
}

/** What is left, or all of it: each member takes the next so many. */
function shareRanges(topic: OpenTopic, assignments: Assignments): void {
  for (const [index, count] of [...topic.wanted.entries()]) {
    for (const partition of [...topic.free].slice(0, count)) {
      give(topic, index, partition, assignments);
    }
  }
}

function shareByRack(
  topics: readonly OpenTopic[],
  assignments: Assignments,
  racks: PartitionRacks,
): void {
  const near = ({ topic, members }: OpenTopic, index: number, partition: number): boolean =>
    isNear(members[index]?.rackId ?? null, topic, partition, racks);
  const deciding = topics.filter(({ topic, members, free }) =>
    racksMatter(
      members,
      [...free].map((partition) => ({ topic, partition })),
      racks,
    ),
  );
  for (const alike of alikeTopics(topics)) {
    if (alike.length > 1 && alike.some((topic) => deciding.includes(topic))) {
      shareTogether(alike, assignments, near);
    }
  }
  for (const topic of deciding) {
    for (const index of topic.members.keys()) {
      for (const partition of [...topic.free]) {
        if ((topic.wanted[index] as number) === 0) break;
        if (near(topic, index, partition)) give(topic, index, partition, assignments);
      }
    }
  }
}

type Near = (topic: OpenTopic, index: number, partition: number) => boolean;

/** Equal numbers of topics that are alike go to one member that is near to all of them. */
function shareTogether(alike: readonly OpenTopic[], assignments: Assignments, near: Near): void {
  const [first] = alike as [OpenTopic];
  for (const partition of [...first.free]) {
    const index = first.members.findIndex((_member, at) =>
      alike.every((topic) => (topic.wanted[at] as number) > 0 && near(topic, at, partition)),
    );
    if (index !== -1) for (const topic of alike) give(topic, index, partition, assignments);
  }
}

/** Topics of as many partitions with the same members. */
function alikeTopics(topics: readonly OpenTopic[]): OpenTopic[][] {
  const groups = new Map<string, OpenTopic[]>();
  for (const topic of topics) {
    const ids = topic.members.map(({ memberId }) => memberId);
    const key = JSON.stringify([topic.free.size, ids]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [topic]);
    else group.push(topic);
  }
  return [...groups.values()];
}
