import { type ErrorCode, errnoOf, isKafkaError, KafkaError } from '../../../../errors/index.js';
import { decodeSubscription, encodeAssignment } from '../../../../protocol/internal/index.js';
import { consumerProtocolType } from '../classic-group.js';
import type {
  Heartbeat,
  JoinGroup,
  JoinGroupAnswer,
  LeaveGroup,
  LeaveGroupAnswer,
  LeavingMember,
  RequestOrigin,
  SyncGroup,
  SyncGroupAnswer,
} from '../group-messages.js';
import { assignmentVersionOf, byTopicId, byTopicName } from '../migration.js';
import { type GroupOutcome, joinRefusal, syncRefusal } from '../rebalance.js';
import { type Assignment, partitionsOf } from './assignment.js';
import type { ConsumerGroup } from './consumer-group.js';
import {
  type ClassicFacts,
  type ConsumerMember,
  factsOf,
  isSameFacts,
  isSameList,
  memberState,
  newMember,
} from './consumer-member.js';
import { expectHolder, groupIsFull, unknownMember } from './consumer-membership.js';
import type { ConsumerRebalance, ConsumerRebalanceParts } from './consumer-rebalance.js';
import type { RegexSubscriptions } from './regex-subscriptions.js';

/** From this version on a member must come back with the id it was given (KIP-394). */
const memberIdRequiredSince = 4;

export interface ClassicMembershipParts
  extends Pick<ConsumerRebalanceParts, 'config' | 'catalog' | 'emit'> {
  readonly rebalance: ConsumerRebalance;
  readonly regexes: RegexSubscriptions;
  /** A new member id, 22 characters. */
  readonly newMemberId: () => string;
  /** Whether the group becomes a classic one when a classic member takes this one's place. */
  readonly isLastOfItsKind: (group: ConsumerGroup, member: ConsumerMember) => boolean;
  /** Makes the group a classic one; with a rebalance if its target lags behind. */
  readonly downgrade: (
    group: ConsumerGroup,
    isRebalancing: boolean,
    outcome: GroupOutcome,
    now: number,
  ) => void;
}

/** One JoinGroup under way. */
interface Join {
  readonly group: ConsumerGroup;
  readonly request: JoinGroup;
  readonly origin: RequestOrigin;
  readonly outcome: GroupOutcome;
  readonly now: number;
  /** What the request says of topics and of what the member owns. */
  readonly subscription: { readonly topics: readonly string[]; readonly rackId: string | null };
  readonly owned: Assignment;
}

/**
 * Members that speak the classic protocol in a consumer group, while an application moves from
 * the one to the other (KIP-848). They are assigned by the group as everybody else is: JoinGroup
 * takes a step towards the target and is answered at once, SyncGroup says what the step has
 * brought, and Heartbeat calls for the next one.
 */
export class ClassicMembership {
  readonly #parts: ClassicMembershipParts;

  constructor(parts: ClassicMembershipParts) {
    this.#parts = parts;
  }

  join(
    group: ConsumerGroup,
    request: JoinGroup,
    origin: RequestOrigin,
    outcome: GroupOutcome,
    now: number,
  ): JoinGroupAnswer {
    const before = outcome.records.length;
    try {
      const memberId = request.memberId === '' ? this.#parts.newMemberId() : request.memberId;
      this.#check(group, request, memberId);
      const isDynamic = request.groupInstanceId === null;
      if (request.memberId === '' && isDynamic && origin.version >= memberIdRequiredSince) {
        return joinRefusal(memberId, errnoOf('MEMBER_ID_REQUIRED'));
      }
      const { topics, rackId, ownedPartitions } = readSubscription(request);
      const owned = byTopicId(ownedPartitions, this.#parts.catalog);
      const subscription = { topics, rackId };
      return this.#join({ group, request, origin, outcome, now, subscription, owned }, memberId);
    } catch (error) {
      // Refusals come before anything is changed.
      if (!isKafkaError(error) || error.errno === null || outcome.records.length > before) {
        throw error;
      }
      return joinRefusal(request.memberId, error.errno);
    }
  }

  #check(group: ConsumerGroup, request: JoinGroup, memberId: string): void {
    const { sizeMax, migrationPolicy } = this.#parts.config;
    if (migrationPolicy === 'disabled') throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL');
    if (group.member(memberId) === undefined && group.size >= sizeMax) throw groupIsFull(sizeMax);
    const names = request.protocols.map(({ name }) => name);
    if (request.protocolType !== consumerProtocolType || !group.supportsClassic(names)) {
      throw new KafkaError('INCONSISTENT_GROUP_PROTOCOL');
    }
  }

