import type { ErrorCode } from '../../../errors/index.js';
import type { WriteShareState } from '../../coordinator/share/share-state-machine.js';
import { deliveryState, type StateBatch } from '../../coordinator/share/state-batches.js';
import { InFlight, recordState, type RecordState, type Run } from './in-flight.js';
import type { ShareSettings } from './share-settings.js';

/** What a member says of records; the numbers are those of the wire. */
export const acknowledgeType = { gap: 0, accept: 1, release: 2, reject: 3, renew: 4 } as const;

/** A range of records and what has become of them: one type for all, or one for each. */
export interface AcknowledgementBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

export interface AcquiredRecords {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
}

/** A batch of the log, as far as acquiring looks at it. */
export interface ReadBatch {
  readonly first: number;
  readonly last: number;
  /** False for markers, for batches that compaction has emptied, and for aborted records. */
  readonly isForMembers: boolean;
}

export interface Acquire {
  readonly memberId: string;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  /** Records wanted; a batch that is begun is taken whole unless `exact`. */
  readonly maxRecords: number;
  /** About how many records one entry of the answer covers. */
  readonly batchSize: number;
  /** Never more than `maxRecords` (KIP-1206's record limit). */
  readonly exact: boolean;
}

/** Records that were put aside without anybody having taken them in. */
export interface DeadLetters {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly deliveryCount: number;
  /** In the words of Kafka. */
  readonly cause: string;
}

const causes = {
  rejected: 'Offset rejected by client.',
  spent: 'Offset delivery count exceeded the threshold.',
} as const;

export interface ShareFault {
  readonly error: ErrorCode;
  readonly message: string | null;
}

/**
 * What one group has done with the records of one partition (Kafka's `SharePartition`): who has
 * acquired what until when, how often it was given out, and what is done. Told the time, and what
 * the log holds; what has to be written down it hands over by `takeChanges`.
 */
export class SharePartition {
  readonly #inFlight: InFlight;
  readonly #settings: () => ShareSettings;
  /** The start has moved without a record being done. */
  #startMoved = false;
  /** What is to be noted before the state that it is in is written down. */
  #dead: DeadLetters[] = [];

  constructor(startOffset: number, batches: readonly StateBatch[], settings: () => ShareSettings) {
    this.#settings = settings;
    this.#inFlight = new InFlight(startOffset);
    const common = { memberId: null, lockedUntil: 0, dirty: false };
    for (const { firstOffset, lastOffset, deliveryState: state, deliveryCount } of batches) {
      if (lastOffset < this.end) continue;
      // Given out before, and never heard of again.
      const lost = { ...common, state: recordState.available, deliveryCount: 0 };
      this.#inFlight.push(firstOffset - this.end, lost);
      const first = this.end;
      const isArchiving = state === deliveryState.archiving;
      const known = { ...common, state: state as RecordState, deliveryCount };
      const archived = { ...known, state: recordState.archived, dirty: true };
      this.#inFlight.push(lastOffset - first + 1, isArchiving ? archived : known);
      if (isArchiving) this.#bury({ first, last: lastOffset, deliveryCount });
    }
    this.#inFlight.dropDone();
  }

  get start(): number {
    return this.#inFlight.start;
  }

  get end(): number {
    return this.#inFlight.end;
  }

  get runs(): readonly Run[] {
    return this.#inFlight.runs;
  }

  /** Where the log is to be read. */
  get nextOffset(): number {
    return this.#inFlight.nextOffset;
  }

  /** Whether anybody can be given anything, if the log holds it. */
  get canAcquire(): boolean {
    return this.nextOffset < this.end || this.#freeLocks > 0;
  }

