import { KafkaError } from '../../errors/index.js';
import type { Clock } from '../../system/index.js';
import type { ProducerRecord, RecordMetadata } from './producer-record.js';
import { Transaction, type TransactionHost } from './transaction.js';
import type { TransactionSession } from './transaction-session.js';

/** What the line of transactions needs of its producer. */
export interface TransactionLineParts {
  readonly session: TransactionSession;
  readonly clock: Clock;
  /** How long a transaction waits for the one before it. */
  readonly maxBlockMs: number;
  send(records: readonly ProducerRecord<unknown, unknown>[]): Promise<RecordMetadata[]>;
  flush(): Promise<void>;
  drop(error: KafkaError): void;
  /** How a transaction has ended, as far as is known. */
  ended(how: 'committed' | 'aborted'): void;
}

/** The transactions of one producer, which run one after the other. */
export class TransactionLine<K, V, Topics extends object> {
  readonly session: TransactionSession;
  readonly #parts: TransactionLineParts;
  #current:
    | { readonly transaction: Transaction<K, V, Topics>; readonly over: Promise<void> }
    | undefined;
  #isTaken = false;
  /** Who waits for the transaction before theirs, in order. */
  readonly #waiting: (() => void)[] = [];
  #closed: KafkaError | undefined;

  constructor(parts: TransactionLineParts) {
    this.#parts = parts;
    this.session = parts.session;
  }

  async begin(): Promise<Transaction<K, V, Topics>> {
    await this.#turn();
    try {
      this.#check();
      await this.session.begin();
      this.#check();
    } catch (error) {
      this.session.over();
      this.#next();
      throw error;
    }
    let isOver = () => undefined as void;
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const parts = this.#parts;
    const sendAny = async (
      input: ProducerRecord<unknown, unknown> | readonly ProducerRecord<unknown, unknown>[],
    ) => {
      if (isList(input)) return await parts.send(input);
      const [first] = await parts.send([input]);
      return first as RecordMetadata;
    };
    const host: TransactionHost = {
      session: this.session,
      send: sendAny as TransactionHost['send'],
      flush: () => parts.flush(),
      drop: (error) => parts.drop(error),
      over: (how) => {
        parts.ended(how);
        this.#current = undefined;
        isOver();
        this.#next();
      },
    };
    const transaction = new Transaction<K, V, Topics>(host);
    this.#current = { transaction, over };
    return transaction;
  }

  /** Gets producer id and epoch without beginning anything. */
  async settle(): Promise<void> {
    await this.#turn();
    try {
      this.#check();
      await this.session.settle();
    } finally {
      this.#next();
    }
  }

  #check(): void {
    if (this.#closed !== undefined) throw this.#closed;
  }

  async #turn(): Promise<void> {
    this.#check();
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    const { clock, maxBlockMs } = this.#parts;
    await new Promise<void>((resolve, reject) => {
      const mine = () => {
        timer.cancel();
        resolve();
      };
      const timer = clock.after(maxBlockMs, () => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        reject(tooLong(this.session.transactionalId, maxBlockMs));
      });
      this.#waiting.push(mine);
    });
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }

  /** Aborts what is open; nothing begins any more. Fails when the abort does. */
  async close(error: KafkaError): Promise<void> {
    this.#closed = error;
    const current = this.#current;
    if (current === undefined) return;
    if (current.transaction.isOpen) await current.transaction.abort();
    else await current.over;
  }
}

function tooLong(transactionalId: string, maxBlockMs: number): KafkaError {
  const message = `The transaction before it did not end within ${maxBlockMs} ms.`;
  return new KafkaError('CONCURRENT_TRANSACTIONS', `${message} (${transactionalId})`, {
    hint: 'Transactions of one producer run one after the other; one within another never begins.',
  });
}

function isList<T>(input: T | readonly T[]): input is readonly T[] {
  return Array.isArray(input);
}
