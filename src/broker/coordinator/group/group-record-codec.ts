import { Reader, Writer, zeroUuid } from '../../../bytes/index.js';
import {
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../../protocol/internal/index.js';
import { codec } from '../../../schema/index.js';
import type { LogRecord, RecordCodec } from '../runtime/machine.js';
import { decodeConsumerRecord, encodeConsumerRecord } from './consumer/consumer-record-codec.js';
import { decodeShareRecord, encodeShareRecord } from './share/share-record-codec.js';
import { decodeStreamsRecord, encodeStreamsRecord } from './streams/streams-record-codec.js';
import {
  type CommittedOffset,
  type GroupRecord,
  isShareRecord,
  isStreamsRecord,
  type StoredClassicGroup,
  type StoredMember,
} from './group-records.js';

/** The versions of keys say what kind of record it is; 0 and 1 are both offsets. */
const offsetKeys = [0, 1];
const offsetKeyWritten = 1;
const groupKey = 2;

// The value versions that Kafka 4.3 writes.
const offsetValueWritten = 4;
/** The only version that can say when an offset expires. */
const offsetValueWithExpiry = 1;
const groupValueWritten = 3;

/** The records of groups and offsets, byte for byte as Apache Kafka writes them. */
export const groupRecordCodec: RecordCodec<GroupRecord> = { encode, decode };

function encode(record: GroupRecord): LogRecord {
  switch (record.kind) {
    case 'offset':
      return {
        key: versioned(offsetKeyWritten, (writer) =>
          codec(offsetCommitKey, 0).encode(writer, {
            group: record.groupId,
            topic: record.topic,
            partition: record.partition,
          }),
        ),
        value: record.value && encodeOffset(record.value),
      };
    case 'classic-group':
      return {
        key: versioned(groupKey, (writer) =>
          codec(groupMetadataKey, 0).encode(writer, { group: record.groupId }),
        ),
        value: record.value && encodeGroup(record.value),
      };
    default:
      if (isStreamsRecord(record)) return encodeStreamsRecord(record);
      return isShareRecord(record) ? encodeShareRecord(record) : encodeConsumerRecord(record);
  }
}

function encodeOffset(value: CommittedOffset): Buffer {
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId } = value;
  const common = { offset, metadata, commitTimestamp };
  if (expireTimestamp !== undefined) {
    return versioned(offsetValueWithExpiry, (writer) =>
      codec(offsetCommitValue, offsetValueWithExpiry).encode(writer, {
        ...common,
        expireTimestamp,
      }),
    );
  }
  return versioned(offsetValueWritten, (writer) =>
    codec(offsetCommitValue, offsetValueWritten).encode(writer, {
      ...common,
      leaderEpoch,
      topicId: topicId ?? zeroUuid,
    }),
  );
}

function encodeGroup(value: StoredClassicGroup): Buffer {
  return versioned(groupValueWritten, (writer) =>
    codec(groupMetadataValue, groupValueWritten).encode(writer, {
      ...value,
      members: [...value.members],
    }),
  );
}

/** Text and bytes of the result are its own: the log's buffer is not kept alive by a group. */
function decode({ key, value }: LogRecord): GroupRecord | undefined {
  const reader = new Reader(key);
  const version = reader.int16();
  if (offsetKeys.includes(version)) {
    const { group, topic, partition } = codec(offsetCommitKey, 0).decode(reader);
    return {
      kind: 'offset',
      groupId: group,
      topic,
      partition,
      value: value && decodeOffset(value),
    };
  }
  if (version !== groupKey) {
    return (
      decodeConsumerRecord({ key, value }) ??
      decodeShareRecord({ key, value }) ??
      decodeStreamsRecord({ key, value })
    );
  }
  const { group } = codec(groupMetadataKey, 0).decode(reader);
  return { kind: 'classic-group', groupId: group, value: value && decodeGroup(value) };
}

function decodeOffset(bytes: Buffer): CommittedOffset {
  const reader = new Reader(bytes);
  const value = codec(offsetCommitValue, reader.int16()).decode(reader);
  return {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestamp: value.commitTimestamp,
    expireTimestamp: value.expireTimestamp < 0 ? undefined : value.expireTimestamp,
    topicId: value.topicId === zeroUuid ? undefined : value.topicId,
  };
}

function decodeGroup(bytes: Buffer): StoredClassicGroup {
  const reader = new Reader(bytes);
  const value = codec(groupMetadataValue, reader.int16()).decode(reader);
  const { protocolType, generation, protocol, leader, currentStateTimestamp } = value;
  const members: StoredMember[] = value.members.map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeout,
    sessionTimeout: member.sessionTimeout,
    subscription: Buffer.from(member.subscription),
    assignment: Buffer.from(member.assignment),
  }));
  return { protocolType, generation, protocol, leader, currentStateTimestamp, members };
}

function versioned(version: number, write: (writer: Writer) => void): Buffer {
  const writer = new Writer(128);
  writer.int16(version);
  write(writer);
  return Buffer.from(writer.bytes());
}
