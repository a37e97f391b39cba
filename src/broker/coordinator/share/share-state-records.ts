import {
  type CoordinatorRecord,
  decodeCoordinatorRecord,
  encodeRecordKey,
  encodeRecordValue,
  shareSnapshotKey,
  shareSnapshotValue,
  shareUpdateKey,
  shareUpdateValue,
} from '../../../protocol/internal/index.js';
import type { LogRecord, RecordCodec } from '../runtime/machine.js';
import type { StateBatch } from './state-batches.js';

/** A share partition: what one group has of one partition. */
export interface SharePartitionKey {
  readonly groupId: string;
  readonly topicId: string;
  readonly partition: number;
}

/** What an update says: it lies over the snapshot of the same epoch. */
export interface ShareStateUpdate {
  readonly snapshotEpoch: number;
  readonly leaderEpoch: number;
  /** Everything below is done; -1 where it has not been decided. */
  readonly startOffset: number;
  /** Records from the start offset on that are done; -1 where nobody has counted. */
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
}

/** The whole state of a share partition. */
export interface ShareStateSnapshot extends ShareStateUpdate {
  /** Moves when the state is made anew; whoever writes with an older one is fenced. */
  readonly stateEpoch: number;
  /** Wall clock. */
  readonly createTimestamp: number;
  readonly writeTimestamp: number;
}

export type ShareStateRecord =
  | {
      readonly kind: 'snapshot';
      readonly key: SharePartitionKey;
      /** Null takes the state away. */
      readonly value: ShareStateSnapshot | null;
    }
  | {
      readonly kind: 'update';
      readonly key: SharePartitionKey;
      readonly value: ShareStateUpdate | null;
    };

const pairs = {
  snapshot: { key: shareSnapshotKey, value: shareSnapshotValue },
  update: { key: shareUpdateKey, value: shareUpdateValue },
} as const;

/** Every value has one version so far. */
const version = 0;

/** The records of `__share_group_state`, byte for byte as Apache Kafka writes them. */
export const shareStateCodec: RecordCodec<ShareStateRecord> = { encode, decode };

function encode(record: ShareStateRecord): LogRecord {
  if (record.kind === 'snapshot') {
    const value = record.value && { ...record.value, stateBatches: [...record.value.stateBatches] };
    return {
      key: Buffer.from(encodeRecordKey(shareSnapshotKey, record.key)),
      value: value && Buffer.from(encodeRecordValue(shareSnapshotValue, version, value)),
    };
  }
  const value = record.value && { ...record.value, stateBatches: [...record.value.stateBatches] };
  return {
    key: Buffer.from(encodeRecordKey(shareUpdateKey, record.key)),
    value: value && Buffer.from(encodeRecordValue(shareUpdateValue, version, value)),
  };
}

function decode({ key, value }: LogRecord): ShareStateRecord | undefined {
  const record: CoordinatorRecord<typeof pairs> | undefined = decodeCoordinatorRecord(
    pairs,
    key,
    value,
  );
  if (record === undefined) return undefined;
  return record.type === 'snapshot'
    ? { kind: 'snapshot', key: record.key, value: record.value }
    : { kind: 'update', key: record.key, value: record.value };
}
