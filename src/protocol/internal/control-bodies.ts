/**
 * Bodies of control records: transaction markers, and what the metadata log says about leaders,
 * voters and snapshots (KIP-98, KIP-595, KIP-630, KIP-853).
 *
 * - LeaderChangeMessage 1: adds voterDirectoryId.
 */
import {
  type Decoded,
  type Input,
  array,
  int16,
  int32,
  int64,
  message,
  string,
  struct,
  uint16,
  uuid,
} from '../../schema/index.js';

export const endTxnMarker = message(
  'EndTxnMarker',
  { key: 0, versions: [0, 0], flexible: null },
  {
    coordinatorEpoch: int32,
  },
);

const voter = {
  voterId: int32,
  voterDirectoryId: uuid.since(1),
};

export const leaderChangeMessage = message(
  'LeaderChangeMessage',
  { key: 0, versions: [0, 1], flexible: 0 },
  {
    version: int16,
    leaderId: int32,
    voters: array(voter),
    grantingVoters: array(voter),
  },
);

export const snapshotHeaderRecord = message(
  'SnapshotHeaderRecord',
  { key: 0, versions: [0, 0], flexible: 0 },
  {
    version: int16,
    lastContainedLogTimestamp: int64,
  },
);

export const snapshotFooterRecord = message(
  'SnapshotFooterRecord',
  { key: 0, versions: [0, 0], flexible: 0 },
  {
    version: int16,
  },
);

export const kRaftVersionRecord = message(
  'KRaftVersionRecord',
  { key: 0, versions: [0, 0], flexible: 0 },
  {
    version: int16,
    kRaftVersion: int16,
  },
);

export const votersRecord = message(
  'VotersRecord',
  { key: 0, versions: [0, 0], flexible: 0 },
  {
    version: int16,
    voters: array({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: array({
        name: string,
        host: string,
        port: uint16,
      }),
      kRaftVersionFeature: struct({
        minSupportedVersion: int16,
        maxSupportedVersion: int16,
      }),
    }),
  },
);

export interface EndTxnMarker extends Input<typeof endTxnMarker> {}
export interface EndTxnMarkerDecoded extends Decoded<typeof endTxnMarker> {}
export interface LeaderChangeMessage extends Input<typeof leaderChangeMessage> {}
export interface LeaderChangeMessageDecoded extends Decoded<typeof leaderChangeMessage> {}
export interface SnapshotHeaderRecord extends Input<typeof snapshotHeaderRecord> {}
export interface SnapshotHeaderRecordDecoded extends Decoded<typeof snapshotHeaderRecord> {}
export interface SnapshotFooterRecord extends Input<typeof snapshotFooterRecord> {}
export interface SnapshotFooterRecordDecoded extends Decoded<typeof snapshotFooterRecord> {}
export interface KRaftVersionRecord extends Input<typeof kRaftVersionRecord> {}
export interface KRaftVersionRecordDecoded extends Decoded<typeof kRaftVersionRecord> {}
export interface VotersRecord extends Input<typeof votersRecord> {}
export interface VotersRecordDecoded extends Decoded<typeof votersRecord> {}
