import { Writer } from '../../bytes/index.js';
import {
  encodeMetadataRecord as encodeRecord,
  featureLevelRecord,
  partitionRecord,
  producerIdsRecord,
  snapshotFooterRecord,
  snapshotHeaderRecord,
} from '../../protocol/internal/index.js';
import { RecordBatchBuilder } from '../../records/index.js';
import { codec } from '../../schema/index.js';
import { encodeMetadataRecord } from '../metadata/metadata-codec.js';
import type { MetadataImage } from '../metadata/metadata-image.js';
import type { MetadataRecord } from '../metadata/metadata-record.js';

/** Kafka's controller takes over what stands in it when its own metadata log is empty. */
export const bootstrapCheckpoint = 'bootstrap.checkpoint';

/**
 * What Kafka 4.0 formats a directory with and every later version accepts. 4.0-IV3 is
 * metadata.version 25; groups of KIP-848 and transactions of KIP-890 need the other two.
 */
const featureLevels = { 'metadata.version': 25, 'group.version': 1, 'transaction.version': 2 };

/** Kafka refuses batches above 8 MiB in a checkpoint. */
const batchBytes = 1024 * 1024;
const controlType = { snapshotHeader: 3, snapshotFooter: 4 } as const;
/** The version of partition records that says in which directory a replica lies. */
const partitionVersion = 1;

export interface CheckpointFacts {
  readonly image: MetadataImage;
  readonly nodeId: number;
  readonly directoryId: string;
  /** The leader epoch to write down, above every epoch in the log. */
  readonly leaderEpochOf: (topicId: string, partition: number) => number;
  /** Above every producer id in use. */
  readonly nextProducerId: number;
  readonly now: number;
}

/**
 * The metadata as a snapshot of Kafka's metadata log: header, records, footer (KIP-630). Every
 * kind of record the image gives is written; partitions and producer ids with what Kafka wants to
 * know beyond it.
 */
export function kafkaCheckpoint(facts: CheckpointFacts): Buffer {
  const { now } = facts;
  const header = codec(snapshotHeaderRecord, 0);
  const footer = codec(snapshotFooterRecord, 0);
  const writer = new Writer(16);
  header.encode(writer, { version: 0, lastContainedLogTimestamp: now });
  const batches = [controlBatch(0, controlType.snapshotHeader, Buffer.from(writer.bytes()), now)];
  let offset = 1;
  let builder = dataBatch(offset);
  for (const value of valuesOf(facts)) {
    if (builder.append({ key: null, value, timestamp: now }) === undefined) {
      offset += builder.count;
      batches.push(builder.build());
      builder = dataBatch(offset);
      builder.append({ key: null, value, timestamp: now });
    }
  }
  offset += builder.count;
  batches.push(builder.build());
  const last = new Writer(16);
  footer.encode(last, { version: 0 });
  batches.push(controlBatch(offset, controlType.snapshotFooter, Buffer.from(last.bytes()), now));
  return Buffer.concat(batches);
}

function* valuesOf(facts: CheckpointFacts): Generator<Buffer> {
  for (const [name, featureLevel] of Object.entries(featureLevels)) {
    yield encodeRecord(featureLevelRecord, 0, { name, featureLevel });
  }
  for (const record of facts.image.snapshot()) {
    // Producer ids are a fact about the logs, too: they come last, and only once.
    if (record.type !== 'producerIds') yield valueOf(record, facts);
  }
  yield encodeRecord(producerIdsRecord, 0, {
    brokerId: facts.nodeId,
    nextProducerId: facts.nextProducerId,
  });
}

function valueOf(record: MetadataRecord, facts: CheckpointFacts): Buffer {
  if (record.type !== 'partition') return encodeMetadataRecord(record);
  const { topicId, partition } = record;
  const { nodeId, directoryId } = facts;
  return encodeRecord(partitionRecord, partitionVersion, {
    partitionId: partition,
    topicId,
    replicas: [nodeId],
    isr: [nodeId],
    removingReplicas: [],
    addingReplicas: [],
    leader: nodeId,
    leaderEpoch: facts.leaderEpochOf(topicId, partition),
    partitionEpoch: 0,
    directories: [directoryId],
  });
}

function dataBatch(baseOffset: number): RecordBatchBuilder {
  return new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 0, sizeLimit: batchBytes });
}

function controlBatch(baseOffset: number, type: number, value: Buffer, timestamp: number): Buffer {
  const key = Buffer.alloc(4);
  key.writeInt16BE(type, 2);
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 0, isControl: true });
  builder.append({ key, value, timestamp });
  return builder.build();
}
