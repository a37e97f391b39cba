import type { TimerTable } from '../../runtime/timer-table.js';
import type { TopicCatalog, TopicHashes } from '../consumer/topic-catalog.js';
import type { GroupRecord } from '../group-records.js';
import type { GroupOutcome } from '../rebalance.js';
import { configureTopology } from './configured-topology.js';
import type { ConfiguredTopology } from './configured-topology.js';
import { assignSticky } from './sticky-task-assignor.js';
import type { StreamsGroupConfig, StreamsGroupSettings } from './streams-config.js';
import type { StreamsGroup } from './streams-group.js';
import {
  isReconciledTo,
  isSameStreamsProgress,
  leavingStaticEpoch,
  type StreamsMember,
  streamsFactsOf,
  streamsMemberState,
  streamsProgressOf,
} from './streams-member.js';
import { streamsReconciled } from './streams-reconciliation.js';
import type { StoredStreamsGroup, StreamsGroupRecord } from './streams-records.js';
import { isSameTarget, noTasks, ownsNoTasks, type TargetTasks } from './tasks.js';
import { type Status, statusOf } from './topic-problem.js';
import { requiredTopics, type Topology } from './topology.js';

export interface StreamsRebalanceParts {
  readonly groups: ReadonlyMap<string, StreamsGroup>;
  readonly timers: TimerTable<GroupRecord>;
  readonly config: StreamsGroupConfig;
  readonly settingsOf: (groupId: string) => StreamsGroupSettings;
  readonly catalog: TopicCatalog;
  readonly hashes: TopicHashes;
  /** Replays a record at once and has it written with the others of the operation. */
  readonly emit: (outcome: GroupOutcome, record: StreamsGroupRecord) => void;
}

/** How the topology stands on the topics of this moment. */
export interface TopologyCheck {
  readonly metadataHash: bigint;
  readonly configured: ConfiguredTopology;
}

/**
 * How a streams group moves from one epoch to the next, step by step, and the time-outs that
 * drive it: sessions, members that do not give back what they should, and the pause in which a
 * new group gathers members. Each step puts down what it changes (Kafka's `GroupMetadataManager`,
 * streams part).
 */
export class StreamsRebalance {
  readonly #parts: StreamsRebalanceParts;

  constructor(parts: StreamsRebalanceParts) {
    this.#parts = parts;
  }

  /** Looks at the topics where they may have changed; changes nothing. */
  check(group: StreamsGroup, topology: Topology): TopologyCheck {
    const { catalog, hashes } = this.#parts;
    const { configured, metadataHash } = group;
    const isSeen = group.topicsSeen === catalog.version() && group.topology !== undefined;
    if (isSeen && configured !== undefined) return { metadataHash, configured };
    const hash = hashes.of(requiredTopics(topology));
    const isSame = hash === metadataHash && group.topology !== undefined;
    if (isSame && configured !== undefined) return { metadataHash, configured };
    return { metadataHash: hash, configured: configureTopology(topology, catalog) };
  }

  /** Keeps what was found, and moves the group epoch on if the tasks may have to be dealt anew. */
  moveEpoch(
    group: StreamsGroup,
    { metadataHash, configured }: TopologyCheck,
    mustMove: boolean,
    outcome: GroupOutcome,
  ): void {
    group.topicsSeen = this.#parts.catalog.version();
    group.configured = configured;
    const validatedTopologyEpoch = configured.problem === undefined ? configured.epoch : -1;
    const assignmentConfigs = this.#assignmentConfigs(group.groupId);
    const isDue =
      mustMove ||
      metadataHash !== group.metadataHash ||
      validatedTopologyEpoch !== group.validatedTopologyEpoch ||
      !isSameConfigs(assignmentConfigs, group.assignmentConfigs);
    if (!isDue) return;
    this.#putEpoch(group, { metadataHash, validatedTopologyEpoch, assignmentConfigs }, outcome);
  }

