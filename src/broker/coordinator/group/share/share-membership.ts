import { errnoOf, isKafkaError, KafkaError } from '../../../../errors/index.js';
import type { Ticket } from '../../runtime/outcome.js';
import { type Assignment, isSameAssignment } from '../consumer/assignment.js';
import type { TopicHashes } from '../consumer/topic-catalog.js';
import type { RequestOrigin } from '../group-messages.js';
import type { GroupOutcome } from '../rebalance.js';
import type { ShareGroupConfig } from './share-config.js';
import type { ShareGroup } from './share-group.js';
import type { ShareGroupsParts } from './share-groups.js';
import { admitted, checkHeartbeat, unknownMember } from './share-heartbeat-check.js';
import {
  factsOf,
  isSameFacts,
  isSameList,
  joiningEpoch,
  leavingEpoch,
  type ShareMember,
} from './share-member.js';
import type {
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  ShareHeartbeatResult,
} from './share-messages.js';
import { uninitialized, withInitializing } from './share-topics.js';
import { assignSimple } from './simple-assignor.js';

export interface ShareMembershipParts extends ShareGroupsParts {
  readonly groups: ReadonlyMap<string, ShareGroup>;
  readonly hashes: TopicHashes;
  /** Makes a group. */
  readonly open: (groupId: string) => ShareGroup;
}

/** One heartbeat under way. */
interface Beat {
  readonly request: ShareHeartbeat;
  readonly origin: RequestOrigin;
  readonly outcome: GroupOutcome;
  readonly now: number;
}

/** ShareGroupHeartbeat: joining, staying and leaving are one request. */
export class ShareMembership {
  readonly #parts: ShareMembershipParts;

  constructor(parts: ShareMembershipParts) {
    this.#parts = parts;
  }

  heartbeat(
    request: ShareHeartbeat,
    origin: RequestOrigin,
    ticket: Ticket<ShareHeartbeatResult>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const before = outcome.records.length;
    try {
      checkHeartbeat(request);
      const beat = { request, origin, outcome, now };
      const isLeaving = request.memberEpoch === leavingEpoch;
      outcome.answer(ticket, isLeaving ? this.#leave(beat) : this.#beat(beat));
    } catch (error) {
      // Refusals come before anything is changed.
      const isRefusal = isKafkaError(error) && error.errno !== null;
      if (!isRefusal || outcome.records.length > before) throw error;
      const answer = shareHeartbeatRefusal(errnoOf(error.code), error.message);
      outcome.answer(ticket, { answer, wanted: undefined, left: false });
    }
  }

  #beat(beat: Beat): ShareHeartbeatResult {
    const { request, outcome, now } = beat;
    const { memberId } = request;
    const group = this.#groupOf(request);
    const before = admitted(group, request);
    const namesChanged = this.#update(group, before, beat);
    this.moveEpoch(group, namesChanged, outcome);
    this.#noteMissing(group, outcome);
    this.#retarget(group, outcome, now);
    this.#reconcile(group, memberId, outcome);
    this.restartSession(group, memberId);
    return this.#result(group, before, request);
  }

