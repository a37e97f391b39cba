import { type ErrorCode, errnoOf, KafkaError } from '../../../../errors/index.js';
import type { TimerTable } from '../../runtime/timer-table.js';
import type { ClassicGroup } from '../classic-group.js';
import type { Committing } from '../consumer/consumer-groups.js';
import { type TopicCatalog, TopicHashes } from '../consumer/topic-catalog.js';
import type { GroupRecord } from '../group-records.js';
import { GroupTable } from '../group-table.js';
import type { GroupOutcome } from '../rebalance.js';
import type { StreamsGroupConfig, StreamsGroupSettings } from './streams-config.js';
import { StreamsGroup } from './streams-group.js';
import { type StreamsMember, streamsMemberState } from './streams-member.js';
import { StreamsMembership } from './streams-membership.js';
import type {
  DescribedStreamsMember,
  DescribedSubtopology,
  DescribedTasks,
  StreamsGroupDescription,
} from './streams-messages.js';
import { StreamsRebalance } from './streams-rebalance.js';
import type { StreamsGroupRecord } from './streams-records.js';
import { idsOf, plainTasks, type TargetTasks } from './tasks.js';
import { readerOf, type Subtopology } from './topology.js';

/** From this version on OffsetCommit carries the epoch of a member. */
const memberEpochSince = 9;

export interface StreamsGroupsParts {
  readonly timers: TimerTable<GroupRecord>;
  readonly config: StreamsGroupConfig;
  readonly settingsOf: (groupId: string) => StreamsGroupSettings;
  readonly catalog: TopicCatalog;
  /** Groups of the classic protocol; no id is in both. */
  readonly classic: ReadonlyMap<string, ClassicGroup>;
  /** Whether the id belongs to a group that is neither classic nor a streams group. */
  readonly isOther: (groupId: string) => boolean;
  /** Replays a record at once and has it written with the others of the operation. */
  readonly emit: (outcome: GroupOutcome, record: GroupRecord) => void;
}

