/** Partitions by topic id: ascending, and no topic without any. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

export const noPartitions: Assignment = new Map();

/** Owned partitions by topic id; each with the member epoch at which it was assigned. */
export type OwnedPartitions = ReadonlyMap<string, ReadonlyMap<number, number>>;

export const ownsNothing: OwnedPartitions = new Map();

export function isSameAssignment(one: Assignment, other: Assignment): boolean {
  if (one.size !== other.size) return false;
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId);
    if (others?.length !== partitions.length) return false;
    if (!partitions.every((partition, at) => others[at] === partition)) return false;
  }
  return true;
}

export function isSameOwned(one: OwnedPartitions, other: OwnedPartitions): boolean {
  if (one.size !== other.size) return false;
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId);
    if (others?.size !== partitions.size) return false;
    for (const [partition, epoch] of partitions) {
      if (others.get(partition) !== epoch) return false;
    }
  }
  return true;
}

/** The partitions alone. */
export function partitionsOf(owned: OwnedPartitions): Assignment {
  return new Map(
    Array.from(owned, ([topicId, partitions]) => [topicId, ascending(partitions.keys())]),
  );
}

export function ascending(partitions: Iterable<number>): number[] {
  return [...partitions].sort((a, b) => a - b);
}
