import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { checkOptionNames, checkWhole } from '../known-options.js';
import type { AnyTopics } from '../topic-map.js';
import type { RecordToSend } from './topic-records.js';
import type { Transaction } from './transaction.js';
import { transactionErrorKind } from './transaction-errors.js';
import type { TransactionLine } from './transaction-line.js';
import type { OffsetSource } from './transaction-offsets.js';

export interface TransactionOptions {
  /**
   * How many times the work is tried when its transaction has to be aborted for a reason that may
   * pass (a moved coordinator, a delivery time-out, a rebalance). Default 1 for `transaction`, 10
   * in a row for `exactlyOnce`.
   */
  readonly attempts?: number | undefined;
}

/** The work of a transaction. */
export type TransactionWork<K, V, T, Topics extends object = AnyTopics> = (
  transaction: Transaction<K, V, Topics>,
) => T | Promise<T>;

/** Records read together from one partition, as far as a transaction cares. */
export interface InputBatch {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
}

/** A consumer, as far as `exactlyOnce` cares. */
export interface BatchSource<B extends InputBatch> extends OffsetSource<B> {
  readonly autoCommit: boolean;
  batches(): AsyncIterable<B>;
  committed(
    of: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<readonly { readonly offset: number }[]>;
  seek(place: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }): unknown;
}

/** What comes of a batch: records to send, or nothing when the handler has sent them itself. */
export type ExactlyOnceHandler<B, K, V, Topics extends object = AnyTopics> = (
  batch: B,
  transaction: Transaction<K, V, Topics>,
) =>
  | readonly RecordToSend<K, V, Topics>[]
  | undefined
  | void
  | Promise<readonly RecordToSend<K, V, Topics>[] | undefined | void>;

const attemptsInARow = 10;

type Outcome<T> = { readonly value: T } | { readonly error: unknown; readonly mayRetry: boolean };

/** Runs work in transactions: commits, aborts, and tries again what deserves it. */
export class TransactionRunner<K, V, Topics extends object> {
  readonly #cluster: Cluster;
  readonly #line: TransactionLine<K, V, Topics>;

  constructor(cluster: Cluster, line: TransactionLine<K, V, Topics>) {
    this.#cluster = cluster;
    this.#line = line;
  }

  async run<T>(work: TransactionWork<K, V, T, Topics>, options: TransactionOptions): Promise<T> {
    const attempts = attemptsOf(options, 1);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#once(work);
      if ('value' in outcome) return outcome.value;
      // What may have been committed is not done twice.
      const isOver = !outcome.mayRetry || this.#line.session.isOutcomeUnknown;
      if (isOver || attempt >= attempts) throw outcome.error;
      await this.#cluster.delay(this.#cluster.retryBackoff(attempt - 1));
    }
  }

  async exactlyOnce<B extends InputBatch>(
    consumer: BatchSource<B>,
    handler: ExactlyOnceHandler<B, K, V, Topics>,
    options: TransactionOptions,
  ): Promise<void> {
    if (consumer.autoCommit) {
      throw new KafkaError('INVALID_ARGUMENT', 'The consumer commits its offsets by itself.', {
        hint: "Here the transaction does: make the consumer with commit: 'manual'.",
      });
    }
    const attempts = attemptsOf(options, attemptsInARow);
    // What an earlier run of this program left open would keep the group's offsets back.
    await this.#line.settle();
    for (let failed = 0; ; ) {
      let outcome: Outcome<void> | undefined;
      let last: B | undefined;
      // Leaving the loop hands out again what it had at hand, unless it belongs to others now.
      for await (const batch of consumer.batches()) {
        last = batch;
        outcome = await this.#once((transaction) =>
          transform(consumer, batch, transaction, handler),
        );
        if ('error' in outcome) break;
        failed = 0;
      }
      if (outcome === undefined || 'value' in outcome) return;
      failed++;
      if (!outcome.mayRetry || failed >= attempts) throw outcome.error;
      await this.#cluster.delay(this.#cluster.retryBackoff(failed - 1));
      if (this.#line.session.isOutcomeUnknown && last !== undefined)
        await this.#resume(consumer, last);
    }
  }

  /** It is not known whether the batch was committed: the group's offset tells. */
  async #resume<B extends InputBatch>(
    consumer: BatchSource<B>,
    { topic, partition, nextOffset }: B,
  ): Promise<void> {
    await this.#line.settle();
    const [committed] = await consumer.committed([{ topic, partition }]);
    if (committed === undefined || committed.offset < nextOffset) return;
    try {
      consumer.seek({ topic, partition, offset: committed.offset });
    } catch (error) {
      // Others have the partition, and begin at that offset anyway.
      this.#cluster.logger.debug(`${topic}-${partition} is no longer assigned`, { error });
    }
  }

  async #once<T>(work: TransactionWork<K, V, T, Topics>): Promise<Outcome<T>> {
    const transaction = await this.#line.begin();
    let value: T;
    try {
      value = await work(transaction);
      if (!transaction.isOpen) return { value };
    } catch (error) {
      return await this.#aborted(transaction, error);
    }
    try {
      await transaction.commit();
      return { value };
    } catch (error) {
      return { error, mayRetry: this.#mayRetry(error) };
    }
  }

  async #aborted<T>(transaction: Transaction<K, V, Topics>, error: unknown): Promise<Outcome<T>> {
    // Work that throws because a send of it failed is to be judged by that.
    const cause = transaction.failure;
    const { session } = this.#line;
    try {
      if (transaction.isOpen || cause !== undefined) await transaction.abort();
    } catch (failure) {
      if (session.fatal !== undefined) return { error: session.fatal, mayRetry: false };
      this.#cluster.logger.warn('a transaction could not be aborted; it will time out', {
        error: failure,
      });
    }
    return { error, mayRetry: cause !== undefined && this.#mayRetry(cause) };
  }

  #mayRetry(error: unknown): boolean {
    if (this.#line.session.fatal !== undefined || !isKafkaError(error)) return false;
    return transactionErrorKind(error) === 'retry';
  }
}

async function transform<B extends InputBatch, K, V, Topics extends object>(
  consumer: BatchSource<B>,
  batch: B,
  transaction: Transaction<K, V, Topics>,
  handler: ExactlyOnceHandler<B, K, V, Topics>,
): Promise<void> {
  const records = await handler(batch, transaction);
  // Whether these arrive is seen by the commit.
  if (records !== undefined && records.length > 0) transaction.send(records).catch(seenByCommit);
  await transaction.sendOffsets(consumer, batch);
}

function seenByCommit(): void {}

function attemptsOf(options: TransactionOptions, standard: number): number {
  checkOptionNames('A transaction', options, ['attempts']);
  const attempts = options.attempts ?? standard;
  checkWhole('attempts', attempts, 1);
  return attempts;
}
