import { murmur2 } from '../../bytes/index.js';
import type { RecordBatch } from '../../records/index.js';
import type { Disk, DiskFile } from '../../system/index.js';
import { type BadBatch, type BatchHeader, headerAt, scanBatches } from './batch-scan.js';
import { segmentSuffixes, stemOf, suffix } from './file-names.js';
import type { LogConfig } from './log-config.js';
import { OffsetIndex } from './offset-index.js';
import type { OpenFiles } from './open-files.js';
import { TimeIndex, type TimestampOffset } from './time-index.js';
import { TransactionIndex } from './transaction-index.js';

/** Offsets of a segment are stored relative to its base, as int32. */
const relativeOffsetMax = 0x7fffffff;

/**
 * A piece of the log (Kafka's `LogSegment`): a file of batches back to back, and its indexes.
 * Only the last segment of a log is appended to.
 */
export class LogSegment {
  readonly baseOffset: number;
  readonly path: string;
  readonly transactionIndex: TransactionIndex;
  readonly #files: OpenFiles;
  readonly #stem: string;
  /** Behind each file's usual name: `.cleaned` while compaction still writes it. */
  readonly #ending: string;
  #size: number;
  #offsetIndex: OffsetIndex | undefined;
  #timeIndex: TimeIndex | undefined;
  #latest: TimestampOffset | undefined;
  #bytesSinceEntry = 0;
  /** Whether bytes of a failed write may stand behind the last batch. */
  #hasLeftOver = false;
  /** Timestamp of the first batch, from which `segment.ms` counts; undefined while unknown. */
  #firstTimestamp: number | undefined;
  /** Stands in for the first batch's timestamp where it has none. */
  readonly #createdAt: number;
  /** When something was last appended, as far as this process knows. */
  #touchedAt: number;

  private constructor(
    files: OpenFiles,
    directory: string,
    baseOffset: number,
    size: number,
    now: number,
    ending = '',
  ) {
    this.#files = files;
    this.baseOffset = baseOffset;
    this.#stem = files.disk.join(directory, stemOf(baseOffset));
    this.#ending = ending;
    this.path = this.#pathOf(suffix.log);
    const transactions = this.#pathOf(suffix.transactionIndex);
    this.transactionIndex = new TransactionIndex(files.disk, transactions);
    this.#size = size;
    this.#createdAt = now;
    this.#touchedAt = now;
  }

  /** Makes the file (emptying one that a failed attempt left) and begins empty indexes. */
  static create(
    files: OpenFiles,
    directory: string,
    baseOffset: number,
    now: number,
    ending?: string,
  ): LogSegment {
    const segment = new LogSegment(files, directory, baseOffset, 0, now, ending);
    const file = files.create(segment.path);
    if (file.size() > 0) file.truncate(0);
    segment.#freshIndexes();
    return segment;
  }

  /** A segment that is on disk; nothing is read until it is needed. */
  static open(files: OpenFiles, directory: string, baseOffset: number, now: number): LogSegment {
    const path = files.disk.join(directory, stemOf(baseOffset) + suffix.log);
    return new LogSegment(files, directory, baseOffset, files.file(path).size(), now);
  }

  /** Bytes of batches. */
  get size(): number {
    return this.#size;
  }

