import { KafkaError } from '../../errors/index.js';
import type { Bytes, ProducerRecord, RecordMetadata } from './producer-record.js';
import type { AnyTopics } from '../topic-map.js';
import type { RecordToSend } from './topic-records.js';
import type { OffsetSource, TransactionOffsets } from './transaction-offsets.js';
import type { TransactionSession } from './transaction-session.js';

/** What a transaction needs of its producer. */
export interface TransactionHost {
  readonly session: TransactionSession;
  send(record: ProducerRecord<unknown, unknown>): Promise<RecordMetadata>;
  send(records: readonly ProducerRecord<unknown, unknown>[]): Promise<RecordMetadata[]>;
  /** Resolves when everything sent has been settled. */
  flush(): Promise<void>;
  /** Gives up what is not on its way. */
  drop(error: KafkaError): void;
  /** The transaction is over: another one may begin. */
  over(how: 'committed' | 'aborted'): void;
}

/**
 * Records and offsets that count together or not at all: readers with `read_committed` see them
 * once the transaction is committed, and never when it is aborted. Made by
 * `producer.transaction(…)`, which ends it, or by `producer.beginTransaction()`.
 */
export class Transaction<K = Bytes, V = Bytes, Topics extends object = AnyTopics>
  implements AsyncDisposable
{
  readonly #host: TransactionHost;
  #state: 'open' | 'ending' | 'committed' | 'aborted' = 'open';
  #aborting: Promise<void> | undefined;
  /** Sends that have not told yet how they ended. */
  #unsettled = 0;
  #allSettled: (() => void) | undefined;

  constructor(host: TransactionHost) {
    this.#host = host;
  }

  /** Whether it still takes records. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isCommitted(): boolean {
    return this.#state === 'committed';
  }

  /** What went wrong, when it can only be aborted. */
  get failure(): KafkaError | undefined {
    return this.#state === 'open' || this.#state === 'ending'
      ? this.#host.session.failure
      : undefined;
  }

  /**
   * Sends one record or several within the transaction. There is no need to wait: `commit` does,
   * and a record that fails makes the transaction one that can only be aborted.
   */
  send(record: RecordToSend<K, V, Topics>): Promise<RecordMetadata>;
  send(records: readonly RecordToSend<K, V, Topics>[]): Promise<RecordMetadata[]>;
  send(
    input: RecordToSend<K, V, Topics> | readonly RecordToSend<K, V, Topics>[],
  ): Promise<RecordMetadata | RecordMetadata[]> {
    const { session } = this.#host;
    if (this.#state !== 'open') return Promise.reject(this.#ended());
    if (session.failure !== undefined) return Promise.reject(session.failure);
    const sent: Promise<RecordMetadata | RecordMetadata[]> = isList(input)
      ? this.#host.send(input)
      : this.#host.send(input);
    // Whoever does not wait here is told by `commit`.
    this.#unsettled++;
    sent.then(
      () => this.#settled(),
      (error: unknown) => {
        if (this.#state === 'open' || this.#state === 'ending') session.broken(error);
        this.#settled();
      },
    );
    return sent;
  }

  #settled(): void {
    this.#unsettled--;
    if (this.#unsettled === 0) this.#allSettled?.();
  }

  /** Flushing ends a moment before the last send that has failed says so. */
  async #flush(): Promise<void> {
    await this.#host.flush();
    if (this.#unsettled === 0) return;
    await new Promise<void>((resolve) => {
      this.#allSettled = resolve;
    });
  }

  /**
   * Commits offsets of a group with the transaction. From a consumer: those behind `what` (a
   * record, a batch, or offsets to the letter), else behind everything it has handed out. The
   * consumer must not commit by itself (`commit: 'manual'`).
   *
   * Fails with ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID when the partitions belong to another
   * member by now; the transaction can only be aborted then.
   */
  async sendOffsets(offsets: TransactionOffsets): Promise<void>;
  async sendOffsets<W>(consumer: OffsetSource<W>, what?: W): Promise<void>;
  async sendOffsets<W>(from: TransactionOffsets | OffsetSource<W>, what?: W): Promise<void> {
    const { session } = this.#host;
    if (this.#state !== 'open') throw this.#ended();
    if (session.failure !== undefined) throw session.failure;
    let offsets: TransactionOffsets;
    try {
      offsets = 'offsetsToCommit' in from ? from.offsetsToCommit(what) : from;
    } catch (error) {
      session.broken(error);
      throw error;
    }
    if (offsets.offsets.length > 0) await session.sendOffsets(offsets);
  }

  /**
   * Waits for everything sent, then commits. Fails with what made the transaction one that can
   * only be aborted, and aborts it; then nothing of it counts. When a coordinator that cannot be
   * reached leaves it open how the transaction ended, the message says so.
   */
  async commit(): Promise<void> {
    if (this.#state !== 'open') throw this.#ended();
    const { session } = this.#host;
    this.#state = 'ending';
    session.startCommit();
    await this.#flush();
    if (session.failure === undefined) {
      try {
        await session.end();
        this.#over('committed');
        return;
      } catch (error) {
        if (session.isUnsure || session.fatal !== undefined) {
          this.#over('aborted');
          throw error;
        }
        session.broken(error);
      }
    }
    const failure = session.failure;
    await this.abort();
    throw failure;
  }

  /** Gives everything up. Fails when the coordinator cannot be told, or knows a newer producer. */
  abort(): Promise<void> {
    if (this.#state === 'committed') return Promise.reject(this.#ended());
    if (this.#state === 'aborted' && this.#aborting === undefined) return Promise.resolve();
    this.#aborting ??= this.#abort();
    return this.#aborting;
  }

  async #abort(): Promise<void> {
    const { session } = this.#host;
    this.#state = 'ending';
    session.startAbort();
    this.#host.drop(new KafkaError('ABORTED', 'The transaction was aborted.'));
    try {
      await this.#host.flush();
      await session.end();
    } finally {
      this.#over('aborted');
    }
  }

  #over(state: 'committed' | 'aborted'): void {
    this.#state = state;
    this.#host.session.over();
    this.#host.over(state);
  }

  #ended(): KafkaError {
    const how = this.#state === 'ending' ? 'is being ended' : `is ${this.#state} already`;
    return new KafkaError('INVALID_TXN_STATE', `The transaction ${how}.`, {
      hint: 'Begin another one.',
    });
  }

  /** Aborts unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'open') await this.abort();
  }
}

function isList<T>(input: T | readonly T[]): input is readonly T[] {
  return Array.isArray(input);
}
