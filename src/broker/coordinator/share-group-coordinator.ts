import { type ErrorCode, errnoOf } from '../../errors/index.js';
import type { Logger } from '../../system/index.js';
import type { TopicLookup } from '../metadata/topic-lookup.js';
import type { DeletedGroup, RequestOrigin } from './group/group-messages.js';
import { shareGroupRefusal } from './group/share/share-groups.js';
import { shareHeartbeatRefusal } from './group/share/share-membership.js';
import type {
  ShareGroupDescription,
  ShareHeartbeat,
  ShareHeartbeatAnswer,
  ShareHeartbeatResult,
  ShareStateWanted,
  ShareTopicPartitions,
} from './group/share/share-messages.js';
import type { ShareStatesFound } from './group/share/share-offsets.js';
import type { GroupCoordinator } from './group-coordinator.js';
import type { ShareStateFault, ShareStateSummary } from './share/share-state-machine.js';
import type { ShareCoordinator } from './share-coordinator.js';

export interface ShareGroupCoordinatorParts {
  readonly groups: GroupCoordinator;
  readonly states: ShareCoordinator;
  readonly topics: TopicLookup;
  readonly logger: Logger;
  /** A member has left: what it holds is free. */
  readonly onLeft: (groupId: string, memberId: string) => void;
  /** States were made anew or taken away. */
  readonly onStatesChanged: (groupId: string, topicIds: ReadonlySet<string>) => void;
}

/** A start offset that an administrator sets. */
export interface ShareOffsetToSet {
  readonly topicId: string;
  readonly partition: number;
  readonly startOffset: number;
}

export interface ShareRefusal {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** The start offset where nobody has read anything. */
const uninitializedStart = -1;

/**
 * The part of the group coordinator that is about share groups (KIP-932): it keeps members and
 * assignments in `__consumer_offsets`, and sees to it that a partition has a state in
 * `__share_group_state` before anybody is given it. Every method answers with error codes.
 */
export class ShareGroupCoordinator {
  readonly #parts: ShareGroupCoordinatorParts;
  /** States that are being made, by group: one at a time. */
  readonly #making: Map<string, Promise<ShareStateFault | undefined>>;

