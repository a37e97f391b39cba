import { KafkaError } from '../../errors/index.js';
import type { Disk } from '../../system/index.js';
import { clusterMetadataDirectory, rootFile } from '../log/file-names.js';
import { type MetaProperties, readMetaProperties } from '../log/meta-properties.js';
import type { MetadataImage } from '../metadata/metadata-image.js';
import { journalName, readJournal } from '../metadata/metadata-journal.js';
import { readManifest } from './manifest.js';

/** What a data directory says of itself. */
export interface DataDirectory {
  readonly root: string;
  readonly meta: MetaProperties;
  readonly image: MetadataImage;
  readonly wasCleanShutdown: boolean;
}

/** Reads a data directory of ours; fails with DATA_DIRECTORY_INVALID where there is none. */
export function readDataDirectory(disk: Disk, root: string): DataDirectory {
  const meta = disk.exists(root) ? readMetaProperties(disk, root) : undefined;
  if (meta === undefined) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is no data directory.`, {
      path: root,
      hint: 'It has no meta.properties: is this the directory that "kafkit up --data" was given?',
    });
  }
  ensureOurs(disk, root);
  if (!disk.exists(disk.join(root, journalName))) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} has no ${journalName}.`, {
      path: root,
      hint: 'No kafkit has run on it yet.',
    });
  }
  return {
    root,
    meta,
    image: readJournal(disk, root).image,
    wasCleanShutdown: disk.exists(disk.join(root, rootFile.cleanShutdown)),
  };
}

/** Whether Apache Kafka has run on the directory: its own metadata is what counts there. */
export function isKafkas(disk: Disk, root: string): boolean {
  return disk.exists(disk.join(root, clusterMetadataDirectory));
}

/**
 * Fails where no broker of ours may run: Apache Kafka has run on the directory, so that our journal
 * is out of date, or it is a backup, whose files others may share.
 */
export function ensureOurs(disk: Disk, root: string): void {
  if (readManifest(disk, root)?.kind === 'backup') {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${root} is a backup.`, {
      path: root,
      hint: 'Make a data directory of it with "kafkit restore".',
    });
  }
  if (!isKafkas(disk, root)) return;
  throw new KafkaError('DATA_DIRECTORY_INVALID', `Apache Kafka has run on ${root}.`, {
    path: root,
    hint: 'What it wrote comes back with "kafkit import".',
  });
}

/** All of the topic's directory names, as the metadata has them. */
export function* partitionsOf(
  image: MetadataImage,
): Generator<{ readonly topic: string; readonly partition: number; readonly topicId: string }> {
  for (const { name, id, leaderEpochs } of image.topics.values()) {
    for (const partition of leaderEpochs.keys()) yield { topic: name, partition, topicId: id };
  }
}
