import {
  consumerGroupCurrentMemberAssignmentKey as progressKey,
  consumerGroupCurrentMemberAssignmentValue as progressValue,
  consumerGroupMemberMetadataKey as memberKey,
  consumerGroupMemberMetadataValue as memberValue,
  consumerGroupMetadataKey as groupKey,
  consumerGroupMetadataValue as groupValue,
  consumerGroupRegularExpressionKey as regexKey,
  consumerGroupRegularExpressionValue as regexValue,
  consumerGroupTargetAssignmentMemberKey as targetKey,
  consumerGroupTargetAssignmentMemberValue as targetValue,
  consumerGroupTargetAssignmentMetadataKey as targetEpochKey,
  consumerGroupTargetAssignmentMetadataValue as targetEpochValue,
  type CoordinatorRecord,
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
} from '../../../../protocol/internal/index.js';
import type { LogRecord } from '../../runtime/machine.js';
import { ascending, type Assignment, type OwnedPartitions } from './assignment.js';
import type { MemberFacts, MemberProgress } from './consumer-member.js';
import type { ConsumerGroupRecord } from './consumer-records.js';

const pairs = {
  group: { key: groupKey, value: groupValue },
  member: { key: memberKey, value: memberValue },
  targetEpoch: { key: targetEpochKey, value: targetEpochValue },
  target: { key: targetKey, value: targetValue },
  progress: { key: progressKey, value: progressValue },
  regex: { key: regexKey, value: regexValue },
} as const;

/** Every value has one version so far. */
const version = 0;

