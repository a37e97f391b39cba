/**
 * Records of `__consumer_offsets`: share groups (KIP-932).
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';

export const shareGroupMemberMetadataKey = message(
  'ShareGroupMemberMetadataKey',
  { key: 10, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

export const shareGroupMemberMetadataValue = message(
  'ShareGroupMemberMetadataValue',
  { key: 10, versions: [0, 0], flexible: 0 },
  {
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
  },
);

export const shareGroupMetadataKey = message(
  'ShareGroupMetadataKey',
  { key: 11, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const shareGroupMetadataValue = message(
  'ShareGroupMetadataValue',
  { key: 11, versions: [0, 0], flexible: 0 },
  {
    epoch: int32,
    metadataHash: int64.exact(),
  },
);

export const shareGroupTargetAssignmentMetadataKey = message(
  'ShareGroupTargetAssignmentMetadataKey',
  { key: 12, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const shareGroupTargetAssignmentMetadataValue = message(
  'ShareGroupTargetAssignmentMetadataValue',
  { key: 12, versions: [0, 0], flexible: 0 },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int64.tag(0).default(0).ignorable(),
  },
);

export const shareGroupTargetAssignmentMemberKey = message(
  'ShareGroupTargetAssignmentMemberKey',
  { key: 13, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

export const shareGroupTargetAssignmentMemberValue = message(
  'ShareGroupTargetAssignmentMemberValue',
  { key: 13, versions: [0, 0], flexible: 0 },
  {
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
);

export const shareGroupCurrentMemberAssignmentKey = message(
  'ShareGroupCurrentMemberAssignmentKey',
  { key: 14, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
};

export const shareGroupCurrentMemberAssignmentValue = message(
  'ShareGroupCurrentMemberAssignmentValue',
  { key: 14, versions: [0, 0], flexible: 0 },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
  },
);

export const shareGroupStatePartitionMetadataKey = message(
  'ShareGroupStatePartitionMetadataKey',
  { key: 15, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

const topicPartitionsInfo = {
  topicId: uuid,
  topicName: string,
  partitions: array(int32),
};

const topicInfo = {
  topicId: uuid,
  topicName: string,
};

export const shareGroupStatePartitionMetadataValue = message(
  'ShareGroupStatePartitionMetadataValue',
  { key: 15, versions: [0, 0], flexible: 0 },
  {
    initializingTopics: array(topicPartitionsInfo),
    initializedTopics: array(topicPartitionsInfo),
    deletingTopics: array(topicInfo),
  },
);

export interface ShareGroupMemberMetadataValue
  extends Input<typeof shareGroupMemberMetadataValue> {}
export interface ShareGroupMemberMetadataValueDecoded
  extends Decoded<typeof shareGroupMemberMetadataValue> {}
export interface ShareGroupMetadataValue extends Input<typeof shareGroupMetadataValue> {}
export interface ShareGroupMetadataValueDecoded extends Decoded<typeof shareGroupMetadataValue> {}
export interface ShareGroupTargetAssignmentMetadataValue
  extends Input<typeof shareGroupTargetAssignmentMetadataValue> {}
export interface ShareGroupTargetAssignmentMetadataValueDecoded
  extends Decoded<typeof shareGroupTargetAssignmentMetadataValue> {}
export interface ShareGroupTargetAssignmentMemberValue
  extends Input<typeof shareGroupTargetAssignmentMemberValue> {}
export interface ShareGroupTargetAssignmentMemberValueDecoded
  extends Decoded<typeof shareGroupTargetAssignmentMemberValue> {}
export interface ShareGroupCurrentMemberAssignmentValue
  extends Input<typeof shareGroupCurrentMemberAssignmentValue> {}
export interface ShareGroupCurrentMemberAssignmentValueDecoded
  extends Decoded<typeof shareGroupCurrentMemberAssignmentValue> {}
export interface ShareGroupStatePartitionMetadataValue
  extends Input<typeof shareGroupStatePartitionMetadataValue> {}
export interface ShareGroupStatePartitionMetadataValueDecoded
  extends Decoded<typeof shareGroupStatePartitionMetadataValue> {}
