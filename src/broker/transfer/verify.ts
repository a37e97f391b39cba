import { KafkaError } from '../../errors/index.js';
import { consumerOffsetsRecords, decodeCoordinatorRecord } from '../../protocol/internal/index.js';
import {
  type CompressionType,
  compressionTypes,
  isCodecLoaded,
  loadCodec,
  type RecordBatch,
} from '../../records/index.js';
import { type DirectoryLock, realSystem, type System } from '../../system/index.js';
import {
  clusterMetadataDirectory,
  directoryOf,
  isDeletedDirectory,
  isSetAside,
  rootFile,
} from '../log/file-names.js';
import { type MetaProperties, readMetaProperties } from '../log/meta-properties.js';
import { readOffsets } from '../log/offset-checkpoint.js';
import type { MetadataImage } from '../metadata/metadata-image.js';
import { journalName, readJournal } from '../metadata/metadata-journal.js';
import { offsetsTopicName } from '../storage.js';
import { isKafkas, partitionsOf } from './data-directory.js';
import { readKafkaMetadata } from './kafka-metadata.js';
import { readManifest } from './manifest.js';
import type { VerifyOptions } from './transfer-options.js';
import { type VerifiedPartition, verifyPartition } from './verify-partition.js';
import { Findings, type VerifyReport } from './verify-report.js';

/** A committed offset, to be compared with the ends of the logs. */
interface Committed {
  readonly group: string;
  readonly name: string;
  readonly offset: number;
}

