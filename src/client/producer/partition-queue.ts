import { assignProducer } from '../../records/index.js';
import { type ProducerBatch, sequenceLimit } from './producer-batch.js';

const epochMax = 0x7fff;

/** Brokers forget a producer that has been quiet for `producer.id.expiration.ms`, a day. */
const knownForMs = 600_000;

/** Producer id and epoch; what makes retries idempotent. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/**
 * The batches of one partition in order: those waiting to be sent (the last may still be open)
 * and those in flight. It also keeps the partition's sequence: broker and producer count the
 * records of a producer id and epoch from 0, partition by partition.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Waiting, oldest first; tries that failed return to their place. */
  readonly waiting: ProducerBatch[] = [];
  /** On their way, oldest first. */
  readonly inFlight: ProducerBatch[] = [];
  /** The broker that the batches in flight were sent to. */
  inFlightTo = -1;
  /** Bytes waiting or in flight. */
  memory = 0;
  /** Bytes of the batch that was settled last: what the next may need. */
  lastBatchBytes = 0;
  /** The broker misses records that were given up, or the topic is a new one: epoch + 1, from 0. */
  needsNewEpoch = false;
  /** Until when the broker certainly knows the producer id; see `isKnown`. */
  #knownUntil = -Infinity;
  #identity: ProducerIdentity = { producerId: -1, producerEpoch: -1 };
  #isTransactional = false;
  #nextSequence = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.inFlight.length === 0;
  }

  /**
   * Whether the log knows the producer id. One that does takes only the sequence that is next; one
   * that does not takes any, so until the first batch is acknowledged no other may be on its way:
   * where only the first one fails the others would be written before it, and could not be told
   * from batches that never were (`ProducerAppendInfo.checkSequence` in Kafka's broker).
   */
  isKnown(now: number): boolean {
    return now < this.#knownUntil;
  }

  /** The broker has acknowledged a batch of the present producer id. */
  acknowledged(now: number): void {
    if (!this.needsNewEpoch) this.#knownUntil = now + knownForMs;
  }

  /** The topic is another one than before: its log knows nobody. */
  renewed(): void {
    this.needsNewEpoch = true;
    this.#knownUntil = -Infinity;
  }

  /** Puts a batch that comes back before those that were made after it. */
  requeue(batch: ProducerBatch): void {
    const at = this.waiting.findIndex((other) => other.order > batch.order);
    this.waiting.splice(at === -1 ? this.waiting.length : at, 0, batch);
  }

  landed(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch);
    if (at !== -1) this.inFlight.splice(at, 1);
  }

  /**
   * Takes over a new producer id, or starts a new epoch of the same id where the sequences are
   * broken (KIP-360). The broker keeps epochs per partition, so no other partition is touched.
   * Only while nothing is in flight. Returns false when the epochs of the id are used up.
   */
  adopt(identity: ProducerIdentity): boolean {
    if (this.#identity.producerId !== identity.producerId) {
      this.#restart(identity);
    } else if (this.needsNewEpoch) {
      const { producerId, producerEpoch } = this.#identity;
      if (producerEpoch >= epochMax) return false;
      this.#restart({ producerId, producerEpoch: producerEpoch + 1 });
    }
    return true;
  }

  /**
   * Takes over the identity of a transaction: its coordinator alone raises the epoch. Sequences
   * go on as long as the epoch stays.
   */
  follow(identity: ProducerIdentity): void {
    this.#isTransactional = true;
    const { producerId, producerEpoch } = this.#identity;
    const isSame = producerId === identity.producerId && producerEpoch === identity.producerEpoch;
    if (!isSame) this.#restart(identity);
  }

  /** Whether `adopt` has something to do. */
  isStale(identity: ProducerIdentity): boolean {
    return this.needsNewEpoch || this.#identity.producerId !== identity.producerId;
  }

  #restart(identity: ProducerIdentity): void {
    if (identity.producerId !== this.#identity.producerId) this.#knownUntil = -Infinity;
    this.#identity = identity;
    this.#nextSequence = 0;
    this.needsNewEpoch = false;
    for (const batch of this.waiting) {
      batch.sequence = -1;
      batch.isStamped = false;
    }
  }

  /** Gives the batch its sequence before its first try, and anew after the epoch was bumped. */
  assignSequence(batch: ProducerBatch): void {
    if (batch.isStamped) return;
    batch.isStamped = true;
    if (batch.sequence < 0) {
      batch.sequence = this.#nextSequence;
      this.#nextSequence = (this.#nextSequence + batch.count) % sequenceLimit;
    }
    const isTransactional = this.#isTransactional;
    const producer = { ...this.#identity, baseSequence: batch.sequence, isTransactional };
    if (batch.bytes === undefined) batch.builder.setProducer(producer);
    else {
      // The bytes of an earlier try may still lie in a connection's buffer: those stay as they are.
      if (batch.attempts > 0) batch.bytes = Buffer.from(batch.bytes);
      assignProducer(batch.bytes, 0, producer);
    }
  }
}
