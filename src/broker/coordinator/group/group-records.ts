import type { ConsumerGroupRecord } from './consumer/consumer-records.js';
import type { ShareGroupRecord } from './share/share-records.js';
import type { StreamsGroupRecord } from './streams/streams-records.js';

/** What the group machine writes down, before it becomes bytes (see group-record-codec.ts). */

/** An offset as it was committed. */
export interface CommittedOffset {
  readonly offset: number;
  /** -1 where the consumer gave none. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Wall clock in milliseconds. */
  readonly commitTimestamp: number;
  /** When the commit set a time of its own (OffsetCommit 2 to 4), the wall clock at its end. */
  readonly expireTimestamp: number | undefined;
  /** Undefined in records that know topics by name only. */
  readonly topicId: string | undefined;
}

export interface OffsetRecord {
  readonly kind: 'offset';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  /** Null takes the offset away. */
  readonly value: CommittedOffset | null;
}

export interface StoredMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeout: number;
  readonly sessionTimeout: number;
  readonly subscription: Buffer;
  readonly assignment: Buffer;
}

/** A classic group as of its last generation. */
export interface StoredClassicGroup {
  /** Empty for a group nobody has joined yet. */
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** -1 where it is not known. */
  readonly currentStateTimestamp: number;
  readonly members: readonly StoredMember[];
}

export interface ClassicGroupRecord {
  readonly kind: 'classic-group';
  readonly groupId: string;
  /** Null deletes the group. */
  readonly value: StoredClassicGroup | null;
}

export type GroupRecord =
  | OffsetRecord
  | ClassicGroupRecord
  | ConsumerGroupRecord
  | ShareGroupRecord
  | StreamsGroupRecord;

export function isStreamsRecord(record: GroupRecord): record is StreamsGroupRecord {
  return record.kind.startsWith('streams-');
}

export function isShareRecord(record: GroupRecord): record is ShareGroupRecord {
  return record.kind.startsWith('share-');
}
