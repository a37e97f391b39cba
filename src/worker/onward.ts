import type { ConsumerRecord, Kafka, Producer, ProducerRecord } from '../client/index.js';
import {
  errorHeaders,
  originOf,
  type RetryTopic,
  retryHeaders,
  type Stage,
  strippedHeaders,
} from '../connect/index.js';
import { isKafkaError, KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import type { Outcome } from './worker-lane.js';

export interface OnwardParts {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly retries: readonly RetryTopic[];
  /** Undefined: a record whose attempts are used up ends the worker. */
  readonly deadLetterTopic: string | undefined;
  readonly logger: Logger;
  readonly system: System;
  /** Ends the worker. */
  readonly fail: (error: unknown) => void;
}

/** Why a record goes on. */
export interface Failing {
  readonly error: Error;
  readonly stage: Stage;
  /** Attempts that were made before this one; the retry topics are passed over by as many. */
  readonly failedBefore: number;
}

/** A record that cannot be sent on waits so long before it is tried again. */
const sendAgainMs = 1000;

/** The way of records that were not handled: to the next retry topic, or to the dead letters. */
export class Onward {
  readonly #parts: OnwardParts;
  readonly #producer: Producer;
  #isClosed = false;

  constructor(parts: OnwardParts) {
    this.#parts = parts;
    this.#producer = parts.kafka.producer();
  }

  /** Waits until the record is safe; undefined where it is not and the worker ends. */
  async send(raw: ConsumerRecord, failing: Failing): Promise<Outcome | undefined> {
    const { retries, deadLetterTopic, groupId, system, fail } = this.#parts;
    const { error, stage, failedBefore } = failing;
    const next = retries[failedBefore];
    const { key, value } = raw;
    if (next !== undefined) {
      const dueAt = system.clock.now() + next.delayMs;
      const headers = retryHeaders(raw, { attempt: failedBefore + 2, dueAt });
      const isSafe = await this.#sent({ topic: next.topic, key, value, headers });
      return isSafe ? 'retried' : undefined;
    }
    const origin = originOf(raw);
    if (deadLetterTopic !== undefined) {
      const of = { pipeline: groupId, task: 0 };
      const why = errorHeaders(of, { error, stage, where: 'worker' }, origin);
      const headers = [...strippedHeaders(raw), ...why];
      const isSafe = await this.#sent({ topic: deadLetterTopic, key, value, headers });
      return isSafe ? 'deadLettered' : undefined;
    }
    const context = { ...origin, cause: error };
    const hint = 'Set deadLetter to go on without such records.';
    const text = `A record was not handled: ${error.message}`;
    fail(new KafkaError('RECORD_REJECTED', text, { ...context, hint }));
    return undefined;
  }

  /** What is still being sent is not safe then. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#producer.close();
  }

  /** Until it is acknowledged, or the worker ends. */
  async #sent(record: ProducerRecord): Promise<boolean> {
    const { system, logger, fail } = this.#parts;
    while (!this.#isClosed) {
      try {
        await this.#producer.send(record);
        return true;
      } catch (error) {
        if (isKafkaError(error, 'MESSAGE_TOO_LARGE') || isKafkaError(error, 'CLOSED')) {
          fail(error);
          return false;
        }
        logger.warn(`a record could not be sent to ${record.topic}`, { error });
        await new Promise<void>((go) => void system.clock.after(sendAgainMs, go));
      }
    }
    return false;
  }
}
