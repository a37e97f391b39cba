import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { RequestDecoded, ResponseInput } from '../../protocol/index.js';
import type { StreamsHeartbeatAnswer } from '../coordinator/index.js';
import { isInternalTopic, topicNameFault } from '../metadata/topic-name.js';
import { createTopic } from './create-topics.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type MissingTopic = StreamsHeartbeatAnswer['missingTopics'][number];

/** What a member is told when its application's internal topics are not there (yet). */
const missingInternalTopics = 3;

/**
 * StreamsGroupHeartbeat v0–1 (KIP-1071). Creates the internal topics that the application needs;
 * the member learns with its next heartbeat that they are there.
 */
export const streamsGroupHeartbeat: Handler<'StreamsGroupHeartbeat'> = async (request, context) => {
  const { broker, clientId, clientHost, version } = context;
  const fault = topologyFault(request);
  if (fault !== undefined) return refusal(fault, context);
  const origin = { clientId, clientHost, version };
  const { missingTopics, ...answer } = await broker.groups.streamsHeartbeat(request, origin);
  const failures = await createMissing(missingTopics, context);
  const { activeTasks, standbyTasks, warmupTasks, partitionsByUserEndpoint } = answer;
  return {
    ...answer,
    status: answer.status && answer.status.map((status) => withFailures(status, failures)),
    activeTasks: listed(activeTasks),
    standbyTasks: listed(standbyTasks),
    warmupTasks: listed(warmupTasks),
    partitionsByUserEndpoint:
      partitionsByUserEndpoint &&
      partitionsByUserEndpoint.map((one) => ({
        userEndpoint: one.userEndpoint,
        activePartitions: one.activePartitions.map(mutable),
        standbyPartitions: one.standbyPartitions.map(mutable),
      })),
    // Kafka has asked for offsets of tasks since 4.4.
    taskOffsetIntervalMs: broker.compat === '4.4' ? answer.taskOffsetIntervalMs : 0,
  };
};

function refusal(
  error: KafkaError,
  { broker }: RequestContext,
): ResponseInput<'StreamsGroupHeartbeat'> {
  const { errorCode, errorMessage } = errorAnswer(error, broker.logger);
  return {
    errorCode,
    errorMessage,
    memberId: '',
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    taskOffsetIntervalMs: 0,
    status: [],
    endpointInformationEpoch: 0,
  };
}

/** What is wrong about the names of an application's topics. */
function topologyFault({
  topology,
}: RequestDecoded<'StreamsGroupHeartbeat'>): KafkaError | undefined {
  const names = (topology?.subtopologies ?? []).flatMap((one) => [
    ...one.sourceTopics,
    ...one.repartitionSinkTopics,
    ...one.repartitionSourceTopics.map(({ name }) => name),
    ...one.stateChangelogTopics.map(({ name }) => name),
  ]);
  const internal = names.filter(isInternalTopic);
  if (internal.length > 0) {
    const list = [...new Set(internal)].join(',');
    return new KafkaError(
      'STREAMS_INVALID_TOPOLOGY',
      `Use of Kafka internal topics ${list} in a Kafka Streams topology is prohibited.`,
    );
  }
  const wrong = names.filter((name) => topicNameFault(name) !== undefined);
  if (wrong.length === 0) return undefined;
  const list = [...new Set(wrong)].join(',');
  return new KafkaError(
    'STREAMS_INVALID_TOPOLOGY',
    `Topic names ${list} are not valid topic names.`,
  );
}

/** Creates topics; gives those that could not be, with the reason. */
async function createMissing(
  missing: readonly MissingTopic[],
  context: RequestContext,
): Promise<string[]> {
  const failures = await Promise.all(
    missing.map(async (topic) => {
      try {
        await create(topic, context);
        return undefined;
      } catch (error) {
        // Another member's heartbeat was there first.
        if (isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) return undefined;
        const { errorMessage } = errorAnswer(error, context.broker.logger);
        return `${topic.name} (${errorMessage ?? 'unknown'})`;
      }
    }),
  );
  return failures.filter((failure) => failure !== undefined);
}

async function create(topic: MissingTopic, context: RequestContext): Promise<void> {
  const { name, partitions, replicationFactor, topicConfigs } = topic;
  const asked = {
    name,
    numPartitions: partitions,
    // 0 stands for the broker's default.
    replicationFactor: replicationFactor === 0 ? -1 : replicationFactor,
    assignments: [],
    configs: topicConfigs.map(({ key, value }) => ({ name: key, value })),
  };
  await createTopic(asked, false, context);
}

function withFailures(
  status: { readonly statusCode: number; readonly statusDetail: string },
  failures: readonly string[],
) {
  if (status.statusCode !== missingInternalTopics || failures.length === 0) return status;
  const statusDetail = `${status.statusDetail}; Creation failed: ${failures.join(', ')}.`;
  return { ...status, statusDetail };
}

type TaskIds = StreamsHeartbeatAnswer['activeTasks'];

function listed(tasks: TaskIds) {
  return (
    tasks &&
    tasks.map(({ subtopologyId, partitions }) => ({ subtopologyId, partitions: [...partitions] }))
  );
}

function mutable({ topic, partitions }: { topic: string; partitions: readonly number[] }) {
  return { topic, partitions: [...partitions] };
}
