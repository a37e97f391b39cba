import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import { ClassicGroup } from './classic-group.js';
import { ClassicMember } from './classic-member.js';
import type { ConsumerGroups } from './consumer/consumer-groups.js';
import type { GroupConfig } from './group-config.js';
import type { GroupProtocol, JoinGroup, JoinGroupAnswer, RequestOrigin } from './group-messages.js';
import {
  currentGeneration,
  type GroupOutcome,
  joinRefusal,
  newMemberJoinTimeoutMs,
  type Rebalance,
  syncRefusal,
} from './rebalance.js';
import { recordBytes, recordOf } from './stored-group.js';
import type { StreamsGroups } from './streams/streams-groups.js';

/** Members that were given an id and did not come back with it yet, in one group. */
export const pendingMembersMax = 10_000;
/** Bytes of a text in a record of `__consumer_offsets`: its length is an int16. */
export const textBytesMax = 0x7fff;
/** Characters of the client id that stand in a member id. */
const clientIdInMemberId = 1000;

/** From this version on a member must come back with the id it was given (KIP-394). */
const memberIdRequiredSince = 4;
/** From this version on the leader of an unchanged group is told not to assign (KIP-814). */
const skipAssignmentSince = 9;

export interface JoiningParts {
  readonly groups: Map<string, ClassicGroup>;
  readonly consumers: ConsumerGroups;
  /** Groups that nobody joins like this. */
  readonly shares: { has(groupId: string): boolean };
  readonly streams: StreamsGroups;
  readonly rebalance: Rebalance;
  readonly config: GroupConfig;
  /** A new random uuid as Java prints it, 36 characters. */
  readonly newUuid: () => string;
}

/** One JoinGroup under way. */
interface Join {
  readonly request: JoinGroup;
  readonly origin: RequestOrigin;
  readonly ticket: Ticket<JoinGroupAnswer>;
  readonly outcome: GroupOutcome;
  readonly now: number;
}

/** JoinGroup: how members enter a group, come back to it, or take over from themselves. */
export class Joining {
  readonly #parts: JoiningParts;

  constructor(parts: JoiningParts) {
    this.#parts = parts;
  }

  join(
    request: JoinGroup,
    origin: RequestOrigin,
    ticket: Ticket<JoinGroupAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const { groups } = this.#parts;
    const join: Join = { request, origin, ticket, outcome, now };
    const refusal = this.#check(request);
    if (refusal !== undefined) return refuse(join, request.memberId, refusal);
    const consumers = this.#parts.consumers.get(request.groupId);
    if (consumers !== undefined && consumers.size > 0) {
      const { classicMembership } = this.#parts.consumers;
      const answer = classicMembership.join(consumers, request, origin, outcome, now);
      return outcome.answer(ticket, answer);
    }
    const otherwise = this.#takeOverEmpty(join);
    if (otherwise !== undefined) return refuse(join, request.memberId, otherwise);
    const existing = groups.get(request.groupId);
    if (existing === undefined && request.memberId !== '') {
      return refuse(join, request.memberId, 'UNKNOWN_MEMBER_ID');
    }
    const group = existing ?? new ClassicGroup(request.groupId, now);
    if (!this.#hasRoomFor(request.memberId, group)) {
      group.remove(request.memberId);
      return refuse(join, '', 'GROUP_MAX_SIZE_REACHED');
    }
    if (existing === undefined) groups.set(request.groupId, group);
    if (request.memberId === '') this.#joinNew(join, group);
    else this.#rejoin(join, group);
    if (existing === undefined) this.#openOrForget(group, outcome);
  }