  #join(join: Join, memberId: string): JoinGroupAnswer {
    const { group, request, outcome, now, owned } = join;
    const { rebalance, regexes } = this.#parts;
    const { groupInstanceId } = request;
    const holder = groupInstanceId === null ? undefined : group.staticMember(groupInstanceId);
    const isDowngrade = holder !== undefined && this.#parts.isLastOfItsKind(group, holder);
    const before = this.#admitted(join, memberId, holder);
    this.#update(join, before);
    const regexChange = regexes.update(group, before, '', outcome, now);
    const names = group.member(memberId)?.topicNames ?? [];
    const changed = !isSameList(before.topicNames, names) || regexChange !== 'none';
    rebalance.moveEpoch(group, changed, outcome);
    const isStale = group.epoch > group.assignmentEpoch;
    if (!isDowngrade) rebalance.retarget(group, outcome, now);
    if (!isDowngrade || !isStale) rebalance.reconcile(group, memberId, owned, changed, outcome);
    const member = group.member(memberId) ?? before;
    if (isDowngrade) {
      this.#parts.downgrade(group, isStale, outcome, now);
    } else {
      rebalance.endJoin(group, memberId);
      rebalance.restartSession(group, memberId, request.sessionTimeoutMs);
      rebalance.awaitSync(group, member);
    }
    return {
      errorCode: 0,
      generationId: member.epoch,
      protocolType: consumerProtocolType,
      protocolName: request.protocols[0]?.name ?? null,
      leader: '',
      skipAssignment: false,
      memberId,
      members: [],
    };
  }

  /** The member as it was until now; a new one, or one that takes its former self's place. */
  #admitted(
    { group, request, outcome }: Join,
    memberId: string,
    holder: ConsumerMember | undefined,
  ): ConsumerMember {
    const { groupInstanceId } = request;
    if (groupInstanceId === null || (holder === undefined && request.memberId === '')) {
      return group.member(memberId) ?? newMember(memberId);
    }
    if (holder === undefined || request.memberId !== '') {
      return expectHolder(holder, memberId, groupInstanceId);
    }
    return this.#parts.rebalance.replace(group, holder, memberId, outcome);
  }

  #update({ group, request, origin, outcome, subscription }: Join, before: ConsumerMember): void {
    const { memberId } = before;
    const { rebalanceTimeoutMs, sessionTimeoutMs } = request;
    const value = {
      ...factsOf(before),
      instanceId: request.groupInstanceId ?? before.instanceId,
      rackId: subscription.rackId ?? before.rackId,
      clientId: origin.clientId ?? '',
      clientHost: origin.clientHost,
      topicNames: [...new Set(subscription.topics)].sort(),
      topicRegex: '',
      // Version 0 knows one time-out for both.
      rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
      classic: {
        sessionTimeoutMs,
        // Copies, for the request's bytes are views into its frame.
        supportedProtocols: request.protocols.map(({ name, metadata }) => ({
          name,
          metadata: Buffer.from(metadata),
        })),
      },
    };
    if (group.member(memberId) !== undefined && isSameFacts(before, value)) return;
    const { groupId } = group;
    this.#parts.emit(outcome, { kind: 'consumer-member', groupId, memberId, value });
  }

  sync(group: ConsumerGroup, request: SyncGroup): SyncGroupAnswer {
    const spoken = this.#speaker(group, request);
    if ('refusal' in spoken) return syncRefusal(errnoOf(spoken.refusal));
    const { member, classic } = spoken;
    const { protocolType, protocolName } = request;
    const own = classic.supportedProtocols[0];
    const differs =
      (protocolType !== null && protocolType !== consumerProtocolType) ||
      (protocolName !== null && protocolName !== own?.name);
    if (differs) return syncRefusal(errnoOf('INCONSISTENT_GROUP_PROTOCOL'));
    const { rebalance, catalog } = this.#parts;
    // Who gives partitions back has joined again already, and will do so once more.
    if (group.assignmentEpoch > member.epoch && member.state !== memberState.unrevoked) {
      rebalance.awaitJoin(group, member);
      return syncRefusal(errnoOf('REBALANCE_IN_PROGRESS'));
    }
    rebalance.endSync(group, member.memberId);
    rebalance.restartSession(group, member.memberId, classic.sessionTimeoutMs);
    const assignment = encodeAssignment(assignmentVersionOf(own?.metadata), {
      assignedPartitions: byTopicName(partitionsOf(member.assigned), catalog),
    });
    return { errorCode: 0, protocolType, protocolName, assignment };
  }

  heartbeat(group: ConsumerGroup, request: Heartbeat): ErrorCode {
    const spoken = this.#speaker(group, request);
    if ('refusal' in spoken) return spoken.refusal;
    const { member, classic } = spoken;
    const { rebalance } = this.#parts;
    rebalance.restartSession(group, member.memberId, classic.sessionTimeoutMs);
    const mustJoin =
      member.epoch < group.assignmentEpoch ||
      member.state === memberState.unrevoked ||
      (member.state === memberState.unreleased && !group.isWaiting(member));
    if (!mustJoin) return 'NONE';
    rebalance.awaitJoin(group, member);
    return 'REBALANCE_IN_PROGRESS';
  }

  #speaker(
    group: ConsumerGroup,
    request: Heartbeat,
  ): { member: ConsumerMember; classic: ClassicFacts } | { refusal: ErrorCode } {
    const { memberId, groupInstanceId, generationId } = request;
    let member = group.member(memberId);
    if (groupInstanceId !== null) {
      const holder = group.staticMember(groupInstanceId);
      if (holder !== undefined && holder !== member) return { refusal: 'FENCED_INSTANCE_ID' };
      member = holder;
    }
    if (member === undefined || member.classic === null) return { refusal: 'UNKNOWN_MEMBER_ID' };
    if (member.epoch !== generationId) return { refusal: 'ILLEGAL_GENERATION' };
    return { member, classic: member.classic };
  }

  /** Members of both protocols may be taken out like this, by administrators. */
  leave(
    group: ConsumerGroup,
    request: LeaveGroup,
    outcome: GroupOutcome,
    now: number,
  ): LeaveGroupAnswer {
    const leaving = new Map<string, ConsumerMember>();
    const members = request.members.map((one) => {
      const { memberId, groupInstanceId } = one;
      try {
        const member = leaver(group, one);
        leaving.set(member.memberId, member);
        return { memberId, groupInstanceId, errorCode: 0 };
      } catch (error) {
        if (!isKafkaError(error) || error.errno === null) throw error;
        return { memberId, groupInstanceId, errorCode: error.errno };
      }
    });
    this.#parts.rebalance.remove(group, [...leaving.values()], outcome, now);
    return { errorCode: 0, members };
  }
}

function leaver(
  group: ConsumerGroup,
  { memberId, groupInstanceId }: LeavingMember,
): ConsumerMember {
  if (groupInstanceId === null) {
    const member = group.member(memberId);
    if (member === undefined) throw unknownMember(group, memberId);
    return member;
  }
  const holder = group.staticMember(groupInstanceId);
  // An administrator names a static member by its instance alone.
  return expectHolder(
    holder,
    memberId === '' ? (holder?.memberId ?? '') : memberId,
    groupInstanceId,
  );
}

/** All protocols of a member carry the same subscription. */
function readSubscription({ protocols }: JoinGroup) {
  try {
    return decodeSubscription(protocols[0]?.metadata ?? Buffer.alloc(0));
  } catch (error) {
    if (!isKafkaError(error, 'MALFORMED_MESSAGE')) throw error;
    throw new KafkaError('UNKNOWN_SERVER_ERROR', error.message, { cause: error });
  }
}
