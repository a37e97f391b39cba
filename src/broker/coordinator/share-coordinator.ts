import { type ErrorCode, isKafkaError } from '../../errors/index.js';
import type { Clock, Logger } from '../../system/index.js';
import type { TopicLookup } from '../metadata/topic-lookup.js';
import type { PrunedTopic } from '../partition/internal-topic.js';
import { CoordinatorRuntime } from './runtime/coordinator-runtime.js';
import type { Operation } from './runtime/running-machine.js';
import {
  isShareStateFault,
  type ReadShareState,
  type ShareStateFault,
  ShareStateMachine,
  type ShareStateSummary,
  type WriteShareState,
} from './share/share-state-machine.js';
import {
  type SharePartitionKey,
  shareStateCodec,
  type ShareStateRecord,
} from './share/share-state-records.js';

export interface ShareCoordinatorParts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** `__share_group_state`. */
  readonly internalTopic: PrunedTopic;
  readonly topics: TopicLookup;
  readonly updatesPerSnapshot: number;
}

/** Records that the log may have beyond what is needed before it is written anew. */
const redundantMin = 10_000;
/** The same, for each state that is needed. */
const redundantPerState = 20;

/**
 * The share coordinator (Kafka's `ShareCoordinatorService`): keeps how far each share partition is.
 * Every method answers with a fault, never by failing.
 */
export class ShareCoordinator {
  readonly #parts: ShareCoordinatorParts;
  readonly #runtime: CoordinatorRuntime<ShareStateMachine, ShareStateRecord>;
  readonly #rewriting = new Set<number>();

  constructor(parts: ShareCoordinatorParts) {
    const { clock, logger, internalTopic: topic, topics, updatesPerSnapshot } = parts;
    const exists = (topicId: string, partition: number) =>
      partition < (topics.byId(topicId)?.partitionCount ?? 0);
    this.#parts = parts;
    this.#runtime = new CoordinatorRuntime({
      clock,
      logger,
      topic,
      codec: shareStateCodec,
      factory: () => new ShareStateMachine({ updatesPerSnapshot, exists }),
    });
    topics.onDeleted(({ name, id }) => {
      if (name === topic.name) this.#runtime.reset();
      else void this.#forgetTopic(id);
    });
  }

  /** Reads `__share_group_state` where it exists; resolves when all of it was read. */
  start(): Promise<void> {
    return this.#runtime.start();
  }

  /** Resolves when nothing is being written. */
  close(): Promise<void> {
    return this.#runtime.close();
  }

  get topicName(): string {
    return this.#parts.internalTopic.name;
  }

  /**
   * The partition of `__share_group_state` that keeps `group:topicId:partition`; creates the topic
   * at its first use. Fails with what the creation failed with.
   */
  partitionOf(key: string): Promise<number> {
    return this.#runtime.partitionOf(key);
  }

  initialize(
    key: SharePartitionKey,
    wanted: Pick<ReadShareState, 'stateEpoch' | 'startOffset'>,
  ): Promise<ShareStateFault | undefined> {
    return this.#change(key, (machine, ticket, outcome, now) =>
      machine.initialize(key, wanted, ticket, outcome, now),
    );
  }

  async read(
    key: SharePartitionKey,
    leaderEpoch: number,
  ): Promise<ReadShareState | ShareStateFault> {
    try {
      return await this.#run<ReadShareState | ShareStateFault>(
        key,
        (machine, ticket, outcome, now) => machine.read(key, leaderEpoch, ticket, outcome, now),
      );
    } catch (error) {
      return this.#faultOf(error);
    }
  }

  /** Resolves when what was written is durable. */
  async write(
    key: SharePartitionKey,
    written: WriteShareState,
  ): Promise<ShareStateFault | undefined> {
    const fault = await this.#change(key, (machine, ticket, outcome, now) =>
      machine.write(key, written, ticket, outcome, now),
    );
    if (fault === undefined)
      this.#rewriteIfDue(await this.#runtime.partitionOf(coordinatorKey(key)));
    return fault;
  }

  delete(key: SharePartitionKey): Promise<ShareStateFault | undefined> {
    return this.#change(key, (machine, ticket, outcome) => machine.delete(key, ticket, outcome));
  }

  /** Undefined where there is no state. */
  async summary(key: SharePartitionKey): Promise<ShareStateSummary | ShareStateFault | undefined> {
    try {
      return await this.#run<ShareStateSummary | undefined>(key, (machine, ticket, outcome) =>
        machine.summary(key, ticket, outcome),
      );
    } catch (error) {
      return this.#faultOf(error);
    }
  }

  async #change(
    key: SharePartitionKey,
    operation: Operation<ShareStateMachine, ShareStateRecord, ShareStateFault | undefined>,
  ): Promise<ShareStateFault | undefined> {
    try {
      return await this.#run<ShareStateFault | undefined>(key, operation);
    } catch (error) {
      return this.#faultOf(error);
    }
  }

  #run<T>(
    key: SharePartitionKey,
    operation: Operation<ShareStateMachine, ShareStateRecord, T>,
  ): Promise<T> {
    return this.#runtime.run(coordinatorKey(key), operation);
  }

  async #forgetTopic(topicId: string): Promise<void> {
    try {
      await this.#runtime.runAll<number>((machine, ticket, outcome) =>
        machine.forgetTopic(topicId, ticket, outcome),
      );
    } catch (error) {
      this.#parts.logger.warn(`States of share groups may be left of topic id ${topicId}.`, {
        error,
      });
    }
  }

  /** Everything is written anew from time to time, and what came before is cut off. */
  #rewriteIfDue(partition: number): void {
    const machine = this.#runtime.peekAt(partition);
    if (machine === undefined || this.#rewriting.has(partition)) return;
    if (machine.redundant < Math.max(redundantMin, redundantPerState * machine.size)) return;
    this.#rewriting.add(partition);
    this.#rewrite(partition)
      .catch((error: unknown) => {
        const { logger, internalTopic } = this.#parts;
        logger.warn(`${internalTopic.name}-${partition} could not be cut short.`, { error });
      })
      .finally(() => this.#rewriting.delete(partition));
  }

  async #rewrite(partition: number): Promise<void> {
    const { internalTopic } = this.#parts;
    let end = 0;
    await this.#runtime.runAt<number>(partition, (machine, ticket, outcome, now) => {
      // What is on its way to the log now comes before the new snapshots, but after this.
      end = internalTopic.endOffset(partition);
      machine.rewrite(ticket, outcome, now);
    });
    internalTopic.deleteBefore(partition, end);
  }

  #faultOf(error: unknown): ShareStateFault {
    const code = isKafkaError(error) ? error.code : 'UNKNOWN_SERVER_ERROR';
    const message = isKafkaError(error) ? error.message : null;
    if (expected.has(code)) return { error: code, message };
    this.#parts.logger.error('The state of a share partition cannot be read or written.', {
      error,
    });
    const mayPass = isKafkaError(error) && (error.errno === null || error.retriable);
    return { error: mayPass ? 'COORDINATOR_NOT_AVAILABLE' : code, message };
  }
}

const expected: ReadonlySet<ErrorCode> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'RECORD_LIST_TOO_LARGE',
]);

function coordinatorKey({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}

export { isShareStateFault };
