import { KafkaError } from '../../errors/index.js';
import { errorAnswer } from './error-answer.js';
import type { Handler, RequestContext } from './handler.js';

/**
 * AlterPartitionReassignments v0–1 (KIP-455): gives partitions to other nodes. All nodes share one
 * disk, so that a reassignment is over when it is answered, and there is never one to cancel.
 */
export const alterPartitionReassignments: Handler<'AlterPartitionReassignments'> = async (
  request,
  context,
) => {
  const { allowReplicationFactorChange } = request;
  const responses = await Promise.all(
    request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(async ({ partitionIndex, replicas }) => {
          try {
            await reassign(name, partitionIndex, replicas, allowReplicationFactorChange, context);
            return { partitionIndex, errorCode: 0, errorMessage: null };
          } catch (error) {
            return { partitionIndex, ...errorAnswer(error, context.broker.logger) };
          }
        }),
      ),
    })),
  );
  return { allowReplicationFactorChange, errorCode: 0, errorMessage: null, responses };
};

async function reassign(
  name: string,
  index: number,
  replicas: readonly number[] | null,
  mayChangeFactor: boolean,
  { broker }: RequestContext,
): Promise<void> {
  const { topics, nodes, leadership } = broker;
  const topic = topics.byName(name);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Unable to find ${name}-${index}.`);
  }
  if (replicas === null) throw new KafkaError('NO_REASSIGNMENT_IN_PROGRESS');
  if (replicas.length === 0) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes an empty replica list.',
    );
  }
  const bad = replicas.find((id, at) => !nodes.has(id) || replicas.indexOf(id) !== at);
  if (bad !== undefined) {
    throw new KafkaError(
      'INVALID_REPLICA_ASSIGNMENT',
      nodes.has(bad)
        ? `The manual partition assignment includes the broker ${bad} more than once.`
        : `The manual partition assignment includes broker ${bad}, ` +
            'but no such broker is registered.',
    );
  }
  if (!mayChangeFactor && replicas.length !== partition.replicas.length) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      `The replication factor is changed from ${partition.replicas.length} to ${replicas.length}`,
    );
  }
  await leadership.reassign(topic, partition, replicas);
}
