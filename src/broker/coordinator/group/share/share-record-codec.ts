import {
  type CoordinatorRecord,
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
  shareGroupCurrentMemberAssignmentKey as progressKey,
  shareGroupCurrentMemberAssignmentValue as progressValue,
  shareGroupMemberMetadataKey as memberKey,
  shareGroupMemberMetadataValue as memberValue,
  shareGroupMetadataKey as groupKey,
  shareGroupMetadataValue as groupValue,
  shareGroupStatePartitionMetadataKey as topicsKey,
  shareGroupStatePartitionMetadataValue as topicsValue,
  shareGroupTargetAssignmentMemberKey as targetKey,
  shareGroupTargetAssignmentMemberValue as targetValue,
  shareGroupTargetAssignmentMetadataKey as targetEpochKey,
  shareGroupTargetAssignmentMetadataValue as targetEpochValue,
} from '../../../../protocol/internal/index.js';
import type { LogRecord } from '../../runtime/machine.js';
import { ascending, type Assignment } from '../consumer/assignment.js';
import type { SharedTopic, ShareGroupRecord, ShareTopics } from './share-records.js';

const pairs = {
  group: { key: groupKey, value: groupValue },
  member: { key: memberKey, value: memberValue },
  targetEpoch: { key: targetEpochKey, value: targetEpochValue },
  target: { key: targetKey, value: targetValue },
  progress: { key: progressKey, value: progressValue },
  topics: { key: topicsKey, value: topicsValue },
} as const;

/** Every value has one version so far. */
const version = 0;
/** The only state of a member: it takes over what it is given at once. */
const stable = 0;

/** A record of a share group as bytes, the same that Apache Kafka 4.3 writes. */
export function encodeShareRecord(record: ShareGroupRecord): LogRecord {
  const { groupId, value } = record;
  switch (record.kind) {
    case 'share-group':
      return {
        key: owned(encodeRecordKey(groupKey, { groupId })),
        value: record.value && owned(encodeRecordValue(groupValue, version, record.value)),
      };
    case 'share-member': {
      const { memberId } = record;
      const facts = record.value && {
        ...record.value,
        subscribedTopicNames: [...record.value.topicNames],
      };
      return {
        key: owned(encodeRecordKey(memberKey, { groupId, memberId })),
        value: facts && owned(encodeRecordValue(memberValue, version, facts)),
      };
    }
    case 'share-target-epoch':
      return {
        key: owned(encodeRecordKey(targetEpochKey, { groupId })),
        value: record.value && encodeTargetEpoch(record.value),
      };
    case 'share-target': {
      const { memberId } = record;
      const target = record.value && { topicPartitions: listed(record.value) };
      return {
        key: owned(encodeRecordKey(targetKey, { groupId, memberId })),
        value: target && owned(encodeRecordValue(targetValue, version, target)),
      };
    }
    case 'share-progress': {
      const { memberId } = record;
      const progress = record.value && {
        memberEpoch: record.value.epoch,
        previousMemberEpoch: record.value.previousEpoch,
        state: stable,
        assignedPartitions: listed(record.value.assigned),
      };
      return {
        key: owned(encodeRecordKey(progressKey, { groupId, memberId })),
        value: progress && owned(encodeRecordValue(progressValue, version, progress)),
      };
    }
    case 'share-topics':
      return {
        key: owned(encodeRecordKey(topicsKey, { groupId })),
        value: value === null ? null : encodeTopics(record.value ?? undefined),
      };
  }
}

function encodeTargetEpoch({ epoch, timestamp }: { epoch: number; timestamp: number }): Buffer {
  const value = { assignmentEpoch: epoch, assignmentTimestamp: timestamp };
  return owned(encodeRecordValue(targetEpochValue, version, value));
}

function encodeTopics(topics: ShareTopics | undefined): Buffer {
  const infos = (some: ReadonlyMap<string, SharedTopic> = new Map()) =>
    Array.from(some, ([topicId, { name, partitions }]) => ({
      topicId,
      topicName: name,
      partitions: [...partitions],
    }));
  return owned(
    encodeRecordValue(topicsValue, version, {
      initializingTopics: infos(topics?.initializing),
      initializedTopics: infos(topics?.initialized),
      deletingTopics: Array.from(topics?.deleting ?? [], ([topicId, topicName]) => ({
        topicId,
        topicName,
      })),
    }),
  );
}

function listed(assignment: Assignment) {
  return Array.from(assignment, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions],
  }));
}

/** Undefined for a record that says nothing of a share group. */
export function decodeShareRecord({ key, value }: LogRecord): ShareGroupRecord | undefined {
  const record = decodeCoordinatorRecord(pairs, key, value);
  return record === undefined ? undefined : fromBytes(record);
}

function fromBytes(record: CoordinatorRecord<typeof pairs>): ShareGroupRecord {
  const { groupId } = record.key;
  switch (record.type) {
    case 'group': {
      const { epoch, metadataHash } = record.value ?? { epoch: 0, metadataHash: 0n };
      return { kind: 'share-group', groupId, value: record.value && { epoch, metadataHash } };
    }
    case 'member': {
      const { memberId } = record.key;
      const { value } = record;
      const facts = value && {
        rackId: value.rackId,
        clientId: value.clientId,
        clientHost: value.clientHost,
        topicNames: [...value.subscribedTopicNames].sort(),
      };
      return { kind: 'share-member', groupId, memberId, value: facts };
    }
    case 'targetEpoch': {
      const { assignmentEpoch: epoch = 0, assignmentTimestamp: timestamp = 0 } = record.value ?? {};
      const value = record.value && { epoch, timestamp };
      return { kind: 'share-target-epoch', groupId, value };
    }
    case 'target': {
      const value = record.value && assignmentOf(record.value.topicPartitions);
      return { kind: 'share-target', groupId, memberId: record.key.memberId, value };
    }
    case 'progress': {
      const { value } = record;
      const progress = value && {
        epoch: value.memberEpoch,
        previousEpoch: value.previousMemberEpoch,
        assigned: assignmentOf(value.assignedPartitions),
      };
      return { kind: 'share-progress', groupId, memberId: record.key.memberId, value: progress };
    }
    case 'topics':
      return { kind: 'share-topics', groupId, value: record.value && topicsOf(record) };
  }
}

function topicsOf({
  value,
}: Extract<CoordinatorRecord<typeof pairs>, { readonly type: 'topics' }>): ShareTopics {
  const named = (some: readonly { topicId: string; topicName: string; partitions: number[] }[]) =>
    new Map(
      some.map(({ topicId, topicName: name, partitions }) => [
        topicId,
        { name, partitions: ascending(partitions) },
      ]),
    );
  return {
    initializing: named(value?.initializingTopics ?? []),
    initialized: named(value?.initializedTopics ?? []),
    deleting: new Map(
      (value?.deletingTopics ?? []).map(({ topicId, topicName }) => [topicId, topicName]),
    ),
  };
}

function assignmentOf(
  topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[],
): Assignment {
  return new Map(topics.map(({ topicId, partitions }) => [topicId, ascending(partitions)]));
}

function owned(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}