  /** An empty consumer or streams group becomes a classic one. */
  #takeOverEmpty({ request, outcome }: Join): ErrorCode | undefined {
    const { consumers, shares, streams } = this.#parts;
    const { groupId, memberId, protocolType, protocols } = request;
    if (shares.has(groupId)) return 'INCONSISTENT_GROUP_PROTOCOL';
    const consumer = consumers.get(groupId);
    const streamsGroup = streams.get(groupId);
    if (consumer === undefined && streamsGroup === undefined) return undefined;
    const isBusy = streamsGroup !== undefined && streamsGroup.size > 0;
    if (isBusy || protocolType === '' || protocols.length === 0) {
      return 'INCONSISTENT_GROUP_PROTOCOL';
    }
    if (memberId !== '') return 'UNKNOWN_MEMBER_ID';
    if (consumer !== undefined) consumers.bury(consumer, outcome);
    if (streamsGroup !== undefined) streams.bury(streamsGroup, outcome);
    return undefined;
  }

  /** A new group is put down at once, without its members; one that nobody got into is none. */
  #openOrForget(group: ClassicGroup, outcome: GroupOutcome): void {
    if (group.size === 0 && group.pendingMembers.size === 0) {
      this.#parts.groups.delete(group.groupId);
    } else {
      outcome.note(recordOf(new ClassicGroup(group.groupId, group.stateSince)));
    }
  }

  #check(request: JoinGroup): ErrorCode | undefined {
    const { sessionTimeoutMinMs, sessionTimeoutMaxMs } = this.#parts.config;
    const { groupId, sessionTimeoutMs, groupInstanceId, protocolType, protocols } = request;
    if (groupId === '' || isTooLong(groupId)) return 'INVALID_GROUP_ID';
    if (sessionTimeoutMs < sessionTimeoutMinMs || sessionTimeoutMs > sessionTimeoutMaxMs) {
      return 'INVALID_SESSION_TIMEOUT';
    }
    // The instance id becomes part of the member id, which must fit a record too.
    if (groupInstanceId !== null && isTooLong(groupInstanceId, 37)) return 'INVALID_REQUEST';
    const textTooLong = isTooLong(protocolType) || protocols.some(({ name }) => isTooLong(name));
    return textTooLong ? 'INCONSISTENT_GROUP_PROTOCOL' : undefined;
  }

  /** Whether the group may have one more, or this one again. */
  #hasRoomFor(memberId: string, group: ClassicGroup): boolean {
    const { groupSizeMax } = this.#parts.config;
    const member = group.member(memberId);
    if (member === undefined && group.pendingMembers.size >= pendingMembersMax) {
      return group.pendingMembers.has(memberId);
    }
    if (group.isIn('Empty')) return true;
    if (group.isIn('PreparingRebalance')) {
      // Counted by those who wait: whoever rejoins last goes, should the limit have been lowered.
      return member?.joining !== undefined || group.joiningCount < groupSizeMax;
    }
    return member !== undefined || group.size < groupSizeMax;
  }

  #joinNew(join: Join, group: ClassicGroup): void {
    const { request, origin } = join;
    if (!group.supports(request.protocolType, request.protocols)) {
      return refuse(join, '', 'INCONSISTENT_GROUP_PROTOCOL');
    }
    const { groupInstanceId } = request;
    const name = groupInstanceId ?? (origin.clientId ?? '').slice(0, clientIdInMemberId);
    const memberId = `${name}-${this.#parts.newUuid()}`;
    if (groupInstanceId !== null) {
      const currentId = group.staticMemberId(groupInstanceId);
      const current = currentId === undefined ? undefined : group.member(currentId);
      if (current !== undefined) this.#takeOver(join, group, current, memberId);
      else this.#add(join, group, memberId);
    } else if (origin.version >= memberIdRequiredSince) {
      group.pendingMembers.add(memberId);
      this.#parts.rebalance.startSession(group, memberId, request.sessionTimeoutMs);
      refuse(join, memberId, 'MEMBER_ID_REQUIRED');
    } else {
      this.#add(join, group, memberId);
    }
  }

  #rejoin(join: Join, group: ClassicGroup): void {
    const { request, ticket, outcome } = join;
    const { memberId, groupInstanceId, protocols } = request;
    if (!group.supports(request.protocolType, protocols)) {
      return refuse(join, memberId, 'INCONSISTENT_GROUP_PROTOCOL');
    }
    if (group.pendingMembers.has(memberId)) {
      // A static member is never given an id to come back with.
      if (groupInstanceId !== null) return refuse(join, memberId, 'UNKNOWN_SERVER_ERROR');
      return this.#add(join, group, memberId);
    }
    const refusal = group.refusal(memberId, groupInstanceId);
    const member = group.member(memberId);
    if (refusal !== undefined || member === undefined) {
      return refuse(join, memberId, refusal ?? 'UNKNOWN_MEMBER_ID');
    }
    const isUnchanged = member.matches(protocols);
    if (group.isIn('CompletingRebalance') && isUnchanged) {
      // The first answer may have got lost: here it is again.
      return outcome.answer(ticket, currentGeneration(group, member));
    }
    if (group.isIn('Stable') && isUnchanged && group.leaderId !== memberId) {
      return outcome.answer(ticket, currentGeneration(group, member));
    }
    // Stable and the leader: it may know of changes that its metadata do not show.
    if (group.isIn('Empty')) return refuse(join, memberId, 'UNKNOWN_MEMBER_ID');
    this.#update(join, group, member);
    this.#parts.rebalance.prepareOrComplete(group, outcome, join.now);
  }

  #add(join: Join, group: ClassicGroup, memberId: string): void {
    const { rebalance } = this.#parts;
    const member = memberOf(join, memberId);
    member.isNew = true;
    if (group.isIn('PreparingRebalance') && group.previousState === 'Empty') {
      group.newMemberAdded = true;
    }
    group.add(member);
    group.parkJoining(member, join.ticket);
    // It has no id to send heartbeats with, and we cannot see its connection close: a member that
    // gave up and came back under another id must not stay for ever.
    rebalance.restartSession(group, member, newMemberJoinTimeoutMs);
    rebalance.prepareOrComplete(group, join.outcome, join.now);
  }

  #update(join: Join, group: ClassicGroup, member: ClassicMember): void {
    const { request, ticket, outcome } = join;
    group.update(member, {
      protocols: owned(request.protocols),
      rebalanceTimeoutMs: rebalanceTimeoutOf(request),
      sessionTimeoutMs: request.sessionTimeoutMs,
    });
    const older = group.parkJoining(member, ticket);
    // The same member asked before, over a connection it has probably given up.
    const again = errnoOf('REBALANCE_IN_PROGRESS');
    if (older !== undefined) outcome.answer(older, joinRefusal(member.memberId, again));
  }

  /** A static member has restarted: it gets a new id, and its former self is fenced. */
  #takeOver(join: Join, group: ClassicGroup, old: ClassicMember, memberId: string): void {
    const { rebalance } = this.#parts;
    const { outcome, now } = join;
    const fenced = errnoOf('FENCED_INSTANCE_ID');
    const formerLeader = group.leaderId;
    const joining = group.takeJoining(old);
    if (joining !== undefined) outcome.answer(joining, joinRefusal(old.memberId, fenced));
    if (old.syncing !== undefined) {
      outcome.answer(old.syncing, syncRefusal(fenced));
      old.syncing = undefined;
    }
    rebalance.endSession(group, old.memberId);
    const renewed = memberOf(join, memberId, old);
    group.replace(old, renewed);
    rebalance.restartSession(group, renewed);
    this.#update(join, group, renewed);
    if (group.isIn('Stable') && group.selectProtocol() === group.protocolName) {
      this.#keepGeneration(join, group, renewed, formerLeader);
    } else if (group.isIn('Stable', 'CompletingRebalance')) {
      rebalance.prepare(group, outcome, now);
    } else {
      rebalance.completeJoinIfAllJoined(group, outcome, now);
    }
  }

  /** Nothing changes for the others: the member's new id is put down, and that is all. */
  #keepGeneration(
    join: Join,
    group: ClassicGroup,
    member: ClassicMember,
    formerLeader: string | null,
  ): void {
    const { outcome, ticket, origin } = join;
    let assignmentBytes = 0;
    for (const { assignment } of group.members()) assignmentBytes += assignment.length;
    if (recordBytes(group, assignmentBytes) > this.#parts.config.recordBytesMax) {
      this.#parts.rebalance.prepare(group, outcome, join.now);
      return;
    }
    group.takeJoining(member);
    outcome.note(recordOf(group));
    const answer = currentGeneration(group, member);
    if (origin.version >= skipAssignmentSince) {
      const isLeader = group.leaderId === member.memberId;
      outcome.answer(ticket, { ...answer, skipAssignment: isLeader });
    } else {
      // Older clients would assign anew if they saw themselves as the leader.
      outcome.answer(ticket, { ...answer, leader: formerLeader ?? '', members: [] });
    }
  }
}

function memberOf(join: Join, memberId: string, old?: ClassicMember): ClassicMember {
  const { request, origin } = join;
  return new ClassicMember({
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: origin.clientId ?? '',
    clientHost: origin.clientHost,
    sessionTimeoutMs: request.sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutOf(request),
    protocolType: request.protocolType,
    protocols: old?.protocols ?? owned(request.protocols),
  });
}

/** Copies, for the request's bytes are views into a frame that must not stay for their sake. */
function owned(protocols: readonly GroupProtocol[]): GroupProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }));
}

/** Version 0 knows one time-out for both. */
function rebalanceTimeoutOf(request: JoinGroup): number {
  return request.rebalanceTimeoutMs < 0 ? request.sessionTimeoutMs : request.rebalanceTimeoutMs;
}

function refuse(join: Join, memberId: string, error: ErrorCode): void {
  join.outcome.answer(join.ticket, joinRefusal(memberId, errnoOf(error)));
}

export function isTooLong(text: string, extraBytes = 0): boolean {
  // Most texts are short; counting bytes is for the others.
  if (text.length * 3 + extraBytes <= textBytesMax) return false;
  return Buffer.byteLength(text) + extraBytes > textBytesMax;
}
