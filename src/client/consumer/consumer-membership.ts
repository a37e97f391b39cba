import { isKafkaError, type KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { Bell } from './bell.js';
import {
  ConsumerGroup,
  type BeatResponse,
  type ConsumerGroupSettings,
  type OwnedPartition,
} from './consumer-group.js';
import { type CommitIdentity, movesCoordinator } from './group-offsets.js';
import type {
  GroupMembershipOperation,
  Membership,
  MembershipHost,
  MembershipPhase,
} from './membership.js';
import { asKafkaError } from './offset-lookup.js';

/** The newest assignment that the coordinator has sent, as it sent it. */
type Target = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

/**
 * A member of a group of the consumer protocol (KIP-848). Two loops run side by side: one beats,
 * whatever the application does; the other brings what is held in line with the newest target.
 *
 * ```
 *   epoch 0, everything said → target → revoke what must go → take what is new → acknowledge
 *      ↑                          ↑                                                  │
 *      │                          └──────────────── heartbeats, epoch n ─────────────┘
 *      └─ everything is lost ←─ FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER_ID
 * ```
 *
 * The coordinator hands a partition on only when a heartbeat has said that it is not held here any
 * more, which it says after the loop, the hooks and the commits are done with it.
 */
export class ConsumerMembership implements Membership {
  readonly memberId: string;
  readonly #cluster: Cluster;
  readonly #settings: ConsumerGroupSettings;
  readonly #host: MembershipHost;
  readonly #lane: string;
  readonly #group: ConsumerGroup;
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  #phase: MembershipPhase = 'joining';
  /** 0 until the coordinator has let us in. */
  #epoch = 0;
  #owned: readonly OwnedPartition[] = [];
  /** What is not reconciled yet. */
  #target: Target | undefined;
  #acknowledges = false;
  /** What we hold belongs to others: it has to be let go before joining anew. */
  #isLost = false;
  #isExpelled = false;
  #fatal: KafkaError | undefined;
  #isDue = false;
  #leaving: Promise<void> = Promise.resolve();
  /** Heartbeats of an earlier life (before everything was lost) mean nothing. */
  #life = new AbortController();
  #lastAnswerAt: number | undefined;

  constructor(cluster: Cluster, settings: ConsumerGroupSettings, host: MembershipHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#host = host;
    this.memberId = cluster.system.random.uuid();
    this.#lane = cluster.lane('group');
    this.#group = new ConsumerGroup(cluster, settings, this.#lane);
  }

  get phase(): MembershipPhase {
    return this.#phase;
  }

  get generationId(): number {
    return this.#epoch > 0 ? this.#epoch : -1;
  }

  get lastHeartbeatAt(): number | undefined {
    return this.#lastAnswerAt;
  }

  identity(): CommitIdentity | undefined {
    if (this.#epoch <= 0 || this.#isLost) return undefined;
    const { memberId } = this;
    const { groupInstanceId } = this.#settings;
    return { memberId, generationId: this.#epoch, groupInstanceId, isEpoch: true };
  }

  start(): void {
    void this.#beats();
    void this.#reconciles();
  }

  asked(): void {
    if (!this.#isExpelled || this.#phase !== 'expelled') return;
    this.#isExpelled = false;
    this.#bell.ring();
  }

  expel(): void {
    if (this.#isExpelled || this.#isOver) return;
    this.#isExpelled = true;
    this.#lose();
    this.#leaving = this.#group.leave(this.memberId);
  }

  refused(error: KafkaError): void {
    // A newer epoch is on its way, or has to be asked for; whether we are still known, too.
    if (error.code === 'STALE_MEMBER_EPOCH' || error.code === 'UNKNOWN_MEMBER_ID') this.#beatNow();
    else this.#fail(error);
  }

  /** Here the coordinator shares out the partitions whenever it likes, and nobody asks it to. */
  rejoin(): void {
    const group = this.#settings.groupId;
    this.#cluster.logger.warn('a rebalance cannot be asked for in this group protocol', { group });
  }

  async close(operation?: GroupMembershipOperation): Promise<void> {
    if (this.#isOver) return;
    this.#phase = 'over';
    this.#abort.abort();
    this.#life.abort();
    this.#bell.ring();
    await this.#leaving;
    await this.#group.leave(this.memberId, operation);
    this.#cluster.closeLane(this.#lane);
  }

  get #isOver(): boolean {
    return this.#phase === 'over';
  }

  async #beats(): Promise<void> {
    for (let failures = 0; !this.#isOver; ) {
      if (this.#fatal !== undefined) return;
      if (this.#isLost) {
        await this.#bell.wait();
        continue;
      }
      const { signal } = this.#life;
      try {
        this.#isDue = false;
        const intervalMs = await this.#beat(signal);
        failures = 0;
        if (!signal.aborted) await this.#untilDue(intervalMs, signal);
      } catch (thrown) {
        if (signal.aborted) continue;
        const isBad = this.#beatFailed(asKafkaError(thrown), failures === 0);
        if (isBad) await this.#pause(this.#cluster.retryBackoff(failures++), signal);
      }
    }
  }

  /** Milliseconds until the next one. */
  async #beat(signal: AbortSignal): Promise<number> {
    const acknowledges = this.#acknowledges;
    const beat = {
      memberId: this.memberId,
      memberEpoch: this.#epoch,
      owned: this.#epoch === 0 ? [] : this.#owned,
      acknowledges,
    };
    this.#acknowledges = false;
    const response = await this.#group.beat(beat, signal);
    if (signal.aborted) return 0;
    this.#accept(response);
    return response.heartbeatIntervalMs;
  }

  #accept({ memberEpoch, assignment }: BeatResponse): void {
    this.#lastAnswerAt = this.#cluster.system.clock.monotonic();
    this.#epoch = memberEpoch;
    // Names that nobody asks for are forgotten after a while.
    this.#cluster.use(new Set(this.#owned.map(({ topic }) => topic)));
    if (assignment !== null) this.#target = assignment.topicPartitions;
    // Whoever waits for a newer epoch looks again, too.
    this.#bell.ring();
  }

  /** True when another try is to wait a little. */
  #beatFailed(error: KafkaError, isFirst: boolean): boolean {
    switch (error.code) {
      case 'UNKNOWN_MEMBER_ID':
      case 'FENCED_MEMBER_EPOCH':
        this.#host.troubled(error);
        this.#lose();
        return false;
      case 'GROUP_ID_NOT_FOUND':
        // The group is gone with everything in it; one that is of another kind stays.
        if (this.#epoch > 0) this.#lose();
        else this.#fail(error);
        return false;
      case 'UNRELEASED_INSTANCE_ID':
        // Whoever has it may be on its way out, or its session ends.
        if (isFirst) this.#host.troubled(error);
        return true;
      default:
        if (movesCoordinator(error)) {
          this.#cluster.forgetCoordinator('group', this.#settings.groupId);
        } else if (!error.retriable) {
          this.#fail(error);
          return false;
        }
        this.#cluster.logger.debug('a heartbeat failed and is tried again', {
          group: this.#settings.groupId,
          message: error.message,
        });
        return true;
    }
  }

  #fail(error: KafkaError): void {
    this.#fatal ??= error;
    this.#lose();
  }

  /** The membership is over: everything held is let go, and then comes a new life or the end. */
  #lose(): void {
    this.#isLost = true;
    this.#epoch = 0;
    this.#target = undefined;
    this.#acknowledges = false;
    this.#life.abort();
    this.#bell.ring();
    this.#host.outdated();
  }

  async #reconciles(): Promise<void> {
    for (let attempt = 0; !this.#isOver; ) {
      if (this.#isLost) {
        await this.#letGo();
        if (this.#fatal !== undefined) {
          if (!this.#isOver) this.#host.failed(this.#fatal);
          return;
        }
        attempt = 0;
        continue;
      }
      const target = this.#target;
      if (target === undefined) {
        await this.#bell.wait();
        continue;
      }
      try {
        if (await this.#reconcile(target)) attempt = 0;
        else if (!this.#isLost) await this.#look(attempt++);
      } catch (thrown) {
        // Whatever was to be revoked is lost now, or there is nobody left to care.
        if (this.#isLost || this.#isOver) continue;
        this.#fail(asKafkaError(thrown));
      }
    }
  }

  /** Lets go of what is lost; then waits for the loop, if it was given up on. */
  async #letGo(): Promise<void> {
    this.#setPhase(this.#isExpelled ? 'expelled' : 'rebalancing');
    this.#owned = [];
    const owned = this.#host.owned();
    if (owned.length > 0) await this.#host.lost(owned);
    await this.#leaving;
    if (this.#fatal !== undefined) return;
    while (this.#isExpelled && !this.#isOver) await this.#bell.wait();
    this.#life = new AbortController();
    this.#isLost = false;
    this.#setPhase('joining');
    this.#bell.ring();
  }

  /** Revokes, takes and acknowledges. False when topics of the target are not known here yet. */
  async #reconcile(target: Target): Promise<boolean> {
    const keys = new Set(
      target.flatMap(({ topicId, partitions }) => partitions.map((each) => `${topicId}:${each}`)),
    );
    const going = this.#owned.filter((each) => !keys.has(keyOf(each)));
    if (going.length > 0) {
      this.#setPhase('rebalancing');
      await this.#host.revoke(going);
      this.#owned = this.#owned.filter((each) => keys.has(keyOf(each)));
    }
    if (this.#isLost || this.#isOver) return true;
    const { known, isComplete } = this.#named(target);
    const isFirst = this.#phase === 'joining';
    const coming = known.length > this.#owned.length;
    if (coming || isFirst) {
      if (coming) this.#setPhase('rebalancing');
      await this.#host.assigned(known);
      if (this.#isLost || this.#isOver) return true;
      this.#owned = known;
    }
    if (isComplete && this.#target === target) this.#target = undefined;
    if (isComplete) this.#setPhase('stable');
    // What is only waited for needs no word until it is there.
    if (isComplete || coming || going.length > 0) {
      this.#acknowledges = true;
      this.#beatNow();
    }
    return isComplete;
  }

  /** The target by name, as far as names are known; what is held keeps the name it came with. */
  #named(target: Target): { known: OwnedPartition[]; isComplete: boolean } {
    const known: OwnedPartition[] = [];
    let isComplete = true;
    for (const { topicId, partitions } of target) {
      const held = this.#owned.find((each) => each.topicId === topicId);
      const topic = held?.topic ?? this.#cluster.topicName(topicId);
      if (topic === undefined) isComplete = false;
      else for (const partition of partitions) known.push({ topicId, topic, partition });
    }
    return { known, isComplete };
  }

  /** Looks up the names of topics that were assigned before this client has heard of them. */
  async #look(attempt: number): Promise<void> {
    const { topics } = this.#settings;
    const { signal } = this.#life;
    // The first look comes at once; a broker may know the topic a moment after the coordinator.
    if (attempt > 0) await this.#pause(this.#cluster.retryBackoff(attempt - 1), signal);
    if (signal.aborted) return;
    try {
      const names = typeof topics === 'string' ? 'all' : topics;
      await this.#cluster.refresh(names, { signal });
    } catch (error) {
      if (signal.aborted) return;
      this.#host.troubled(asKafkaError(error));
    }
  }

  #beatNow(): void {
    this.#isDue = true;
    this.#bell.ring();
  }

  async #untilDue(ms: number, signal: AbortSignal): Promise<void> {
    const timer = this.#cluster.system.clock.after(ms, () => this.#beatNow());
    while (!this.#isDue && !signal.aborted) await this.#bell.wait();
    timer.cancel();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#cluster.delay(ms, signal);
    } catch (error) {
      // Cut short: whoever waits looks at the state next.
      if (!isKafkaError(error, 'ABORTED') && !isKafkaError(error, 'CLOSED')) throw error;
    }
  }

  #setPhase(phase: MembershipPhase): void {
    if (!this.#isOver) this.#phase = phase;
  }
}

function keyOf({ topicId, partition }: OwnedPartition): string {
  return `${topicId}:${partition}`;
}
