import { isKafkaError, KafkaError } from '../../errors/index.js';
import { estimateRecordSize, RecordBatchBuilder } from '../../records/index.js';
import type { Clock, Random } from '../../system/index.js';
import { PartitionQueue } from './partition-queue.js';
import { ProducerBatch } from './producer-batch.js';
import type { ProducerSettings } from './producer-options.js';
import type { ProducerRecord } from './producer-record.js';
import { type EncodedRecord, RecordEncoder } from './record-encoder.js';
import type { SendCall } from './send-call.js';
import { TopicQueues } from './topic-queues.js';

/** What the accumulator asks of the producer. */
export interface AccumulatorHooks {
  readonly clock: Clock;
  readonly random: Random;
  /** Records wait for the topic's metadata: fetch it, then call `topicReady` or `topicFailed`. */
  wantTopic(topic: TopicQueues): void;
  /** A batch is begun: the topic is in use. */
  begun(topic: string): void;
  /** Records are waiting to be sent; `isFull` when a batch need not wait for its linger. */
  appended(isFull: boolean): void;
}

/** A batch that cannot be sent yet, because its broker is busy, grows up to so many times. */
const growthMax = 16;

/**
 * Records on their way from `send` to the wire: a queue of batches for each partition, and the
 * calls that wait because the metadata of a topic is not there or the buffer memory is full.
 * Records are encoded straight into the open batch of their partition.
 */
export class RecordAccumulator {
  readonly #settings: ProducerSettings<never, never>;
  readonly #hooks: AccumulatorHooks;
  readonly #encoder: RecordEncoder;
  readonly #topics = new Map<string, TopicQueues>();
  /** Queues with batches waiting; the sender takes from those, in turn. */
  readonly active = new Set<PartitionQueue>();
  /** Calls that wait for memory, in order. */
  #parked: SendCall[] = [];
  #memory = 0;
  #order = 0;

  constructor(settings: ProducerSettings<never, never>, hooks: AccumulatorHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
    this.#encoder = new RecordEncoder(settings.keySerializer, settings.valueSerializer);
  }

  /** Whether calls wait for memory: batches must go without lingering. */
  get isFull(): boolean {
    return this.#parked.length > 0;
  }

  /** Bytes of records waiting or in flight. */
  get memory(): number {
    return this.#memory;
  }

  topics(): IterableIterator<TopicQueues> {
    return this.#topics.values();
  }

