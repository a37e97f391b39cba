import type { ResponseDecoded } from '../../protocol/index.js';
import type { GroupMember } from './group-descriptions.js';

/** A task is a part of the topology, worked on for one partition. */
export interface StreamsTasks {
  readonly subtopology: string;
  readonly partitions: readonly number[];
}

/** What a member of a streams group does (KIP-1071). */
export interface StreamsMember {
  /** Members of one process share it. */
  readonly processId: string;
  readonly topologyEpoch: number;
  readonly activeTasks: readonly StreamsTasks[];
  readonly standbyTasks: readonly StreamsTasks[];
  readonly warmupTasks: readonly StreamsTasks[];
  /** Whether it speaks the classic protocol. */
  readonly isClassic: boolean;
  /** Where it answers questions about its state; null where it does not. */
  readonly endpoint: { readonly host: string; readonly port: number } | null;
}

/** What a streams group works out, from which topics and through which. */
export interface StreamsTopology {
  readonly epoch: number;
  readonly subtopologies: readonly {
    readonly subtopology: string;
    readonly sourceTopics: readonly string[];
    readonly repartitionSinkTopics: readonly string[];
    readonly stateChangelogTopics: readonly string[];
    readonly repartitionSourceTopics: readonly string[];
  }[];
}

type StreamsGroup = ResponseDecoded<'StreamsGroupDescribe'>['groups'][number];

export function streamsDescription({ members, topology }: StreamsGroup): {
  readonly members: readonly GroupMember[];
  readonly topology: StreamsTopology | null;
} {
  return { members: members.map(memberOf), topology: topology && topologyOf(topology) };
}

function memberOf(member: StreamsGroup['members'][number]): GroupMember {
  const { activeTasks, standbyTasks, warmupTasks } = member.assignment;
  return {
    memberId: member.memberId,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    host: member.clientHost,
    rackId: member.rackId,
    memberEpoch: member.memberEpoch,
    topics: [],
    topicPattern: null,
    assignment: [],
    targetAssignment: null,
    protocol: null,
    streams: {
      processId: member.processId,
      topologyEpoch: member.topologyEpoch,
      activeTasks: activeTasks.map(tasksOf),
      standbyTasks: standbyTasks.map(tasksOf),
      warmupTasks: warmupTasks.map(tasksOf),
      isClassic: member.isClassic,
      endpoint: member.userEndpoint,
    },
  };
}

function tasksOf(tasks: {
  readonly subtopologyId: string;
  readonly partitions: readonly number[];
}): StreamsTasks {
  return { subtopology: tasks.subtopologyId, partitions: tasks.partitions };
}

function topologyOf(topology: NonNullable<StreamsGroup['topology']>): StreamsTopology {
  return {
    epoch: topology.epoch,
    subtopologies: (topology.subtopologies ?? []).map((one) => ({
      subtopology: one.subtopologyId,
      sourceTopics: one.sourceTopics,
      repartitionSinkTopics: one.repartitionSinkTopics,
      stateChangelogTopics: one.stateChangelogTopics.map(({ name }) => name),
      repartitionSourceTopics: one.repartitionSourceTopics.map(({ name }) => name),
    })),
  };
}