  /** The files that must be safe before the segment counts as such. */
  get paths(): string[] {
    const { disk } = this.#files;
    return segmentSuffixes.map((name) => this.#pathOf(name)).filter((path) => disk.exists(path));
  }

  /** When something was last appended, as far as this process knows. */
  get touchedAt(): number {
    return this.#touchedAt;
  }

  /** Bytes of the larger of its two indexes. */
  get indexBytes(): number {
    return Math.max(this.#offsetIndexOrFail().bytes, this.#timeIndexOrFail().bytes);
  }

  /** The largest timestamp of the first batch; -1 without one. */
  get firstTimestamp(): number {
    if (this.#firstTimestamp === undefined && this.#size > 0) {
      this.#firstTimestamp = headerAt(this.#file(), 0, this.#size)?.maxTimestamp ?? -1;
    }
    return this.#firstTimestamp ?? -1;
  }

  /** Whether both indexes are there and sound. */
  hasIndexes(): boolean {
    return this.#loadOffsetIndex() !== undefined && this.#loadTimeIndex() !== undefined;
  }

  /** The largest timestamp and the last offset of its batch; -1 where there is none. */
  get latest(): TimestampOffset {
    this.#latest ??= this.#timeIndexOrFail().last();
    return this.#latest;
  }

  /** The time by which retention judges: the largest timestamp, else when it was written. */
  get retentionTime(): number {
    const { timestamp } = this.latest;
    return timestamp >= 0 ? timestamp : this.#touchedAt;
  }

  /** Whether batches of so many bytes, up to this offset, must go to a new segment. */
  isFullFor(bytes: number, lastOffset: number, timestamp: number, now: number, config: LogConfig) {
    if (lastOffset - this.baseOffset > relativeOffsetMax) return true;
    if (this.#size === 0) return false;
    return (
      this.#size > config.segmentBytes - bytes ||
      this.#waited(timestamp, now) > this.#openMs(config) ||
      this.#offsetIndexOrFail().isFull(config.segmentIndexBytes) ||
      this.#timeIndexOrFail().isFull(config.segmentIndexBytes)
    );
  }

  /** How long it may stay open: compaction wants it closed in time, and not all roll at once. */
  #openMs({ segmentMs, segmentJitterMs, maxCompactionLagMs, cleanupPolicy }: LogConfig): number {
    const isCompacted = cleanupPolicy.includes('compact');
    const openMs = isCompacted ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
    if (segmentJitterMs === 0) return openMs;
    return (
      openMs - ((murmur2(Buffer.from(this.path)) >>> 0) % Math.min(segmentJitterMs, segmentMs))
    );
  }

  /** How long the segment has been open, by its records' timestamps where they have any. */
  #waited(timestamp: number, now: number): number {
    const first = this.firstTimestamp;
    return first >= 0 ? timestamp - first : now - this.#createdAt;
  }

  /** Writes batches that stand one after the other in `bytes`. Nothing changes when it fails. */
  append(bytes: Buffer, batches: readonly RecordBatch[], indexInterval: number, now: number): void {
    const start = this.#size;
    const file = this.#file();
    try {
      if (this.#hasLeftOver) file.truncate(start);
      this.#hasLeftOver = false;
      file.write([bytes], start);
    } catch (error) {
      this.#takeBack(file, start);
      throw error;
    }
    this.#touchedAt = now;
    let position = start;
    for (const batch of batches) {
      this.#note(batch, position, indexInterval);
      position += batch.sizeInBytes;
    }
    this.#size = position;
  }

  /** Part of a failed write may be there: it goes now, with the next write, or before a roll. */
  #takeBack(file: DiskFile, size: number): void {
    this.#hasLeftOver = true;
    try {
      file.truncate(size);
      this.#hasLeftOver = false;
    } catch {
      // The failure of the write itself is what the caller hears of.
    }
  }

  #note(batch: RecordBatch, position: number, indexInterval: number): void {
    const { lastOffset, maxTimestamp, sizeInBytes } = batch;
    if (position === 0) this.#firstTimestamp = maxTimestamp;
    if (maxTimestamp > this.latest.timestamp) {
      this.#latest = { timestamp: maxTimestamp, offset: lastOffset };
    }
    if (this.#bytesSinceEntry > indexInterval) {
      this.#offsetIndexOrFail().append(lastOffset, position);
      this.#timeIndexOrFail().maybeAppend(this.latest.timestamp, this.latest.offset);
      this.#bytesSinceEntry = 0;
    }
    this.#bytesSinceEntry += sizeInBytes;
  }

