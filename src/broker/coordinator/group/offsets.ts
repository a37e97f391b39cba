import { type ErrorCode, errnoOf } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import { ClassicGroup, consumerProtocolType } from './classic-group.js';
import type { ConsumerGroup } from './consumer/consumer-group.js';
import type { ConsumerGroups } from './consumer/consumer-groups.js';
import type { GroupConfig } from './group-config.js';
import type {
  FetchedOffset,
  OffsetCommit,
  OffsetCommitAnswer,
  OffsetDelete,
  OffsetDeleteAnswer,
  OffsetFetch,
  OffsetFetchAnswer,
} from './group-messages.js';
import type { CommittedOffset } from './group-records.js';
import { isTooLong } from './joining.js';
import type { OffsetStore } from './offset-store.js';
import type { GroupOutcome, Rebalance } from './rebalance.js';
import type { StreamsGroup } from './streams/streams-group.js';
import type { StreamsGroups } from './streams/streams-groups.js';

/** From this version on a commit into an unknown group says so (KIP-848). */
const groupIdNotFoundSince = 9;

export interface OffsetsParts {
  readonly groups: ReadonlyMap<string, ClassicGroup>;
  readonly consumers: ConsumerGroups;
  /** Groups that commit nothing here. */
  readonly shares: { has(groupId: string): boolean };
  readonly streams: StreamsGroups;
  readonly store: OffsetStore;
  readonly rebalance: Rebalance;
  readonly config: GroupConfig;
}

/** OffsetCommit, OffsetFetch, OffsetDelete: who may commit, and what is read back. */
export class Offsets {
  readonly #parts: OffsetsParts;

  constructor(parts: OffsetsParts) {
    this.#parts = parts;
  }

  commit(
    request: OffsetCommit,
    version: number,
    ticket: Ticket<OffsetCommitAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const { groups, rebalance } = this.#parts;
    const group = groups.get(request.groupId);
    const refusal = this.#commitRefusal(request, version);
    if (refusal !== undefined) {
      const errorCode = errnoOf(refusal);
      const errorCodes = request.topics.map(({ partitions }) => partitions.map(() => errorCode));
      return outcome.answer(ticket, { errorCodes });
    }
    if (group?.isIn('Stable', 'PreparingRebalance') === true) {
      // A commit is a sign of life.
      const member = group.member(request.memberId);
      if (member !== undefined) rebalance.restartSession(group, member);
    }
    this.#write(request, ticket, outcome, now);
  }

