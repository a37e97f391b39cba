import { KafkaError } from '../../../errors/index.js';
import type { Clock, Timer } from '../../../system/index.js';
import type { LogRecord, Machine, ProducerOfBatch, RecordCodec } from './machine.js';
import { Outcome, type Ticket, type TransactionMarker } from './outcome.js';
import type { TimerTable } from './timer-table.js';

/** The log of a machine: one call at a time, each resolves when what it wrote is durable. */
export interface MachineLog {
  append(records: readonly LogRecord[], transaction: ProducerOfBatch | undefined): Promise<void>;
  appendMarker(marker: TransactionMarker): Promise<void>;
  /** The epoch of the last batch or marker of a producer; -1 for one that is not known. */
  producerEpoch(producerId: number): number;
}

/** An operation of a machine on behalf of a request. */
export type Operation<M, R, T> = (
  machine: M,
  ticket: Ticket<T>,
  outcome: Outcome<R>,
  now: number,
) => void;

/** Bytes of keys and values in one batch; records of one indivisible outcome stay together. */
export const batchBytesMax = 1_000_000;
/** Bytes that may wait for the log; beyond them requests are turned away. */
export const queuedBytesMax = 64 * 1024 * 1024;
/** What a record costs in a batch beside its key and value, at most. */
const recordOverhead = 32;

/** Records that must stand in one batch, or a marker. */
interface Unit {
  readonly records: readonly LogRecord[];
  readonly transaction: ProducerOfBatch | undefined;
  readonly marker: TransactionMarker | undefined;
  readonly bytes: number;
  readonly sequence: number;
}

interface Pending {
  readonly resolve: (response: never) => void;
  readonly reject: (error: unknown) => void;
}

/** An answer that waits until the records up to `after` are durable. */
interface Held {
  readonly after: number;
  readonly pending: Pending;
  readonly response: unknown;
}

export interface RunningMachineParts<M, R> {
  readonly clock: Clock;
  readonly machine: M;
  readonly timers: TimerTable<R>;
  readonly codec: RecordCodec<R>;
  readonly log: MachineLog;
  /** Called once when the machine can no longer be trusted to equal its log. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * A machine at work, from the moment its partition was read until something goes wrong.
 *
 * How state and log stay together: an operation runs at once on the newest state, and what it
 * writes is replayed at once, so that the next operation sees it; its records join the queue for
 * the log. While one batch is on its way to the disk, the records of further operations gather
 * and become the next batch (group commit), always in the order of the operations. **No answer
 * leaves before everything that was written up to then is durable**, answers of mere readers
 * included: nobody ever sees state that a crash could take back. When a batch cannot be written,
 * or an operation throws, there is nothing to undo by hand: all who wait get a retriable error,
 * the machine is thrown away, and a new one reads the log.
 */
export class RunningMachine<M extends Machine<R>, R> {
  readonly #parts: RunningMachineParts<M, R>;
  readonly #units: Unit[] = [];
  readonly #held: Held[] = [];
  /** Requests that have no answer yet, by ticket. */
  readonly #parked = new Map<number, Pending>();
  #tickets = 0;
  #queuedBytes = 0;
  #sequence = 0;
  #durable = 0;
  #appending: Promise<void> | undefined;
  #alarm: { readonly at: number; readonly timer: Timer } | undefined;
  #stopped = false;

  constructor(parts: RunningMachineParts<M, R>) {
    this.#parts = parts;
  }

  /** Tells the machine that its log was read to the end. */
  start(): void {
    this.#execute((outcome, now) => this.#parts.machine.loaded(outcome, now));
  }

