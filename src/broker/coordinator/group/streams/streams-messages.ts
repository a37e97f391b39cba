import type { Endpoint } from './streams-member.js';
import type { TaskIds } from './tasks.js';
import type { Status } from './topic-problem.js';
import type { InternalTopic, KeyValue, Topology } from './topology.js';

/** What members of streams groups ask and are answered, free of versions. */

export interface TaskOffset {
  readonly subtopologyId: string;
  readonly partition: number;
  readonly offset: number;
}

/** Null, or −1 for a time, where nothing has changed since the member said it last. */
export interface StreamsHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  /** The epoch of the endpoints that the member knows. */
  readonly endpointInformationEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly rebalanceTimeoutMs: number;
  /** Given when joining. */
  readonly topology: Topology | null;
  readonly activeTasks: readonly TaskIds[] | null;
  readonly standbyTasks: readonly TaskIds[] | null;
  readonly warmupTasks: readonly TaskIds[] | null;
  readonly processId: string | null;
  readonly userEndpoint: Endpoint | null;
  readonly clientTags: readonly KeyValue[] | null;
  readonly taskOffsets: readonly TaskOffset[] | null;
  readonly taskEndOffsets: readonly TaskOffset[] | null;
  /** The member has failed in a way that no other would survive. */
  readonly shutdownApplication: boolean;
}

export interface TopicPartitionList {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** What the instance at an endpoint holds. */
export interface EndpointPartitions {
  readonly userEndpoint: Endpoint;
  readonly activePartitions: readonly TopicPartitionList[];
  readonly standbyPartitions: readonly TopicPartitionList[];
}

export interface StreamsHeartbeatAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly taskOffsetIntervalMs: number;
  readonly status: readonly Status[] | null;
  /** All three are null where nothing has changed. */
  readonly activeTasks: readonly TaskIds[] | null;
  readonly standbyTasks: readonly TaskIds[] | null;
  readonly warmupTasks: readonly TaskIds[] | null;
  readonly endpointInformationEpoch: number;
  /** Null: as before. */
  readonly partitionsByUserEndpoint: readonly EndpointPartitions[] | null;
  /** Topics that are to be created now; not part of what the member is told. */
  readonly missingTopics: readonly InternalTopic[];
}

/** What is answered where nothing else can be said. */
export function streamsRefusal(
  errorCode: number,
  errorMessage: string | null,
): StreamsHeartbeatAnswer {
  const tasks = { activeTasks: null, standbyTasks: null, warmupTasks: null };
  const times = { memberEpoch: 0, heartbeatIntervalMs: 0, taskOffsetIntervalMs: 0 };
  const rest = { status: [], endpointInformationEpoch: 0, partitionsByUserEndpoint: null };
  return { errorCode, errorMessage, memberId: '', ...times, ...tasks, ...rest, missingTopics: [] };
}

export interface DescribedTasks {
  readonly activeTasks: readonly TaskIds[];
  readonly standbyTasks: readonly TaskIds[];
  readonly warmupTasks: readonly TaskIds[];
}

export interface DescribedStreamsMember {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly topologyEpoch: number;
  readonly processId: string;
  readonly userEndpoint: Endpoint | null;
  readonly clientTags: readonly KeyValue[];
  readonly taskOffsets: readonly TaskOffset[];
  readonly taskEndOffsets: readonly TaskOffset[];
  readonly assignment: DescribedTasks;
  readonly targetAssignment: DescribedTasks;
}

export interface DescribedSubtopology {
  readonly subtopologyId: string;
  readonly sourceTopics: readonly string[];
  readonly repartitionSinkTopics: readonly string[];
  readonly stateChangelogTopics: readonly InternalTopic[];
  readonly repartitionSourceTopics: readonly InternalTopic[];
}

export interface StreamsGroupDescription {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly groupId: string;
  readonly groupState: string;
  readonly groupEpoch: number;
  readonly assignmentEpoch: number;
  readonly topology: {
    readonly epoch: number;
    readonly subtopologies: readonly DescribedSubtopology[];
  } | null;
  readonly members: readonly DescribedStreamsMember[];
}