/** See `verify` in `index.ts`. */
export async function verifyDirectory(options: VerifyOptions): Promise<VerifyReport> {
  const system = options.system ?? realSystem();
  const { disk } = system;
  const root = options.data;
  const meta = disk.exists(root) ? readMetaProperties(disk, root) : undefined;
  if (meta === undefined) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is no data directory.`, {
      path: root,
      hint: 'It has no meta.properties.',
    });
  }
  const kind = kindOf(system, root);
  // Nobody runs on a backup, and it may lie where nobody can write.
  const lock = kind === 'backup' ? undefined : await lockOf(system, root);
  try {
    return await new DirectoryCheck(system, options, meta, kind).run();
  } finally {
    await lock?.release();
  }
}

function kindOf({ disk }: System, root: string): VerifyReport['kind'] {
  if (readManifest(disk, root)?.kind === 'backup') return 'backup';
  return isKafkas(disk, root) || !disk.exists(disk.join(root, journalName)) ? 'kafka' : 'kafkit';
}

async function lockOf({ disk }: System, root: string): Promise<DirectoryLock> {
  const holder = disk.lockHolder(disk.join(root, rootFile.kafkaLock));
  if (holder === undefined) return await disk.lockDirectory(root);
  throw new KafkaError(
    'DATA_DIRECTORY_LOCKED',
    `Apache Kafka (process ${holder}) runs on ${root}.`,
    { path: root, hint: 'Stop it first.' },
  );
}

class DirectoryCheck {
  readonly #system: System;
  readonly #options: VerifyOptions;
  readonly #meta: MetaProperties;
  readonly #kind: VerifyReport['kind'];
  readonly #findings = new Findings();
  /** By group, topic and partition. */
  readonly #committed = new Map<string, Committed>();
  readonly #missingCodecs = new Set<CompressionType>();

  constructor(
    system: System,
    options: VerifyOptions,
    meta: MetaProperties,
    kind: VerifyReport['kind'],
  ) {
    this.#system = system;
    this.#options = options;
    this.#meta = meta;
    this.#kind = kind;
  }

  async run(): Promise<VerifyReport> {
    const { disk } = this.#system;
    const root = this.#options.data;
    const isClean = disk.exists(disk.join(root, rootFile.cleanShutdown));
    await this.#loadCodecs();
    const image = this.#image(isClean);
    this.#checkRoot(image);
    const found = await this.#checkPartitions(image, isClean);
    this.#checkCommitted(found);
    for (const codec of this.#missingCodecs) {
      this.#findings.warning('', `Records compressed with ${codec} were not looked into.`);
    }
    const findings = this.#findings;
    const { clusterId, nodeId } = this.#meta;
    const { segments, batches, records, bytes, errors, warnings, omitted } = findings;
    return {
      directory: root,
      kind: this.#kind,
      clusterId,
      nodeId,
      wasCleanShutdown: isClean,
      topics: image.topics.size,
      partitions: found.size,
      segments,
      batches,
      records,
      bytes,
      findings: findings.sorted(),
      errors,
      warnings,
      omitted,
    };
  }

  async #loadCodecs(): Promise<void> {
    for (const codec of compressionTypes) {
      // One that is not installed matters only where something is compressed with it.
      await loadCodec(codec).catch(() => undefined);
    }
  }

  #image(isClean: boolean): MetadataImage {
    const { disk } = this.#system;
    const root = this.#options.data;
    if (this.#kind === 'kafka') return readKafkaMetadata(disk, root).image;
    const { image, validBytes, totalBytes } = readJournal(disk, root);
    const torn = totalBytes - validBytes;
    if (torn > 0) {
      const what = `${torn} bytes at its end are no batch`;
      if (isClean) this.#findings.error(journalName, `${what}: topics or configs may be lost.`);
      else this.#findings.warning(journalName, `${what}; the next start cuts them.`);
    }
    return image;
  }

  #checkRoot(image: MetadataImage): void {
    const { disk } = this.#system;
    const known = new Set(
      [...partitionsOf(image)].map(({ topic, partition }) => directoryOf(topic, partition)),
    );
    for (const { name, isDirectory } of disk.list(this.#options.data)) {
      if (!isDirectory || name === clusterMetadataDirectory || known.has(name)) continue;
      if (isDeletedDirectory(name)) continue;
      if (isSetAside(name)) this.#findings.warning(name, 'It was set aside and is not in use.');
      else this.#findings.warning(name, 'It belongs to no topic; the next start sets it aside.');
    }
  }

  async #checkPartitions(
    image: MetadataImage,
    isClean: boolean,
  ): Promise<Map<string, VerifiedPartition>> {
    const { disk } = this.#system;
    const { data: root, onProgress } = this.#options;
    const offsets = (name: string) => readOffsets(disk, disk.join(root, name));
    const recoveryPoints = offsets(rootFile.recoveryPoints);
    const logStarts = offsets(rootFile.logStarts);
    const found = new Map<string, VerifiedPartition>();
    for (const { topic, partition, topicId } of partitionsOf(image)) {
      const name = directoryOf(topic, partition);
      if (!disk.exists(disk.join(root, name))) {
        this.#findings.warning(name, 'It is missing; the next start makes an empty log.');
        continue;
      }
      const known = image.topics.get(topic);
      const check = {
        root,
        name,
        topicId,
        isCompacted: known?.configs['cleanup.policy']?.includes('compact') === true,
        isClean,
        recoveryPoint: recoveryPoints.get(name) ?? 0,
        logStartOffset: logStarts.get(name) ?? -1,
        leaderEpoch: known?.leaderEpochs[partition] ?? 0,
        visit: (batch: RecordBatch) => this.#visit(topic, batch),
      };
      found.set(name, await verifyPartition(this.#system, check, this.#findings));
      onProgress?.({ doneBytes: this.#findings.bytes, totalBytes: this.#findings.bytes });
    }
    return found;
  }

  #visit(topic: string, batch: RecordBatch): void {
    const { compression } = batch;
    if (!isCodecLoaded(compression)) {
      this.#missingCodecs.add(compression);
      return;
    }
    if (topic === offsetsTopicName) this.#noteOffsets(batch);
    if (this.#options.deep === true) checkRecords(batch);
  }

  #noteOffsets(batch: RecordBatch): void {
    // What a transaction commits counts when it ends well, which is the coordinator's business.
    if (batch.isControl || batch.isTransactional) return;
    for (const { key, value } of batch.records()) {
      if (key === null) continue;
      const record = decodeCoordinatorRecord(consumerOffsetsRecords, key, value);
      if (record?.type !== 'offsetCommit') continue;
      const { group, topic, partition } = record.key;
      const place = JSON.stringify([group, topic, partition]);
      const name = directoryOf(topic, partition);
      if (record.value === null) this.#committed.delete(place);
      else this.#committed.set(place, { group, name, offset: record.value.offset });
    }
  }

  /** Whoever continues behind the end of a log waits for records that others will overtake. */
  #checkCommitted(found: ReadonlyMap<string, VerifiedPartition>): void {
    for (const { group, name, offset } of this.#committed.values()) {
      const end = found.get(name)?.endOffset;
      if (end === undefined || offset <= end) continue;
      const what = `Group ${group} has committed offset ${offset}`;
      this.#findings.warning(name, `${what}, but the log ends at ${end}.`);
    }
  }
}

/** Each record must be readable and lie between its neighbours; compaction leaves holes. */
function checkRecords(batch: RecordBatch): void {
  let next = batch.baseOffset;
  for (const { offset } of batch.records()) {
    if (offset < next || offset > batch.lastOffset) {
      throw new KafkaError('INVALID_RECORD', `offset ${offset} is out of order`);
    }
    next = offset + 1;
  }
}
