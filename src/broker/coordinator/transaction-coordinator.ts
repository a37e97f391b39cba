import { type ErrorCode, isKafkaError, KafkaError } from '../../errors/index.js';
import type { Logger, System } from '../../system/index.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { TopicLookup } from '../metadata/topic-lookup.js';
import type { InternalTopic } from '../partition/internal-topic.js';
import { CoordinatorRuntime, type SharedRuntime } from './runtime/coordinator-runtime.js';
import type { Operation } from './runtime/running-machine.js';
import { type MarkerLog, MarkerWriter } from './transaction/marker-writer.js';
import { transactionConfigOf, type TransactionConfig } from './transaction/transaction-config.js';
import { described, listed, undescribed } from './transaction/transaction-directory.js';
import { TransactionMachine } from './transaction/transaction-machine.js';
import type {
  AddPartitions,
  EndTransaction,
  InitProducer,
  ProducerAnswer,
  ProducerAtEpoch,
  TransactionDescription,
  TransactionFilter,
  TransactionListing,
} from './transaction/transaction-messages.js';
import { transactionRecordCodec } from './transaction/transaction-record-codec.js';
import { isPrepared, type TransactionRecord } from './transaction/transaction-records.js';

export interface TransactionCoordinatorParts {
  readonly system: Pick<System, 'clock'>;
  /** `__transaction_state`. */
  readonly internalTopic: InternalTopic;
  readonly topics: TopicLookup;
  readonly config: BrokerConfig | TransactionConfig;
  readonly logger: Logger;
  /** Where markers go. */
  readonly markers: MarkerLog;
  /** A producer id that nobody had before. */
  readonly nextProducerId: () => Promise<number>;
}

/** What the nodes of one process have together. */
interface SharedTransactions extends SharedRuntime<TransactionMachine, TransactionRecord> {
  readonly writer: MarkerWriter;
}

const anywhere = (): boolean => true;

/** How long EndTxn waits for markers, and a new transaction for those of the one before. */
export const markersWaitMs = 1000;

/**
 * The coordinator of transactions (Kafka's `TransactionCoordinator`). Methods answer with error
 * codes, never by failing: COORDINATOR_LOAD_IN_PROGRESS while the id's partition is read,
 * COORDINATOR_NOT_AVAILABLE when it cannot be written, NOT_COORDINATOR after `close`.
 */
export class TransactionCoordinator {
  readonly #runtime: CoordinatorRuntime<TransactionMachine, TransactionRecord>;
  readonly #writer: MarkerWriter;
  readonly #parts: TransactionCoordinatorParts;
  readonly #config: TransactionConfig;
  readonly #leads: (partition: number) => boolean;

