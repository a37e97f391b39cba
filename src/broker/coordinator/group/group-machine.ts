import type { ErrorCode } from '../../../errors/index.js';
import type { Machine, ProducerOfBatch } from '../runtime/machine.js';
import type { Ticket } from '../runtime/outcome.js';
import type { TimerTable } from '../runtime/timer-table.js';
import { ClassicGroup } from './classic-group.js';
import type { GroupConfig } from './group-config.js';
import { GroupDirectory } from './group-directory.js';
import type { OffsetCommitAnswer, TransactionalOffsetCommit } from './group-messages.js';
import type { GroupRecord } from './group-records.js';
import { Joining } from './joining.js';
import { Membership } from './membership.js';
import { expireOffsets } from './offset-expiry.js';
import { OffsetStore } from './offset-store.js';
import { Offsets } from './offsets.js';
import { type GroupOutcome, Rebalance } from './rebalance.js';
import { groupOf } from './stored-group.js';
import { commitInTransaction } from './transactional-offsets.js';

export interface GroupMachineParts {
  readonly timers: TimerTable<GroupRecord>;
  readonly config: GroupConfig;
  /** A new random uuid as Java prints it, 36 characters. */
  readonly newUuid: () => string;
}

/**
 * The groups and offsets of one partition of `__consumer_offsets`, as a machine that can be
 * replayed.
 *
 * Offsets, and the disappearance of groups, change by replay alone. What a classic group does
 * between two generations (who joins, who is awaited) is nowhere written: operations change it in
 * place, and a generation is put down when its leader has assigned. A crash therefore loses a
 * rebalance under way, as in Kafka; its members notice and join again.
 */
export class GroupMachine implements Machine<GroupRecord> {
  readonly joining: Joining;
  readonly membership: Membership;
  readonly offsets: Offsets;
  readonly directory: GroupDirectory;
  readonly #groups = new Map<string, ClassicGroup>();
  readonly #store = new OffsetStore();
  readonly #rebalance: Rebalance;
  readonly #timers: TimerTable<GroupRecord>;
  readonly #config: GroupConfig;

  constructor({ timers, config, newUuid }: GroupMachineParts) {
    const groups = this.#groups;
    const store = this.#store;
    const rebalance = new Rebalance({ groups, timers, config });
    this.#timers = timers;
    this.#config = config;
    this.#rebalance = rebalance;
    this.joining = new Joining({ groups, rebalance, config, newUuid });
    this.membership = new Membership({ groups, rebalance, config });
    this.offsets = new Offsets({ groups, store, rebalance, config });
    this.directory = new GroupDirectory({ groups, store });
  }

  replay(record: GroupRecord, transaction?: ProducerOfBatch): void {
    if (record.kind === 'offset') {
      this.#store.replay(record, transaction);
      if (record.value !== null && transaction === undefined) this.#expect(record.groupId);
      return;
    }
    const { groupId, value } = record;
    if (value === null) this.#groups.delete(groupId);
    else this.#groups.set(groupId, groupOf(groupId, value));
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
    commitInTransaction(group, this.#config, request, fault, ticket, outcome, now);
  }

  loaded(outcome: GroupOutcome, now: number): void {
    // A group that was deleted and committed to afterwards, read in the order of compaction.
    for (const groupId of this.#store.groupIds()) this.#expect(groupId);
    for (const group of this.#groups.values()) {
      for (const member of group.members()) this.#rebalance.restartSession(group, member);
      const isOverfull = group.size > this.#config.groupSizeMax;
      if (isOverfull && group.isIn('Stable')) this.#rebalance.prepare(group, outcome, now);
    }
    this.#watchExpiry();
  }

  /** Everything the machine knows that a replay of its log must bring back; for tests. */
  snapshot(): { groups: readonly ClassicGroup[]; offsets: OffsetStore } {
    return { groups: [...this.#groups.values()], offsets: this.#store };
  }

  /** Offsets for a group nobody has joined make it a simple group. */
  #expect(groupId: string): void {
    if (!this.#groups.has(groupId)) this.#groups.set(groupId, new ClassicGroup(groupId, null));
  }

  #watchExpiry(): void {
    const intervalMs = this.#config.offsetsRetentionCheckIntervalMs;
    this.#timers.schedule('expire offsets', intervalMs, (outcome, now) => {
      const parts = { groups: this.#groups, store: this.#store, config: this.#config };
      expireOffsets(parts, outcome, now);
      this.#watchExpiry();
    });
  }
}
