import { type Assignment, noPartitions } from '../consumer/assignment.js';
import { leavingEpoch, newShareMember, type ShareMember } from './share-member.js';
import { noShareTopics, type ShareGroupRecord, type ShareTopics } from './share-records.js';

export type ShareGroupState = 'Empty' | 'Stable';

/** The only assignor. */
export const shareAssignor = 'simple';

/** A new group begins with this epoch, and with a target of the same one: nothing for nobody. */
const firstEpoch = 1;

/**
 * A share group (KIP-932, Kafka's `ShareGroup`): members read the same partitions together, so
 * nobody ever waits for another to give something back. The group epoch moves when members,
 * subscriptions or topics change, the assignment epoch when a target was computed for it. Changed
 * by replay alone.
 */
export class ShareGroup {
  readonly groupId: string;
  epoch = firstEpoch;
  metadataHash = 0n;
  assignmentEpoch = firstEpoch;
  /** When the target was computed, wall clock; null before the first. */
  assignedAt: number | null = null;
  /** The version of the topics for which the hash was last computed; not written down. */
  topicsSeen = -1;
  topics: ShareTopics = noShareTopics;
  /** Partitions have become assignable since the last target; not written down. */
  hasNewStates = false;
  readonly #members = new Map<string, ShareMember>();
  readonly #targets = new Map<string, Assignment>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get size(): number {
    return this.#members.size;
  }

  get state(): ShareGroupState {
    return this.#members.size === 0 ? 'Empty' : 'Stable';
  }

  members(): IterableIterator<ShareMember> {
    return this.#members.values();
  }

  member(memberId: string): ShareMember | undefined {
    return this.#members.get(memberId);
  }

  target(memberId: string): Assignment {
    return this.#targets.get(memberId) ?? noPartitions;
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId);
  }

  /** All topics that members read, by name. */
  subscribedTopics(): Set<string> {
    const names = new Set<string>();
    for (const { topicNames } of this.#members.values()) {
      for (const name of topicNames) names.add(name);
    }
    return names;
  }

  replay(record: ShareGroupRecord): void {
    switch (record.kind) {
      case 'share-group':
        if (record.value !== null) {
          this.epoch = record.value.epoch;
          this.metadataHash = record.value.metadataHash;
        }
        return;
      case 'share-member': {
        const { memberId, value } = record;
        if (value === null) this.#members.delete(memberId);
        else this.#members.set(memberId, { ...this.#known(memberId), ...value });
        return;
      }
      case 'share-target-epoch':
        this.assignmentEpoch = record.value?.epoch ?? firstEpoch;
        this.assignedAt = record.value?.timestamp ?? null;
        return;
      case 'share-target':
        if (record.value === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.value);
        return;
      case 'share-progress': {
        const { memberId, value } = record;
        // A tombstone that compaction has left alone: there is no member it could speak of.
        if (value === null && !this.#members.has(memberId)) return;
        const gone = { epoch: leavingEpoch, previousEpoch: leavingEpoch, assigned: noPartitions };
        this.#members.set(memberId, { ...this.#known(memberId), ...(value ?? gone) });
        return;
      }
      case 'share-topics':
        this.topics = record.value ?? noShareTopics;
    }
  }

  #known(memberId: string): ShareMember {
    return this.#members.get(memberId) ?? newShareMember(memberId);
  }
}
