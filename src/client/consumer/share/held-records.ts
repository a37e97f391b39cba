import { KafkaError } from '../../../errors/index.js';
import type { Clock } from '../../../system/index.js';
import {
  type AcquiredRecord,
  type PartitionAcknowledgements,
  type SharePartition,
  sharePartitionKey,
} from './acquired-record.js';
import type { AcknowledgementResult } from './share-consumer-options.js';

/** What became of records since the consumer was made. */
export interface ShareCounters {
  acquired: number;
  accepted: number;
  released: number;
  rejected: number;
  renewed: number;
  /** Locks that ended before their records were settled. */
  expired: number;
  /** Acknowledgements that the broker refused, or that could not be sent. */
  failed: number;
}

const counterOf = {
  accept: 'accepted',
  release: 'released',
  reject: 'rejected',
  renew: 'renewed',
} as const;

/** Somebody who waits for acknowledgements to be answered. */
interface Waiter {
  readonly open: Set<AcquiredRecord>;
  readonly results: AcknowledgementResult[];
  readonly done: (results: AcknowledgementResult[]) => void;
}

/**
 * Every record whose lock this consumer holds, from its arrival to the broker's answer to its
 * acknowledgement; those that no loop has been given yet wait in a queue.
 */
export class HeldRecords {
  readonly counters: ShareCounters = {
    ...{ acquired: 0, accepted: 0, released: 0, rejected: 0, renewed: 0 },
    ...{ expired: 0, failed: 0 },
  };
  /** Requests that were answered. */
  fetches = 0;
  acknowledges = 0;
  readonly #clock: Clock;
  readonly #tell: (result: AcknowledgementResult) => void;
  readonly #all = new Set<AcquiredRecord>();
  #queue: AcquiredRecord[] = [];
  #head = 0;
  #open = 0;
  #renewedOpen = 0;
  #waiters: Waiter[] = [];

