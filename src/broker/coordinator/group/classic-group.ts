import type { ErrorCode } from '../../../errors/index.js';
import type { Ticket } from '../runtime/outcome.js';
import { ClassicMember } from './classic-member.js';
import type { GroupProtocol, JoinedMember, JoinGroupAnswer } from './group-messages.js';
import { subscribedTopicsOf } from './subscribed-topics.js';

/**
 *            first member joins                everybody joined, or time is up
 *   Empty ─────────────────────▶ PreparingRebalance ─────────────▶ CompletingRebalance
 *     ▲                            │   ▲                                   │ leader's SyncGroup
 *     └──────── nobody left ───────┘   └── join, leave, expiry ── Stable ◀─┘
 *
 * A group that is deleted is simply no longer there; to clients it is `Dead`.
 */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** The protocol type of consumers, the only one whose subscriptions the coordinator can read. */
export const consumerProtocolType = 'consumer';

/**
 * A group of the classic protocol: who is in it and what it agrees on (Kafka's `ClassicGroup`).
 * Keeps its own books straight, and leaves the rules of the rebalance to `Rebalance`.
 */
export class ClassicGroup {
  readonly groupId: string;
  generationId = 0;
  /** Null for a group that only ever committed offsets (a simple group). */
  protocolType: string | null = null;
  protocolName: string | null = null;
  leaderId: string | null = null;
  /** When the state was entered, wall clock; null where the log does not say. */
  stateSince: number | null;
  /** Somebody joined during the initial delay, which may therefore be prolonged. */
  newMemberAdded = false;
  /** Members that were given an id and have not come back with it (KIP-394). */
  readonly pendingMembers = new Set<string>();
  /** Members of this generation whose SyncGroup has not come. */
  readonly pendingSync = new Set<string>();
  #state: ClassicGroupState = 'Empty';
  #previousState: ClassicGroupState = 'Empty';
  readonly #members = new Map<string, ClassicMember>();
  readonly #staticMembers = new Map<string, string>();
  /** How many members support each protocol. */
  readonly #supporters = new Map<string, number>();
  #joining = 0;
  /** Undefined where it is not known: a group of another type, or metadata that cannot be read. */
  #subscribedTopics: ReadonlySet<string> | undefined;

  constructor(groupId: string, now: number | null) {
    this.groupId = groupId;
    this.stateSince = now;
  }

  get state(): ClassicGroupState {
    return this.#state;
  }

  get previousState(): ClassicGroupState {
    return this.#previousState;
  }

