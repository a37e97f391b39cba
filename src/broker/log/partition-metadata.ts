import { isUuid } from '../../bytes/index.js';
import type { Disk, DiskFile } from '../../system/index.js';
import { partitionFile } from './file-names.js';

/** Writes `partition.metadata`, which ties a directory to its topic's id; the caller syncs it. */
export function writePartitionMetadata(disk: Disk, directory: string, topicId: string): string {
  const path = disk.join(directory, partitionFile.metadata);
  const file: DiskFile = disk.open(path, 'create');
  try {
    file.write([Buffer.from(`version: 0\ntopic_id: ${topicId}\n`)], 0);
  } finally {
    file.close();
  }
  return path;
}

/** The topic id of a partition directory; undefined where the file is missing or damaged. */
export function readPartitionMetadata(disk: Disk, directory: string): string | undefined {
  const path = disk.join(directory, partitionFile.metadata);
  if (!disk.exists(path)) return undefined;
  const [, id] =
    /^version: 0\s+topic_id: (\S+)\s*$/.exec(disk.readFile(path).toString('utf8')) ?? [];
  return id !== undefined && isUuid(id) ? id : undefined;
}
