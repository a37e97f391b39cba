import {
  type AcquiredRecord,
  PartitionAcknowledgements,
  type SettledType,
  type SharePartition,
  sharePartitionKey,
} from './acquired-record.js';
import { ShareSession } from './share-session.js';

export type AcknowledgementsByPartition = Map<string, PartitionAcknowledgements>;

/**
 * One broker that records are acquired from. Requests of its session go one after the other: each
 * has the next epoch.
 */
export class ShareSource {
  readonly broker: number;
  readonly session = new ShareSession();
  /** Resolves when no request is under way. */
  idle: Promise<void> = Promise.resolve();
  isBusy = false;
  /** Records that the request under way may bring. */
  reserved = 0;
  /** No request before this moment, after a failure. */
  retryAt = 0;
  /** Failures in a row. */
  failures = 0;
  /** Somebody waits for the acknowledgements. */
  isPressed = false;
  /** Since when the oldest acknowledgement waits; Infinity when none does. */
  waitingSince = Infinity;
  #pending: AcknowledgementsByPartition = new Map();

  constructor(broker: number) {
    this.broker = broker;
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  get hasRenewals(): boolean {
    for (const each of this.#pending.values()) if (each.hasRenewals) return true;
    return false;
  }

  /** Whether something waits to be said about other partitions than these. */
  hasStrays(partitions: readonly SharePartition[]): boolean {
    if (this.#pending.size === 0) return false;
    const keys = new Set(partitions.map(sharePartitionKey));
    for (const key of this.#pending.keys()) if (!keys.has(key)) return true;
    return false;
  }

  /** Notes what is to be said; a later word about an offset replaces one that has not left yet. */
  note(
    of: SharePartition,
    offset: number,
    type: SettledType,
    record: AcquiredRecord | undefined,
    now: number,
  ): void {
    const key = sharePartitionKey(of);
    let partition = this.#pending.get(key);
    if (partition === undefined) {
      partition = new PartitionAcknowledgements(of);
      this.#pending.set(key, partition);
    }
    partition.types.set(offset, type);
    if (record !== undefined) partition.records.set(offset, record);
    this.waitingSince = Math.min(this.waitingSince, now);
  }

  /** What waits, for a request that leaves now. */
  take(): AcknowledgementsByPartition {
    const taken = this.#pending;
    this.#pending = new Map();
    this.isPressed = false;
    this.waitingSince = Infinity;
    return taken;
  }

  /** Takes out what waits for one partition, whose leader this is no more. */
  takePartition(key: string): PartitionAcknowledgements | undefined {
    const found = this.#pending.get(key);
    this.#pending.delete(key);
    if (this.#pending.size === 0) this.waitingSince = Infinity;
    return found;
  }
}
