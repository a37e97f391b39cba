import type { ErrorCode } from '../../../errors/index.js';
import type { Machine, ProducerOfBatch } from '../runtime/machine.js';
import type { Ticket } from '../runtime/outcome.js';
import type { TimerTable } from '../runtime/timer-table.js';
import { ClassicGroup } from './classic-group.js';
import type { GroupTimes } from './consumer/consumer-config.js';
import { ConsumerGroups } from './consumer/consumer-groups.js';
import type { TopicCatalog } from './consumer/topic-catalog.js';
import type { GroupConfig } from './group-config.js';
import { GroupDirectory } from './group-directory.js';
import type { OffsetCommitAnswer, TransactionalOffsetCommit } from './group-messages.js';
import { type GroupRecord, isShareRecord, isStreamsRecord } from './group-records.js';
import { Joining } from './joining.js';
import { Membership } from './membership.js';
import { expireOffsets } from './offset-expiry.js';
import { OffsetStore } from './offset-store.js';
import { Offsets } from './offsets.js';
import { type GroupOutcome, Rebalance } from './rebalance.js';
import type { ShareGroupTimes } from './share/share-config.js';
import { ShareGroups } from './share/share-groups.js';
import type { StreamsGroupSettings } from './streams/streams-config.js';
import { StreamsGroups } from './streams/streams-groups.js';
import { groupOf } from './stored-group.js';
import { commitInTransaction } from './transactional-offsets.js';

export interface GroupMachineParts {
  readonly timers: TimerTable<GroupRecord>;
  readonly config: GroupConfig;
  /** A new random uuid as Java prints it, 36 characters. */
  readonly newUuid: () => string;
  /** A new random uuid as Kafka prints its own, 22 characters. */
  readonly newMemberId: () => string;
  readonly catalog: TopicCatalog;
  /** What a group has set for itself. */
  readonly timesOf: (groupId: string) => GroupTimes;
  /** The same for share groups. */
  readonly shareTimesOf?: ((groupId: string) => ShareGroupTimes) | undefined;
  /** The same for streams groups. */
  readonly streamsSettingsOf?: ((groupId: string) => StreamsGroupSettings) | undefined;
}

/** A member whose right to commit has been looked at already. */
const nobody = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 };

/**
 * The groups and offsets of one partition of `__consumer_offsets`, as a machine that can be
 * replayed.
 *
 * Offsets, and the disappearance of groups, change by replay alone. What a classic group does
 * between two generations (who joins, who is awaited) is nowhere written: operations change it in
 * place, and a generation is put down when its leader has assigned. A crash therefore loses a
 * rebalance under way, as in Kafka; its members notice and join again. Consumer groups (KIP-848)
 * put down every step and lose nothing.
 */
export class GroupMachine implements Machine<GroupRecord> {
  readonly joining: Joining;
  readonly membership: Membership;
  readonly offsets: Offsets;
  readonly directory: GroupDirectory;
  readonly consumers: ConsumerGroups;
  readonly shares: ShareGroups;
  readonly streams: StreamsGroups;
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #store = new OffsetStore();
  readonly #rebalance: Rebalance;
  readonly #timers: TimerTable<GroupRecord>;
  readonly #config: GroupConfig;

  constructor(parts: GroupMachineParts) {
    const { timers, config, newUuid, newMemberId, catalog, timesOf } = parts;
    const groups = this.#groups;
    const store = this.#store;
    const rebalance = new Rebalance({ groups, timers, config });
    const emit = (outcome: GroupOutcome, record: GroupRecord): void => {
      this.replay(record);
      outcome.note(record);
    };
    const shares: ShareGroups = new ShareGroups({
      timers,
      config: config.share,
      timesOf: parts.shareTimesOf ?? (() => ({})),
      catalog,
      isOther: (groupId) =>
        groups.has(groupId) || this.consumers.has(groupId) || this.streams.has(groupId),
      emit,
    });
    const streams = new StreamsGroups({
      timers,
      config: config.streams,
      settingsOf: parts.streamsSettingsOf ?? (() => ({})),
      catalog,
      classic: groups,
      isOther: (groupId) => this.consumers.has(groupId) || shares.has(groupId),
      emit,
    });
    // Groups that are never what consumers join.
    const others = { has: (groupId: string) => shares.has(groupId) || streams.has(groupId) };
    const consumers = new ConsumerGroups({
      timers,
      config: config.consumer,
      timesOf,
      catalog,
      newMemberId,
      classic: groups,
      classicRebalance: rebalance,
      classicConfig: config,
      shares: others,
      emit,
    });
    this.consumers = consumers;
    this.shares = shares;
    this.streams = streams;
    this.#timers = timers;
    this.#config = config;
    this.#rebalance = rebalance;
    this.joining = new Joining({ groups, consumers, shares, streams, rebalance, config, newUuid });
    this.membership = new Membership({ groups, consumers, rebalance, config });
    this.offsets = new Offsets({ groups, consumers, shares, streams, store, rebalance, config });
    this.directory = new GroupDirectory({ groups, consumers, shares, streams, store });
  }