  topic(name: string): TopicQueues {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = new TopicQueues(name);
      this.#topics.set(name, topic);
    }
    return topic;
  }

  /** Puts the call's records into batches, or parks it where it must wait. */
  place(call: SendCall): void {
    const { records } = call;
    while (call.position < records.length) {
      const record = records[call.position] as ProducerRecord<unknown, unknown>;
      try {
        if (!this.#placeOne(record, call)) return;
      } catch (error) {
        call.failed(1, asKafkaError(error, record));
      }
      call.position++;
    }
  }

  /** Places a record; false when the call was parked instead. */
  #placeOne(record: ProducerRecord<unknown, unknown>, call: SendCall): boolean {
    const topic = this.topic(topicOf(record));
    if (topic.partitionCount === 0) {
      this.#park(call, topic.waiting);
      if (topic.waiting.length === 1) this.#hooks.wantTopic(topic);
      return false;
    }
    if (this.#parked.length > 0 || this.#memory >= this.#settings.bufferMemory) {
      this.#park(call, this.#parked);
      if (this.#parked.length === 1) this.#hooks.appended(true);
      return false;
    }
    const encoded = this.#encoder.encode(record, this.#hooks.clock.now());
    this.#checkSize(encoded, topic.name);
    const partition = topic.partitionOf(record.partition, encoded, this.#settings.partitioner);
    const isSticky = partition === -1;
    const queue = isSticky ? topic.sticky(this.#hooks.random) : topic.queue(partition);
    const bytes = this.#append(queue, topic, encoded, call);
    if (isSticky) topic.countSticky(bytes, this.#settings.batchSize, this.#hooks.random);
    return true;
  }

  #park(call: SendCall, line: SendCall[]): void {
    const { clock } = this.#hooks;
    if (call.deadline === Infinity) call.deadline = clock.monotonic() + this.#settings.maxBlockMs;
    line.push(call);
  }

  #checkSize(record: EncodedRecord, topic: string): void {
    const { maxRequestSize } = this.#settings;
    const plain = (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (record.headers === undefined && plain < maxRequestSize / 2) return;
    const size = estimateRecordSize(record);
    if (size <= maxRequestSize) return;
    throw new KafkaError('MESSAGE_TOO_LARGE', `A record takes ${size} bytes.`, {
      topic,
      hint: `maxRequestSize is ${maxRequestSize}; the topic's max.message.bytes counts too.`,
    });
  }

  /** Appends to the open batch or a new one; returns the bytes the record takes there. */
  #append(
    queue: PartitionQueue,
    topic: TopicQueues,
    record: EncodedRecord,
    call: SendCall,
  ): number {
    let batch = queue.waiting[queue.waiting.length - 1];
    const before = batch?.memory ?? 0;
    let grown = 0;
    if (batch !== undefined && batch.attempts === 0 && batch.append(record, call)) {
      grown = batch.memory - before;
    } else {
      batch = this.#newBatch(queue, topic);
      batch.append(record, call);
      grown = batch.memory;
      queue.waiting.push(batch);
      this.active.add(queue);
    }
    queue.memory += grown;
    this.#memory += grown;
    const isFull = batch.sizeInBytes >= this.#settings.batchSize;
    if (isFull || grown === batch.memory) this.#hooks.appended(isFull);
    return grown;
  }

  #newBatch(queue: PartitionQueue, topic: TopicQueues): ProducerBatch {
    const createdAt = this.#hooks.clock.monotonic();
    const { batchSize, maxRequestSize, compression, deliveryTimeoutMs } = this.#settings;
    const grown = compression === 'none' ? batchSize * growthMax : batchSize;
    const sizeLimit = Math.max(batchSize, Math.min(grown, maxRequestSize >> 1));
    const builder = this.builder(sizeLimit, topic.compressionRatio);
    this.#hooks.begun(topic.name);
    const deadline = createdAt + deliveryTimeoutMs;
    return new ProducerBatch(queue, builder, { order: ++this.#order, createdAt, deadline });
  }

  builder(sizeLimit: number, compressionRatio: number): RecordBatchBuilder {
    const { compression, compressionLevel } = this.#settings;
    return new RecordBatchBuilder({ compression, compressionLevel, sizeLimit, compressionRatio });
  }

  /** The topic has metadata now: the calls that waited for it go on, in order. */
  topicReady(topic: TopicQueues): void {
    const calls = topic.waiting;
    topic.waiting = [];
    for (const call of calls) this.#resume(call);
  }

  topicFailed(topic: TopicQueues, error: KafkaError): void {
    const calls = topic.waiting;
    topic.waiting = [];
    this.#topics.delete(topic.name);
    for (const call of calls) call.failRest(error);
  }

  /** A batch is done: its memory is free, and calls that waited for memory go on. */
  release(queue: PartitionQueue, bytes: number): void {
    queue.memory -= bytes;
    this.#memory -= bytes;
    if (this.#parked.length === 0 || this.#memory >= this.#settings.bufferMemory) return;
    const calls = this.#parked;
    this.#parked = [];
    for (const call of calls) this.#resume(call);
  }

  #resume(call: SendCall): void {
    if (call.isSettled) call.failRest(new KafkaError('ABORTED', 'The caller gave up.'));
    else this.place(call);
  }

  /** Fails parked calls whose time is over; returns the next moment at which one may be. */
  expireParked(now: number): number {
    const full = `buffer memory (bufferMemory ${this.#settings.bufferMemory} bytes)`;
    let next = this.#expire(this.#parked, now, 'BUFFER_FULL', full);
    for (const topic of this.#topics.values()) {
      if (topic.waiting.length === 0) continue;
      const what = `metadata of topic ${topic.name}`;
      next = Math.min(next, this.#expire(topic.waiting, now, 'METADATA_TIMEOUT', what));
    }
    return next;
  }

  #expire(
    line: SendCall[],
    now: number,
    code: 'BUFFER_FULL' | 'METADATA_TIMEOUT',
    what: string,
  ): number {
    let next = Infinity;
    let kept = 0;
    for (const call of line) {
      if (call.deadline > now && !call.isSettled) {
        line[kept++] = call;
        if (call.deadline < next) next = call.deadline;
        continue;
      }
      call.failRest(
        new KafkaError(code, `send waited ${this.#settings.maxBlockMs} ms for ${what}.`, {
          hint: 'Are the brokers reachable and fast enough? maxBlockMs says how long to wait.',
        }),
      );
    }
    line.length = kept;
    return next;
  }

  /** Fails everything that is not in a batch yet. */
  failParked(error: KafkaError): void {
    const lines = [this.#parked, ...[...this.#topics.values()].map((topic) => topic.waiting)];
    for (const line of lines) for (const call of line.splice(0)) call.failRest(error);
  }
}

function topicOf(record: ProducerRecord<unknown, unknown>): string {
  const { topic } = record;
  if (typeof topic === 'string' && topic !== '') return topic;
  throw new KafkaError('INVALID_ARGUMENT', 'A record names no topic.');
}

function asKafkaError(error: unknown, record: ProducerRecord<unknown, unknown>): KafkaError {
  if (isKafkaError(error)) return error;
  return new KafkaError(
    'INVALID_ARGUMENT',
    error instanceof Error ? error.message : String(error),
    {
      topic: typeof record?.topic === 'string' ? record.topic : undefined,
      cause: error,
    },
  );
}
