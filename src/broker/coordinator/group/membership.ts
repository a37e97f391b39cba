import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import type { ClassicGroup } from './classic-group.js';
import { noBytes } from './classic-member.js';
import type { ConsumerGroups } from './consumer/consumer-groups.js';
import type { GroupConfig } from './group-config.js';
import type {
  Heartbeat,
  HeartbeatAnswer,
  LeaveGroup,
  LeaveGroupAnswer,
  LeavingMember,
  SyncGroup,
  SyncGroupAnswer,
} from './group-messages.js';
import { type GroupOutcome, type Rebalance, syncRefusal } from './rebalance.js';
import { recordBytes, recordOf } from './stored-group.js';

export interface MembershipParts {
  readonly groups: ReadonlyMap<string, ClassicGroup>;
  readonly consumers: ConsumerGroups;
  readonly rebalance: Rebalance;
  readonly config: GroupConfig;
}

/** What members do once they have joined: SyncGroup, Heartbeat, LeaveGroup. */
export class Membership {
  readonly #parts: MembershipParts;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  sync(
    request: SyncGroup,
    ticket: Ticket<SyncGroupAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const refuse = (code: ErrorCode) => outcome.answer(ticket, syncRefusal(errnoOf(code)));
    if (request.groupId === '') return refuse('INVALID_GROUP_ID');
    const { consumers } = this.#parts;
    const mixed = consumers.get(request.groupId);
    if (mixed !== undefined) {
      return outcome.answer(ticket, consumers.classicMembership.sync(mixed, request));
    }
    const group = this.#parts.groups.get(request.groupId);
    if (group === undefined) return refuse('UNKNOWN_MEMBER_ID');
    const refusal = syncRefusalOf(group, request);
    const member = group.member(request.memberId);
    if (refusal !== undefined || member === undefined) {
      return refuse(refusal ?? 'UNKNOWN_MEMBER_ID');
    }
    if (group.isIn('Empty')) return refuse('UNKNOWN_MEMBER_ID');
    if (group.isIn('PreparingRebalance')) return refuse('REBALANCE_IN_PROGRESS');
    this.#parts.rebalance.noteSync(group, member.memberId);
    if (group.isIn('Stable')) {
      const { protocolType, protocolName } = group;
      const { assignment } = member;
      return outcome.answer(ticket, { errorCode: 0, protocolType, protocolName, assignment });
    }
    // The same member asked before, over a connection it has probably given up.
    const again = errnoOf('REBALANCE_IN_PROGRESS');
    if (member.syncing !== undefined) outcome.answer(member.syncing, syncRefusal(again));
    member.syncing = ticket;
    if (group.leaderId === member.memberId) this.#assign(group, request, outcome, now);
  }

  /** The leader has spoken: the generation is put down, and everybody gets its part. */
  #assign(group: ClassicGroup, request: SyncGroup, outcome: GroupOutcome, now: number): void {
    const { rebalance, config } = this.#parts;
    let bytes = 0;
    for (const { assignment } of request.assignments) bytes += assignment.length;
    if (recordBytes(group, bytes) > config.recordBytesMax) {
      rebalance.failSyncs(group, outcome, errnoOf('UNKNOWN_SERVER_ERROR'));
      rebalance.prepare(group, outcome, now);
      return;
    }
    const assignments = new Map(
      request.assignments.map(({ memberId, assignment }) => [memberId, assignment]),
    );
    for (const member of group.members()) {
      // A copy, for the request's bytes are views into its frame.
      const assignment = assignments.get(member.memberId);
      member.assignment = assignment === undefined ? noBytes : Buffer.from(assignment);
    }
    outcome.note(recordOf(group));
    rebalance.propagateAssignments(group, outcome);
    group.transitionTo('Stable', now);
  }

  heartbeat(request: Heartbeat, ticket: Ticket<HeartbeatAnswer>, outcome: GroupOutcome): void {
    outcome.answer(ticket, { errorCode: errnoOf(this.#heartbeat(request)) });
  }

  #heartbeat(request: Heartbeat): ErrorCode {
    if (request.groupId === '') return 'INVALID_GROUP_ID';
    const { consumers } = this.#parts;
    const mixed = consumers.get(request.groupId);
    if (mixed !== undefined) return consumers.classicMembership.heartbeat(mixed, request);
    const group = this.#parts.groups.get(request.groupId);
    if (group === undefined) return 'UNKNOWN_MEMBER_ID';
    const refusal = group.refusal(request.memberId, request.groupInstanceId);
    const member = group.member(request.memberId);
    if (refusal !== undefined || member === undefined) return refusal ?? 'UNKNOWN_MEMBER_ID';
    if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION';
    if (group.isIn('Empty')) return 'UNKNOWN_MEMBER_ID';
    this.#parts.rebalance.restartSession(group, member);
    return group.isIn('PreparingRebalance') ? 'REBALANCE_IN_PROGRESS' : 'NONE';
  }

  leave(
    request: LeaveGroup,
    ticket: Ticket<LeaveGroupAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    if (request.groupId === '') {
      const errorCode = errnoOf('INVALID_GROUP_ID');
      return outcome.answer(ticket, { errorCode, members: [] });
    }
    const { consumers } = this.#parts;
    const mixed = consumers.get(request.groupId);
    if (mixed !== undefined) {
      const answer = consumers.classicMembership.leave(mixed, request, outcome, now);
      return outcome.answer(ticket, answer);
    }
    const group = this.#parts.groups.get(request.groupId);
    const members = request.members.map((leaving) => {
      const code =
        group === undefined ? 'UNKNOWN_MEMBER_ID' : this.#leave(group, leaving, outcome, now);
      const { memberId, groupInstanceId } = leaving;
      return { memberId, groupInstanceId, errorCode: errnoOf(code) };
    });
    outcome.answer(ticket, { errorCode: 0, members });
  }

  #leave(
    group: ClassicGroup,
    leaving: LeavingMember,
    outcome: GroupOutcome,
    now: number,
  ): ErrorCode {
    const { rebalance } = this.#parts;
    const { groupInstanceId } = leaving;
    let { memberId } = leaving;
    if (memberId === '') {
      // An administrator names a static member by its instance.
      const current = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId);
      if (current === undefined) return 'UNKNOWN_MEMBER_ID';
      memberId = current;
    } else if (group.pendingMembers.has(memberId)) {
      rebalance.removePendingMember(group, memberId, outcome, now);
      return 'NONE';
    }
    const refusal = group.refusal(memberId, groupInstanceId);
    const member = group.member(memberId);
    if (refusal !== undefined || member === undefined) return refusal ?? 'UNKNOWN_MEMBER_ID';
    rebalance.removeMember(group, member, outcome, now);
    return 'NONE';
  }
}

function syncRefusalOf(group: ClassicGroup, request: SyncGroup): ErrorCode | undefined {
  const refusal = group.refusal(request.memberId, request.groupInstanceId);
  if (refusal !== undefined) return refusal;
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION';
  const { protocolType, protocolName } = request;
  const differs =
    (protocolType !== null && protocolType !== group.protocolType) ||
    (protocolName !== null && protocolName !== group.protocolName);
  return differs ? 'INCONSISTENT_GROUP_PROTOCOL' : undefined;
}
