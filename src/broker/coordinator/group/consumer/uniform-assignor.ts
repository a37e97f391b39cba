import { ascending, type Assignment } from './assignment.js';
import type { AssignorInput, AssignorMember } from './assignor.js';

/** A partition to be given to somebody. */
type Free = readonly [topicId: string, partition: number];

/** A member while partitions are dealt out. */
class Share {
  readonly member: AssignorMember;
  readonly topics = new Map<string, Set<number>>();
  size = 0;

  constructor(member: AssignorMember) {
    this.member = member;
  }

  add(topicId: string, partition: number): void {
    const partitions = this.topics.get(topicId);
    if (partitions === undefined) this.topics.set(topicId, new Set([partition]));
    else partitions.add(partition);
    this.size += 1;
  }

  remove(topicId: string, partition: number): void {
    const partitions = this.topics.get(topicId);
    if (partitions?.delete(partition) !== true) return;
    if (partitions.size === 0) this.topics.delete(topicId);
    this.size -= 1;
  }

  get assignment(): Assignment {
    return new Map(
      Array.from(this.topics, ([topicId, partitions]) => [topicId, ascending(partitions)]),
    );
  }
}

/**
 * All partitions as evenly as can be, and as few of them moved as that allows (Kafka's
 * `UniformAssignor`). When all members read the same topics nobody has more than one partition
 * more than another; else no partition could go to a member that has two less.
 */
export function assignUniform(input: AssignorInput): ReadonlyMap<string, Assignment> {
  const [first] = input.members;
  if (first === undefined) return new Map();
  const isUniform = input.members.every(
    ({ topicIds }) =>
      topicIds.size === first.topicIds.size && [...topicIds].every((id) => first.topicIds.has(id)),
  );
  const shares = input.members.map((member) => new Share(member));
  if (isUniform) dealEvenly(shares, first.topicIds, input);
  else dealBySubscription(shares, input);
  return new Map(shares.map((share) => [share.member.memberId, share.assignment]));
}

function dealEvenly(
  shares: readonly Share[],
  topicIds: ReadonlySet<string>,
  input: AssignorInput,
): void {
  let total = 0;
  for (const topicId of topicIds) total += input.partitionCountOf(topicId);
  const quota = Math.floor(total / shares.length);
  let extras = total % shares.length;
  const kept = new Set<string>();
  const quotas = new Map<Share, number>();
  for (const share of shares) {
    const allowed = quota + (extras > 0 ? 1 : 0);
    if (extras > 0) extras -= 1;
    quotas.set(share, allowed);
    keepCurrent(share, input, kept, allowed);
  }
  const free = freePartitions(topicIds, input, kept).values();
  for (const share of shares) {
    while (share.size < (quotas.get(share) ?? 0)) {
      const next = free.next();
      if (next.done === true) return;
      share.add(...next.value);
    }
  }
}

/** What a member has and still reads stays with it, up to so many. */
function keepCurrent(
  share: Share,
  { partitionCountOf }: AssignorInput,
  kept: Set<string>,
  allowed: number,
): void {
  for (const [topicId, partitions] of share.member.current) {
    if (!share.member.topicIds.has(topicId)) continue;
    const count = partitionCountOf(topicId);
    for (const partition of partitions) {
      const key = keyOf(topicId, partition);
      if (share.size >= allowed || partition >= count || kept.has(key)) continue;
      kept.add(key);
      share.add(topicId, partition);
    }
  }
}

function freePartitions(
  topicIds: Iterable<string>,
  { partitionCountOf }: AssignorInput,
  kept: ReadonlySet<string>,
): Free[] {
  const free: Free[] = [];
  for (const topicId of topicIds) {
    const count = partitionCountOf(topicId);
    for (let partition = 0; partition < count; partition++) {
      if (!kept.has(keyOf(topicId, partition))) free.push([topicId, partition]);
    }
  }
  return free;
}

function dealBySubscription(shares: readonly Share[], input: AssignorInput): void {
  const readers = new Map<string, Share[]>();
  for (const share of shares) {
    for (const topicId of share.member.topicIds) {
      const others = readers.get(topicId);
      if (others === undefined) readers.set(topicId, [share]);
      else others.push(share);
    }
  }
  const kept = new Set<string>();
  for (const share of shares) keepCurrent(share, input, kept, Infinity);
  // Topics that few can read come first: there is little choice for them.
  const topicIds = [...readers.keys()].sort(
    (a, b) => (readers.get(a)?.length ?? 0) - (readers.get(b)?.length ?? 0),
  );
  for (const [topicId, partition] of freePartitions(topicIds, input, kept)) {
    leastOf(readers.get(topicId) ?? [])?.add(topicId, partition);
  }
  while (evenOut(shares, readers)) {
    // Each pass moves something to a member that has at least two less, so this comes to an end.
  }
}

/** Moves partitions to readers that have at least two less; false when there are none. */
function evenOut(shares: readonly Share[], readers: ReadonlyMap<string, Share[]>): boolean {
  let hasMoved = false;
  for (const share of shares) {
    for (const [topicId, partitions] of [...share.topics]) {
      for (const partition of [...partitions].sort((a, b) => b - a)) {
        const least = leastOf(readers.get(topicId) ?? []);
        if (least === undefined || least.size + 1 >= share.size) break;
        share.remove(topicId, partition);
        least.add(topicId, partition);
        hasMoved = true;
      }
    }
  }
  return hasMoved;
}

function leastOf(shares: readonly Share[]): Share | undefined {
  let least: Share | undefined;
  for (const share of shares) if (least === undefined || share.size < least.size) least = share;
  return least;
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId} ${partition}`;
}
