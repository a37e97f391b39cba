/**
 * Records of `__share_group_state`: how far each share partition is, as snapshots and updates to
 * them (KIP-932).
 */
import {
  type Decoded,
  type Input,
  array,
  int8,
  int16,
  int32,
  int64,
  message,
  string,
  uuid,
} from '../../schema/index.js';

export const shareSnapshotKey = message(
  'ShareSnapshotKey',
  { key: 0, versions: [0, 0], flexible: null },
  {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
);

export const shareSnapshotValue = message(
  'ShareSnapshotValue',
  { key: 0, versions: [0, 0], flexible: 0 },
  {
    snapshotEpoch: int32,
    stateEpoch: int32,
    leaderEpoch: int32,
    startOffset: int64,
    deliveryCompleteCount: int32.tag(0).default(-1),
    createTimestamp: int64,
    writeTimestamp: int64,
    stateBatches: array({
      firstOffset: int64,
      lastOffset: int64,
      deliveryState: int8,
      deliveryCount: int16,
    }),
  },
);

export const shareUpdateKey = message(
  'ShareUpdateKey',
  { key: 1, versions: [0, 0], flexible: null },
  {
    groupId: string,
    topicId: uuid,
    partition: int32,
  },
);

export const shareUpdateValue = message(
  'ShareUpdateValue',
  { key: 1, versions: [0, 0], flexible: 0 },
  {
    snapshotEpoch: int32,
    leaderEpoch: int32,
    startOffset: int64,
    deliveryCompleteCount: int32.tag(0).default(-1),
    stateBatches: array({
      firstOffset: int64,
      lastOffset: int64,
      deliveryState: int8,
      deliveryCount: int16,
    }),
  },
);

export interface ShareSnapshotValue extends Input<typeof shareSnapshotValue> {}
export interface ShareSnapshotValueDecoded extends Decoded<typeof shareSnapshotValue> {}
export interface ShareUpdateValue extends Input<typeof shareUpdateValue> {}
export interface ShareUpdateValueDecoded extends Decoded<typeof shareUpdateValue> {}
