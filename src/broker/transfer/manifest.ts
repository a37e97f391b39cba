import type { Disk } from '../../system/index.js';

/** Says in the root of a copied directory what it is; brokers do not look at it. */
export const manifestName = 'kafkit-transfer.json';

export type TransferKind = 'graduation' | 'import' | 'backup' | 'restore';

export interface Manifest {
  readonly kind: TransferKind;
  /** While it is `unfinished`, the directory is worth nothing and may be made anew. */
  readonly state: 'unfinished' | 'finished';
  readonly clusterId: string;
  /** Wall clock in milliseconds, when it was begun. */
  readonly begunAt: number;
  /** The ends of the logs when it was finished, as in the high watermark checkpoint. */
  readonly ends?: string | undefined;
}

export function readManifest(disk: Disk, root: string): Manifest | undefined {
  const path = disk.join(root, manifestName);
  if (!disk.exists(path)) return undefined;
  try {
    return JSON.parse(disk.readFile(path).toString('utf8')) as Manifest;
  } catch {
    // A file that is no JSON was not written by us, or not to its end.
    return undefined;
  }
}

export function writeManifest(disk: Disk, root: string, manifest: Manifest): void {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  disk.replaceFile(disk.join(root, manifestName), Buffer.from(text));
}
