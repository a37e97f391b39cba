import { isKafkaError, KafkaError } from '../../errors/index.js';
import type { MarkerWait } from './marker-wait.js';
import type { PartitionQueue, ProducerIdentity } from './partition-queue.js';
import { transactionErrorKind } from './transaction-errors.js';
import type { TransactionOffsets } from './transaction-offsets.js';
import type { TransactionRequests } from './transaction-requests.js';

/**
 * ```
 *   idle ──begin──▶ open ──commit──▶ committing ─▶ idle
 *                    └────abort────▶ aborting ───▶ idle
 * ```
 */
type Phase = 'idle' | 'open' | 'committing' | 'aborting';

/**
 * The life of one transactional id: who it is (producer id and epoch), whether a transaction is
 * open and which partitions are in it, what went wrong. Transactions are of version 1 (partitions
 * and groups are added by requests, the epoch stays) or 2 (added by what is written, every
 * transaction has an epoch of its own, KIP-890), as the cluster has finalized it.
 */
export class TransactionSession {
  readonly transactionalId: string;
  readonly #requests: TransactionRequests;
  readonly #changed: () => void;
  readonly #markers: MarkerWait;
  #phase: Phase = 'idle';
  #identity: ProducerIdentity | undefined;
  #isImplicit = false;
  /** The coordinator has to say where things stand before the next transaction. */
  #isUnsure = false;
  #isOutcomeUnknown = false;
  /** Sequences were lost: version 1 needs a new epoch after the abort (KIP-360). */
  #hasGap = false;
  /** The coordinator has been told of the transaction, or will be by what is written. */
  #isStarted = false;
  #failure: KafkaError | undefined;
  #fatal: KafkaError | undefined;
  readonly #added = new Set<PartitionQueue>();
  readonly #wanted = new Set<PartitionQueue>();
  #adding: Promise<void> | undefined;

  /** `changed` is called when something may be sent, or must be given up. */
  constructor(
    transactionalId: string,
    requests: TransactionRequests,
    markers: MarkerWait,
    changed: () => void,
  ) {
    this.transactionalId = transactionalId;
    this.#requests = requests;
    this.#markers = markers;
    this.#changed = changed;
  }

  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  /** Whether transactions are of version 2. */
  get isImplicit(): boolean {
    return this.#isImplicit;
  }

  /** Why the open transaction can only be aborted. */
  get failure(): KafkaError | undefined {
    return this.#fatal ?? this.#failure;
  }

  /** Why this producer can do nothing any more. */
  get fatal(): KafkaError | undefined {
    return this.#fatal;
  }

  /** Whether the coordinator is to be asked before the next transaction. */
  get isUnsure(): boolean {
    return this.#isUnsure;
  }

  /** Whether it is not known if the last transaction was committed. */
  get isOutcomeUnknown(): boolean {
    return this.#isOutcomeUnknown;
  }

  /** Whether what is waiting is to be given up, and what fails is not to be tried again. */
  get isGivingUp(): boolean {
    return this.#phase === 'aborting' || this.failure !== undefined;
  }

  /** Gets producer id and epoch, fencing older producers; again where it is not sure of them. */
  async settle(): Promise<void> {
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#identity !== undefined && !this.#isUnsure) return;
    await this.#init();
  }