  #putEpoch(
    group: StreamsGroup,
    facts: Omit<StoredStreamsGroup, 'epoch'>,
    outcome: GroupOutcome,
  ): void {
    const value = { epoch: group.epoch + 1, ...facts };
    this.#parts.emit(outcome, { kind: 'streams-group', groupId: group.groupId, value });
  }

  /** A group that gets its first member waits a while for others before it deals out tasks. */
  delayFirst({ groupId }: StreamsGroup): void {
    const { initialRebalanceDelayMs } = this.#settingsOf(groupId);
    const key = delayKey(groupId);
    if (initialRebalanceDelayMs <= 0 || this.#parts.timers.has(key)) return;
    this.#parts.timers.schedule(key, initialRebalanceDelayMs, (outcome, now) => {
      const group = this.#parts.groups.get(groupId);
      if (group !== undefined && group.size > 0) this.retarget(group, outcome, now);
    });
  }

  /**
   * Deals out the tasks, if that is due and the last time is long enough ago; gives the reason
   * when it has to wait.
   */
  retarget(group: StreamsGroup, outcome: GroupOutcome, now: number): Status | undefined {
    const { groupId, configured } = group;
    if (this.#isDelayed(groupId)) {
      return statusOf(
        'ASSIGNMENT_DELAYED',
        'Assignment delayed due to the configured initial rebalance delay.',
      );
    }
    if (group.epoch <= group.assignmentEpoch || configured === undefined) return undefined;
    // A clock that was set back must not keep the group waiting.
    const elapsed = Math.abs(now - group.assignedAt);
    if (group.assignedAt > 0 && elapsed < this.#settingsOf(groupId).assignmentIntervalMs) {
      return statusOf(
        'ASSIGNMENT_DELAYED',
        'Assignment delayed due to the configured assignment interval.',
      );
    }
    const targets = computed(group, configured);
    for (const { memberId } of group.members()) {
      const value = targets.get(memberId) ?? noTasks;
      if (group.hasTarget(memberId) && isSameTarget(group.target(memberId), value)) continue;
      this.#parts.emit(outcome, { kind: 'streams-target', groupId, memberId, value });
    }
    const value = { epoch: group.epoch, timestamp: now };
    this.#parts.emit(outcome, { kind: 'streams-target-epoch', groupId, value });
    return undefined;
  }

  #isDelayed(groupId: string): boolean {
    return this.#parts.timers.has(delayKey(groupId));
  }

  /** One step of a member towards its target; nothing is to be had before the first deal. */
  reconcile(
    group: StreamsGroup,
    memberId: string,
    reported: TargetTasks | null,
    outcome: GroupOutcome,
  ): void {
    const member = group.member(memberId);
    const { groupId, assignmentEpoch: targetEpoch } = group;
    if (member === undefined || isReconciledTo(member, targetEpoch)) return;
    const target = this.#isDelayed(groupId) ? noTasks : group.target(memberId);
    const holders = group.tasks;
    const next = streamsReconciled(member, { targetEpoch, target, reported, holders });
    if (next === member || isSameStreamsProgress(member, next)) return;
    const value = streamsProgressOf(next);
    this.#parts.emit(outcome, { kind: 'streams-progress', groupId, memberId, value });
    if (next.state === streamsMemberState.unrevoked) this.watchRevocation(group, next);
    else this.#parts.timers.cancel(revocationKey(groupId, memberId));
  }

  /** A static member has restarted under another id: it gets all that its former self had. */
  replace(
    group: StreamsGroup,
    holder: StreamsMember,
    renewed: StreamsMember,
    outcome: GroupOutcome,
  ): void {
    const { emit } = this.#parts;
    const { groupId } = group;
    const { memberId } = renewed;
    const target = group.target(holder.memberId);
    this.#bury(groupId, holder.memberId, outcome);
    const facts = streamsFactsOf(renewed);
    emit(outcome, { kind: 'streams-member', groupId, memberId, value: facts });
    emit(outcome, { kind: 'streams-target', groupId, memberId, value: target });
    const progress = streamsProgressOf(renewed);
    emit(outcome, { kind: 'streams-progress', groupId, memberId, value: progress });
  }

  #bury(groupId: string, memberId: string, outcome: GroupOutcome): void {
    const { emit, timers } = this.#parts;
    emit(outcome, { kind: 'streams-progress', groupId, memberId, value: null });
    emit(outcome, { kind: 'streams-target', groupId, memberId, value: null });
    emit(outcome, { kind: 'streams-member', groupId, memberId, value: null });
    timers.cancel(sessionKey(groupId, memberId));
    timers.cancel(revocationKey(groupId, memberId));
  }

  /** A static member is away for a while: it keeps its tasks until its session is over. */
  leaveForAWhile({ groupId }: StreamsGroup, member: StreamsMember, outcome: GroupOutcome): void {
    const { memberId } = member;
    const value = {
      ...streamsProgressOf(member),
      epoch: leavingStaticEpoch,
      revoking: ownsNoTasks,
    };
    this.#parts.emit(outcome, { kind: 'streams-progress', groupId, memberId, value });
  }

  /** Takes a member out; what it had is free at once, and the group epoch moves on. */
  remove(group: StreamsGroup, { memberId }: StreamsMember, outcome: GroupOutcome): void {
    const { groupId, metadataHash, validatedTopologyEpoch, assignmentConfigs } = group;
    this.#bury(groupId, memberId, outcome);
    this.#putEpoch(group, { metadataHash, validatedTopologyEpoch, assignmentConfigs }, outcome);
  }

  /** A member that is not heard of for so long is taken out. */
  restartSession({ groupId }: StreamsGroup, memberId: string): void {
    const { sessionTimeoutMs } = this.#settingsOf(groupId);
    this.#parts.timers.schedule(sessionKey(groupId, memberId), sessionTimeoutMs, (outcome) =>
      this.#fence(groupId, memberId, outcome),
    );
  }

  /** A member that does not give back what it should is taken out. */
  watchRevocation({ groupId }: StreamsGroup, member: StreamsMember): void {
    const { memberId, epoch } = member;
    const delayMs = Math.max(0, member.rebalanceTimeoutMs);
    this.#parts.timers.schedule(revocationKey(groupId, memberId), delayMs, (outcome) => {
      const current = this.#parts.groups.get(groupId)?.member(memberId);
      if (current?.epoch === epoch) this.#fence(groupId, memberId, outcome);
    });
  }

  #fence(groupId: string, memberId: string, outcome: GroupOutcome): void {
    const group = this.#parts.groups.get(groupId);
    const member = group?.member(memberId);
    if (group !== undefined && member !== undefined) this.remove(group, member, outcome);
  }

  /** For a group that is no more. */
  cancelDelay(groupId: string): void {
    this.#parts.timers.cancel(delayKey(groupId));
  }

  /** How often members are to speak, and to tell of their tasks' offsets. */
  intervals(
    groupId: string,
  ): Pick<StreamsGroupConfig, 'heartbeatIntervalMs' | 'taskOffsetIntervalMs'> {
    const { heartbeatIntervalMs, taskOffsetIntervalMs } = this.#settingsOf(groupId);
    return { heartbeatIntervalMs, taskOffsetIntervalMs };
  }

  #assignmentConfigs(groupId: string): StoredStreamsGroup['assignmentConfigs'] {
    const value = String(this.#settingsOf(groupId).standbyReplicas);
    return [{ key: standbyReplicas, value }];
  }

  #settingsOf(groupId: string): StreamsGroupConfig {
    return { ...this.#parts.config, ...this.#parts.settingsOf(groupId) };
  }
}

