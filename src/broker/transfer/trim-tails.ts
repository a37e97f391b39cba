import type { Disk, DiskFile } from '../../system/index.js';
import { headerAt } from '../log/batch-scan.js';
import { directoryOf, offsetOfFile, suffix } from '../log/file-names.js';
import { type DataDirectory, partitionsOf } from './data-directory.js';

/** So many zeros at the end of a file make it worth looking where its batches end. */
const tailBytes = 16;

/**
 * Cuts the zeros that stand behind the last batch of a log, because its file was extended ahead of
 * its data: after a clean stop nobody looks, and what is appended next would stand behind them.
 */
export function trimTails(disk: Disk, { root, image }: DataDirectory): void {
  for (const { topic, partition } of partitionsOf(image)) {
    const directory = disk.join(root, directoryOf(topic, partition));
    if (!disk.exists(directory)) continue;
    const last = disk
      .list(directory)
      .filter(({ name }) => offsetOfFile(name, suffix.log) !== undefined)
      .at(-1);
    if (last === undefined) continue;
    const file = disk.open(disk.join(directory, last.name), 'write');
    try {
      trim(file);
    } finally {
      file.close();
    }
  }
}

function trim(file: DiskFile): void {
  const size = file.size();
  const tail = Buffer.alloc(tailBytes);
  if (size < tailBytes || file.read(tail, size - tailBytes) < tailBytes) return;
  if (tail.some((byte) => byte !== 0)) return;
  let end = 0;
  for (let header = headerAt(file, 0, size); header; header = headerAt(file, end, size)) {
    end = header.position + header.sizeInBytes;
  }
  // Only zeros are nothing: whatever else stands there is for recovery to judge.
  const rest = Buffer.alloc(Math.min(size - end, 1024 * 1024));
  file.read(rest, end);
  if (rest.every((byte) => byte === 0) && end < size) file.truncate(end);
}