  get #freeLocks(): number {
    return this.#settings().recordLocksMax - this.#inFlight.openCount;
  }

  /** Whether a member has acquired anything. */
  holds(memberId: string): boolean {
    return this.#inFlight.runs.some((run) => run.memberId === memberId);
  }

  /** When the next lock ends; undefined without any. */
  get earliestLockEnd(): number | undefined {
    let earliest: number | undefined;
    for (const { memberId, lockedUntil } of this.#inFlight.runs) {
      if (memberId === null) continue;
      if (earliest === undefined || lockedUntil < earliest) earliest = lockedUntil;
    }
    return earliest;
  }

  /** Records below this offset are no more in the log. */
  moveStart(logStartOffset: number): void {
    if (logStartOffset <= this.start) return;
    this.#inFlight.dropBefore(logStartOffset);
    this.#startMoved = true;
  }

  /** Gives a member what is free in batches that were read from `nextOffset` on. */
  acquire(batches: readonly ReadBatch[], wanted: Acquire): AcquiredRecords[] {
    const acquired = new Gathered(wanted.batchSize);
    let position = this.nextOffset;
    for (const { first, last, isForMembers } of batches) {
      if (last < position) continue;
      if (acquired.count >= wanted.maxRecords) break;
      // Compaction has left nothing there.
      this.#skip(position, first - 1);
      position = Math.max(position, first);
      if (isForMembers) {
        const before = position;
        position = this.#acquireIn(before, last, wanted, acquired);
        acquired.endBatch();
        if (position <= last) break;
      } else {
        this.#skip(position, last);
        position = last + 1;
      }
    }
    return acquired.entries;
  }

  /** Takes what is free in a range; answers the first offset that was not looked at. */
  #acquireIn(first: number, last: number, wanted: Acquire, acquired: Gathered): number {
    const { memberId, now, maxRecords, exact } = wanted;
    const lockedUntil = now + this.#settings().lockDurationMs;
    const locked = { state: recordState.acquired, memberId, lockedUntil, dirty: false };
    const room = () => (exact ? maxRecords - acquired.count : Number.MAX_SAFE_INTEGER);
    for (const run of [...this.#inFlight.within(first, Math.min(last, this.end - 1))]) {
      if (run.state !== recordState.available) continue;
      if (room() <= 0) return run.first;
      const to = Math.min(run.last, run.first + room() - 1);
      const deliveryCount = run.deliveryCount + 1;
      this.#inFlight.change(run.first, to, (one) => ({ ...one, ...locked, deliveryCount }));
      acquired.add(run.first, to, deliveryCount);
      if (to < run.last) return to + 1;
    }
    if (last < this.end) return last + 1;
    const from = this.end;
    const free = this.#freeLocks;
    if (free <= 0) return from;
    const length = Math.min(last - from + 1, exact ? Math.min(room(), free) : last - from + 1);
    this.#inFlight.push(length, { ...locked, deliveryCount: 1 });
    if (length > 0) acquired.add(from, from + length - 1, 1);
    return from + length;
  }

  /** Offsets that are of no use to anybody; what somebody has acquired is left to them. */
  #skip(first: number, last: number): void {
    if (last < first) return;
    const archived = { state: recordState.archived, memberId: null, lockedUntil: 0, dirty: true };
    this.#inFlight.change(first, Math.min(last, this.end - 1), (run) =>
      run.state === recordState.available ? { ...run, ...archived } : run,
    );
    this.#inFlight.push(last - this.end + 1, { ...archived, deliveryCount: 0 });
  }

  /** All of it is taken in, or nothing. */
  acknowledge(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
    now: number,
  ): ShareFault | undefined {
    const saved = this.#inFlight.save();
    const dead = this.#dead.length;
    for (const batch of batches) {
      const fault = this.#acknowledgeFault(memberId, batch);
      if (fault !== undefined) {
        this.#inFlight.restore(saved);
        this.#dead.length = dead;
        return fault;
      }
      for (const [first, last, type] of typed(batch)) {
        const from = Math.max(first, this.start);
        if (from <= last) this.#apply(from, last, type, now);
      }
    }
    return undefined;
  }

  #acknowledgeFault(
    memberId: string,
    { firstOffset, lastOffset }: AcknowledgementBatch,
  ): ShareFault | undefined {
    if (lastOffset < this.start) return undefined;
    if (firstOffset >= this.end) return faults.firstUnknown;
    if (lastOffset >= this.end) return faults.lastUnknown;
    for (const run of this.#inFlight.within(Math.max(firstOffset, this.start), lastOffset)) {
      if (run.state !== recordState.acquired) return faults.notAcquired;
      if (run.memberId !== memberId) return faults.notOwner;
    }
    return undefined;
  }

  #apply(first: number, last: number, type: number, now: number): void {
    const { lockDurationMs } = this.#settings();
    this.#inFlight.change(first, last, (run) => {
      switch (type) {
        case acknowledgeType.renew:
          return { ...run, lockedUntil: now + lockDurationMs };
        case acknowledgeType.accept:
          return { ...run, ...free, state: recordState.acknowledged };
        case acknowledgeType.release:
          return this.#released(run);
        case acknowledgeType.reject:
          this.#bury(run, causes.rejected);
          return { ...run, ...free, state: recordState.archived };
        default:
          return { ...run, ...free, state: recordState.archived };
      }
    });
  }

  /** Gives back all that a member has acquired. */
  release(memberId: string): void {
    this.#releaseWhere((run) => run.memberId === memberId);
  }

  /** Gives back what members have had for too long. */
  expire(now: number): void {
    this.#releaseWhere((run) => run.memberId !== null && run.lockedUntil <= now);
  }

  #releaseWhere(belongs: (run: Run) => boolean): void {
    if (!this.#inFlight.runs.some(belongs)) return;
    this.#inFlight.change(this.start, this.end - 1, (run) =>
      belongs(run) ? this.#released(run) : run,
    );
  }

  /** Available again, unless it was given out too often already. */
  #released(run: Run): Run {
    const isSpent = this.#isSpent(run);
    if (isSpent) this.#bury(run, causes.spent);
    return { ...run, ...free, state: isSpent ? recordState.archived : recordState.available };
  }

  #isSpent({ deliveryCount }: Pick<Run, 'deliveryCount'>): boolean {
    return deliveryCount >= this.#settings().deliveryCountLimit;
  }

  #bury(run: Pick<Run, 'first' | 'last' | 'deliveryCount'>, cause?: string): void {
    if (this.#settings().deadLetterTopic === '') return;
    const { first: firstOffset, last: lastOffset, deliveryCount } = run;
    const why = cause ?? (this.#isSpent(run) ? causes.spent : causes.rejected);
    this.#dead.push({ firstOffset, lastOffset, deliveryCount, cause: why });
  }

  /** What has to be noted elsewhere; from here on it counts as noted. */
  takeDeadLetters(): readonly DeadLetters[] {
    return this.#dead.splice(0);
  }

  get hasChanges(): boolean {
    return this.#startMoved || this.#inFlight.runs.some(({ dirty }) => dirty);
  }

  /** What has to be written down; from here on it counts as written. */
  takeChanges(): Omit<WriteShareState, 'stateEpoch' | 'leaderEpoch'> {
    const startOffset = this.start;
    const deliveryCompleteCount = this.#inFlight.doneCount;
    this.#startMoved = false;
    const stateBatches = this.#inFlight.takeDirty().map((run) => ({
      firstOffset: run.first,
      lastOffset: run.last,
      deliveryState: run.state,
      deliveryCount: run.deliveryCount,
    }));
    return { startOffset, deliveryCompleteCount, stateBatches };
  }

  /** What was taken is durable: records at the start that are done need not be known any more. */
  settle(): void {
    this.#inFlight.dropDone();
  }
}

