import { controlRecordOf, type RecordBatch } from '../../records/index.js';
import type { AbortedTransaction } from './transaction-index.js';

interface OngoingAbort {
  readonly transaction: AbortedTransaction;
  /** Whether a batch of it was met, so that its marker is still needed. */
  hasBatches: boolean;
}

/**
 * Which batches of a log belong to aborted transactions, found by walking over the log in order
 * (Kafka's `CleanedTransactionMetadata`). Markers may go once a walk meets no batch of their
 * transaction any more.
 */
export class CleanedTransactions {
  /** By first offset, the earliest last. */
  readonly #upcoming: AbortedTransaction[];
  readonly #aborted = new Map<number, OngoingAbort>();
  /** Producers with batches of a transaction that is not aborted. */
  readonly #committed = new Set<number>();
  /** Hears of aborted transactions whose marker stays. */
  onRetained: (transaction: AbortedTransaction) => void = () => undefined;

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#upcoming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Takes note of a data batch; true when its transaction was aborted. */
  onBatch(batch: RecordBatch): boolean {
    this.#beginUpTo(batch.lastOffset);
    if (!batch.isTransactional) return false;
    const ongoing = this.#aborted.get(batch.producerId);
    if (ongoing === undefined) {
      this.#committed.add(batch.producerId);
      return false;
    }
    ongoing.hasBatches = true;
    return true;
  }

  /** Takes note of a control batch; true when nothing is left that needs it. */
  onControl(batch: RecordBatch): boolean {
    this.#beginUpTo(batch.lastOffset);
    const [record] = batch.records();
    // Only an envelope, already emptied.
    if (record === undefined) return true;
    const { type } = controlRecordOf(record);
    if (type === 'commit') return !this.#committed.delete(batch.producerId);
    if (type !== 'abort') return false;
    const ongoing = this.#aborted.get(batch.producerId);
    this.#aborted.delete(batch.producerId);
    if (ongoing === undefined || !ongoing.hasBatches) return true;
    this.onRetained(ongoing.transaction);
    return false;
  }

  #beginUpTo(offset: number): void {
    for (;;) {
      const next = this.#upcoming.at(-1);
      if (next === undefined || next.firstOffset > offset) return;
      this.#upcoming.pop();
      if (this.#aborted.has(next.producerId)) continue;
      this.#aborted.set(next.producerId, { transaction: next, hasBatches: false });
    }
  }
}
