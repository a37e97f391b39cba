import { KafkaError } from '../../errors/index.js';
import { realSystem } from '../../system/index.js';
import { readMetaProperties } from '../log/meta-properties.js';
import { readJournal } from '../metadata/metadata-journal.js';
import { planCopy } from './copy-plan.js';
import { readManifest } from './manifest.js';
import { fillTarget, finishTarget } from './target-directory.js';
import type { BackupSummary, RestoreOptions } from './transfer-options.js';

/** See `restore` in `index.ts`. */
export async function restoreDirectory(options: RestoreOptions): Promise<BackupSummary> {
  const system = options.system ?? realSystem();
  const { disk } = system;
  const { backup, data } = options;
  const found = disk.exists(backup) ? readManifest(disk, backup) : undefined;
  const meta = found === undefined ? undefined : readMetaProperties(disk, backup);
  if (found?.kind !== 'backup' || found.state !== 'finished' || meta === undefined) {
    const isCutOff = found?.kind === 'backup';
    throw new KafkaError(
      'DATA_DIRECTORY_INVALID',
      `${backup} is ${isCutOff ? 'a backup that was not finished' : 'no backup'}.`,
      { path: backup, hint: 'Give a directory that "kafkit backup" has made.' },
    );
  }
  const { image } = readJournal(disk, backup);
  const source = { root: backup, meta, image, wasCleanShutdown: false };
  const plan = planCopy(disk, source, data);
  const { clusterId } = meta;
  const manifest = { kind: 'restore', clusterId, begunAt: system.clock.now() } as const;
  const copied = await fillTarget(system, data, manifest, plan, options);
  finishTarget(disk, data, manifest);
  const topics = image.topics.size;
  return { directory: data, clusterId, topics, partitions: plan.directories.length, ...copied };
}
