import type { Disk, Logger, Random } from '../../system/index.js';
import {
  asideName,
  clusterMetadataDirectory,
  isDeletedDirectory,
  isSetAside,
  partitionOfDirectory,
  suffix,
} from './file-names.js';
import { readPartitionMetadata } from './partition-metadata.js';

export interface FoundPartition {
  readonly name: string;
  readonly directory: string;
  readonly topic: string;
  readonly partition: number;
  /** Undefined where the directory does not say. */
  readonly topicId: string | undefined;
}

/** The partition directories of a data directory; those that were being deleted are removed. */
export function partitionsIn(disk: Disk, root: string, logger: Logger): FoundPartition[] {
  const found: FoundPartition[] = [];
  for (const { name, isDirectory } of disk.list(root)) {
    if (!isDirectory || name === clusterMetadataDirectory || isSetAside(name)) continue;
    const directory = disk.join(root, name);
    if (isDeletedDirectory(name)) {
      disk.remove(directory);
      continue;
    }
    const place = partitionOfDirectory(name);
    if (place === undefined) {
      logger.warn(`${directory} is no partition directory and is left alone.`);
      continue;
    }
    found.push({ name, directory, ...place, topicId: readPartitionMetadata(disk, directory) });
  }
  return found;
}

/**
 * A directory nobody knows the topic of is kept under another name, never deleted; unless it holds
 * nothing at all, because a crash came between making it and its first sync.
 */
export function quarantine(
  disk: Disk,
  root: string,
  { topic, partition, directory, topicId }: FoundPartition,
  random: Random,
  logger: Logger,
): void {
  if (topicId === undefined && holdsNothing(disk, directory)) {
    disk.remove(directory);
    return;
  }
  const unique = random.bytes(16).toString('hex');
  const aside = disk.join(root, asideName(topic, partition, unique, '-stray'));
  disk.rename(directory, aside);
  logger.warn(`${directory} belongs to no topic and is kept as ${aside}.`);
}

function holdsNothing(disk: Disk, directory: string): boolean {
  return disk.list(directory).every(({ name, isDirectory }) => {
    if (isDirectory) return false;
    if (!name.endsWith(suffix.log)) return true;
    const file = disk.open(disk.join(directory, name), 'read');
    try {
      return file.size() === 0;
    } finally {
      file.close();
    }
  });
}
