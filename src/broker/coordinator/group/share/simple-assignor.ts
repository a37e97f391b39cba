import { ascending, type Assignment } from '../consumer/assignment.js';
import type { AssignorInput, AssignorMember } from '../consumer/assignor.js';

/** A partition, and who reads it. */
interface Shared {
  readonly topicId: string;
  readonly partition: number;
  readonly readers: Set<Reader>;
  /** Everybody who may read it. */
  readonly candidates: readonly Reader[];
}

interface Reader {
  readonly member: AssignorMember;
  readonly shares: Set<Shared>;
}

/**
 * The assignor of share groups (Kafka's `SimpleAssignor`): every partition is read by somebody,
 * everybody who can reads something, and what a member has it keeps where that allows. Members
 * outnumbering partitions share them, about as many at each.
 */
export function assignSimple(input: AssignorInput): ReadonlyMap<string, Assignment> {
  const readers: Reader[] = input.members.map((member) => ({ member, shares: new Set() }));
  const partitions = partitionsOf(readers, input);
  keepCurrent(readers, partitions);
  for (const shared of partitions) {
    if (shared.readers.size === 0) give(shared, leastBusy(shared.candidates));
  }
  for (const reader of readers) {
    if (reader.shares.size > 0) continue;
    give(leastShared(partitions, reader), reader);
  }
  return new Map(readers.map(({ member, shares }) => [member.memberId, assignmentOf(shares)]));
}

function partitionsOf(readers: readonly Reader[], input: AssignorInput): Shared[] {
  const topicIds = new Set(readers.flatMap(({ member }) => [...member.topicIds]));
  const partitions: Shared[] = [];
  for (const topicId of topicIds) {
    const candidates = readers.filter(({ member }) => member.topicIds.has(topicId));
    const count = input.partitionCountOf(topicId);
    for (let partition = 0; partition < count; partition++) {
      partitions.push({ topicId, partition, readers: new Set(), candidates });
    }
  }
  return partitions;
}

/**
 * What members have stays, but not more than an even part of it: who joins shall find partitions
 * nobody reads rather than share all of them.
 */
function keepCurrent(readers: readonly Reader[], partitions: readonly Shared[]): void {
  const byKey = new Map(partitions.map((shared) => [keyOf(shared), shared]));
  const perPartition = Math.max(1, Math.ceil(readers.length / Math.max(1, partitions.length)));
  for (const reader of readers) {
    const perReader = evenPart(reader, readers, partitions);
    for (const [topicId, current] of reader.member.current) {
      for (const partition of current) {
        const shared = byKey.get(keyOf({ topicId, partition }));
        if (shared === undefined || !reader.member.topicIds.has(topicId)) continue;
        if (shared.readers.size >= perPartition || reader.shares.size >= perReader) continue;
        give(shared, reader);
      }
    }
  }
}

/** How many partitions a member may keep: as many as there are for each of those who read them. */
function evenPart(
  reader: Reader,
  readers: readonly Reader[],
  partitions: readonly Shared[],
): number {
  const theirs = partitions.filter(({ topicId }) => reader.member.topicIds.has(topicId));
  const isUniform = theirs.every(({ candidates }) => candidates.length === readers.length);
  const rivals = isUniform ? readers.length : Math.min(...theirs.map((s) => s.candidates.length));
  return Math.max(1, Math.ceil(theirs.length / Math.max(1, rivals)));
}

function give(shared: Shared | undefined, reader: Reader | undefined): void {
  if (shared === undefined || reader === undefined) return;
  shared.readers.add(reader);
  reader.shares.add(shared);
}

function leastBusy(candidates: readonly Reader[]): Reader | undefined {
  let least: Reader | undefined;
  for (const one of candidates) {
    if (least === undefined || one.shares.size < least.shares.size) least = one;
  }
  return least;
}

function leastShared(partitions: readonly Shared[], reader: Reader): Shared | undefined {
  let least: Shared | undefined;
  for (const one of partitions) {
    if (!reader.member.topicIds.has(one.topicId)) continue;
    if (least === undefined || one.readers.size < least.readers.size) least = one;
  }
  return least;
}

function assignmentOf(shares: ReadonlySet<Shared>): Assignment {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of shares) {
    topics.set(topicId, [...(topics.get(topicId) ?? []), partition]);
  }
  return new Map(Array.from(topics, ([topicId, partitions]) => [topicId, ascending(partitions)]));
}

function keyOf({ topicId, partition }: Pick<Shared, 'topicId' | 'partition'>): string {
  return `${topicId} ${partition}`;
}
