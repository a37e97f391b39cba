import { type ErrorCode, errnoOf, KafkaError } from '../../../../errors/index.js';
import type { TimerTable } from '../../runtime/timer-table.js';
import type { ClassicGroup } from '../classic-group.js';
import type { GroupConfig } from '../group-config.js';
import type { OffsetCommit } from '../group-messages.js';
import type { GroupRecord } from '../group-records.js';
import { GroupTable } from '../group-table.js';
import type { GroupOutcome, Rebalance } from '../rebalance.js';
import { partitionsOf } from './assignment.js';
import type { ConsumerGroupConfig, GroupTimes } from './consumer-config.js';
import { ConsumerGroup } from './consumer-group.js';
import { type ConsumerMember, memberState } from './consumer-member.js';
import { ClassicMembership } from './classic-membership.js';
import { ConsumerMembership } from './consumer-membership.js';
import type { ConsumerGroupDescription } from './consumer-messages.js';
import { ConsumerRebalance } from './consumer-rebalance.js';
import type { ConsumerGroupRecord } from './consumer-records.js';
import { GroupMigration } from './group-migration.js';
import { RegexSubscriptions } from './regex-subscriptions.js';
import { namedPartitions, type TopicCatalog, TopicHashes } from './topic-catalog.js';

/** From this version on OffsetCommit carries the epoch of a member. */
const memberEpochSince = 9;

export interface ConsumerGroupsParts {
  readonly timers: TimerTable<GroupRecord>;
  readonly config: ConsumerGroupConfig;
  readonly timesOf: (groupId: string) => GroupTimes;
  readonly catalog: TopicCatalog;
  readonly newMemberId: () => string;
  /** Groups of the classic protocol; no id is in both. */
  readonly classic: Map<string, ClassicGroup>;
  readonly classicRebalance: Rebalance;
  /** Members a classic group may have, and bytes of its record. */
  readonly classicConfig: Pick<GroupConfig, 'groupSizeMax' | 'recordBytesMax'>;
  /** Groups of the protocol of KIP-932, among which no id of ours is either. */
  readonly shares: { has(groupId: string): boolean };
  /** Replays a record at once and has it written with the others of the operation. */
  readonly emit: (outcome: GroupOutcome, record: GroupRecord) => void;
}

/** The part of a commit that says who commits what. */
export type Committing = Pick<
  OffsetCommit,
  'memberId' | 'groupInstanceId' | 'generationIdOrMemberEpoch' | 'topics'
>;