/** A record of a consumer group as bytes, the same that Apache Kafka 4.3 writes. */
export function encodeConsumerRecord(record: ConsumerGroupRecord): LogRecord {
  const { groupId } = record;
  switch (record.kind) {
    case 'consumer-group':
      return {
        key: owned(encodeRecordKey(groupKey, { groupId })),
        value: record.value && owned(encodeRecordValue(groupValue, version, record.value)),
      };
    case 'consumer-member':
      return {
        key: owned(encodeRecordKey(memberKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeFacts(record.value),
      };
    case 'consumer-target-epoch':
      return {
        key: owned(encodeRecordKey(targetEpochKey, { groupId })),
        value: record.value && encodeTargetEpoch(record.value),
      };
    case 'consumer-target':
      return {
        key: owned(encodeRecordKey(targetKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeTarget(record.value),
      };
    case 'consumer-progress':
      return {
        key: owned(encodeRecordKey(progressKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeProgress(record.value),
      };
    case 'consumer-regex':
      return {
        key: owned(encodeRecordKey(regexKey, { groupId, regularExpression: record.regex })),
        value:
          record.value &&
          owned(
            encodeRecordValue(regexValue, version, {
              ...record.value,
              topics: [...record.value.topics],
            }),
          ),
      };
  }
}

function encodeFacts(facts: MemberFacts): Buffer {
  const { topicNames, topicRegex, classic, ...rest } = facts;
  const value = {
    ...rest,
    subscribedTopicNames: [...topicNames],
    subscribedTopicRegex: topicRegex,
    classicMemberMetadata: classic && {
      sessionTimeoutMs: classic.sessionTimeoutMs,
      supportedProtocols: [...classic.supportedProtocols],
    },
  };
  return owned(encodeRecordValue(memberValue, version, value));
}

function encodeTargetEpoch({ epoch, timestamp }: { epoch: number; timestamp: number }): Buffer {
  const value = { assignmentEpoch: epoch, assignmentTimestamp: timestamp };
  return owned(encodeRecordValue(targetEpochValue, version, value));
}

function encodeTarget(target: Assignment): Buffer {
  const topicPartitions = Array.from(target, ([topicId, partitions]) => ({
    topicId,
    partitions: [...partitions],
  }));
  return owned(encodeRecordValue(targetValue, version, { topicPartitions }));
}

function encodeProgress(progress: MemberProgress): Buffer {
  const value = {
    memberEpoch: progress.epoch,
    previousMemberEpoch: progress.previousEpoch,
    state: progress.state,
    assignedPartitions: withEpochs(progress.assigned),
    partitionsPendingRevocation: withEpochs(progress.revoking),
  };
  return owned(encodeRecordValue(progressValue, version, value));
}

function withEpochs(partitions: OwnedPartitions) {
  return Array.from(partitions, ([topicId, epochs]) => {
    const sorted = ascending(epochs.keys());
    const assignmentEpochs = sorted.map((partition) => epochs.get(partition) ?? 0);
    return { topicId, partitions: sorted, assignmentEpochs };
  });
}

/** Undefined for a record that says nothing of a consumer group. */
export function decodeConsumerRecord({ key, value }: LogRecord): ConsumerGroupRecord | undefined {
  const record = decodeCoordinatorRecord(pairs, key, value);
  return record === undefined ? undefined : fromBytes(record);
}

function fromBytes(record: CoordinatorRecord<typeof pairs>): ConsumerGroupRecord {
  const { groupId } = record.key;
  switch (record.type) {
    case 'group': {
      const { value } = record;
      const { epoch, metadataHash } = value ?? { epoch: 0, metadataHash: 0n };
      return { kind: 'consumer-group', groupId, value: value && { epoch, metadataHash } };
    }
    case 'member': {
      const { memberId } = record.key;
      return { kind: 'consumer-member', groupId, memberId, value: record.value && facts(record) };
    }
    case 'targetEpoch': {
      const { value } = record;
      const epochs = value && {
        epoch: value.assignmentEpoch,
        timestamp: value.assignmentTimestamp,
      };
      return { kind: 'consumer-target-epoch', groupId, value: epochs };
    }
    case 'target': {
      const target = record.value?.topicPartitions.map(
        ({ topicId, partitions }) => [topicId, ascending(partitions)] as const,
      );
      const value = target === undefined ? null : new Map(target);
      return { kind: 'consumer-target', groupId, memberId: record.key.memberId, value };
    }
    case 'progress': {
      const { memberId } = record.key;
      const value = record.value && progress(record.value);
      return { kind: 'consumer-progress', groupId, memberId, value };
    }
    case 'regex': {
      const { regularExpression: regex } = record.key;
      return { kind: 'consumer-regex', groupId, regex, value: record.value };
    }
  }
}

type Decoded<T extends keyof typeof pairs> = Extract<
  CoordinatorRecord<typeof pairs>,
  { readonly type: T }
>;

function facts({ value }: Decoded<'member'>): MemberFacts | null {
  if (value === null) return null;
  const { subscribedTopicNames, subscribedTopicRegex, classicMemberMetadata, ...rest } = value;
  return {
    instanceId: rest.instanceId,
    rackId: rest.rackId,
    clientId: rest.clientId,
    clientHost: rest.clientHost,
    rebalanceTimeoutMs: rest.rebalanceTimeoutMs,
    serverAssignor: rest.serverAssignor,
    topicNames: [...subscribedTopicNames].sort(),
    topicRegex: subscribedTopicRegex ?? '',
    classic: classicMemberMetadata && {
      sessionTimeoutMs: classicMemberMetadata.sessionTimeoutMs,
      supportedProtocols: classicMemberMetadata.supportedProtocols.map(({ name, metadata }) => ({
        name,
        // A copy, so that the log's buffer is not kept alive by a member.
        metadata: owned(metadata),
      })),
    },
  };
}

type DecodedProgress = NonNullable<Decoded<'progress'>['value']>;

function progress(value: DecodedProgress): MemberProgress {
  return {
    epoch: value.memberEpoch,
    previousEpoch: value.previousMemberEpoch,
    state: value.state,
    assigned: fromEpochs(value.assignedPartitions, value.memberEpoch),
    revoking: fromEpochs(value.partitionsPendingRevocation, value.memberEpoch),
  };
}

/** Kafka before 4.2 wrote no epochs: the member's own is what is known then. */
function fromEpochs(
  topics: DecodedProgress['assignedPartitions'],
  memberEpoch: number,
): OwnedPartitions {
  return new Map(
    topics.map(({ topicId, partitions, assignmentEpochs }) => [
      topicId,
      new Map(
        partitions.map((partition, at) => [partition, assignmentEpochs?.[at] ?? memberEpoch]),
      ),
    ]),
  );
}

function owned(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}
