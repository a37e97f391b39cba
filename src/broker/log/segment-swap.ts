import type { KafkaError } from '../../errors/index.js';
import type { Disk } from '../../system/index.js';
import { headerAt } from './batch-scan.js';
import { offsetOfFile, segmentSuffixes, stemOf, suffix } from './file-names.js';
import type { LogSegment } from './log-segment.js';
import type { OpenFiles } from './open-files.js';

/**
 * Puts a compacted segment in the place of those it was made from (Kafka's `replaceSegments`).
 * The new files, synced and named `.cleaned`, become `.swap`; the old ones become `.deleted`; the
 * new ones get their final names. Each step is on disk before the next begins, and
 * `completeSwaps` finishes what a crash interrupts: before all are `.swap` the old files count,
 * afterwards the new ones. Gives the names of the files to be removed. `failed` hears of an error
 * after which the directory is unfit for writing.
 */
export function swapFiles(
  files: OpenFiles,
  directory: string,
  cleaned: LogSegment,
  old: readonly LogSegment[],
  failed: (error: KafkaError) => void,
): string[] {
  const { disk } = files;
  const { baseOffset } = cleaned;
  const paths = cleaned.paths.map((path) => path.slice(0, -suffix.cleaned.length));
  try {
    for (const path of paths) {
      files.forget(path + suffix.cleaned);
      disk.rename(path + suffix.cleaned, path + suffix.swap);
    }
    disk.syncDirectoryNow(directory);
  } catch (error) {
    // Nothing old was touched yet: what is new may simply go again.
    attempt(() => removeCleaned(files, directory, baseOffset), failed);
    throw error;
  }
  return attempt(() => {
    const deleted = old.flatMap((segment) => segment.markDeleted());
    disk.syncDirectoryNow(directory);
    for (const path of paths) {
      files.forget(path);
      disk.rename(path + suffix.swap, path);
    }
    disk.syncDirectoryNow(directory);
    return deleted;
  }, failed);
}

/** Between old and new nobody can say what the directory holds: only a restart finds out. */
function attempt<T>(run: () => T, failed: (error: KafkaError) => void): T {
  try {
    return run();
  } catch (error) {
    failed(error as KafkaError);
    throw error;
  }
}

/** Removes what is left of a segment that compaction was writing. */
export function removeCleaned(files: OpenFiles, directory: string, baseOffset: number): void {
  const { disk } = files;
  for (const ending of segmentSuffixes) {
    for (const half of [suffix.cleaned, suffix.swap]) {
      const path = disk.join(directory, stemOf(baseOffset) + ending + half);
      files.forget(path);
      disk.remove(path);
    }
  }
}

/**
 * Finishes the swaps that a crash has interrupted (Kafka's `LogLoader`), before a log is opened.
 * A `.swap` counts only when no `.cleaned` of the same or an earlier offset is left: then all its
 * files have been renamed, and the segments it stands for may go.
 */
export function completeSwaps(disk: Disk, directory: string): void {
  const names = disk.list(directory).map(({ name }) => name);
  const offsetsOf = (half: string) =>
    names.flatMap((name) =>
      segmentSuffixes.flatMap((ending) => offsetOfFile(name, ending + half) ?? []),
    );
  const firstCleaned = Math.min(...offsetsOf(suffix.cleaned));
  const valid = [...new Set(offsetsOf(suffix.swap))].filter((offset) => offset < firstCleaned);
  // What stands under its final name next to a `.swap` of its own belongs to the new segment.
  for (const base of valid) {
    const log = disk.join(directory, stemOf(base) + suffix.log);
    if (!names.includes(stemOf(base) + suffix.log + suffix.swap)) continue;
    const end = endOf(disk, log + suffix.swap, base);
    for (const name of names) {
      const offset = segmentSuffixes
        .map((ending) => offsetOfFile(name, ending))
        .find((found) => found !== undefined);
      if (offset === undefined || offset < base || offset >= Math.max(end, base + 1)) continue;
      disk.remove(disk.join(directory, name));
    }
  }
  for (const name of names) {
    const path = disk.join(directory, name);
    if (name.endsWith(suffix.cleaned)) disk.remove(path);
    if (!name.endsWith(suffix.swap)) continue;
    const base = segmentSuffixes
      .map((ending) => offsetOfFile(name, ending + suffix.swap))
      .find((found) => found !== undefined);
    if (base !== undefined && valid.includes(base)) {
      disk.rename(path, path.slice(0, -suffix.swap.length));
    } else disk.remove(path);
  }
  if (names.some((name) => name.endsWith(suffix.swap))) disk.syncDirectoryNow(directory);
}

/** The offset after the last batch of a segment file. */
function endOf(disk: Disk, path: string, base: number): number {
  const file = disk.open(path, 'read');
  try {
    const size = file.size();
    let end = base;
    let header = headerAt(file, 0, size);
    while (header !== undefined) {
      end = header.lastOffset + 1;
      header = headerAt(file, header.position + header.sizeInBytes, size);
    }
    return end;
  } finally {
    file.close();
  }
}
