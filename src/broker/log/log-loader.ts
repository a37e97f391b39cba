import { KafkaError } from '../../errors/index.js';
import type { RecordBatch } from '../../records/index.js';
import type { Disk, Logger } from '../../system/index.js';
import { type BatchHeader, scanBatches } from './batch-scan.js';
import { offsetOfFile, partitionFile, suffix } from './file-names.js';
import { LeaderEpochCache } from './leader-epoch-cache.js';
import { Log } from './log.js';
import type { LogConfig } from './log-config.js';
import { LogSegment } from './log-segment.js';
import { LogSegments } from './log-segments.js';
import type { LogSync } from './log-sync.js';
import type { OpenFiles } from './open-files.js';
import { decodeSnapshot } from './producer-snapshot.js';
import { ProducerState } from './producer-state.js';
import { completeSwaps } from './segment-swap.js';
import type { TailCache } from './tail-cache.js';
import { writeWhole } from './write-whole.js';

/** How far before its snapshot a log is read for producers' earlier batches. */
const historyBytes = 2 * 1024 * 1024;

export interface LogLoad {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  readonly directory: string;
  readonly config: LogConfig;
  readonly files: OpenFiles;
  readonly sync: LogSync;
  readonly cache: TailCache;
  readonly now: number;
  readonly logger: Logger;
  /** After a clean stop nothing has to be read again. */
  readonly isClean: boolean;
  /** Everything below was synced before the stop; -1 where nobody has written down how far. */
  readonly recoveryPoint: number;
  /** -1 where unknown. */
  readonly logStartOffset: number;
  /** Below it compaction may have left holes, even where the topic is no longer compacted. */
  readonly cleanedUpTo: number;
  /** Cuts synced data that is damaged, instead of refusing. */
  readonly truncateCorrupted: boolean;
}

/**
 * Opens the log of a directory (Kafka's `LogLoader`). After an unclean stop every segment that may
 * hold unsynced data is read in full: each batch's checksum is checked, indexes, epochs and
 * producers are built anew, and the log is cut at the first thing that is no sound batch. Fails
 * with LOG_CORRUPTED where that would take away synced data.
 */
export function loadLog(load: LogLoad): Log {
  return new LogLoader(load).load();
}

class LogLoader {
  readonly #load: LogLoad;
  readonly #disk: Disk;
  readonly #segments = new LogSegments();
  readonly #producers = new ProducerState();
  readonly #epochs = new LeaderEpochCache();
  /** The files as they were at the start; listing a directory is slow. */
  #names: readonly string[] = [];
  #nextOffset = 0;
  #snapshotOffset = 0;
  #isRecovered = false;

  constructor(load: LogLoad) {
    this.#load = load;
    this.#disk = load.files.disk;
  }

