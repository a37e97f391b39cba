import { groupOperations } from './group-operations.js';
import type { Handler } from './handler.js';

/** ShareGroupDescribe v1 (KIP-932). */
export const shareGroupDescribe: Handler<'ShareGroupDescribe'> = async (request, { broker }) => {
  const groups = await Promise.all(
    request.groupIds.map(async (groupId) => {
      const { members, ...group } = await broker.shareGroups.describe(groupId);
      const isAsked = request.includeAuthorizedOperations && group.errorCode === 0;
      return {
        ...group,
        members: members.map(({ assignment, subscribedTopicNames, ...member }) => ({
          ...member,
          subscribedTopicNames: [...subscribedTopicNames],
          assignment: {
            topicPartitions: assignment.topicPartitions.map((topic) => ({
              ...topic,
              partitions: [...topic.partitions],
            })),
          },
        })),
        ...(isAsked ? { authorizedOperations: groupOperations } : {}),
      };
    }),
  );
  return { groups };
};
