import { errnoOf } from '../../../../errors/index.js';
import type { TimerTable } from '../../runtime/timer-table.js';
import { namedPartitions, type TopicCatalog, TopicHashes } from '../consumer/topic-catalog.js';
import type { GroupRecord } from '../group-records.js';
import { GroupTable } from '../group-table.js';
import type { GroupOutcome } from '../rebalance.js';
import type { ShareGroupConfig, ShareGroupTimes } from './share-config.js';
import { shareAssignor, ShareGroup } from './share-group.js';
import { ShareMembership } from './share-membership.js';
import type { ShareGroupDescription } from './share-messages.js';
import { ShareOffsets } from './share-offsets.js';
import type { ShareGroupRecord } from './share-records.js';

export interface ShareGroupsParts {
  readonly timers: TimerTable<GroupRecord>;
  readonly config: ShareGroupConfig;
  readonly timesOf: (groupId: string) => ShareGroupTimes;
  readonly catalog: TopicCatalog;
  /** Whether the id belongs to a group of another kind. */
  readonly isOther: (groupId: string) => boolean;
  /** Replays a record at once and has it written with the others of the operation. */
  readonly emit: (outcome: GroupOutcome, record: ShareGroupRecord) => void;
}

/** All share groups of a machine, and how the rest of the machine meets them. */
export class ShareGroups {
  readonly membership: ShareMembership;
  readonly offsets: ShareOffsets;
  readonly #groups = new GroupTable<ShareGroup, ShareGroupRecord>(
    'share-group',
    (groupId) => new ShareGroup(groupId),
  );
  readonly #parts: ShareGroupsParts;

  constructor(parts: ShareGroupsParts) {
    this.#parts = parts;
    const groups = this.#groups;
    const hashes = new TopicHashes(parts.catalog);
    const open = (groupId: string) => this.#open(groupId);
    this.membership = new ShareMembership({ ...parts, groups, hashes, open });
    this.offsets = new ShareOffsets({
      groups,
      catalog: parts.catalog,
      emit: parts.emit,
      open,
      isOther: parts.isOther,
      bury: (group, outcome) => this.bury(group, outcome),
      moveEpoch: (group, outcome) => this.membership.moveEpoch(group, true, outcome),
    });
  }

  get(groupId: string): ShareGroup | undefined {
    return this.#groups.get(groupId);
  }

  has(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  all(): IterableIterator<ShareGroup> {
    return this.#groups.values();
  }

  replay(record: ShareGroupRecord): void {
    this.#groups.replay(record);
  }

  /** Time begins for the members that were found in the log. */
  loaded(): void {
    for (const group of this.#groups.values()) {
      for (const { memberId } of group.members()) this.membership.restartSession(group, memberId);
    }
  }

  #open(groupId: string): ShareGroup {
    const group = new ShareGroup(groupId);
    this.#groups.set(groupId, group);
    return group;
  }

  /** Tombstones for all that a group is. */
  bury(group: ShareGroup, outcome: GroupOutcome): void {
    const { emit } = this.#parts;
    const { groupId } = group;
    for (const { memberId } of [...group.members()]) {
      this.membership.buryMember(groupId, memberId, outcome);
    }
    emit(outcome, { kind: 'share-target-epoch', groupId, value: null });
    emit(outcome, { kind: 'share-topics', groupId, value: null });
    emit(outcome, { kind: 'share-group', groupId, value: null });
  }

  describe(groupId: string): ShareGroupDescription {
    const group = this.#groups.get(groupId);
    if (group === undefined) {
      const what = this.#parts.isOther(groupId) ? 'is not a share group' : 'not found';
      const code = errnoOf(groupId === '' ? 'INVALID_GROUP_ID' : 'GROUP_ID_NOT_FOUND');
      return shareGroupRefusal(groupId, code, `Group ${groupId} ${what}.`);
    }
    return {
      errorCode: 0,
      errorMessage: null,
      groupId,
      groupState: group.state,
      groupEpoch: group.epoch,
      assignmentEpoch: group.assignmentEpoch,
      assignorName: shareAssignor,
      members: Array.from(group.members(), (member) => ({
        memberId: member.memberId,
        rackId: member.rackId,
        memberEpoch: member.epoch,
        clientId: member.clientId,
        clientHost: member.clientHost,
        subscribedTopicNames: member.topicNames,
        assignment: { topicPartitions: namedPartitions(member.assigned, this.#parts.catalog) },
      })),
    };
  }
}

export function shareGroupRefusal(
  groupId: string,
  errorCode: number,
  errorMessage: string | null,
): ShareGroupDescription {
  const epochs = { groupEpoch: 0, assignmentEpoch: 0 };
  const nothing = { groupState: '', ...epochs, assignorName: '', members: [] };
  return { errorCode, errorMessage, groupId, ...nothing };
}
