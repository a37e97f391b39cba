import { KafkaError } from '../../errors/index.js';
import type { Disk, System } from '../../system/index.js';
import { rootFile } from '../log/file-names.js';
import { copyFiles, type Copied } from './copy-files.js';
import type { CopyPlan } from './copy-plan.js';
import { isKafkas } from './data-directory.js';
import { type Manifest, manifestName, readManifest, writeManifest } from './manifest.js';
import type { TransferOptions } from './transfer-options.js';

/**
 * Fills a new directory with what the plan lists. It may exist if it is empty, or if it was made
 * by an earlier run of the same kind that was cut off, or that nobody has used since.
 */
export async function fillTarget(
  system: System,
  to: string,
  manifest: Omit<Manifest, 'state'>,
  plan: CopyPlan,
  options: TransferOptions,
): Promise<Copied> {
  return await inTarget(system.disk, to, manifest, async () => {
    const { disk } = system;
    for (const name of plan.directories) disk.makeDirectory(disk.join(to, name));
    const copied = await copyFiles(system, plan.files, options);
    for (const name of plan.directories) await disk.syncDirectory(disk.join(to, name));
    return copied;
  });
}

/** Runs what fills a new directory, which is locked and marked as unfinished meanwhile. */
export async function inTarget<T>(
  disk: Disk,
  to: string,
  manifest: Omit<Manifest, 'state'>,
  fill: () => Promise<T>,
): Promise<T> {
  disk.makeDirectory(to);
  const lock = await disk.lockDirectory(to);
  try {
    emptyTarget(disk, to, manifest);
    writeManifest(disk, to, { ...manifest, state: 'unfinished' });
    const result = await fill();
    await disk.syncDirectory(to);
    return result;
  } finally {
    await lock.release();
  }
}

/** Marks the directory as whole; `Disk.replaceFile` makes that durable after everything else. */
export function finishTarget(disk: Disk, to: string, manifest: Omit<Manifest, 'state'>): void {
  writeManifest(disk, to, { ...manifest, state: 'finished', ends: endsOf(disk, to) });
}

function endsOf(disk: Disk, root: string): string | undefined {
  const path = disk.join(root, rootFile.highWatermarks);
  return disk.exists(path) ? disk.readFile(path).toString('utf8') : undefined;
}

/** What the lock itself leaves in the directory while it is held. */
const lockFiles = new Set(['kafkit.pid', 'kafkit.lock']);

function emptyTarget(disk: Disk, to: string, { kind, clusterId }: Omit<Manifest, 'state'>): void {
  const entries = disk.list(to).filter(({ name }) => !lockFiles.has(name));
  if (entries.length === 0) return;
  const found = readManifest(disk, to);
  const isSame = found?.kind === kind && found.clusterId === clusterId;
  const isUnused = !isKafkas(disk, to) && found?.ends === endsOf(disk, to);
  if (!isSame || !(found.state === 'unfinished' || isUnused)) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${to} is not empty.`, {
      path: to,
      hint: isSame
        ? 'It was made by an earlier run and has been used since: choose another directory.'
        : 'Choose a directory that does not exist yet.',
    });
  }
  for (const { name } of entries) {
    if (name !== manifestName) disk.remove(disk.join(to, name));
  }
}
