import { errnoOf, isKafkaError, KafkaError } from '../../../../errors/index.js';
import type { Ticket } from '../../runtime/outcome.js';
import type { RequestOrigin } from '../group-messages.js';
import type { GroupOutcome } from '../rebalance.js';
import type { ConfiguredTopology } from './configured-topology.js';
import { endpointPartitions } from './endpoints.js';
import { checkStreamsHeartbeat } from './streams-check.js';
import type { StreamsGroup } from './streams-group.js';
import {
  isSameStreamsFacts,
  joiningEpoch,
  leavingStaticEpoch,
  newStreamsMember,
  type StreamsMember,
  type StreamsMemberFacts,
  streamsFactsOf,
} from './streams-member.js';
import {
  type StreamsHeartbeat,
  type StreamsHeartbeatAnswer,
  streamsRefusal,
} from './streams-messages.js';
import type { StreamsRebalance, StreamsRebalanceParts } from './streams-rebalance.js';
import { updatedTaskOffsets } from './task-offsets.js';
import {
  idsOf,
  isSameOwnedTasks,
  isWithin,
  plainTasks,
  type TargetTasks,
  type TaskIds,
  tasksOf,
} from './tasks.js';
import { type Status, statusOf } from './topic-problem.js';
import { isSameTopology, type Topology, topologyOf } from './topology.js';

export interface StreamsMembershipParts
  extends Pick<StreamsRebalanceParts, 'groups' | 'config' | 'catalog' | 'emit'> {
  readonly rebalance: StreamsRebalance;
  /**
   * Called when somebody joins a group that is no streams group: gives one that is not known yet,
   * or fails with why there cannot be one.
   */
  readonly open: (groupId: string) => StreamsGroup;
  /** Makes such a group known; called once nothing can be refused any more. */
  readonly keep: (group: StreamsGroup, outcome: GroupOutcome) => void;
  /** Whether the id belongs to a group of another kind. */
  readonly isOther: (groupId: string) => boolean;
}

/** One heartbeat under way. */
interface Beat {
  readonly request: StreamsHeartbeat;
  readonly origin: RequestOrigin;
  readonly outcome: GroupOutcome;
  readonly now: number;
}

/** StreamsGroupHeartbeat: joining, staying and leaving are one request. */
export class StreamsMembership {
  readonly #parts: StreamsMembershipParts;

  constructor(parts: StreamsMembershipParts) {
    this.#parts = parts;
  }

  heartbeat(
    request: StreamsHeartbeat,
    origin: RequestOrigin,
    ticket: Ticket<StreamsHeartbeatAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const before = outcome.records.length;
    let answer: StreamsHeartbeatAnswer;
    try {
      checkStreamsHeartbeat(request);
      const beat = { request, origin, outcome, now };
      answer = request.memberEpoch < joiningEpoch ? this.#leave(beat) : this.#beat(beat);
    } catch (error) {
      // Refusals come before anything is changed.
      const isRefusal = isKafkaError(error) && error.errno !== null;
      if (!isRefusal || outcome.records.length > before) throw error;
      answer = streamsRefusal(errnoOf(error.code), error.message);
    }
    outcome.answer(ticket, answer);
  }

  #beat(beat: Beat): StreamsHeartbeatAnswer {
    const { request, outcome, now } = beat;
    const { groups, rebalance, emit } = this.#parts;
    const { groupId, memberId } = request;
    const group = this.#groupOf(request);
    const before = this.#admitted(group, request);
    const topology = topologyFor(group, request);
    const check = rebalance.check(group, topology);
    checkTasks(check.configured, request);
    expectKnownState(before, request);
    const offsets = updatedTaskOffsets(group.taskOffsets(memberId), request);

