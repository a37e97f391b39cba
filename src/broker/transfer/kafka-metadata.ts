import { KafkaError } from '../../errors/index.js';
import {
  decodeMetadataRecord as decodeRecord,
  type MetadataRecord as KafkaRecord,
} from '../../protocol/internal/index.js';
import { controlRecordOf, type RecordBatch } from '../../records/index.js';
import type { Disk } from '../../system/index.js';
import { scanBatches } from '../log/batch-scan.js';
import { clusterMetadataDirectory, offsetOfFile, suffix } from '../log/file-names.js';
import { MetadataImage } from '../metadata/metadata-image.js';
import { decodeMetadataRecord } from '../metadata/metadata-codec.js';
import { bootstrapCheckpoint } from './kafka-checkpoint.js';

/** What Apache Kafka's controller knows of a cluster. */
export interface KafkaMetadata {
  readonly image: MetadataImage;
  /** Nodes that hold a partition and are in sync, by topic id and partition. */
  readonly replicas: ReadonlyMap<string, readonly PartitionReplicas[]>;
  /** How many records of each kind there were that kafkit has no place for. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export interface PartitionReplicas {
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

/** A change of a partition that names no new leader says so with this number. */
const noLeaderChange = -2;

/** Kinds that are about Kafka's own nodes and levels: nothing of a single kafkit broker's. */
const ownBusiness: ReadonlySet<KafkaRecord['type']> = new Set([
  'registerBroker',
  'unregisterBroker',
  'fenceBroker',
  'unfenceBroker',
  'brokerRegistrationChange',
  'registerController',
  'unregisterController',
  'featureLevel',
  'noOp',
  'zkMigrationState',
  'clearElr',
]);

/**
 * Reads the metadata log of Apache Kafka in a data directory: its latest checkpoint and what the
 * log says after it; or `bootstrap.checkpoint` where no Kafka has run yet.
 */
export function readKafkaMetadata(disk: Disk, root: string): KafkaMetadata {
  const reader = new KafkaMetadataReader();
  const directory = disk.join(root, clusterMetadataDirectory);
  if (!disk.exists(directory)) {
    const path = disk.join(root, bootstrapCheckpoint);
    if (!disk.exists(path)) {
      throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is no directory of Apache Kafka.`, {
        path: root,
        hint:
          `It has neither ${clusterMetadataDirectory} nor ${bootstrapCheckpoint}: ` +
          'is it the one that log.dirs (or metadata.log.dir) names?',
      });
    }
    readCheckpoint(disk, path, reader);
    return reader.metadata();
  }
  const names = disk.list(directory).map(({ name }) => name);
  const checkpoint = names.filter((name) => /^\d{20}-\d{10}\.checkpoint$/.test(name)).at(-1);
  let from = 0;
  if (checkpoint !== undefined) {
    readCheckpoint(disk, disk.join(directory, checkpoint), reader);
    from = Number(checkpoint.slice(0, 20));
  }
  for (const name of names) {
    const base = offsetOfFile(name, suffix.log);
    if (base === undefined) continue;
    const file = disk.open(disk.join(directory, name), 'read');
    try {
      // What follows the last whole batch was torn by a crash before anybody was told of it.
      scanBatches(file, 0, base, ({ batch }) => {
        if (batch.nextOffset > from) reader.take(batch, from);
      });
    } finally {
      file.close();
    }
  }
  return reader.metadata();
}

function readCheckpoint(disk: Disk, path: string, reader: KafkaMetadataReader): void {
  const file = disk.open(path, 'read');
  let isWhole = false;
  try {
    scanBatches(file, 0, 0, ({ batch }) => {
      if (batch.isControl) {
        const [record] = batch.records();
        isWhole = record !== undefined && controlRecordOf(record).type === 'snapshot-footer';
      } else reader.take(batch, 0);
    });
  } finally {
    file.close();
  }
  if (isWhole) return;
  throw new KafkaError('DATA_DIRECTORY_INVALID', `${path} is damaged: it has no end.`, { path });
}

class KafkaMetadataReader {
  readonly #image = new MetadataImage();
  readonly #replicas = new Map<string, PartitionReplicas[]>();
  readonly #leftOut = new Map<string, number>();
  /** Records of a metadata transaction (KIP-868) that has not ended. */
  #pending: Buffer[] | undefined;

  metadata(): KafkaMetadata {
    return { image: this.#image, replicas: this.#replicas, leftOut: this.#leftOut };
  }

  /** Replays the records of a batch from an offset on. */
  take(batch: RecordBatch, from: number): void {
    if (batch.isControl) return;
    for (const { value, offset } of batch.records()) {
      if (value === null || offset < from) continue;
      const decoded = decodeRecord(value);
      if (decoded?.type === 'beginTransaction') this.#pending = [];
      else if (decoded?.type === 'abortTransaction') this.#pending = undefined;
      else if (decoded?.type === 'endTransaction') this.#commit();
      else if (this.#pending !== undefined) this.#pending.push(Buffer.from(value));
      else this.#replay(value, decoded);
    }
  }

  #commit(): void {
    const records = this.#pending ?? [];
    this.#pending = undefined;
    for (const value of records) this.#replay(value, decodeRecord(value));
  }

  #replay(value: Buffer, decoded: KafkaRecord | undefined): void {
    if (decoded === undefined) {
      this.#leaveOut('a kind of a newer Kafka');
      return;
    }
    if (ownBusiness.has(decoded.type)) return;
    if (decoded.type === 'partitionChange') {
      this.#change(decoded.record);
      return;
    }
    if (decoded.type === 'partition') {
      const { topicId, partitionId, replicas, isr } = decoded.record;
      const known = this.#replicas.get(topicId) ?? [];
      this.#replicas.set(topicId, known);
      known[partitionId] = { replicas, isr };
    }
    if (decoded.type === 'removeTopic') this.#replicas.delete(decoded.record.topicId);
    this.#replayOurs(value, decoded.type);
  }

  /** What our own journal can hold is taken over as it is. */
  #replayOurs(value: Buffer, kind: string): void {
    let record: ReturnType<typeof decodeMetadataRecord>;
    try {
      record = decodeMetadataRecord(value, clusterMetadataDirectory);
    } catch {
      this.#leaveOut(kind);
      return;
    }
    this.#image.replay(record);
  }

  #leaveOut(kind: string): void {
    this.#leftOut.set(kind, (this.#leftOut.get(kind) ?? 0) + 1);
  }

  #change(record: Extract<KafkaRecord, { type: 'partitionChange' }>['record']): void {
    const { topicId, partitionId, leader, isr, replicas } = record;
    const epochs = this.#image.byId(topicId)?.leaderEpochs;
    const known = this.#replicas.get(topicId);
    const before = known?.[partitionId];
    const epoch = epochs?.[partitionId];
    if (epochs === undefined || epoch === undefined || !known || !before) return;
    if (leader !== noLeaderChange) epochs[partitionId] = epoch + 1;
    known[partitionId] = { isr: isr ?? before.isr, replicas: replicas ?? before.replicas };
  }
}