  /** Runs an operation; resolves when its ticket was answered and the answer may leave. */
  run<T>(operation: Operation<M, R, T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#stopped || this.#queuedBytes > queuedBytesMax) {
        reject(new KafkaError('COORDINATOR_NOT_AVAILABLE'));
        return;
      }
      const ticket: Ticket<T> = { number: ++this.#tickets };
      this.#parked.set(ticket.number, { resolve, reject });
      this.#execute((outcome, now) => operation(this.#parts.machine, ticket, outcome, now), ticket);
    });
  }

  /** Ends the work: everybody who waits gets `error`. Resolves when no append is under way. */
  stop(error: unknown): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#alarm?.timer.cancel();
      this.#alarm = undefined;
      this.#units.length = 0;
      for (const held of this.#held.splice(0)) held.pending.reject(error);
      for (const pending of this.#parked.values()) pending.reject(error);
      this.#parked.clear();
    }
    return this.#appending ?? Promise.resolve();
  }

  #execute(operation: (outcome: Outcome<R>, now: number) => void, ticket?: Ticket<unknown>): void {
    const { clock, timers } = this.#parts;
    timers.setNow(clock.monotonic());
    const outcome = new Outcome<R>();
    try {
      operation(outcome, clock.now());
      this.#take(outcome, ticket);
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#setAlarm();
  }

  #take(outcome: Outcome<R>, ticket: Ticket<unknown> | undefined): void {
    const { machine, codec } = this.#parts;
    const isUndone = !outcome.records.some(({ noted }) => noted);
    const { transaction, marker } = outcome;
    let records: LogRecord[];
    try {
      this.#checkEpoch(marker ?? transaction);
      records = outcome.records.map(({ record }) => codec.encode(record));
      if (isUndone && !outcome.divisible) checkSize(records);
    } catch (error) {
      // Nothing has changed yet, so only this request fails.
      if (ticket === undefined || !isUndone) throw error;
      this.#refuse(ticket, error);
      return;
    }
    for (const { record, noted } of outcome.records) {
      if (!noted) machine.replay(record, transaction);
    }
    if (marker !== undefined) {
      machine.replayMarker(marker.producerId, marker.committed);
      this.#enqueue([], recordOverhead, undefined, marker);
    } else if (outcome.divisible) {
      for (const record of records) this.#enqueue([record], sizeOf(record), transaction);
    } else if (records.length > 0) {
      this.#enqueue(records, sizeOfAll(records), transaction);
    }
    for (const { to, response } of outcome.answers) this.#hold(to, response);
    this.#release();
    if (this.#units.length > 0) this.#appending ??= this.#appendAll();
  }

  #refuse(ticket: Ticket<unknown>, error: unknown): void {
    const pending = this.#parked.get(ticket.number);
    this.#parked.delete(ticket.number);
    pending?.reject(error);
  }

  /** The log would refuse what a producer with an old epoch writes: better the machine does. */
  #checkEpoch(producer: ProducerOfBatch | undefined): void {
    if (producer === undefined) return;
    const { producerId, producerEpoch } = producer;
    let current = this.#parts.log.producerEpoch(producerId);
    for (const { marker } of this.#units) {
      if (marker?.producerId === producerId) current = Math.max(current, marker.producerEpoch);
    }
    if (producerEpoch < current) throw new KafkaError('INVALID_PRODUCER_EPOCH');
  }

  #enqueue(
    records: readonly LogRecord[],
    bytes: number,
    transaction: ProducerOfBatch | undefined,
    marker?: TransactionMarker,
  ): void {
    this.#units.push({ records, transaction, marker, bytes, sequence: ++this.#sequence });
    this.#queuedBytes += bytes;
  }

  #hold(to: Ticket<unknown>, response: unknown): void {
    const pending = this.#parked.get(to.number);
    if (pending === undefined) {
      throw new KafkaError('UNKNOWN_SERVER_ERROR', `Ticket ${to.number} was answered twice.`);
    }
    this.#parked.delete(to.number);
    this.#held.push({ after: this.#sequence, pending, response });
  }

  /** Lets the answers go whose records are durable. They were queued in this very order. */
  #release(): void {
    const still = this.#held.findIndex((held) => held.after > this.#durable);
    const free = this.#held.splice(0, still === -1 ? this.#held.length : still);
    for (const { pending, response } of free) pending.resolve(response as never);
  }

  async #appendAll(): Promise<void> {
    // The requests of this turn of the loop still gather in the first batch.
    await Promise.resolve();
    while (!this.#stopped && this.#units.length > 0) {
      const units = this.#nextBatch();
      const last = units[units.length - 1];
      try {
        await this.#append(units);
      } catch (error) {
        this.#break(error);
        break;
      }
      for (const unit of units) this.#queuedBytes -= unit.bytes;
      if (last !== undefined) this.#durable = last.sequence;
      this.#release();
    }
    this.#appending = undefined;
  }

  #append(units: readonly Unit[]): Promise<void> {
    const { log } = this.#parts;
    const marker = units[0]?.marker;
    if (marker !== undefined) return log.appendMarker(marker);
    const records = units.flatMap((unit) => unit.records);
    return log.append(records, units[0]?.transaction);
  }

  /** What goes to the log next; a marker, or records of a transaction, go by themselves. */
  #nextBatch(): Unit[] {
    let bytes = 0;
    let count = 0;
    let isAlone = false;
    for (const unit of this.#units) {
      if (count > 0 && bytes + unit.bytes > batchBytesMax) break;
      if (isAlone) break;
      isAlone = unit.transaction !== undefined || unit.marker !== undefined;
      if (isAlone && count > 0) break;
      bytes += unit.bytes;
      count++;
    }
    return this.#units.splice(0, count);
  }

  #break(error: unknown): void {
    if (!this.#stopped) this.#parts.onBroken(error);
  }

  /** One timer of the system stands for the whole table. */
  #setAlarm(): void {
    const { clock, timers } = this.#parts;
    const earliest = timers.earliest();
    if (this.#stopped || earliest === undefined) return;
    if (this.#alarm !== undefined && this.#alarm.at <= earliest) return;
    this.#alarm?.timer.cancel();
    const delayMs = Math.max(0, Math.ceil(earliest - clock.monotonic()));
    const timer = clock.after(delayMs, () => this.#onAlarm(), { background: true });
    this.#alarm = { at: earliest, timer };
  }

  #onAlarm(): void {
    this.#alarm = undefined;
    const { clock, timers } = this.#parts;
    timers.setNow(clock.monotonic());
    for (let due = timers.takeDue(); due !== undefined; due = timers.takeDue()) {
      this.#execute(due);
      if (this.#stopped) return;
    }
    this.#setAlarm();
  }
}

function sizeOf(record: LogRecord): number {
  return record.key.length + (record.value?.length ?? 0) + recordOverhead;
}

function sizeOfAll(records: readonly LogRecord[]): number {
  return records.reduce((sum, record) => sum + sizeOf(record), 0);
}

function checkSize(records: readonly LogRecord[]): void {
  const bytes = sizeOfAll(records);
  if (bytes <= batchBytesMax) return;
  throw new KafkaError(
    'RECORD_LIST_TOO_LARGE',
    `The records of one request take ${bytes} bytes; a batch holds ${batchBytesMax}.`,
  );
}
