import type { TimerTable } from '../../runtime/timer-table.js';
import type { GroupRecord } from '../group-records.js';
import type { GroupOutcome } from '../rebalance.js';
import { type Assignment, isSameAssignment, isSameOwned } from './assignment.js';
import { type AssignorMember, assignors } from './assignor.js';
import type { ConsumerGroupConfig, GroupTimes } from './consumer-config.js';
import { type ConsumerGroup, defaultAssignor } from './consumer-group.js';
import {
  type ConsumerMember,
  factsOf,
  isReconciled,
  joiningEpoch,
  memberState,
  progressOf,
} from './consumer-member.js';
import type { ConsumerGroupRecord } from './consumer-records.js';
import { reconciled } from './reconciliation.js';
import type { TopicCatalog, TopicHashes } from './topic-catalog.js';
import { assignUniform } from './uniform-assignor.js';

export interface ConsumerRebalanceParts {
  readonly groups: ReadonlyMap<string, ConsumerGroup>;
  readonly timers: TimerTable<GroupRecord>;
  readonly config: ConsumerGroupConfig;
  readonly timesOf: (groupId: string) => GroupTimes;
  readonly catalog: TopicCatalog;
  readonly hashes: TopicHashes;
  /** Replays a record at once and has it written with the others of the operation. */
  readonly emit: (outcome: GroupOutcome, record: ConsumerGroupRecord) => void;
  /** Makes the group a classic one if all who stay are of that protocol; false if it did not. */
  readonly downgrade: (
    group: ConsumerGroup,
    leaving: ReadonlySet<string>,
    outcome: GroupOutcome,
    now: number,
  ) => boolean;
}

/**
 * How a consumer group moves from one epoch to the next, step by step, and the two time-outs that
 * drive it: sessions, and members that do not give back what they should. Each step puts down
 * what it changes (Kafka's `GroupMetadataManager`, consumer part).
 */
export class ConsumerRebalance {
  readonly #parts: ConsumerRebalanceParts;

  constructor(parts: ConsumerRebalanceParts) {
    this.#parts = parts;
  }

  /** The group epoch moves on if it must, or if the topics its members read are others now. */
  moveEpoch(group: ConsumerGroup, mustMove: boolean, outcome: GroupOutcome): void {
    const { catalog, hashes } = this.#parts;
    const version = catalog.version();
    if (!mustMove && group.topicsSeen === version) return;
    group.topicsSeen = version;
    const metadataHash = hashes.of(group.subscribedTopics());
    if (mustMove || metadataHash !== group.metadataHash) {
      this.#putEpoch(group, metadataHash, outcome);
    }
  }

