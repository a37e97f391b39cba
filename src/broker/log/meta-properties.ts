import { isUuid } from '../../bytes/index.js';
import { KafkaError } from '../../errors/index.js';
import type { Disk, Random } from '../../system/index.js';
import { rootFile } from './file-names.js';

/** Who a data directory belongs to. */
export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
}

/** `meta.properties` of a directory, or undefined in a new one. */
export function readMetaProperties(disk: Disk, root: string): MetaProperties | undefined {
  const path = disk.join(root, rootFile.meta);
  if (!disk.exists(path)) return undefined;
  const values = new Map<string, string>();
  for (const line of disk.readFile(path).toString('utf8').split(/\r?\n/)) {
    const [, name, value] = /^\s*([^#!=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) values.set(name, value?.replaceAll('\\', '') ?? '');
  }
  const clusterId = values.get('cluster.id') ?? '';
  const nodeId = Number(values.get('node.id') ?? Number.NaN);
  const directoryId = values.get('directory.id') ?? '';
  const isSound =
    values.get('version') === '1' && clusterId !== '' && Number.isInteger(nodeId) && nodeId >= 0;
  if (!isSound || (directoryId !== '' && !isUuid(directoryId))) {
    throw new KafkaError('DATA_DIRECTORY_INVALID', `${path} is damaged or not of version 1.`, {
      path,
      hint: 'It needs version=1, cluster.id, node.id and directory.id.',
    });
  }
  return { clusterId, nodeId, directoryId };
}

/** The directory's properties; a new directory gets them, an old one keeps its own. */
export function ensureMetaProperties(
  disk: Disk,
  root: string,
  random: Random,
  nodeId: number,
  clusterId: string | undefined,
): { readonly meta: MetaProperties; readonly isNew: boolean } {
  const found = readMetaProperties(disk, root);
  if (found === undefined) {
    const meta = { clusterId: clusterId ?? random.uuid(), nodeId, directoryId: random.uuid() };
    write(disk, root, meta);
    return { meta, isNew: true };
  }
  const path = disk.join(root, rootFile.meta);
  if (found.nodeId !== nodeId) {
    throw new KafkaError(
      'DATA_DIRECTORY_INVALID',
      `${root} belongs to node ${found.nodeId}, not to node ${nodeId}.`,
      { path, hint: 'Start with that node id, or in another directory.' },
    );
  }
  if (clusterId !== undefined && clusterId !== found.clusterId) {
    throw new KafkaError(
      'DATA_DIRECTORY_INVALID',
      `${root} belongs to the cluster ${found.clusterId}, not to ${clusterId}.`,
      { path, hint: 'Leave the cluster id out, or start in another directory.' },
    );
  }
  if (found.directoryId !== '') return { meta: found, isNew: false };
  const meta = { ...found, directoryId: random.uuid() };
  write(disk, root, meta);
  return { meta, isNew: false };
}

function write(disk: Disk, root: string, meta: MetaProperties): void {
  const lines = [
    'version=1',
    `cluster.id=${meta.clusterId}`,
    `node.id=${meta.nodeId}`,
    `directory.id=${meta.directoryId}`,
  ];
  disk.replaceFile(disk.join(root, rootFile.meta), Buffer.from(`${lines.join('\n')}\n`));
}
