import { KafkaError } from '../../errors/index.js';
import { assignOffsets, batchesIn, type RecordBatch } from '../../records/index.js';
import { AppendError, type AppendOptions, type AppendResult, repeatedAppend } from './append.js';
import { directoryOf, stemOf, suffix } from './file-names.js';
import type { LeaderEpochCache } from './leader-epoch-cache.js';
import type { LogConfig } from './log-config.js';
import type { LogParts } from './log-parts.js';
import { type LogRead, type ReadOptions, readSegments } from './log-reader.js';
import { LogSegment } from './log-segment.js';
import type { LogSegments } from './log-segments.js';
import { validateClientBatch } from './log-validator.js';
import type { OpenFiles } from './open-files.js';
import type { ProducerState, ProducerSummary } from './producer-state.js';
import { swapFiles } from './segment-swap.js';
import { SyncedOffset } from './synced-offset.js';
import type { LogTail } from './tail-cache.js';
import {
  offsetForTimestamp,
  offsetOfMaxTimestamp,
  type OffsetAndTimestamp,
} from './timestamp-lookup.js';
import type { AbortedTransaction } from './transaction-index.js';
import { writeWhole } from './write-whole.js';

const maxInt32 = 0x7fffffff;

/**
 * One partition's log (Kafka's `UnifiedLog`): a directory of segments. Appending and reading are
 * synchronous; `syncedOffset` follows the end of the log as the disk confirms it.
 */
export class Log {
  readonly topic: string;
  readonly partition: number;
  readonly topicId: string;
  /** Called whenever `syncedOffset` has moved. One listener: the partition. */
  onSynced: (offset: number) => void = () => undefined;
  /** Called whenever `logStartOffset` has moved (retention, DeleteRecords). */
  onLogStart: (offset: number) => void = () => undefined;
  /** Called once when writing has failed for good. */
  onFailed: (error: Error) => void = () => undefined;
  /** The manager's ears: something failed that makes the whole directory unfit for writing. */
  onDiskFailure: (error: KafkaError) => void = () => undefined;
  readonly segments: LogSegments;
  readonly producerState: ProducerState;
  readonly epochs: LeaderEpochCache;
  #directory: string;
  #config: LogConfig;
  readonly #files: OpenFiles;
  readonly #synced: SyncedOffset;
  readonly #tail: LogTail;
  #logStartOffset: number;
  #logEndOffset: number;
  #failure: KafkaError | undefined;
  #removed = false;
  #finished: boolean;

