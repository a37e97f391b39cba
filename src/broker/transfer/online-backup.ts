import { KafkaError } from '../../errors/index.js';
import type { Disk, System } from '../../system/index.js';
import {
  directoryOf,
  offsetOfFile,
  partitionFile,
  rootFile,
  segmentSuffixes,
  stemOf,
  suffix,
} from '../log/file-names.js';
import type { Log, LogManager } from '../log/index.js';
import { encodeOffsets } from '../log/offset-checkpoint.js';
import { journalName, readJournal } from '../metadata/metadata-journal.js';
import { type Copied, copyFiles, type FileToCopy, sizeOf } from './copy-files.js';
import { finishTarget, inTarget } from './target-directory.js';
import type { BackupSummary, TransferOptions } from './transfer-options.js';

/** Second names that keep files from going away until they are copied: plain files. */
const stageName = /^kafkit-stage-\d+$/;

/** One file as it was at the moment of the backup, under its second name. */
interface StagedFile {
  readonly stage: string;
  /** The place in the backup. */
  readonly to: string;
  readonly bytes: number;
  readonly isFinal: boolean;
}

/** What is small and changes: its content at the moment of the backup. */
interface Note {
  readonly to: string;
  readonly bytes: Buffer;
}

/**
 * Backs a running broker up. Everything is taken at one moment: within one turn of the event loop,
 * in which nobody can append, each file gets a second name and its length is written down. Copying
 * takes its time afterwards, whatever retention and compaction do to the first names.
 */
export async function backupRunning(
  system: System,
  logs: LogManager,
  out: string,
  options: Pick<TransferOptions, 'copy' | 'onProgress'>,
): Promise<BackupSummary> {
  const { disk } = system;
  const root = logs.dataDirectory;
  const { clusterId } = logs;
  const manifest = { kind: 'backup', clusterId, begunAt: system.clock.now() } as const;
  const all = [...logs.logs()];
  const copied = await inTarget(disk, out, manifest, async () => {
    const stageRoot = options.copy !== true && canLink(disk, root, out) ? out : root;
    removeStages(disk, root);
    const moment = new Moment(disk, stageRoot, out);
    try {
      for (const log of all) moment.takeLog(log);
      moment.takeRoot(root, all);
      return await bringOver(system, moment, out, { ...options, copy: stageRoot !== out });
    } finally {
      removeStages(disk, stageRoot);
    }
  });
  finishTarget(disk, out, manifest);
  const topics = readJournal(disk, out).image.topics.size;
  return { directory: out, clusterId, topics, partitions: all.length, ...copied };
}

/** Collects second names and contents, without ever waiting. */
class Moment {
  readonly directories: string[] = [];
  readonly files: StagedFile[] = [];
  readonly notes: Note[] = [];
  readonly #disk: Disk;
  readonly #stageRoot: string;
  readonly #out: string;

  constructor(disk: Disk, stageRoot: string, out: string) {
    this.#disk = disk;
    this.#stageRoot = stageRoot;
    this.#out = out;
  }

  /**
   * Segments, the indexes of those that are closed, and the snapshots of producers. The indexes of
   * the last segment are in memory and are built anew when the backup is opened.
   */
  takeLog(log: Log): void {
    const name = directoryOf(log.topic, log.partition);
    const { active } = log.segments;
    this.directories.push(name);
    for (const { baseOffset, size } of log.segments.all()) {
      const isFinal = baseOffset !== active.baseOffset;
      const stem = stemOf(baseOffset);
      this.#take(log, name, stem + suffix.log, size, isFinal);
      if (!isFinal) continue;
      for (const ending of segmentSuffixes) {
        if (ending !== suffix.log) this.#take(log, name, stem + ending);
      }
    }
    for (const entry of this.#disk.list(log.directory)) {
      const isSnapshot = offsetOfFile(entry.name, suffix.snapshot) !== undefined;
      if (isSnapshot || entry.name === partitionFile.metadata) this.#take(log, name, entry.name);
    }
    this.#note(this.#disk.join(name, partitionFile.leaderEpochs), log.epochs.encode());
  }

  /** Checkpoints as they would be if everything had been synced just now, and the journal. */
  takeRoot(root: string, logs: readonly Log[]): void {
    const disk = this.#disk;
    const lines = (offset: (log: Log) => number) =>
      logs.map((log) => ({ topic: log.topic, partition: log.partition, offset: offset(log) }));
    const ends = encodeOffsets(lines((log) => log.logEndOffset));
    const starts = lines((log) => log.logStartOffset).filter(({ offset }) => offset > 0);
    this.#note(rootFile.recoveryPoints, ends);
    this.#note(rootFile.highWatermarks, ends);
    this.#note(rootFile.logStarts, encodeOffsets(starts));
    for (const name of [rootFile.cleanerOffsets, journalName, rootFile.meta]) {
      const path = disk.join(root, name);
      if (disk.exists(path)) this.#note(name, disk.readFile(path));
    }
  }

  #take(log: Log, directory: string, name: string, size?: number, isFinal = false): void {
    const disk = this.#disk;
    const from = disk.join(log.directory, name);
    if (!disk.exists(from)) return;
    const stage = disk.join(this.#stageRoot, `kafkit-stage-${this.files.length}`);
    if (!disk.link(from, stage)) throw noLinks(log.directory);
    const to = disk.join(this.#out, directory, name);
    this.files.push({ stage, to, bytes: size ?? sizeOf(disk, from), isFinal });
  }

  #note(name: string, bytes: Buffer): void {
    this.notes.push({ to: this.#disk.join(this.#out, name), bytes });
  }
}

async function bringOver(
  system: System,
  moment: Moment,
  out: string,
  options: Pick<TransferOptions, 'copy' | 'onProgress'>,
): Promise<Copied> {
  const { disk } = system;
  for (const name of moment.directories) disk.makeDirectory(disk.join(out, name));
  const files = moment.files.map(
    ({ stage, to, bytes, isFinal }): FileToCopy => ({ from: stage, to, bytes, isFinal }),
  );
  const copied = await copyFiles(system, files, options);
  for (const { to, bytes } of moment.notes) disk.replaceFile(to, bytes);
  for (const name of moment.directories) await disk.syncDirectory(disk.join(out, name));
  return copied;
}

/** Whether files of the one directory can have second names in the other. */
function canLink(disk: Disk, from: string, to: string): boolean {
  const probe = disk.join(to, 'kafkit-stage-0');
  const can = disk.link(disk.join(from, rootFile.meta), probe);
  disk.remove(probe);
  return can;
}

/** Second names go when they have served, also those that a crash has left. */
function removeStages(disk: Disk, root: string): void {
  for (const { name } of disk.list(root)) {
    if (stageName.test(name)) disk.remove(disk.join(root, name));
  }
}

function noLinks(path: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', 'This file system has no hard links.', {
    path,
    hint: 'Stop the broker to back its directory up.',
  });
}
