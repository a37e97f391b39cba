/**
 * Records of `__consumer_offsets`: streams groups (KIP-1071).
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  struct,
  uint16,
} from '../../schema/index.js';

export const streamsGroupMetadataKey = message(
  'StreamsGroupMetadataKey',
  { key: 17, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

const lastAssignmentConfig = {
  key: string,
  value: string,
};

export const streamsGroupMetadataValue = message(
  'StreamsGroupMetadataValue',
  { key: 17, versions: [0, 0], flexible: 0 },
  {
    epoch: int32,
    metadataHash: int64.exact(),
    validatedTopologyEpoch: int32.tag(0).default(-1),
    lastAssignmentConfigs: array(lastAssignmentConfig).nullable().tag(1),
    storedDescriptionTopologyEpoch: int32.tag(2).default(-1),
    failedDescriptionTopologyEpoch: int32.tag(3).default(-1),
  },
);

export const streamsGroupMemberMetadataKey = message(
  'StreamsGroupMemberMetadataKey',
  { key: 19, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

const endpoint = {
  host: string,
  port: uint16,
};

const keyValue = {
  key: string,
  value: string,
};

export const streamsGroupMemberMetadataValue = message(
  'StreamsGroupMemberMetadataValue',
  { key: 19, versions: [0, 0], flexible: 0 },
  {
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    rebalanceTimeoutMs: int32.default(-1),
    topologyEpoch: int32,
    processId: string,
    userEndpoint: struct(endpoint).nullable().default(null),
    clientTags: array(keyValue),
  },
);

export const streamsGroupTargetAssignmentMetadataKey = message(
  'StreamsGroupTargetAssignmentMetadataKey',
  { key: 20, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const streamsGroupTargetAssignmentMetadataValue = message(
  'StreamsGroupTargetAssignmentMetadataValue',
  { key: 20, versions: [0, 0], flexible: 0 },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int64.tag(0).default(0).ignorable(),
  },
);

export const streamsGroupTargetAssignmentMemberKey = message(
  'StreamsGroupTargetAssignmentMemberKey',
  { key: 21, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

const taskIds = {
  subtopologyId: string,
  partitions: array(int32),
};

export const streamsGroupTargetAssignmentMemberValue = message(
  'StreamsGroupTargetAssignmentMemberValue',
  { key: 21, versions: [0, 0], flexible: 0 },
  {
    activeTasks: array(taskIds),
    standbyTasks: array(taskIds),
    warmupTasks: array(taskIds),
  },
);

export const streamsGroupCurrentMemberAssignmentKey = message(
  'StreamsGroupCurrentMemberAssignmentKey',
  { key: 22, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

const streamsGroupCurrentMemberAssignmentTaskIds = {
  subtopologyId: string,
  partitions: array(int32),
  assignmentEpochs: array(int32).nullable().tag(0),
};

export const streamsGroupCurrentMemberAssignmentValue = message(
  'StreamsGroupCurrentMemberAssignmentValue',
  { key: 22, versions: [0, 0], flexible: 0 },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    activeTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
    standbyTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
    warmupTasks: array(streamsGroupCurrentMemberAssignmentTaskIds),
    activeTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
    standbyTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
    warmupTasksPendingRevocation: array(streamsGroupCurrentMemberAssignmentTaskIds),
  },
);

export const streamsGroupTopologyKey = message(
  'StreamsGroupTopologyKey',
  { key: 23, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

const topicConfig = {
  key: string,
  value: string,
};

const topicInfo = {
  name: string,
  partitions: int32,
  replicationFactor: int16,
  topicConfigs: array(topicConfig),
};

export const streamsGroupTopologyValue = message(
  'StreamsGroupTopologyValue',
  { key: 23, versions: [0, 0], flexible: 0 },
  {
    epoch: int32,
    subtopologies: array({
      subtopologyId: string,
      sourceTopics: array(string),
      sourceTopicRegex: array(string),
      stateChangelogTopics: array(topicInfo),
      repartitionSinkTopics: array(string),
      repartitionSourceTopics: array(topicInfo),
      copartitionGroups: array({
        sourceTopics: array(int16),
        sourceTopicRegex: array(int16),
        repartitionSourceTopics: array(int16),
      }),
    }),
  },
);

export interface StreamsGroupMetadataValue extends Input<typeof streamsGroupMetadataValue> {}
export interface StreamsGroupMetadataValueDecoded
  extends Decoded<typeof streamsGroupMetadataValue> {}
export interface StreamsGroupMemberMetadataValue
  extends Input<typeof streamsGroupMemberMetadataValue> {}
export interface StreamsGroupMemberMetadataValueDecoded
  extends Decoded<typeof streamsGroupMemberMetadataValue> {}
export interface StreamsGroupTargetAssignmentMetadataValue
  extends Input<typeof streamsGroupTargetAssignmentMetadataValue> {}
export interface StreamsGroupTargetAssignmentMetadataValueDecoded
  extends Decoded<typeof streamsGroupTargetAssignmentMetadataValue> {}
export interface StreamsGroupTargetAssignmentMemberValue
  extends Input<typeof streamsGroupTargetAssignmentMemberValue> {}
export interface StreamsGroupTargetAssignmentMemberValueDecoded
  extends Decoded<typeof streamsGroupTargetAssignmentMemberValue> {}
export interface StreamsGroupCurrentMemberAssignmentValue
  extends Input<typeof streamsGroupCurrentMemberAssignmentValue> {}
export interface StreamsGroupCurrentMemberAssignmentValueDecoded
  extends Decoded<typeof streamsGroupCurrentMemberAssignmentValue> {}
export interface StreamsGroupTopologyValue extends Input<typeof streamsGroupTopologyValue> {}
export interface StreamsGroupTopologyValueDecoded
  extends Decoded<typeof streamsGroupTopologyValue> {}
