import { errnoOf } from '../../../errors/index.js';
import type { Outcome } from '../runtime/outcome.js';
import type { TimerTable } from '../runtime/timer-table.js';
import type { ClassicGroup } from './classic-group.js';
import { type ClassicMember, noBytes } from './classic-member.js';
import type { GroupConfig } from './group-config.js';
import type { JoinGroupAnswer, SyncGroupAnswer } from './group-messages.js';
import type { GroupRecord } from './group-records.js';
import { recordOf } from './stored-group.js';

/** How long a new member's first JoinGroup may stay parked before the member is given up. */
export const newMemberJoinTimeoutMs = 5 * 60_000;

export type GroupOutcome = Outcome<GroupRecord>;

export interface RebalanceParts {
  readonly groups: ReadonlyMap<string, ClassicGroup>;
  readonly timers: TimerTable<GroupRecord>;
  readonly config: GroupConfig;
}

/**
 * The rules by which a classic group moves from one generation to the next, and the three kinds
 * of time-outs that drive it: sessions of members, the join phase, the sync phase. Requests and
 * timers share these steps (Kafka's `GroupMetadataManager`, classic part).
 */
export class Rebalance {
  readonly #groups: ReadonlyMap<string, ClassicGroup>;
  readonly #timers: TimerTable<GroupRecord>;
  readonly #config: GroupConfig;

  constructor(parts: RebalanceParts) {
    this.#groups = parts.groups;
    this.#timers = parts.timers;
    this.#config = parts.config;
  }

  /** Starts a rebalance if the group is in a state to do so, else sees whether one can end. */
  prepareOrComplete(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    if (group.isIn('Empty', 'Stable', 'CompletingRebalance')) this.prepare(group, outcome, now);
    else this.completeJoinIfAllJoined(group, outcome, now);
  }

  prepare(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    if (group.isIn('CompletingRebalance')) {
      this.failSyncs(group, outcome, errnoOf('REBALANCE_IN_PROGRESS'));
    }
    this.#timers.cancel(syncKey(group));
    const isFirst = group.isIn('Empty');
    group.transitionTo('PreparingRebalance', now);
    if (isFirst) {
      const delayMs = this.#config.initialRebalanceDelayMs;
      this.#delayFirst(group, delayMs, Math.max(0, group.rebalanceTimeoutMs - delayMs));
    } else {
      this.#completeOrWait(group, outcome, now);
    }
  }

  /** Ends the join phase when nobody is missing; the first one always lasts its initial delay. */
  completeJoinIfAllJoined(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    if (!group.isIn('PreparingRebalance') || group.previousState === 'Empty') return;
    this.#completeOrWait(group, outcome, now);
  }

  /** The group goes on as a consumer group: whoever waits is told to join that one. */
  dissolve(group: ClassicGroup, outcome: GroupOutcome): void {
    const again = errnoOf('REBALANCE_IN_PROGRESS');
    this.#timers.cancel(joinKey(group));
    this.#timers.cancel(syncKey(group));
    for (const memberId of group.pendingMembers) this.endSession(group, memberId);
    for (const member of group.members()) {
      this.endSession(group, member.memberId);
      const joining = group.takeJoining(member);
      if (joining !== undefined) outcome.answer(joining, joinRefusal(member.memberId, again));
      this.#answerSync(member, outcome, syncRefusal(again));
    }
  }

  /** A member is gone: by leaving, by its session time-out, or thrown out by an administrator. */
  removeMember(
    group: ClassicGroup,
    member: ClassicMember,
    outcome: GroupOutcome,
    now: number,
  ): void {
    this.#timers.cancel(sessionKey(group, member.memberId));
    const unknown = errnoOf('UNKNOWN_MEMBER_ID');
    const joining = group.takeJoining(member);
    if (joining !== undefined) outcome.answer(joining, joinRefusal('', unknown));
    this.#answerSync(member, outcome, syncRefusal(unknown));
    group.remove(member.memberId);
    if (group.isIn('Stable', 'CompletingRebalance')) this.prepare(group, outcome, now);
    else this.completeJoinIfAllJoined(group, outcome, now);
  }

  removePendingMember(
    group: ClassicGroup,
    memberId: string,
    outcome: GroupOutcome,
    now: number,
  ): void {
    this.#timers.cancel(sessionKey(group, memberId));
    group.remove(memberId);
    this.completeJoinIfAllJoined(group, outcome, now);
  }

  /** Starts a member's session anew, or gives a new one `timeoutMs` to come back. */
  restartSession(
    group: ClassicGroup,
    member: ClassicMember,
    timeoutMs = member.sessionTimeoutMs,
  ): void {
    this.startSession(group, member.memberId, timeoutMs);
  }

