import { isKafkaError } from '../../../errors/index.js';
import type { Clock, Logger } from '../../../system/index.js';
import type { CoordinatorRuntime } from '../runtime/coordinator-runtime.js';
import type { TransactionMarker } from '../runtime/outcome.js';
import type { TransactionMachine } from './transaction-machine.js';
import type { DecidedTransaction } from './transaction-messages.js';
import type { TransactionRecord } from './transaction-records.js';

/** Where markers go. */
export interface MarkerLog {
  /** Resolves when the marker is durable, or when there is no such partition any more. */
  write(topic: string, partition: number, marker: TransactionMarker): Promise<void>;
  /** The epoch of this coordinator's leadership of a partition of `__transaction_state`. */
  coordinatorEpoch(partition: number): number;
}

export interface MarkerWriterParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly log: MarkerLog;
  readonly runtime: CoordinatorRuntime<TransactionMachine, TransactionRecord>;
}

/** How long a partition is left alone that could not be written, or is not loaded. */
export const markerBackoffMs = 100;

/**
 * Takes decided transactions from the machines, one waiting request at each, writes their markers
 * and completes them. The answer of such a request leaves when the decision is durable: that is
 * what keeps a marker from being written too early.
 */
export class MarkerWriter {
  readonly #parts: MarkerWriterParts;
  /** Who waits for the completion of a transactional id's transaction. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #partitions = 0;
  /** Grows when what runs shall end. */
  #generation = 0;

  constructor(parts: MarkerWriterParts) {
    this.#parts = parts;
  }

  /** Serves the machines of so many partitions from now on. */
  start(partitions: number): void {
    if (partitions === this.#partitions) return;
    this.stop();
    this.#partitions = partitions;
    for (let index = 0; index < partitions; index++) void this.#serve(index, this.#generation);
  }

  stop(): void {
    this.#generation += 1;
    this.#partitions = 0;
    for (const wakes of this.#waiting.values()) for (const wake of wakes) wake();
    this.#waiting.clear();
  }

  /** Resolves when the id's transaction has been completed, at the latest after `waitMs`. */
  completed(transactionalId: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wakes = this.#waiting.get(transactionalId) ?? new Set();
      this.#waiting.set(transactionalId, wakes);
      const wake = (): void => {
        timer.cancel();
        wakes.delete(wake);
        if (wakes.size === 0 && this.#waiting.get(transactionalId) === wakes) {
          this.#waiting.delete(transactionalId);
        }
        resolve();
      };
      const timer = this.#parts.clock.after(waitMs, wake);
      wakes.add(wake);
    });
  }

  async #serve(partition: number, generation: number): Promise<void> {
    while (generation === this.#generation) {
      let decided: readonly DecidedTransaction[];
      try {
        decided = await this.#parts.runtime.runAt<readonly DecidedTransaction[]>(
          partition,
          (machine, ticket, outcome) => machine.awaitDecided(ticket, outcome),
        );
      } catch {
        // Being read, or read again after a failure that its shard has logged.
        await this.#pause();
        continue;
      }
      for (const transaction of decided) void this.#finish(partition, transaction, generation);
    }
  }

  async #finish(
    partition: number,
    transaction: DecidedTransaction,
    generation: number,
  ): Promise<void> {
    const { producerId, producerEpoch, committed, transactionalId } = transaction;
    const coordinatorEpoch = this.#parts.log.coordinatorEpoch(partition);
    const marker = { producerId, producerEpoch, committed, coordinatorEpoch };
    await Promise.all(
      transaction.partitions.map(([topic, index]) => this.#write(topic, index, marker, generation)),
    );
    if (generation !== this.#generation) return;
    try {
      const completing = this.#parts.runtime.runAt<null>(
        partition,
        (machine, ticket, outcome, now) => machine.complete(transaction, ticket, outcome, now),
      );
      // The machine has done it already; whoever sees more of it waits until it is durable.
      for (const wake of [...(this.#waiting.get(transactionalId) ?? [])]) wake();
      await completing;
    } catch {
      // The machine is gone; the next one finds the decision in the log and asks again.
    }
  }

  /** Markers must be written whatever it takes: without one, readers stop for ever. */
  async #write(
    topic: string,
    index: number,
    marker: TransactionMarker,
    generation: number,
  ): Promise<void> {
    for (let attempt = 0; generation === this.#generation; attempt++) {
      try {
        await this.#parts.log.write(topic, index, marker);
        return;
      } catch (error) {
        // A newer epoch has ended the transaction already (an administrator, by WriteTxnMarkers).
        if (isKafkaError(error, 'INVALID_PRODUCER_EPOCH')) return;
        if (attempt === 0) {
          this.#parts.logger.warn(
            `A marker of producer ${marker.producerId} could not be written to ` +
              `${topic}-${index}; tried again until it is.`,
            { error },
          );
        }
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#parts.clock.after(markerBackoffMs, resolve, { background: true });
    });
  }
}
