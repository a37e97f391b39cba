import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import { zeroUuid } from '../../bytes/index.js';
import { errnoOf } from '../../errors/index.js';
import type { Topic } from '../metadata/topic.js';
import { clusterMetadataTopic, topicNameFault } from '../metadata/topic-name.js';
import { clusterOperations, operationsNotAsked, topicOperations } from './authorized-operations.js';
import type { Handler, RequestContext } from './handler.js';

type TopicAnswer = NonNullable<ResponseInput<'Metadata'>['topics']>[number];
type Asked = NonNullable<RequestDecoded<'Metadata'>['topics']>[number];

/**
 * Clients that send no more than this version expect LEADER_NOT_AVAILABLE while a topic is being
 * created, which brokers answered in their time; PyKafka takes anything else for a failure.
 */
const waitsForLeaderUpTo = 5;

/**
 * Metadata v0–13. Asking for an unknown topic creates it (before v4 always, from v4 on when the
 * request allows it); the answer is still UNKNOWN_TOPIC_OR_PARTITION, as Kafka's is, and clients
 * ask again.
 */
export const metadata: Handler<'Metadata'> = (request, context) => {
  const { broker, version } = context;
  const { nodes } = broker;
  const wantsOperations = request.includeTopicAuthorizedOperations;
  return {
    brokers: nodes.running.map((nodeId) => ({
      nodeId,
      ...broker.addressOf(nodeId, context.connection),
    })),
    clusterId: broker.clusterId,
    controllerId: nodes.controllerId,
    topics: topicAnswers(request, context, wantsOperations ? topicOperations : operationsNotAsked),
    ...(version >= 8 && version <= 10 && request.includeClusterAuthorizedOperations
      ? { clusterAuthorizedOperations: clusterOperations }
      : {}),
  };
};

function topicAnswers(
  request: RequestDecoded<'Metadata'>,
  context: RequestContext,
  operations: number,
): TopicAnswer[] {
  const { topics } = context.broker;
  const asked = request.topics;
  if (asked === null || (context.version === 0 && asked.length === 0)) {
    return topics.all().map((topic) => known(topic, context, operations));
  }
  const mayCreate =
    (context.version < 4 || request.allowAutoTopicCreation) &&
    context.broker.config.boolean('auto.create.topics.enable');
  const answers = new Map<string, TopicAnswer>();
  for (const one of asked) {
    const key = one.topicId === zeroUuid ? `name ${one.name}` : `id ${one.topicId}`;
    if (answers.has(key)) continue;
    answers.set(key, topicAnswer(one, context, operations, mayCreate));
  }
  return [...answers.values()];
}

function topicAnswer(
  asked: Asked,
  context: RequestContext,
  operations: number,
  mayCreate: boolean,
): TopicAnswer {
  const { topics } = context.broker;
  if (asked.topicId !== zeroUuid) {
    if (context.version < 12) return failed('INVALID_REQUEST', '', asked.topicId);
    const topic = topics.byId(asked.topicId);
    if (topic !== undefined) return known(topic, context, operations);
    return failed('UNKNOWN_TOPIC_ID', null, asked.topicId);
  }
  const { name } = asked;
  if (name === null) return failed('INVALID_REQUEST', context.version >= 12 ? null : '');
  const topic = topics.byName(name);
  if (topic !== undefined) return known(topic, context, operations);
  if (topicNameFault(name) !== undefined) return failed('INVALID_TOPIC_EXCEPTION', name);
  if (!mayCreate || name === clusterMetadataTopic || !topics.createInBackground(name)) {
    return failed('UNKNOWN_TOPIC_OR_PARTITION', name);
  }
  const oldClient = context.version <= waitsForLeaderUpTo;
  return failed(oldClient ? 'LEADER_NOT_AVAILABLE' : 'UNKNOWN_TOPIC_OR_PARTITION', name);
}

function known(topic: Topic, context: RequestContext, operations: number): TopicAnswer {
  const { nodes } = context.broker;
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.internal,
    partitions: topic.partitions.map((partition) => ({
      errorCode: partition.leader < 0 ? errnoOf('LEADER_NOT_AVAILABLE') : 0,
      partitionIndex: partition.index,
      leaderId: partition.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: [...partition.replicas],
      isrNodes: [...nodes.inSync(partition.replicas)],
      offlineReplicas: nodes.offline(partition.replicas),
    })),
    topicAuthorizedOperations: operations,
  };
}

function failed(
  code:
    | 'INVALID_REQUEST'
    | 'LEADER_NOT_AVAILABLE'
    | 'INVALID_TOPIC_EXCEPTION'
    | 'UNKNOWN_TOPIC_ID'
    | 'UNKNOWN_TOPIC_OR_PARTITION',
  name: string | null,
  topicId: string = zeroUuid,
): TopicAnswer {
  return { errorCode: errnoOf(code), name, topicId, isInternal: false, partitions: [] };
}
