import { zeroUuid } from '../../bytes/index.js';
import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { ResponseInput } from '../../protocol/index.js';
import type { BrokerInternals } from '../broker-internals.js';
import { isRefusal } from '../coordinator/index.js';
import type { Topic } from '../metadata/topic.js';
import type { Handler } from './handler.js';

type DescribedTopic =
  ResponseInput<'DescribeShareGroupOffsets'>['groups'][number]['topics'][number];
type DescribedPartition = DescribedTopic['partitions'][number];

/** What Kafka says where it does not know a topic. */
const unhosted = 'This server does not host this topic-partition.';
const undecided = -1;

/** DescribeShareGroupOffsets v0–1 (KIP-932, KIP-1226): how far groups are, and what is left. */
export const describeShareGroupOffsets: Handler<'DescribeShareGroupOffsets'> = async (
  request,
  { broker },
) => {
  const groups = await Promise.all(
    request.groups.map(async ({ groupId, topics }) => {
      if (topics !== null) {
        const described = topics.map(({ topicName, partitions }) =>
          describeTopic(groupId, topicName, partitions, broker),
        );
        return { groupId, topics: await Promise.all(described), errorCode: 0, errorMessage: null };
      }
      const states = await broker.shareGroups.states(groupId);
      if (isRefusal(states)) return { groupId, topics: [], ...states };
      const described = states.flatMap(({ topicId, partitions }) => {
        const name = broker.topics.byId(topicId)?.name;
        return name === undefined ? [] : [describeTopic(groupId, name, partitions, broker)];
      });
      return { groupId, topics: await Promise.all(described), errorCode: 0, errorMessage: null };
    }),
  );
  return { groups };
};

async function describeTopic(
  groupId: string,
  topicName: string,
  indexes: readonly number[],
  broker: BrokerInternals,
): Promise<DescribedTopic> {
  const topic = broker.topics.byName(topicName);
  const partitions = await Promise.all(
    indexes.map((index) => describePartition(groupId, topic, index, broker)),
  );
  return { topicName, topicId: topic?.id ?? zeroUuid, partitions };
}

async function describePartition(
  groupId: string,
  topic: Topic | undefined,
  partitionIndex: number,
  broker: BrokerInternals,
): Promise<DescribedPartition> {
  const unknown = {
    partitionIndex,
    startOffset: undecided,
    leaderEpoch: 0,
    lag: undecided,
    errorCode: 0,
    errorMessage: null,
  };
  if (topic === undefined) return unknown;
  const summary = await broker.shareGroups.summary(groupId, topic.id, partitionIndex);
  if (summary === undefined) return unknown;
  if ('error' in summary) {
    return { ...unknown, errorCode: errnoOf(summary.error), errorMessage: summary.message };
  }
  const { startOffset, leaderEpoch, deliveryCompleteCount } = summary;
  const end = topic.partitions[partitionIndex]?.highWatermark;
  const isKnown = startOffset !== undecided && deliveryCompleteCount >= 0 && end !== undefined;
  // What is done behind the start does not lag.
  const lag = isKnown ? end - startOffset - deliveryCompleteCount : undecided;
  return { ...unknown, startOffset, leaderEpoch, lag };
}

/** AlterShareGroupOffsets v0 (KIP-932): where a group goes on that has no members. */
export const alterShareGroupOffsets: Handler<'AlterShareGroupOffsets'> = async (
  { groupId, topics },
  { broker },
) => {
  const offsets = topics.flatMap(({ topicName, partitions }) => {
    const topic = broker.topics.byName(topicName);
    return partitions.flatMap(({ partitionIndex: partition, startOffset }) =>
      topic?.partitions[partition] === undefined
        ? []
        : [{ topicId: topic.id, partition, startOffset }],
    );
  });
  const refusal = await broker.shareGroups.alterOffsets(groupId, offsets);
  if (refusal !== undefined) return { ...refusal, responses: [] };
  const responses = topics.map(({ topicName, partitions }) => {
    const topic = broker.topics.byName(topicName);
    return {
      topicName,
      topicId: topic?.id ?? zeroUuid,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        ...outcomeOf(topic?.partitions[partitionIndex] !== undefined),
      })),
    };
  });
  return { errorCode: 0, errorMessage: null, responses };
};

/** DeleteShareGroupOffsets v0 (KIP-932): a group without members forgets topics. */
export const deleteShareGroupOffsets: Handler<'DeleteShareGroupOffsets'> = async (
  { groupId, topics },
  { broker },
) => {
  const ids = topics.flatMap(({ topicName }) => broker.topics.byName(topicName)?.id ?? []);
  const known = await broker.shareGroups.deleteOffsets(groupId, ids);
  if (isRefusal(known)) return { ...known, responses: [] };
  const responses = topics.map(({ topicName }) => {
    const topic = broker.topics.byName(topicName);
    if (topic === undefined) return { topicName, topicId: zeroUuid, ...outcomeOf(false) };
    if (known.has(topic.id)) return { topicName, topicId: topic.id, ...outcomeOf(true) };
    const nothing = 'There is no offset information to delete.';
    return { topicName, topicId: zeroUuid, ...outcomeOf(false, nothing) };
  });
  return { errorCode: 0, errorMessage: null, responses };
};

function outcomeOf(
  isFine: boolean,
  message = unhosted,
): { readonly errorCode: number; readonly errorMessage: string | null } {
  const code: ErrorCode = isFine ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION';
  return { errorCode: errnoOf(code), errorMessage: isFine ? null : message };
}
