import type { Disk } from '../../system/index.js';

/** One line of a checkpoint file. */
export interface OffsetLine {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** `0`, the number of lines, then `topic partition offset` (Kafka's `OffsetCheckpointFile`). */
export function encodeOffsets(lines: readonly OffsetLine[]): Buffer {
  const text = lines.map((line) => `${line.topic} ${line.partition} ${line.offset}\n`);
  return Buffer.from(`0\n${lines.length}\n${text.join('')}`);
}

/** Offsets by `topic-partition`. A file that is missing or unreadable counts as empty. */
export function readOffsets(disk: Disk, path: string): Map<string, number> {
  const offsets = new Map<string, number>();
  if (!disk.exists(path)) return offsets;
  const [version, count, ...lines] = disk.readFile(path).toString('utf8').trimEnd().split('\n');
  if (version !== '0' || Number(count) !== lines.length) return new Map();
  for (const line of lines) {
    const parts = /^(\S+) (\d+) (\d+)$/.exec(line);
    if (parts === null) return new Map();
    offsets.set(`${parts[1]}-${parts[2]}`, Number(parts[3]));
  }
  return offsets;
}

/** As `Disk.replaceFile`, with the waiting done off the event loop. */
export async function replaceFileLater(disk: Disk, path: string, bytes: Buffer): Promise<void> {
  const aside = `${path}.tmp`;
  const file = disk.open(aside, 'create');
  try {
    file.truncate(0);
    file.write([bytes], 0);
    await file.sync();
  } finally {
    file.close();
  }
  disk.rename(aside, path);
  await disk.syncDirectory(disk.join(path, '..'));
}
