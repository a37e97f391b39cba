import {
  consumerGroupCurrentMemberAssignmentKey,
  consumerGroupCurrentMemberAssignmentValue,
  consumerGroupMemberMetadataKey,
  consumerGroupMemberMetadataValue,
  consumerGroupMetadataKey,
  consumerGroupMetadataValue,
  consumerGroupPartitionMetadataKey,
  consumerGroupPartitionMetadataValue,
  consumerGroupRegularExpressionKey,
  consumerGroupRegularExpressionValue,
  consumerGroupTargetAssignmentMemberKey,
  consumerGroupTargetAssignmentMemberValue,
  consumerGroupTargetAssignmentMetadataKey,
  consumerGroupTargetAssignmentMetadataValue,
} from './consumer-group-records.js';
import type { CoordinatorRecord } from './coordinator-record.js';
import {
  groupMetadataKey,
  groupMetadataValue,
  legacyOffsetCommitKey,
  legacyOffsetCommitValue,
  offsetCommitKey,
  offsetCommitValue,
} from './offset-records.js';
import {
  shareGroupCurrentMemberAssignmentKey,
  shareGroupCurrentMemberAssignmentValue,
  shareGroupMemberMetadataKey,
  shareGroupMemberMetadataValue,
  shareGroupMetadataKey,
  shareGroupMetadataValue,
  shareGroupStatePartitionMetadataKey,
  shareGroupStatePartitionMetadataValue,
  shareGroupTargetAssignmentMemberKey,
  shareGroupTargetAssignmentMemberValue,
  shareGroupTargetAssignmentMetadataKey,
  shareGroupTargetAssignmentMetadataValue,
} from './share-group-records.js';
import {
  shareSnapshotKey,
  shareSnapshotValue,
  shareUpdateKey,
  shareUpdateValue,
} from './share-state-records.js';
import {
  streamsGroupCurrentMemberAssignmentKey,
  streamsGroupCurrentMemberAssignmentValue,
  streamsGroupMemberMetadataKey,
  streamsGroupMemberMetadataValue,
  streamsGroupMetadataKey,
  streamsGroupMetadataValue,
  streamsGroupTargetAssignmentMemberKey,
  streamsGroupTargetAssignmentMemberValue,
  streamsGroupTargetAssignmentMetadataKey,
  streamsGroupTargetAssignmentMetadataValue,
  streamsGroupTopologyKey,
  streamsGroupTopologyValue,
} from './streams-group-records.js';
import { transactionLogKey, transactionLogValue } from './transaction-records.js';

/** The kinds of records of `__consumer_offsets`, named as in Kafka's schemas. */
export const consumerOffsetsRecords = {
  legacyOffsetCommit: { key: legacyOffsetCommitKey, value: legacyOffsetCommitValue },
  offsetCommit: { key: offsetCommitKey, value: offsetCommitValue },
  groupMetadata: { key: groupMetadataKey, value: groupMetadataValue },
  consumerGroupMetadata: { key: consumerGroupMetadataKey, value: consumerGroupMetadataValue },
  consumerGroupPartitionMetadata: {
    key: consumerGroupPartitionMetadataKey,
    value: consumerGroupPartitionMetadataValue,
  },
  consumerGroupMemberMetadata: {
    key: consumerGroupMemberMetadataKey,
    value: consumerGroupMemberMetadataValue,
  },
  consumerGroupTargetAssignmentMetadata: {
    key: consumerGroupTargetAssignmentMetadataKey,
    value: consumerGroupTargetAssignmentMetadataValue,
  },
  consumerGroupTargetAssignmentMember: {
    key: consumerGroupTargetAssignmentMemberKey,
    value: consumerGroupTargetAssignmentMemberValue,
  },
  consumerGroupCurrentMemberAssignment: {
    key: consumerGroupCurrentMemberAssignmentKey,
    value: consumerGroupCurrentMemberAssignmentValue,
  },
  consumerGroupRegularExpression: {
    key: consumerGroupRegularExpressionKey,
    value: consumerGroupRegularExpressionValue,
  },
  shareGroupMemberMetadata: {
    key: shareGroupMemberMetadataKey,
    value: shareGroupMemberMetadataValue,
  },
  shareGroupMetadata: { key: shareGroupMetadataKey, value: shareGroupMetadataValue },
  shareGroupTargetAssignmentMetadata: {
    key: shareGroupTargetAssignmentMetadataKey,
    value: shareGroupTargetAssignmentMetadataValue,
  },
  shareGroupTargetAssignmentMember: {
    key: shareGroupTargetAssignmentMemberKey,
    value: shareGroupTargetAssignmentMemberValue,
  },
  shareGroupCurrentMemberAssignment: {
    key: shareGroupCurrentMemberAssignmentKey,
    value: shareGroupCurrentMemberAssignmentValue,
  },
  shareGroupStatePartitionMetadata: {
    key: shareGroupStatePartitionMetadataKey,
    value: shareGroupStatePartitionMetadataValue,
  },
  streamsGroupMetadata: { key: streamsGroupMetadataKey, value: streamsGroupMetadataValue },
  streamsGroupMemberMetadata: {
    key: streamsGroupMemberMetadataKey,
    value: streamsGroupMemberMetadataValue,
  },
  streamsGroupTargetAssignmentMetadata: {
    key: streamsGroupTargetAssignmentMetadataKey,
    value: streamsGroupTargetAssignmentMetadataValue,
  },
  streamsGroupTargetAssignmentMember: {
    key: streamsGroupTargetAssignmentMemberKey,
    value: streamsGroupTargetAssignmentMemberValue,
  },
  streamsGroupCurrentMemberAssignment: {
    key: streamsGroupCurrentMemberAssignmentKey,
    value: streamsGroupCurrentMemberAssignmentValue,
  },
  streamsGroupTopology: { key: streamsGroupTopologyKey, value: streamsGroupTopologyValue },
} as const;
/** A record of `__consumer_offsets`. */
export type ConsumerOffsetsRecord = CoordinatorRecord<typeof consumerOffsetsRecords>;

/** The one kind of record of `__transaction_state`. */
export const transactionStateRecords = {
  transactionLog: { key: transactionLogKey, value: transactionLogValue },
} as const;
/** A record of `__transaction_state`. */
export type TransactionStateRecord = CoordinatorRecord<typeof transactionStateRecords>;

/** The kinds of records of `__share_group_state`. */
export const shareGroupStateRecords = {
  shareSnapshot: { key: shareSnapshotKey, value: shareSnapshotValue },
  shareUpdate: { key: shareUpdateKey, value: shareUpdateValue },
} as const;
/** A record of `__share_group_state`. */
export type ShareGroupStateRecord = CoordinatorRecord<typeof shareGroupStateRecords>;
