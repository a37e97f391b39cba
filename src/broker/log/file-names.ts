/** Names in a data directory, as Kafka gives them (`LogFileUtils`, `UnifiedLog`). */
export const suffix = {
  log: '.log',
  offsetIndex: '.index',
  timeIndex: '.timeindex',
  transactionIndex: '.txnindex',
  snapshot: '.snapshot',
  /** A file that is no longer part of the log and goes at the next start at the latest. */
  deleted: '.deleted',
  cleaned: '.cleaned',
  swap: '.swap',
} as const;

/** The files of a segment, the batches first. */
export const segmentSuffixes = [
  suffix.log,
  suffix.offsetIndex,
  suffix.timeIndex,
  suffix.transactionIndex,
] as const;

export const rootFile = {
  meta: 'meta.properties',
  cleanShutdown: '.kafka_cleanshutdown',
  /** Kafka's own lock; ours is another, see `Disk.lockDirectory`. */
  kafkaLock: '.lock',
  recoveryPoints: 'recovery-point-offset-checkpoint',
  logStarts: 'log-start-offset-checkpoint',
  highWatermarks: 'replication-offset-checkpoint',
  cleanerOffsets: 'cleaner-offset-checkpoint',
} as const;

export const partitionFile = {
  metadata: 'partition.metadata',
  leaderEpochs: 'leader-epoch-checkpoint',
} as const;

/** The metadata log of a real Kafka in the same directory; not a partition of ours. */
export const clusterMetadataDirectory = '__cluster_metadata-0';

/** The stem of a segment's files: its base offset in 20 digits. */
export function stemOf(offset: number): string {
  return String(offset).padStart(20, '0');
}

/** The base offset of a file `<20 digits><ending>`, or undefined when it is no such file. */
export function offsetOfFile(name: string, ending: string): number | undefined {
  if (name.length !== 20 + ending.length || !name.endsWith(ending)) return undefined;
  const digits = name.slice(0, 20);
  if (!/^\d{20}$/.test(digits)) return undefined;
  const offset = Number(digits);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

export function directoryOf(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Topic and partition of a directory `<topic>-<partition>`, or undefined. */
export function partitionOfDirectory(
  name: string,
): { readonly topic: string; readonly partition: number } | undefined {
  const parts = /^([a-zA-Z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/.exec(name);
  const [, topic, partition] = parts ?? [];
  if (topic === undefined || partition === undefined) return undefined;
  return { topic, partition: Number(partition) };
}

/**
 * The name of a directory set aside: `<topic>-<partition>.<32 digits><ending>`, the topic cut
 * where the whole would grow beyond the 255 characters that file systems take.
 */
export function asideName(
  topic: string,
  partition: number,
  unique: string,
  ending: '-delete' | '-stray',
): string {
  const tail = `-${partition}.${unique}${ending}`;
  return `${topic.slice(0, 255 - tail.length)}${tail}`;
}

/** Whether a directory is on its way out and only has to be removed. */
export function isDeletedDirectory(name: string): boolean {
  return /\.[0-9a-f]{32}-delete$/.test(name);
}

/** Whether a directory was set aside by us or by Kafka; kept, never opened. */
export function isSetAside(name: string): boolean {
  return /\.[0-9a-f]{32}-(stray|future)$/.test(name);
}