  constructor(parts: ShareGroupCoordinatorParts, shared?: ShareGroupCoordinator) {
    this.#parts = parts;
    this.#making = shared === undefined ? new Map() : shared.#making;
    if (shared !== undefined) return;
    parts.topics.onDeleted(({ id, name }) => void this.#forgetTopic(id, name));
  }

  /** The same coordinator as one node of several is it, by its coordinator of groups. */
  at(groups: GroupCoordinator): ShareGroupCoordinator {
    return new ShareGroupCoordinator({ ...this.#parts, groups }, this);
  }

  /**
   * One heartbeat. A member that reads partitions no one of its group has read before is answered
   * when their states are made, so that it gets them at once.
   */
  async heartbeat(request: ShareHeartbeat, origin: RequestOrigin): Promise<ShareHeartbeatAnswer> {
    const { groups, onLeft, logger } = this.#parts;
    const { groupId, memberId } = request;
    const refused = (errorCode: number): ShareHeartbeatResult => ({
      answer: shareHeartbeatRefusal(errorCode, null),
      wanted: undefined,
      left: false,
    });
    const first = await groups.runOn<ShareHeartbeatResult>(
      groupId,
      (machine, ticket, outcome, now) =>
        machine.shares.membership.heartbeat(request, origin, ticket, outcome, now),
      refused,
    );
    if (first.left) onLeft(groupId, memberId);
    if (first.wanted === undefined) return first.answer;
    const fault = await this.#makeStates(groupId, first.wanted);
    if (fault !== undefined) {
      // The next heartbeat tries again.
      logger.warn(`States of the share group ${groupId} cannot be made yet: ${fault.error}.`);
      return first.answer;
    }
    const second = await groups.runOn<ShareHeartbeatResult | undefined>(
      groupId,
      (machine, ticket, outcome, now) =>
        machine.shares.membership.heartbeatAgain(request, ticket, outcome, now),
      () => undefined,
    );
    return second?.answer ?? first.answer;
  }

  /** Makes states where nobody is at it; otherwise waits for who is. */
  #makeStates(groupId: string, wanted: ShareStateWanted): Promise<ShareStateFault | undefined> {
    const making = this.#making.get(groupId);
    if (making !== undefined) return making;
    const made = this.#make(groupId, wanted).finally(() => this.#making.delete(groupId));
    this.#making.set(groupId, made);
    return made;
  }

  async #make(
    groupId: string,
    { stateEpoch, topics }: ShareStateWanted,
    startOf: (topicId: string, partition: number) => number = () => uninitializedStart,
  ): Promise<ShareStateFault | undefined> {
    const { groups, states, onStatesChanged } = this.#parts;
    for (const { topicId, partitions } of topics) {
      const faults = await Promise.all(
        partitions.map((partition) =>
          states.initialize(
            { groupId, topicId, partition },
            { stateEpoch, startOffset: startOf(topicId, partition) },
          ),
        ),
      );
      const fault = faults.find((one) => one !== undefined);
      if (fault !== undefined) return fault;
    }
    onStatesChanged(groupId, new Set(topics.map(({ topicId }) => topicId)));
    const noted = await groups.runOn<boolean | number>(
      groupId,
      (machine, ticket, outcome) =>
        machine.shares.offsets.initialized(groupId, topics, ticket, outcome),
      (errorCode) => errorCode,
    );
    return noted === true ? undefined : { error: 'COORDINATOR_NOT_AVAILABLE', message: null };
  }

  describe(groupId: string): Promise<ShareGroupDescription> {
    return this.#parts.groups.runOn<ShareGroupDescription>(
      groupId,
      (machine, ticket, outcome) => outcome.answer(ticket, machine.shares.describe(groupId)),
      (errorCode) => shareGroupRefusal(groupId, errorCode, null),
    );
  }

  /** The partitions that the group has a state for. */
  async states(groupId: string): Promise<readonly ShareTopicPartitions[] | ShareRefusal> {
    const found = await this.#parts.groups.runOn<ShareStatesFound | ShareRefusal>(
      groupId,
      (machine, ticket, outcome) => machine.shares.offsets.states(groupId, ticket, outcome),
      (errorCode) => ({ errorCode, errorMessage: null }),
    );
    return 'states' in found ? found.states : found;
  }

  /** How far a share partition is; undefined where the group has no state for it. */
  summary(
    groupId: string,
    topicId: string,
    partition: number,
  ): Promise<ShareStateSummary | ShareStateFault | undefined> {
    return this.#parts.states.summary({ groupId, topicId, partition });
  }

