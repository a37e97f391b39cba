import type { AssignorMember, PartitionRacks } from './assignor.js';

/**
 * Whether racks can decide anything: some member has a rack in which there are replicas, and not
 * every partition has replicas in all of them (KIP-881).
 */
export function racksMatter(
  members: readonly AssignorMember[],
  partitions: readonly { readonly topic: string; readonly partition: number }[],
  racks: PartitionRacks,
): boolean {
  const all = new Set<string>();
  const each = partitions.map(({ topic, partition }) => racks(topic, partition));
  for (const found of each) for (const rack of found) all.add(rack);
  if (!members.some(({ rackId }) => rackId !== null && all.has(rackId))) return false;
  return each.some((found) => found.size < all.size);
}

/** Whether a replica of the partition lies in the member's rack. */
export function isNear(
  rackId: string | null,
  topic: string,
  partition: number,
  racks: PartitionRacks,
): boolean {
  return rackId !== null && racks(topic, partition).has(rackId);
}
