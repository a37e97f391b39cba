import { controlRecordOf, type RecordBatch } from '../../records/index.js';
import { AppendError } from './append.js';
import type { LastOfProducer } from './batch-filter.js';
import type { BatchHeader } from './batch-scan.js';
import type { AbortedTransaction } from './transaction-index.js';
import {
  inSequence,
  ProducerEntry,
  type RememberedBatch,
  sequenceAfter,
} from './producer-entry.js';
import { decodeSnapshot, encodeSnapshot } from './producer-snapshot.js';

/** Producers remembered per log; beyond it the one that has been idle longest is forgotten. */
const producersMax = 100_000;

/** What the log knows of an idempotent producer (DescribeProducers). */
export interface ProducerSummary {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  readonly lastTimestamp: number;
  /** -1 where no marker was written. */
  readonly coordinatorEpoch: number;
  /** First offset of the open transaction, -1 without one. */
  readonly currentTransactionStartOffset: number;
}

/** A transaction that a marker has just ended. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the marker. */
  readonly lastOffset: number;
  readonly aborted: boolean;
  /** The last stable offset that follows from it. */
  readonly lastStableOffset: number;
}

/**
 * The idempotent and transactional producers of a log (Kafka's `ProducerStateManager`): recognises
 * repeated batches, refuses gaps and old epochs, knows the open transactions.
 */
export class ProducerState {
  /** By producer id, the longest idle first. */
  #entries = new Map<number, ProducerEntry>();
  /** Where the open transactions begin, by producer id; the earliest first. */
  #open = new Map<number, number>();
  /** Set by the loader: looks earlier batches up; runs once, when they may first matter. */
  history: (() => void) | undefined;

  get size(): number {
    return this.#entries.size;
  }

  entry(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  /** The same batch, if it is one of the last five of its producer. */
  duplicateOf(batch: RecordBatch): RememberedBatch | undefined {
    const { producerId, producerEpoch, baseSequence, lastSequence } = batch;
    const { history } = this;
    this.history = undefined;
    history?.();
    return this.#entries.get(producerId)?.duplicateOf(producerEpoch, baseSequence, lastSequence);
  }

  /**
   * Refuses a batch with an old epoch (INVALID_PRODUCER_EPOCH) or a sequence that does not follow
   * (OUT_OF_ORDER_SEQUENCE_NUMBER). The first batch of a producer nobody knows may begin anywhere:
   * its earlier ones may be gone (retention, DeleteRecords).
   */
  check(batch: RecordBatch, where: string): void {
    const { producerId, producerEpoch, baseSequence } = batch;
    const entry = this.#entries.get(producerId);
    if (entry === undefined) return;
    const who = `Producer ${producerId} in ${where}`;
    this.checkEpoch(batch, where);
    if (producerEpoch !== entry.producerEpoch) {
      if (baseSequence === 0 || entry.producerEpoch < 0) return;
      throw new AppendError(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `${who} began epoch ${producerEpoch} at sequence ${baseSequence} instead of 0.`,
      );
    }
    if (entry.producerEpoch >= 0 && !inSequence(entry.lastSequence, baseSequence)) {
      throw new AppendError(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `${who} wrote sequence ${baseSequence} after ${entry.lastSequence}.`,
      );
    }
  }

  /** Refuses a batch with an old epoch; of what coordinators write only this is checked. */
  checkEpoch({ producerId, producerEpoch }: RecordBatch, where: string): void {
    const current = this.#entries.get(producerId)?.producerEpoch ?? producerEpoch;
    if (producerEpoch >= current) return;
    throw new AppendError(
      'INVALID_PRODUCER_EPOCH',
      `Producer ${producerId} in ${where} has epoch ${producerEpoch}, while ${current} is current.`,
    );
  }

  /** Refuses a plain batch inside an open transaction of the same producer. */
  checkTransaction(batch: RecordBatch, where: string): void {
    const entry = this.#entries.get(batch.producerId);
    if (entry === undefined || entry.transactionStart < 0 || batch.isTransactional) return;
    throw new AppendError(
      'INVALID_TXN_STATE',
      `Producer ${batch.producerId} wrote outside its open transaction to ${where}.`,
    );
  }

  /**
   * What a client's batch must pass: gives the batch that it repeats, if it does. Of what
   * coordinators write only the epoch is checked: their sequences always begin at 0.
   */
  admit(batch: RecordBatch, where: string, isClient: boolean): RememberedBatch | undefined {
    if (batch.producerId < 0) return undefined;
    if (!isClient) {
      this.checkEpoch(batch, where);
      return undefined;
    }
    const known = this.duplicateOf(batch);
    if (known !== undefined) return known;
    this.check(batch, where);
    this.checkTransaction(batch, where);
    return undefined;
  }

  /** Takes note of any batch; gives the transaction it aborts, if it is a marker that does. */
  note(batch: RecordBatch, seenAt: number): AbortedTransaction | undefined {
    if (batch.producerId < 0) return undefined;
    if (!batch.isControl) {
      this.update(batch, seenAt);
      return undefined;
    }
    const [record] = batch.records();
    if (record === undefined) {
      // All that compaction left of a marker: the epoch, for the sake of fencing.
      const coordinatorEpoch = this.#entries.get(batch.producerId)?.coordinatorEpoch ?? -1;
      this.endTransaction(batch, false, coordinatorEpoch);
      return undefined;
    }
    const control = controlRecordOf(record);
    if (control.type !== 'abort' && control.type !== 'commit') return undefined;
    const aborted = control.type === 'abort';
    const ended = this.endTransaction(batch, aborted, control.coordinatorEpoch);
    return aborted ? ended : undefined;
  }

  /** Takes note of an appended data batch; `seenAt` is the wall clock, -1 during recovery. */
  update(batch: RecordBatch, seenAt: number): void {
    const { producerId, producerEpoch, lastOffset, baseSequence, lastSequence } = batch;
    const entry = this.#touch(producerId, producerEpoch);
    const timestamp = batch.maxTimestamp;
    const offsetDelta = batch.lastOffsetDelta;
    entry.remember(producerEpoch, {
      firstSequence: baseSequence,
      lastSequence,
      lastOffset,
      offsetDelta,
      timestamp,
    });
    entry.seenAt = Math.max(seenAt, timestamp);
    if (batch.isTransactional && entry.transactionStart < 0) {
      entry.transactionStart = batch.baseOffset;
      this.#open.set(producerId, batch.baseOffset);
    }
  }

  /** Takes note of a marker; gives the transaction it ends, if one was open. */
  endTransaction(
    batch: RecordBatch,
    aborted: boolean,
    coordinatorEpoch: number,
  ): CompletedTransaction | undefined {
    const { producerId, producerEpoch, lastOffset, maxTimestamp } = batch;
    const entry = this.#touch(producerId, producerEpoch);
    const firstOffset = entry.transactionStart;
    entry.moveTo(producerEpoch);
    entry.transactionStart = -1;
    this.#open.delete(producerId);
    entry.coordinatorEpoch = coordinatorEpoch;
    entry.lastTimestamp = maxTimestamp;
    entry.seenAt = Math.max(entry.seenAt, maxTimestamp);
    if (firstOffset < 0) return undefined;
    const lastStableOffset = Math.min(this.firstOpenOffset ?? lastOffset + 1, lastOffset + 1);
    return { producerId, firstOffset, lastOffset, aborted, lastStableOffset };
  }

  /** Where the earliest open transaction begins. */
  get firstOpenOffset(): number | undefined {
    // Offsets only grow, so the one that began first was put in first.
    for (const first of this.#open.values()) return first;
    return undefined;
  }

  /** Puts a batch in front of those remembered if it is the one just before them. */
  rememberEarlier(header: BatchHeader): void {
    const entry = this.#entries.get(header.producerId);
    const first = entry?.batches[0];
    if (entry === undefined || first === undefined || header.isControl) return;
    const { producerEpoch, baseSequence, lastOffset, lastOffsetDelta } = header;
    const lastSequence = sequenceAfter(baseSequence, lastOffsetDelta);
    const precedes =
      producerEpoch === entry.producerEpoch &&
      lastOffset < first.lastOffset - first.offsetDelta &&
      inSequence(lastSequence, first.firstSequence);
    if (!precedes) return;
    entry.rememberEarlier({
      firstSequence: baseSequence,
      lastSequence,
      lastOffset,
      offsetDelta: lastOffsetDelta,
      timestamp: header.maxTimestamp,
    });
  }

  /** Forgets producers without an open transaction that have been idle too long. */
  removeExpired(now: number, expirationMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.transactionStart < 0 && now - entry.seenAt >= expirationMs) {
        this.#entries.delete(entry.producerId);
      }
    }
  }