  isIn(...states: readonly ClassicGroupState[]): boolean {
    return states.includes(this.#state);
  }

  transitionTo(state: ClassicGroupState, now: number | null): void {
    this.#previousState = this.#state;
    this.#state = state;
    this.stateSince = now;
  }

  get size(): number {
    return this.#members.size;
  }

  members(): IterableIterator<ClassicMember> {
    return this.#members.values();
  }

  member(memberId: string): ClassicMember | undefined {
    return this.#members.get(memberId);
  }

  staticMemberId(groupInstanceId: string): string | undefined {
    return this.#staticMembers.get(groupInstanceId);
  }

  /** Members whose JoinGroup is parked. */
  get joiningCount(): number {
    return this.#joining;
  }

  get hasAllMembersJoined(): boolean {
    return this.#joining === this.#members.size && this.pendingMembers.size === 0;
  }

  /** The longest rebalance time-out of all members. */
  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const member of this.#members.values()) {
      longest = Math.max(longest, member.rebalanceTimeoutMs);
    }
    return longest;
  }

  /** Whether a member with this id may speak for itself, and if not, what it is told. */
  refusal(memberId: string, groupInstanceId: string | null): ErrorCode | undefined {
    if (groupInstanceId !== null) {
      const current = this.#staticMembers.get(groupInstanceId);
      if (current === undefined) return 'UNKNOWN_MEMBER_ID';
      if (current !== memberId) return 'FENCED_INSTANCE_ID';
    }
    return this.#members.has(memberId) ? undefined : 'UNKNOWN_MEMBER_ID';
  }

  /** Whether a member with these protocols could be in the group. */
  supports(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) => (this.#supporters.get(name) ?? 0) === this.#members.size)
    );
  }

  add(member: ClassicMember): void {
    if (this.#members.size === 0) this.protocolType = member.protocolType;
    this.leaderId ??= member.memberId;
    this.#members.set(member.memberId, member);
    if (member.groupInstanceId !== null) {
      this.#staticMembers.set(member.groupInstanceId, member.memberId);
    }
    this.#countProtocols(member, 1);
    this.pendingMembers.delete(member.memberId);
  }

  /** Takes a member out, pending ones too. A parked request must have been answered before. */
  remove(memberId: string): void {
    const member = this.#members.get(memberId);
    if (member !== undefined) {
      this.takeJoining(member);
      this.#countProtocols(member, -1);
      this.#members.delete(memberId);
      if (member.groupInstanceId !== null) this.#staticMembers.delete(member.groupInstanceId);
    }
    if (this.leaderId === memberId) {
      const [next] = this.#members.keys();
      this.leaderId = next ?? null;
    }
    this.pendingMembers.delete(memberId);
    this.pendingSync.delete(memberId);
  }

  /** Gives a static member a new id; it keeps its place, its assignment and its leadership. */
  replace(old: ClassicMember, renewed: ClassicMember): void {
    this.takeJoining(old);
    this.#countProtocols(old, -1);
    this.#members.delete(old.memberId);
    renewed.assignment = old.assignment;
    this.#members.set(renewed.memberId, renewed);
    this.#countProtocols(renewed, 1);
    if (renewed.groupInstanceId !== null) {
      this.#staticMembers.set(renewed.groupInstanceId, renewed.memberId);
    }
    if (this.leaderId === old.memberId) this.leaderId = renewed.memberId;
    if (this.pendingSync.delete(old.memberId)) this.pendingSync.add(renewed.memberId);
  }

  /** What a member brings along when it joins again. */
  update(
    member: ClassicMember,
    facts: Pick<ClassicMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
  ): void {
    this.#countProtocols(member, -1);
    member.protocols = facts.protocols;
    member.rebalanceTimeoutMs = facts.rebalanceTimeoutMs;
    member.sessionTimeoutMs = facts.sessionTimeoutMs;
    this.#countProtocols(member, 1);
  }

  /** Parks a JoinGroup; gives back an older one of the same member, which must be answered. */
  parkJoining(
    member: ClassicMember,
    ticket: Ticket<JoinGroupAnswer>,
  ): Ticket<JoinGroupAnswer> | undefined {
    const older = member.joining;
    if (older === undefined) this.#joining++;
    member.joining = ticket;
    return older;
  }

  takeJoining(member: ClassicMember): Ticket<JoinGroupAnswer> | undefined {
    const ticket = member.joining;
    if (ticket !== undefined) this.#joining--;
    member.joining = undefined;
    return ticket;
  }

  /** Makes a member that has joined the leader; false when there is none. */
  electJoinedLeader(): boolean {
    const leader = this.leaderId === null ? undefined : this.#members.get(this.leaderId);
    if (leader === undefined) return false;
    if (leader.joining !== undefined) return true;
    for (const member of this.#members.values()) {
      if (member.joining === undefined) continue;
      this.leaderId = member.memberId;
      return true;
    }
    return false;
  }

  /** The protocol with the most votes of those that all support; at a tie the first voted for. */
  selectProtocol(): string | null {
    const candidates = new Set<string>();
    for (const [name, count] of this.#supporters) {
      if (count === this.#members.size) candidates.add(name);
    }
    const votes = new Map<string, number>();
    for (const member of this.#members.values()) {
      const vote = member.vote(candidates);
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    let winner: string | null = null;
    for (const [name, count] of votes) {
      if (winner === null || count > (votes.get(winner) ?? 0)) winner = name;
    }
    return winner;
  }

  startGeneration(now: number): void {
    this.generationId += 1;
    this.protocolName = this.#members.size > 0 ? this.selectProtocol() : null;
    this.refreshSubscribedTopics();
    this.transitionTo(this.#members.size > 0 ? 'CompletingRebalance' : 'Empty', now);
    this.pendingSync.clear();
    this.newMemberAdded = false;
  }

  /** Everybody's metadata for the chosen protocol: what the leader needs to assign. */
  membersForLeader(): JoinedMember[] {
    return Array.from(this.#members.values(), (member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataFor(this.protocolName),
    }));
  }

  refreshSubscribedTopics(): void {
    const metadata = Array.from(this.#members.values(), (member) =>
      member.metadataFor(this.protocolName),
    );
    const isConsumer = this.protocolType === consumerProtocolType;
    this.#subscribedTopics = isConsumer ? subscribedTopicsOf(metadata) : undefined;
  }

  /** Whether a member reads the topic; a consumer group that cannot be read reads everything. */
  isSubscribedTo(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.protocolType === consumerProtocolType;
  }

  get knowsSubscribedTopics(): boolean {
    return this.#subscribedTopics !== undefined;
  }

  #countProtocols(member: ClassicMember, by: 1 | -1): void {
    // A protocol named twice by one member counts once.
    for (const name of new Set(member.protocols.map((protocol) => protocol.name))) {
      const count = (this.#supporters.get(name) ?? 0) + by;
      if (count === 0) this.#supporters.delete(name);
      else this.#supporters.set(name, count);
    }
  }
}
