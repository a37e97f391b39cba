import type { Cluster } from '../cluster/index.js';
import { answersFor, byTopicName } from './by-topic.js';
import { askItems, type CallOptions, outcomeOf, retrying, throwOn } from './routing.js';
import type { PartitionOf } from './routing.js';

export interface NewPartitionReassignment extends PartitionOf {
  /** Broker ids, the preferred leader first; null ends a reassignment that is under way. */
  readonly replicas: readonly number[] | null;
}

export interface AlterReassignmentsOptions extends CallOptions {
  /** False refuses a change of the number of replicas (KIP-860). Default true. */
  readonly allowReplicationFactorChange?: boolean | undefined;
}

export interface PartitionReassignment extends PartitionOf {
  /** The replicas as they are now, those on their way in or out among them. */
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
}

/**
 * Gives partitions other replicas (KIP-455). The answer comes when the controller has taken it on;
 * `listPartitionReassignments` tells what is still under way. NO_REASSIGNMENT_IN_PROGRESS where
 * there is nothing to end, INVALID_REPLICA_ASSIGNMENT for brokers that are not there.
 */
export async function alterPartitionReassignments(
  cluster: Cluster,
  reassignments: readonly NewPartitionReassignment[],
  options: AlterReassignmentsOptions,
): Promise<void> {
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const allowed = options.allowReplicationFactorChange ?? true;
  const what = 'alterPartitionReassignments';
  await askItems(cluster, reassignments, options, what, async (items) => {
    const answer = await cluster.send(
      'AlterPartitionReassignments',
      {
        timeoutMs,
        ...(allowed ? {} : { allowReplicationFactorChange: false }),
        topics: byTopicName(items).map(([name, list]) => ({
          name,
          partitions: list.map(({ partition, replicas }) => ({
            partitionIndex: partition,
            replicas: replicas === null ? null : [...replicas],
          })),
        })),
      },
      'controller',
      // Without the field a broker would change the number all the same.
      { signal: options.signal, ...(allowed ? {} : { versionMin: 1 }) },
    );
    throwOn(answer.errorCode, answer.errorMessage, { api: 'AlterPartitionReassignments' });
    return answersFor(items, answer.responses, ({ topic, partition }, one) =>
      outcomeOf(one?.errorCode ?? -1, one?.errorMessage, { topic, partition }, () => undefined),
    );
  });
  cluster.refreshSoon('partitions were reassigned');
}

export async function listPartitionReassignments(
  cluster: Cluster,
  partitions: readonly PartitionOf[] | undefined,
  options: CallOptions,
): Promise<PartitionReassignment[]> {
  const topics =
    partitions === undefined
      ? null
      : byTopicName(partitions).map(([name, list]) => ({
          name,
          partitionIndexes: list.map(({ partition }) => partition),
        }));
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  return await retrying(cluster, options, async () => {
    const request = { timeoutMs, topics };
    const answer = await cluster.send('ListPartitionReassignments', request, 'controller', {
      signal: options.signal,
    });
    throwOn(answer.errorCode, answer.errorMessage, { api: 'ListPartitionReassignments' });
    return answer.topics.flatMap(({ name: topic, partitions: list }) =>
      list.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
        topic,
        partition,
        replicas,
        addingReplicas,
        removingReplicas,
      })),
    );
  });
}