  replay(record: GroupRecord, transaction?: ProducerOfBatch): void {
    if (record.kind === 'offset') {
      this.#store.replay(record, transaction);
      if (record.value !== null) this.#expect(record.groupId);
      return;
    }
    if (isShareRecord(record)) {
      this.shares.replay(record);
      return;
    }
    const { groupId } = record;
    if (record.kind !== 'classic-group') {
      if (isStreamsRecord(record)) this.streams.replay(record);
      else this.consumers.replay(record);
      // What offsets alone have made a simple group turns out to be another.
      const isOther = this.consumers.has(groupId) || this.streams.has(groupId);
      if (isOther) this.#groups.delete(groupId);
    } else if (record.value === null) {
      this.#groups.delete(groupId);
    } else {
      this.#groups.set(groupId, groupOf(groupId, record.value));
    }
  }

  replayMarker(producerId: number, committed: boolean): void {
    for (const { groupId } of this.#store.replayMarker(producerId, committed)) {
      this.#expect(groupId);
    }
  }

  /** `fault` is why the producer has no such transaction; undefined where it has. */
  commitInTransaction(
    request: TransactionalOffsetCommit,
    fault: ErrorCode | undefined,
    ticket: Ticket<OffsetCommitAnswer>,
    outcome: GroupOutcome,
    now: number,
  ): void {
    const group = this.#groups.get(request.groupId);
    const consumers = this.consumers.get(request.groupId);
    const streams = this.streams.get(request.groupId);
    if (consumers === undefined && streams === undefined) {
      const foreign = this.shares.has(request.groupId) ? 'GROUP_ID_NOT_FOUND' : undefined;
      commitInTransaction(group, this.#config, request, fault ?? foreign, ticket, outcome, now);
      return;
    }
    const refusal =
      fault ??
      (streams && this.streams.commitRefusal(streams, request, 'transactional')) ??
      (consumers && this.consumers.commitRefusal(consumers, request, 'transactional'));
    const admitted = { ...request, ...nobody };
    commitInTransaction(undefined, this.#config, admitted, refusal, ticket, outcome, now);
  }

  loaded(outcome: GroupOutcome, now: number): void {
    // A group that was deleted and committed to afterwards, read in the order of compaction.
    for (const groupId of this.#store.groupIds()) this.#expect(groupId);
    for (const group of this.#groups.values()) {
      for (const member of group.members()) this.#rebalance.restartSession(group, member);
      const isOverfull = group.size > this.#config.groupSizeMax;
      if (isOverfull && group.isIn('Stable')) this.#rebalance.prepare(group, outcome, now);
    }
    this.consumers.loaded();
    this.shares.loaded();
    this.streams.loaded();
    this.#watchExpiry();
  }

  /** Everything the machine knows that a replay of its log must bring back; for tests. */
  snapshot(): { groups: readonly ClassicGroup[]; offsets: OffsetStore } {
    return { groups: [...this.#groups.values()], offsets: this.#store };
  }

  /** Offsets for a group nobody has joined make it a simple group. */
  #expect(groupId: string): void {
    if (this.#groups.has(groupId) || this.consumers.has(groupId)) return;
    if (this.shares.has(groupId) || this.streams.has(groupId)) return;
    this.#groups.set(groupId, new ClassicGroup(groupId, null));
  }

  #watchExpiry(): void {
    const intervalMs = this.#config.offsetsRetentionCheckIntervalMs;
    this.#timers.schedule('expire offsets', intervalMs, (outcome, now) => {
      const { consumers, streams } = this;
      const kinds = { groups: this.#groups, consumers, streams };
      const parts = { ...kinds, store: this.#store, config: this.#config };
      expireOffsets(parts, outcome, now);
      this.#watchExpiry();
    });
  }
}
