import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { askLeaders, type CallOptions, outcomeOf, type PartitionOf } from './routing.js';
import { answersFor, byTopicName } from './by-topic.js';

/** Where to cut a partition: every record below the offset goes; -1 means all there are. */
export interface RecordsToDelete extends PartitionOf {
  readonly offset: number;
}

export interface DeletedRecords extends PartitionOf {
  /** The first offset that is left. */
  readonly lowWatermark: number;
}

export async function deleteRecords(
  cluster: Cluster,
  cuts: readonly RecordsToDelete[],
  options: CallOptions,
): Promise<DeletedRecords[]> {
  const timeoutMs = options.timeoutMs ?? cluster.options.requestTimeoutMs;
  return await askLeaders(cluster, cuts, options, 'deleteRecords', async (leader, items) => {
    const response = await cluster.send(
      'DeleteRecords',
      {
        topics: byTopicName(items).map(([name, list]) => ({
          name,
          partitions: list.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
        })),
        timeoutMs,
      },
      { broker: leader },
      options,
    );
    return answersFor(items, response.topics, ({ topic, partition }, answer) =>
      answer === undefined
        ? { error: new KafkaError('UNKNOWN_SERVER_ERROR', undefined, { topic, partition }) }
        : outcomeOf(answer.errorCode, undefined, { topic, partition }, () => ({
            topic,
            partition,
            lowWatermark: answer.lowWatermark,
          })),
    );
  });
}
