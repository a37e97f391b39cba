import { errorCodeOf, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { Assignor, AssignorMember } from './assignors/assignor.js';
import { Bell } from './bell.js';
import { ClassicGroup, type JoinResponse } from './classic-group.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.js';
import type { TopicPartition } from './consumer-options.js';
import { type CommitIdentity, movesCoordinator } from './group-offsets.js';
import { Heartbeats } from './heartbeats.js';
import type {
  GroupMembershipOperation,
  Membership,
  MembershipHost,
  MembershipPhase,
} from './membership.js';
import { asKafkaError } from './offset-lookup.js';
import { partitionNames, without } from './topic-partitions.js';
import { TopicWatch } from './topic-watch.js';

export interface ClassicMembershipSettings {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly topics: readonly string[] | RegExp;
  readonly assignors: readonly Assignor[];
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly rackId: string;
  readonly metadataMaxAgeMs: number;
}

/**
 * Closing waits so long for an id that was asked for: the coordinator would keep the group waiting
 * for its owner, who can only leave by that id.
 */
const introductionMs = 1000;

/**
 * A member of a classic group (KIP-62, KIP-345, KIP-394, KIP-429).
 *
 * ```
 *          ┌──────────── a rebalance ───────────┐
 *   join → sync → assigned … heartbeats … → revoke what must go
 *    ↑                          │ UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION
 *    └────── everything is lost ┘
 * ```
 *
 * With eager assignors everything is revoked before joining again; when all assignors are
 * cooperative, only what the new assignment takes away, after which the group rebalances again.
 */
export class ClassicMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #settings: ClassicMembershipSettings;
  readonly #host: MembershipHost;
  readonly #isCooperative: boolean;
  readonly #lane: string;
  readonly #watch: TopicWatch;
  readonly #heartbeats: Heartbeats;
  readonly #group: ClassicGroup;
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  #phase: MembershipPhase = 'joining';
  #memberId = '';
  #generationId = -1;
  #protocolName = '';
  /** What to do next, and why: set by heartbeats, metadata, commits. */
  #rejoinReason: string | undefined;
  /** The generation is over for us: what we hold belongs to others. */
  #isLost = false;
  #isExpelled = false;
  #fatal: KafkaError | undefined;
  /** Settles when the coordinator has answered a member that has no id yet. */
  #introduction: Promise<void> | undefined;
  /** The last assignment and its generation, for assignors that keep to it. */
  #last: { readonly owned: readonly TopicPartition[]; readonly generationId: number } = {
    owned: [],
    generationId: -1,
  };

  constructor(cluster: Cluster, settings: ClassicMembershipSettings, host: MembershipHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#host = host;
    this.#isCooperative = settings.assignors.every((assignor) => assignor.cooperative);
    this.#lane = cluster.lane('group');
    this.#group = new ClassicGroup(cluster, settings, this.#lane, this.#abort.signal);
    const { topics, metadataMaxAgeMs } = settings;
    this.#watch = new TopicWatch(cluster, topics, metadataMaxAgeMs, (why) => this.#rejoin(why));
    const { groupId, heartbeatIntervalMs, sessionTimeoutMs } = settings;
    const beat = { groupId, heartbeatIntervalMs, sessionTimeoutMs, lane: this.#lane };
    this.#heartbeats = new Heartbeats(cluster, beat, (error) => this.refused(error));
  }

  get phase(): MembershipPhase {
    return this.#phase;
  }

  get memberId(): string {
    return this.#memberId;
  }

  get generationId(): number {
    return this.#generationId;
  }

  get lastHeartbeatAt(): number | undefined {
    return this.#heartbeats.lastAnswerAt;
  }

  identity(): CommitIdentity | undefined {
    if (this.#generationId < 0 || this.#isLost) return undefined;
    const { groupInstanceId } = this.#settings;
    return { memberId: this.#memberId, generationId: this.#generationId, groupInstanceId };
  }

  start(): void {
    void this.#run();
  }

  asked(): void {
    if (this.#phase !== 'expelled') return;
    this.#isExpelled = false;
    this.#bell.ring();
  }

  expel(): void {
    this.#isExpelled = true;
    this.#bell.ring();
  }

  refused(error: KafkaError): void {
    switch (error.code) {
      case 'REBALANCE_IN_PROGRESS':
        this.#rejoin('the group rebalances');
        return;
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        if (error.code === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        this.#isLost = true;
        this.#heartbeats.stop();
        this.#rejoin(error.message);
        break;
      default:
        this.#isLost = true;
        this.#fatal ??= error;
        this.#heartbeats.stop();
        this.#bell.ring();
    }
    this.#host.outdated();
  }

  rejoin(reason: string): void {
    this.#rejoin(reason);
  }

  async close(operation?: GroupMembershipOperation): Promise<void> {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#watch.stop();
    this.#heartbeats.stop();
    if (this.#introduction !== undefined) {
      await Promise.race([
        this.#introduction,
        this.#cluster.delay(introductionMs, this.#abort.signal).catch(forget),
      ]);
    }
    this.#abort.abort();
    this.#bell.ring();
    await this.#leave('the consumer is being closed', operation);
    this.#cluster.closeLane(this.#lane);
  }

  #rejoin(reason: string): void {
    this.#rejoinReason ??= reason;
    this.#bell.ring();
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#isOver; ) {
      try {
        await this.#joinOnce();
        attempt = 0;
        await this.#untilDisturbed();
      } catch (thrown) {
        if (this.#isOver) return;
        const error = asKafkaError(thrown);
        if (!this.#survives(error)) {
          await this.#fail(error);
          return;
        }
        this.#cluster.logger.debug('joining the group failed and is tried again', {
          group: this.#settings.groupId,
          message: error.message,
        });
        await this.#pause(this.#cluster.retryBackoff(attempt++));
      }
    }
  }

  /** From giving up what must go to having a new assignment. */
  async #joinOnce(): Promise<void> {
    if (this.#isExpelled) await this.#stayAway();
    if (this.#isOver) return;
    if (this.#fatal !== undefined) throw this.#fatal;
    if (this.#generationId >= 0 || this.#isLost) this.#setPhase('rebalancing');
    this.#watch.forget();
    const reason = this.#rejoinReason ?? '';
    this.#rejoinReason = undefined;
    const topics = await this.#watch.topics(this.#abort.signal);
    await this.#prepare(topics);
    const joined = await this.#join(topics, reason);
    if (this.#isOver || this.#isExpelled) return;
    const assignment = await this.#sync(joined);
    if (this.#isOver || this.#isExpelled) return;
    await this.#take(assignment);
  }

  /** Gives up what must not be held while the group rebalances. */
  async #prepare(topics: readonly string[]): Promise<void> {
    const owned = this.#host.owned();
    if (this.#isLost) {
      this.#isLost = false;
      this.#generationId = -1;
      if (owned.length > 0) await this.#host.lost(owned);
      return;
    }
    const going = this.#isCooperative
      ? owned.filter(({ topic }) => !topics.includes(topic))
      : owned;
    if (going.length > 0) await this.#host.revoke(going);
  }

  async #join(topics: readonly string[], reason: string): Promise<JoinResponse> {
    const owned = this.#host.owned();
    const generationId = this.#generationId;
    const rackId = this.#settings.rackId === '' ? null : this.#settings.rackId;
    const protocols = this.#settings.assignors.map((assignor) => {
      const kept = assignor.cooperative ? { owned, generationId } : this.#last;
      const userData = assignor.userData?.(kept.owned, kept.generationId) ?? null;
      const metadata = encodeSubscription({ topics, userData, owned, generationId, rackId });
      return { name: assignor.name, metadata };
    });
    while (!this.#isOver) {
      const { memberId } = this;
      const beforeSending = () => this.#heartbeats.stop();
      const answer = this.#group.join({ memberId, protocols, reason }, beforeSending);
      if (memberId === '') this.#introduction = answer.then(forget, forget);
      const response = await answer;
      this.#introduction = undefined;
      this.#memberId = response.memberId;
      const code = errorCodeOf(response.errorCode);
      if (code === 'MEMBER_ID_REQUIRED') continue;
      this.#generationId = response.generationId;
      this.#protocolName = response.protocolName ?? '';
      return response;
    }
    throw new KafkaError('CLOSED');
  }

  async #sync(joined: JoinResponse): Promise<TopicPartition[]> {
    const isLeader = joined.leader === joined.memberId;
    const assignments = isLeader ? await this.#assignAll(joined) : [];
    const { memberId, generationId } = this;
    const protocolName = this.#protocolName;
    const answer = await this.#group.sync({ memberId, generationId, protocolName, assignments });
    const identity = this.identity();
    if (identity !== undefined && !this.#isOver) this.#heartbeats.start(identity);
    if (!isLeader) this.#watch.remember([], false);
    return decodeAssignment(answer);
  }

  /** The leader's duty: shares out all partitions of all topics anyone subscribed to. */
  async #assignAll(joined: JoinResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members: AssignorMember[] = joined.members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      ...decodeSubscription(member.metadata),
    }));
    const topics = [...new Set(members.flatMap((member) => member.topics))];
    const counts = await this.#watch.partitionCounts(topics, this.#abort.signal);
    this.#watch.remember(topics, true);
    // The assignment of the static members still stands (KIP-814).
    if (joined.skipAssignment) return [];
    const assignor = this.#settings.assignors.find(({ name }) => name === this.#protocolName);
    if (assignor === undefined) throw this.#error('INCONSISTENT_GROUP_PROTOCOL');
    const racks = (topic: string, partition: number) => this.#watch.racksOf(topic, partition);
    const shares = assignor.assign(members, counts, racks);
    return members.map(({ memberId }) => ({
      memberId,
      assignment: encodeAssignment(shares.get(memberId) ?? []),
    }));
  }

  async #take(assignment: TopicPartition[]): Promise<void> {
    const owned = this.#host.owned();
    const going = without(owned, assignment);
    if (going.length > 0) await this.#host.revoke(going);
    await this.#host.assigned(assignment);
    this.#last = { owned: assignment, generationId: this.#generationId };
    if (going.length > 0) this.#rejoin(`${partitionNames(going)} can be handed on now`);
    if (!this.#isLost) this.#setPhase('stable');
  }

  async #untilDisturbed(): Promise<void> {
    while (
      !this.#isOver &&
      !this.#isExpelled &&
      this.#rejoinReason === undefined &&
      this.#fatal === undefined
    ) {
      await this.#bell.wait();
    }
  }

  /** The loop was given up on: out of the group until it asks again. */
  async #stayAway(): Promise<void> {
    this.#heartbeats.stop();
    this.#watch.forget();
    this.#setPhase('expelled');
    const identity = this.identity();
    this.#isLost = true;
    if (identity !== undefined) await this.#leave('records were held for too long');
    this.#generationId = -1;
    if (this.#settings.groupInstanceId === null) this.#memberId = '';
    this.#isLost = false;
    const owned = this.#host.owned();
    if (owned.length > 0) await this.#host.lost(owned);
    while (this.#isExpelled && !this.#isOver) await this.#bell.wait();
    if (!this.#isOver) this.#setPhase('joining');
  }

  /** Whether joining can go on after the error. */
  #survives(error: KafkaError): boolean {
    if (this.#fatal !== undefined) return false;
    switch (error.code) {
      case 'POLL_TIMEOUT':
      case 'REBALANCE_IN_PROGRESS':
        return true;
      case 'UNKNOWN_MEMBER_ID':
      case 'ILLEGAL_GENERATION':
        if (error.code === 'UNKNOWN_MEMBER_ID') this.#memberId = '';
        this.#isLost = true;
        this.#heartbeats.stop();
        return true;
      default:
        if (movesCoordinator(error)) {
          this.#cluster.forgetCoordinator('group', this.#settings.groupId);
          return true;
        }
        return error.retriable;
    }
  }

  async #fail(error: KafkaError): Promise<void> {
    this.#heartbeats.stop();
    this.#watch.stop();
    const owned = this.#host.owned();
    this.#isLost = true;
    if (owned.length > 0) await this.#host.lost(owned);
    this.#host.failed(error);
  }

  async #leave(reason: string, operation?: GroupMembershipOperation): Promise<void> {
    const standard = this.#settings.groupInstanceId === null ? 'leave' : 'remain';
    if (this.#memberId === '' || (operation ?? standard) === 'remain') return;
    await this.#group.leave(this.#memberId, reason);
  }

  async #pause(ms: number): Promise<void> {
    try {
      await this.#cluster.delay(ms, this.#abort.signal);
    } catch {
      // Closed meanwhile: whoever waits looks at the phase next.
    }
  }

  #setPhase(phase: MembershipPhase): void {
    if (!this.#isOver) this.#phase = phase;
  }

  #error(code: KafkaError['code']): KafkaError {
    return new KafkaError(code, undefined, { group: this.#settings.groupId });
  }
}

/** How it went is seen by whoever asked. */
function forget(): void {}