const free = { memberId: null, lockedUntil: 0, dirty: true } as const;

const faults = {
  firstUnknown: {
    error: 'INVALID_REQUEST',
    message: 'Batch record not found. The first offset in request is past acquired records.',
  },
  lastUnknown: {
    error: 'INVALID_REQUEST',
    message: 'Batch record not found. The last offset in request is past acquired records.',
  },
  notAcquired: {
    error: 'INVALID_RECORD_STATE',
    message: 'The offset cannot be acknowledged. The offset is not acquired.',
  },
  notOwner: { error: 'INVALID_RECORD_STATE', message: 'Member is not the owner of offset' },
} as const satisfies Record<string, ShareFault>;

/** The ranges of one type within a batch. */
function* typed({
  firstOffset,
  lastOffset,
  acknowledgeTypes,
}: AcknowledgementBatch): Iterable<readonly [first: number, last: number, type: number]> {
  const [only] = acknowledgeTypes;
  if (acknowledgeTypes.length === 1 && only !== undefined) {
    yield [firstOffset, lastOffset, only];
    return;
  }
  let begun = 0;
  for (let at = 1; at <= acknowledgeTypes.length; at++) {
    const type = acknowledgeTypes[begun];
    if (type === undefined || acknowledgeTypes[at] === type) continue;
    yield [firstOffset + begun, firstOffset + at - 1, type];
    begun = at;
  }
}

/** Ranges as they are acquired; neighbours that were given out equally often become one. */
class Gathered {
  readonly entries: AcquiredRecords[] = [];
  count = 0;
  readonly #batchSize: number;
  #atBatchEnd = false;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
  }

  add(firstOffset: number, lastOffset: number, deliveryCount: number): void {
    this.count += lastOffset - firstOffset + 1;
    const before = this.entries[this.entries.length - 1];
    const isFull =
      before !== undefined &&
      this.#atBatchEnd &&
      before.lastOffset - before.firstOffset + 1 >= this.#batchSize;
    this.#atBatchEnd = false;
    const continues =
      before !== undefined &&
      !isFull &&
      before.lastOffset + 1 === firstOffset &&
      before.deliveryCount === deliveryCount;
    if (continues) this.entries[this.entries.length - 1] = { ...before, lastOffset };
    else this.entries.push({ firstOffset, lastOffset, deliveryCount });
  }

  endBatch(): void {
    this.#atBatchEnd = true;
  }
}
