import { errnoOf } from '../../errors/index.js';
import type { RequestDecoded } from '../../protocol/index.js';
import type { FetchedOffset } from '../coordinator/index.js';
import type { Handler, RequestContext } from './handler.js';

/** From this version on an error that concerns the group stands beside the topics. */
const groupErrorSince = 2;
/** From this version on several groups may be asked for at once (KIP-709). */
const manyGroupsSince = 8;
/** From this version on topics are named by their ids. */
const topicIdsSince = 10;

type RequestedGroup = RequestDecoded<'OffsetFetch'>['groups'][number];

/** OffsetFetch v1–10, and v0 of old clients. */
export const offsetFetch: Handler<'OffsetFetch'> = async (request, context) => {
  if (context.version < manyGroupsSince) return fetchOne(request, context);
  const groups = await Promise.all(
    request.groups.map((group) =>
      context.version >= topicIdsSince
        ? fetchById(group, request.requireStable, context)
        : fetchByName(group, request.requireStable, context),
    ),
  );
  return { groups };
};

async function fetchOne(
  { groupId, topics, requireStable }: RequestDecoded<'OffsetFetch'>,
  { broker, version }: RequestContext,
) {
  const nobody = { memberId: null, memberEpoch: -1 };
  const answer = await broker.groups.fetchOffsets({ groupId, ...nobody, topics, requireStable });
  if (answer.errorCode !== 0 && version < groupErrorSince) {
    const { errorCode } = answer;
    return {
      topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((index) => noOffset(index, errorCode)),
      })),
    };
  }
  return {
    errorCode: answer.errorCode,
    topics: answer.topics.map(({ name, partitions }) => ({
      name,
      // Version 0 read ZooKeeper, where no offset was an error.
      partitions: version > 0 ? [...partitions] : partitions.map(asFromZooKeeper),
    })),
  };
}

async function fetchByName(
  { groupId, memberId, memberEpoch, topics }: RequestedGroup,
  requireStable: boolean,
  { broker }: RequestContext,
) {
  const answer = await broker.groups.fetchOffsets({
    groupId,
    memberId,
    memberEpoch,
    topics: topics?.map(({ name, partitionIndexes }) => ({ name, partitionIndexes })) ?? null,
    requireStable,
  });
  return {
    groupId,
    errorCode: answer.errorCode,
    topics: answer.topics.map(({ name, partitions }) => ({ name, partitions: [...partitions] })),
  };
}

async function fetchById(
  { groupId, memberId, memberEpoch, topics }: RequestedGroup,
  requireStable: boolean,
  { broker }: RequestContext,
) {
  const lookup = broker.topics;
  const known = topics?.flatMap(({ topicId, partitionIndexes }) => {
    const name = lookup.byId(topicId)?.name;
    return name === undefined ? [] : [{ name, topicId, partitionIndexes }];
  });
  const answer = await broker.groups.fetchOffsets({
    groupId,
    memberId,
    memberEpoch,
    topics: known ?? null,
    requireStable,
  });
  // Topics that are gone have no id to be named by.
  const found = answer.topics.flatMap(({ name, partitions }, at) => {
    const topicId = known?.[at]?.topicId ?? lookup.byName(name)?.id;
    return topicId === undefined ? [] : [{ topicId, partitions: [...partitions] }];
  });
  const errorCode = errnoOf('UNKNOWN_TOPIC_ID');
  const unknown = (topics ?? [])
    .filter(({ topicId }) => !known?.some((one) => one.topicId === topicId))
    .map(({ topicId, partitionIndexes }) => ({
      topicId,
      partitions: partitionIndexes.map((index) => noOffset(index, errorCode)),
    }));
  return {
    groupId,
    errorCode: answer.errorCode,
    topics: answer.errorCode === 0 ? [...found, ...unknown] : [],
  };
}

function noOffset(partitionIndex: number, errorCode: number): FetchedOffset {
  const none = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };
  return { partitionIndex, ...none, errorCode };
}

function asFromZooKeeper(offset: FetchedOffset): FetchedOffset {
  const isNone = offset.errorCode === 0 && offset.committedOffset === -1;
  return isNone ? { ...offset, errorCode: errnoOf('UNKNOWN_TOPIC_OR_PARTITION') } : offset;
}
