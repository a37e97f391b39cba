import { zeroUuid } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import type { Nodes } from '../cluster/nodes.js';
import { checkTopicConfigs, effectiveConfigs } from '../config/topic-config.js';
import { clusterMetadataTopic } from '../metadata/topic-name.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Asked = RequestDecoded<'CreateTopics'>['topics'][number];
type TopicAnswer = NonNullable<ResponseInput<'CreateTopics'>['topics']>[number];

/** CreateTopics v2–7. Answers when the topics are on disk and can be written to. */
export const createTopics: Handler<'CreateTopics'> = async (request, context) => {
  const seen = new Map<string, number>();
  for (const { name } of request.topics) seen.set(name, (seen.get(name) ?? 0) + 1);
  const asked = new Map(request.topics.map((topic) => [topic.name, topic]));
  const topics = await Promise.all(
    [...asked.values()].map(async (topic) => {
      try {
        if ((seen.get(topic.name) ?? 0) > 1) {
          throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.');
        }
        return await createTopic(topic, request.validateOnly, context);
      } catch (error) {
        return { name: topic.name, topicId: zeroUuid, ...refusal(error, context) };
      }
    }),
  );
  return { topics };
};

function refusal(error: unknown, context: RequestContext) {
  const { errorCode, errorMessage } = errorAnswer(error, context.broker.logger);
  return { errorCode, errorMessage, configs: [] };
}

/** Creates one topic, or only checks whether it could be created. */
export async function createTopic(
  asked: Asked,
  validateOnly: boolean,
  context: RequestContext,
): Promise<TopicAnswer> {
  const { topics, config } = context.broker;
  if (asked.name === clusterMetadataTopic) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `Creation of internal topic ${clusterMetadataTopic} is prohibited.`,
    );
  }
  topics.checkNewName(asked.name);
  const placement = placementOf(asked, context);
  const partitions = placement.length;
  const overrides = checkTopicConfigs(
    asked.configs.map((entry) => [entry.name, entry.value] as const),
  );
  let id: string;
  if (validateOnly) {
    id = context.broker.system.random.uuid();
  } else {
    id = (await topics.create(asked.name, partitions, overrides, placement)).id;
  }
  return {
    name: asked.name,
    topicId: id,
    errorCode: 0,
    errorMessage: null,
    numPartitions: partitions,
    replicationFactor: placement[0]?.length ?? 1,
    configs: effectiveConfigs(overrides, config, context.broker.compat).map((entry) => ({
      name: entry.facts.name,
      value: entry.value,
      readOnly: false,
      configSource: entry.source,
      isSensitive: false,
    })),
  };
}

/** As many partitions as one topic may get in one request; Kafka's own bound. */
const partitionsAddedMax = 10_000;

export function checkPartitionsAdded(count: number): void {
  if (count <= partitionsAddedMax) return;
  throw new KafkaError(
    'POLICY_VIOLATION',
    `Excessively large number of partitions per request: ${count} ` +
      `where at most ${partitionsAddedMax} are allowed.`,
  );
}

/** The replicas of every partition, checked. */
function placementOf(asked: Asked, context: RequestContext): readonly (readonly number[])[] {
  if (asked.assignments.length > 0) return assigned(asked, context);
  const { config, nodes, topics } = context.broker;
  const { replicationFactor, numPartitions } = asked;
  if (replicationFactor < -1 || replicationFactor === 0) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (numPartitions < -1 || numPartitions === 0) {
    throw new KafkaError(
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  const factor =
    replicationFactor === -1 ? config.number('default.replication.factor') : replicationFactor;
  if (factor > nodes.running.length) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `Unable to replicate the partition ${factor} time(s): ` +
        'The target replication factor of ' +
        `${factor} cannot be reached because only ${nodes.running.length} broker(s) ` +
        'are registered.',
    );
  }
  const count = numPartitions === -1 ? config.number('num.partitions') : numPartitions;
  checkPartitionsAdded(count);
  return nodes.spread(count, factor, topics.all().length);
}

function assigned(asked: Asked, context: RequestContext): readonly (readonly number[])[] {
  if (asked.replicationFactor !== -1) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    );
  }
  if (asked.numPartitions !== -1) {
    throw new KafkaError(
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    );
  }
  const sorted = [...asked.assignments].sort((a, b) => a.partitionIndex - b.partitionIndex);
  for (const [expected, { partitionIndex }] of sorted.entries()) {
    if (partitionIndex !== expected) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        'partitions should be a consecutive 0-based integer sequence',
      );
    }
  }
  const factor = sorted[0]?.brokerIds.length ?? 0;
  for (const { partitionIndex, brokerIds } of sorted) {
    checkReplicas(brokerIds, context.broker.nodes);
    if (brokerIds.length !== factor) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        'The manual partition assignment includes a partition with ' +
          `${brokerIds.length} replica(s), but this is not consistent with previous partitions, ` +
          `which have ${factor} replica(s): partition ${partitionIndex}.`,
      );
    }
  }
  return sorted.map(({ brokerIds }) => brokerIds);
}

/** A manual assignment names nodes of the cluster, each once. */
export function checkReplicas(brokerIds: readonly number[], nodes: Nodes): void {
  if (brokerIds.length === 0) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes an empty replica list.',
    );
  }
  const stranger = brokerIds.find((id) => !nodes.has(id));
  if (stranger !== undefined) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `The manual partition assignment includes broker ${stranger}, ` +
        'but no such broker is registered.',
    );
  }
  const twice = brokerIds.find((id, at) => brokerIds.indexOf(id) !== at);
  if (twice !== undefined) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      `The manual partition assignment includes the broker ${twice} more than once.`,
    );
  }
}
