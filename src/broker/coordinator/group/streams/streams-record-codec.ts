import {
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
  streamsGroupCurrentMemberAssignmentKey as progressKey,
  streamsGroupCurrentMemberAssignmentValue as progressValue,
  streamsGroupMemberMetadataKey as memberKey,
  streamsGroupMemberMetadataValue as memberValue,
  streamsGroupMetadataKey as groupKey,
  streamsGroupMetadataValue as groupValue,
  streamsGroupTargetAssignmentMemberKey as targetKey,
  streamsGroupTargetAssignmentMemberValue as targetValue,
  streamsGroupTargetAssignmentMetadataKey as targetEpochKey,
  streamsGroupTargetAssignmentMetadataValue as targetEpochValue,
  streamsGroupTopologyKey as topologyKey,
  streamsGroupTopologyValue as topologyValue,
  type CoordinatorRecord,
} from '../../../../protocol/internal/index.js';
import type { LogRecord } from '../../runtime/machine.js';
import { ascending } from '../consumer/assignment.js';
import type { StreamsMemberFacts, StreamsMemberProgress } from './streams-member.js';
import type { StoredStreamsGroup, StreamsGroupRecord } from './streams-records.js';
import {
  type ActiveTasks,
  idsOf,
  type OwnedTasks,
  sortedByKey,
  type TargetTasks,
  tasksOf,
} from './tasks.js';
import { type Topology, topologyOf } from './topology.js';

const pairs = {
  group: { key: groupKey, value: groupValue },
  member: { key: memberKey, value: memberValue },
  targetEpoch: { key: targetEpochKey, value: targetEpochValue },
  target: { key: targetKey, value: targetValue },
  progress: { key: progressKey, value: progressValue },
  topology: { key: topologyKey, value: topologyValue },
} as const;

/** Every value has one version so far. */
const version = 0;

