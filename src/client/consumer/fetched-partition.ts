import { isKafkaError, KafkaError } from '../../errors/index.js';
import {
  controlRecordOf,
  isCodecLoaded,
  loadCodec,
  RecordBatch,
  type RecordView,
} from '../../records/index.js';
import type { PartitionState } from './partition-state.js';

/** An aborted transaction that overlaps the answer, as the broker lists it. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface FetchedData {
  readonly state: PartitionState;
  /** Whole batches, the last one possibly cut. */
  readonly records: Buffer;
  /** Null or empty when nothing was aborted, or at read_uncommitted. */
  readonly aborted: readonly AbortedTransaction[] | null;
  readonly endOffset: number;
  readonly checkCrcs: boolean;
}

/** A batch whose records can be walked over. */
export interface OpenBatch {
  /** From the first record on, whenever it is looped over. */
  readonly records: Iterable<RecordView>;
  readonly leaderEpoch: number;
  readonly nextOffset: number;
  /** Bytes as they came. */
  readonly sizeInBytes: number;
  readonly isCompressed: boolean;
}

/** Compressed batches above this size are decompressed off the event loop. */
const decompressInPlaceMax = 32 * 1024;

/**
 * What one answer brought for one partition, as bytes; batches are opened one after the other
 * when the loop gets there. Control batches and batches of aborted transactions are passed over.
 *
 * Aborted batches are known by producer id: a transaction is active from its first offset on
 * until its abort marker. The list of every answer names all that overlap it, also those that
 * began in an earlier answer or end in a later one, so nothing is carried from one to the next.
 */
export class FetchedPartition {
  readonly state: PartitionState;
  readonly incarnation: number;
  readonly endOffset: number;
  readonly sizeInBytes: number;
  /** The offset behind what has been opened. */
  nextOffset: number;
  /** The batch that is being walked over, and the walk. */
  batch: OpenBatch | undefined;
  walk: Iterator<RecordView> | undefined;
  /** A record to hand out (again) before the walk goes on. */
  stashed: RecordView | undefined;
  readonly #records: Buffer;
  readonly #checkCrcs: boolean;
  #at = 0;
  /** Sorted by first offset; those before `#abortedAt` have become active. */
  readonly #aborted: readonly AbortedTransaction[];
  #abortedAt = 0;
  readonly #activeAborts = new Set<number>();

