import { KafkaError } from '../../errors/index.js';
import type { FlushEpoch } from './flush-epoch.js';
import type { ProducerRecord, RecordMetadata } from './producer-record.js';

/**
 * One call of `send`: its records, where they have come to lie, and the promise the caller holds.
 * The promise settles when every record has: it resolves with all places, or rejects with the
 * first failure and how many records it is about.
 */
export class SendCall {
  readonly records: readonly ProducerRecord<unknown, unknown>[];
  readonly results: RecordMetadata[] = [];
  /** The next record that is not in a batch yet. */
  position = 0;
  /** While parked: when waiting ends (monotonic). */
  deadline = Infinity;
  /** Told of records that come into no batch. */
  refused: ((record: ProducerRecord<unknown, unknown>, error: KafkaError) => void) | undefined;
  /** The caller has its answer; what is left goes on without anybody waiting. */
  isSettled = false;
  readonly #resolve: (results: RecordMetadata[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #epoch: FlushEpoch;
  #unsettled: number;
  #failed = 0;
  #failure: KafkaError | undefined;
  #forget: (() => void) | undefined;

  constructor(
    records: readonly ProducerRecord<unknown, unknown>[],
    epoch: FlushEpoch,
    resolve: (results: RecordMetadata[]) => void,
    reject: (error: Error) => void,
  ) {
    this.records = records;
    this.results.length = records.length;
    this.#unsettled = records.length;
    this.#epoch = epoch;
    this.#resolve = resolve;
    this.#reject = reject;
    epoch.open++;
  }

  get isPlaced(): boolean {
    return this.position >= this.records.length;
  }

  /** Rejects early when the signal fires; records that are in a batch already may still arrive. */
  watch(signal: AbortSignal, give: () => void): void {
    signal.addEventListener('abort', give, { once: true });
    this.#forget = () => signal.removeEventListener('abort', give);
  }

  /** So many further records are acknowledged. */
  succeeded(count: number): void {
    this.#unsettled -= count;
    if (this.#unsettled === 0) this.#finish();
  }

  failed(count: number, error: KafkaError): void {
    this.#failure ??= error;
    this.#failed += count;
    this.#unsettled -= count;
    if (this.#unsettled === 0) this.#finish();
  }

  /** The record at the position cannot be sent. */
  refuse(error: KafkaError): void {
    this.refused?.(this.records[this.position] as ProducerRecord<unknown, unknown>, error);
    this.failed(1, error);
  }

  /** Fails all records that are not in a batch yet. */
  failRest(error: KafkaError): void {
    const rest = this.records.length - this.position;
    if (this.refused !== undefined) {
      for (const record of this.records.slice(this.position)) this.refused(record, error);
    }
    this.position = this.records.length;
    if (rest > 0) this.failed(rest, error);
  }

  /** Answers the caller now; the records go their way. */
  abandon(error: KafkaError): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#reject(error);
  }

  #finish(): void {
    this.#forget?.();
    this.#epoch.finished();
    if (this.isSettled) return;
    this.isSettled = true;
    const failure = this.#failure;
    if (failure === undefined) this.#resolve(this.results);
    else this.#reject(this.#summary(failure));
  }

  #summary(failure: KafkaError): KafkaError {
    const all = this.records.length;
    if (all === 1 || this.#failed === all) return failure;
    return new KafkaError(
      failure.code,
      `${this.#failed} of ${all} records were not sent; the first failure: ${failure.message}`,
      { ...failure.context, cause: failure, retriable: failure.retriable },
    );
  }
}
