import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { alterOffsets, fetchOffsets, type GroupOffset } from './group-offsets.js';
import { type ListedOffset, listOffsets, type OffsetPlace } from './offsets.js';
import type { CallOptions, PartitionOf } from './routing.js';
import { describeTopics } from './topic-descriptions.js';

/** Where the offsets of a group shall go. */
export type OffsetResetTarget =
  | 'earliest'
  | 'latest'
  /** Where the group is, brought inside what the partition still holds. */
  | 'current'
  | { readonly offset: number }
  /** The first record as new as this, in ms since 1970; the end where none is. */
  | { readonly timestamp: number }
  /** The first record of the last so many ms. */
  | { readonly durationMs: number }
  /** So many records on, or back where negative. */
  | { readonly shiftBy: number };

export interface ResetOffsetsOptions extends CallOptions {
  readonly to: OffsetResetTarget;
  /** Topics with all their partitions. Without topics and partitions: where the group has been. */
  readonly topics?: readonly string[] | undefined;
  readonly partitions?: readonly PartitionOf[] | undefined;
  /** Only plan, change nothing. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** One step of the plan. */
export interface PlannedGroupOffset extends PartitionOf {
  /** Where the group is; null where it has not been. */
  readonly current: number | null;
  readonly offset: number;
  /** -1 where unknown. */
  readonly leaderEpoch: number;
  /** What was asked for, where the partition does not reach that far; else null. */
  readonly wanted: number | null;
}

/**
 * Plans where the offsets of a group go, and moves them there unless `dryRun`. Fails with
 * UNKNOWN_MEMBER_ID while the group has members, with INVALID_ARGUMENT where there is nothing to
 * move or nowhere to shift from.
 */
export async function resetOffsets(
  cluster: Cluster,
  group: string,
  options: ResetOffsetsOptions,
): Promise<PlannedGroupOffset[]> {
  const { signal, timeoutMs } = options;
  const call = { signal, timeoutMs };
  const committed = await fetchOffsets(cluster, group, call);
  const partitions = await partitionsOf(cluster, committed, options);
  if (partitions.length === 0) {
    const text = `The group ${group} has no offsets; name topics or partitions.`;
    throw new KafkaError('INVALID_ARGUMENT', text, { group });
  }
  const plan = await planFor(cluster, group, partitions, committed, options);
  if (options.dryRun !== true) await alterOffsets(cluster, group, plan, call);
  return plan;
}

async function partitionsOf(
  cluster: Cluster,
  committed: readonly GroupOffset[],
  options: ResetOffsetsOptions,
): Promise<PartitionOf[]> {
  const { topics, partitions, signal, timeoutMs } = options;
  if (topics === undefined && partitions === undefined) return [...committed];
  const described = await describeTopics(cluster, topics ?? [], { signal, timeoutMs });
  const all = described.flatMap(({ name: topic, partitions: list }) =>
    list.map(({ partition }) => ({ topic, partition })),
  );
  const unique = new Map<string, PartitionOf>();
  for (const { topic, partition } of [...all, ...(partitions ?? [])]) {
    unique.set(`${topic}/${partition}`, { topic, partition });
  }
  return [...unique.values()];
}

async function planFor(
  cluster: Cluster,
  group: string,
  partitions: readonly PartitionOf[],
  committed: readonly GroupOffset[],
  { to, signal, timeoutMs }: ResetOffsetsOptions,
): Promise<PlannedGroupOffset[]> {
  const at = async (place: OffsetPlace): Promise<ListedOffset[]> => {
    const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at: place }));
    return await listOffsets(cluster, queries, { signal, timeoutMs });
  };
  const timestamp = timestampOf(to, cluster.system.clock.now());
  const [starts, ends, times] = await Promise.all([
    at('earliest'),
    at('latest'),
    timestamp === undefined ? [] : at({ timestamp }),
  ]);
  return partitions.map(({ topic, partition }, index) => {
    const [start, end, time] = [starts[index], ends[index], times[index]];
    const here = committed.find((one) => one.topic === topic && one.partition === partition);
    const place = { group, topic, partition, start, end, time, here };
    const { offset: wanted, leaderEpoch } = wantedOf(to, place);
    const offset = Math.min(Math.max(wanted, start?.offset ?? 0), end?.offset ?? 0);
    return {
      topic,
      partition,
      current: here?.offset ?? null,
      offset,
      leaderEpoch: offset === wanted ? leaderEpoch : -1,
      wanted: offset === wanted ? null : wanted,
    };
  });
}

function timestampOf(to: OffsetResetTarget, now: number): number | undefined {
  if (typeof to === 'string') return undefined;
  if ('timestamp' in to) return to.timestamp;
  return 'durationMs' in to ? Math.max(0, now - to.durationMs) : undefined;
}

interface PlaceToPlan extends PartitionOf {
  readonly group: string;
  readonly start: ListedOffset | undefined;
  readonly end: ListedOffset | undefined;
  readonly time: ListedOffset | undefined;
  readonly here: GroupOffset | undefined;
}

interface Wanted {
  readonly offset: number;
  readonly leaderEpoch: number;
}

function wantedOf(to: OffsetResetTarget, place: PlaceToPlan): Wanted {
  const end = place.end ?? { offset: 0, leaderEpoch: -1 };
  if (to === 'earliest') return place.start ?? end;
  if (to === 'latest') return end;
  if (to === 'current') return place.here ?? end;
  if ('offset' in to) return { offset: to.offset, leaderEpoch: -1 };
  if ('shiftBy' in to) {
    const { group, topic, partition, here } = place;
    if (here !== undefined) return { offset: here.offset + to.shiftBy, leaderEpoch: -1 };
    const text = `The group ${group} has no offset there: nothing to shift.`;
    throw new KafkaError('INVALID_ARGUMENT', text, { group, topic, partition });
  }
  return place.time === undefined || place.time.offset < 0 ? end : place.time;
}
