/**
 * Records of `__consumer_offsets`: groups of the KIP-848 protocol, their members, target and
 * current assignments.
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int8,
  int32,
  int64,
  message,
  string,
  struct,
  uuid,
} from '../../schema/index.js';

export const consumerGroupMetadataKey = message(
  'ConsumerGroupMetadataKey',
  { key: 3, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const consumerGroupMetadataValue = message(
  'ConsumerGroupMetadataValue',
  { key: 3, versions: [0, 0], flexible: 0 },
  {
    epoch: int32,
    metadataHash: int64.exact().tag(0).default(0n),
  },
);

export const consumerGroupPartitionMetadataKey = message(
  'ConsumerGroupPartitionMetadataKey',
  { key: 4, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const consumerGroupPartitionMetadataValue = message(
  'ConsumerGroupPartitionMetadataValue',
  { key: 4, versions: [0, 0], flexible: 0 },
  {
    topics: array({
      topicId: uuid,
      topicName: string,
      numPartitions: int32,
      partitionMetadata: array({
        partition: int32,
        racks: array(string),
      }),
    }),
  },
);

export const consumerGroupMemberMetadataKey = message(
  'ConsumerGroupMemberMetadataKey',
  { key: 5, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

export const consumerGroupMemberMetadataValue = message(
  'ConsumerGroupMemberMetadataValue',
  { key: 5, versions: [0, 0], flexible: 0 },
  {
    instanceId: string.nullable(),
    rackId: string.nullable(),
    clientId: string,
    clientHost: string,
    subscribedTopicNames: array(string),
    subscribedTopicRegex: string.nullable(),
    rebalanceTimeoutMs: int32.default(-1),
    serverAssignor: string.nullable(),
    classicMemberMetadata: struct({
      sessionTimeoutMs: int32,
      supportedProtocols: array({
        name: string,
        metadata: bytes,
      }),
    })
      .nullable()
      .tag(0),
  },
);

export const consumerGroupTargetAssignmentMetadataKey = message(
  'ConsumerGroupTargetAssignmentMetadataKey',
  { key: 6, versions: [0, 0], flexible: null },
  {
    groupId: string,
  },
);

export const consumerGroupTargetAssignmentMetadataValue = message(
  'ConsumerGroupTargetAssignmentMetadataValue',
  { key: 6, versions: [0, 0], flexible: 0 },
  {
    assignmentEpoch: int32,
    assignmentTimestamp: int64.tag(0).default(0).ignorable(),
  },
);

export const consumerGroupTargetAssignmentMemberKey = message(
  'ConsumerGroupTargetAssignmentMemberKey',
  { key: 7, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

export const consumerGroupTargetAssignmentMemberValue = message(
  'ConsumerGroupTargetAssignmentMemberValue',
  { key: 7, versions: [0, 0], flexible: 0 },
  {
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
);

export const consumerGroupCurrentMemberAssignmentKey = message(
  'ConsumerGroupCurrentMemberAssignmentKey',
  { key: 8, versions: [0, 0], flexible: null },
  {
    groupId: string,
    memberId: string,
  },
);

const topicPartitions = {
  topicId: uuid,
  partitions: array(int32),
  assignmentEpochs: array(int32).nullable().tag(0),
};

export const consumerGroupCurrentMemberAssignmentValue = message(
  'ConsumerGroupCurrentMemberAssignmentValue',
  { key: 8, versions: [0, 0], flexible: 0 },
  {
    memberEpoch: int32,
    previousMemberEpoch: int32,
    state: int8,
    assignedPartitions: array(topicPartitions),
    partitionsPendingRevocation: array(topicPartitions),
  },
);

export const consumerGroupRegularExpressionKey = message(
  'ConsumerGroupRegularExpressionKey',
  { key: 16, versions: [0, 0], flexible: null },
  {
    groupId: string,
    regularExpression: string,
  },
);

export const consumerGroupRegularExpressionValue = message(
  'ConsumerGroupRegularExpressionValue',
  { key: 16, versions: [0, 0], flexible: 0 },
  {
    topics: array(string),
    version: int64,
    timestamp: int64,
  },
);

export interface ConsumerGroupMetadataValue extends Input<typeof consumerGroupMetadataValue> {}
export interface ConsumerGroupMetadataValueDecoded
  extends Decoded<typeof consumerGroupMetadataValue> {}
export interface ConsumerGroupPartitionMetadataValue
  extends Input<typeof consumerGroupPartitionMetadataValue> {}
export interface ConsumerGroupPartitionMetadataValueDecoded
  extends Decoded<typeof consumerGroupPartitionMetadataValue> {}
export interface ConsumerGroupMemberMetadataValue
  extends Input<typeof consumerGroupMemberMetadataValue> {}
export interface ConsumerGroupMemberMetadataValueDecoded
  extends Decoded<typeof consumerGroupMemberMetadataValue> {}
export interface ConsumerGroupTargetAssignmentMetadataValue
  extends Input<typeof consumerGroupTargetAssignmentMetadataValue> {}
export interface ConsumerGroupTargetAssignmentMetadataValueDecoded
  extends Decoded<typeof consumerGroupTargetAssignmentMetadataValue> {}
export interface ConsumerGroupTargetAssignmentMemberValue
  extends Input<typeof consumerGroupTargetAssignmentMemberValue> {}
export interface ConsumerGroupTargetAssignmentMemberValueDecoded
  extends Decoded<typeof consumerGroupTargetAssignmentMemberValue> {}
export interface ConsumerGroupCurrentMemberAssignmentValue
  extends Input<typeof consumerGroupCurrentMemberAssignmentValue> {}
export interface ConsumerGroupCurrentMemberAssignmentValueDecoded
  extends Decoded<typeof consumerGroupCurrentMemberAssignmentValue> {}
export interface ConsumerGroupRegularExpressionValue
  extends Input<typeof consumerGroupRegularExpressionValue> {}
export interface ConsumerGroupRegularExpressionValueDecoded
  extends Decoded<typeof consumerGroupRegularExpressionValue> {}