  async #init(): Promise<void> {
    try {
      this.#identity = await this.#requests.init(this.#identity);
      this.#isUnsure = false;
      this.#hasGap = false;
    } catch (error) {
      throw this.#noted(error);
    }
  }

  async begin(): Promise<void> {
    const isFirst = this.#identity === undefined;
    await this.settle();
    let isImplicit: boolean;
    try {
      isImplicit = await this.#requests.isImplicit();
    } catch (error) {
      throw this.#noted(error);
    }
    // Version 2 counts from a fresh epoch on.
    if (isImplicit && !this.#isImplicit && !isFirst) await this.#init();
    this.#isImplicit = isImplicit;
    this.#phase = 'open';
    this.#isStarted = false;
    this.#isOutcomeUnknown = false;
    this.#failure = undefined;
    this.#added.clear();
    this.#wanted.clear();
  }

  /** Whether batches of the partition may go; asks for it to be added where that is needed. */
  admits(queue: PartitionQueue): boolean {
    if (this.#phase === 'idle' || this.isGivingUp) return false;
    if (this.#isImplicit || this.#added.has(queue)) return true;
    this.#wanted.add(queue);
    if (this.#adding === undefined) {
      this.#adding = this.#add().finally(() => {
        this.#adding = undefined;
        this.#changed();
      });
    }
    return false;
  }

  /** Adds what is wanted, over and over until nothing is. Never rejects. */
  async #add(): Promise<void> {
    // What one turn wants goes together.
    await Promise.resolve();
    while (this.#wanted.size > 0 && !this.isGivingUp) {
      const batch = [...this.#wanted];
      this.#wanted.clear();
      this.#isStarted = true;
      try {
        await this.#requests.addPartitions(this.#mustIdentity(), batch);
        for (const queue of batch) this.#added.add(queue);
        this.#changed();
      } catch (error) {
        this.broken(error);
      }
    }
  }

  /** Milliseconds for which nothing is to be written yet: the last transaction is ending. */
  keptBackMs(): number {
    return this.#isImplicit ? this.#markers.remaining() : 0;
  }

  /** A batch of the partition is about to be written. */
  writing(queue: PartitionQueue): boolean {
    const identity = this.#identity;
    if (identity === undefined) return false;
    this.#isStarted = true;
    this.#markers.sending();
    queue.follow(identity);
    return true;
  }

  /** A batch has been written. */
  written(): void {
    this.#markers.answered();
  }

  /** What was meant to be in the transaction is not: it can only be aborted. */
  broken(error: unknown): void {
    const failure = this.#noted(error);
    if (this.#phase === 'open' || this.#phase === 'committing') this.#failure ??= failure;
    this.#changed();
  }

  /** A batch that had its sequence was given up. */
  lost(error: KafkaError): void {
    this.#hasGap = true;
    this.broken(error);
  }

  async sendOffsets(offsets: TransactionOffsets): Promise<void> {
    const identity = this.#mustIdentity();
    this.#isStarted = true;
    try {
      if (this.#isImplicit) await this.#untilMarked();
      else await this.#requests.addOffsets(identity, offsets.groupId);
      await this.#requests.commitOffsets(identity, offsets, this.#isImplicit);
      this.#markers.answered();
    } catch (error) {
      this.broken(error);
      throw this.failure ?? error;
    }
  }

  async #untilMarked(): Promise<void> {
    const ms = this.#markers.remaining();
    if (ms > 0) await this.#requests.pause(ms);
    this.#markers.sending();
  }

  /** From here on nothing new is taken; what is waiting still goes. */
  startCommit(): void {
    this.#phase = 'committing';
  }

  /** From here on what is waiting is given up. */
  startAbort(): void {
    this.#phase = 'aborting';
    this.#wanted.clear();
    this.#changed();
  }

  /** Tells the coordinator; nothing may be waiting or in flight any more. */
  async end(): Promise<void> {
    const committed = this.#phase === 'committing';
    await this.#adding;
    if (this.#fatal !== undefined) throw this.#fatal;
    try {
      if (this.#isStarted) {
        const identity = this.#mustIdentity();
        this.#identity = await this.#requests.end(identity, committed, this.#isImplicit);
        if (this.#isImplicit) this.#markers.ended();
      }
    } catch (error) {
      const noted = this.#noted(error);
      // A commit that may have happened must not be aborted: asking again tells how it ended.
      const isRefused = noted.code === 'TRANSACTION_ABORTABLE';
      if (!isRefused) this.#isUnsure = true;
      const isKnown = isRefused || noted.code === 'INVALID_TXN_STATE';
      if (isKnown || !committed || this.#fatal !== undefined) throw noted;
      this.#isOutcomeUnknown = true;
      throw unknownOutcome(noted, this.transactionalId);
    }
    if (this.#hasGap && !this.#isImplicit) this.#isUnsure = true;
    this.#hasGap = false;
  }

  /** The transaction is over, however it ended. */
  over(): void {
    this.#phase = 'idle';
    this.#failure = undefined;
  }

  #mustIdentity(): ProducerIdentity {
    if (this.#identity !== undefined) return this.#identity;
    throw new KafkaError('INVALID_TXN_STATE', 'No transaction has begun.');
  }

  /** Remembers what ends this producer. */
  #noted(error: unknown): KafkaError {
    const noted = isKafkaError(error)
      ? error
      : new KafkaError('UNKNOWN_SERVER_ERROR', messageOf(error), { cause: error });
    const kind = transactionErrorKind(noted);
    if (kind === 'fenced' || kind === 'fatal') this.#fatal ??= noted;
    return noted;
  }
}

function unknownOutcome(cause: KafkaError, transactionalId: string): KafkaError {
  return new KafkaError(
    cause.code,
    `It is not known whether the transaction of ${transactionalId} was committed: ${cause.message}`,
    { ...cause.context, cause, retriable: false },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
