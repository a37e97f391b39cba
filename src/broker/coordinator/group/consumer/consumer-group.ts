import type { ErrorCode } from '../../../../errors/index.js';
import { type Assignment, noPartitions } from './assignment.js';
import {
  type ConsumerMember,
  isReconciled,
  leavingEpoch,
  type MemberProgress,
  newMember,
  noProgress,
} from './consumer-member.js';
import type { ConsumerGroupRecord, ResolvedRegex } from './consumer-records.js';

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable';

/** The assignor of groups whose members ask for none. */
export const defaultAssignor = 'uniform';

/** A new group begins with this epoch, and with a target of the same one: nothing for nobody. */
const firstEpoch = 1;

/**
 * A group of the protocol of KIP-848 (Kafka's `ConsumerGroup`): three epochs that chase each
 * other. The **group epoch** moves when members, subscriptions or topics change; the **assignment
 * epoch** follows when a target was computed for it; each **member epoch** follows when the
 * member has given back what it shall not have. Changed by replay alone.
 */
export class ConsumerGroup {
  readonly groupId: string;
  epoch = firstEpoch;
  metadataHash = 0n;
  assignmentEpoch = firstEpoch;
  /** When the target was computed, wall clock; null before the first. */
  assignedAt: number | null = null;
  /** The version of the topics for which the hash was last computed; not written down. */
  topicsSeen = -1;
  readonly #members = new Map<string, ConsumerMember>();
  readonly #staticMembers = new Map<string, string>();
  readonly #targets = new Map<string, Assignment>();
  readonly #owners = new Map<string, Map<number, string>>();
  readonly #regexes = new Map<string, ResolvedRegex>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get size(): number {
    return this.#members.size;
  }

  get state(): ConsumerGroupState {
    if (this.#members.size === 0) return 'Empty';
    if (this.epoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.#members.values()) {
      if (!isReconciled(member, this.assignmentEpoch)) return 'Reconciling';
    }
    return 'Stable';
  }

  members(): IterableIterator<ConsumerMember> {
    return this.#members.values();
  }

  member(memberId: string): ConsumerMember | undefined {
    return this.#members.get(memberId);
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.#staticMembers.get(instanceId);
    return memberId === undefined ? undefined : this.#members.get(memberId);
  }

  get usesClassicMembers(): boolean {
    for (const { classic } of this.#members.values()) if (classic !== null) return true;
    return false;
  }

  /** Whether nobody but these speaks the protocol of KIP-848. */
  isClassicBut(others: ReadonlySet<string>): boolean {
    for (const { classic, memberId } of this.#members.values()) {
      if (classic === null && !others.has(memberId)) return false;
    }
    return true;
  }

  /** Whether all classic members support one of these protocols. */
  supportsClassic(names: readonly string[]): boolean {
    const members = [...this.#members.values()];
    return names.some((name) =>
      members.every(
        ({ classic }) => classic?.supportedProtocols.some((one) => one.name === name) ?? true,
      ),
    );
  }

  /** Whether others still own some of what the target gives to a member. */
  isWaiting({ memberId, assigned }: ConsumerMember): boolean {
    for (const [topicId, partitions] of this.target(memberId)) {
      const owned = assigned.get(topicId);
      for (const partition of partitions) {
        if (owned?.has(partition) !== true && this.ownerOf(topicId, partition) !== undefined) {
          return true;
        }
      }
    }
    return false;
  }

  target(memberId: string): Assignment {
    return this.#targets.get(memberId) ?? noPartitions;
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId);
  }

  targets(): IterableIterator<[memberId: string, target: Assignment]> {
    return this.#targets.entries();
  }

  /** Who owns a partition, also while it is being given back. */
  ownerOf(topicId: string, partition: number): string | undefined {
    return this.#owners.get(topicId)?.get(partition);
  }

  regexes(): IterableIterator<[regex: string, resolved: ResolvedRegex]> {
    return this.#regexes.entries();
  }

  resolved(regex: string): ResolvedRegex | undefined {
    return this.#regexes.get(regex);
  }

  /** How many members subscribe by each regular expression. */
  subscribedRegexes(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { topicRegex } of this.#members.values()) {
      if (topicRegex !== '') counts.set(topicRegex, (counts.get(topicRegex) ?? 0) + 1);
    }
    return counts;
  }

  /** The topics a member reads, by name: those it names and those its expression has matched. */
  topicsOf({ topicNames, topicRegex }: ConsumerMember): Iterable<string> {
    const matched = topicRegex === '' ? undefined : this.#regexes.get(topicRegex)?.topics;
    if (matched === undefined || matched.length === 0) return topicNames;
    return new Set([...topicNames, ...matched]);
  }

  /** All topics that members read, by name. */
  subscribedTopics(): Set<string> {
    const names = new Set<string>();
    for (const member of this.#members.values()) {
      for (const name of this.topicsOf(member)) names.add(name);
    }
    return names;
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscribedTopics().has(topic);
  }

  /** The assignor most members ask for. */
  get assignor(): string {
    const votes = new Map<string, number>();
    for (const { serverAssignor } of this.#members.values()) {
      if (serverAssignor !== null) {
        votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
      }
    }
    let winner: string | undefined;
    for (const [name, count] of votes) {
      if (winner === undefined || count > (votes.get(winner) ?? 0)) winner = name;
    }
    return winner ?? defaultAssignor;
  }

  /** Why a member of this name may not speak for itself with this epoch. */
  epochRefusal(memberId: string, memberEpoch: number): ErrorCode | undefined {
    const member = this.#members.get(memberId);
    if (member === undefined) return 'UNKNOWN_MEMBER_ID';
    if (member.epoch === memberEpoch) return undefined;
    return member.classic === null ? 'STALE_MEMBER_EPOCH' : 'ILLEGAL_GENERATION';
  }

  replay(record: ConsumerGroupRecord): void {
    switch (record.kind) {
      case 'consumer-group':
        if (record.value !== null) {
          this.epoch = record.value.epoch;
          this.metadataHash = record.value.metadataHash;
        }
        return;
      case 'consumer-member':
        this.#replayMember(record.memberId, record.value);
        return;
      case 'consumer-target-epoch':
        this.assignmentEpoch = record.value?.epoch ?? firstEpoch;
        this.assignedAt = record.value?.timestamp ?? null;
        return;
      case 'consumer-target':
        if (record.value === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.value);
        return;
      case 'consumer-progress':
        this.#replayProgress(record.memberId, record.value);
        return;
      case 'consumer-regex':
        if (record.value === null) this.#regexes.delete(record.regex);
        else this.#regexes.set(record.regex, record.value);
    }
  }

  #replayMember(memberId: string, facts: Partial<ConsumerMember> | null): void {
    const before = this.#members.get(memberId);
    const instanceId = facts === null ? before?.instanceId : facts.instanceId;
    if (facts === null) {
      this.#members.delete(memberId);
      if (before !== undefined) this.#release(before);
      if (typeof instanceId !== 'string') return;
      if (this.#staticMembers.get(instanceId) === memberId) this.#staticMembers.delete(instanceId);
      return;
    }
    this.#members.set(memberId, { ...(before ?? newMember(memberId)), ...facts });
    if (typeof instanceId === 'string') this.#staticMembers.set(instanceId, memberId);
  }

  #replayProgress(memberId: string, progress: MemberProgress | null): void {
    const before = this.#members.get(memberId);
    // A tombstone that compaction has left alone: there is no member it could speak of.
    if (before === undefined && progress === null) return;
    const member = before ?? newMember(memberId);
    this.#release(member);
    const after = progress ?? { ...noProgress, epoch: leavingEpoch, previousEpoch: leavingEpoch };
    const renewed = { ...member, ...after };
    this.#members.set(memberId, renewed);
    this.#take(renewed);
  }

  #take({ memberId, assigned, revoking }: ConsumerMember): void {
    for (const owned of [assigned, revoking]) {
      for (const [topicId, partitions] of owned) {
        let owners = this.#owners.get(topicId);
        if (owners === undefined) {
          owners = new Map();
          this.#owners.set(topicId, owners);
        }
        for (const partition of partitions.keys()) owners.set(partition, memberId);
      }
    }
  }

  #release({ memberId, assigned, revoking }: ConsumerMember): void {
    for (const owned of [assigned, revoking]) {
      for (const [topicId, partitions] of owned) {
        const owners = this.#owners.get(topicId);
        if (owners === undefined) continue;
        for (const partition of partitions.keys()) {
          if (owners.get(partition) === memberId) owners.delete(partition);
        }
        if (owners.size === 0) this.#owners.delete(topicId);
      }
    }
  }
}
