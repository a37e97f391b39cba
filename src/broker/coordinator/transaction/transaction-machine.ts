import type { ErrorCode } from '../../../errors/index.js';
import type { Machine } from '../runtime/machine.js';
import type { Outcome, Ticket } from '../runtime/outcome.js';
import type { TimerTable } from '../runtime/timer-table.js';
import { endTransaction } from './ending.js';
import { addedTo, partitionFault, producerFault } from './partitions.js';
import { initProducer } from './producers.js';
import type { TransactionConfig } from './transaction-config.js';
import type {
  AddPartitions,
  DecidedTransaction,
  EndTransaction,
  InitProducer,
  ProducerAnswer,
  ProducerAtEpoch,
} from './transaction-messages.js';
import {
  isPrepared,
  noPartitions,
  type TransactionRecord,
  type TransactionValue,
} from './transaction-records.js';
import { fenced, type Step } from './transaction-step.js';

export type TransactionOutcome = Outcome<TransactionRecord>;

export interface TransactionMachineParts {
  readonly timers: TimerTable<TransactionRecord>;
  readonly config: TransactionConfig;
}

/**
 * The transactional ids of one partition of `__transaction_state`, as a machine that can be
 * replayed: every change is a record, so live and read again it is in the same state.
 *
 * A transaction ends in two records. PrepareCommit (or PrepareAbort) decides; once it is durable
 * the decision stands whatever happens, and whoever writes markers is told (`awaitDecided`). When
 * they all are in their logs, `complete` writes the second. A crash in between finds the first
 * record and has the markers written again, which harms nobody.
 *
 * As many ids are kept as were used within `idExpirationMs`.
 */
export class TransactionMachine implements Machine<TransactionRecord> {
  readonly #transactions = new Map<string, TransactionValue>();
  /** Decided, and nobody writes their markers yet. */
  readonly #decided = new Map<string, DecidedTransaction>();
  /** Who writes markers, while there are none to write. */
  #writer: Ticket<readonly DecidedTransaction[]> | undefined;
  readonly #timers: TimerTable<TransactionRecord>;
  readonly #config: TransactionConfig;

  constructor({ timers, config }: TransactionMachineParts) {
    this.#timers = timers;
    this.#config = config;
  }

  replay({ transactionalId, value }: TransactionRecord): void {
    if (value === null) this.#transactions.delete(transactionalId);
    else this.#transactions.set(transactionalId, value);
  }

  /** The topic of this machine is no part of any transaction. */
  replayMarker(): void {}

  loaded(outcome: TransactionOutcome, now: number): void {
    for (const [transactionalId, value] of this.#transactions) {
      if (isPrepared(value)) this.#decide(transactionalId, value, outcome);
      else if (value.state === 'Ongoing') this.#watch(transactionalId, value, now);
    }
    this.#watchExpiry();
  }

  get(transactionalId: string): TransactionValue | undefined {
    return this.#transactions.get(transactionalId);
  }

  entries(): IterableIterator<[string, TransactionValue]> {
    return this.#transactions.entries();
  }

  /** `fresh` is an unused producer id, needed for a new transactional id and a used-up epoch. */
  initProducer(
    request: InitProducer,
    fresh: number | undefined,
    ticket: Ticket<ProducerAnswer>,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    const step = initProducer(this.get(request.transactionalId), request, fresh, now);
    this.#take(request.transactionalId, step, ticket, outcome, now);
  }

  /** Takes partitions into the transaction, which begins with the first. */
  addPartitions(
    request: AddPartitions,
    ticket: Ticket<ErrorCode>,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    const step = addedTo(this.get(request.transactionalId), request, now);
    this.#take(request.transactionalId, step, ticket, outcome, now);
  }

  /** `fresh` is an unused producer id, needed when the epoch is used up. */
  end(
    request: EndTransaction,
    fresh: number | undefined,
    ticket: Ticket<ProducerAnswer>,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    const step = endTransaction(this.get(request.transactionalId), request, fresh, now);
    this.#take(request.transactionalId, step, ticket, outcome, now);
  }