/** As the group's record names it. */
const standbyReplicas = 'num.standby.replicas';

function computed(
  group: StreamsGroup,
  { problem, subtopologies }: ConfiguredTopology,
): ReadonlyMap<string, TargetTasks> {
  if (problem !== undefined || subtopologies === undefined) return new Map();
  const members = Array.from(group.members(), ({ memberId, processId }) => ({
    memberId,
    processId,
    current: group.target(memberId),
    taskOffsets: group.taskOffsets(memberId).offsets,
  }));
  const parts = Array.from(subtopologies.values(), (one) => ({
    subtopologyId: one.subtopologyId,
    taskCount: one.taskCount,
    isStateful: one.stateChangelogTopics.length > 0,
  }));
  const standby = group.assignmentConfigs.find(({ key }) => key === standbyReplicas)?.value;
  return assignSticky(members, parts, Number(standby ?? 0));
}

function isSameConfigs(
  one: StoredStreamsGroup['assignmentConfigs'],
  other: StoredStreamsGroup['assignmentConfigs'],
): boolean {
  return (
    one.length === other.length &&
    one.every(({ key, value }, at) => other[at]?.key === key && other[at]?.value === value)
  );
}

function sessionKey(groupId: string, memberId: string): string {
  return `streams session ${groupId.length} ${groupId} ${memberId}`;
}

function revocationKey(groupId: string, memberId: string): string {
  return `streams revocation ${groupId.length} ${groupId} ${memberId}`;
}

const delayKey = (groupId: string) => `streams delay ${groupId}`;
