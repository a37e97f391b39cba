import type { TopicPartition } from '../consumer-options.js';
import { partitionKey, sortedPartitions } from '../topic-partitions.js';
import {
  type Assignments,
  type AssignorMember,
  type PartitionRacks,
  sortedMembers,
  subscribedTopics,
} from './assignor.js';
import { isNear, racksMatter } from './racks.js';

/** What a member says it held, and in which generation. */
export interface Claim {
  readonly owned: readonly TopicPartition[];
  readonly generation: number;
}

/** A member while the shares are worked out. */
interface Share {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  readonly rackId: string | null;
  load: number;
}

/** Whether a replica of the partition is in the member's rack; nobody is near where none matter. */
type Near = (share: Share, of: TopicPartition) => boolean;

/**
 * Keeps valid claims, hands out the rest to those who have least, then evens out: when it ends,
 * no partition could move to a subscribed member that has two or more fewer than its holder.
 *
 * Every move lowers the sum of the squared loads, so it ends; it costs about
 * partitions × members for each pass, and seldom more than three passes.
 *
 * What is handed out or has to move goes to a member in the rack of a replica where one of those
 * with the least has it (KIP-881); for that alone nothing moves.
 */
export function balance(
  members: readonly AssignorMember[],
  partitionCounts: ReadonlyMap<string, number>,
  claimOf: (member: AssignorMember) => Claim,
  racks?: PartitionRacks,
): Assignments {
  const shares: Share[] = sortedMembers(members).map((member) => ({
    memberId: member.memberId,
    topics: new Set(member.topics),
    rackId: member.rackId,
    load: 0,
  }));
  const partitions: TopicPartition[] = [];
  const eligible = new Map<string, Share[]>();
  for (const topic of subscribedTopics(members, partitionCounts)) {
    eligible.set(
      topic,
      shares.filter((share) => share.topics.has(topic)),
    );
    const count = partitionCounts.get(topic) ?? 0;
    for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition });
  }
  const holders = claimedHolders(rightfulClaims(members, claimOf), shares, partitions);
  const near: Near =
    racks !== undefined && racksMatter(members, partitions, racks)
      ? ({ rackId }, { topic, partition }) => isNear(rackId, topic, partition, racks)
      : nobody;
  handOut(partitions, eligible, holders, near);
  evenOut(partitions, eligible, holders, near);
  return collect(shares, holders, partitions);
}

type Holders = Map<string, Share>;

/**
 * Who rightly claims each partition, by `partitionKey`: the claim of the highest generation counts,
 * and two of the same generation cancel each other (KIP-341, KIP-792).
 */
export function rightfulClaims(
  members: readonly AssignorMember[],
  claimOf: (member: AssignorMember) => Claim,
): Map<string, string> {
  const best = new Map<string, { generation: number; memberId: string | undefined }>();
  for (const member of members) {
    const { owned, generation } = claimOf(member);
    for (const held of owned) {
      if (!member.topics.includes(held.topic)) continue;
      const key = partitionKey(held);
      const other = best.get(key);
      if (other === undefined || generation > other.generation) {
        best.set(key, { generation, memberId: member.memberId });
      } else if (generation === other.generation) {
        best.set(key, { generation, memberId: undefined });
      }
    }
  }
  const claims = new Map<string, string>();
  for (const [key, { memberId }] of best) if (memberId !== undefined) claims.set(key, memberId);
  return claims;
}

function claimedHolders(
  claims: ReadonlyMap<string, string>,
  shares: readonly Share[],
  partitions: readonly TopicPartition[],
): Holders {
  const byId = new Map(shares.map((share) => [share.memberId, share]));
  const holders: Holders = new Map();
  for (const each of partitions) {
    const key = partitionKey(each);
    const share = byId.get(claims.get(key) ?? '');
    if (share === undefined) continue;
    holders.set(key, share);
    share.load++;
  }
  return holders;
}

function handOut(
  partitions: readonly TopicPartition[],
  eligible: ReadonlyMap<string, readonly Share[]>,
  holders: Holders,
  near: Near,
): void {
  const open = partitions.filter((each) => !holders.has(partitionKey(each)));
  // Topics that few subscribe to leave the least choice, so they come first.
  const choices = (topic: string): number => eligible.get(topic)?.length ?? 0;
  open.sort((left, right) => choices(left.topic) - choices(right.topic));
  const hand = (each: TopicPartition, share: Share | undefined): void => {
    if (share === undefined) return;
    holders.set(partitionKey(each), share);
    share.load++;
  };
  // First to members nearby, as long as none gets more than everybody does.
  const members = new Set([...eligible.values()].flat());
  const least = Math.floor(partitions.length / Math.max(1, members.size));
  for (const each of open) {
    const nearby = (eligible.get(each.topic) ?? []).filter(
      (share) => share.load < least && near(share, each),
    );
    hand(each, leastLoaded(nearby, nobody));
  }
  for (const each of open) {
    if (holders.has(partitionKey(each))) continue;
    hand(
      each,
      leastLoaded(eligible.get(each.topic) ?? [], (one) => near(one, each)),
    );
  }
}

const nobody = (): boolean => false;

function evenOut(
  partitions: readonly TopicPartition[],
  eligible: ReadonlyMap<string, readonly Share[]>,
  holders: Holders,
  near: Near,
): void {
  // From the back: a member that must give something up keeps its first partitions.
  const order = [...partitions].reverse();
  for (let moved = true; moved; ) {
    moved = false;
    for (const each of order) {
      const key = partitionKey(each);
      const holder = holders.get(key);
      const least = leastLoaded(eligible.get(each.topic) ?? [], (one) => near(one, each));
      if (holder === undefined || least === undefined || holder.load - least.load < 2) continue;
      holders.set(key, least);
      holder.load--;
      least.load++;
      moved = true;
    }
  }
}

/** The first of those with the least, or of those among them that are near. */
function leastLoaded(
  shares: readonly Share[],
  isNearby: (share: Share) => boolean,
): Share | undefined {
  let least: Share | undefined;
  let leastIsNear = false;
  for (const share of shares) {
    if (least !== undefined && share.load > least.load) continue;
    const isTied = least !== undefined && share.load === least.load;
    if (isTied && (leastIsNear || !isNearby(share))) continue;
    least = share;
    leastIsNear = isNearby(share);
  }
  return least;
}

function collect(
  shares: readonly Share[],
  holders: Holders,
  partitions: readonly TopicPartition[],
): Assignments {
  const assignments: Assignments = new Map(shares.map((share) => [share.memberId, []]));
  for (const each of sortedPartitions(partitions)) {
    const holder = holders.get(partitionKey(each));
    if (holder !== undefined) assignments.get(holder.memberId)?.push(each);
  }
  return assignments;
}