  /** What compaction must keep of each producer, by id. */
  lastOfProducers(): Map<number, LastOfProducer> {
    const last = new Map<number, LastOfProducer>();
    for (const [producerId, { producerEpoch, lastBatch }] of this.#entries) {
      last.set(producerId, { producerEpoch, lastDataOffset: lastBatch?.lastOffset ?? -1 });
    }
    return last;
  }

  summaries(): ProducerSummary[] {
    return Array.from(this.#entries.values(), (entry) => ({
      producerId: entry.producerId,
      producerEpoch: entry.producerEpoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTransactionStartOffset: entry.transactionStart,
    }));
  }

  clear(): void {
    this.#entries.clear();
    this.#open.clear();
  }

  snapshot(): Buffer {
    return encodeSnapshot(this.#entries.values());
  }

  /** Replaces everything by a snapshot; fails where it is damaged. */
  load(snapshot: Buffer): void {
    const entries = decodeSnapshot(snapshot);
    this.#entries = new Map(entries.map((entry) => [entry.producerId, entry]));
    const open = entries.filter((entry) => entry.transactionStart >= 0);
    open.sort((a, b) => a.transactionStart - b.transactionStart);
    this.#open = new Map(open.map((entry) => [entry.producerId, entry.transactionStart]));
  }

  /** The producer's entry, now the most recent one. */
  #touch(producerId: number, producerEpoch: number): ProducerEntry {
    const entry = this.#entries.get(producerId) ?? new ProducerEntry(producerId, producerEpoch);
    this.#entries.delete(producerId);
    this.#entries.set(producerId, entry);
    if (this.#entries.size > producersMax) this.#forgetIdlest();
    return entry;
  }

  #forgetIdlest(): void {
    for (const entry of this.#entries.values()) {
      if (entry.transactionStart >= 0) continue;
      this.#entries.delete(entry.producerId);
      return;
    }
  }
}
