import type { Disk } from '../../system/index.js';

/** Makes the bytes the whole content of a file; whoever needs them durable syncs it. */
export function writeWhole(disk: Disk, path: string, bytes: Buffer): void {
  const file = disk.open(path, 'create');
  try {
    file.truncate(0);
    file.write([bytes], 0);
  } finally {
    file.close();
  }
}