  constructor(clock: Clock, tell: (result: AcknowledgementResult) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Records that no loop has been given yet. */
  get buffered(): number {
    return this.#queue.length - this.#head;
  }

  /** Records that are not settled yet. */
  get open(): number {
    return this.#open;
  }

  /** Of these, records whose locks are made to last: they say nothing about a loop's pace. */
  get renewedOpen(): number {
    return this.#renewedOpen;
  }

  /** Records whose acknowledgement is not answered yet. */
  get unanswered(): number {
    return this.#all.size - this.#open;
  }

  add(records: readonly AcquiredRecord[]): void {
    this.counters.acquired += records.length;
    this.#open += records.length;
    for (const record of records) {
      this.#all.add(record);
      this.#queue.push(record);
    }
  }

  /** The next for the loop, whose lock has not ended; if `of` is given, only one of it. */
  next(of?: SharePartition): AcquiredRecord | undefined {
    const now = this.#clock.monotonic();
    for (;;) {
      const record = this.#queue[this.#head];
      if (record === undefined) {
        this.#queue = [];
        this.#head = 0;
        return undefined;
      }
      if (of !== undefined && record.of !== of) return undefined;
      this.#head++;
      if (this.#head > 1000) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (record.lockEndsAt <= now) {
        this.counters.expired++;
        this.#forget(record, 'lost');
        continue;
      }
      record.state = 'delivered';
      record.deliveredAt = now;
      return record;
    }
  }

  /** The loop was not given it after all: it is the next again. */
  putBack(record: AcquiredRecord): void {
    record.state = 'buffered';
    if (this.#head === 0) this.#queue.unshift(record);
    else this.#queue[--this.#head] = record;
  }

  /** Takes all that no loop has been given. */
  takeBuffered(): AcquiredRecord[] {
    const taken = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    return taken;
  }

  unbuffer(record: AcquiredRecord): void {
    if (record.state !== 'buffered') return;
    const at = this.#queue.indexOf(record, this.#head);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  /** It is worked on, and its lock shall begin anew. */
  renew(record: AcquiredRecord): void {
    record.isRenewing = true;
    if (record.wasRenewed) return;
    record.wasRenewed = true;
    this.#renewedOpen++;
  }

  /** What becomes of it has been said; the broker is yet to hear of it. */
  settle(record: AcquiredRecord): void {
    if (record.state === 'settled') return;
    record.state = 'settled';
    this.#closed(record);
  }

  unsettled(): AcquiredRecord[] {
    return [...this.#all].filter(({ state }) => state === 'buffered' || state === 'delivered');
  }

  /** Where records are held from, each place once. */
  partitions(): { readonly broker: number; readonly of: SharePartition }[] {
    const places = new Map<string, { readonly broker: number; readonly of: SharePartition }>();
    for (const { broker, of } of this.#all) {
      const key = `${broker}:${sharePartitionKey(of)}`;
      if (!places.has(key)) places.set(key, { broker, of });
    }
    return [...places.values()];
  }

  /** The locks are gone: what no loop has is dropped, what one has cannot be settled any more. */
  lose(fits: (record: AcquiredRecord) => boolean, error: KafkaError): number {
    let count = 0;
    for (const record of this.#all) {
      // A settled one is told of by the answer to its acknowledgement.
      if (record.state === 'settled' || !fits(record)) continue;
      this.unbuffer(record);
      record.lostBy = error;
      this.#forget(record, 'lost');
      count++;
    }
    return count;
  }

  loseAll(error: KafkaError): void {
    this.lose(() => true, error);
    for (const record of this.#all) this.#forget(record, 'lost');
    for (const { done, results } of this.#waiters) done(results);
    this.#waiters = [];
  }

  /** The broker has answered, or never will. */
  answered(
    sent: PartitionAcknowledgements,
    error: KafkaError | null,
    lockMs: number | undefined,
  ): void {
    const { topic, partition } = sent.of;
    if (sent.records.size === 0) return;
    const offsets = [...sent.records.keys()].sort((a, b) => a - b);
    const result = { topic, partition, offsets, error };
    for (const waiter of this.#waiters) {
      if (offsets.some((offset) => this.#waitsFor(waiter, sent, offset))) {
        waiter.results.push(result);
      }
    }
    for (const [offset, record] of sent.records) {
      const type = sent.types.get(offset);
      if (error !== null) this.counters.failed++;
      else if (type !== undefined && type !== 'gap') this.counters[counterOf[type]]++;
      if (type !== 'renew') this.#forget(record, 'done');
      else this.#renewed(record, error === null ? lockMs : undefined);
      // Settled in the meantime: that is still to be answered.
      if (type === 'renew' && record.state === 'settled') continue;
      for (const waiter of this.#waiters) waiter.open.delete(record);
    }
    this.#tell(result);
    const ready = this.#waiters.filter(({ open }) => open.size === 0);
    this.#waiters = this.#waiters.filter(({ open }) => open.size > 0);
    for (const { done, results } of ready) done(results);
  }

  #renewed(record: AcquiredRecord, lockMs: number | undefined): void {
    record.isRenewing = false;
    if (lockMs === undefined) return;
    record.lockEndsAt = this.#clock.monotonic() + lockMs;
    record.isOverdue = false;
  }

  #waitsFor(waiter: Waiter, sent: PartitionAcknowledgements, offset: number): boolean {
    const record = sent.records.get(offset);
    return record !== undefined && waiter.open.has(record);
  }

  /** Resolves when everything settled so far has been answered. */
  settled(): Promise<AcknowledgementResult[]> {
    const waits = ({ state, isRenewing }: AcquiredRecord) => state === 'settled' || isRenewing;
    const open = new Set([...this.#all].filter(waits));
    if (open.size === 0) return Promise.resolve([]);
    return new Promise((done) => this.#waiters.push({ open, results: [], done }));
  }

  /** Locks that have ended since the last look, one error for each partition. */
  overdue(now: number, lockMs: number | undefined): KafkaError[] {
    const places = new Map<SharePartition, AcquiredRecord[]>();
    for (const record of this.#all) {
      const isOpen = record.state === 'buffered' || record.state === 'delivered';
      if (!isOpen || record.isOverdue || record.lockEndsAt > now) continue;
      record.isOverdue = true;
      this.counters.expired++;
      const list = places.get(record.of);
      if (list === undefined) places.set(record.of, [record]);
      else list.push(record);
    }
    for (const list of places.values()) {
      for (const record of list) {
        if (record.state !== 'buffered') continue;
        this.unbuffer(record);
        this.#forget(record, 'lost');
      }
    }
    return [...places].map(([of, records]) => lockEnded(of, records, lockMs));
  }

  /**
   * Since when a loop has had a record that is neither settled nor renewed; Infinity where none
   * has any.
   */
  oldestDelivery(): number {
    let oldest = Infinity;
    for (const { state, deliveredAt, wasRenewed } of this.#all) {
      if (state === 'delivered' && !wasRenewed) oldest = Math.min(oldest, deliveredAt);
    }
    return oldest;
  }

  /** Monotonic time at which the next lock ends; Infinity where none is held. */
  nextLockEnd(): number {
    let earliest = Infinity;
    for (const { state, isOverdue, lockEndsAt } of this.#all) {
      if (state !== 'settled' && !isOverdue) earliest = Math.min(earliest, lockEndsAt);
    }
    return earliest;
  }

  #forget(record: AcquiredRecord, state: 'done' | 'lost'): void {
    if (record.state === 'buffered' || record.state === 'delivered') this.#closed(record);
    record.state = state;
    this.#all.delete(record);
  }

  #closed({ wasRenewed }: AcquiredRecord): void {
    this.#open--;
    if (wasRenewed) this.#renewedOpen--;
  }
}

function lockEnded(
  { topic, partition }: SharePartition,
  records: readonly AcquiredRecord[],
  lockMs: number | undefined,
): KafkaError {
  const [first] = records;
  const count = records.length === 1 ? 'record' : `first of ${records.length} records`;
  const text = `The lock ended after ${lockMs ?? 0} ms before the ${count} was settled.`;
  return new KafkaError('INVALID_RECORD_STATE', text, {
    topic,
    partition,
    offset: first?.offset,
    retriable: false,
    hint:
      'Others may be given it now. Work faster, renew it, or raise ' +
      'share.record.lock.duration.ms of the group.',
  });
}