  load(): Log {
    const { files, directory, now, logStartOffset } = this.#load;
    this.#tidy();
    this.#loadEpochs();
    const bases = this.#filesOf(suffix.log);
    for (const base of bases) this.#segments.add(LogSegment.open(files, directory, base, now));
    if (bases.length === 0) this.#begin(Math.max(0, logStartOffset));
    const from = this.#firstToRecover();
    const isRecovered = from < this.#segments.count;
    this.#loadProducers(isRecovered ? from : undefined);
    this.#isRecovered = isRecovered;
    if (isRecovered) this.#recover(from);
    else this.#nextOffset = this.#segments.active.nextOffset();
    if (!isRecovered) this.#replayProducersTo(this.#nextOffset);
    const start = Math.max(logStartOffset, this.#segments.first.baseOffset);
    if (this.#nextOffset < start) this.#restartAt(start);
    this.#epochs.truncateFromEnd(this.#nextOffset);
    if (start > 0) this.#epochs.truncateFromStart(start);
    this.#producers.history = () => this.#rememberEarlier();
    return this.#finished(start);
  }

  /** Removes what was on its way out and completes a swap that a crash interrupted. */
  #tidy(): void {
    const { directory } = this.#load;
    this.#names = this.#listed();
    for (const name of this.#names) {
      const path = this.#disk.join(directory, name);
      const leftOver = [suffix.deleted, '.tmp'].some((end) => name.endsWith(end));
      if (leftOver) this.#disk.remove(path);
    }
    if (this.#names.some((name) => name.endsWith(suffix.swap) || name.endsWith(suffix.cleaned))) {
      completeSwaps(this.#disk, directory);
      this.#names = this.#listed();
    }
    const bases = new Set(this.#filesOf(suffix.log));
    for (const ending of [suffix.offsetIndex, suffix.timeIndex, suffix.transactionIndex]) {
      for (const base of this.#filesOf(ending)) {
        if (!bases.has(base)) this.#disk.remove(this.#pathOf(base, ending));
      }
    }
  }

  #loadEpochs(): void {
    const path = this.#disk.join(this.#load.directory, partitionFile.leaderEpochs);
    if (!this.#names.includes(partitionFile.leaderEpochs)) return;
    try {
      this.#epochs.load(this.#disk.readFile(path));
    } catch (error) {
      this.#load.logger.warn(`${path} is not readable and is built anew: ${String(error)}`);
    }
  }

  #begin(offset: number): void {
    const { files, directory, now } = this.#load;
    this.#segments.add(LogSegment.create(files, directory, offset, now));
    this.#disk.syncDirectoryNow(directory);
  }

  /** Place of the first segment that must be read again; their number where none must. */
  #firstToRecover(): number {
    const { isClean, recoveryPoint } = this.#load;
    const segments = this.#segments.all();
    // A segment that begins at the recovery point may have been made after that was written, and
    // what the roll wrote of the one before, such as its aborted transactions, may not be there.
    const lastSafe = Math.max(0, recoveryPoint - 1);
    const byPoint = isClean ? segments.length : this.#segments.placeOf(lastSafe);
    // After a clean stop it is enough that older indexes are there: they are read when needed.
    const indexed = new Set(this.#filesOf(suffix.offsetIndex));
    const timed = new Set(this.#filesOf(suffix.timeIndex));
    const byIndex = segments.findIndex((segment, place) => {
      const { baseOffset } = segment;
      if (!indexed.has(baseOffset) || !timed.has(baseOffset)) return true;
      return (!isClean || place === segments.length - 1) && !segment.hasIndexes();
    });
    return byIndex < 0 ? byPoint : Math.min(byPoint, byIndex);
  }

  /** The newest sound snapshot that is not ahead of where recovery begins. */
  #loadProducers(recoverFrom: number | undefined): void {
    const upTo =
      recoverFrom === undefined
        ? Number.MAX_SAFE_INTEGER
        : (this.#segments.at(recoverFrom)?.baseOffset ?? 0);
    let loaded = this.#segments.first.baseOffset;
    for (const offset of this.#filesOf(suffix.snapshot).reverse()) {
      if (offset > upTo || offset < loaded) continue;
      try {
        this.#producers.load(this.#disk.readFile(this.#pathOf(offset, suffix.snapshot)));
        loaded = offset;
        break;
      } catch (error) {
        const path = this.#pathOf(offset, suffix.snapshot);
        this.#load.logger.warn(`${path} is not readable and is left out: ${String(error)}`);
      }
    }
    this.#snapshotOffset = loaded;
    if (recoverFrom !== undefined) this.#replayProducersTo(upTo);
  }

  /** Reads the batches between the snapshot and an offset, for their producers only. */
  #replayProducersTo(upTo: number): void {
    const { files } = this.#load;
    for (let place = 0; place < this.#segments.count; place++) {
      const segment = this.#segments.at(place);
      const end = this.#segments.endOf(place, upTo);
      if (segment === undefined || end <= this.#snapshotOffset) continue;
      if (segment.baseOffset >= upTo) break;
      const start = segment.find(this.#snapshotOffset)?.position;
      if (start === undefined) continue;
      scanBatches(files.file(segment.path), start, segment.baseOffset, ({ batch }) => {
        const isDue = batch.baseOffset >= this.#snapshotOffset && batch.baseOffset < upTo;
        if (isDue) this.#producers.note(batch, -1);
      });
    }
  }

  #recover(from: number): void {
    const { config, logger, directory } = this.#load;
    const first = this.#segments.at(from);
    if (first === undefined) return;
    this.#nextOffset = first.baseOffset;
    this.#epochs.truncateFromEnd(first.baseOffset);
    for (let place = from; place < this.#segments.count; place++) {
      const segment = this.#segments.at(place);
      if (segment === undefined) break;
      // A hole means that the end of the segment before never reached the disk.
      if (segment.baseOffset > this.#nextOffset && !this.#mayBeCleaned(segment.baseOffset)) {
        this.#cutAfter(place, segment.path, 0, 'the segment before ends too early');
        break;
      }
      this.#nextOffset = Math.max(this.#nextOffset, segment.baseOffset);
      this.#secureSnapshot(segment.baseOffset);
      const next = this.#segments.at(place + 1);
      // What follows the last batch is no loss when the next segment continues right after it.
      const isContinued = () => next?.baseOffset === this.#nextOffset;
      const bad = segment.recover(
        config.indexIntervalBytes,
        (batch) => this.#recovered(segment, batch),
        ({ position, reason }) => {
          if (!isContinued()) this.#ensureUnsynced(segment.path, position, reason);
        },
      );
      if (bad === undefined) continue;
      logger.info(`${segment.path} is cut at byte ${bad.position}: ${bad.reason}.`);
      if (isContinued()) continue;
      this.#cutAfter(place + 1, segment.path, bad.position, bad.reason);
      break;
    }
    for (const segment of this.#segments.all().slice(from, -1)) {
      segment.finish(true);
      segment.release();
    }
    for (const segment of this.#segments.all().slice(from)) {
      this.#load.files.file(segment.path).syncNow();
    }
    this.#disk.syncDirectoryNow(directory);
  }

  /**
   * Of a snapshot whose sync failed, the crash may have left anything: without a sound one, what
   * lies before it could never go without its producers being forgotten.
   */
  #secureSnapshot(base: number): void {
    if (base === 0) return;
    const path = this.#pathOf(base, suffix.snapshot);
    if (!this.#isSound(path)) writeWhole(this.#disk, path, this.#producers.snapshot());
    const file = this.#disk.open(path, 'write');
    try {
      file.syncNow();
    } finally {
      file.close();
    }
  }

  #isSound(snapshot: string): boolean {
    try {
      decodeSnapshot(this.#disk.readFile(snapshot));
      return true;
    } catch {
      return false;
    }
  }

  /** Whether compaction may have left a hole before an offset: it stays below recovery points. */
  #mayBeCleaned(offset: number): boolean {
    const { config, cleanedUpTo, recoveryPoint } = this.#load;
    if (offset <= cleanedUpTo) return true;
    return (
      config.cleanupPolicy.includes('compact') && (recoveryPoint < 0 || offset <= recoveryPoint)
    );
  }

  #recovered(segment: LogSegment, batch: RecordBatch): void {
    this.#epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
    const aborted = this.#producers.note(batch, -1);
    if (aborted !== undefined) segment.transactionIndex.append(aborted);
    this.#nextOffset = batch.nextOffset;
  }

  /** What was synced must be there: if not, people decide, not we. */
  #ensureUnsynced(path: string, position: number, reason: string): void {
    const { topic, partition, recoveryPoint, truncateCorrupted, logger } = this.#load;
    if (this.#nextOffset >= recoveryPoint) return;
    const what =
      `${path} is damaged at byte ${position} (${reason}): offsets ${this.#nextOffset} to ` +
      `${recoveryPoint - 1} of ${topic}-${partition} had been written safely`;
    if (truncateCorrupted) {
      logger.error(`${what}; they are given up, as was asked for.`);
      return;
    }
    throw new KafkaError('LOG_CORRUPTED', `${what}.`, {
      topic,
      partition,
      path,
      hint:
        'Check the disk and restore the directory from a backup; or start with truncateCorrupted ' +
        'to give up these records and all that follow.',
    });
  }

  /** Takes away the segments from a place on: they continue something that is lost. */
  #cutAfter(place: number, path: string, position: number, reason: string): void {
    if (place >= this.#segments.count) return;
    this.#ensureUnsynced(path, position, reason);
    const { files } = this.#load;
    for (const segment of this.#segments.takeAfter(place)) {
      files.forget(segment.path);
      for (const gone of segment.paths) this.#disk.remove(gone);
    }
  }

  /** Nothing is left of the log up to where it must begin: a fresh segment begins there. */
  #restartAt(offset: number): void {
    const { files } = this.#load;
    for (const segment of this.#segments.takeFirst(this.#segments.count)) {
      files.forget(segment.path);
      for (const path of segment.paths) this.#disk.remove(path);
    }
    this.#producers.clear();
    this.#epochs.clear();
    this.#begin(offset);
    this.#nextOffset = offset;
  }

