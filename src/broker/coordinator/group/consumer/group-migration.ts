import type { ClassicGroup } from '../classic-group.js';
import type { GroupConfig } from '../group-config.js';
import type { GroupRecord } from '../group-records.js';
import { downgraded, upgradeRecords, upgradeRefusal } from '../migration.js';
import type { GroupOutcome, Rebalance } from '../rebalance.js';
import { recordBytes, recordOf } from '../stored-group.js';
import { ConsumerGroup } from './consumer-group.js';
import { groupIsFull } from './consumer-membership.js';
import type { ConsumerRebalance, ConsumerRebalanceParts } from './consumer-rebalance.js';

export interface GroupMigrationParts
  extends Pick<ConsumerRebalanceParts, 'config' | 'catalog' | 'hashes'> {
  readonly groups: Map<string, ConsumerGroup>;
  readonly classic: Map<string, ClassicGroup>;
  readonly emit: (outcome: GroupOutcome, record: GroupRecord) => void;
  readonly rebalance: ConsumerRebalance;
  readonly classicRebalance: Rebalance;
  /** Members a classic group may have, and bytes of its record. */
  readonly classicConfig: Pick<GroupConfig, 'groupSizeMax' | 'recordBytesMax'>;
  /** Tombstones for all that a consumer group is. */
  readonly bury: (group: ConsumerGroup, outcome: GroupOutcome) => void;
}

/** Groups with members that change from one protocol to the other (KIP-848). */
export class GroupMigration {
  readonly #parts: GroupMigrationParts;

  constructor(parts: GroupMigrationParts) {
    this.#parts = parts;
  }

  /** A classic group with members goes on as a consumer group; fails where it cannot. */
  upgrade(classic: ClassicGroup, outcome: GroupOutcome): ConsumerGroup {
    const { groups, emit, config, catalog, hashes, classicRebalance, rebalance } = this.#parts;
    const { groupId } = classic;
    const isEnabled = ['upgrade', 'bidirectional'].includes(config.migrationPolicy);
    const refusal = upgradeRefusal(classic, isEnabled, config.sizeMax);
    if (refusal !== undefined) throw refusal;
    if (classic.size >= config.sizeMax) throw groupIsFull(config.sizeMax);
    const records = upgradeRecords(classic, catalog, (topics) => hashes.of(topics));
    classicRebalance.dissolve(classic, outcome);
    emit(outcome, { kind: 'classic-group', groupId, value: null });
    const group = new ConsumerGroup(groupId);
    groups.set(groupId, group);
    for (const record of records) emit(outcome, record);
    for (const { memberId, classic: facts } of group.members()) {
      rebalance.restartSession(group, memberId, facts?.sessionTimeoutMs);
    }
    return group;
  }

  /** Whether the group is to be a classic one of this size once these are gone or replaced. */
  canDowngrade(group: ConsumerGroup, gone: ReadonlySet<string>, size: number): boolean {
    const { config, classicConfig } = this.#parts;
    return (
      size > 0 &&
      size <= classicConfig.groupSizeMax &&
      ['downgrade', 'bidirectional'].includes(config.migrationPolicy) &&
      group.isClassicBut(gone)
    );
  }

  /** A consumer group goes on as a classic one; false where that would not fit its record. */
  downgrade(
    group: ConsumerGroup,
    leaving: ReadonlySet<string>,
    isRebalancing: boolean,
    outcome: GroupOutcome,
    now: number,
  ): boolean {
    const { classicConfig, classicRebalance, rebalance, catalog } = this.#parts;
    const classic = downgraded(group, leaving, catalog, now);
    let assignmentBytes = 0;
    for (const { assignment } of classic.members()) assignmentBytes += assignment.length;
    if (recordBytes(classic, assignmentBytes) > classicConfig.recordBytesMax) return false;
    for (const { memberId } of group.members()) rebalance.cancelTimers(group.groupId, memberId);
    this.#parts.bury(group, outcome);
    this.#parts.classic.set(group.groupId, classic);
    outcome.note(recordOf(classic));
    for (const member of classic.members()) classicRebalance.restartSession(classic, member);
    if (isRebalancing) classicRebalance.prepare(classic, outcome, now);
    return true;
  }
}