  constructor(parts: LogParts) {
    this.topic = parts.topic;
    this.partition = parts.partition;
    this.topicId = parts.topicId;
    this.segments = parts.segments;
    this.producerState = parts.producers;
    this.epochs = parts.epochs;
    this.#directory = parts.directory;
    this.#config = parts.config;
    this.#files = parts.files;
    this.#tail = parts.tail;
    this.#logStartOffset = parts.logStartOffset;
    this.#logEndOffset = parts.logEndOffset;
    this.#finished = parts.isFinished;
    this.#synced = new SyncedOffset({
      ...parts,
      safeBase: parts.segments.active.baseOffset,
      failed: (error) => this.onDiskFailure(error),
      moved: (offset) => this.onSynced(offset),
    });
  }

  get config(): LogConfig {
    return this.#config;
  }

  get directory(): string {
    return this.#directory;
  }

  get logStartOffset(): number {
    return this.#logStartOffset;
  }

  /** Offset of the next record. */
  get logEndOffset(): number {
    return this.#logEndOffset;
  }

  /** Everything below is on disk safely, or counts as such in the chosen durability. */
  get syncedOffset(): number {
    return this.#synced.offset;
  }

  /** Everything below is on disk safely, whatever the durability. */
  get recoveryPoint(): number {
    return this.#synced.recoveryPoint;
  }

  /** Where the newest segment begins whose files, with the snapshot before it, are on the disk. */
  get safeBase(): number {
    return this.#synced.safeBase;
  }

  /** Bytes of all segments. */
  get size(): number {
    return this.segments.size;
  }

  /** Latest leader epoch that has records or was announced; -1 without any. */
  get latestEpoch(): number {
    return this.epochs.latest;
  }

  /** Why writing has stopped for good, or undefined. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Checks, numbers and writes whole batches (a client's: exactly one). The bytes are in the log
   * when it returns. The buffer is changed in place and must not be used by the caller
   * afterwards. Fails with AppendError. Codecs must be ready: await `prepareAppend` first when it
   * gives a promise.
   */
  append(batches: Buffer, options: AppendOptions): AppendResult {
    this.#ensureWritable();
    const { origin, now, leaderEpoch } = options;
    const config = this.#config;
    if (origin === 'raw') return this.#write(batches, [...batchesIn(batches)], options);
    let accepted: RecordBatch[];
    if (origin === 'client') {
      const { topic, partition, logStartOffset } = this;
      const context = { topic, partition, config, now, logStartOffset };
      accepted = [validateClientBatch(batches, context)];
    } else {
      accepted = [...batchesIn(batches)];
    }
    const [first] = accepted;
    if (first === undefined) throw this.#error('INVALID_RECORD', 'There is no batch to append.');
    this.#checkSizes(accepted);
    const duplicate = this.#checkProducers(accepted, origin === 'client');
    if (duplicate !== undefined) return duplicate;
    let offset = this.#logEndOffset;
    for (const batch of accepted) {
      assignOffsets(batch.buffer, batch.position, offset, leaderEpoch);
      offset = batch.nextOffset;
    }
    const bytes = origin === 'client' ? first.bytes() : batches;
    return this.#write(bytes, accepted, options);
  }

  #ensureWritable(): void {
    if (this.#failure !== undefined) {
      throw this.#error('KAFKA_STORAGE_ERROR', this.#failure.message, this.#failure);
    }
    if (this.#removed) throw this.#error('UNKNOWN_TOPIC_OR_PARTITION', 'The log was deleted.');
  }

  #checkSizes(batches: readonly RecordBatch[]): void {
    const bytes = batches.reduce((sum, batch) => sum + batch.sizeInBytes, 0);
    if (bytes <= this.#config.segmentBytes) return;
    throw this.#error(
      'RECORD_LIST_TOO_LARGE',
      `${bytes} bytes do not fit into a segment of ${this.#config.segmentBytes}.`,
    );
  }

  /** Recognises a repeated batch, and refuses what does not follow its producer's last one. */
  #checkProducers(batches: readonly RecordBatch[], isClient: boolean): AppendResult | undefined {
    const where = directoryOf(this.topic, this.partition);
    try {
      for (const batch of batches) {
        const known = this.producerState.admit(batch, where, isClient);
        if (known !== undefined) return repeatedAppend(known, this.#logStartOffset);
      }
    } catch (error) {
      const refused = error as AppendError;
      throw this.#error(refused.code, refused.message, refused);
    }
    return undefined;
  }

  #write(
    bytes: Buffer,
    batches: readonly RecordBatch[],
    { now, urgent, origin }: AppendOptions,
  ): AppendResult {
    const first = batches[0];
    const last = batches.at(-1);
    if (first === undefined || last === undefined || first.baseOffset < this.#logEndOffset) {
      throw this.#error('INVALID_RECORD', 'The batches do not continue the log.');
    }
    const { baseOffset } = first;
    const { lastOffset } = last;
    this.#finished = false;
    try {
      this.#rollIfFull(bytes.length, last, now);
      this.segments.active.append(bytes, batches, this.#config.indexIntervalBytes, now);
    } catch (error) {
      throw this.#writeFailed(error);
    }
    this.#tail.append(bytes, baseOffset, lastOffset + 1);
    for (const batch of batches) this.#noteBatch(batch, now);
    this.#logEndOffset = lastOffset + 1;
    this.#synced.appended(this.segments.active.path, this.#logEndOffset, urgent ?? true);
    const isAppendTime = origin === 'client' && first.timestampType === 'LogAppendTime';
    return {
      baseOffset,
      lastOffset,
      logAppendTime: isAppendTime ? first.maxTimestamp : -1,
      logStartOffset: this.#logStartOffset,
      duplicate: false,
    };
  }

  /** Updates what is derived from batches: epochs, producers, aborted transactions. */
  #noteBatch(batch: RecordBatch, now: number): void {
    this.epochs.assign(batch.partitionLeaderEpoch, batch.baseOffset);
    const aborted = this.producerState.note(batch, now);
    if (aborted !== undefined) this.segments.active.transactionIndex.append(aborted);
  }

  #writeFailed(error: unknown): KafkaError {
    const cause = error as KafkaError;
    // A full disk may be emptied again; any other failure leaves the file in an unknown state.
    if (cause.code !== 'DISK_FULL' && cause.code === 'DISK_ERROR') this.onDiskFailure(cause);
    return this.#error('KAFKA_STORAGE_ERROR', cause.message, cause);
  }

  #error(code: KafkaError['code'], message: string, cause?: KafkaError): AppendError {
    const { topic, partition } = this;
    const isStorage = code === 'KAFKA_STORAGE_ERROR' || code === 'RECORD_LIST_TOO_LARGE';
    const logStartOffset = isStorage ? -1 : this.#logStartOffset;
    return new AppendError(code, message, {
      topic,
      partition,
      cause,
      hint: cause?.hint,
      logStartOffset,
    });
  }

  #rollIfFull(bytes: number, last: RecordBatch, now: number): void {
    const { active } = this.segments;
    const fits = !active.isFullFor(bytes, last.lastOffset, last.maxTimestamp, now, this.#config);
    const position = active.size + bytes;
    if (fits && position <= maxInt32) return;
    this.roll(now);
  }

  /** Begins a new segment, unless the active one is empty; `onDisk` hears when it is safe. */
  roll(now: number, onDisk?: () => void): void {
    const { disk } = this.#files;
    const old = this.segments.active;
    const offset = this.#logEndOffset;
    if (old.baseOffset === offset) return;
    this.#finished = false;
    old.finish(false);
    const snapshot = disk.join(this.#directory, stemOf(offset) + suffix.snapshot);
    writeWhole(disk, snapshot, this.producerState.snapshot());
    const next = LogSegment.create(this.#files, this.#directory, offset, now);
    this.segments.add(next);
    old.release();
    this.#synced.rolled([...old.paths, snapshot, next.path], this.#directory, offset, onDisk);
  }

  /** Calls back once everything below `offset` is synced, or with the error that prevents it. */
  whenSynced(offset: number, done: (error?: Error) => void): void {
    this.#synced.when(offset, done);
  }

  /** Stops all writing for good: nobody knows what a failed sync has left on the disk. */
  fail(error: KafkaError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#synced.stop(error);
    this.onFailed(error);
  }

  /** Fails with OFFSET_OUT_OF_RANGE below the log start and above the log end. */
  read(offset: number, maxBytes: number, { upTo, minOneBatch }: ReadOptions): LogRead {
    if (offset < this.#logStartOffset || offset > this.#logEndOffset) {
      const { topic, partition } = this;
      throw new KafkaError(
        'OFFSET_OUT_OF_RANGE',
        `The log holds offsets ${this.#logStartOffset} to ${this.#logEndOffset}.`,
        { topic, partition, offset },
      );
    }
    const limit = Math.min(upTo, this.#logEndOffset);
    if (offset >= limit) return { chunks: [], bytes: 0, baseOffset: offset };
    return (
      this.#tail.read(offset, maxBytes, limit, minOneBatch) ??
      readSegments(this.segments, offset, maxBytes, limit, minOneBatch)
    );
  }

  /** A new leader epoch begins at the end of the log; written down with its first record. */
  assignLeaderEpoch(epoch: number): void {
    this.epochs.announce(epoch);
  }

  /** Leader epoch of the record at this offset, -1 where unknown. */
  epochAt(offset: number): number {
    return this.epochs.epochAt(offset);
  }

  /** End offset of an epoch as OffsetForLeaderEpoch answers it; -1 and -1 where unknown. */
  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    return this.epochs.endOffsetFor(epoch, this.#logEndOffset);
  }

  /** First record at or after the timestamp, below `upTo`. */
  offsetForTimestamp(timestamp: number, upTo: number): Promise<OffsetAndTimestamp | undefined> {
    return offsetForTimestamp(this, timestamp, upTo);
  }

  /** The first record with the greatest timestamp; undefined in a log without timestamps. */
  offsetOfMaxTimestamp(upTo: number): Promise<OffsetAndTimestamp | undefined> {
    return offsetOfMaxTimestamp(this, upTo);
  }

  /** Aborted transactions that touch offsets from `from` on and begin below `upTo`, in order. */
  abortedTransactions(from: number, upTo: number): AbortedTransaction[] {
    return this.segments.abortedTransactions(from, upTo);
  }

  /** Where the earliest open transaction begins, or undefined without one. */
  get firstOpenTransactionOffset(): number | undefined {
    return this.producerState.firstOpenOffset;
  }

  /** Moves the log start (DeleteRecords, retention); returns the new log start. */
  deleteRecordsBefore(offset: number): number {
    const start = Math.min(offset, this.#logEndOffset);
    if (start <= this.#logStartOffset) return this.#logStartOffset;
    this.#logStartOffset = start;
    this.epochs.truncateFromStart(start);
    this.onLogStart(start);
    return start;
  }

  updateConfig(config: LogConfig): void {
    this.#config = config;
  }

  producers(): ProducerSummary[] {
    return this.producerState.summaries();
  }

  /** Takes the first segment out of the log; gives the names of the files that may go. */
  dropFirstSegment(): string[] {
    this.#synced.forget(this.segments.first.paths);
    return this.segments.dropFirst();
  }

  /** Puts a compacted segment in the place of others; gives the files that may go. */
  replaceSegments(old: readonly LogSegment[], cleaned: LogSegment): string[] | undefined {
    const last = old.at(-1);
    const isOver = this.#removed || this.#failure !== undefined;
    if (isOver || last === undefined || this.segments.placeOfAll(old) < 0) return undefined;
    const files = this.#files;
    for (const segment of old) this.#synced.forget(segment.paths);
    const failed = (error: KafkaError) => this.onDiskFailure(error);
    const deleted = swapFiles(files, this.#directory, cleaned, old, failed);
    const segment = LogSegment.open(files, this.#directory, cleaned.baseOffset, last.touchedAt);
    this.segments.replace(old, segment);
    for (const gone of old) gone.retire();
    this.#tail.dropBelow(this.segments.active.baseOffset);
    return deleted;
  }

  /** Writes indexes and a snapshot of the producers, for a clean stop; the caller syncs them. */
  finish(): void {
    if (this.#finished || this.#removed || this.#failure !== undefined) return;
    this.#finished = true;
    const { disk } = this.#files;
    const { active } = this.segments;
    active.finish(false);
    const snapshot = disk.join(this.#directory, stemOf(this.#logEndOffset) + suffix.snapshot);
    writeWhole(disk, snapshot, this.producerState.snapshot());
    this.#synced.changed([...active.paths, snapshot], this.#directory);
  }

  /** The log is deleted: nothing is written or synced any more, whoever waits hears of it. */
  remove(): void {
    this.#removed = true;
    this.#tail.clear();
    for (const segment of this.segments.all()) this.#files.forget(segment.path);
    this.#synced.stop(this.#error('UNKNOWN_TOPIC_OR_PARTITION', 'The log was deleted.'));
  }
}
