import { errorCodeOf } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { byTopicName } from './by-topic.js';
import { type CallOptions, outcomeOf, retrying, throwOn } from './routing.js';
import { type PartitionOf, throwWhenAny, valuesOf } from './routing.js';

/** `preferred`: the first replica; `unclean`: one that lives, at the price of records. */
export type ElectionType = 'preferred' | 'unclean';

export interface ElectedLeader extends PartitionOf {
  /** False where the right replica led already (`ELECTION_NOT_NEEDED`). */
  readonly elected: boolean;
}

/**
 * Elects leaders (KIP-460) of the partitions named, or of all that need it. For single partitions:
 * PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION.
 */
export async function electLeaders(
  cluster: Cluster,
  type: ElectionType,
  partitions: readonly PartitionOf[] | undefined,
  options: CallOptions,
): Promise<ElectedLeader[]> {
  if (partitions?.length === 0) return [];
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  const topicPartitions =
    partitions === undefined
      ? null
      : byTopicName(partitions).map(([topic, list]) => ({
          topic,
          partitions: list.map(({ partition }) => partition),
        }));
  const electionType = type === 'unclean' ? 1 : 0;
  const results = await retrying(cluster, options, async () => {
    const answer = await cluster.send(
      'ElectLeaders',
      { electionType, topicPartitions, timeoutMs },
      'controller',
      { signal: options.signal, versionMin: 1 },
    );
    throwOn(answer.errorCode, undefined, { api: 'ElectLeaders' });
    const found = answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
      partitionResult.map((one) => ({ topic, partition: one.partitionId, ...one })),
    );
    throwWhenAny(found, ['NOT_CONTROLLER']);
    return found;
  });
  cluster.refreshSoon('leaders were elected');
  const outcomes = results.map(({ topic, partition, errorCode, errorMessage }) => {
    const key = { topic, partition };
    if (errorCodeOf(errorCode) === 'ELECTION_NOT_NEEDED') {
      return { key, value: { ...key, elected: false } };
    }
    return outcomeOf(errorCode, errorMessage, key, () => ({ ...key, elected: true }));
  });
  return valuesOf('electLeaders', outcomes);
}