/** A record of a streams group as bytes, the same that Apache Kafka writes. */
export function encodeStreamsRecord(record: StreamsGroupRecord): LogRecord {
  const { groupId } = record;
  switch (record.kind) {
    case 'streams-group':
      return {
        key: owned(encodeRecordKey(groupKey, { groupId })),
        value: record.value && encodeGroup(record.value),
      };
    case 'streams-member':
      return {
        key: owned(encodeRecordKey(memberKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeFacts(record.value),
      };
    case 'streams-target-epoch':
      return {
        key: owned(encodeRecordKey(targetEpochKey, { groupId })),
        value: record.value && encodeTargetEpoch(record.value),
      };
    case 'streams-target':
      return {
        key: owned(encodeRecordKey(targetKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeTarget(record.value),
      };
    case 'streams-progress':
      return {
        key: owned(encodeRecordKey(progressKey, { groupId, memberId: record.memberId })),
        value: record.value && encodeProgress(record.value),
      };
    case 'streams-topology':
      return {
        key: owned(encodeRecordKey(topologyKey, { groupId })),
        value: record.value && encodeTopology(record.value),
      };
  }
}

function encodeGroup(stored: StoredStreamsGroup): Buffer {
  const { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs } = stored;
  const value = {
    epoch,
    metadataHash,
    validatedTopologyEpoch,
    lastAssignmentConfigs: [...assignmentConfigs],
  };
  return owned(encodeRecordValue(groupValue, version, value));
}

function encodeFacts(facts: StreamsMemberFacts): Buffer {
  const value = { ...facts, clientTags: [...facts.clientTags] };
  return owned(encodeRecordValue(memberValue, version, value));
}

function encodeTargetEpoch({ epoch, timestamp }: { epoch: number; timestamp: number }): Buffer {
  const value = { assignmentEpoch: epoch, assignmentTimestamp: timestamp };
  return owned(encodeRecordValue(targetEpochValue, version, value));
}

function encodeTarget({ active, standby, warmup }: TargetTasks): Buffer {
  const value = {
    activeTasks: idsOf(active),
    standbyTasks: idsOf(standby),
    warmupTasks: idsOf(warmup),
  };
  return owned(encodeRecordValue(targetValue, version, value));
}

function encodeProgress(progress: StreamsMemberProgress): Buffer {
  const { assigned, revoking } = progress;
  const value = {
    memberEpoch: progress.epoch,
    previousMemberEpoch: progress.previousEpoch,
    state: progress.state,
    activeTasks: withEpochs(assigned.active),
    standbyTasks: withoutEpochs(assigned.standby),
    warmupTasks: withoutEpochs(assigned.warmup),
    activeTasksPendingRevocation: withEpochs(revoking.active),
    standbyTasksPendingRevocation: withoutEpochs(revoking.standby),
    warmupTasksPendingRevocation: withoutEpochs(revoking.warmup),
  };
  return owned(encodeRecordValue(progressValue, version, value));
}

function withEpochs(tasks: ActiveTasks) {
  return sortedByKey(tasks).map(([subtopologyId, epochs]) => {
    const partitions = ascending(epochs.keys());
    const assignmentEpochs = partitions.map((partition) => epochs.get(partition) ?? 0);
    return { subtopologyId, partitions, assignmentEpochs };
  });
}

function withoutEpochs(tasks: TargetTasks['standby']) {
  return idsOf(tasks).map((ids) => ({ ...ids, assignmentEpochs: null }));
}

function encodeTopology({ epoch, subtopologies }: Topology): Buffer {
  const value = {
    epoch,
    subtopologies: subtopologies.map((one) => ({
      ...one,
      sourceTopics: [...one.sourceTopics],
      sourceTopicRegex: [...one.sourceTopicRegex],
      repartitionSinkTopics: [...one.repartitionSinkTopics],
      stateChangelogTopics: one.stateChangelogTopics.map(withConfigs),
      repartitionSourceTopics: one.repartitionSourceTopics.map(withConfigs),
      copartitionGroups: one.copartitionGroups.map((group) => ({
        sourceTopics: [...group.sourceTopics],
        sourceTopicRegex: [...group.sourceTopicRegex],
        repartitionSourceTopics: [...group.repartitionSourceTopics],
      })),
    })),
  };
  return owned(encodeRecordValue(topologyValue, version, value));
}

function withConfigs(topic: Topology['subtopologies'][number]['stateChangelogTopics'][number]) {
  return { ...topic, topicConfigs: [...topic.topicConfigs] };
}

/** Undefined for a record that says nothing of a streams group. */
export function decodeStreamsRecord({ key, value }: LogRecord): StreamsGroupRecord | undefined {
  const record = decodeCoordinatorRecord(pairs, key, value);
  return record === undefined ? undefined : fromBytes(record);
}

function fromBytes(record: CoordinatorRecord<typeof pairs>): StreamsGroupRecord {
  const { groupId } = record.key;
  switch (record.type) {
    case 'group':
      return { kind: 'streams-group', groupId, value: record.value && group(record.value) };
    case 'member': {
      const { memberId } = record.key;
      return {
        kind: 'streams-member',
        groupId,
        memberId,
        value: record.value && facts(record.value),
      };
    }
    case 'targetEpoch': {
      const { value } = record;
      const epochs = value && {
        epoch: value.assignmentEpoch,
        timestamp: value.assignmentTimestamp,
      };
      return { kind: 'streams-target-epoch', groupId, value: epochs };
    }
    case 'target': {
      const { value } = record;
      const target = value && {
        active: tasksOf(value.activeTasks),
        standby: tasksOf(value.standbyTasks),
        warmup: tasksOf(value.warmupTasks),
      };
      return { kind: 'streams-target', groupId, memberId: record.key.memberId, value: target };
    }
    case 'progress': {
      const { memberId } = record.key;
      const value = record.value && progress(record.value);
      return { kind: 'streams-progress', groupId, memberId, value };
    }
    case 'topology':
      return {
        kind: 'streams-topology',
        groupId,
        value: record.value && topologyOf(record.value),
      };
  }
}

type Value<T extends keyof typeof pairs> = NonNullable<
  Extract<CoordinatorRecord<typeof pairs>, { readonly type: T }>['value']
>;

function group(value: Value<'group'>): StoredStreamsGroup {
  const { epoch, metadataHash, validatedTopologyEpoch, lastAssignmentConfigs } = value;
  const assignmentConfigs = (lastAssignmentConfigs ?? []).map((one) => ({
    key: one.key,
    value: one.value,
  }));
  return { epoch, metadataHash, validatedTopologyEpoch, assignmentConfigs };
}

function facts(value: Value<'member'>): StreamsMemberFacts {
  const { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs } = value;
  const { topologyEpoch, processId, userEndpoint, clientTags } = value;
  const who = { instanceId, rackId, clientId, clientHost, rebalanceTimeoutMs };
  return {
    ...who,
    topologyEpoch,
    processId,
    userEndpoint: userEndpoint && { host: userEndpoint.host, port: userEndpoint.port },
    clientTags: clientTags.map((tag) => ({ key: tag.key, value: tag.value })),
  };
}

function progress(value: Value<'progress'>): StreamsMemberProgress {
  const { memberEpoch } = value;
  const assigned: OwnedTasks = {
    active: fromEpochs(value.activeTasks, memberEpoch),
    standby: tasksOf(value.standbyTasks),
    warmup: tasksOf(value.warmupTasks),
  };
  const revoking: OwnedTasks = {
    active: fromEpochs(value.activeTasksPendingRevocation, memberEpoch),
    standby: tasksOf(value.standbyTasksPendingRevocation),
    warmup: tasksOf(value.warmupTasksPendingRevocation),
  };
  const { previousMemberEpoch: previousEpoch, state } = value;
  return { epoch: memberEpoch, previousEpoch, state, assigned, revoking };
}

/** The first versions wrote no epochs: the member's own is what is known then. */
function fromEpochs(ids: Value<'progress'>['activeTasks'], memberEpoch: number): ActiveTasks {
  return new Map(
    ids.map(({ subtopologyId, partitions, assignmentEpochs }) => [
      subtopologyId,
      new Map(
        partitions.map((partition, at) => [partition, assignmentEpochs?.[at] ?? memberEpoch]),
      ),
    ]),
  );
}

function owned(bytes: Buffer): Buffer {
  return Buffer.from(bytes);
}
