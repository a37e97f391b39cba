import {
  type ConsumerOffsetsRecord,
  consumerOffsetsRecords,
  decodeCoordinatorRecord,
  encodeRecordValue,
  groupMetadataValue,
  type GroupMetadataValueDecoded,
} from '../../protocol/internal/index.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import type { Partition } from '../partition/partition.js';
import { offsetsTopicName } from '../storage.js';
import { appendRecords, type InternalPair } from './append-records.js';
import { recordsOf } from './log-records.js';

const groupValueWritten = 3;

/**
 * Records about members in the order in which Kafka takes them back when a member leaves: what it
 * has, what it shall have, itself.
 */
const memberRecords: readonly (readonly ConsumerOffsetsRecord['type'][])[] = [
  [
    'consumerGroupCurrentMemberAssignment',
    'consumerGroupTargetAssignmentMember',
    'consumerGroupMemberMetadata',
  ],
  [
    'shareGroupCurrentMemberAssignment',
    'shareGroupTargetAssignmentMember',
    'shareGroupMemberMetadata',
  ],
];
const memberKinds = memberRecords.flat();

interface FoundGroups {
  /** Classic groups with members, by group. */
  readonly classic: Map<
    string,
    { readonly key: Buffer; readonly value: GroupMetadataValueDecoded }
  >;
  /** Records about members that are in force, by kind and then by group and member. */
  readonly members: Map<string, Map<string, { readonly key: Buffer; readonly groupId: string }>>;
}

/**
 * Takes the members out of every group, as if all had left: where the directory goes, none of them
 * can follow, and a group that waits for them keeps the new ones waiting. Offsets stay. Returns how
 * many groups had members.
 */
export async function settleGroups(topics: TopicRegistry, now: number): Promise<number> {
  let emptied = 0;
  for (const partition of topics.byName(offsetsTopicName)?.partitions ?? []) {
    const found = await groupsIn(partition);
    const records: InternalPair[] = [];
    for (const { key, value } of found.classic.values()) {
      records.push({ key, value: withoutMembers(value, now) });
    }
    const groups = new Set(found.classic.keys());
    for (const kind of memberKinds) {
      for (const { key, groupId } of found.members.get(kind)?.values() ?? []) {
        records.push({ key, value: null });
        groups.add(groupId);
      }
    }
    appendRecords(partition, now, records);
    emptied += groups.size;
  }
  return emptied;
}

function withoutMembers(value: GroupMetadataValueDecoded, now: number): Buffer {
  return encodeRecordValue(groupMetadataValue, groupValueWritten, {
    ...value,
    protocol: null,
    leader: null,
    currentStateTimestamp: now,
    members: [],
  });
}

async function groupsIn(partition: Partition): Promise<FoundGroups> {
  const found: FoundGroups = { classic: new Map(), members: new Map() };
  for await (const { batch, record } of recordsOf(partition.log)) {
    if (batch.isControl || record.key === null) continue;
    const decoded = decodeCoordinatorRecord(consumerOffsetsRecords, record.key, record.value);
    if (decoded !== undefined) note(found, decoded, Buffer.from(record.key));
  }
  return found;
}

function note(found: FoundGroups, decoded: ConsumerOffsetsRecord, key: Buffer): void {
  if (decoded.type === 'groupMetadata') {
    const { group } = decoded.key;
    if (decoded.value === null || decoded.value.members.length === 0) found.classic.delete(group);
    else found.classic.set(group, { key, value: decoded.value });
    return;
  }
  if (!memberKinds.includes(decoded.type) || !('memberId' in decoded.key)) return;
  const { groupId, memberId } = decoded.key;
  const place = JSON.stringify([groupId, memberId]);
  const keys = found.members.get(decoded.type) ?? new Map();
  found.members.set(decoded.type, keys);
  if (decoded.value === null) keys.delete(place);
  else keys.set(place, { key, groupId });
}
