/** How many of a producer's last batches are remembered: as many as may be in flight. */
export const batchesRemembered = 5;

const int32Max = 0x7fffffff;

/** What is remembered of a batch, so that its repetition is recognised. */
export interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestamp: number;
}

/** What a log knows of one producer (Kafka's `ProducerStateEntry`). */
export class ProducerEntry {
  readonly producerId: number;
  producerEpoch: number;
  /** Oldest first, all of the current epoch. */
  batches: RememberedBatch[] = [];
  lastTimestamp = -1;
  coordinatorEpoch = -1;
  /** First offset of the open transaction, -1 without one. */
  transactionStart = -1;
  /** Wall clock of the last batch in this process; keeps producers of old records alive. */
  seenAt = -1;

  constructor(producerId: number, producerEpoch: number) {
    this.producerId = producerId;
    this.producerEpoch = producerEpoch;
  }

  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? -1;
  }

  get lastBatch(): RememberedBatch | undefined {
    return this.batches.at(-1);
  }

  /** The remembered batch with exactly these sequences. */
  duplicateOf(epoch: number, first: number, last: number): RememberedBatch | undefined {
    if (epoch !== this.producerEpoch) return undefined;
    return this.batches.find(
      (batch) => batch.firstSequence === first && batch.lastSequence === last,
    );
  }

  remember(epoch: number, batch: RememberedBatch): void {
    this.moveTo(epoch);
    this.batches.push(batch);
    if (this.batches.length > batchesRemembered) this.batches.shift();
    this.lastTimestamp = batch.timestamp;
  }

  /** Puts an older batch before those remembered, as far as there is room. */
  rememberEarlier(batch: RememberedBatch): void {
    if (this.batches.length < batchesRemembered) this.batches.unshift(batch);
  }

  /** A new epoch forgets the batches of the old one. */
  moveTo(epoch: number): void {
    if (epoch === this.producerEpoch) return;
    this.producerEpoch = epoch;
    this.batches = [];
  }
}

/** Whether a batch that begins at `next` continues one that ended at `last`; int32 wraps to 0. */
export function inSequence(last: number, next: number): boolean {
  return next === last + 1 || (next === 0 && last === int32Max);
}

/** The sequence `decrement` places before (`DefaultRecordBatch.decrementSequence`). */
export function sequenceBefore(sequence: number, decrement: number): number {
  return sequence < decrement ? int32Max - (decrement - sequence) + 1 : sequence - decrement;
}

/** The sequence `increment` places after (`DefaultRecordBatch.incrementSequence`). */
export function sequenceAfter(sequence: number, increment: number): number {
  return sequence > int32Max - increment
    ? increment - (int32Max - sequence) - 1
    : sequence + increment;
}
