import type { StreamsGroupDescription } from '../coordinator/index.js';
import { groupOperations } from './group-operations.js';
import type { Handler } from './handler.js';

type Member = StreamsGroupDescription['members'][number];
type Subtopology = NonNullable<StreamsGroupDescription['topology']>['subtopologies'][number];

/** Nobody keeps descriptions of topologies here (KIP-1331), as without a plug-in in Kafka 4.4. */
const noDescription = 0;

/** StreamsGroupDescribe v0–1 (KIP-1071). */
export const streamsGroupDescribe: Handler<'StreamsGroupDescribe'> = async (
  request,
  { broker },
) => {
  const groups = await Promise.all(
    request.groupIds.map(async (groupId) => {
      const { members, topology, ...group } = await broker.groups.describeStreamsGroup(groupId);
      const isAsked = request.includeAuthorizedOperations && group.errorCode === 0;
      return {
        ...group,
        topology: topology && {
          epoch: topology.epoch,
          subtopologies: topology.subtopologies.map(subtopologyOf),
        },
        members: members.map(memberOf),
        topologyDescriptionStatus: noDescription,
        assignorName: group.errorCode === 0 ? 'sticky' : null,
        ...(isAsked ? { authorizedOperations: groupOperations } : {}),
      };
    }),
  );
  return { groups };
};

function subtopologyOf(one: Subtopology) {
  return {
    subtopologyId: one.subtopologyId,
    sourceTopics: [...one.sourceTopics],
    repartitionSinkTopics: [...one.repartitionSinkTopics],
    stateChangelogTopics: one.stateChangelogTopics.map(topicOf),
    repartitionSourceTopics: one.repartitionSourceTopics.map(topicOf),
  };
}

function topicOf(topic: Subtopology['stateChangelogTopics'][number]) {
  return { ...topic, topicConfigs: [...topic.topicConfigs] };
}

function memberOf(member: Member) {
  return {
    ...member,
    clientTags: [...member.clientTags],
    taskOffsets: [...member.taskOffsets],
    taskEndOffsets: [...member.taskEndOffsets],
    assignment: tasksOf(member.assignment),
    targetAssignment: tasksOf(member.targetAssignment),
    isClassic: false,
  };
}

function tasksOf({ activeTasks, standbyTasks, warmupTasks }: Member['assignment']) {
  const listed = (tasks: typeof activeTasks) =>
    tasks.map(({ subtopologyId, partitions }) => ({ subtopologyId, partitions: [...partitions] }));
  return {
    activeTasks: listed(activeTasks),
    standbyTasks: listed(standbyTasks),
    warmupTasks: listed(warmupTasks),
  };
}
