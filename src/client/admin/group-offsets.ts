import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { byTopicName } from './by-topic.js';
import { askCoordinator, type CallOptions, outcomeOf, type PartitionOf } from './routing.js';
import { throwOn, throwWhenAny, valuesOf } from './routing.js';

export interface GroupOffset extends PartitionOf {
  /** The next record the group will read. */
  readonly offset: number;
  /** -1 where unknown. */
  readonly leaderEpoch: number;
  readonly metadata: string;
}

export interface NewGroupOffset extends PartitionOf {
  readonly offset: number;
  readonly leaderEpoch?: number | undefined;
  readonly metadata?: string | undefined;
}

export interface FetchOffsetsOptions extends CallOptions {
  /** Only these partitions; default all the group has committed. */
  readonly partitions?: readonly PartitionOf[] | undefined;
  /** Wait until open transactions have settled their offsets. Default false. */
  readonly requireStable?: boolean | undefined;
}

/** Topics by name: what says what it means without the ids of topics. */
const lastVersionWithNames = 9;

const wrongPlace = [
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'UNSTABLE_OFFSET_COMMIT',
] as const;

/** The committed offsets of a group; partitions without one are left out. */
export async function fetchOffsets(
  cluster: Cluster,
  group: string,
  options: FetchOffsetsOptions,
): Promise<GroupOffset[]> {
  const topics =
    options.partitions === undefined
      ? null
      : byTopicName(options.partitions).map(([name, list]) => ({
          name,
          partitionIndexes: list.map(({ partition }) => partition),
        }));
  const requireStable = options.requireStable ?? false;
  return await askCoordinator(cluster, group, options, async (broker) => {
    const answer = await cluster.send(
      'OffsetFetch',
      (version) => ({
        ...(version >= 8 ? { groups: [{ groupId: group, topics }] } : { groupId: group, topics }),
        ...(version >= 7 ? { requireStable } : {}),
      }),
      { broker },
      { signal: options.signal, versionMax: lastVersionWithNames, versionMin: 2 },
    );
    const whole = answer.groups[0] ?? answer;
    throwOn(whole.errorCode, undefined, { group });
    const offsets: GroupOffset[] = [];
    for (const { name: topic, partitions } of whole.topics) {
      throwWhenAny(partitions, wrongPlace);
      for (const one of partitions) {
        const { partitionIndex: partition, committedOffset: offset, metadata } = one;
        if (one.errorCode !== 0) {
          throw KafkaError.fromErrno(one.errorCode, undefined, { group, topic, partition });
        }
        if (offset < 0) continue;
        const leaderEpoch = one.committedLeaderEpoch;
        offsets.push({ topic, partition, offset, leaderEpoch, metadata: metadata ?? '' });
      }
    }
    return offsets;
  });
}

/**
 * Sets committed offsets of a group that has no members (UNKNOWN_MEMBER_ID otherwise); a group
 * that does not exist comes into being.
 */
export async function alterOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly NewGroupOffset[],
  options: CallOptions,
): Promise<void> {
  if (offsets.length === 0) return;
  const request = {
    groupId: group,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: byTopicName(offsets).map(([name, list]) => ({
      name,
      partitions: list.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
    })),
  };
  await askCoordinator(cluster, group, options, async (broker) => {
    const answer = await cluster.send(
      'OffsetCommit',
      request,
      { broker },
      { signal: options.signal, versionMax: lastVersionWithNames },
    );
    settle('alterOffsets', group, answer.topics);
  });
}

/** Forgets committed offsets; fails with GROUP_SUBSCRIBED_TO_TOPIC for topics a member reads. */
export async function deleteOffsets(
  cluster: Cluster,
  group: string,
  partitions: readonly PartitionOf[],
  options: CallOptions,
): Promise<void> {
  if (partitions.length === 0) return;
  const topics = byTopicName(partitions).map(([name, list]) => ({
    name,
    partitions: list.map(({ partition }) => ({ partitionIndex: partition })),
  }));
  await askCoordinator(cluster, group, options, async (broker) => {
    const answer = await cluster.send(
      'OffsetDelete',
      { groupId: group, topics },
      { broker },
      { signal: options.signal },
    );
    throwOn(answer.errorCode, undefined, { group });
    settle('deleteOffsets', group, answer.topics);
  });
}

function settle(
  what: string,
  group: string,
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
): void {
  const all = topics.flatMap(({ name, partitions }) =>
    partitions.map((one) => ({ topic: name, ...one })),
  );
  throwWhenAny(all, wrongPlace);
  valuesOf(
    what,
    all.map(({ topic, partitionIndex: partition, errorCode }) =>
      outcomeOf(errorCode, undefined, { group, topic, partition }, () => partition),
    ),
  );
}
