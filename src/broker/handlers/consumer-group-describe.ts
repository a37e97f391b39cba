import type { ConsumerGroupDescription } from '../coordinator/index.js';
import { groupOperations } from './group-operations.js';
import type { Handler } from './handler.js';

/** ConsumerGroupDescribe v0–1 (KIP-848, KIP-1099). */
export const consumerGroupDescribe: Handler<'ConsumerGroupDescribe'> = async (
  request,
  { broker },
) => {
  const groups = await Promise.all(
    request.groupIds.map(async (groupId) => {
      const { members, ...group } = await broker.groups.describeConsumerGroup(groupId);
      const isAsked = request.includeAuthorizedOperations && group.errorCode === 0;
      return {
        ...group,
        members: members.map((member) => ({
          ...member,
          subscribedTopicNames: [...member.subscribedTopicNames],
          assignment: listed(member.assignment),
          targetAssignment: listed(member.targetAssignment),
        })),
        ...(isAsked ? { authorizedOperations: groupOperations } : {}),
      };
    }),
  );
  return { groups };
};

function listed({ topicPartitions }: ConsumerGroupDescription['members'][number]['assignment']) {
  return {
    topicPartitions: topicPartitions.map(({ topicId, topicName, partitions }) => ({
      topicId,
      topicName,
      partitions: [...partitions],
    })),
  };
}