  /** Sets where an empty group goes on; makes the group where there is none. */
  async alterOffsets(
    groupId: string,
    offsets: readonly ShareOffsetToSet[],
  ): Promise<ShareRefusal | undefined> {
    const wanted = grouped(offsets);
    const begun = await this.#parts.groups.runOn<ShareStateWanted | ErrorCode | number>(
      groupId,
      (machine, ticket, outcome) =>
        machine.shares.offsets.beginAlter(groupId, wanted, ticket, outcome),
      (errorCode) => errorCode,
    );
    if (typeof begun === 'number') return { errorCode: begun, errorMessage: null };
    if (typeof begun === 'string') return refusalOf(groupId, begun);
    const startOf = (topicId: string, partition: number) =>
      offsets.find((one) => one.topicId === topicId && one.partition === partition)?.startOffset ??
      uninitializedStart;
    const fault = await this.#make(groupId, begun, startOf);
    return fault && { errorCode: errnoOf(fault.error), errorMessage: fault.message };
  }

  /** Forgets how far an empty group is in topics; answers those it knew. */
  async deleteOffsets(
    groupId: string,
    topicIds: readonly string[],
  ): Promise<ReadonlySet<string> | ShareRefusal> {
    const { groups } = this.#parts;
    const found = await groups.runOn<ShareStatesFound | ShareRefusal>(
      groupId,
      (machine, ticket, outcome) =>
        machine.shares.offsets.beginDelete(groupId, topicIds, ticket, outcome),
      (errorCode) => ({ errorCode, errorMessage: null }),
    );
    if (!('states' in found)) return found;
    if (found.refusal !== undefined) return refusalOf(groupId, found.refusal);
    const known = new Set(found.states.map(({ topicId }) => topicId));
    const fault = await this.#deleteStates(groupId, found.states);
    if (fault !== undefined) {
      return { errorCode: errnoOf(fault.error), errorMessage: fault.message };
    }
    await groups.runOn<boolean>(
      groupId,
      (machine, ticket, outcome) =>
        machine.shares.offsets.deleted(groupId, [...known], ticket, outcome),
      () => false,
    );
    return known;
  }

  /** Deletes a share group with all its states; undefined where there is none of that name. */
  async deleteGroup(groupId: string): Promise<DeletedGroup | undefined> {
    const { groups } = this.#parts;
    const refused = (errorCode: number, errorMessage: string | null = null): DeletedGroup => ({
      groupId,
      errorCode,
      errorMessage,
    });
    const found = await groups.runOn<ShareStatesFound | undefined>(
      groupId,
      (machine, ticket, outcome) => machine.shares.offsets.beginBury(groupId, ticket, outcome),
      // Whoever deletes groups of the other kinds hears of the same trouble.
      () => undefined,
    );
    if (found === undefined) return undefined;
    if (found.refusal !== undefined) {
      const { errorCode, errorMessage } = refusalOf(groupId, found.refusal);
      return refused(errorCode, errorMessage);
    }
    const fault = await this.#deleteStates(groupId, found.states);
    if (fault !== undefined) return refused(errnoOf(fault.error), fault.message);
    return await groups.runOn<DeletedGroup>(
      groupId,
      (machine, ticket, outcome) => machine.shares.offsets.endBury(groupId, ticket, outcome),
      refused,
    );
  }

  async #deleteStates(
    groupId: string,
    topics: readonly ShareTopicPartitions[],
  ): Promise<ShareStateFault | undefined> {
    const { states, onStatesChanged } = this.#parts;
    onStatesChanged(groupId, new Set(topics.map(({ topicId }) => topicId)));
    for (const { topicId, partitions } of topics) {
      const faults = await Promise.all(
        partitions.map((partition) => states.delete({ groupId, topicId, partition })),
      );
      const fault = faults.find((one) => one !== undefined);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  async #forgetTopic(topicId: string, name: string): Promise<void> {
    try {
      await this.#parts.groups.runOnAll<string[]>((machine, ticket, outcome) =>
        machine.shares.offsets.forgetTopic(topicId, ticket, outcome),
      );
    } catch (error) {
      this.#parts.logger.warn(`Share groups may still know the deleted topic ${name}.`, { error });
    }
  }
}

export function isRefusal(answer: object): answer is ShareRefusal {
  return 'errorCode' in answer;
}

function refusalOf(groupId: string, code: ErrorCode): ShareRefusal {
  const errorMessage =
    code === 'NON_EMPTY_GROUP'
      ? 'The group is not empty.'
      : `Group ${groupId} is not a share group.`;
  return { errorCode: errnoOf(code), errorMessage };
}

function grouped(offsets: readonly ShareOffsetToSet[]): ShareTopicPartitions[] {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of offsets) {
    topics.set(topicId, [...(topics.get(topicId) ?? []), partition]);
  }
  return Array.from(topics, ([topicId, partitions]) => ({ topicId, partitions }));
}
