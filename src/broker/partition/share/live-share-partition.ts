import { isKafkaError } from '../../../errors/index.js';
import type { Clock, Timer } from '../../../system/index.js';
import type {
  ReadShareState,
  ShareStateFault,
  WriteShareState,
} from '../../coordinator/share/share-state-machine.js';
import type { Partition } from '../partition.js';
import {
  type AcknowledgementBatch,
  type AcquiredRecords,
  type DeadLetters,
  type ShareFault,
  SharePartition,
} from './share-partition.js';
import { readForShare, recordsFor, type ShareRead } from './share-read.js';
import type { ShareSettings } from './share-settings.js';

export interface LiveSharePartitionParts {
  readonly clock: Clock;
  readonly partition: Partition;
  readonly settings: () => ShareSettings;
  /** Resolves when the state is durable, or with why it never will be. */
  readonly write: (state: WriteShareState) => Promise<ShareStateFault | undefined>;
  /** Notes records that nobody takes in where the group wants that; never fails. */
  readonly bury: (dead: readonly DeadLetters[]) => Promise<void>;
  /** Called once when what is known here can no longer be trusted to equal what was written. */
  readonly onBroken: (fault: ShareFault) => void;
}

/** What a member wants of one share partition. */
export interface ShareWanted {
  readonly memberId: string;
  readonly maxRecords: number;
  readonly maxBytes: number;
  readonly batchSize: number;
  readonly exact: boolean;
}

export interface ShareTaken {
  readonly errorCode: 'NONE' | 'KAFKA_STORAGE_ERROR';
  readonly records: readonly Buffer[];
  readonly bytes: number;
  readonly acquired: readonly AcquiredRecords[];
}

/** Reads that give nobody anything (markers, aborted records) before others get their turn. */
const emptyReadsMax = 64;

/**
 * A share partition at work: between the log, the share coordinator that keeps its state, and the
 * members that wait. What a request does to the state is done at once; its answer waits until that
 * is written down. While one write is on its way the changes of further requests gather and become
 * the next. When a write fails there is nothing to undo by hand: the whole is thrown away and read
 * again, so that members get again what they had.
 */
export class LiveSharePartition {
  readonly partition: Partition;
  readonly #parts: LiveSharePartitionParts;
  readonly #share: SharePartition;
  readonly #stateEpoch: number;
  readonly #watchers = new Set<() => void>();
  readonly #wakeWatchers = (): void => this.#wake();
  #writing: Promise<void> | undefined;
  /** Resolves when the changes that are not on their way yet are durable. */
  #next: Promise<void> | undefined;
  #alarm: { readonly at: number; readonly timer: Timer } | undefined;
  #fault: ShareFault | undefined;

