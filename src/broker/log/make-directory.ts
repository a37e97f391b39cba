import type { Disk } from '../../system/index.js';

/**
 * Makes the directory so that a crash does not take it away again. The names are synced even where
 * the directory is there: an earlier start may have failed between the two.
 */
export function makeDirectory(disk: Disk, path: string): void {
  const parent = disk.join(path, '..');
  if (!disk.exists(path) && parent !== path) makeDirectory(disk, parent);
  disk.makeDirectory(path);
  disk.syncDirectoryNow(parent);
}
