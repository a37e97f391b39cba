import { isKafkaError, KafkaError } from '../../errors/index.js';
import { loadApi } from '../../protocol/index.js';
import { loadCodec, loadCrc32cAccelerator } from '../../records/index.js';
import type { Cluster } from '../cluster/index.js';
import { FlushEpoch } from './flush-epoch.js';
import {
  type ProducerOptions,
  producerSettings,
  type ProducerSettings,
} from './producer-options.js';
import type { Metric } from '../metric.js';
import type { AnyTopics } from '../topic-map.js';
import { MarkerWait } from './marker-wait.js';
import { MetadataWait } from './metadata-wait.js';
import { ProducerCounters } from './producer-counters.js';
import { ProducerInterceptors } from './producer-interceptors.js';
import type { Bytes, ProducerRecord, RecordMetadata } from './producer-record.js';
import { RecordAccumulator } from './record-accumulator.js';
import { SendCall } from './send-call.js';
import { Sender } from './sender.js';
import type { RecordToSend } from './topic-records.js';
import type { Transaction } from './transaction.js';
import { TransactionLine } from './transaction-line.js';
import { TransactionManager } from './transaction-manager.js';
import { TransactionRequests } from './transaction-requests.js';
import {
  type BatchSource,
  type ExactlyOnceHandler,
  type InputBatch,
  type TransactionOptions,
  TransactionRunner,
  type TransactionWork,
} from './transaction-runner.js';
import { TransactionSession } from './transaction-session.js';

