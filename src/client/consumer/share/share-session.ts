import { type SharePartition, sharePartitionKey } from './acquired-record.js';

/** What a request has to name. */
export interface ShareSessionRequest {
  readonly epoch: number;
  readonly added: readonly SharePartition[];
  readonly forgotten: readonly SharePartition[];
}

const int32Max = 0x7fffffff;

/**
 * The client's half of a share session (KIP-932): the broker remembers the partitions, and each
 * request of the session (fetch or acknowledgement, one after the other) has the next epoch.
 * With the session go the locks that were taken in it.
 *
 * ```
 *   epoch 0 (open, everything named) → 1 → 2 … → 2^31−1 → 1
 *   −1 closes it; any failure → epoch 0 again
 * ```
 */
export class ShareSession {
  #epoch = 0;
  #known = new Map<string, SharePartition>();

  /** Whether the broker knows the session, so that it takes acknowledgements in it. */
  get isOpen(): boolean {
    return this.#epoch > 0;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The next fetch, for exactly these partitions. */
  next(partitions: readonly SharePartition[]): ShareSessionRequest {
    const wanted = new Map(partitions.map((each) => [sharePartitionKey(each), each]));
    const known = this.#epoch === 0 ? new Map<string, SharePartition>() : this.#known;
    this.#known = wanted;
    return {
      epoch: this.#epoch,
      added: [...wanted].filter(([key]) => !known.has(key)).map(([, each]) => each),
      forgotten: [...known].filter(([key]) => !wanted.has(key)).map(([, each]) => each),
    };
  }

  /** Whether a fetch would change what the broker remembers. */
  differsFrom(partitions: readonly SharePartition[]): boolean {
    if (partitions.length !== this.#known.size) return true;
    return partitions.some((each) => !this.#known.has(sharePartitionKey(each)));
  }

  succeeded(): void {
    this.#epoch = this.#epoch === int32Max ? 1 : this.#epoch + 1;
  }

  /** The broker has dropped it, or it is unknown how much of a request it saw. */
  reset(): void {
    this.#epoch = 0;
    this.#known.clear();
  }
}
