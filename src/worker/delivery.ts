import type { ConsumerRecord } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import { originOf } from '../connect/index.js';
import type { WorkContext } from './worker-options.js';

/** What a handler is told of one delivery; made on demand where hardly anyone asks. */
export class Delivery implements WorkContext {
  readonly attempt: number;
  readonly #record: ConsumerRecord;
  #deadline: AbortController | undefined;
  #isAborted = false;

  constructor(record: ConsumerRecord, attempt: number) {
    this.#record = record;
    this.attempt = attempt;
  }

  get origin(): WorkContext['origin'] {
    return originOf(this.#record);
  }

  get idempotencyKey(): string {
    const { topic, partition, offset } = this.origin;
    return `${topic}#${partition}#${offset}`;
  }

  get signal(): AbortSignal {
    this.#deadline ??= new AbortController();
    if (this.#isAborted) this.#deadline.abort();
    return this.#deadline.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#deadline?.abort();
  }

  giveUp(reason: string): never {
    throw new KafkaError('RECORD_REJECTED', reason, this.origin);
  }
}
