import type { Disk } from '../../system/index.js';
import {
  clusterMetadataDirectory,
  directoryOf,
  isDeletedDirectory,
  isSetAside,
  offsetOfFile,
  partitionOfDirectory,
  rootFile,
  suffix,
} from '../log/file-names.js';
import { readOffsets } from '../log/offset-checkpoint.js';
import { readPartitionMetadata } from '../log/partition-metadata.js';
import { journalName } from '../metadata/metadata-journal.js';
import { type FileToCopy, sizeOf } from './copy-files.js';
import { type DataDirectory, partitionsOf } from './data-directory.js';

/** What has to be made in another place to have the directory there, too. */
export interface CopyPlan {
  readonly directories: readonly string[];
  readonly files: readonly FileToCopy[];
  /** Sentences about what stays behind. */
  readonly notes: readonly string[];
}

/** Root files in the order they are copied; without the last one a directory counts as new. */
const rootFiles = [
  rootFile.recoveryPoints,
  rootFile.logStarts,
  rootFile.highWatermarks,
  rootFile.cleanerOffsets,
  rootFile.cleanShutdown,
  journalName,
  rootFile.meta,
];

/** What is on its way out. The rest of an interrupted compaction comes along: it is told apart. */
const passing = [suffix.deleted, '.tmp'];

/**
 * Lists the files of a stopped broker's directory that make up what `source.image` says: the
 * partitions it knows and the files of the root, meta.properties last.
 */
export function planCopy(disk: Disk, source: DataDirectory, to: string): CopyPlan {
  const { root } = source;
  const known = new Map(
    [...partitionsOf(source.image)].map(({ topic, partition, topicId }) => [
      directoryOf(topic, partition),
      topicId,
    ]),
  );
  const recoveryPoints = readOffsets(disk, disk.join(root, rootFile.recoveryPoints));
  const directories: string[] = [];
  const files: FileToCopy[] = [];
  const notes: string[] = [];
  for (const { name, isDirectory } of disk.list(root)) {
    if (!isDirectory || name === clusterMetadataDirectory || isDeletedDirectory(name)) continue;
    const topicId = known.get(name);
    if (topicId === undefined || readPartitionMetadata(disk, disk.join(root, name)) !== topicId) {
      notes.push(`${name} stays behind: ${whyLeft(name)}.`);
      continue;
    }
    directories.push(name);
    const safe = source.wasCleanShutdown
      ? Number.MAX_SAFE_INTEGER
      : (recoveryPoints.get(name) ?? 0);
    files.push(...partitionFiles(disk, root, to, name, safe));
  }
  for (const name of rootFiles) {
    const from = disk.join(root, name);
    if (!disk.exists(from)) continue;
    files.push({ from, to: disk.join(to, name), bytes: sizeOf(disk, from), isFinal: false });
  }
  return { directories, files, notes };
}

function whyLeft(name: string): string {
  if (isSetAside(name)) return 'it was set aside';
  if (partitionOfDirectory(name) === undefined) return 'it is no partition';
  return 'it belongs to no topic';
}

/**
 * Only what lies below `safe` in segments that are closed can no longer change: recovery may cut
 * everything else, and indexes are rewritten in place.
 */
function partitionFiles(
  disk: Disk,
  root: string,
  to: string,
  name: string,
  safe: number,
): FileToCopy[] {
  const entries = disk.list(disk.join(root, name)).filter((entry) => !entry.isDirectory);
  const bases = entries
    .map((entry) => offsetOfFile(entry.name, suffix.log))
    .filter((base) => base !== undefined)
    .sort((a, b) => a - b);
  const isFinal = (file: string): boolean => {
    const base = offsetOfFile(file, suffix.log);
    const next = base === undefined ? undefined : bases[bases.indexOf(base) + 1];
    return next !== undefined && next <= safe;
  };
  return entries
    .filter((entry) => !passing.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => {
      const from = disk.join(root, name, entry.name);
      return {
        from,
        to: disk.join(to, name, entry.name),
        bytes: sizeOf(disk, from),
        isFinal: isFinal(entry.name),
      };
    });
}