  #putEpoch(group: ConsumerGroup, metadataHash: bigint, outcome: GroupOutcome): void {
    this.#parts.emit(outcome, {
      kind: 'consumer-group',
      groupId: group.groupId,
      value: { epoch: group.epoch + 1, metadataHash },
    });
  }

  /** Computes who shall have what, if that is due and the last time is long enough ago. */
  retarget(group: ConsumerGroup, outcome: GroupOutcome, now: number): void {
    if (group.epoch <= group.assignmentEpoch) return;
    const { groupId } = group;
    const intervalMs = this.#timesOf(groupId).assignmentIntervalMs;
    // A clock that was set back must not keep the group waiting.
    const { assignedAt } = group;
    if (assignedAt !== null && Math.abs(now - assignedAt) < intervalMs) return;
    const targets = this.#computed(group);
    for (const { memberId } of group.members()) {
      const value = targets.get(memberId) ?? new Map();
      if (group.hasTarget(memberId) && isSameAssignment(group.target(memberId), value)) continue;
      this.#parts.emit(outcome, { kind: 'consumer-target', groupId, memberId, value });
    }
    const value = { epoch: group.epoch, timestamp: now };
    this.#parts.emit(outcome, { kind: 'consumer-target-epoch', groupId, value });
  }

  #computed(group: ConsumerGroup): ReadonlyMap<string, Assignment> {
    const { catalog } = this.#parts;
    const members = Array.from(
      group.members(),
      (member): AssignorMember => ({
        memberId: member.memberId,
        topicIds: this.#topicIdsOf(group, member),
        current: group.target(member.memberId),
      }),
    );
    const assign = assignors.get(group.assignor) ?? assignors.get(defaultAssignor) ?? assignUniform;
    const partitionCountOf = (topicId: string) => catalog.byId(topicId)?.partitionCount ?? 0;
    return assign({ members, partitionCountOf });
  }

  #topicIdsOf(group: ConsumerGroup, member: ConsumerMember): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const name of group.topicsOf(member)) {
      const topic = this.#parts.catalog.byName(name);
      if (topic !== undefined) ids.add(topic.id);
    }
    return ids;
  }

  /** One step of a member towards its target. */
  reconcile(
    group: ConsumerGroup,
    memberId: string,
    reported: Assignment | null,
    subscriptionChanged: boolean,
    outcome: GroupOutcome,
  ): void {
    const member = group.member(memberId);
    if (member === undefined) return;
    const targetEpoch = group.assignmentEpoch;
    if (!subscriptionChanged && isReconciled(member, targetEpoch)) return;
    const topicIds = this.#topicIdsOf(group, member);
    const next = reconciled(member, {
      targetEpoch,
      target: group.target(memberId),
      reported,
      isSubscribed: (topicId) => topicIds.has(topicId),
      subscriptionChanged,
      isTaken: (topicId, partition) => {
        const owner = group.ownerOf(topicId, partition);
        return owner !== undefined && owner !== memberId;
      },
    });
    if (isSameProgress(member, next)) return;
    const { groupId } = group;
    const value = progressOf(next);
    this.#parts.emit(outcome, { kind: 'consumer-progress', groupId, memberId, value });
    // Members of the classic protocol are driven by the time-outs of joining and syncing.
    if (next.classic !== null) return;
    if (next.state === memberState.unrevoked) this.watchRevocation(group, next);
    else this.#parts.timers.cancel(revocationKey(groupId, memberId));
  }

  /**
   * Takes members out; what they owned is free at once, and the group epoch moves on. A group that
   * has none but classic members left becomes a classic one.
   */
  remove(
    group: ConsumerGroup,
    members: readonly ConsumerMember[],
    outcome: GroupOutcome,
    now: number,
  ): void {
    const { hashes, downgrade } = this.#parts;
    const { groupId } = group;
    const leaving = new Set(members.map(({ memberId }) => memberId));
    if (leaving.size === 0 || downgrade(group, leaving, outcome, now)) return;
    for (const { memberId } of members) {
      this.bury(groupId, memberId, outcome);
      this.cancelTimers(groupId, memberId);
    }
    const expressions = new Set(members.map(({ topicRegex }) => topicRegex));
    for (const regex of expressions) if (regex !== '') this.forgetUnused(group, regex, outcome);
    this.#putEpoch(group, hashes.of(group.subscribedTopics()), outcome);
  }

  /** Tombstones for one member. */
  bury(groupId: string, memberId: string, outcome: GroupOutcome): void {
    const { emit } = this.#parts;
    emit(outcome, { kind: 'consumer-progress', groupId, memberId, value: null });
    emit(outcome, { kind: 'consumer-target', groupId, memberId, value: null });
    emit(outcome, { kind: 'consumer-member', groupId, memberId, value: null });
  }

  /** A static member has restarted under another id: it gets all that its former self had. */
  replace(
    group: ConsumerGroup,
    holder: ConsumerMember,
    memberId: string,
    outcome: GroupOutcome,
  ): ConsumerMember {
    const { emit } = this.#parts;
    const { groupId } = group;
    const target = group.target(holder.memberId);
    const renewed = { ...holder, memberId, epoch: joiningEpoch, previousEpoch: joiningEpoch };
    this.bury(groupId, holder.memberId, outcome);
    this.cancelTimers(groupId, holder.memberId);
    emit(outcome, { kind: 'consumer-member', groupId, memberId, value: factsOf(renewed) });
    emit(outcome, { kind: 'consumer-target', groupId, memberId, value: target });
    emit(outcome, { kind: 'consumer-progress', groupId, memberId, value: progressOf(renewed) });
    return renewed;
  }

  /** Takes a regular expression away that nobody subscribes by any more. */
  forgetUnused(group: ConsumerGroup, regex: string, outcome: GroupOutcome): void {
    const { groupId } = group;
    if (group.subscribedRegexes().has(regex)) return;
    this.#parts.emit(outcome, { kind: 'consumer-regex', groupId, regex, value: null });
  }

  /** A member that is not heard of for so long is taken out. */
  restartSession(group: ConsumerGroup, memberId: string, timeoutMs?: number): void {
    const { groupId } = group;
    const delayMs = timeoutMs ?? this.#timesOf(groupId).sessionTimeoutMs;
    this.#parts.timers.schedule(sessionKey(groupId, memberId), delayMs, (outcome, now) =>
      this.#fence(groupId, memberId, outcome, now),
    );
  }

  /** A member that does not give back what it should is taken out. */
  watchRevocation(group: ConsumerGroup, member: ConsumerMember): void {
    const { groupId } = group;
    const { memberId, epoch } = member;
    const delayMs = Math.max(0, member.rebalanceTimeoutMs);
    this.#parts.timers.schedule(revocationKey(groupId, memberId), delayMs, (outcome, now) => {
      const current = this.#parts.groups.get(groupId)?.member(memberId);
      if (current?.state !== memberState.unrevoked || current.epoch > epoch) return;
      this.#fence(groupId, memberId, outcome, now);
    });
  }

  /** A classic member that was told to join again and does not is taken out. */
  awaitJoin(group: ConsumerGroup, { memberId, rebalanceTimeoutMs }: ConsumerMember): void {
    const key = joinKey(group.groupId, memberId);
    if (!this.#parts.timers.has(key)) this.#await(key, group, memberId, rebalanceTimeoutMs);
  }

  endJoin({ groupId }: ConsumerGroup, memberId: string): void {
    this.#parts.timers.cancel(joinKey(groupId, memberId));
  }

  /** A classic member that has joined and does not ask for its assignment is taken out. */
  awaitSync(group: ConsumerGroup, { memberId, rebalanceTimeoutMs }: ConsumerMember): void {
    this.#await(syncKey(group.groupId, memberId), group, memberId, rebalanceTimeoutMs);
  }

  endSync({ groupId }: ConsumerGroup, memberId: string): void {
    this.#parts.timers.cancel(syncKey(groupId, memberId));
  }

  #await(key: string, { groupId }: ConsumerGroup, memberId: string, delayMs: number): void {
    this.#parts.timers.schedule(key, Math.max(0, delayMs), (outcome, now) =>
      this.#fence(groupId, memberId, outcome, now),
    );
  }

  #fence(groupId: string, memberId: string, outcome: GroupOutcome, now: number): void {
    const group = this.#parts.groups.get(groupId);
    const member = group?.member(memberId);
    if (group !== undefined && member !== undefined) this.remove(group, [member], outcome, now);
  }

  cancelTimers(groupId: string, memberId: string): void {
    for (const keyOf of [sessionKey, revocationKey, joinKey, syncKey]) {
      this.#parts.timers.cancel(keyOf(groupId, memberId));
    }
  }

  heartbeatIntervalMs(groupId: string): number {
    return this.#timesOf(groupId).heartbeatIntervalMs;
  }

  #timesOf(groupId: string): ConsumerGroupConfig {
    return { ...this.#parts.config, ...this.#parts.timesOf(groupId) };
  }
}

function isSameProgress(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one === other ||
    (one.epoch === other.epoch &&
      one.previousEpoch === other.previousEpoch &&
      one.state === other.state &&
      isSameOwned(one.assigned, other.assigned) &&
      isSameOwned(one.revoking, other.revoking))
  );
}

function sessionKey(groupId: string, memberId: string): string {
  return `consumer session ${groupId.length} ${groupId} ${memberId}`;
}

function revocationKey(groupId: string, memberId: string): string {
  return `consumer revocation ${groupId.length} ${groupId} ${memberId}`;
}

function joinKey(groupId: string, memberId: string): string {
  return `consumer join ${groupId.length} ${groupId} ${memberId}`;
}

function syncKey(groupId: string, memberId: string): string {
  return `consumer sync ${groupId.length} ${groupId} ${memberId}`;
}