  #finished(logStartOffset: number): Log {
    const load = this.#load;
    this.#removeStraySnapshots();
    return new Log({
      topic: load.topic,
      partition: load.partition,
      topicId: load.topicId,
      directory: load.directory,
      config: load.config,
      files: load.files,
      sync: load.sync,
      tail: load.cache.tail(),
      segments: this.#segments,
      producers: this.#producers,
      epochs: this.#epochs,
      logStartOffset,
      logEndOffset: this.#nextOffset,
      recoveryPoint: this.#nextOffset,
      unsyncedFiles: [],
      unsyncedDirectories: [],
      isFinished: load.isClean && !this.#isRecovered,
    });
  }

  /** Snapshots are kept where a segment begins, and the newest; others are of earlier stops. */
  #removeStraySnapshots(): void {
    const offsets = this.#filesOf(suffix.snapshot);
    const bases = new Set(this.#segments.all().map(({ baseOffset }) => baseOffset));
    const newest = offsets.findLast((offset) => offset <= this.#nextOffset);
    for (const offset of offsets) {
      const isKept = offset === newest || (bases.has(offset) && offset <= this.#nextOffset);
      if (!isKept) this.#disk.remove(this.#pathOf(offset, suffix.snapshot));
    }
  }

  /**
   * A snapshot keeps only the last batch of each producer; the four before it, which a producer
   * may still repeat, are looked up in the last part of the log when somebody first writes again.
   */
  #rememberEarlier(): void {
    const found: BatchHeader[] = [];
    let left = historyBytes;
    for (const segment of [...this.#segments.all()].reverse()) {
      if (left <= 0) break;
      const start = segment.positionBefore(segment.size - left);
      left -= segment.size - start;
      const headers = [...segment.headers(start)];
      found.unshift(...headers.filter((header) => header.producerId >= 0));
    }
    for (const header of found.reverse()) this.#producers.rememberEarlier(header);
  }

  #listed(): string[] {
    return this.#disk.list(this.#load.directory).map(({ name }) => name);
  }

  #filesOf(ending: string): number[] {
    return this.#names
      .map((name) => offsetOfFile(name, ending))
      .filter((offset) => offset !== undefined)
      .sort((a, b) => a - b);
  }

  #pathOf(offset: number, ending: string): string {
    return this.#disk.join(this.#load.directory, `${String(offset).padStart(20, '0')}${ending}`);
  }
}
