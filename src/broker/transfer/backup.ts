import { realSystem } from '../../system/index.js';
import { rootFile } from '../log/file-names.js';
import { planCopy } from './copy-plan.js';
import { readDataDirectory } from './data-directory.js';
import { fillTarget, finishTarget } from './target-directory.js';
import type { BackupOptions, BackupSummary } from './transfer-options.js';

/** See `backup` in `index.ts`. */
export async function backupDirectory(options: BackupOptions): Promise<BackupSummary> {
  const system = options.system ?? realSystem();
  const { disk } = system;
  const { data, out } = options;
  readDataDirectory(disk, data);
  const lock = await disk.lockDirectory(data);
  try {
    const source = readDataDirectory(disk, data);
    const { clusterId } = source.meta;
    const plan = planCopy(disk, source, out);
    // Without the marker a restored directory is looked through when it is first opened, and its
    // leader epochs go up: clients may have seen what came after the backup.
    const marker = disk.join(data, rootFile.cleanShutdown);
    const files = plan.files.filter(({ from }) => from !== marker);
    const manifest = { kind: 'backup', clusterId, begunAt: system.clock.now() } as const;
    const copied = await fillTarget(system, out, manifest, { ...plan, files }, options);
    finishTarget(disk, out, manifest);
    const topics = source.image.topics.size;
    return { directory: out, clusterId, topics, partitions: plan.directories.length, ...copied };
  } finally {
    await lock.release();
  }
}