  constructor(parts: LiveSharePartitionParts, startOffset: number, state: ReadShareState) {
    this.#parts = parts;
    this.partition = parts.partition;
    this.#stateEpoch = state.stateEpoch;
    this.#share = new SharePartition(startOffset, state.stateBatches, parts.settings);
    parts.partition.watch(this.#wakeWatchers);
  }

  /** Why it serves nobody any more. */
  get fault(): ShareFault | undefined {
    return this.#fault;
  }

  get startOffset(): number {
    return this.#share.start;
  }

  get settings(): ShareSettings {
    return this.#parts.settings();
  }

  holds(memberId: string): boolean {
    return this.#share.holds(memberId);
  }

  /** Bytes that could be read now, at most `maxBytes`; nothing changes by that. */
  readableBytes(maxBytes: number): number {
    this.#catchUp();
    if (!this.#share.canAcquire) return 0;
    return this.#read(maxBytes)?.bytes ?? 0;
  }

  /** Gives a member what is free, within its limits. */
  acquire(wanted: ShareWanted): ShareTaken {
    const { clock } = this.#parts;
    this.#catchUp();
    for (let reads = 0; reads < emptyReadsMax && this.#share.canAcquire; reads++) {
      const before = this.#share.nextOffset;
      const read = this.#read(wanted.maxBytes);
      if (read === undefined) return { ...nothing, errorCode: 'KAFKA_STORAGE_ERROR' };
      const acquired = this.#share.acquire(read.batches, { ...wanted, now: clock.monotonic() });
      if (acquired.length > 0) {
        this.#setAlarm();
        this.#writeSoon();
        const records = recordsFor(read, acquired);
        const bytes = records.reduce((sum, chunk) => sum + chunk.length, 0);
        return { errorCode: 'NONE', records, bytes, acquired };
      }
      if (this.#share.nextOffset === before) break;
    }
    this.#writeSoon();
    return nothing;
  }

  #read(maxBytes: number): ShareRead | undefined {
    const { readCommitted } = this.#parts.settings();
    try {
      return readForShare(this.partition, this.#share.nextOffset, { maxBytes, readCommitted });
    } catch (error) {
      if (isKafkaError(error)) return undefined;
      throw error;
    }
  }

  /** Resolves when what the member says of its records is durable, or with why it is refused. */
  async acknowledge(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
  ): Promise<ShareFault | undefined> {
    if (this.#fault !== undefined) return this.#fault;
    this.#catchUp();
    const refusal = this.#share.acknowledge(memberId, batches, this.#parts.clock.monotonic());
    if (refusal !== undefined) return refusal;
    this.#setAlarm();
    return await this.#written();
  }

  /** Gives back all that a member has acquired; resolves when that is durable. */
  async release(memberId: string): Promise<void> {
    if (this.#fault !== undefined || !this.#share.holds(memberId)) return;
    this.#share.release(memberId);
    await this.#written();
  }

  /** Runs whenever there may be something to acquire. */
  watch(run: () => void): void {
    this.#watchers.add(run);
  }

  unwatch(run: () => void): void {
    this.#watchers.delete(run);
  }

  /** Whoever waits is told so. */
  close(fault: ShareFault): void {
    if (this.#fault !== undefined) return;
    this.#fault = fault;
    this.#alarm?.timer.cancel();
    this.partition.unwatch(this.#wakeWatchers);
    this.#wake();
  }

  /** Takes in what time and the log have done. */
  #catchUp(): void {
    this.#share.moveStart(this.partition.logStartOffset);
    this.#share.expire(this.#parts.clock.monotonic());
  }

  #wake(): void {
    for (const run of [...this.#watchers]) run();
  }

  async #written(): Promise<ShareFault | undefined> {
    this.#wake();
    await this.#writeChanges();
    return this.#fault;
  }

  #writeSoon(): void {
    if (this.#share.hasChanges) void this.#writeChanges();
  }

  /** Resolves when all that has changed up to now is durable; never fails. */
  #writeChanges(): Promise<void> {
    if (this.#fault !== undefined) return Promise.resolve();
    if (this.#writing === undefined) return this.#begin();
    this.#next ??= this.#writing.then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    if (!this.#share.hasChanges || this.#fault !== undefined) return Promise.resolve();
    const writing = this.#write().finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }

  async #write(): Promise<void> {
    const { leaderEpoch } = this.partition;
    const changes = this.#share.takeChanges();
    const dead = this.#share.takeDeadLetters();
    // First of all: after a crash between the two the records are given out again, and none is
    // put aside that is nowhere noted.
    if (dead.length > 0) await this.#parts.bury(dead);
    const fault = await this.#parts.write({
      ...changes,
      stateEpoch: this.#stateEpoch,
      leaderEpoch,
    });
    if (fault === undefined) {
      this.#share.settle();
      return;
    }
    if (this.#fault !== undefined) return;
    this.close(fault);
    this.#parts.onBroken(fault);
  }

  /** One timer of the system stands for all locks. */
  #setAlarm(): void {
    const { clock } = this.#parts;
    const earliest = this.#share.earliestLockEnd;
    if (earliest === undefined || this.#fault !== undefined) return;
    if (this.#alarm !== undefined && this.#alarm.at <= earliest) return;
    this.#alarm?.timer.cancel();
    const delayMs = Math.max(0, Math.ceil(earliest - clock.monotonic()));
    const timer = clock.after(delayMs, () => this.#onAlarm(), { background: true });
    this.#alarm = { at: earliest, timer };
  }

  #onAlarm(): void {
    this.#alarm = undefined;
    this.#share.expire(this.#parts.clock.monotonic());
    this.#writeSoon();
    this.#setAlarm();
    this.#wake();
  }
}

const nothing: ShareTaken = { errorCode: 'NONE', records: [], bytes: 0, acquired: [] };
