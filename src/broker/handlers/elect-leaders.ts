import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { ResponseInput } from '../../protocol/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

type Result = NonNullable<ResponseInput<'ElectLeaders'>['replicaElectionResults']>[number];
type PartitionResult = NonNullable<Result['partitionResult']>[number];

const unclean = 1;

const reasons: { readonly [C in ErrorCode]?: string } = {
  ELECTION_NOT_NEEDED: 'Leader election not needed for topic partition.',
  PREFERRED_LEADER_NOT_AVAILABLE: 'The preferred leader was not available.',
  ELIGIBLE_LEADERS_NOT_AVAILABLE: 'Eligible topic partition leaders are not available.',
  UNKNOWN_TOPIC_OR_PARTITION: 'No such topic or partition.',
};

/**
 * ElectLeaders v0–2 (KIP-183, 460): makes the preferred replicas leaders again, of the partitions
 * named or of all. Where all are asked for, those that need no election go without mention.
 */
export const electLeaders: Handler<'ElectLeaders'> = async (request, context) => {
  const { topics } = context.broker;
  const isUnclean = request.electionType === unclean;
  const asked =
    request.topicPartitions ??
    topics.all().map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions.map(({ index }) => index),
    }));
  const replicaElectionResults: Result[] = [];
  for (const { topic, partitions } of asked) {
    const partitionResult: PartitionResult[] = [];
    for (const partitionId of partitions) {
      const code = await electOne(topic, partitionId, isUnclean, context);
      if (request.topicPartitions === null && code === 'ELECTION_NOT_NEEDED') continue;
      const errorMessage = reasons[code] ?? null;
      partitionResult.push({ partitionId, errorCode: errnoOf(code), errorMessage });
    }
    if (partitionResult.length > 0) replicaElectionResults.push({ topic, partitionResult });
  }
  return { errorCode: 0, replicaElectionResults };
};

async function electOne(
  name: string,
  index: number,
  isUnclean: boolean,
  { broker }: RequestContext,
): Promise<ErrorCode> {
  const topic = broker.topics.byName(name);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION';
  try {
    return await broker.leadership.elect(topic, partition, isUnclean);
  } catch (error) {
    errorAnswer(error, broker.logger);
    return 'KAFKA_STORAGE_ERROR';
  }
}