  startSession(group: ClassicGroup, memberId: string, timeoutMs: number): void {
    this.#timers.schedule(sessionKey(group, memberId), timeoutMs, (outcome, now) =>
      this.#expireSession(group, memberId, outcome, now),
    );
  }

  endSession(group: ClassicGroup, memberId: string): void {
    this.#timers.cancel(sessionKey(group, memberId));
  }

  /** A member's SyncGroup has come. When the last one is in, nobody needs to be waited for. */
  noteSync(group: ClassicGroup, memberId: string): void {
    group.pendingSync.delete(memberId);
    if (group.pendingSync.size === 0) this.#timers.cancel(syncKey(group));
  }

  /** Gives everybody who waits its assignment. Sessions count again from now. */
  propagateAssignments(group: ClassicGroup, outcome: GroupOutcome): void {
    for (const member of group.members()) {
      const { assignment } = member;
      const { protocolType, protocolName } = group;
      const answer = { errorCode: 0, protocolType, protocolName, assignment };
      if (this.#answerSync(member, outcome, answer)) this.restartSession(group, member);
    }
  }

  /** Takes all assignments back and tells everybody who waits for one. */
  failSyncs(group: ClassicGroup, outcome: GroupOutcome, errorCode: number): void {
    for (const member of group.members()) {
      member.assignment = noBytes;
      const waited = this.#answerSync(member, outcome, syncRefusal(errorCode));
      if (waited) this.restartSession(group, member);
    }
  }

  #answerSync(member: ClassicMember, outcome: GroupOutcome, answer: SyncGroupAnswer): boolean {
    const { syncing } = member;
    if (syncing === undefined) return false;
    member.syncing = undefined;
    outcome.answer(syncing, answer);
    return true;
  }

  /** More members may come during the initial delay; each one may prolong it, up to a limit. */
  #delayFirst(group: ClassicGroup, delayMs: number, remainingMs: number): void {
    this.#timers.schedule(joinKey(group), delayMs, (outcome, now) => {
      if (!this.#isCurrent(group)) return;
      if (!group.newMemberAdded || remainingMs === 0) {
        this.#completeJoin(group, outcome, now);
        return;
      }
      group.newMemberAdded = false;
      const nextDelayMs = Math.min(this.#config.initialRebalanceDelayMs, remainingMs);
      this.#delayFirst(group, nextDelayMs, Math.max(0, remainingMs - delayMs));
    });
  }

  #completeOrWait(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    if (group.hasAllMembersJoined) this.#completeJoin(group, outcome, now);
    else this.#waitForJoins(group);
  }

  #waitForJoins(group: ClassicGroup): void {
    this.#timers.schedule(joinKey(group), group.rebalanceTimeoutMs, (outcome, now) => {
      if (this.#isCurrent(group)) this.#completeJoin(group, outcome, now);
    });
  }

  /** The join phase is over: who has not joined is out, unless it is a static member. */
  #completeJoin(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    this.#timers.cancel(joinKey(group));
    for (const member of group.members()) {
      if (member.joining !== undefined || member.isStatic) continue;
      this.#timers.cancel(sessionKey(group, member.memberId));
      group.remove(member.memberId);
    }
    if (group.size > 0 && !group.electJoinedLeader()) {
      // Only static members are left and none of them has joined: their sessions will decide.
      this.#waitForJoins(group);
      return;
    }
    group.startGeneration(now);
    if (group.isIn('Empty')) {
      outcome.note(recordOf(group));
      return;
    }
    this.#announceGeneration(group, outcome);
  }

  #announceGeneration(group: ClassicGroup, outcome: GroupOutcome): void {
    for (const member of group.members()) {
      const joining = group.takeJoining(member);
      if (joining !== undefined) outcome.answer(joining, currentGeneration(group, member));
      this.restartSession(group, member);
      member.isNew = false;
      group.pendingSync.add(member.memberId);
    }
    const { generationId } = group;
    this.#timers.schedule(syncKey(group), group.rebalanceTimeoutMs, (outcome, now) => {
      if (!this.#isCurrent(group) || group.generationId !== generationId) return;
      if (group.isIn('CompletingRebalance', 'Stable')) this.#expireSync(group, outcome, now);
    });
  }

  #expireSync(group: ClassicGroup, outcome: GroupOutcome, now: number): void {
    if (group.pendingSync.size === 0) return;
    for (const memberId of group.pendingSync) {
      this.#timers.cancel(sessionKey(group, memberId));
      group.remove(memberId);
    }
    this.prepare(group, outcome, now);
  }

  #expireSession(group: ClassicGroup, memberId: string, outcome: GroupOutcome, now: number): void {
    if (!this.#isCurrent(group)) return;
    if (group.pendingMembers.has(memberId)) {
      this.removePendingMember(group, memberId, outcome, now);
      return;
    }
    const member = group.member(memberId);
    if (member === undefined) return;
    // Whoever waits for an answer of ours is alive, but for a new member, which may have given up.
    const waits = member.joining !== undefined || member.syncing !== undefined;
    if (waits && !member.isNew) return;
    this.removeMember(group, member, outcome, now);
  }

  #isCurrent(group: ClassicGroup): boolean {
    return this.#groups.get(group.groupId) === group;
  }
}

/** The answer to a member that has joined the current generation. */
export function currentGeneration(group: ClassicGroup, member: ClassicMember): JoinGroupAnswer {
  return {
    errorCode: 0,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId: member.memberId,
    members: group.leaderId === member.memberId ? group.membersForLeader() : [],
  };
}

export function joinRefusal(memberId: string, errorCode: number): JoinGroupAnswer {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  };
}

export function syncRefusal(errorCode: number): SyncGroupAnswer {
  return { errorCode, protocolType: null, protocolName: null, assignment: noBytes };
}

function sessionKey(group: ClassicGroup, memberId: string): string {
  return `session ${group.groupId.length} ${group.groupId} ${memberId}`;
}

const joinKey = (group: ClassicGroup) => `join ${group.groupId}`;
const syncKey = (group: ClassicGroup) => `sync ${group.groupId}`;