  constructor(data: FetchedData) {
    this.state = data.state;
    this.incarnation = data.state.incarnation;
    this.nextOffset = data.state.fetchOffset;
    this.endOffset = data.endOffset;
    this.sizeInBytes = data.records.length;
    this.#records = data.records;
    this.#checkCrcs = data.checkCrcs;
    this.#aborted = [...(data.aborted ?? [])].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether nothing has moved the partition since the fetch. */
  get isCurrent(): boolean {
    return this.incarnation === this.state.incarnation;
  }

  /**
   * Offset and epoch behind the last whole batch, and how many bytes are whole; undefined when
   * there is none. Fails with CORRUPT_MESSAGE where the bytes are no batches.
   */
  end(): { readonly offset: number; readonly leaderEpoch: number } | undefined {
    let last: RecordBatch | undefined;
    for (let at = 0; ; ) {
      const size = RecordBatch.sizeAt(this.#records, at);
      if (size === undefined) break;
      last = new RecordBatch(this.#records, at);
      at += size;
    }
    if (last === undefined) return undefined;
    return { offset: last.nextOffset, leaderEpoch: last.partitionLeaderEpoch };
  }

  /**
   * Opens the next batch with records for the application. `later` when its codec must be loaded
   * first, or it is large: call `openLater` then. Undefined at the end. Damage fails with
   * CORRUPT_MESSAGE or DECOMPRESSION_FAILED, naming the partition and the offset.
   */
  open(): OpenBatch | 'later' | undefined {
    const batch = this.#nextForUser();
    if (batch === undefined) return undefined;
    const { compression } = batch;
    if (compression !== 'none') {
      if (!isCodecLoaded(compression) || batch.sizeInBytes > decompressInPlaceMax) return 'later';
    }
    return this.#opened(
      batch,
      this.#guard(batch, () => batch.records()),
    );
  }

  /** As `open`, loading the codec and decompressing aside. */
  async openLater(): Promise<OpenBatch | undefined> {
    const batch = this.#nextForUser();
    if (batch === undefined) return undefined;
    try {
      await loadCodec(batch.compression);
      return this.#opened(batch, await batch.recordsAsync());
    } catch (error) {
      throw this.#damaged(batch, error);
    }
  }

  /** Steps over the batch that cannot be read. */
  stepOver(): void {
    const size = RecordBatch.sizeAt(this.#records, this.#at);
    if (size === undefined) return;
    const batch = new RecordBatch(this.#records, this.#at);
    this.#at += size;
    // What a damaged header says may be nonsense; the next header and the end are safer.
    const isNext = RecordBatch.sizeAt(this.#records, this.#at) !== undefined;
    const next = isNext
      ? new RecordBatch(this.#records, this.#at).baseOffset
      : Math.min(batch.nextOffset, this.state.fetchOffset);
    this.nextOffset = Math.max(this.nextOffset, next, batch.baseOffset + 1);
  }

  #opened(batch: RecordBatch, records: Iterable<RecordView>): OpenBatch {
    this.#at = batch.position + batch.sizeInBytes;
    this.nextOffset = batch.nextOffset;
    return {
      records,
      leaderEpoch: batch.partitionLeaderEpoch,
      nextOffset: batch.nextOffset,
      sizeInBytes: batch.sizeInBytes,
      isCompressed: batch.compression !== 'none',
    };
  }

  /** Finds the next batch for the application, verified; does not step over it. */
  #nextForUser(): RecordBatch | undefined {
    for (;;) {
      const size = RecordBatch.sizeAt(this.#records, this.#at);
      if (size === undefined) return undefined;
      const batch = new RecordBatch(this.#records, this.#at);
      if (this.#checkCrcs) this.#guard(batch, () => batch.ensureValid());
      const wanted = batch.nextOffset > this.state.position && batch.count > 0;
      if (!this.#isHidden(batch) && wanted) return batch;
      this.#at += size;
      this.nextOffset = batch.nextOffset;
    }
  }

  /** Whether the batch is a control batch, or was written by a transaction that was aborted. */
  #isHidden(batch: RecordBatch): boolean {
    if (batch.isControl) {
      if (this.#aborted.length > 0) this.#readMarker(batch);
      return true;
    }
    if (this.#aborted.length === 0 || !batch.isTransactional) return false;
    this.#activateUpTo(batch.lastOffset);
    return this.#activeAborts.has(batch.producerId);
  }

  #readMarker(batch: RecordBatch): void {
    this.#activateUpTo(batch.lastOffset);
    const [record] = this.#guard(batch, () => [...batch.records()]);
    if (record === undefined) return;
    if (controlRecordOf(record).type === 'abort') this.#activeAborts.delete(batch.producerId);
  }

  #activateUpTo(offset: number): void {
    for (;;) {
      const next = this.#aborted[this.#abortedAt];
      if (next === undefined || next.firstOffset > offset) return;
      this.#activeAborts.add(next.producerId);
      this.#abortedAt++;
    }
  }

  #guard<T>(batch: RecordBatch, read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#damaged(batch, error);
    }
  }

  #damaged(batch: RecordBatch, cause: unknown): KafkaError {
    const { topic, partition } = this.state;
    const code = isKafkaError(cause) ? cause.code : 'CORRUPT_MESSAGE';
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new KafkaError(code, `A batch cannot be read: ${reason}`, {
      topic,
      partition,
      offset: batch.baseOffset,
      cause,
      retriable: false,
      hint: `To go on behind it, seek to offset ${batch.nextOffset}.`,
    });
  }
}
