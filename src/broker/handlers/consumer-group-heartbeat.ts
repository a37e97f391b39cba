import type { Handler } from './handler.js';

/** ConsumerGroupHeartbeat v0–1 (KIP-848). */
export const consumerGroupHeartbeat: Handler<'ConsumerGroupHeartbeat'> = async (
  request,
  context,
) => {
  const { broker, clientId, clientHost, version } = context;
  const origin = { clientId, clientHost, version };
  const { assignment, ...answer } = await broker.groups.consumerHeartbeat(request, origin);
  return { ...answer, assignment: assignment && { topicPartitions: listed(assignment) } };
};

interface Assignment {
  readonly topicPartitions: readonly {
    readonly topicId: string;
    readonly partitions: readonly number[];
  }[];
}

function listed({ topicPartitions }: Assignment) {
  return topicPartitions.map(({ topicId, partitions }) => ({
    topicId,
    partitions: [...partitions],
  }));
}
