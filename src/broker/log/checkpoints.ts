import type { Disk } from '../../system/index.js';
import { partitionFile, rootFile } from './file-names.js';
import type { Log } from './log.js';
import { encodeOffsets, type OffsetLine, replaceFileLater } from './offset-checkpoint.js';

/**
 * Writes what a restart needs to know of the logs: leader epochs, then log starts, recovery points
 * and high watermarks. `isCurrent` says whether a log has not been deleted meanwhile.
 */
export async function writeCheckpoints(
  disk: Disk,
  root: string,
  logs: readonly Log[],
  isCurrent: (log: Log) => boolean,
): Promise<void> {
  const recoveryPoints: OffsetLine[] = [];
  const logStarts: OffsetLine[] = [];
  const highWatermarks: OffsetLine[] = [];
  for (const log of logs) {
    if (!isCurrent(log)) continue;
    const { topic, partition, logStartOffset } = log;
    recoveryPoints.push({ topic, partition, offset: log.recoveryPoint });
    highWatermarks.push({ topic, partition, offset: log.syncedOffset });
    if (logStartOffset > 0) logStarts.push({ topic, partition, offset: logStartOffset });
    // Epochs first: a recovery point promises that they are known up to it.
    await writeEpochs(disk, log, isCurrent);
  }
  const replace = (name: string, lines: readonly OffsetLine[]) =>
    replaceFileLater(disk, disk.join(root, name), encodeOffsets(lines));
  await replace(rootFile.logStarts, logStarts);
  await replace(rootFile.recoveryPoints, recoveryPoints);
  await replace(rootFile.highWatermarks, highWatermarks);
}

async function writeEpochs(disk: Disk, log: Log, isCurrent: (log: Log) => boolean): Promise<void> {
  if (!log.epochs.changed) return;
  log.epochs.changed = false;
  const path = disk.join(log.directory, partitionFile.leaderEpochs);
  try {
    await replaceFileLater(disk, path, log.epochs.encode());
  } catch (error) {
    // A topic may be deleted in between; its directory is then no longer there.
    if (!isCurrent(log)) return;
    log.epochs.changed = true;
    throw error;
  }
}