  /**
   * The rest of a heartbeat after which states were made: the member gets what it waits for.
   * Answers nothing when it is no member any more.
   */
  heartbeatAgain(
    request: ShareHeartbeat,
    ticket: Ticket<ShareHeartbeatResult | undefined>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const group = this.#parts.groups.get(request.groupId);
    const before = group?.member(request.memberId);
    if (group === undefined || before === undefined) return outcome.answer(ticket, undefined);
    this.#retarget(group, outcome, now);
    this.#reconcile(group, request.memberId, outcome);
    outcome.answer(ticket, this.#result(group, before, request));
  }

  #result(group: ShareGroup, before: ShareMember, request: ShareHeartbeat): ShareHeartbeatResult {
    const member = group.member(before.memberId) ?? before;
    const isTold =
      request.memberEpoch === joiningEpoch || !isSameAssignment(before.assigned, member.assigned);
    const answer: ShareHeartbeatAnswer = {
      errorCode: 0,
      errorMessage: null,
      memberId: member.memberId,
      memberEpoch: member.epoch,
      heartbeatIntervalMs: this.#timesOf(group.groupId).heartbeatIntervalMs,
      assignment: isTold ? { topicPartitions: listed(member.assigned) } : null,
    };
    const topics = uninitialized(group, this.#parts.catalog);
    const wanted = topics.length === 0 ? undefined : { stateEpoch: group.epoch, topics };
    return { answer, wanted, left: false };
  }

  #groupOf({ groupId, memberId, memberEpoch }: ShareHeartbeat): ShareGroup {
    const { config, isOther } = this.#parts;
    const group = this.#parts.groups.get(groupId);
    if (group !== undefined) {
      if (group.size < config.sizeMax || group.member(memberId) !== undefined) return group;
      throw new KafkaError(
        'GROUP_MAX_SIZE_REACHED',
        `The share group has reached its maximum capacity of ${config.sizeMax} members.`,
      );
    }
    if (isOther(groupId)) {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a share group.`);
    }
    if (memberEpoch === joiningEpoch) return this.#parts.open(groupId);
    throw new KafkaError('GROUP_ID_NOT_FOUND', `Share group ${groupId} not found.`);
  }

  /** Puts down what is new about the member; tells whether it reads other topics now. */
  #update(group: ShareGroup, before: ShareMember, { request, origin, outcome }: Beat): boolean {
    const { subscribedTopicNames: names } = request;
    const value = {
      ...factsOf(before),
      rackId: request.rackId ?? before.rackId,
      clientId: origin.clientId ?? '',
      clientHost: origin.clientHost,
      topicNames: names === null ? before.topicNames : [...new Set(names)].sort(),
    };
    const { groupId } = group;
    const { memberId } = before;
    const isNew = group.member(memberId) === undefined;
    if (!isNew && isSameFacts(before, value)) return false;
    this.#parts.emit(outcome, { kind: 'share-member', groupId, memberId, value });
    return isNew || !isSameList(before.topicNames, value.topicNames);
  }

  /** The group epoch moves on if it must, or if the topics its members read are others now. */
  moveEpoch(group: ShareGroup, mustMove: boolean, outcome: GroupOutcome): void {
    const version = this.#parts.catalog.version();
    if (!mustMove && group.topicsSeen === version) return;
    group.topicsSeen = version;
    const metadataHash = this.#parts.hashes.of(group.subscribedTopics());
    if (!mustMove && metadataHash === group.metadataHash) return;
    const value = { epoch: group.epoch + 1, metadataHash };
    this.#parts.emit(outcome, { kind: 'share-group', groupId: group.groupId, value });
  }

  /** Partitions that are read for the first time are put down before their state is made. */
  #noteMissing(group: ShareGroup, outcome: GroupOutcome): void {
    const { catalog, emit } = this.#parts;
    const missing = uninitialized(group, catalog).filter(({ topicId, partitions }) => {
      const known = group.topics.initializing.get(topicId)?.partitions;
      return partitions.some((partition) => known?.includes(partition) !== true);
    });
    if (missing.length === 0) return;
    const nameOf = (topicId: string) => catalog.byId(topicId)?.name ?? '';
    const value = withInitializing(group.topics, missing, nameOf);
    emit(outcome, { kind: 'share-topics', groupId: group.groupId, value });
  }

  /** Computes who shall read what, if that is due and the last time is long enough ago. */
  #retarget(group: ShareGroup, outcome: GroupOutcome, now: number): void {
    if (group.epoch <= group.assignmentEpoch) return;
    const { groupId, assignedAt } = group;
    const intervalMs = this.#timesOf(groupId).assignmentIntervalMs;
    // A clock that was set back must not keep the group waiting.
    const isTooSoon = assignedAt !== null && Math.abs(now - assignedAt) < intervalMs;
    if (isTooSoon && !group.hasNewStates) return;
    group.hasNewStates = false;
    const targets = this.#computed(group);
    for (const { memberId } of group.members()) {
      const value = targets.get(memberId) ?? new Map();
      if (group.hasTarget(memberId) && isSameAssignment(group.target(memberId), value)) continue;
      this.#parts.emit(outcome, { kind: 'share-target', groupId, memberId, value });
    }
    const value = { epoch: group.epoch, timestamp: now };
    this.#parts.emit(outcome, { kind: 'share-target-epoch', groupId, value });
  }

  #computed(group: ShareGroup): ReadonlyMap<string, Assignment> {
    const { catalog } = this.#parts;
    const members = Array.from(group.members(), (member) => ({
      memberId: member.memberId,
      topicIds: this.#topicIdsOf(group, member),
      current: group.target(member.memberId),
    }));
    const partitionCountOf = (topicId: string) =>
      Math.min(initializedCount(group, topicId), catalog.byId(topicId)?.partitionCount ?? 0);
    return assignSimple({ members, partitionCountOf });
  }

  #topicIdsOf(group: ShareGroup, { topicNames }: ShareMember): ReadonlySet<string> {
    const ids = new Set<string>();
    for (const name of topicNames) {
      const topic = this.#parts.catalog.byName(name);
      if (topic !== undefined && group.topics.initialized.has(topic.id)) ids.add(topic.id);
    }
    return ids;
  }

  /** A member takes its target over at once: nobody has to give anything back for that. */
  #reconcile(group: ShareGroup, memberId: string, outcome: GroupOutcome): void {
    const member = group.member(memberId);
    if (member === undefined) return;
    const topicIds = this.#topicIdsOf(group, member);
    const assigned = new Map(
      [...group.target(memberId)].filter(([topicId]) => topicIds.has(topicId)),
    );
    const epoch = group.assignmentEpoch;
    if (member.epoch === epoch && isSameAssignment(member.assigned, assigned)) return;
    const { groupId } = group;
    const value = { epoch, previousEpoch: member.epoch, assigned };
    this.#parts.emit(outcome, { kind: 'share-progress', groupId, memberId, value });
  }

  #leave({ request, outcome }: Beat): ShareHeartbeatResult {
    const { groupId, memberId, memberEpoch } = request;
    const group = this.#parts.groups.get(groupId);
    if (group === undefined) {
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`);
    }
    if (group.member(memberId) === undefined) throw unknownMember(groupId, memberId);
    this.#remove(group, memberId, outcome);
    const nothing = { errorMessage: null, heartbeatIntervalMs: 0, assignment: null };
    const answer = { errorCode: 0, memberId, memberEpoch, ...nothing };
    return { answer, wanted: undefined, left: true };
  }

  #remove(group: ShareGroup, memberId: string, outcome: GroupOutcome): void {
    this.buryMember(group.groupId, memberId, outcome);
    this.moveEpoch(group, true, outcome);
  }

  /** Tombstones for one member. */
  buryMember(groupId: string, memberId: string, outcome: GroupOutcome): void {
    const { emit, timers } = this.#parts;
    timers.cancel(sessionKey(groupId, memberId));
    emit(outcome, { kind: 'share-progress', groupId, memberId, value: null });
    emit(outcome, { kind: 'share-target', groupId, memberId, value: null });
    emit(outcome, { kind: 'share-member', groupId, memberId, value: null });
  }

  /** A member that is not heard of for so long is taken out. */
  restartSession({ groupId }: ShareGroup, memberId: string): void {
    const { timers } = this.#parts;
    const { sessionTimeoutMs } = this.#timesOf(groupId);
    timers.schedule(sessionKey(groupId, memberId), sessionTimeoutMs, (outcome) => {
      const group = this.#parts.groups.get(groupId);
      if (group?.member(memberId) === undefined) return;
      this.#remove(group, memberId, outcome);
    });
  }

  #timesOf(groupId: string): ShareGroupConfig {
    return { ...this.#parts.config, ...this.#parts.timesOf(groupId) };
  }
}

/** How many partitions from the first on have a state; an administrator may have made others. */
function initializedCount({ topics }: ShareGroup, topicId: string): number {
  const partitions = topics.initialized.get(topicId)?.partitions ?? [];
  const gap = partitions.findIndex((partition, at) => partition !== at);
  return gap === -1 ? partitions.length : gap;
}

function listed(assignment: Assignment) {
  return Array.from(assignment, ([topicId, partitions]) => ({ topicId, partitions }));
}

export function shareHeartbeatRefusal(
  errorCode: number,
  errorMessage: string | null,
): ShareHeartbeatAnswer {
  const nothing = { memberId: null, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null };
  return { errorCode, errorMessage, ...nothing };
}

function sessionKey(groupId: string, memberId: string): string {
  return `share session ${groupId.length} ${groupId} ${memberId}`;
}