export interface SendOptions {
  /**
   * Stops waiting with ABORTED. Records that wait for metadata or memory are dropped; those that
   * are in a batch already may still be delivered.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Produces records. Those of many `send` calls share batches, batches of many partitions share
 * requests, and several requests are on their way at once; records of a partition stay in order,
 * and none is written twice (unless idempotence is switched off). Made by `kafka.producer()`.
 */
export class Producer<K = Bytes, V = Bytes, Topics extends object = AnyTopics>
  implements AsyncDisposable
{
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings<K, V>;
  readonly #accumulator: RecordAccumulator;
  readonly #sender: Sender;
  readonly #counters: ProducerCounters;
  readonly #interceptors: ProducerInterceptors | undefined;
  readonly #transactions: TransactionManager;
  readonly #session: TransactionSession | undefined;
  readonly #line: TransactionLine<K, V, Topics> | undefined;
  readonly #lane: string;
  readonly #stopListening: () => void;
  readonly #closing = new AbortController();
  #epoch = new FlushEpoch();
  #hurried = 0;
  #isLoading = false;
  #closed: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ProducerOptions<K, V> = {}) {
    const { clock, random } = cluster.system;
    this.#cluster = cluster;
    this.#settings = producerSettings(options, cluster.options.requestTimeoutMs, random);
    const settings = this.#settings as ProducerSettings<never, never>;
    this.#counters = new ProducerCounters(cluster.options.clientId, clock);
    const { interceptors } = settings;
    this.#interceptors = interceptors && new ProducerInterceptors(interceptors, cluster.logger);
    this.#lane = cluster.lane('producer');
    this.#accumulator = new RecordAccumulator(settings, {
      clock,
      random,
      begun: (topic) => cluster.use([topic]),
      wantTopic: (topic) => void metadata.fetch(topic),
      appended: () => this.#sender.schedule(),
    });
    const { maxBlockMs } = settings;
    const metadata = new MetadataWait(cluster, this.#accumulator, maxBlockMs, this.#closing.signal);
    this.#transactions = new TransactionManager(cluster, () => this.#sender.schedule());
    this.#session = this.#makeSession();
    this.#sender = new Sender({
      cluster,
      settings,
      accumulator: this.#accumulator,
      transactions: this.#transactions,
      session: this.#session,
      counters: this.#counters,
      interceptors: this.#interceptors,
      lane: this.#lane,
      isHurried: () => this.#hurried > 0,
    });
    this.#line = this.#session && this.#makeLine(this.#session);
    this.#stopListening = cluster.onMetadata(() => this.#metadataChanged());
    cluster.retain();
  }

  /**
   * Sends one record, or several; resolves with where they have come to lie once the broker has
   * acknowledged them (see `acks`). Waits up to `maxBlockMs` while the buffer memory is full, and
   * for a topic or a partition that is not known yet: it may just have been created.
   *
   * Rejects with DELIVERY_TIMEOUT, METADATA_TIMEOUT, BUFFER_FULL, MESSAGE_TOO_LARGE,
   * SERIALIZATION_FAILED, what the broker said, ABORTED or CLOSED; of several records the first
   * failure counts, after all have been settled.
   */
  send(record: RecordToSend<K, V, Topics>, options?: SendOptions): Promise<RecordMetadata>;
  send(
    records: readonly RecordToSend<K, V, Topics>[],
    options?: SendOptions,
  ): Promise<RecordMetadata[]>;
  send(
    input: RecordToSend<K, V, Topics> | readonly RecordToSend<K, V, Topics>[],
    options?: SendOptions,
  ): Promise<RecordMetadata | RecordMetadata[]> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    if (this.#session !== undefined) return Promise.reject(outside(this.#session));
    if (isList(input)) return this.#sendAll(input, options?.signal);
    if (!this.#isLoading) this.#load();
    return new Promise<RecordMetadata>((resolve, reject) => {
      const first = (results: RecordMetadata[]) => resolve(results[0] as RecordMetadata);
      this.#start(this.#call([input], first, reject), options?.signal);
    });
  }

  #sendAll(
    records: readonly ProducerRecord<unknown, unknown>[],
    signal?: AbortSignal,
  ): Promise<RecordMetadata[]> {
    if (records.length === 0) return Promise.resolve([]);
    if (!this.#isLoading) this.#load();
    return new Promise<RecordMetadata[]>((resolve, reject) => {
      this.#start(this.#call(records, resolve, reject), signal);
    });
  }

  /**
   * Begins a transaction, to be ended by its `commit` or `abort`; waits for the one before it.
   * The first one fences off older producers with the same transactional id. Prefer
   * `transaction`, which cannot forget to end it.
   */
  async beginTransaction(): Promise<Transaction<K, V, Topics>> {
    if (this.#closed !== undefined) throw closedError();
    return await this.#needLine().begin();
  }

  /**
   * Runs the work in a transaction: commits when it returns, aborts when it throws. Resolves with
   * what it returns; then everything it sent counts, else nothing does. Transactions of one
   * producer run one after the other. `transactionErrorKind` tells what an error means.
   *
   * With `attempts`, the work is run again in a new transaction when this one had to be aborted
   * for a reason that may pass; what the work itself throws is passed on.
   */
  async transaction<T>(
    work: TransactionWork<K, V, T, Topics>,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (this.#closed !== undefined) throw closedError();
    return await new TransactionRunner(this.#cluster, this.#needLine()).run(work, options);
  }

  /**
   * Consumes, transforms and produces, each record exactly once: what the handler makes of a
   * batch and the offsets behind the batch are committed in one transaction. After a crash, a
   * rebalance or an abort it goes on at the committed offsets, and nothing counts twice.
   *
   * The handler returns records, or sends them by the transaction. The consumer needs a `groupId`
   * and `commit: 'manual'`, and `isolationLevel: 'read_committed'` where its input is written in
   * transactions. Resolves when the consumer is closed; fails with what the handler throws, or
   * what keeps failing. Kafka's consume-transform-produce loop (KIP-98, KIP-447).
   */
  async exactlyOnce<B extends InputBatch>(
    consumer: BatchSource<B>,
    handler: ExactlyOnceHandler<B, K, V, Topics>,
    options: TransactionOptions = {},
  ): Promise<void> {
    if (this.#closed !== undefined) throw closedError();
    const runner = new TransactionRunner(this.#cluster, this.#needLine());
    await runner.exactlyOnce(consumer, handler, options);
  }

  #needLine(): TransactionLine<K, V, Topics> {
    if (this.#line !== undefined) return this.#line;
    throw new KafkaError('INVALID_ARGUMENT', 'This producer has no transactions.', {
      hint: "Give it a name: kafka.producer({ transactionalId: 'payments-1' }).",
    });
  }

  #makeSession(): TransactionSession | undefined {
    const { transactionalId, transactionTimeoutMs, maxBlockMs } = this.#settings;
    if (transactionalId === undefined) return undefined;
    const requests = new TransactionRequests({
      cluster: this.#cluster,
      transactionalId,
      transactionTimeoutMs,
      maxBlockMs,
      lane: this.#lane,
      signal: this.#closing.signal,
    });
    const markers = new MarkerWait(this.#cluster.system.clock);
    const changed = () => this.#sender.schedule();
    return new TransactionSession(transactionalId, requests, markers, changed);
  }

  #makeLine(session: TransactionSession): TransactionLine<K, V, Topics> {
    return new TransactionLine<K, V, Topics>({
      session,
      clock: this.#cluster.system.clock,
      maxBlockMs: this.#settings.maxBlockMs,
      ended: (how) => this.#counters.transactionEnded(session.transactionalId, how),
      send: (records) => this.#sendAll(records),
      flush: () => this.flush(),
      drop: (error) => {
        this.#accumulator.failWaiting(error);
        this.#sender.drop(error);
      },
    });
  }

  #call(
    records: readonly ProducerRecord<unknown, unknown>[],
    resolve: (results: RecordMetadata[]) => void,
    reject: (error: Error) => void,
  ): SendCall {
    const interceptors = this.#interceptors;
    if (interceptors === undefined) return new SendCall(records, this.#epoch, resolve, reject);
    const sent = records.map((record) => interceptors.sending(record));
    const call = new SendCall(sent, this.#epoch, resolve, reject);
    call.refused = (record, error) => interceptors.refused(record, error);
    return call;
  }

  #start(call: SendCall, signal: AbortSignal | undefined): void {
    if (signal !== undefined) {
      const give = () => call.abandon(abortedError(signal));
      if (signal.aborted) {
        give();
        call.failRest(abortedError(signal));
        return;
      }
      call.watch(signal, give);
    }
    this.#accumulator.place(call);
  }

  /** Loads what the first request needs: its messages and the codec. */
  #load(): void {
    this.#isLoading = true;
    if (this.#settings.idempotent && this.#session === undefined) this.#transactions.request();
    void loadCrc32cAccelerator();
    Promise.all([loadApi('Produce'), loadCodec(this.#settings.compression)]).then(
      () => {
        this.#sender.isReady = true;
        this.#sender.schedule();
      },
      (error: unknown) => {
        this.#isLoading = false;
        const failure = isKafkaError(error)
          ? error
          : new KafkaError('CODEC_MISSING', 'The codec could not be loaded.', { cause: error });
        this.#accumulator.failWaiting(failure);
        for (const queue of this.#accumulator.active) this.#sender.failWaiting(queue, failure);
      },
    );
  }

  #metadataChanged(): void {
    for (const topic of this.#accumulator.topics()) {
      const metadata = this.#cluster.topic(topic.name);
      // Topics that calls wait for altogether are taken over by those who fetch them, in order.
      if (metadata === undefined || topic.partitionCount === 0) continue;
      topic.accept(metadata);
      this.#accumulator.topicChanged(topic);
    }
    this.#sender.schedule();
  }

  /** Resolves when everything sent before has been acknowledged or has failed. Sends at once. */
  async flush(options: SendOptions = {}): Promise<void> {
    const { signal } = options;
    const epoch = this.#epoch;
    this.#epoch = new FlushEpoch(epoch);
    this.#hurried++;
    try {
      await new Promise<void>((resolve, reject) => {
        if (signal?.aborted) return reject(abortedError(signal));
        const onAbort = () => reject(abortedError(signal as AbortSignal));
        signal?.addEventListener('abort', onAbort, { once: true });
        epoch.seal(() => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
        this.#sender.schedule();
      });
    } finally {
      this.#hurried--;
    }
  }

  /**
   * Sends what is waiting, then lets go of the connections. What is not acknowledged within
   * `timeoutMs` (default: `deliveryTimeoutMs`) fails with CLOSED. Further sends fail with CLOSED.
   * A transaction that is open is aborted.
   */
  close(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    this.#closed ??= this.#close(options.timeoutMs ?? this.#settings.deliveryTimeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<void> {
    const enough = new AbortController();
    const { clock } = this.#cluster.system;
    const timer = clock.after(timeoutMs, () => {
      enough.abort();
      // Also ends what waits for coordinators.
      this.#closing.abort();
    });
    try {
      if (timeoutMs > 0 && !this.#cluster.closed) await this.#line?.close(closedError());
      if (timeoutMs > 0 && !this.#cluster.closed) await this.flush({ signal: enough.signal });
    } catch (error) {
      this.#cluster.logger.warn('the producer was closed before all was acknowledged', { error });
    } finally {
      timer.cancel();
      this.#closing.abort();
      this.#stopListening();
      this.#transactions.close();
      this.#accumulator.failWaiting(closedError());
      this.#sender.close(closedError());
      this.#cluster.closeLane(this.#lane);
      this.#cluster.release();
    }
  }

  /** What it has done so far, under Kafka's names; see `kafka.metrics()`. */
  metrics(): Metric[] {
    const { bufferMemory } = this.#settings;
    return this.#counters.metrics(bufferMemory, this.#accumulator.memory);
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function isList<T>(input: T | readonly T[]): input is readonly T[] {
  return Array.isArray(input);
}

function outside({ transactionalId }: TransactionSession): KafkaError {
  const message = `The producer of ${transactionalId} sends in transactions only.`;
  return new KafkaError('INVALID_TXN_STATE', message, {
    hint: 'producer.transaction(async (tx) => { await tx.send(…) })',
  });
}

function closedError(): KafkaError {
  return new KafkaError('CLOSED', 'The producer has been closed.');
}

function abortedError(signal: AbortSignal): KafkaError {
  if (isKafkaError(signal.reason)) return signal.reason;
  return new KafkaError('ABORTED', 'The caller gave up.', { cause: signal.reason as unknown });
}
