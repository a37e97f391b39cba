import { isKafkaError, KafkaError } from '../../errors/index.js';
import { RecordBatch, RecordBatchBuilder, type RecordInput } from '../../records/index.js';
import type { PartitionQueue } from './partition-queue.js';
import type { SendCall } from './send-call.js';

/** Sequence numbers wrap from 2^31−1 to 0. */
export const sequenceLimit = 0x80000000;

/** The place of a record; the offset is filled in when the batch is acknowledged. */
export class PlacedRecord {
  readonly topic: string;
  readonly partition: number;
  offset = -1;
  timestamp: number;
  readonly keySize: number;
  readonly valueSize: number;

  constructor(topic: string, partition: number, record: RecordInput) {
    this.topic = topic;
    this.partition = partition;
    this.timestamp = record.timestamp;
    this.keySize = record.key === null ? -1 : record.key.length;
    this.valueSize = record.value === null ? -1 : record.value.length;
  }
}

export interface BatchFacts {
  /** Its place among the batches of its partition: 1, 2, … and fractions for parts of a split. */
  readonly order: number;
  /** Monotonic time of the first record. */
  readonly createdAt: number;
  /** Monotonic time at which the delivery is given up. */
  readonly deadline: number;
}

/**
 * Records on their way to one partition in one batch, with those who wait for them. Which record
 * belongs to which call stands in two lists of runs (call and count), in the order of the records.
 */
export class ProducerBatch {
  readonly queue: PartitionQueue;
  readonly builder: RecordBatchBuilder;
  readonly order: number;
  readonly createdAt: number;
  readonly deadline: number;
  readonly #places: PlacedRecord[] = [];
  readonly #calls: SendCall[] = [];
  readonly #counts: number[] = [];
  /** How far apart in order its parts may lie when it is split. */
  #gap = 1;
  /** The finished bytes: the same for every try. */
  bytes: Buffer | undefined;
  /** Being compressed; `bytes` follow. */
  isBuilding = false;
  /** Of the first record; -1 until the batch is first sent, and without idempotence. */
  sequence = -1;
  /** Its bytes or builder carry the sequence, producer id and epoch. */
  isStamped = false;
  attempts = 0;
  /** Monotonic time before which it is not tried again. */
  retryAt = 0;
  lastError: KafkaError | undefined;
  /** Acknowledged or failed: whatever is still heard of it counts for nothing. */
  isDone = false;

  constructor(queue: PartitionQueue, builder: RecordBatchBuilder, facts: BatchFacts) {
    this.queue = queue;
    this.builder = builder;
    this.order = facts.order;
    this.createdAt = facts.createdAt;
    this.deadline = facts.deadline;
  }

  /** Its records in order, as far as their places are known. */
  get places(): readonly PlacedRecord[] {
    return this.#places;
  }

  get count(): number {
    return this.#places.length;
  }

  /** Bytes it takes of the buffer memory. */
  get memory(): number {
    return this.builder.uncompressedSize;
  }

  get sizeInBytes(): number {
    return this.bytes?.length ?? this.builder.sizeInBytes;
  }

  /** Takes a record of a call when there is room for it. */
  append(record: RecordInput, call: SendCall): boolean {
    if (this.builder.append(record) === undefined) return false;
    const { topic, partition } = this.queue;
    const place = new PlacedRecord(topic, partition, record);
    call.results[call.position] = place;
    this.#adopt(place, call);
    return true;
  }

  #adopt(place: PlacedRecord, call: SendCall): void {
    this.#places.push(place);
    const last = this.#calls.length - 1;
    if (this.#calls[last] === call) this.#counts[last] = (this.#counts[last] as number) + 1;
    else {
      this.#calls.push(call);
      this.#counts.push(1);
    }
  }

  /** Acknowledged. `logAppendTime` is -1 where the records keep their own timestamps. */
  complete(baseOffset: number, logAppendTime: number): void {
    this.isDone = true;
    const places = this.#places;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as PlacedRecord;
      if (baseOffset >= 0) place.offset = baseOffset + i;
      if (logAppendTime >= 0) place.timestamp = logAppendTime;
    }
    for (let i = 0; i < this.#calls.length; i++) {
      this.#calls[i]?.succeeded(this.#counts[i] as number);
    }
  }

  /** Given up. `errorOf` gives the error of the record at an index of the batch. */
  fail(errorOf: (index: number) => KafkaError): void {
    this.isDone = true;
    let index = 0;
    for (let i = 0; i < this.#calls.length; i++) {
      for (let left = this.#counts[i] as number; left > 0; left--) {
        this.#calls[i]?.failed(1, errorOf(index));
        index++;
      }
    }
  }

  /** The error of its records when they could not be compressed. */
  notCompressed(cause: unknown): KafkaError {
    if (isKafkaError(cause)) return cause;
    const { topic, partition } = this.queue;
    const message = 'The batch could not be compressed.';
    return new KafkaError('INVALID_RECORD', message, { topic, partition, cause });
  }

  /** The error of its records when their delivery has taken too long. */
  notInTime(deliveryTimeoutMs: number): KafkaError {
    const { topic, partition } = this.queue;
    const { attempts, lastError } = this;
    const tries = attempts === 0 ? 'It was never sent' : `It was tried ${attempts} times`;
    const last = lastError === undefined ? '' : `, the last time: ${lastError.message}`;
    return new KafkaError(
      'DELIVERY_TIMEOUT',
      `The record was not acknowledged within ${deliveryTimeoutMs} ms. ${tries}${last}`,
      { topic, partition, cause: lastError },
    );
  }

  /**
   * The same records in smaller batches of about `sizeLimit` bytes (KIP-126), in order, with the
   * sequences that the records have already: the broker has taken none of them.
   */
  split(sizeLimit: number, newBuilder: (sizeLimit: number) => RecordBatchBuilder): ProducerBatch[] {
    const parts: ProducerBatch[] = [];
    let part: ProducerBatch | undefined;
    let run = 0;
    let leftOfRun = this.#counts[0] ?? 0;
    let index = 0;
    const gap = this.#gap / this.count;
    for (const record of new RecordBatch(this.bytes as Buffer).records()) {
      if (leftOfRun === 0) {
        run++;
        leftOfRun = this.#counts[run] as number;
      }
      if (part?.builder.append(record) === undefined) {
        const { createdAt, deadline } = this;
        const order = this.order + parts.length * gap;
        part = new ProducerBatch(this.queue, newBuilder(sizeLimit), { order, createdAt, deadline });
        part.#gap = gap;
        part.attempts = this.attempts;
        part.sequence = this.sequence < 0 ? -1 : (this.sequence + index) % sequenceLimit;
        part.builder.append(record);
        parts.push(part);
      }
      part.#adopt(this.#places[index] as PlacedRecord, this.#calls[run] as SendCall);
      leftOfRun--;
      index++;
    }
    this.isDone = true;
    return parts;
  }
}
