import type { ProducerOfBatch } from './machine.js';

declare const answerType: unique symbol;

/** Stands for a request that waits for its answer. A machine keeps tickets, never callbacks. */
export interface Ticket<T> {
  readonly number: number;
  /** Only for the compiler: what the answer looks like. */
  [answerType]?(answer: T): void;
}

/** An answer on its way: to the request being handled or to one that was parked before. */
export interface Answer {
  readonly to: Ticket<unknown>;
  readonly response: unknown;
}

/** A record an operation wants in the log. */
export interface Written<R> {
  readonly record: R;
  /** The machine's state holds already what the record says: it is not replayed. */
  readonly noted: boolean;
}

/** The end of a producer's transaction in one partition. */
export interface TransactionMarker extends ProducerOfBatch {
  /** Whether the transaction is committed; otherwise it is aborted. */
  readonly committed: boolean;
  /** Of the transaction coordinator; an older one is fenced by it. */
  readonly coordinatorEpoch: number;
}

/**
 * What one operation of a machine brings about: records for the log, and answers, which the
 * runtime lets go once these records, and all before them, are durable.
 */
export class Outcome<R> {
  readonly records: Written<R>[] = [];
  readonly answers: Answer[] = [];
  /** True when the records need not stand in one batch (expiry, deletion of whole groups). */
  divisible = false;
  /** The open transaction that all records belong to: they count when its marker says so. */
  transaction: ProducerOfBatch | undefined;
  /** A marker to write, in the place of records. */
  marker: TransactionMarker | undefined;

  /** A record that changes the machine's state when it is replayed, right after the operation. */
  write(record: R): void {
    this.records.push({ record, noted: false });
  }

  /** A record that puts down what the operation has changed in the machine itself. */
  note(record: R): void {
    this.records.push({ record, noted: true });
  }

  answer<T>(ticket: Ticket<T>, response: T): void {
    this.answers.push({ to: ticket, response });
  }
}
