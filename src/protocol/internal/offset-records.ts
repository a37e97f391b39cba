/**
 * Records of `__consumer_offsets`: committed offsets and classic groups.
 *
 * - OffsetCommitValue 1: adds expireTimestamp.
 * - OffsetCommitValue 2: drops expireTimestamp.
 * - OffsetCommitValue 3: adds leaderEpoch.
 * - OffsetCommitValue 4: adds topicId; flexible.
 * - GroupMetadataValue 1: adds rebalanceTimeout.
 * - GroupMetadataValue 2: adds currentStateTimestamp.
 * - GroupMetadataValue 3: adds groupInstanceId.
 * - GroupMetadataValue 4: flexible.
 */
import {
  type Decoded,
  type Input,
  array,
  bytes,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';

export const legacyOffsetCommitKey = message(
  'LegacyOffsetCommitKey',
  { key: 0, versions: [0, 0], flexible: null },
  {
    group: string,
    topic: string,
    partition: int32,
  },
);

export const legacyOffsetCommitValue = message(
  'LegacyOffsetCommitValue',
  { key: 0, versions: [0, 0], flexible: null },
  {
    offset: int64,
    metadata: string,
    commitTimestamp: int64,
  },
);

export const offsetCommitKey = message(
  'OffsetCommitKey',
  { key: 1, versions: [0, 0], flexible: null },
  {
    group: string,
    topic: string,
    partition: int32,
  },
);

export const offsetCommitValue = message(
  'OffsetCommitValue',
  { key: 1, versions: [0, 4], flexible: 4 },
  {
    offset: int64,
    leaderEpoch: int32.since(3).default(-1).ignorable(),
    metadata: string,
    commitTimestamp: int64,
    expireTimestamp: int64.since(1).until(1).default(-1).ignorable(),
    topicId: uuid.tag(0).since(4).ignorable(),
  },
);

export const groupMetadataKey = message(
  'GroupMetadataKey',
  { key: 2, versions: [0, 0], flexible: null },
  {
    group: string,
  },
);

const memberMetadata = {
  memberId: string,
  groupInstanceId: string.nullable().since(3).default(null).ignorable(),
  clientId: string,
  clientHost: string,
  rebalanceTimeout: int32.since(1).default(-1).ignorable(),
  sessionTimeout: int32,
  subscription: bytes,
  assignment: bytes,
};

export const groupMetadataValue = message(
  'GroupMetadataValue',
  { key: 2, versions: [0, 4], flexible: 4 },
  {
    protocolType: string,
    generation: int32,
    protocol: string.nullable(),
    leader: string.nullable(),
    currentStateTimestamp: int64.since(2).default(-1).ignorable(),
    members: array(memberMetadata),
  },
);

export interface LegacyOffsetCommitValue extends Input<typeof legacyOffsetCommitValue> {}
export interface LegacyOffsetCommitValueDecoded extends Decoded<typeof legacyOffsetCommitValue> {}
export interface OffsetCommitValue extends Input<typeof offsetCommitValue> {}
export interface OffsetCommitValueDecoded extends Decoded<typeof offsetCommitValue> {}
export interface GroupMetadataValue extends Input<typeof groupMetadataValue> {}
export interface GroupMetadataValueDecoded extends Decoded<typeof groupMetadataValue> {}
