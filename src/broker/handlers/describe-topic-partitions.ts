import { zeroUuid } from '../../bytes/index.js';
import { errnoOf } from '../../errors/index.js';
import type { ResponseInput } from '../../protocol/index.js';
import type { Topic } from '../metadata/topic.js';
import { topicNameFault } from '../metadata/topic-name.js';
import { topicOperations } from './authorized-operations.js';
import type { Handler, RequestContext } from './handler.js';

type Response = ResponseInput<'DescribeTopicPartitions'>;
type TopicAnswer = NonNullable<Response['topics']>[number];

/**
 * DescribeTopicPartitions v0 (KIP-966): topics sorted by name, page by page. The cursor of an
 * answer is the next partition that is to be told.
 */
export const describeTopicPartitions: Handler<'DescribeTopicPartitions'> = (request, context) => {
  const { topics, config } = context.broker;
  const { cursor } = request;
  const asked = new Set(request.topics.map((topic) => topic.name));
  const names = asked.size > 0 ? [...asked] : topics.all().map((topic) => topic.name);
  const from = cursor?.topicName ?? '';
  const sorted = names.filter((name) => name >= from).sort();
  const limit = Math.min(
    config.number('max.request.partition.size.limit'),
    request.responsePartitionLimit,
  );
  const answers: TopicAnswer[] = [];
  let left = limit;
  for (const name of sorted) {
    const first = cursor !== null && name === cursor.topicName ? cursor.partitionIndex : 0;
    const topic = topics.byName(name);
    if (topic === undefined || first < 0) {
      answers.push(failed(name, topic !== undefined));
      continue;
    }
    if (left <= 0) return page(answers, name, first);
    const end = Math.min(topic.partitionCount, first + left);
    answers.push(told(topic, first, end, context));
    left -= Math.max(0, end - first);
    if (end < topic.partitionCount) return page(answers, name, end);
  }
  return { topics: answers };
};

function page(topics: TopicAnswer[], topicName: string, partitionIndex: number): Response {
  return { topics, nextCursor: { topicName, partitionIndex } };
}

function failed(name: string, badCursor: boolean): TopicAnswer {
  const unknown =
    topicNameFault(name) === undefined ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION';
  return {
    errorCode: errnoOf(badCursor ? 'INVALID_REQUEST' : unknown),
    name,
    topicId: zeroUuid,
    partitions: [],
    topicAuthorizedOperations: topicOperations,
  };
}

function told(topic: Topic, from: number, to: number, context: RequestContext): TopicAnswer {
  const { nodes } = context.broker;
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: topic.partitions.slice(from, to).map((partition) => ({
      errorCode: partition.leader < 0 ? errnoOf('LEADER_NOT_AVAILABLE') : 0,
      partitionIndex: partition.index,
      leaderId: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicas],
      isrNodes: [...nodes.inSync(partition.replicas)],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
      offlineReplicas: nodes.offline(partition.replicas),
    })),
    topicAuthorizedOperations: topicOperations,
  };
}
