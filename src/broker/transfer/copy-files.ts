import type { Disk, DiskFile, System } from '../../system/index.js';
import type { TransferOptions } from './transfer-options.js';

const chunkBytes = 1024 * 1024;

/** One file to bring over; paths are whole. */
export interface FileToCopy {
  readonly from: string;
  readonly to: string;
  /** Bytes from its beginning on; what follows is left behind. */
  readonly bytes: number;
  /** The file never changes again, so that both places may share it. */
  readonly isFinal: boolean;
}

export interface Copied {
  readonly bytes: number;
  readonly linkedBytes: number;
}

/**
 * Brings files over, makes them durable, and gives the event loop a turn after each piece. The
 * directories must be there; they are synced by the caller.
 */
export async function copyFiles(
  system: System,
  files: readonly FileToCopy[],
  { copy, onProgress }: Pick<TransferOptions, 'copy' | 'onProgress'>,
): Promise<Copied> {
  const { disk } = system;
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  let linkedBytes = 0;
  const advance = (bytes: number): void => {
    doneBytes += bytes;
    onProgress?.({ doneBytes, totalBytes });
  };
  for (const file of files) {
    if (copy !== true && file.isFinal && disk.link(file.from, file.to)) {
      linkedBytes += file.bytes;
      advance(file.bytes);
    } else {
      await copyFile(system, file, advance);
    }
  }
  return { bytes: totalBytes, linkedBytes };
}

async function copyFile(
  system: System,
  { from, to, bytes }: FileToCopy,
  advance: (bytes: number) => void,
): Promise<void> {
  const source = system.disk.open(from, 'read');
  let target: DiskFile | undefined;
  try {
    target = system.disk.open(to, 'create');
    target.truncate(0);
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, Math.max(1, bytes)));
    for (let at = 0; at < bytes; ) {
      const got = source.read(chunk.subarray(0, Math.min(chunk.length, bytes - at)), at);
      if (got === 0) break;
      target.write([chunk.subarray(0, got)], at);
      at += got;
      advance(got);
      await turn(system);
    }
    await target.sync();
  } finally {
    target?.close();
    source.close();
  }
}

/** Lets everything else go on. */
export function turn(system: System): Promise<void> {
  return new Promise((resolve) => system.clock.soon(resolve));
}

export function sizeOf(disk: Disk, path: string): number {
  const file = disk.open(path, 'read');
  try {
    return file.size();
  } finally {
    file.close();
  }
}
