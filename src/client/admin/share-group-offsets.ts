import type { Cluster } from '../cluster/index.js';
import { answersFor, byTopicName } from './by-topic.js';
import { askCoordinator, type CallOptions, outcomeOf, type PartitionOf } from './routing.js';
import { throwOn, throwWhenAny, valuesOf } from './routing.js';

/** Where a share group stands in a partition (KIP-932). */
export interface ShareGroupOffset extends PartitionOf {
  /** The first record in flight or still to come: all before it are done with. */
  readonly startOffset: number;
  /** -1 where unknown. */
  readonly leaderEpoch: number;
  /** Records not yet done with (KIP-1226); null where the broker does not say. */
  readonly lag: number | null;
}

export interface NewShareGroupOffset extends PartitionOf {
  readonly startOffset: number;
}

export interface DescribeShareGroupOffsetsOptions extends CallOptions {
  /** Only these partitions; default all that the group has a start in. */
  readonly partitions?: readonly PartitionOf[] | undefined;
}

const wrongPlace = [
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
] as const;

/** Partitions without a start are left out; a group that is not there has none. */
export async function describeShareGroupOffsets(
  cluster: Cluster,
  group: string,
  options: DescribeShareGroupOffsetsOptions,
): Promise<ShareGroupOffset[]> {
  const topics =
    options.partitions === undefined
      ? null
      : byTopicName(options.partitions).map(([topicName, list]) => ({
          topicName,
          partitions: list.map(({ partition }) => partition),
        }));
  const request = { groups: [{ groupId: group, topics }] };
  return await askCoordinator(cluster, group, options, async (broker) => {
    const { signal } = options;
    const answer = await cluster.send('DescribeShareGroupOffsets', request, { broker }, { signal });
    const whole = answer.groups[0];
    throwOn(whole?.errorCode ?? -1, whole?.errorMessage, { group });
    const partitions = (whole?.topics ?? []).flatMap(({ topicName: topic, partitions: list }) =>
      list.map((one) => ({ topic, partition: one.partitionIndex, ...one })),
    );
    throwWhenAny(partitions, wrongPlace);
    const outcomes = partitions.map((one) => {
      const { topic, partition, startOffset, leaderEpoch, lag } = one;
      const key = { group, topic, partition };
      return outcomeOf(one.errorCode, one.errorMessage, key, () => ({
        topic,
        partition,
        startOffset,
        leaderEpoch,
        lag: lag < 0 ? null : lag,
      }));
    });
    const found = valuesOf('describeShareGroupOffsets', outcomes);
    return found.filter(({ startOffset }) => startOffset >= 0);
  });
}

/** Sets where a share group without members starts; NON_EMPTY_GROUP while it has any. */
export async function alterShareGroupOffsets(
  cluster: Cluster,
  group: string,
  offsets: readonly NewShareGroupOffset[],
  options: CallOptions,
): Promise<void> {
  if (offsets.length === 0) return;
  const request = {
    groupId: group,
    topics: byTopicName(offsets).map(([topicName, list]) => ({
      topicName,
      partitions: list.map(({ partition, startOffset }) => ({
        partitionIndex: partition,
        startOffset,
      })),
    })),
  };
  await askCoordinator(cluster, group, options, async (broker) => {
    const { signal } = options;
    const answer = await cluster.send('AlterShareGroupOffsets', request, { broker }, { signal });
    throwOn(answer.errorCode, answer.errorMessage, { group });
    const topics = answer.responses.map(({ topicName: name, partitions }) => ({
      name,
      partitions,
    }));
    throwWhenAny(
      topics.flatMap(({ partitions }) => partitions),
      wrongPlace,
    );
    const outcomes = answersFor(offsets, topics, ({ topic, partition }, one) => {
      const key = { group, topic, partition };
      return outcomeOf(one?.errorCode ?? -1, one?.errorMessage, key, () => undefined);
    });
    valuesOf('alterShareGroupOffsets', outcomes);
  });
}

/** Forgets where a share group without members stands in topics. */
export async function deleteShareGroupOffsets(
  cluster: Cluster,
  group: string,
  topics: readonly string[],
  options: CallOptions,
): Promise<void> {
  if (topics.length === 0) return;
  const request = { groupId: group, topics: topics.map((topicName) => ({ topicName })) };
  await askCoordinator(cluster, group, options, async (broker) => {
    const { signal } = options;
    const answer = await cluster.send('DeleteShareGroupOffsets', request, { broker }, { signal });
    throwOn(answer.errorCode, answer.errorMessage, { group });
    throwWhenAny(answer.responses, wrongPlace);
    const outcomes = answer.responses.map(({ topicName: topic, errorCode, errorMessage }) =>
      outcomeOf(errorCode, errorMessage, { group, topic }, () => undefined),
    );
    valuesOf('deleteShareGroupOffsets', outcomes);
  });
}
