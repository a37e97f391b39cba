import { type ErrorCode, errnoOf } from '../../../../errors/index.js';
import type { Ticket } from '../../runtime/outcome.js';
import type { TopicCatalog } from '../consumer/topic-catalog.js';
import type { DeletedGroup } from '../group-messages.js';
import type { GroupOutcome } from '../rebalance.js';
import type { ShareGroup } from './share-group.js';
import type { ShareStateWanted, ShareTopicPartitions } from './share-messages.js';
import type { ShareGroupRecord, ShareTopics } from './share-records.js';
import {
  statesOf,
  withDeleting,
  withInitialized,
  withInitializing,
  withoutTopics,
} from './share-topics.js';

export interface ShareOffsetsParts {
  readonly groups: ReadonlyMap<string, ShareGroup>;
  readonly catalog: TopicCatalog;
  readonly emit: (outcome: GroupOutcome, record: ShareGroupRecord) => void;
  readonly open: (groupId: string) => ShareGroup;
  readonly isOther: (groupId: string) => boolean;
  readonly bury: (group: ShareGroup, outcome: GroupOutcome) => void;
  readonly moveEpoch: (group: ShareGroup, outcome: GroupOutcome) => void;
}

/** What a step that touches the states of partitions finds, or why it is refused. */
export interface ShareStatesFound {
  readonly refusal: ErrorCode | undefined;
  readonly states: readonly ShareTopicPartitions[];
}

/**
 * How a group keeps book of the partitions that have a state in `__share_group_state`. Each change
 * takes two steps around what the share coordinator does: the first puts down what is about to
 * happen, the second that it has happened.
 */
export class ShareOffsets {
  readonly #parts: ShareOffsetsParts;

  constructor(parts: ShareOffsetsParts) {
    this.#parts = parts;
  }

  /** The states of these partitions were made: from now on they can be assigned. */
  initialized(
    groupId: string,
    made: readonly ShareTopicPartitions[],
    ticket: Ticket<boolean>,
    outcome: GroupOutcome,
  ): void {
    const group = this.#parts.groups.get(groupId);
    if (group === undefined) return outcome.answer(ticket, false);
    // A topic that was deleted meanwhile has no states.
    const living = made.filter(({ topicId }) => this.#parts.catalog.byId(topicId) !== undefined);
    this.#put(group, withInitialized(group.topics, living, this.#nameOf(group)), outcome);
    if (group.size > 0) {
      this.#parts.moveEpoch(group, outcome);
      group.hasNewStates = true;
    }
    outcome.answer(ticket, true);
  }

  /** Partitions that the group has a state for; none for a group that is not there. */
  states(groupId: string, ticket: Ticket<ShareStatesFound>, outcome: GroupOutcome): void {
    const group = this.#parts.groups.get(groupId);
    const initialized = group?.topics.initialized ?? [];
    const states = Array.from(initialized, ([topicId, { partitions }]) => ({
      topicId,
      partitions,
    }));
    outcome.answer(ticket, { refusal: undefined, states });
  }

  /** AlterShareGroupOffsets: the states of these partitions are about to be made anew. */
  beginAlter(
    groupId: string,
    wanted: readonly ShareTopicPartitions[],
    ticket: Ticket<ShareStateWanted | ErrorCode>,
    outcome: GroupOutcome,
  ): void {
    const found = this.#parts.groups.get(groupId);
    if (found === undefined && this.#parts.isOther(groupId)) {
      return outcome.answer(ticket, 'GROUP_ID_NOT_FOUND');
    }
    if (found !== undefined && found.size > 0) return outcome.answer(ticket, 'NON_EMPTY_GROUP');
    const group = found ?? this.#parts.open(groupId);
    // Whoever still writes with the epoch before is fenced.
    this.#parts.moveEpoch(group, outcome);
    this.#put(group, withInitializing(group.topics, wanted, this.#nameOf(group)), outcome);
    outcome.answer(ticket, { stateEpoch: group.epoch, topics: wanted });
  }

  /** DeleteShareGroupOffsets: the states of these topics are about to be taken away. */
  beginDelete(
    groupId: string,
    topicIds: readonly string[],
    ticket: Ticket<ShareStatesFound>,
    outcome: GroupOutcome,
  ): void {
    const group = this.#parts.groups.get(groupId);
    if (group === undefined) {
      const refusal = this.#parts.isOther(groupId) ? 'GROUP_ID_NOT_FOUND' : undefined;
      return outcome.answer(ticket, { refusal, states: [] });
    }
    if (group.size > 0) {
      return outcome.answer(ticket, { refusal: 'NON_EMPTY_GROUP', states: [] });
    }
    const states = statesOf(group.topics, topicIds);
    if (states.length > 0) this.#put(group, withDeleting(group.topics, topicIds), outcome);
    outcome.answer(ticket, { refusal: undefined, states });
  }

  /** The states of these topics are gone. */
  deleted(
    groupId: string,
    topicIds: readonly string[],
    ticket: Ticket<boolean>,
    outcome: GroupOutcome,
  ): void {
    const group = this.#parts.groups.get(groupId);
    if (group !== undefined) this.#put(group, withoutTopics(group.topics, topicIds), outcome);
    outcome.answer(ticket, group !== undefined);
  }

  /** DeleteGroups, first step; answers `undefined` for a group of another kind. */
  beginBury(
    groupId: string,
    ticket: Ticket<ShareStatesFound | undefined>,
    outcome: GroupOutcome,
  ): void {
    const group = this.#parts.groups.get(groupId);
    if (group === undefined) return outcome.answer(ticket, undefined);
    if (group.size > 0) {
      return outcome.answer(ticket, { refusal: 'NON_EMPTY_GROUP', states: [] });
    }
    const states = statesOf(group.topics);
    const topicIds = states.map(({ topicId }) => topicId);
    if (topicIds.length > 0) this.#put(group, withDeleting(group.topics, topicIds), outcome);
    outcome.answer(ticket, { refusal: undefined, states });
  }

  /** DeleteGroups, second step; somebody may have joined meanwhile. */
  endBury(groupId: string, ticket: Ticket<DeletedGroup>, outcome: GroupOutcome): void {
    const group = this.#parts.groups.get(groupId);
    const code = group !== undefined && group.size > 0 ? 'NON_EMPTY_GROUP' : 'NONE';
    if (group !== undefined && code === 'NONE') this.#parts.bury(group, outcome);
    outcome.answer(ticket, { groupId, errorCode: errnoOf(code), errorMessage: null });
  }

  /** The topic is no more; answers the groups that had states for it. */
  forgetTopic(topicId: string, ticket: Ticket<string[]>, outcome: GroupOutcome): void {
    outcome.divisible = true;
    const touched: string[] = [];
    for (const group of this.#parts.groups.values()) {
      const { initializing, initialized, deleting } = group.topics;
      if (![initializing, initialized, deleting].some((topics) => topics.has(topicId))) continue;
      this.#put(group, withoutTopics(group.topics, [topicId]), outcome);
      touched.push(group.groupId);
    }
    outcome.answer(ticket, touched);
  }

  #put(group: ShareGroup, value: ShareTopics, outcome: GroupOutcome): void {
    this.#parts.emit(outcome, { kind: 'share-topics', groupId: group.groupId, value });
  }

  #nameOf({ topics }: ShareGroup): (topicId: string) => string {
    return (topicId) =>
      this.#parts.catalog.byId(topicId)?.name ??
      topics.initializing.get(topicId)?.name ??
      topics.initialized.get(topicId)?.name ??
      '';
  }
}