  constructor(parts: TransactionCoordinatorParts, shared?: SharedTransactions) {
    const { system, internalTopic, topics, config, logger, markers } = parts;
    const { clock } = system;
    this.#parts = parts;
    const transactionConfig = 'idExpirationMs' in config ? config : transactionConfigOf(config);
    this.#config = transactionConfig;
    this.#leads = shared?.leads ?? (() => true);
    if (shared !== undefined) {
      this.#runtime = shared.runtime;
      this.#writer = shared.writer;
      return;
    }
    this.#runtime = new CoordinatorRuntime({
      clock,
      logger,
      topic: internalTopic,
      codec: transactionRecordCodec,
      factory: (_, timers) => new TransactionMachine({ timers, config: transactionConfig }),
    });
    this.#writer = new MarkerWriter({ clock, logger, log: markers, runtime: this.#runtime });
    topics.onDeleted(({ name }) => {
      if (name !== internalTopic.name) return;
      this.#writer.stop();
      this.#runtime.reset();
    });
  }

  /**
   * The same coordinator as one node of several is it: transactional ids of partitions that it does
   * not lead are answered with NOT_COORDINATOR.
   */
  at(leads: (partition: number) => boolean): TransactionCoordinator {
    const shared = { runtime: this.#runtime, writer: this.#writer, leads };
    return new TransactionCoordinator(this.#parts, shared);
  }

  /** Reads `__transaction_state` where it exists, and goes on with markers left unwritten. */
  async start(): Promise<void> {
    await this.#runtime.start();
    const count = this.#parts.internalTopic.partitionCount();
    if (count !== undefined) this.#writer.start(count);
  }

  /** Answers whoever waits with NOT_COORDINATOR; resolves when nothing is being written. */
  close(): Promise<void> {
    this.#writer.stop();
    return this.#runtime.close();
  }

  /**
   * The partition of `__transaction_state` that keeps an id; creates the topic at its first use.
   * Fails with what the creation failed with.
   */
  async partitionOf(transactionalId: string): Promise<number> {
    const partition = await this.#runtime.partitionOf(transactionalId);
    const count = this.#parts.internalTopic.partitionCount();
    if (count !== undefined) this.#writer.start(count);
    return partition;
  }

  /** A producer id and an epoch that fences whoever had the transactional id before. */
  async initProducer(request: InitProducer): Promise<ProducerAnswer> {
    if (request.timeoutMs <= 0 || request.timeoutMs > this.#config.timeoutMaxMs) {
      return refused('INVALID_TRANSACTION_TIMEOUT');
    }
    return await this.#withProducerId((fresh) =>
      this.#run<ProducerAnswer>(request.transactionalId, (machine, ticket, outcome, now) =>
        machine.initProducer(request, fresh, ticket, outcome, now),
      ),
    );
  }

  /** Takes partitions into the producer's transaction; resolves when that is durable. */
  addPartitions(request: AddPartitions): Promise<ErrorCode> {
    return this.#add(request, this.#leads);
  }

  /**
   * The same for a request that brings records: it waits for the end of the one before. It may
   * come to any node, which passes it on to the one that coordinates.
   */
  async addPartitionsPatiently(request: AddPartitions): Promise<ErrorCode> {
    const code = await this.#add(request, anywhere);
    if (code !== 'CONCURRENT_TRANSACTIONS') return code;
    await this.#completed(request.transactionalId);
    return await this.#add(request, anywhere);
  }

  async #add(request: AddPartitions, leads: (partition: number) => boolean): Promise<ErrorCode> {
    try {
      return await this.#run<ErrorCode>(
        request.transactionalId,
        (machine, ticket, outcome, now) => machine.addPartitions(request, ticket, outcome, now),
        leads,
      );
    } catch (error) {
      return this.#codeOf(error);
    }
  }

  /**
   * Why the producer cannot write to a partition within its transaction; undefined if it can.
   * Looks at what was decided last, durable or not: what is appended in the same turn of the
   * event loop comes before any marker.
   */
  fault(
    transactionalId: string,
    producer: ProducerAtEpoch,
    topic: string,
    partition: number,
  ): ErrorCode | undefined {
    const machine = this.#runtime.peek(transactionalId);
    if (machine !== undefined) return machine.fault(transactionalId, producer, topic, partition);
    const exists = this.#parts.internalTopic.partitionCount() !== undefined;
    return exists ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'INVALID_PRODUCER_ID_MAPPING';
  }

  /**
   * Commits or aborts. Resolves when the decision is durable and the markers are written, which
   * saves the producer from asking again; when those take longer than `markersWaitMs`, without.
   */
  async end(request: EndTransaction): Promise<ProducerAnswer> {
    const answer = await this.#withProducerId((fresh) =>
      this.#run<ProducerAnswer>(request.transactionalId, (machine, ticket, outcome, now) =>
        machine.end(request, fresh, ticket, outcome, now),
      ),
    );
    if (answer.error === 'NONE') await this.#completed(request.transactionalId);
    return answer;
  }

  async describe(transactionalId: string): Promise<TransactionDescription> {
    if (transactionalId === '') return undescribed(transactionalId, 'INVALID_REQUEST');
    try {
      return await this.#run<TransactionDescription>(transactionalId, (machine, ticket, outcome) =>
        outcome.answer(ticket, described(transactionalId, machine.get(transactionalId))),
      );
    } catch (error) {
      return undescribed(transactionalId, this.#codeOf(error));
    }
  }

  /** All transactional ids that pass; does not create `__transaction_state`. */
  async list(
    filter: TransactionFilter,
  ): Promise<{ readonly error: ErrorCode; readonly transactions: TransactionListing[] }> {
    try {
      const found = await this.#runtime.runAll<TransactionListing[]>(
        (machine, ticket, outcome, now) =>
          outcome.answer(ticket, listed(machine.entries(), filter, now)),
        this.#leads,
      );
      return { error: 'NONE', transactions: found.flat() };
    } catch (error) {
      return { error: this.#codeOf(error), transactions: [] };
    }
  }

  /** Runs an operation of the machine that keeps the id, whose markers somebody then writes. */
  async #run<T>(
    transactionalId: string,
    operation: Operation<TransactionMachine, TransactionRecord, T>,
    leads: (partition: number) => boolean = this.#leads,
  ): Promise<T> {
    const partition = await this.partitionOf(transactionalId);
    if (!leads(partition)) throw new KafkaError('NOT_COORDINATOR');
    return await this.#runtime.runAt(partition, operation);
  }

  async #completed(transactionalId: string): Promise<void> {
    const value = this.#runtime.peek(transactionalId)?.get(transactionalId);
    if (value === undefined || !isPrepared(value)) return;
    await this.#writer.completed(transactionalId, markersWaitMs);
  }

  /** A machine cannot get a producer id by itself: it says so, and is asked again with one. */
  async #withProducerId(
    ask: (fresh: number | undefined) => Promise<ProducerAnswer>,
  ): Promise<ProducerAnswer> {
    try {
      const answer = await ask(undefined);
      if (answer.needsProducerId !== true) return answer;
      return await ask(await this.#parts.nextProducerId());
    } catch (error) {
      return refused(this.#codeOf(error));
    }
  }

  #codeOf(error: unknown): ErrorCode {
    const code = isKafkaError(error) ? error.code : 'UNKNOWN_SERVER_ERROR';
    if (expected.has(code)) return code;
    this.#parts.logger.error('A request about a transaction failed.', { error });
    // Whatever kept the topic from being made or written may pass.
    const mayPass = isKafkaError(error) && (error.errno === null || error.retriable);
    return mayPass ? 'COORDINATOR_NOT_AVAILABLE' : code;
  }
}

const expected: ReadonlySet<ErrorCode> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'RECORD_LIST_TOO_LARGE',
]);

function refused(error: ErrorCode): ProducerAnswer {
  return { error, producerId: -1, producerEpoch: -1 };
}