  #commitRefusal(request: OffsetCommit, version: number): ErrorCode | undefined {
    const { groups, consumers, shares, streams } = this.#parts;
    const { groupId } = request;
    if (shares.has(groupId)) return 'GROUP_ID_NOT_FOUND';
    const streamsGroup = streams.get(groupId);
    if (streamsGroup !== undefined) return streams.commitRefusal(streamsGroup, request, version);
    const consumer = consumers.get(groupId);
    if (consumer !== undefined) return consumers.commitRefusal(consumer, request, version);
    return commitRefusal(groups.get(groupId), request, version);
  }

  #write(
    request: OffsetCommit,
    ticket: Ticket<OffsetCommitAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const { groupId, retentionTimeMs } = request;
    const expireTimestamp = retentionTimeMs < 0 ? undefined : now + retentionTimeMs;
    const errorCodes = request.topics.map((topic) =>
      topic.partitions.map((partition) => {
        const metadata = partition.committedMetadata ?? '';
        if (metadata.length > this.#parts.config.offsetMetadataMax || isTooLong(metadata)) {
          return errnoOf('OFFSET_METADATA_TOO_LARGE');
        }
        const value: CommittedOffset = {
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata,
          commitTimestamp: now,
          expireTimestamp,
          topicId: topic.topicId,
        };
        const { partitionIndex } = partition;
        outcome.write({
          kind: 'offset',
          groupId,
          topic: topic.name,
          partition: partitionIndex,
          value,
        });
        return 0;
      }),
    );
    outcome.answer(ticket, { errorCodes });
  }

  fetch(request: OffsetFetch, ticket: Ticket<OffsetFetchAnswer>, outcome: GroupOutcome): void {
    const refusal = this.#fetchRefusal(request);
    if (refusal !== undefined) {
      return outcome.answer(ticket, { errorCode: errnoOf(refusal), topics: [] });
    }
    const topics =
      request.topics?.map(({ name, topicId, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((index) => this.#fetched(request, name, index, topicId)),
      })) ?? this.#everything(request);
    outcome.answer(ticket, { errorCode: 0, topics });
  }

  #fetchRefusal({ groupId, memberId, memberEpoch }: OffsetFetch): ErrorCode | undefined {
    const { consumers, streams } = this.#parts;
    const consumer = consumers.get(groupId);
    if (consumer !== undefined) return consumers.fetchRefusal(consumer, memberId, memberEpoch);
    const group = streams.get(groupId);
    return group && streams.fetchRefusal(group, memberId, memberEpoch);
  }

  #everything(request: OffsetFetch): OffsetFetchAnswer['topics'] {
    return Array.from(this.#parts.store.topicsOf(request.groupId), ([name, offsets]) => ({
      name,
      partitions: Array.from(offsets.keys(), (index) => this.#fetched(request, name, index)),
    }));
  }

  #fetched(
    { groupId, requireStable }: OffsetFetch,
    topic: string,
    partitionIndex: number,
    topicId?: string,
  ): FetchedOffset {
    const { store } = this.#parts;
    const none = { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '' };
    if (requireStable && store.isUnstable(groupId, topic, partitionIndex)) {
      return { ...none, errorCode: errnoOf('UNSTABLE_OFFSET_COMMIT') };
    }
    const found = store.get(groupId, topic, partitionIndex);
    const isOfAnother =
      topicId !== undefined && found?.topicId !== undefined && found.topicId !== topicId;
    if (found === undefined || isOfAnother) return { ...none, errorCode: 0 };
    return {
      partitionIndex,
      committedOffset: found.offset,
      committedLeaderEpoch: found.leaderEpoch,
      metadata: found.metadata,
      errorCode: 0,
    };
  }

  /** What is not there is answered with UNKNOWN_TOPIC_OR_PARTITION. */
  delete(request: OffsetDelete, ticket: Ticket<OffsetDeleteAnswer>, outcome: GroupOutcome): void {
    const { groups, consumers, streams, store } = this.#parts;
    const { groupId } = request;
    const group = groups.get(groupId) ?? consumers.get(groupId) ?? streams.get(groupId);
    const refusal = groupId === '' ? 'INVALID_GROUP_ID' : deleteRefusal(group);
    if (group === undefined || refusal !== undefined) {
      const errorCode = errnoOf(refusal ?? 'GROUP_ID_NOT_FOUND');
      return outcome.answer(ticket, { errorCode, topics: [] });
    }
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        let code: ErrorCode = 'NONE';
        if (group.isSubscribedTo(name)) code = 'GROUP_SUBSCRIBED_TO_TOPIC';
        else if (
          store.get(groupId, name, partitionIndex) === undefined &&
          !store.isUnstable(groupId, name, partitionIndex)
        ) {
          code = 'UNKNOWN_TOPIC_OR_PARTITION';
        } else {
          outcome.write({
            kind: 'offset',
            groupId,
            topic: name,
            partition: partitionIndex,
            value: null,
          });
        }
        return { partitionIndex, errorCode: errnoOf(code) };
      }),
    }));
    outcome.divisible = true;
    outcome.answer(ticket, { errorCode: 0, topics });
  }
}

function commitRefusal(
  group: ClassicGroup | undefined,
  request: OffsetCommit,
  version: number,
): ErrorCode | undefined {
  const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request;
  if (group === undefined) {
    if (isTooLong(request.groupId)) return 'INVALID_GROUP_ID';
    // Without a generation it is an administrator, or a consumer that needs no group.
    if (generationId < 0) return undefined;
    return version >= groupIdNotFoundSince ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION';
  }
  if (generationId < 0 && group.isIn('Empty')) return undefined;
  if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
    const refusal = group.refusal(memberId, groupInstanceId);
    if (refusal !== undefined) return refusal;
    if (generationId !== group.generationId) return 'ILLEGAL_GENERATION';
  } else if (!group.isIn('Empty')) {
    return 'UNKNOWN_MEMBER_ID';
  }
  // It has its generation, but not its assignment: it can only commit what it no longer owns.
  return group.isIn('CompletingRebalance') ? 'REBALANCE_IN_PROGRESS' : undefined;
}

function deleteRefusal(
  group: ClassicGroup | ConsumerGroup | StreamsGroup | undefined,
): ErrorCode | undefined {
  if (group === undefined) return 'GROUP_ID_NOT_FOUND';
  if (!(group instanceof ClassicGroup)) return undefined;
  const isConsumer = group.protocolType === consumerProtocolType;
  return group.isIn('Empty') || isConsumer ? undefined : 'NON_EMPTY_GROUP';
}
