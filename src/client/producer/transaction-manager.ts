import { errorCodeOf, errorFacts, isKafkaError, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { ProducerIdentity } from './partition-queue.js';

/** The transaction time-out of a producer that has no transactions: the broker ignores it. */
const transactionTimeoutMs = 60_000;

/**
 * Gets the producer id that makes retries idempotent (KIP-98), from any broker, when the first
 * record is sent, and a new one when the epochs of the old are used up.
 */
export class TransactionManager {
  readonly #cluster: Cluster;
  readonly #changed: () => void;
  readonly #closing = new AbortController();
  #identity: ProducerIdentity | undefined;
  #asking = false;
  /** Why there is no producer id, when asking again would not help. */
  failure: KafkaError | undefined;

  constructor(cluster: Cluster, changed: () => void) {
    this.#cluster = cluster;
    this.#changed = changed;
  }

  /** The producer id and first epoch; undefined until they have been assigned. */
  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  /** Asks for a producer id unless there is one or somebody asks already. */
  request(): void {
    if (this.#asking || this.#identity !== undefined || this.#closing.signal.aborted) return;
    this.#asking = true;
    this.failure = undefined;
    this.#ask().then(
      (identity) => {
        this.#asking = false;
        this.#identity = identity;
        this.#changed();
      },
      (error: unknown) => {
        this.#asking = false;
        this.failure = asFailure(error);
        this.#changed();
      },
    );
  }

  /** The epochs of this producer id are used up: get another one. */
  renew(): void {
    this.#identity = undefined;
    this.request();
  }

  async #ask(): Promise<ProducerIdentity> {
    const { signal } = this.#closing;
    for (let attempt = 0; ; attempt++) {
      const response = await this.#cluster.send(
        'InitProducerId',
        { transactionalId: null, transactionTimeoutMs },
        'any',
        { signal },
      );
      const code = errorCodeOf(response.errorCode);
      const { producerId, producerEpoch } = response;
      if (code === 'NONE') return { producerId, producerEpoch };
      if (!errorFacts(code).retriable)
        throw new KafkaError(code, undefined, { api: 'InitProducerId' });
      this.#cluster.logger.debug(`no producer id yet: ${code}`);
      await this.#cluster.delay(this.#cluster.retryBackoff(attempt), signal);
    }
  }

  close(): void {
    this.#closing.abort();
  }
}

function asFailure(error: unknown): KafkaError {
  if (isKafkaError(error)) return error;
  return new KafkaError('UNKNOWN_SERVER_ERROR', 'No producer id could be had.', { cause: error });
}