/** All streams groups of a machine, and how the rest of the machine meets them. */
export class StreamsGroups {
  readonly membership: StreamsMembership;
  readonly #groups = new GroupTable<StreamsGroup, StreamsGroupRecord>(
    'streams-group',
    (groupId) => new StreamsGroup(groupId),
  );
  readonly #rebalance: StreamsRebalance;
  readonly #parts: StreamsGroupsParts;

  constructor(parts: StreamsGroupsParts) {
    const { config, catalog, emit, timers, settingsOf, classic, isOther } = parts;
    const groups = this.#groups;
    const hashes = new TopicHashes(catalog);
    const common = { groups, timers, config, catalog, emit };
    const rebalance = new StreamsRebalance({ ...common, settingsOf, hashes });
    this.#parts = parts;
    this.#rebalance = rebalance;
    this.membership = new StreamsMembership({
      ...common,
      rebalance,
      open: (groupId) => this.#open(groupId),
      keep: (group, outcome) => this.#keep(group, outcome),
      isOther: (groupId) => classic.has(groupId) || isOther(groupId),
    });
  }

  get(groupId: string): StreamsGroup | undefined {
    return this.#groups.get(groupId);
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  all(): IterableIterator<StreamsGroup> {
    return this.#groups.values();
  }

  replay(record: StreamsGroupRecord): void {
    this.#groups.replay(record);
  }

  /** Time begins for the members that were found in the log. */
  loaded(): void {
    for (const group of this.#groups.values()) {
      for (const member of group.members()) {
        this.#rebalance.restartSession(group, member.memberId);
        if (member.state === streamsMemberState.unrevoked) {
          this.#rebalance.watchRevocation(group, member);
        }
      }
    }
  }

  #open(groupId: string): StreamsGroup {
    const { classic, isOther } = this.#parts;
    const isTaken = classic.get(groupId)?.isIn('Empty') === false;
    if (!isTaken && !isOther(groupId)) return new StreamsGroup(groupId);
    throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a streams group.`);
  }

  #keep(group: StreamsGroup, outcome: GroupOutcome): void {
    const { groupId } = group;
    if (this.#parts.classic.has(groupId)) {
      this.#parts.emit(outcome, { kind: 'classic-group', groupId, value: null });
    }
    this.#groups.set(groupId, group);
  }

  /** Tombstones for all that a group is, but for its offsets. */
  bury(group: StreamsGroup, outcome: GroupOutcome): void {
    const { emit } = this.#parts;
    const { groupId } = group;
    this.#rebalance.cancelDelay(groupId);
    const memberIds = Array.from(group.members(), ({ memberId }) => memberId);
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'streams-progress', groupId, memberId, value: null });
    }
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'streams-target', groupId, memberId, value: null });
    }
    emit(outcome, { kind: 'streams-target-epoch', groupId, value: null });
    for (const memberId of memberIds) {
      emit(outcome, { kind: 'streams-member', groupId, memberId, value: null });
    }
    emit(outcome, { kind: 'streams-group', groupId, value: null });
    emit(outcome, { kind: 'streams-topology', groupId, value: null });
  }

  /**
   * Why a commit is refused. A member that lags behind may still commit for the tasks it was given
   * before the epoch it knows (KIP-1251).
   */
  commitRefusal(
    group: StreamsGroup,
    request: Committing,
    version: number | 'transactional',
  ): ErrorCode | undefined {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: epoch } = request;
    if (epoch < 0 && group.size === 0) return undefined;
    const isNobody = epoch < 0 && memberId === '' && groupInstanceId === null;
    if (version === 'transactional' && isNobody) return undefined;
    const member = group.member(memberId);
    if (member === undefined) return 'UNKNOWN_MEMBER_ID';
    if (version !== 'transactional' && version < memberEpochSince) return 'UNSUPPORTED_VERSION';
    if (epoch === member.epoch) return undefined;
    if (epoch > member.epoch) return 'STALE_MEMBER_EPOCH';
    const isStillOwned = request.topics.every(({ name, partitions }) =>
      partitions.every(({ partitionIndex }) => {
        const since = assignedSince(group, member, name, partitionIndex);
        return since !== undefined && since <= epoch;
      }),
    );
    return isStillOwned ? undefined : 'STALE_MEMBER_EPOCH';
  }

  /** Why a member does not get its offsets. */
  fetchRefusal(
    group: StreamsGroup,
    memberId: string | null,
    memberEpoch: number,
  ): ErrorCode | undefined {
    if (memberId === null && memberEpoch < 0) return undefined;
    const member = group.member(memberId ?? '');
    if (member === undefined) return 'UNKNOWN_MEMBER_ID';
    return member.epoch === memberEpoch ? undefined : 'STALE_MEMBER_EPOCH';
  }

  describe(groupId: string): StreamsGroupDescription {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      const isOther = this.#parts.classic.has(groupId) || this.#parts.isOther(groupId);
      const what = isOther ? 'is not a streams group' : 'not found';
      return streamsGroupRefusal(
        groupId,
        errnoOf(groupId === '' ? 'INVALID_GROUP_ID' : 'GROUP_ID_NOT_FOUND'),
        `Group ${groupId} ${what}.`,
      );
    }
    const { configured, topology } = group;
    const isReady = configured?.problem === undefined && configured?.subtopologies !== undefined;
    const subtopologies = isReady
      ? [...(configured.subtopologies?.values() ?? [])]
      : (topology?.subtopologies ?? []);
    return {
      errorCode: 0,
      errorMessage: null,
      groupId,
      groupState: group.state,
      groupEpoch: group.epoch,
      assignmentEpoch: group.assignmentEpoch,
      topology: topology === undefined ? null : described(topology.epoch, subtopologies),
      members: Array.from(group.members(), (member) => describedMember(group, member)),
    };
  }
}

/** Since which epoch a member has had the task that reads the partition. */
function assignedSince(
  { topology }: StreamsGroup,
  { assigned, revoking }: StreamsMember,
  topic: string,
  partition: number,
): number | undefined {
  const id = topology && readerOf(topology, topic)?.subtopologyId;
  if (id === undefined) return undefined;
  return assigned.active.get(id)?.get(partition) ?? revoking.active.get(id)?.get(partition);
}

function described(
  epoch: number,
  subtopologies: readonly Subtopology[],
): StreamsGroupDescription['topology'] {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const all = subtopologies.map(
    (one): DescribedSubtopology => ({
      subtopologyId: one.subtopologyId,
      sourceTopics: [...one.sourceTopics].sort(),
      repartitionSinkTopics: [...one.repartitionSinkTopics].sort(),
      stateChangelogTopics: [...one.stateChangelogTopics].sort(byName),
      repartitionSourceTopics: [...one.repartitionSourceTopics].sort(byName),
    }),
  );
  all.sort((a, b) => (a.subtopologyId < b.subtopologyId ? -1 : 1));
  return { epoch, subtopologies: all };
}

function describedMember(group: StreamsGroup, member: StreamsMember): DescribedStreamsMember {
  const { offsets, endOffsets } = group.taskOffsets(member.memberId);
  return {
    memberId: member.memberId,
    memberEpoch: member.epoch,
    instanceId: member.instanceId,
    rackId: member.rackId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    topologyEpoch: member.topologyEpoch,
    processId: member.processId,
    userEndpoint: member.userEndpoint,
    clientTags: member.clientTags,
    taskOffsets: offsets,
    taskEndOffsets: endOffsets,
    assignment: describedTasks(plainTasks(member.assigned)),
    targetAssignment: describedTasks(group.target(member.memberId)),
  };
}

function describedTasks({ active, standby, warmup }: TargetTasks): DescribedTasks {
  return {
    activeTasks: idsOf(active),
    standbyTasks: idsOf(standby),
    warmupTasks: idsOf(warmup),
  };
}

export function streamsGroupRefusal(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): StreamsGroupDescription {
  const epochs = { groupEpoch: 0, assignmentEpoch: 0 };
  return {
    errorCode,
    errorMessage,
    groupId,
    groupState: '',
    ...epochs,
    topology: null,
    members: [],
  };
}
