import { batchesIn, RecordBatchBuilder } from '../../src/records/index.js';
import type { SeededRandom } from '../../src/system/simulated/index.js';

/** A batch that a simulated producer has sent, and may send again until it is acknowledged. */
export interface SentBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly sequence: number;
  readonly values: readonly string[];
  /** Where it was appended, as far as it is known that it was. */
  offset?: number | undefined;
}

/** An idempotent producer as a client would behave: up to five batches in flight, retried. */
export class SimulatedProducer {
  readonly producerId: number;
  /** The connection is gone: answers no longer arrive, and what is in flight stays in flight. */
  isCutOff = false;
  /** What is in flight must be sent again, oldest first, before anything new. */
  mustRepeat = false;
  /** Sends nothing for now, so that retention may outrun what it has sent. */
  isResting = false;
  #nextSequence = 0;
  /** Counts all values ever made; a new epoch begins its sequences anew, not its values. */
  #nextValue = 0;
  #epoch = 0;
  /** The newest epoch of which a batch was acknowledged: whoever is older is a zombie. */
  #knownEpoch = 0;
  /** Sent and not acknowledged, oldest first; at most five, as clients keep it. */
  readonly inFlight: SentBatch[] = [];
  /** The last batch of all, once it is acknowledged and nothing was sent behind it. */
  #settled: SentBatch | undefined;

  constructor(producerId: number) {
    this.producerId = producerId;
  }

  next(random: SeededRandom): SentBatch | undefined {
    if (this.inFlight.length >= 5) return undefined;
    if (this.inFlight.length === 0 && random.chance(0.1)) {
      this.#epoch += 1;
      this.#nextSequence = 0;
    }
    const count = 1 + random.below(4);
    const filler = 'x'.repeat(random.pick([0, 10, 200, 700]));
    const sequence = this.#nextSequence;
    const values = Array.from(
      { length: count },
      (_, i) => `p${this.producerId}-${this.#nextValue + i}-${filler}`,
    );
    this.#nextSequence += count;
    this.#nextValue += count;
    const { producerId } = this;
    const batch: SentBatch = { producerId, producerEpoch: this.#epoch, sequence, values };
    this.inFlight.push(batch);
    this.#settled = undefined;
    return batch;
  }

  acknowledged(batch: SentBatch): void {
    if (this.isCutOff) return;
    this.#knownEpoch = Math.max(this.#knownEpoch, batch.producerEpoch);
    const at = this.inFlight.indexOf(batch);
    if (at >= 0) this.inFlight.splice(at, 1);
    if (at >= 0 && this.inFlight.length === 0) this.#settled = batch;
  }

  /** The last batch, which the log must know again whatever has become of its records. */
  get settled(): SentBatch | undefined {
    return this.#settled;
  }

  /** What a producer would send that has lost a batch on the way: one sequence is left out. */
  gap(): SentBatch {
    const { producerId } = this;
    const sequence = this.#nextSequence + 1;
    return { producerId, producerEpoch: this.#epoch, sequence, values: ['behind a gap'] };
  }

  /** What a producer of an epoch that has ended would send; undefined while none has. */
  zombie(random: SeededRandom): SentBatch | undefined {
    if (this.#knownEpoch === 0) return undefined;
    const producerEpoch = random.below(this.#knownEpoch);
    const { producerId } = this;
    return { producerId, producerEpoch, sequence: random.below(2), values: ['zombie'] };
  }
}

export function bytesOf(batch: SentBatch, random: SeededRandom, timestamp: number): Buffer {
  const builder = new RecordBatchBuilder({
    compression: random.pick(['none', 'none', 'gzip', 'snappy', 'lz4'] as const),
    producer: {
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.sequence,
    },
  });
  for (const value of batch.values)
    builder.append({ key: null, value: Buffer.from(value), timestamp });
  return Buffer.from(builder.build());
}

/** All record values of a log in order; fails when offsets are not dense. */
export function readAll(
  log: {
    readonly logStartOffset: number;
    readonly logEndOffset: number;
    read(
      offset: number,
      maxBytes: number,
      options: { upTo: number; minOneBatch: boolean },
    ): { chunks: readonly Buffer[]; bytes: number };
  },
  random: SeededRandom,
): string[] {
  const values: string[] = [];
  let next = log.logStartOffset;
  while (next < log.logEndOffset) {
    const { chunks, bytes } = log.read(next, 1 + random.below(5000), {
      upTo: log.logEndOffset,
      minOneBatch: true,
    });
    if (bytes === 0) throw new Error(`nothing to read at ${next} of ${log.logEndOffset}`);
    for (const batch of batchesIn(Buffer.concat(chunks))) {
      for (const record of batch.records()) {
        // A log may begin inside a batch.
        if (record.offset < log.logStartOffset) continue;
        if (record.offset !== next) throw new Error(`offset ${record.offset} instead of ${next}`);
        values.push(String(record.value));
        next += 1;
      }
    }
  }
  return values;
}
