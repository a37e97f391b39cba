import { channel } from 'node:diagnostics_channel';
import type { KafkaError } from '../../errors/index.js';
import { RecordBatch } from '../../records/index.js';
import type { Header } from '../../serde/index.js';
import type { Clock } from '../../system/index.js';
import type { Metric } from '../metric.js';
import type { ProducerBatch } from './producer-batch.js';

/** A batch has been acknowledged or given up; see `ProducerBatchEvent`. */
const batches = channel('kafkit.producer.batch');
/** A transaction has ended; see `TransactionEvent`. */
const transactions = channel('kafkit.producer.transaction');

/** What the diagnostics channel `kafkit.producer.batch` tells of each batch. */
export interface ProducerBatchEvent {
  readonly clientId: string;
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
  /** As sent, compressed. */
  readonly bytes: number;
  readonly attempts: number;
  /** -1 when it is not known, or the batch was given up. */
  readonly baseOffset: number;
  /** From the first record of the batch on. */
  readonly durationMs: number;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** Why it was given up. */
  readonly error: KafkaError | undefined;
  /** The headers of each record, read when asked for and while the event is told. */
  headers(): Iterable<readonly Header[]>;
}

/** What the diagnostics channel `kafkit.producer.transaction` tells of each transaction. */
export interface TransactionEvent {
  readonly transactionalId: string;
  readonly outcome: 'committed' | 'aborted';
}

/** Counts what a producer does, batch by batch, and tells those who listen. */
export class ProducerCounters {
  readonly #clientId: string;
  readonly #clock: Clock;
  recordSends = 0;
  recordErrors = 0;
  recordRetries = 0;
  bytes = 0;
  batchesSent = 0;
  batchSplits = 0;
  requests = 0;
  transactionsCommitted = 0;
  transactionsAborted = 0;

  constructor(clientId: string, clock: Clock) {
    this.#clientId = clientId;
    this.#clock = clock;
  }

  /** The batch is done with: acknowledged from `baseOffset` on, or given up with the error. */
  settled(batch: ProducerBatch, now: number, baseOffset: number, error?: KafkaError): void {
    const { count, sizeInBytes } = batch;
    if (error === undefined) {
      this.recordSends += count;
      this.bytes += sizeInBytes;
      this.batchesSent++;
    } else {
      this.recordErrors += count;
    }
    if (!batches.hasSubscribers) return;
    const { topic, partition } = batch.queue;
    const { bytes } = batch;
    const event: ProducerBatchEvent = {
      clientId: this.#clientId,
      topic,
      partition,
      records: count,
      bytes: sizeInBytes,
      attempts: batch.attempts,
      baseOffset,
      durationMs: now - batch.createdAt,
      endedAt: this.#clock.now(),
      error,
      headers: () => (bytes === undefined ? [] : headersIn(bytes)),
    };
    batches.publish(event);
  }

  transactionEnded(transactionalId: string, outcome: 'committed' | 'aborted'): void {
    if (outcome === 'committed') this.transactionsCommitted++;
    else this.transactionsAborted++;
    if (!transactions.hasSubscribers) return;
    const event: TransactionEvent = { transactionalId, outcome };
    transactions.publish(event);
  }

  /** Kafka's names for all of it. */
  metrics(bufferMemory: number, bufferUsed: number): Metric[] {
    const sent = this.batchesSent;
    const values: Readonly<Record<string, number>> = {
      'record-send-total': this.recordSends,
      'record-error-total': this.recordErrors,
      'record-retry-total': this.recordRetries,
      'byte-total': this.bytes,
      'batch-split-total': this.batchSplits,
      'batch-size-avg': sent === 0 ? 0 : this.bytes / sent,
      'records-per-request-avg': this.requests === 0 ? 0 : this.recordSends / this.requests,
      'request-total': this.requests,
      'buffer-total-bytes': bufferMemory,
      'buffer-available-bytes': Math.max(0, bufferMemory - bufferUsed),
      'txn-commit-total': this.transactionsCommitted,
      'txn-abort-total': this.transactionsAborted,
    };
    const tags = { 'client-id': this.#clientId };
    return Object.entries(values).map(([name, value]) => {
      return { name, group: 'producer-metrics', tags, value };
    });
  }
}

/** Calls the listener for each batch of every producer in this process; returns what ends it. */
export function onProducerBatch(listener: (event: ProducerBatchEvent) => void): () => void {
  const told = (event: unknown): void => listener(event as ProducerBatchEvent);
  batches.subscribe(told);
  return () => {
    batches.unsubscribe(told);
  };
}

function* headersIn(bytes: Buffer): Generator<readonly Header[]> {
  for (const { headers } of new RecordBatch(bytes).records()) {
    yield headers.map(({ key, value }) => [key, value] as const);
  }
}
