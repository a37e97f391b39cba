import type { Handler } from './handler.js';

/** ShareGroupHeartbeat v1 (KIP-932). */
export const shareGroupHeartbeat: Handler<'ShareGroupHeartbeat'> = async (request, context) => {
  const { broker, clientId, clientHost, version } = context;
  const origin = { clientId, clientHost, version };
  const { assignment, ...answer } = await broker.shareGroups.heartbeat(request, origin);
  return {
    ...answer,
    assignment: assignment && {
      topicPartitions: assignment.topicPartitions.map(({ topicId, partitions }) => ({
        topicId,
        partitions: [...partitions],
      })),
    },
  };
};
