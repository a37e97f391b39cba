import { channel } from 'node:diagnostics_channel';
import type { KafkaError } from '../../errors/index.js';
import type { Metric } from '../metric.js';
import type { ProducerBatch } from './producer-batch.js';

/** A batch has been acknowledged or given up; see `ProducerBatchEvent`. */
const batches = channel('kafkit.producer.batch');
/** A transaction has ended; see `TransactionEvent`. */
const transactions = channel('kafkit.producer.transaction');

/** What the diagnostics channel `kafkit.producer.batch` tells of each batch. */
export interface ProducerBatchEvent {
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
  /** Why it was given up. */
  readonly error: KafkaError | undefined;
}

/** What the diagnostics channel `kafkit.producer.transaction` tells of each transaction. */
export interface TransactionEvent {
  readonly transactionalId: string;
  readonly outcome: 'committed' | 'aborted';
}

/** Counts what a producer does, batch by batch, and tells those who listen. */
export class ProducerCounters {
  recordSends = 0;
  recordErrors = 0;
  recordRetries = 0;
  bytes = 0;
  batchesSent = 0;
  batchSplits = 0;
  requests = 0;
  transactionsCommitted = 0;
  transactionsAborted = 0;

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
    const event: ProducerBatchEvent = {
      topic,
      partition,
      records: count,
      bytes: sizeInBytes,
      attempts: batch.attempts,
      baseOffset,
      durationMs: now - batch.createdAt,
      error,
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
  metrics(clientId: string, bufferMemory: number, bufferUsed: number): Metric[] {
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
    const tags = { 'client-id': clientId };
    return Object.entries(values).map(([name, value]) => {
      return { name, group: 'producer-metrics', tags, value };
    });
  }
}
