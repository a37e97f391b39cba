/**
 * Records of the metadata log: topics, partitions and configs.
 *
 * - PartitionRecord 1: adds directories.
 * - PartitionRecord 2: adds eligibleLeaderReplicas, lastKnownElr.
 * - PartitionChangeRecord 1: adds directories.
 * - PartitionChangeRecord 2: adds eligibleLeaderReplicas, lastKnownElr.
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int32,
  message,
  string,
  uuid,
} from '../../schema/index.js';

export const topicRecord = message(
  'TopicRecord',
  { key: 2, versions: [0, 0], flexible: 0 },
  {
    name: string,
    topicId: uuid,
  },
);

export const removeTopicRecord = message(
  'RemoveTopicRecord',
  { key: 9, versions: [0, 0], flexible: 0 },
  {
    topicId: uuid,
  },
);

export const partitionRecord = message(
  'PartitionRecord',
  { key: 3, versions: [0, 2], flexible: 0 },
  {
    partitionId: int32.default(-1),
    topicId: uuid,
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: int32.default(-1),
    leaderRecoveryState: int8.tag(0).default(0),
    leaderEpoch: int32.default(-1),
    partitionEpoch: int32.default(-1),
    directories: array(uuid).since(1),
    eligibleLeaderReplicas: array(int32).nullable().tag(1).since(2).default(null),
    lastKnownElr: array(int32).nullable().tag(2).since(2).default(null),
  },
);

export const partitionChangeRecord = message(
  'PartitionChangeRecord',
  { key: 5, versions: [0, 2], flexible: 0 },
  {
    partitionId: int32.default(-1),
    topicId: uuid,
    isr: array(int32).nullable().tag(0).default(null),
    leader: int32.tag(1).default(-2),
    replicas: array(int32).nullable().tag(2).default(null),
    removingReplicas: array(int32).nullable().tag(3).default(null),
    addingReplicas: array(int32).nullable().tag(4).default(null),
    leaderRecoveryState: int8.tag(5).default(-1),
    directories: array(uuid).nullable().tag(8).since(1).default(null),
    eligibleLeaderReplicas: array(int32).nullable().tag(6).since(2).default(null),
    lastKnownElr: array(int32).nullable().tag(7).since(2).default(null),
  },
);

export const clearElrRecord = message(
  'ClearElrRecord',
  { key: 28, versions: [0, 0], flexible: 0 },
  {
    topicName: string,
  },
);

export const configRecord = message(
  'ConfigRecord',
  { key: 4, versions: [0, 0], flexible: 0 },
  {
    resourceType: int8,
    resourceName: string,
    name: string,
    value: string.nullable(),
  },
);

export interface TopicRecord extends Input<typeof topicRecord> {}
export interface TopicRecordDecoded extends Decoded<typeof topicRecord> {}
export interface RemoveTopicRecord extends Input<typeof removeTopicRecord> {}
export interface RemoveTopicRecordDecoded extends Decoded<typeof removeTopicRecord> {}
export interface PartitionRecord extends Input<typeof partitionRecord> {}
export interface PartitionRecordDecoded extends Decoded<typeof partitionRecord> {}
export interface PartitionChangeRecord extends Input<typeof partitionChangeRecord> {}
export interface PartitionChangeRecordDecoded extends Decoded<typeof partitionChangeRecord> {}
export interface ClearElrRecord extends Input<typeof clearElrRecord> {}
export interface ClearElrRecordDecoded extends Decoded<typeof clearElrRecord> {}
export interface ConfigRecord extends Input<typeof configRecord> {}
export interface ConfigRecordDecoded extends Decoded<typeof configRecord> {}
