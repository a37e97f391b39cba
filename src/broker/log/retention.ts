import type { Disk } from '../../system/index.js';
import { offsetOfFile, suffix } from './file-names.js';
import type { Log } from './log.js';

/**
 * How many segments retention takes from the beginning of a log now (`UnifiedLog`): those below
 * the log start, those whose records are all too old, and those without which the log is still as
 * large as it may be. The active segment goes only by age, after a roll. Only what is synced, and
 * only once the segment behind it is on the disk with its snapshot: a crash that took these back,
 * but not the removal, would forget the producers, or even where the log had ended.
 */
export function segmentsToDelete(log: Log, now: number): number {
  const segments = log.segments.all();
  const { retentionMs, retentionBytes, cleanupPolicy } = log.config;
  const byPolicy = cleanupPolicy.includes('delete');
  let excess = retentionBytes >= 0 ? log.size - retentionBytes : -1;
  let count = 0;
  for (const [place, segment] of segments.entries()) {
    const isActive = place === segments.length - 1;
    const end = log.segments.endOf(place, log.logEndOffset);
    if (end > log.syncedOffset || (isActive && segment.size === 0)) break;
    if (!isActive && end > log.safeBase) break;
    const isBelowStart = !isActive && end <= log.logStartOffset;
    const isTooOld = byPolicy && retentionMs >= 0 && now - segment.retentionTime > retentionMs;
    const isTooMuch = byPolicy && !isActive && excess >= segment.size;
    if (!isBelowStart && !isTooOld && !isTooMuch) break;
    excess -= segment.size;
    count += 1;
  }
  return count;
}

/** Names the snapshots of producers below an offset, which retention takes along. */
export function snapshotsBelow(disk: Disk, log: Log, offset: number): string[] {
  return disk
    .list(log.directory)
    .filter(({ name }) => (offsetOfFile(name, suffix.snapshot) ?? offset) < offset)
    .map(({ name }) => disk.join(log.directory, name));
}

/**
 * Moves the log start behind so many segments and takes them out; `removed` gets the names of the
 * files that may go, also when it fails half-way.
 */
export function dropSegments(
  disk: Disk,
  log: Log,
  count: number,
  removed: (paths: readonly string[]) => void,
): void {
  const next = log.segments.at(count);
  if (next === undefined) return;
  log.deleteRecordsBefore(next.baseOffset);
  const paths: string[] = [];
  try {
    for (let left = count; left > 0; left--) paths.push(...log.dropFirstSegment());
    paths.push(...snapshotsBelow(disk, log, next.baseOffset));
  } finally {
    removed(paths);
  }
}
