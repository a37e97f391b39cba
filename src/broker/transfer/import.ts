import { KafkaError } from '../../errors/index.js';
import { defaultLogger, type Disk, realSystem, type System } from '../../system/index.js';
import { settingsOf } from '../broker-options.js';
import { clusterMetadataDirectory, directoryOf, asideName, rootFile } from '../log/file-names.js';
import { type MetaProperties, readMetaProperties } from '../log/meta-properties.js';
import type { MetadataImage } from '../metadata/metadata-image.js';
import { journalName, MetadataJournal } from '../metadata/metadata-journal.js';
import { clusterMetadataTopic } from '../metadata/topic-name.js';
import { openStorage } from '../storage.js';
import { planCopy } from './copy-plan.js';
import { isKafkas, partitionsOf } from './data-directory.js';
import { bootstrapCheckpoint } from './kafka-checkpoint.js';
import { type KafkaMetadata, readKafkaMetadata } from './kafka-metadata.js';
import { fillTarget, finishTarget } from './target-directory.js';
import type { ImportOptions, ImportSummary } from './transfer-options.js';

/** See `importFromKafka` in `index.ts`. */
export async function importDirectory(options: ImportOptions): Promise<ImportSummary> {
  const system = options.system ?? realSystem();
  const logger = options.logger ?? defaultLogger;
  const { disk } = system;
  const { from } = options;
  const directory = options.out ?? from;
  const source = metaOf(disk, from);
  const lock = await disk.lockDirectory(from);
  let metadata: KafkaMetadata;
  const notes: string[] = [];
  try {
    ensureStopped(disk, from, notes);
    metadata = readKafkaMetadata(disk, from);
    check(disk, options, source, metadata);
    raiseEpochs(metadata.image);
    if (options.out === undefined) {
      await writeJournal(system, from, metadata.image, options);
      putAside(system, from);
    } else {
      notes.push(...(await copyOver(system, options.out, source, metadata, options)));
      await writeJournal(system, options.out, metadata.image, options);
    }
  } finally {
    await lock.release();
  }
  // The start of a broker: what a crash of Kafka has left is recovered, and what is missing made.
  const start = { data: directory, system, logger };
  const storage = await openStorage(await settingsOf(start), start);
  const logs = [...storage.logs.logs()];
  const bytes = logs.reduce((sum, log) => sum + log.size, 0);
  await storage.journal.close();
  await storage.logs.close();
  const { clusterId, nodeId } = source;
  finishTarget(disk, directory, { kind: 'import', clusterId, begunAt: system.clock.now() });
  for (const [kind, count] of metadata.leftOut) {
    notes.push(`${count} records of the kind "${kind}" have no place in kafkit and stay behind.`);
  }
  const { topics } = metadata.image;
  return {
    directory,
    clusterId,
    nodeId,
    topics: topics.size,
    partitions: logs.length,
    bytes,
    notes,
  };
}

function metaOf(disk: Disk, root: string): MetaProperties {
  const meta = disk.exists(root) ? readMetaProperties(disk, root) : undefined;
  if (disk.exists(disk.join(root, journalName)) && !isKafkas(disk, root)) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is a directory of kafkit already.`, {
      path: root,
      hint: 'No Apache Kafka has run on it: start it with "kafkit up --data".',
    });
  }
  if (meta !== undefined) return meta;
  throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is no directory of Apache Kafka.`, {
    path: root,
    hint: 'It has no meta.properties: is it the one that log.dirs names?',
  });
}

/** Kafka locks `.lock` while it runs, and removes it when it stops by itself. */
function ensureStopped(disk: Disk, root: string, notes: string[]): void {
  const path = disk.join(root, rootFile.kafkaLock);
  if (!disk.exists(path)) return;
  const holder = disk.lockHolder(path);
  if (holder !== undefined) {
    throw new KafkaError(
      'DATA_DIRECTORY_LOCKED',
      `Apache Kafka (process ${holder}) runs on ${root}.`,
      { path: root, hint: 'Stop it first.' },
    );
  }
  notes.push('Apache Kafka was not stopped properly; what it had not written down is recovered.');
}

/** The directory must hold the whole of every partition. */
function check(
  disk: Disk,
  { from, acceptMissing }: ImportOptions,
  { nodeId }: MetaProperties,
  { image, replicas }: KafkaMetadata,
): void {
  const elsewhere: string[] = [];
  const missing: string[] = [];
  for (const { topic, partition, topicId } of partitionsOf(image)) {
    const name = directoryOf(topic, partition);
    const held = replicas.get(topicId)?.[partition];
    if (held !== undefined && !held.isr.includes(nodeId)) elsewhere.push(name);
    else if (!disk.exists(disk.join(from, name))) missing.push(name);
  }
  const few = (names: readonly string[]) =>
    `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
  if (elsewhere.length > 0) {
    throw new KafkaError(
      'DATA_DIRECTORY_INVALID',
      `Node ${nodeId} does not hold all of ${few(elsewhere)}.`,
      {
        path: from,
        hint: 'Reassign every partition to this node first, or use "kafkit migrate".',
      },
    );
  }
  if (missing.length === 0 || acceptMissing === true) return;
  // A checkpoint that no Kafka has booted on yet may speak of partitions that are yet to be made.
  if (!disk.exists(disk.join(from, clusterMetadataDirectory))) return;
  throw new KafkaError('DATA_DIRECTORY_INVALID', `${from} has no directory of ${few(missing)}.`, {
    path: from,
    hint: 'Was it one of several log.dirs? Move them together, or accept these as empty.',
  });
}

/** Whatever is written from now on is of a new leader. */
function raiseEpochs({ topics }: MetadataImage): void {
  for (const { leaderEpochs } of topics.values()) {
    for (const [index, epoch] of leaderEpochs.entries()) leaderEpochs[index] = epoch + 1;
  }
}

async function copyOver(
  system: System,
  out: string,
  meta: MetaProperties,
  { image }: KafkaMetadata,
  options: ImportOptions,
): Promise<readonly string[]> {
  const { disk } = system;
  const wasCleanShutdown = disk.exists(disk.join(options.from, rootFile.cleanShutdown));
  const source = { root: options.from, meta, image, wasCleanShutdown };
  const plan = planCopy(disk, source, out);
  const manifest = {
    kind: 'import',
    clusterId: meta.clusterId,
    begunAt: system.clock.now(),
  } as const;
  await fillTarget(system, out, manifest, plan, options);
  return plan.notes;
}

async function writeJournal(
  system: System,
  root: string,
  image: MetadataImage,
  { logger }: ImportOptions,
): Promise<void> {
  const contents = { image, validBytes: 0, totalBytes: 0, records: 0 };
  const { disk } = system;
  const journal = await MetadataJournal.open(disk, root, contents, true, logger ?? defaultLogger);
  await journal.close();
}

/**
 * Kafka's own metadata would be out of date from now on. It is kept under a name that both take
 * for something set aside; what it started from goes.
 */
function putAside(system: System, root: string): void {
  const { disk, random } = system;
  const metadata = disk.join(root, clusterMetadataDirectory);
  if (disk.exists(metadata)) {
    const unique = random.bytes(16).toString('hex');
    const aside = asideName(clusterMetadataTopic, 0, unique, '-stray');
    disk.rename(metadata, disk.join(root, aside));
  }
  for (const name of [bootstrapCheckpoint, rootFile.kafkaLock]) {
    disk.remove(disk.join(root, name));
  }
  disk.syncDirectoryNow(root);
}
