import { errnoOf, isKafkaError, KafkaError } from '../../../../errors/index.js';
import type { Ticket } from '../../runtime/outcome.js';
import type { RequestOrigin } from '../group-messages.js';
import type { GroupOutcome } from '../rebalance.js';
import { ascending, type Assignment, isSameOwned, partitionsOf } from './assignment.js';
import type { ConsumerGroup } from './consumer-group.js';
import {
  type ConsumerMember,
  factsOf,
  isSameFacts,
  isSameList,
  joiningEpoch,
  leavingStaticEpoch,
  newMember,
  progressOf,
} from './consumer-member.js';
import type { ConsumerHeartbeat, ConsumerHeartbeatAnswer } from './consumer-messages.js';
import type { ConsumerRebalance, ConsumerRebalanceParts } from './consumer-rebalance.js';
import { checkHeartbeat } from './heartbeat-check.js';
import type { RegexSubscriptions } from './regex-subscriptions.js';

export interface ConsumerMembershipParts
  extends Pick<ConsumerRebalanceParts, 'groups' | 'config' | 'emit'> {
  readonly rebalance: ConsumerRebalance;
  readonly regexes: RegexSubscriptions;
  /** A new member id, 22 characters. */
  readonly newMemberId: () => string;
  /**
   * Called when somebody joins a group that is no consumer group: makes it one, or fails with why
   * that is not possible, before anything has changed.
   */
  readonly open: (groupId: string, outcome: GroupOutcome) => ConsumerGroup;
  /** Whether the id belongs to a group of another kind. */
  readonly isOther: (groupId: string) => boolean;
}

/** One heartbeat under way. */
interface Beat {
  readonly request: ConsumerHeartbeat;
  readonly origin: RequestOrigin;
  readonly outcome: GroupOutcome;
  readonly now: number;
}

/** ConsumerGroupHeartbeat: joining, staying and leaving are one request. */
export class ConsumerMembership {
  readonly #parts: ConsumerMembershipParts;

  constructor(parts: ConsumerMembershipParts) {
    this.#parts = parts;
  }

  heartbeat(
    request: ConsumerHeartbeat,
    origin: RequestOrigin,
    ticket: Ticket<ConsumerHeartbeatAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const before = outcome.records.length;
    let answer: ConsumerHeartbeatAnswer;
    try {
      checkHeartbeat(request, origin.version);
      const beat = { request, origin, outcome, now };
      answer = request.memberEpoch < joiningEpoch ? this.#leave(beat) : this.#beat(beat);
    } catch (error) {
      // Refusals come before anything is changed.
      const isRefusal = isKafkaError(error) && error.errno !== null;
      if (!isRefusal || outcome.records.length > before) throw error;
      answer = heartbeatRefusal(errnoOf(error.code), error.message);
    }
    outcome.answer(ticket, answer);
  }

