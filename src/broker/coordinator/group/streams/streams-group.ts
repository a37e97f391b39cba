import type { ConfiguredTopology } from './configured-topology.js';
import {
  isReconciledTo,
  leavingEpoch,
  newStreamsMember,
  noStreamsProgress,
  type StreamsMember,
  type StreamsMemberFacts,
  type StreamsMemberProgress,
} from './streams-member.js';
import type { StoredStreamsGroup, StreamsGroupRecord } from './streams-records.js';
import { type MemberTaskOffsets, noTaskOffsets } from './task-offsets.js';
import { TaskTable } from './task-table.js';
import { noTasks, type TargetTasks } from './tasks.js';
import { readerOf, type Topology } from './topology.js';

export type StreamsGroupState = 'Empty' | 'NotReady' | 'Assigning' | 'Reconciling' | 'Stable';

/** A new group begins with this epoch, and with a target of the same one: nothing for nobody. */
const firstEpoch = 1;
/** No topology has been found to have all its topics. */
const notValidated = -1;

/**
 * A group of the protocol of KIP-1071 (Kafka's `StreamsGroup`): the instances of one Streams
 * application. Beside the three epochs of a consumer group it knows the application's topology;
 * what is assigned are tasks, active ones and copies of them. Changed by replay alone, but for
 * what a crash may forget: how the topology fits the topics, and endpoints' epoch.
 */
export class StreamsGroup {
  readonly groupId: string;
  epoch = firstEpoch;
  metadataHash = 0n;
  validatedTopologyEpoch = notValidated;
  assignmentConfigs: StoredStreamsGroup['assignmentConfigs'] = [];
  assignmentEpoch = firstEpoch;
  /** When the target was computed, wall clock; 0 before the first. */
  assignedAt = 0;
  topology: Topology | undefined;
  /** The topology on the topics there are; not written down. */
  configured: ConfiguredTopology | undefined;
  /** The version of the topics for which the hash was last computed; not written down. */
  topicsSeen = -1;
  /** Who has asked that the whole application end; not written down. */
  shutdownRequestedBy: string | undefined;
  /** Moves when an endpoint gets or loses tasks; not written down. */
  endpointEpoch = 0;
  /** What members have last said of the state on their disks; not written down. */
  readonly #taskOffsets = new Map<string, MemberTaskOffsets>();
  readonly tasks = new TaskTable();
  readonly #members = new Map<string, StreamsMember>();
  readonly #targets = new Map<string, TargetTasks>();

  constructor(groupId: string) {
    this.groupId = groupId;
  }

  get size(): number {
    return this.#members.size;
  }

  get state(): StreamsGroupState {
    if (this.#members.size === 0) return 'Empty';
    if (this.topology?.epoch !== this.validatedTopologyEpoch) return 'NotReady';
    if (this.epoch > this.assignmentEpoch) return 'Assigning';
    for (const member of this.#members.values()) {
      if (!isReconciledTo(member, this.assignmentEpoch)) return 'Reconciling';
    }
    return 'Stable';
  }

  members(): IterableIterator<StreamsMember> {
    return this.#members.values();
  }

  member(memberId: string): StreamsMember | undefined {
    return this.#members.get(memberId);
  }

  staticMember(instanceId: string): StreamsMember | undefined {
    for (const member of this.#members.values()) {
      if (member.instanceId === instanceId) return member;
    }
    return undefined;
  }

  target(memberId: string): TargetTasks {
    return this.#targets.get(memberId) ?? noTasks;
  }

  taskOffsets(memberId: string): MemberTaskOffsets {
    return this.#taskOffsets.get(memberId) ?? noTaskOffsets;
  }

  noteTaskOffsets(memberId: string, offsets: MemberTaskOffsets): void {
    this.#taskOffsets.set(memberId, offsets);
  }

  hasTarget(memberId: string): boolean {
    return this.#targets.has(memberId);
  }

  /** Whether a member reads the topic. */
  isSubscribedTo(topic: string): boolean {
    if (this.size === 0 || this.topology === undefined) return false;
    return readerOf(this.topology, topic) !== undefined;
  }

  replay(record: StreamsGroupRecord): void {
    switch (record.kind) {
      case 'streams-group':
        if (record.value !== null) this.#replayGroup(record.value);
        return;
      case 'streams-member':
        this.#replayMember(record.memberId, record.value);
        return;
      case 'streams-target-epoch':
        this.assignmentEpoch = record.value?.epoch ?? firstEpoch;
        this.assignedAt = record.value?.timestamp ?? 0;
        return;
      case 'streams-target':
        if (record.value === null) this.#targets.delete(record.memberId);
        else this.#targets.set(record.memberId, record.value);
        return;
      case 'streams-progress':
        this.#replayProgress(record.memberId, record.value);
        return;
      case 'streams-topology':
        this.topology = record.value ?? undefined;
    }
  }

  #replayGroup(stored: StoredStreamsGroup): void {
    this.epoch = stored.epoch;
    this.metadataHash = stored.metadataHash;
    this.validatedTopologyEpoch = stored.validatedTopologyEpoch;
    this.assignmentConfigs = stored.assignmentConfigs;
  }

  #replayMember(memberId: string, facts: StreamsMemberFacts | null): void {
    const before = this.#members.get(memberId);
    if (before !== undefined) this.tasks.release(before);
    if (facts === null) {
      this.#members.delete(memberId);
      this.#taskOffsets.delete(memberId);
      if (this.size === 0) this.shutdownRequestedBy = undefined;
      return;
    }
    const member = { ...(before ?? newStreamsMember(memberId)), ...facts };
    this.#members.set(memberId, member);
    this.tasks.take(member);
  }

  #replayProgress(memberId: string, progress: StreamsMemberProgress | null): void {
    const before = this.#members.get(memberId);
    // A tombstone that compaction has left alone: there is no member it could speak of.
    if (before === undefined && progress === null) return;
    const member = before ?? newStreamsMember(memberId);
    this.tasks.release(member);
    const gone = { ...noStreamsProgress, epoch: leavingEpoch, previousEpoch: leavingEpoch };
    const renewed = { ...member, ...(progress ?? gone) };
    this.#members.set(memberId, renewed);
    this.tasks.take(renewed);
  }
}