  /** Why the producer cannot write to the partition within its transaction; undefined if it can. */
  fault(
    transactionalId: string,
    producer: ProducerAtEpoch,
    topic: string,
    partition: number,
  ): ErrorCode | undefined {
    const value = this.get(transactionalId);
    return producerFault(value, producer) ?? partitionFault(value, topic, partition);
  }

  /** Answered with decided transactions as soon as there are any; one writer waits at a time. */
  awaitDecided(ticket: Ticket<readonly DecidedTransaction[]>, outcome: TransactionOutcome): void {
    if (this.#writer !== undefined) outcome.answer(this.#writer, []);
    this.#writer = ticket;
    this.#tellWriter(outcome);
  }

  /** All markers of a decided transaction are written. */
  complete(
    { transactionalId, producerId, producerEpoch }: DecidedTransaction,
    ticket: Ticket<null>,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    outcome.answer(ticket, null);
    const value = this.get(transactionalId);
    if (value === undefined || !isPrepared(value)) return;
    if (value.producerId !== producerId || value.producerEpoch !== producerEpoch) return;
    const rotates = value.nextProducerId >= 0;
    this.#write(
      transactionalId,
      {
        ...value,
        ...(rotates ? { producerId: value.nextProducerId, producerEpoch: 0 } : {}),
        previousProducerId: value.producerId,
        nextProducerId: -1,
        lastProducerEpoch: rotates ? -1 : value.lastProducerEpoch,
        state: value.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
        partitions: noPartitions,
        lastUpdateMs: now,
      },
      outcome,
      now,
    );
  }

  #take<T>(
    transactionalId: string,
    { value, answer }: Step<T>,
    ticket: Ticket<T>,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    if (value !== undefined) this.#write(transactionalId, value, outcome, now);
    outcome.answer(ticket, answer);
  }

  #write(
    transactionalId: string,
    value: TransactionValue,
    outcome: TransactionOutcome,
    now: number,
  ): void {
    outcome.write({ transactionalId, value });
    if (value.state === 'Ongoing') this.#watch(transactionalId, value, now);
    else this.#timers.cancel(transactionalId);
    if (isPrepared(value)) this.#decide(transactionalId, value, outcome);
  }

  #decide(transactionalId: string, value: TransactionValue, outcome: TransactionOutcome): void {
    const { producerId, producerEpoch } = value;
    this.#decided.set(transactionalId, {
      transactionalId,
      producerId,
      producerEpoch,
      committed: value.state === 'PrepareCommit',
      partitions: Array.from(value.partitions, ([topic, indexes]) =>
        Array.from(indexes, (index) => [topic, index] as const),
      ).flat(),
    });
    this.#tellWriter(outcome);
  }

  #tellWriter(outcome: TransactionOutcome): void {
    if (this.#writer === undefined || this.#decided.size === 0) return;
    outcome.answer(this.#writer, [...this.#decided.values()]);
    this.#writer = undefined;
    this.#decided.clear();
  }

  /** A transaction that takes too long is aborted and its producer fenced. */
  #watch(transactionalId: string, value: TransactionValue, now: number): void {
    const left = value.startMs + value.timeoutMs - now;
    this.#timers.schedule(transactionalId, left, (outcome, late) => {
      const current = this.get(transactionalId);
      if (current?.state !== 'Ongoing') return;
      this.#write(transactionalId, fenced(current, late), outcome, late);
    });
  }

  #watchExpiry(): void {
    // No transactional id is empty, so this key is nobody's.
    this.#timers.schedule('', this.#config.idExpirationCheckMs, (outcome, now) => {
      outcome.divisible = true;
      for (const [transactionalId, value] of this.#transactions) {
        const isIdle = value.state !== 'Ongoing' && !isPrepared(value);
        if (isIdle && now - value.lastUpdateMs >= this.#config.idExpirationMs) {
          outcome.write({ transactionalId, value: null });
        }
      }
      this.#watchExpiry();
    });
  }
}