  #beat(beat: Beat): ConsumerHeartbeatAnswer {
    const { request, outcome, now } = beat;
    const { rebalance, regexes } = this.#parts;
    const memberId = request.memberId === '' ? this.#parts.newMemberId() : request.memberId;
    const group = this.#groupOf(request, memberId, outcome);
    const before = this.#admitted(group, memberId, beat);
    this.#update(group, before, beat);
    const regex = group.member(memberId)?.topicRegex ?? '';
    const regexChange = regexes.update(group, before, regex, outcome, now);
    const names = group.member(memberId)?.topicNames ?? [];
    const namesChanged = !isSameList(before.topicNames, names);
    rebalance.moveEpoch(group, namesChanged || regexChange === 'changed-and-known', outcome);
    rebalance.retarget(group, outcome, now);
    const changed = namesChanged || regexChange !== 'none';
    rebalance.reconcile(group, memberId, reportedBy(request), changed, outcome);
    rebalance.restartSession(group, memberId);
    return this.#answer(group, before, request);
  }

  #groupOf(request: ConsumerHeartbeat, memberId: string, outcome: GroupOutcome): ConsumerGroup {
    const { groups, config } = this.#parts;
    const { groupId } = request;
    const group = groups.get(groupId);
    if (group !== undefined) {
      const isNew = group.member(memberId) === undefined;
      if (isNew && group.size >= config.sizeMax) throw groupIsFull(config.sizeMax);
      return group;
    }
    if (request.memberEpoch !== joiningEpoch) throw this.#unknownGroup(groupId);
    return this.#parts.open(groupId, outcome);
  }

  #unknownGroup(groupId: string): KafkaError {
    const isOther = this.#parts.isOther(groupId);
    const text = isOther
      ? `Group ${groupId} is not a consumer group.`
      : `Group ${groupId} not found.`;
    return new KafkaError('GROUP_ID_NOT_FOUND', text);
  }

  /** The member that speaks, as it was until now; a new one if it joins. */
  #admitted(group: ConsumerGroup, memberId: string, beat: Beat): ConsumerMember {
    const { request } = beat;
    const { instanceId } = request;
    const isJoining = request.memberEpoch === joiningEpoch;
    if (instanceId === null) {
      const member = group.member(memberId);
      if (member === undefined) {
        if (isJoining) return newMember(memberId);
        throw unknownMember(group, memberId);
      }
      checkEpoch(member, request);
      return member;
    }
    const holder = group.staticMember(instanceId);
    if (isJoining) {
      if (holder === undefined) return group.member(memberId) ?? newMember(memberId);
      if (holder.memberId === memberId) return holder;
      return this.#takeOver(group, holder, memberId, beat.outcome);
    }
    const member = expectHolder(holder, memberId, instanceId);
    checkEpoch(member, request);
    return member;
  }

  /** Only who has left, or speaks the other protocol, may be taken over from. */
  #takeOver(
    group: ConsumerGroup,
    holder: ConsumerMember,
    memberId: string,
    outcome: GroupOutcome,
  ): ConsumerMember {
    if (holder.classic === null && holder.epoch !== leavingStaticEpoch) {
      throw new KafkaError(
        'UNRELEASED_INSTANCE_ID',
        `Static member ${memberId} with instance id ${holder.instanceId} cannot join the group ` +
          `because the instance id is owned by ${holder.memberId} member.`,
      );
    }
    return this.#parts.rebalance.replace(group, holder, memberId, outcome);
  }

  /** Puts down what the member says of itself, if it is new. */
  #update(group: ConsumerGroup, before: ConsumerMember, { request, origin, outcome }: Beat): void {
    const { subscribedTopicNames: names, rebalanceTimeoutMs } = request;
    const value = {
      ...factsOf(before),
      instanceId: request.instanceId ?? before.instanceId,
      rackId: request.rackId ?? before.rackId,
      clientId: origin.clientId ?? '',
      clientHost: origin.clientHost,
      topicNames: names === null ? before.topicNames : [...new Set(names)].sort(),
      topicRegex: request.subscribedTopicRegex ?? before.topicRegex,
      rebalanceTimeoutMs:
        rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
      serverAssignor: request.serverAssignor ?? before.serverAssignor,
      classic: null,
    };
    const { groupId } = group;
    const { memberId } = before;
    if (group.member(memberId) !== undefined && isSameFacts(before, value)) return;
    this.#parts.emit(outcome, { kind: 'consumer-member', groupId, memberId, value });
  }

  #answer(
    group: ConsumerGroup,
    before: ConsumerMember,
    request: ConsumerHeartbeat,
  ): ConsumerHeartbeatAnswer {
    const member = group.member(before.memberId) ?? before;
    const isFull =
      request.rebalanceTimeoutMs !== -1 &&
      (request.subscribedTopicNames !== null || request.subscribedTopicRegex !== null) &&
      request.topicPartitions !== null;
    const isTold =
      request.memberEpoch === joiningEpoch ||
      isFull ||
      !isSameOwned(before.assigned, member.assigned);
    return {
      errorCode: 0,
      errorMessage: null,
      memberId: member.memberId,
      memberEpoch: member.epoch,
      heartbeatIntervalMs: this.#parts.rebalance.heartbeatIntervalMs(group.groupId),
      assignment: isTold ? { topicPartitions: listed(partitionsOf(member.assigned)) } : null,
    };
  }

  #leave({ request, outcome, now }: Beat): ConsumerHeartbeatAnswer {
    const { groups, rebalance, emit } = this.#parts;
    const { groupId, memberId, memberEpoch, instanceId } = request;
    const group = groups.get(groupId);
    if (group === undefined) throw this.#unknownGroup(groupId);
    const member =
      instanceId === null
        ? group.member(memberId)
        : expectHolder(group.staticMember(instanceId), memberId, instanceId);
    if (member === undefined) throw unknownMember(group, memberId);
    if (memberEpoch === leavingStaticEpoch) {
      const value = { ...progressOf(member), epoch: leavingStaticEpoch, revoking: new Map() };
      emit(outcome, { kind: 'consumer-progress', groupId, memberId, value });
    } else {
      rebalance.remove(group, [member], outcome, now);
    }
    const nothing = { errorMessage: null, heartbeatIntervalMs: 0, assignment: null };
    return { errorCode: 0, memberId, memberEpoch, ...nothing };
  }
}