    const isNewGroup = !groups.has(groupId);
    const isFirst = group.size === 0;
    if (isNewGroup) this.#parts.keep(group, outcome);
    const holder = holderOf(group, request);
    if (holder !== undefined && holder.memberId !== memberId) {
      rebalance.replace(group, holder, before, outcome);
    }
    const value = factsFrom(before, beat);
    const changed = group.member(memberId) === undefined || !isSameStreamsFacts(before, value);
    if (changed) emit(outcome, { kind: 'streams-member', groupId, memberId, value });
    if (group.topology === undefined) {
      emit(outcome, { kind: 'streams-topology', groupId, value: topology });
    }
    group.noteTaskOffsets(memberId, offsets);
    rebalance.moveEpoch(group, check, changed, outcome);
    if (isFirst) rebalance.delayFirst(group);
    const delayed = rebalance.retarget(group, outcome, now);
    rebalance.reconcile(group, memberId, reportedBy(request), outcome);
    rebalance.restartSession(group, memberId);
    if (request.shutdownApplication) group.shutdownRequestedBy ??= memberId;
    const member = group.member(memberId) ?? before;
    const statuses = statusesFor(group, member, delayed);
    return this.#answer(group, before, member, request, statuses, isNewGroup);
  }

  #groupOf({ groupId, memberId, memberEpoch }: StreamsHeartbeat): StreamsGroup {
    const { groups, config, open } = this.#parts;
    const existing = groups.get(groupId);
    if (existing === undefined && memberEpoch !== joiningEpoch) throw this.#unknownGroup(groupId);
    const group = existing ?? open(groupId);
    if (group.member(memberId) === undefined && group.size >= config.sizeMax) {
      throw new KafkaError(
        'GROUP_MAX_SIZE_REACHED',
        `The streams group has reached its maximum capacity of ${config.sizeMax} members.`,
      );
    }
    return group;
  }

  #unknownGroup(groupId: string): KafkaError {
    const text = this.#parts.isOther(groupId)
      ? `Group ${groupId} is not a streams group.`
      : `Streams group ${groupId} not found.`;
    return new KafkaError('GROUP_ID_NOT_FOUND', text);
  }

  /** The member that speaks, as it was until now; a new one if it joins. */
  #admitted(group: StreamsGroup, request: StreamsHeartbeat): StreamsMember {
    const { memberId, memberEpoch, instanceId } = request;
    if (instanceId !== null) return admittedStatic(group, request, instanceId);
    const member = group.member(memberId);
    if (member === undefined) {
      if (memberEpoch === joiningEpoch) return newStreamsMember(memberId);
      throw unknownMember(group, memberId);
    }
    checkEpoch(member, request);
    return member;
  }

  #answer(
    group: StreamsGroup,
    before: StreamsMember,
    member: StreamsMember,
    request: StreamsHeartbeat,
    status: readonly Status[],
    isNewGroup: boolean,
  ): StreamsHeartbeatAnswer {
    const { rebalance, catalog } = this.#parts;
    const isTold =
      request.memberEpoch === joiningEpoch || !isSameOwnedTasks(before.assigned, member.assigned);
    const tasks = isTold ? plainTasks(member.assigned) : null;
    // A group that is made by this very heartbeat has no endpoints that others could know.
    if (isTold && member.userEndpoint !== null && !isNewGroup) group.endpointEpoch += 1;
    const knowsEndpoints = group.endpointEpoch === request.endpointInformationEpoch;
    return {
      errorCode: 0,
      errorMessage: null,
      memberId: member.memberId,
      memberEpoch: member.epoch,
      ...rebalance.intervals(group.groupId),
      status,
      activeTasks: tasks && idsOf(tasks.active),
      standbyTasks: tasks && idsOf(tasks.standby),
      warmupTasks: tasks && idsOf(tasks.warmup),
      endpointInformationEpoch: group.endpointEpoch,
      partitionsByUserEndpoint: knowsEndpoints ? null : endpointPartitions(group, member, catalog),
      missingTopics: group.configured?.missing ?? [],
    };
  }

  #leave({ request, outcome }: Beat): StreamsHeartbeatAnswer {
    const { groups, rebalance } = this.#parts;
    const { groupId, memberId, memberEpoch } = request;
    const group = groups.get(groupId);
    if (group === undefined) {
      if (this.#parts.isOther(groupId)) throw this.#unknownGroup(groupId);
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`);
    }
    const { instanceId } = request;
    const member =
      instanceId === null
        ? group.member(memberId)
        : expectHolder(group.staticMember(instanceId), memberId, instanceId);
    if (member === undefined) throw unknownMember(group, memberId);
    if (request.shutdownApplication) group.shutdownRequestedBy ??= memberId;
    if (memberEpoch === leavingStaticEpoch) rebalance.leaveForAWhile(group, member, outcome);
    else rebalance.remove(group, member, outcome);
    return { ...streamsRefusal(0, null), memberId, memberEpoch };
  }
}

function holderOf(
  group: StreamsGroup,
  { instanceId }: StreamsHeartbeat,
): StreamsMember | undefined {
  return instanceId === null ? undefined : group.staticMember(instanceId);
}

/** A static member takes its own place again, under another id once it has left that place. */
function admittedStatic(
  group: StreamsGroup,
  request: StreamsHeartbeat,
  instanceId: string,
): StreamsMember {
  const { memberId, memberEpoch } = request;
  const holder = group.staticMember(instanceId);
  if (memberEpoch !== joiningEpoch) {
    const member = expectHolder(holder, memberId, instanceId);
    checkEpoch(member, request);
    return member;
  }
  if (holder === undefined) return group.member(memberId) ?? newStreamsMember(memberId);
  if (holder.memberId === memberId) return holder;
  if (holder.epoch === leavingStaticEpoch) {
    return { ...holder, memberId, epoch: joiningEpoch, previousEpoch: joiningEpoch };
  }
  throw new KafkaError(
    'UNRELEASED_INSTANCE_ID',
    `Static member ${memberId} with instance id ${instanceId} cannot join the group because the ` +
      `instance id is owned by ${holder.memberId} member.`,
  );
}

/** The holder of an instance id, if it is the member that speaks. */
function expectHolder(
  holder: StreamsMember | undefined,
  memberId: string,
  instanceId: string,
): StreamsMember {
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

/** What the group runs; the first member says it, and the others must say the same. */
function topologyFor(group: StreamsGroup, { topology }: StreamsHeartbeat): Topology {
  const current = group.topology;
  if (current === undefined) {
    if (topology !== null) return topologyOf(topology);
    throw new KafkaError(
      'UNKNOWN_SERVER_ERROR',
      'The topology is null and the group topology is also null.',
    );
  }
  if (topology === null || current.epoch > topology.epoch) return current;
  if (isSameTopology(current, topology)) return current;
  throw new KafkaError('INVALID_REQUEST', 'Topology updates are not supported yet.');
}

function checkTasks({ problem, subtopologies }: ConfiguredTopology, request: StreamsHeartbeat) {
  if (problem !== undefined || subtopologies === undefined) return;
  const { activeTasks, standbyTasks, warmupTasks } = request;
  for (const tasks of [activeTasks, standbyTasks, warmupTasks]) {
    for (const { subtopologyId, partitions } of tasks ?? []) {
      const taskCount = subtopologies.get(subtopologyId)?.taskCount;
      if (taskCount === undefined) {
        throw new KafkaError(
          'INVALID_REQUEST',
          `Subtopology ${subtopologyId} does not exist in the topology.`,
        );
      }
      const wrong = partitions.find((partition) => partition < 0 || partition >= taskCount);
      if (wrong === undefined) continue;
      throw new KafkaError(
        'INVALID_REQUEST',
        `Task ${wrong} for subtopology ${subtopologyId} is invalid. Number of tasks for this ` +
          `subtopology: ${taskCount}`,
      );
    }
  }
}

/** A member whose state another broker has written, and we cannot read, begins anew. */
function expectKnownState({ state }: StreamsMember, request: StreamsHeartbeat): void {
  const isKnown = state >= 1 && state <= 3;
  const hasNone = request.activeTasks?.length === 0 && request.standbyTasks?.length === 0;
  if (isKnown || hasNone) return;
  throw new KafkaError(
    'FENCED_MEMBER_EPOCH',
    'The streams group member is in a unknown state. The member must abandon all its tasks and ' +
      'rejoin.',
  );
}

function factsFrom(before: StreamsMember, { request, origin }: Beat): StreamsMemberFacts {
  const { rebalanceTimeoutMs, topology, processId, userEndpoint, clientTags } = request;
  const endpoint = userEndpoint && { host: userEndpoint.host, port: userEndpoint.port };
  const tags = clientTags?.map(({ key, value }) => ({ key, value }));
  return {
    ...streamsFactsOf(before),
    instanceId: request.instanceId ?? before.instanceId,
    rackId: request.rackId ?? before.rackId,
    clientId: origin.clientId ?? '',
    clientHost: origin.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? before.rebalanceTimeoutMs : rebalanceTimeoutMs,
    topologyEpoch: topology?.epoch ?? before.topologyEpoch,
    processId: processId ?? before.processId,
    userEndpoint: endpoint ?? before.userEndpoint,
    clientTags: tags?.sort((a, b) => (a.key < b.key ? -1 : 1)) ?? before.clientTags,
  };
}

/** A member may be one answer behind: the one that told it of its new epoch may have got lost. */
function checkEpoch(member: StreamsMember, request: StreamsHeartbeat): void {
  const { memberEpoch } = request;
  if (memberEpoch === member.epoch || memberEpoch === joiningEpoch) return;
  const isBehind = memberEpoch < member.epoch;
  if (isBehind && memberEpoch === member.previousEpoch && ownsNoMore(member, request)) return;
  throw new KafkaError(
    'FENCED_MEMBER_EPOCH',
    `The streams group member has a ${isBehind ? 'smaller' : 'greater'} member epoch ` +
      `(${memberEpoch}) than the one known by the group coordinator (${member.epoch}). The ` +
      'member must abandon all its partitions and rejoin.',
  );
}

function ownsNoMore({ assigned }: StreamsMember, request: StreamsHeartbeat): boolean {
  const reported = reportedBy(request);
  if (reported === null) return false;
  const { active, standby, warmup } = plainTasks(assigned);
  return (
    isWithin(reported.active, active) &&
    isWithin(reported.standby, standby) &&
    isWithin(reported.warmup, warmup)
  );
}

function reportedBy(request: StreamsHeartbeat): TargetTasks | null {
  const { activeTasks, standbyTasks, warmupTasks } = request;
  if (activeTasks === null || standbyTasks === null || warmupTasks === null) return null;
  const of = (ids: readonly TaskIds[]) => tasksOf(ids);
  return { active: of(activeTasks), standby: of(standbyTasks), warmup: of(warmupTasks) };
}

/** What everybody, or this member alone, has to be told. */
function statusesFor(
  group: StreamsGroup,
  member: StreamsMember,
  delayed: Status | undefined,
): Status[] {
  const statuses: Status[] = [];
  const groupEpoch = group.topology?.epoch ?? -1;
  if (member.topologyEpoch < groupEpoch) {
    statuses.push(
      statusOf(
        'STALE_TOPOLOGY',
        `The member's topology epoch ${member.topologyEpoch} is behind the group's topology ` +
          `epoch ${groupEpoch}.`,
      ),
    );
  }
  if (delayed !== undefined) statuses.push(delayed);
  if (group.configured?.problem !== undefined) statuses.push(group.configured.problem);
  if (group.shutdownRequestedBy !== undefined) {
    statuses.push(
      statusOf(
        'SHUTDOWN_APPLICATION',
        `Streams group member ${group.shutdownRequestedBy} encountered a fatal error and ` +
          'requested a shutdown for the entire application.',
      ),
    );
  }
  return statuses;
}

function unknownMember({ groupId }: StreamsGroup, memberId: string): KafkaError {
  return new KafkaError(
    'UNKNOWN_MEMBER_ID',
    `Member ${memberId} is not a member of group ${groupId}.`,
  );
}