  /** The first batch whose last record is at or above the offset. */
  find(offset: number): BatchHeader | undefined {
    const file = this.#file();
    const start = offset <= this.baseOffset ? 0 : this.#offsetIndexOrFail().lookup(offset).position;
    return firstHeader(file, start, this.#size, (header) => header.lastOffset >= offset);
  }

  /** The first batch from the offset on that may hold a record of the timestamp or later. */
  findTimestamp(timestamp: number, startOffset: number): BatchHeader | undefined {
    if (this.latest.timestamp < timestamp) return undefined;
    // Earlier entries are surely older: an entry bounds everything up to it.
    const noted = this.#timeIndexOrFail().lookup(timestamp - 1);
    const from = Math.max(noted.offset, startOffset);
    const { position } = this.#offsetIndexOrFail().lookup(from);
    return firstHeader(
      this.#file(),
      position,
      this.#size,
      (header) => header.maxTimestamp >= timestamp && header.lastOffset >= startOffset,
    );
  }

  /** Where a batch begins at or before the position: the nearest that the index knows. */
  positionBefore(position: number): number {
    return position <= 0 ? 0 : this.#offsetIndexOrFail().lookupPosition(position).position;
  }

  /** All headers from a position on. */
  *headers(position = 0): Generator<BatchHeader> {
    const file = this.#file();
    let header = headerAt(file, position, this.#size);
    while (header !== undefined) {
      yield header;
      header = headerAt(file, header.position + header.sizeInBytes, this.#size);
    }
  }

  /** Reads bytes into a buffer of their own. */
  read(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(Math.min(length, this.#size - position));
    const got = this.#file().read(bytes, position);
    return got === bytes.length ? bytes : bytes.subarray(0, got);
  }

  /** Offset after the last record, found from the last index entry on. */
  nextOffset(): number {
    const last = this.#offsetIndexOrFail().last();
    let next = this.baseOffset;
    let latest = this.latest;
    let bytes = 0;
    for (const header of this.headers(last?.position ?? 0)) {
      next = header.lastOffset + 1;
      if (header.maxTimestamp > latest.timestamp) {
        latest = { timestamp: header.maxTimestamp, offset: header.lastOffset };
      }
      if (header.position !== last?.position) bytes += header.sizeInBytes;
      else bytes = header.sizeInBytes;
    }
    this.#latest = latest;
    this.#bytesSinceEntry = bytes;
    return next;
  }

  /**
   * Reads every batch, builds the indexes anew and cuts the file at the first thing that is no
   * sound batch. `visit` sees each batch; `mayCut` may refuse by throwing.
   */
  recover(
    indexInterval: number,
    visit: (batch: RecordBatch) => void,
    mayCut: (bad: BadBatch) => void,
  ): BadBatch | undefined {
    const file = this.#file();
    this.#freshIndexes();
    this.transactionIndex.reset();
    this.#size = file.size();
    this.#latest = { timestamp: -1, offset: this.baseOffset };
    this.#bytesSinceEntry = 0;
    const bad = scanBatches(file, 0, this.baseOffset, ({ batch, position }) => {
      this.#note(batch, position, indexInterval);
      visit(batch);
    });
    if (bad !== undefined) {
      mayCut(bad);
      file.truncate(bad.position);
      this.#size = bad.position;
      file.syncNow();
    }
    return bad;
  }

  /** Writes the indexes: when the segment is rolled or closed. */
  finish(sync: boolean): void {
    if (this.#hasLeftOver) this.#file().truncate(this.#size);
    this.#hasLeftOver = false;
    const { timestamp, offset } = this.latest;
    const timeIndex = this.#timeIndexOrFail();
    timeIndex.maybeAppend(timestamp, offset);
    this.#offsetIndexOrFail().write(sync);
    timeIndex.write(sync);
    this.transactionIndex.write(sync);
  }

  /** Lets go of what only the active segment needs. */
  release(): void {
    this.#offsetIndex?.release();
    this.#timeIndex?.release();
  }

  /** Others have taken its place: whoever still holds it finds nothing in it. */
  retire(): void {
    this.#size = 0;
  }

  /** Whether its `.log` still has its name. */
  get isThere(): boolean {
    return this.#files.disk.exists(this.path);
  }

  /** Renames the files so that they no longer belong to the log; gives their new names. */
  markDeleted(): string[] {
    const { disk } = this.#files;
    return this.paths.map((path) => {
      this.#files.forget(path);
      disk.rename(path, path + suffix.deleted);
      return path + suffix.deleted;
    });
  }

  #pathOf(ending: string): string {
    return this.#stem + ending + this.#ending;
  }

  #file(): DiskFile {
    return this.#files.file(this.path);
  }

  #freshIndexes(): void {
    const { disk } = this.#files;
    const { baseOffset } = this;
    this.#offsetIndex = OffsetIndex.fresh(disk, this.#pathOf(suffix.offsetIndex), baseOffset);
    this.#timeIndex = TimeIndex.fresh(disk, this.#pathOf(suffix.timeIndex), baseOffset);
  }

  #loadOffsetIndex(): OffsetIndex | undefined {
    this.#offsetIndex ??= loaded(this.#files.disk, this.#stem, this.baseOffset, OffsetIndex);
    return this.#offsetIndex;
  }

  #loadTimeIndex(): TimeIndex | undefined {
    this.#timeIndex ??= loaded(this.#files.disk, this.#stem, this.baseOffset, TimeIndex);
    return this.#timeIndex;
  }

  #offsetIndexOrFail(): OffsetIndex {
    const index = this.#loadOffsetIndex();
    if (index === undefined) throw new RangeError(`${this.path} has no index: recover it first`);
    return index;
  }

  #timeIndexOrFail(): TimeIndex {
    const index = this.#loadTimeIndex();
    if (index === undefined) throw new RangeError(`${this.path} has no index: recover it first`);
    return index;
  }
}

function loaded<T>(
  disk: Disk,
  stem: string,
  baseOffset: number,
  kind: { readonly ending: string; stored(disk: Disk, path: string, base: number): T | undefined },
): T | undefined {
  return kind.stored(disk, stem + kind.ending, baseOffset);
}

function firstHeader(
  file: DiskFile,
  start: number,
  end: number,
  matches: (header: BatchHeader) => boolean,
): BatchHeader | undefined {
  let header = headerAt(file, start, end);
  while (header !== undefined && !matches(header)) {
    header = headerAt(file, header.position + header.sizeInBytes, end);
  }
  return header;
}
