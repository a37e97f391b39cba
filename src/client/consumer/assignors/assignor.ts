import type { TopicPartition } from '../consumer-options.js';

/** What the leader of a classic group knows of a member when it shares out the partitions. */
export interface AssignorMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[];
  /** What the assignor of that member said in `userData`. */
  readonly userData: Buffer | null;
  /** What the member held when it joined, as far as it said so. */
  readonly owned: readonly TopicPartition[];
  /** The generation in which it held them, -1 when it did not say. */
  readonly generationId: number;
  readonly rackId: string | null;
}

/** Who gets what, by member id. Every member has an entry. */
export type Assignments = Map<string, TopicPartition[]>;

/**
 * Shares partitions among the members of a classic group; runs in the group's leader. Name and
 * `userData` are part of the protocol between the members, whatever client they use. Follows
 * Kafka's `ConsumerPartitionAssignor`.
 */
export interface Assignor {
  readonly name: string;
  /**
   * Whether members may keep partitions during a rebalance (KIP-429). The group rebalances so
   * only when all assignors of a member can.
   */
  readonly cooperative: boolean;
  /** Bytes sent along when joining, for the leader's assignor. */
  userData?(owned: readonly TopicPartition[], generationId: number): Buffer | null;
  /**
   * @param members in no particular order
   * @param partitionCounts of every subscribed topic that exists
   * @param racks where the replicas of a partition lie; nowhere when nothing is known
   */
  assign(
    members: readonly AssignorMember[],
    partitionCounts: ReadonlyMap<string, number>,
    racks?: PartitionRacks,
  ): Assignments;
}

/** The racks in which a partition has a replica. */
export type PartitionRacks = (topic: string, partition: number) => ReadonlySet<string>;

/**
 * Static members first and by instance id, the others by member id: an order that outlives
 * restarts where it can (`MemberInfo.compareTo`).
 */
export function sortedMembers(members: readonly AssignorMember[]): AssignorMember[] {
  return [...members].sort((left, right) => {
    const a = left.groupInstanceId;
    const b = right.groupInstanceId;
    if (a !== null && b !== null) return compareText(a, b);
    if (a !== null) return -1;
    if (b !== null) return 1;
    return compareText(left.memberId, right.memberId);
  });
}

/** Every topic that someone subscribed to and that exists, sorted. */
export function subscribedTopics(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
): string[] {
  const topics = new Set<string>();
  for (const member of members) {
    for (const topic of member.topics) if (partitionCounts.has(topic)) topics.add(topic);
  }
  return [...topics].sort(compareText);
}

/** An empty share for everyone. */
export function emptyAssignments(members: readonly AssignorMember[]): Assignments {
  return new Map(members.map((member) => [member.memberId, []]));
}

/** Java's order of strings: by UTF-16 unit, not by locale. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
