import { isKafkaError, KafkaError } from '../../errors/index.js';
import { estimateRecordSize, RecordBatchBuilder } from '../../records/index.js';
import type { Clock, Random } from '../../system/index.js';
import { CallLine } from './call-line.js';
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
  /** Calls that wait for memory. */
  readonly #line = new CallLine();
  /** Topics whose metadata calls wait for. */
  readonly #unknown = new Set<TopicQueues>();
  #memory = 0;
  #order = 0;

  constructor(settings: ProducerSettings<never, never>, hooks: AccumulatorHooks) {
    this.#settings = settings;
    this.#hooks = hooks;
    this.#encoder = new RecordEncoder(settings.keySerializer, settings.valueSerializer);
  }

  /** Whether calls wait for memory: batches must go without lingering. */
  get isFull(): boolean {
    return this.#line.length > 0;
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

  /** Puts the call's records into batches, or into a line where it must wait. */
  place(call: SendCall): void {
    if (this.#line.length > 0) this.#line.push(call, this.#patience());
    else if (!this.#place(call)) this.#wait(call);
  }

  #patience(): number {
    return this.#hooks.clock.monotonic() + this.#settings.maxBlockMs;
  }

  #wait(call: SendCall): void {
    this.#line.push(call, this.#patience());
    this.#hooks.appended(true);
  }

  /** False when the call must wait for memory; it may have gone to wait for a topic. */
  #place(call: SendCall): boolean {
    const { records } = call;
    const now = this.#hooks.clock.now();
    while (call.position < records.length) {
      const record = records[call.position] as ProducerRecord<unknown, unknown>;
      try {
        const topic = this.topic(topicOf(record));
        if (topic.lacks(record.partition)) {
          this.#waitForTopic(call, topic);
          return true;
        }
        if (this.#memory >= this.#settings.bufferMemory) return false;
        this.#placeOne(record, topic, call, now);
      } catch (error) {
        call.refuse(asKafkaError(error, record));
      }
      call.position++;
    }
    return true;
  }

  #waitForTopic(call: SendCall, topic: TopicQueues): void {
    topic.waiting.push(call, this.#patience());
    this.#unknown.add(topic);
    // Asking for a topic ends by itself; for a partition the sender sees to it.
    if (topic.partitionCount > 0) this.#hooks.appended(false);
    if (topic.isFetched) return;
    topic.isFetched = true;
    this.#hooks.wantTopic(topic);
  }

  #placeOne(
    record: ProducerRecord<unknown, unknown>,
    topic: TopicQueues,
    call: SendCall,
    now: number,
  ): void {
    const encoded = this.#encoder.encode(record, now);
    this.#checkSize(encoded, topic.name);
    const partition = topic.partitionOf(record.partition, encoded, this.#settings.partitioner);
    const isSticky = partition === -1;
    const queue = isSticky ? topic.sticky(this.#hooks.random) : topic.queue(partition);
    const bytes = this.#append(queue, topic, encoded, call);
    if (isSticky) topic.countSticky(bytes, this.#settings.batchSize, this.#hooks.random);
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
      queue.lastBatchBytes = Math.max(queue.lastBatchBytes, before);
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
    const builder = this.builder(sizeLimit, topic.compressionRatio, queue.lastBatchBytes);
    this.#hooks.begun(topic.name);
    const deadline = createdAt + deliveryTimeoutMs;
    return new ProducerBatch(queue, builder, { order: ++this.#order, createdAt, deadline });
  }

  builder(sizeLimit: number, compressionRatio: number, capacity?: number): RecordBatchBuilder {
    const { compression, compressionLevel } = this.#settings;
    return new RecordBatchBuilder({
      compression,
      compressionLevel,
      sizeLimit,
      compressionRatio,
      capacity,
    });
  }

  /** The topic has been asked for: the calls that waited for it go on, or it is asked for again. */
  topicReady(topic: TopicQueues): void {
    topic.isFetched = false;
    this.topicChanged(topic);
    if (topic.waiting.length === 0) topic.vainFetches = 0;
  }

  /** The topic has more partitions now, perhaps: those who waited for one go on, in order. */
  topicChanged(topic: TopicQueues): void {
    this.#unknown.delete(topic);
    for (const call of topic.waiting.takeAll()) {
      if (call.isSettled) call.failRest(abandoned());
      else this.place(call);
    }
  }

  topicFailed(topic: TopicQueues, error: KafkaError): void {
    topic.isFetched = false;
    topic.vainFetches = 0;
    this.#unknown.delete(topic);
    // A topic with partitions may have records on their way.
    if (topic.partitionCount === 0) this.#topics.delete(topic.name);
    for (const call of topic.waiting.takeAll()) call.failRest(error);
  }

  /** A batch is done: its memory is free, and calls that waited for memory go on. */
  release(queue: PartitionQueue, bytes: number): void {
    queue.memory -= bytes;
    queue.lastBatchBytes = Math.max(bytes, 0);
    this.#memory -= bytes;
    while (this.#memory < this.#settings.bufferMemory) {
      const call = this.#line.first;
      if (call === undefined) return;
      if (call.isSettled) call.failRest(abandoned());
      else if (!this.#place(call)) return;
      this.#line.shift();
    }
  }

  /** Fails waiting calls whose time is over; returns the next moment at which one's may be. */
  expireWaiting(now: number): number {
    const { bufferMemory } = this.#settings;
    let next = this.#line.expire(now, () =>
      this.#tooLate('BUFFER_FULL', `buffer memory (bufferMemory ${bufferMemory} bytes)`),
    );
    for (const topic of this.#unknown) {
      const late = (call: SendCall) => this.#notKnownInTime(topic, call);
      next = Math.min(next, topic.waiting.expire(now, late));
    }
    return next;
  }

  #tooLate(code: 'BUFFER_FULL' | 'METADATA_TIMEOUT', what: string): KafkaError {
    return new KafkaError(code, `send waited ${this.#settings.maxBlockMs} ms for ${what}.`, {
      hint: 'Are the brokers reachable and fast enough? maxBlockMs says how long to wait.',
    });
  }

  #notKnownInTime({ name, partitionCount }: TopicQueues, call: SendCall): KafkaError {
    const partition = call.records[call.position]?.partition;
    if (partitionCount === 0 || partition === undefined) {
      return this.#tooLate('METADATA_TIMEOUT', `metadata of topic ${name}`);
    }
    const { maxBlockMs } = this.#settings;
    const count = `${partitionCount} partition${partitionCount === 1 ? '' : 's'}`;
    return new KafkaError(
      'METADATA_TIMEOUT',
      `send waited ${maxBlockMs} ms for partition ${partition} of ${name}, which has ${count}.`,
      {
        topic: name,
        partition,
        hint: 'Add partitions with admin.createPartitions, or let the key decide.',
      },
    );
  }

  /** Fails everything that is not in a batch yet. */
  failWaiting(error: KafkaError): void {
    for (const call of this.#line.takeAll()) call.failRest(error);
    for (const { waiting } of this.#unknown) {
      for (const call of waiting.takeAll()) call.failRest(error);
    }
  }
}

function abandoned(): KafkaError {
  return new KafkaError('ABORTED', 'The caller gave up.');
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