/** All consumer groups of a machine, and how the rest of the machine meets them. */
export class ConsumerGroups {
  readonly membership: ConsumerMembership;
  /** Members of the classic protocol. */
  readonly classicMembership: ClassicMembership;
  readonly #groups = new GroupTable<ConsumerGroup, ConsumerGroupRecord>(
    'consumer-group',
    (groupId) => new ConsumerGroup(groupId),
  );
  readonly #rebalance: ConsumerRebalance;
  readonly #migration: GroupMigration;
  readonly #parts: ConsumerGroupsParts;

  constructor(parts: ConsumerGroupsParts) {
    const { config, catalog, newMemberId, classic, shares, emit, timers } = parts;
    const groups = this.#groups;
    const hashes = new TopicHashes(catalog);
    const common = { groups, timers, config, catalog, emit };
    const rebalance = new ConsumerRebalance({
      ...common,
      timesOf: parts.timesOf,
      hashes,
      downgrade: (group, leaving, outcome, now) => {
        const migration = this.#migration;
        const isDue = migration.canDowngrade(group, leaving, group.size - leaving.size);
        return isDue && migration.downgrade(group, leaving, true, outcome, now);
      },
    });
    const regexes = new RegexSubscriptions({ ...common, rebalance });
    this.#parts = parts;
    this.#rebalance = rebalance;
    const migration = new GroupMigration({
      ...parts,
      groups,
      hashes,
      rebalance,
      bury: (group, outcome) => this.bury(group, outcome),
    });
    this.#migration = migration;
    this.classicMembership = new ClassicMembership({
      ...common,
      rebalance,
      regexes,
      newMemberId,
      isLastOfItsKind: (group, { memberId, classic: facts }) =>
        facts === null && migration.canDowngrade(group, new Set([memberId]), group.size),
      downgrade: (group, isRebalancing, outcome, now) =>
        void migration.downgrade(group, new Set(), isRebalancing, outcome, now),
    });
    this.membership = new ConsumerMembership({
      ...common,
      rebalance,
      regexes,
      newMemberId,
      open: (groupId, outcome) => this.#open(groupId, outcome),
      isOther: (groupId) => classic.has(groupId) || shares.has(groupId),
    });
  }

  get(groupId: string): ConsumerGroup | undefined {
    return this.#groups.get(groupId);
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  all(): IterableIterator<ConsumerGroup> {
    return this.#groups.values();
  }

  replay(record: ConsumerGroupRecord): void {
    this.#groups.replay(record);
  }

  /** Time begins for the members that were found in the log. */
  loaded(): void {
    for (const group of this.#groups.values()) {
      for (const member of group.members()) {
        this.#rebalance.restartSession(group, member.memberId, member.classic?.sessionTimeoutMs);
        if (member.state === memberState.unrevoked && member.classic === null) {
          this.#rebalance.watchRevocation(group, member);
        }
      }
    }
  }

  /** A new group, or one that was a classic group until now. */
  #open(groupId: string, outcome: GroupOutcome): ConsumerGroup {
    if (this.#parts.shares.has(groupId)) {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a consumer group.`);
    }
    const classic = this.#parts.classic.get(groupId);
    if (classic !== undefined && !classic.isIn('Empty'))
      return this.#migration.upgrade(classic, outcome);
    if (classic !== undefined) {
      this.#parts.emit(outcome, { kind: 'classic-group', groupId, value: null });
    }
    const group = new ConsumerGroup(groupId);
    this.#groups.set(groupId, group);
    return group;
  }

  /** Tombstones for all that a group is, but for its offsets. */
  bury(group: ConsumerGroup, outcome: GroupOutcome): void {
    const { emit } = this.#parts;
    const { groupId } = group;
    const memberIds = Array.from(group.members(), ({ memberId }) => memberId);
    const expressions = Array.from(group.regexes(), ([regex]) => regex);
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'consumer-progress', groupId, memberId, value: null });
    }
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'consumer-target', groupId, memberId, value: null });
    }
    emit(outcome, { kind: 'consumer-target-epoch', groupId, value: null });
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'consumer-member', groupId, memberId, value: null });
    }
    for (const regex of expressions) {
      emit(outcome, { kind: 'consumer-regex', groupId, regex, value: null });
    }
    emit(outcome, { kind: 'consumer-group', groupId, value: null });
  }

  /**
   * Why a commit is refused. A member that lags behind may still commit what it was given before
   * the epoch it knows (KIP-1251).
   */
  commitRefusal(
    group: ConsumerGroup,
    request: Committing,
    version: number | 'transactional',
  ): ErrorCode | undefined {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: epoch } = request;
    if (epoch < 0 && group.size === 0) return undefined;
    const isNobody = epoch < 0 && memberId === '' && groupInstanceId === null;
    if (version === 'transactional' && isNobody) return undefined;
    const member = group.member(memberId);
    if (member === undefined) return 'UNKNOWN_MEMBER_ID';
    const isOld = version !== 'transactional' && version < memberEpochSince;
    if (member.classic === null && isOld) return 'UNSUPPORTED_VERSION';
    const refusal = group.epochRefusal(memberId, epoch);
    if (refusal === undefined || epoch > member.epoch) return refusal;
    const isStillOwned = request.topics.every(({ topicId, partitions }) =>
      partitions.every(({ partitionIndex }) => {
        const since = assignedSince(member, topicId, partitionIndex);
        return since !== undefined && since <= epoch;
      }),
    );
    return isStillOwned ? undefined : refusal;
  }

  /** Why a member does not get its offsets. */
  fetchRefusal(
    group: ConsumerGroup,
    memberId: string | null,
    memberEpoch: number,
  ): ErrorCode | undefined {
    if (memberId === null && memberEpoch < 0) return undefined;
    return group.epochRefusal(memberId ?? '', memberEpoch);
  }

  describe(groupId: string): ConsumerGroupDescription {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      const { classic, shares } = this.#parts;
      const isOther = classic.has(groupId) || shares.has(groupId);
      const what = isOther ? 'is not a consumer group' : 'not found';
      const code = errnoOf(groupId === '' ? 'INVALID_GROUP_ID' : 'GROUP_ID_NOT_FOUND');
      return groupRefusal(groupId, code, `Group ${groupId} ${what}.`);
    }
    return {
      errorCode: 0,
      errorMessage: null,
      groupId,
      groupState: group.state,
      groupEpoch: group.epoch,
      assignmentEpoch: group.assignmentEpoch,
      assignorName: group.assignor,
      members: Array.from(group.members(), (member) => this.#described(group, member)),
    };
  }

  #described(
    group: ConsumerGroup,
    member: ConsumerMember,
  ): ConsumerGroupDescription['members'][number] {
    const { memberId } = member;
    const { catalog } = this.#parts;
    return {
      memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.epoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: member.topicNames,
      subscribedTopicRegex: member.topicRegex,
      assignment: { topicPartitions: namedPartitions(partitionsOf(member.assigned), catalog) },
      targetAssignment: { topicPartitions: namedPartitions(group.target(memberId), catalog) },
      memberType: member.classic === null ? 1 : 0,
    };
  }
}

export function groupRefusal(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): ConsumerGroupDescription {
  const epochs = { groupEpoch: 0, assignmentEpoch: 0 };
  const nothing = { groupState: '', ...epochs, assignorName: '', members: [] };
  return { errorCode, errorMessage, groupId, ...nothing };
}

function assignedSince(
  { assigned, revoking }: ConsumerMember,
  topicId: string,
  partition: number,
): number | undefined {
  return assigned.get(topicId)?.get(partition) ?? revoking.get(topicId)?.get(partition);
}