export function groupIsFull(sizeMax: number): KafkaError {
  return new KafkaError(
    'GROUP_MAX_SIZE_REACHED',
    `The consumer group has reached its maximum capacity of ${sizeMax} members.`,
  );
}

/** The holder of an instance id, if it is the member that speaks. */
export function expectHolder(
  holder: ConsumerMember | undefined,
  memberId: string,
  instanceId: string,
): ConsumerMember {
  if (holder === undefined) {
    throw new KafkaError('UNKNOWN_MEMBER_ID', `Instance id ${instanceId} is unknown.`);
  }
  if (holder.memberId === memberId) return holder;
  throw new KafkaError(
    'FENCED_INSTANCE_ID',
    `Static member ${memberId} with instance id ${instanceId} was fenced by member ` +
      `${holder.memberId}.`,
  );
}

export function unknownMember(group: ConsumerGroup, memberId: string): KafkaError {
  return new KafkaError(
    'UNKNOWN_MEMBER_ID',
    `Member ${memberId} is not a member of group ${group.groupId}.`,
  );
}

/** A member may be one answer behind: the one that told it of its new epoch may have got lost. */
function checkEpoch(member: ConsumerMember, request: ConsumerHeartbeat): void {
  const { memberEpoch } = request;
  if (memberEpoch === member.epoch || memberEpoch === joiningEpoch) return;
  const isBehind = memberEpoch < member.epoch;
  if (isBehind && memberEpoch === member.previousEpoch && ownsNoMore(member, request)) return;
  throw new KafkaError(
    'FENCED_MEMBER_EPOCH',
    `The consumer group member has a ${isBehind ? 'smaller' : 'greater'} member epoch ` +
      `(${memberEpoch}) than the one known by the group coordinator (${member.epoch}). The ` +
      'member must abandon all its partitions and rejoin.',
  );
}

function ownsNoMore(member: ConsumerMember, { topicPartitions }: ConsumerHeartbeat): boolean {
  if (topicPartitions === null) return false;
  return topicPartitions.every(({ topicId, partitions }) => {
    const assigned = member.assigned.get(topicId);
    return partitions.every((partition) => assigned?.has(partition) === true);
  });
}

function reportedBy({ topicPartitions }: ConsumerHeartbeat): Assignment | null {
  if (topicPartitions === null) return null;
  const reported = new Map<string, number[]>();
  for (const { topicId, partitions } of topicPartitions) {
    reported.set(topicId, ascending([...(reported.get(topicId) ?? []), ...partitions]));
  }
  return reported;
}

function listed(assignment: Assignment) {
  return Array.from(assignment, ([topicId, partitions]) => ({ topicId, partitions }));
}

export function heartbeatRefusal(
  errorCode: number,
  errorMessage: string | null,
): ConsumerHeartbeatAnswer {
  const nothing = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
  return { errorCode, errorMessage, ...nothing };
}
