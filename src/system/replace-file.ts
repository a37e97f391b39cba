import type { Disk, DiskFile } from './disk.js';

/** The steps of `Disk.replaceFile`, the same for every disk: a crash leaves the old or the new. */
export function replaceFileOn(disk: Disk, path: string, bytes: Uint8Array): void {
  const aside = `${path}.tmp`;
  let file: DiskFile | undefined;
  try {
    file = disk.open(aside, 'create');
    file.truncate(0);
    file.write([bytes], 0);
    file.syncNow();
  } finally {
    file?.close();
  }
  disk.rename(aside, path);
  disk.syncDirectoryNow(disk.join(path, '..'));
}
