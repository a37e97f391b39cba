import { type ErrorCode, errnoOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { Logger, System } from '../../system/index.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { TopicLookup } from '../metadata/topic-lookup.js';
import type { InternalTopic } from '../partition/internal-topic.js';
import type { GroupTimes } from './group/consumer/consumer-config.js';
import { groupRefusal } from './group/consumer/consumer-groups.js';
import { heartbeatRefusal } from './group/consumer/consumer-membership.js';
import type {
  ConsumerGroupDescription,
  ConsumerHeartbeat,
  ConsumerHeartbeatAnswer,
} from './group/consumer/consumer-messages.js';
import type { TopicCatalog } from './group/consumer/topic-catalog.js';
import { type GroupConfig, groupConfigOf } from './group/group-config.js';
import { GroupMachine } from './group/group-machine.js';
import type {
  DeletedGroup,
  GroupDescription,
  GroupFilter,
  GroupListing,
  Heartbeat,
  HeartbeatAnswer,
  JoinGroup,
  JoinGroupAnswer,
  LeaveGroup,
  LeaveGroupAnswer,
  OffsetCommit,
  OffsetCommitAnswer,
  OffsetDelete,
  OffsetDeleteAnswer,
  OffsetFetch,
  OffsetFetchAnswer,
  RequestOrigin,
  SyncGroup,
  SyncGroupAnswer,
  TransactionalOffsetCommit,
} from './group/group-messages.js';
import { groupRecordCodec } from './group/group-record-codec.js';
import type { GroupRecord } from './group/group-records.js';
import { joinRefusal, syncRefusal } from './group/rebalance.js';
import type { ShareGroupTimes } from './group/share/share-config.js';
import type { StreamsGroupSettings } from './group/streams/streams-config.js';
import { streamsGroupRefusal } from './group/streams/streams-groups.js';
import {
  type StreamsGroupDescription,
  type StreamsHeartbeat,
  type StreamsHeartbeatAnswer,
  streamsRefusal,
} from './group/streams/streams-messages.js';
import { CoordinatorRuntime, type SharedRuntime } from './runtime/coordinator-runtime.js';
import type { TransactionMarker } from './runtime/outcome.js';
import type { Operation } from './runtime/running-machine.js';

export interface GroupCoordinatorParts {
  readonly system: Pick<System, 'clock' | 'random'>;
  /** `__consumer_offsets`. */
  readonly internalTopic: InternalTopic;
  readonly topics: TopicLookup;
  readonly config: BrokerConfig | GroupConfig;
  /** What a consumer group has set for itself; nothing where it is left out. */
  readonly timesOf?: ((groupId: string) => GroupTimes) | undefined;
  /** The same for a share group. */
  readonly shareTimesOf?: ((groupId: string) => ShareGroupTimes) | undefined;
  /** The same for a streams group. */
  readonly streamsSettingsOf?: ((groupId: string) => StreamsGroupSettings) | undefined;
  readonly logger: Logger;
}

/**
 * The coordinator of consumer groups (Kafka's `GroupCoordinatorService`). Every method answers
 * with error codes, never by failing: COORDINATOR_LOAD_IN_PROGRESS while the group's partition is
 * read, COORDINATOR_NOT_AVAILABLE when it cannot be written, NOT_COORDINATOR after `close`.
 */
export class GroupCoordinator {
  readonly #parts: GroupCoordinatorParts;
  readonly #runtime: CoordinatorRuntime<GroupMachine, GroupRecord>;
  readonly #logger: Logger;
  readonly #leads: (partition: number) => boolean;

  constructor(parts: GroupCoordinatorParts, shared?: SharedRuntime<GroupMachine, GroupRecord>) {
    const { system, internalTopic, topics, config, logger, timesOf, shareTimesOf } = parts;
    this.#parts = parts;
    this.#leads = shared?.leads ?? (() => true);
    this.#logger = logger;
    if (shared !== undefined) {
      this.#runtime = shared.runtime;
      return;
    }
    const { streamsSettingsOf } = parts;
    const groupConfig = 'initialRebalanceDelayMs' in config ? config : groupConfigOf(config);
    const newUuid = () => uuidAsJava(system.random.bytes(16));
    this.#runtime = new CoordinatorRuntime({
      clock: system.clock,
      logger,
      topic: internalTopic,
      codec: groupRecordCodec,
      factory: (_, timers) =>
        new GroupMachine({
          timers,
          config: groupConfig,
          newUuid,
          newMemberId: () => system.random.uuid(),
          catalog: catalogOf(topics),
          timesOf: timesOf ?? (() => ({})),
          shareTimesOf,
          streamsSettingsOf,
        }),
    });
    topics.onDeleted(({ name }) => {
      if (name === internalTopic.name) this.#runtime.reset();
      else void this.onTopicDeleted(name);
    });
  }

  /**
   * The same coordinator as one node of several is it: groups of partitions that it does not lead
   * are answered with NOT_COORDINATOR.
   */
  at(leads: (partition: number) => boolean): GroupCoordinator {
    return new GroupCoordinator(this.#parts, { runtime: this.#runtime, leads });
  }

  /** Reads `__consumer_offsets` where it exists; resolves when all of it was read. */
  start(): Promise<void> {
    return this.#runtime.start();
  }

  /** Answers whoever waits with NOT_COORDINATOR; resolves when nothing is being written. */
  close(): Promise<void> {
    return this.#runtime.close();
  }

  /**
   * The partition of `__consumer_offsets` that keeps a group; creates the topic at its first use.
   * Fails with what the creation failed with.
   */
  partitionOf(groupId: string): Promise<number> {
    return this.#runtime.partitionOf(groupId);
  }

  /** Resolves when the generation is complete, which may take the whole rebalance time-out. */
  joinGroup(request: JoinGroup, origin: RequestOrigin): Promise<JoinGroupAnswer> {
    return this.#run<JoinGroupAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) =>
        machine.joining.join(request, origin, ticket, outcome, now),
      (errorCode) => joinRefusal(request.memberId, errorCode),
    );
  }

  /** Resolves when the leader has assigned. */
  syncGroup(request: SyncGroup): Promise<SyncGroupAnswer> {
    return this.#run<SyncGroupAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) => machine.membership.sync(request, ticket, outcome, now),
      syncRefusal,
    );
  }

  heartbeat(request: Heartbeat): Promise<HeartbeatAnswer> {
    return this.#run<HeartbeatAnswer>(
      request.groupId,
      (machine, ticket, outcome) => machine.membership.heartbeat(request, ticket, outcome),
      (errorCode) => ({ errorCode }),
    );
  }

  /** One heartbeat of a member of the protocol of KIP-848; joining and leaving are such, too. */
  consumerHeartbeat(
    request: ConsumerHeartbeat,
    origin: RequestOrigin,
  ): Promise<ConsumerHeartbeatAnswer> {
    return this.#run<ConsumerHeartbeatAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) =>
        machine.consumers.membership.heartbeat(request, origin, ticket, outcome, now),
      (errorCode) => heartbeatRefusal(errorCode, null),
    );
  }

  describeConsumerGroup(groupId: string): Promise<ConsumerGroupDescription> {
    return this.#run<ConsumerGroupDescription>(
      groupId,
      (machine, ticket, outcome) => outcome.answer(ticket, machine.consumers.describe(groupId)),
      (errorCode) => groupRefusal(groupId, errorCode, null),
    );
  }

  /** One heartbeat of a member of a streams group (KIP-1071). */
  streamsHeartbeat(
    request: StreamsHeartbeat,
    origin: RequestOrigin,
  ): Promise<StreamsHeartbeatAnswer> {
    return this.#run<StreamsHeartbeatAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) =>
        machine.streams.membership.heartbeat(request, origin, ticket, outcome, now),
      (errorCode) => streamsRefusal(errorCode, null),
    );
  }

  describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription> {
    return this.#run<StreamsGroupDescription>(
      groupId,
      (machine, ticket, outcome) => outcome.answer(ticket, machine.streams.describe(groupId)),
      (errorCode) => streamsGroupRefusal(groupId, errorCode, null),
    );
  }

  leaveGroup(request: LeaveGroup): Promise<LeaveGroupAnswer> {
    return this.#run<LeaveGroupAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) => machine.membership.leave(request, ticket, outcome, now),
      (errorCode) => ({ errorCode, members: [] }),
    );
  }

  /** Resolves when the offsets are durable. `topics` must exist; `version` is OffsetCommit's. */
  commitOffsets(request: OffsetCommit, version: number): Promise<OffsetCommitAnswer> {
    return this.#run<OffsetCommitAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) =>
        machine.offsets.commit(request, version, ticket, outcome, now),
      (errorCode, code) => {
        const tooLarge = code === 'RECORD_LIST_TOO_LARGE';
        const answer = tooLarge ? errnoOf('INVALID_COMMIT_OFFSET_SIZE') : errorCode;
        return { errorCodes: request.topics.map((topic) => topic.partitions.map(() => answer)) };
      },
    );
  }

  /**
   * Commits offsets within a producer's transaction; resolves when they are durable. `fault` says
   * why the producer has no open transaction with this group in it, if it has none; it is asked at
   * the last moment, after which a marker can only come behind the offsets.
   */
  commitInTransaction(
    request: TransactionalOffsetCommit,
    fault: () => ErrorCode | undefined,
  ): Promise<OffsetCommitAnswer> {
    return this.#run<OffsetCommitAnswer>(
      request.groupId,
      (machine, ticket, outcome, now) =>
        machine.commitInTransaction(request, fault(), ticket, outcome, now),
      (errorCode) => ({
        errorCodes: request.topics.map((topic) => topic.partitions.map(() => errorCode)),
      }),
    );
  }

  /**
   * Ends a producer's transaction in a partition of `__consumer_offsets`: what it committed counts
   * or vanishes. Fails with INVALID_PRODUCER_EPOCH where the producer has a newer epoch, and with
   * what keeps the marker from being written.
   */
  async endTransaction(partition: number, marker: TransactionMarker): Promise<void> {
    await this.#runtime.ensure();
    await this.#runtime.runAt<null>(partition, (_, ticket, outcome) => {
      outcome.marker = marker;
      outcome.answer(ticket, null);
    });
  }

  fetchOffsets(request: OffsetFetch): Promise<OffsetFetchAnswer> {
    return this.#run<OffsetFetchAnswer>(
      request.groupId,
      (machine, ticket, outcome) => machine.offsets.fetch(request, ticket, outcome),
      (errorCode) => ({ errorCode, topics: [] }),
    );
  }

  deleteOffsets(request: OffsetDelete): Promise<OffsetDeleteAnswer> {
    return this.#run<OffsetDeleteAnswer>(
      request.groupId,
      (machine, ticket, outcome) => machine.offsets.delete(request, ticket, outcome),
      (errorCode) => ({ errorCode, topics: [] }),
    );
  }

  describeGroup(groupId: string): Promise<GroupDescription> {
    return this.#run<GroupDescription>(
      groupId,
      (machine, ticket, outcome) => machine.directory.describe(groupId, ticket, outcome),
      (errorCode) => ({
        errorCode,
        errorMessage: null,
        groupId,
        groupState: '',
        protocolType: '',
        protocolData: '',
        members: [],
      }),
    );
  }

  /** All groups; does not create `__consumer_offsets`. */
  async listGroups(filter: GroupFilter): Promise<{ errorCode: number; groups: GroupListing[] }> {
    try {
      const listings = await this.#runtime.runAll<GroupListing[]>(
        (machine, ticket, outcome) => machine.directory.list(filter, ticket, outcome),
        this.#leads,
      );
      return { errorCode: 0, groups: listings.flat() };
    } catch (error) {
      return { errorCode: errnoOf(this.#codeOf(error)), groups: [] };
    }
  }

  deleteGroup(groupId: string): Promise<DeletedGroup> {
    return this.#run<DeletedGroup>(
      groupId,
      (machine, ticket, outcome) => machine.directory.delete(groupId, ticket, outcome),
      (errorCode) => ({ groupId, errorCode, errorMessage: null }),
    );
  }

  /** Forgets what was committed for a topic; called by itself for every deleted topic. */
  async onTopicDeleted(topic: string): Promise<void> {
    try {
      await this.#runtime.runAll<number>((machine, ticket, outcome) =>
        machine.directory.forgetTopic(topic, ticket, outcome),
      );
    } catch (error) {
      this.#logger.warn(`Offsets of the deleted topic ${topic} may be left.`, { error });
    }
  }

  /** Runs an operation of the machine that keeps a group; for coordinators built upon this one. */
  runOn<T>(
    groupId: string,
    operation: Operation<GroupMachine, GroupRecord, T>,
    onError: (errorCode: number) => T,
  ): Promise<T> {
    return this.#run(groupId, operation, onError);
  }

  /** The same of every machine; does not create `__consumer_offsets`, and fails as that fails. */
  runOnAll<T>(operation: Operation<GroupMachine, GroupRecord, T>): Promise<T[]> {
    return this.#runtime.runAll(operation);
  }

  async #run<T>(
    groupId: string,
    operation: Operation<GroupMachine, GroupRecord, T>,
    onError: (errorCode: number, code: ErrorCode) => T,
  ): Promise<T> {
    try {
      const partition = await this.#runtime.partitionOf(groupId);
      if (!this.#leads(partition)) throw new KafkaError('NOT_COORDINATOR');
      return await this.#runtime.runAt(partition, operation);
    } catch (error) {
      const code = this.#codeOf(error);
      return onError(errnoOf(code), code);
    }
  }

  #codeOf(error: unknown): ErrorCode {
    const code = isKafkaError(error) ? error.code : 'UNKNOWN_SERVER_ERROR';
    if (expected.has(code)) return code;
    this.#logger.error('A group request failed.', { error });
    // Whatever kept the topic from being made or written may pass.
    return isKafkaError(error) && isWriteFailure(error) ? 'COORDINATOR_NOT_AVAILABLE' : code;
  }
}

const expected: ReadonlySet<ErrorCode> = new Set([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_PRODUCER_EPOCH',
]);

function isWriteFailure(error: KafkaError): boolean {
  return error.errno === null || error.retriable;
}

/** The topics as groups see them, internal ones included: `.*` means them too, as in Kafka. */
function catalogOf(topics: TopicLookup): TopicCatalog {
  return {
    version: () => topics.version,
    byName: (name) => topics.byName(name),
    byId: (id) => topics.byId(id),
    names: () => topics.all().map(({ name }) => name),
  };
}

/** Random bytes as a version 4 uuid in the spelling of `java.util.UUID`. */
function uuidAsJava(random: Buffer): string {
  const bytes = Buffer.from(random);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x40, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}
