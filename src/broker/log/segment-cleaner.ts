import { KafkaError } from '../../errors/index.js';
import { batchesIn, isCodecLoaded, loadCodec, type RecordBatch } from '../../records/index.js';
import { type BatchFilter, cleanedBatch } from './batch-filter.js';
import { type Cleanable, groupsOf } from './cleanable.js';
import { CleanedTransactions } from './cleaned-transactions.js';
import { suffix } from './file-names.js';
import { openingOf } from './log-config.js';
import { LogSegment } from './log-segment.js';
import { OffsetMap } from './offset-map.js';
import type { OpenFiles } from './open-files.js';
import { snapshotsBelow } from './retention.js';
import { removeCleaned } from './segment-swap.js';
import { untilSynced } from './until-synced.js';

/** How much of a segment is read or written at a time. */
const windowBytes = 512 * 1024;

export interface CleaningOptions {
  readonly files: OpenFiles;
  /** Wall clock in milliseconds. */
  readonly now: number;
  /** What the offset map may take. */
  readonly mapBytes: number;
  /** Called after each portion of work; throws to end the cleaning. */
  readonly pause: (bytes: number) => Promise<void>;
  /** Files that are no longer part of the log. */
  readonly removed: (paths: readonly string[]) => void;
}

export interface Cleaned {
  /** Everything below is compacted now. */
  readonly endOffset: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * One round of compaction of one log (Kafka's `Cleaner`): reads the dirty part into an offset map,
 * then rewrites every segment up to where the map speaks for, several into one where they have
 * become small. What the map has no room for stays dirty and is left to the next round.
 */
export async function cleanLog(due: Cleanable, options: CleaningOptions): Promise<Cleaned> {
  return await new SegmentCleaner(due, options).run();
}

class SegmentCleaner {
  readonly #due: Cleanable;
  readonly #options: CleaningOptions;
  readonly #map: OffsetMap;
  #bytesRead = 0;
  #bytesWritten = 0;

  constructor(due: Cleanable, options: CleaningOptions) {
    this.#due = due;
    this.#options = options;
    this.#map = new OffsetMap(options.mapBytes);
  }

  async run(): Promise<Cleaned> {
    const { log, upperBound, firstDirtyOffset } = this.#due;
    await this.#fillMap();
    const endOffset = Math.max(firstDirtyOffset, this.#map.latestOffset + 1);
    const { segmentBytes, segmentIndexBytes } = log.config;
    const segments = log.segments.all().filter(({ baseOffset }) => baseOffset < endOffset);
    const first = segments[0]?.baseOffset ?? endOffset;
    const transactions = new CleanedTransactions(log.abortedTransactions(first, upperBound));
    for (const group of groupsOf(segments, segmentBytes, segmentIndexBytes, upperBound)) {
      await this.#cleanGroup(group, transactions);
    }
    return { endOffset, bytesRead: this.#bytesRead, bytesWritten: this.#bytesWritten };
  }

  async #fillMap(): Promise<void> {
    const { log, firstDirtyOffset, upperBound } = this.#due;
    const aborted = log.abortedTransactions(firstDirtyOffset, upperBound);
    const transactions = new CleanedTransactions(aborted);
    const map = this.#map;
    map.latestOffset = firstDirtyOffset - 1;
    const all = log.segments.all();
    for (let place = log.segments.placeOf(firstDirtyOffset); ; place++) {
      const segment = all[place];
      if (segment === undefined || segment.baseOffset >= upperBound) return;
      const start = segment.find(firstDirtyOffset)?.position ?? segment.size;
      for await (const batch of this.#batchesOf(segment, start)) {
        if (batch.isControl) transactions.onControl(batch);
        else if (!transactions.onBatch(batch)) {
          // The first batch always finds room, or a round might get nowhere.
          if (map.isFull && map.latestOffset >= firstDirtyOffset) return;
          this.#noteKeys(batch);
        }
        if (batch.lastOffset >= firstDirtyOffset) map.latestOffset = batch.lastOffset;
      }
      // Offsets that an earlier compaction took away count as read.
      map.latestOffset = Math.max(map.latestOffset, log.segments.endOf(place, upperBound) - 1);
    }
  }

  #noteKeys(batch: RecordBatch): void {
    const { firstDirtyOffset } = this.#due;
    for (const { key, offset } of batch.records(openingOf(this.#due.log.config, batch))) {
      if (key !== null && offset >= firstDirtyOffset) this.#map.put(key, offset);
    }
  }

  async #cleanGroup(
    group: readonly LogSegment[],
    transactions: CleanedTransactions,
  ): Promise<void> {
    const { log, upperBound } = this.#due;
    const { files, now, removed } = this.#options;
    const { directory } = log;
    const base = group[0]?.baseOffset ?? 0;
    const touchedAt = group.at(-1)?.touchedAt ?? now;
    removeCleaned(files, directory, base);
    const cleaned = LogSegment.create(files, directory, base, touchedAt, suffix.cleaned);
    const filter: BatchFilter = {
      map: this.#map,
      transactions,
      producers: log.producerState.lastOfProducers(),
      upperBound,
      now,
      config: log.config,
    };
    const { logEndOffset } = log;
    transactions.onRetained = (transaction) => cleaned.transactionIndex.append(transaction);
    try {
      await this.#write(group, cleaned, filter);
      await this.#finish(cleaned);
      // A later batch of a producer lets its earlier ones go: a crash must not take it back.
      await untilSynced(log, logEndOffset);
    } catch (error) {
      // The log itself is untouched. Where even this fails the next start removes the files.
      if (log.failure === undefined) removeCleaned(files, directory, base);
      throw error;
    }
    // A snapshot from before a marker would need it, and the marker may be gone.
    const end = log.segments.endOf(log.segments.placeOfAll(group) + group.length - 1, upperBound);
    for (const path of snapshotsBelow(files.disk, log, end)) files.disk.remove(path);
    const gone = log.replaceSegments(group, cleaned);
    if (gone === undefined) removeCleaned(files, directory, base);
    else removed(gone);
  }

  async #write(
    group: readonly LogSegment[],
    cleaned: LogSegment,
    filter: BatchFilter,
  ): Promise<void> {
    const { indexIntervalBytes } = this.#due.log.config;
    let kept: Buffer[] = [];
    let bytes = 0;
    const flush = () => {
      if (kept.length === 0) return;
      const joined = Buffer.concat(kept, bytes);
      cleaned.append(joined, [...batchesIn(joined)], indexIntervalBytes, cleaned.touchedAt);
      this.#bytesWritten += bytes;
      kept = [];
      bytes = 0;
    };
    for (const segment of group) {
      for await (const batch of this.#batchesOf(segment, 0)) {
        const left = cleanedBatch(batch, filter);
        if (left === undefined) continue;
        kept.push(left);
        bytes += left.length;
        if (bytes >= windowBytes) flush();
      }
    }
    flush();
  }

  async #finish(cleaned: LogSegment): Promise<void> {
    const { files, pause } = this.#options;
    cleaned.finish(false);
    await Promise.all(cleaned.paths.map((path) => files.file(path).sync()));
    await pause(0);
  }

  /** The batches of a segment from a position on, checked, with a pause after each portion. */
  async *#batchesOf(segment: LogSegment, start: number): AsyncGenerator<RecordBatch> {
    const { size } = segment;
    let position = start;
    let wanted = windowBytes;
    while (position < size) {
      const window = segment.read(position, wanted);
      let at = 0;
      for (const batch of batchesIn(window)) {
        batch.ensureValid();
        if (!isCodecLoaded(batch.compression)) await loadCodec(batch.compression);
        yield batch;
        at += batch.sizeInBytes;
      }
      wanted = at > 0 ? windowBytes : wanted * 2;
      if (at === 0 && window.length >= size - position) batchIsCut(segment, position);
      position += at;
      this.#bytesRead += at;
      await this.#options.pause(at);
    }
  }
}

function batchIsCut(segment: LogSegment, position: number): never {
  throw new KafkaError('LOG_CORRUPTED', `${segment.path} ends inside the batch at ${position}.`, {
    path: segment.path,
  });
}
