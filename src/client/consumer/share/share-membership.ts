import { errorCodeOf, isKafkaError, KafkaError } from '../../../errors/index.js';
import type { RequestInput, ResponseDecoded } from '../../../protocol/index.js';
import type { Cluster } from '../../cluster/index.js';
import { Bell } from '../bell.js';
import { movesCoordinator } from '../group-offsets.js';
import { asKafkaError } from '../offset-lookup.js';
import type { SharePartition } from './acquired-record.js';

export interface ShareMembershipSettings {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly rackId: string;
}

/** What a share consumer hears of its membership. */
export interface ShareMembershipHost {
  /** All that is to be read from now on. */
  assigned(partitions: readonly SharePartition[]): void;
  /** The loop is stuck: what waits for it is to go to others. */
  expelled(): void;
  /** The membership ended and will not come back. */
  failed(error: KafkaError): void;
  /** Something went wrong that mends itself. */
  troubled(error: KafkaError): void;
}

export type ShareMembershipPhase = 'joining' | 'stable' | 'expelled' | 'over';

type Target = NonNullable<ResponseDecoded<'ShareGroupHeartbeat'>['assignment']>['topicPartitions'];

const leavingEpoch = -1;
/** Leaving is a courtesy: a coordinator that does not answer learns of it by the session. */
const leaveTimeoutMs = 3000;
const eagerIntervalMs = 500;
const eagerBeatsMax = 10;

/**
 * A member of a share group (KIP-932): one heartbeat after the other, whatever the loop does. The
 * member makes its id itself; the coordinator gives epochs and partitions. Nothing needs to be
 * revoked: others may read the same partitions at the same time.
 *
 * ```
 *   epoch 0, topics said → epoch n, partitions → heartbeats → … → epoch −1, left
 *      ↑                                            │
 *      └── FENCED_MEMBER_EPOCH, UNKNOWN_MEMBER_ID ──┘   (what is read goes on being read)
 * ```
 */
export class ShareMembership {
  readonly memberId: string;
  readonly #cluster: Cluster;
  readonly #settings: ShareMembershipSettings;
  readonly #host: ShareMembershipHost;
  readonly #lane: string;
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  #phase: ShareMembershipPhase = 'joining';
  #epoch = 0;
  #lastAnswerAt: number | undefined;
  /** What is assigned but not known by name yet. */
  #target: Target | undefined;
  #looks = 0;
  #hasPartitions = false;
  #eagerBeats = 0;
  /** Whether the coordinator may count us in. */
  #mayBeMember = false;
  /** Whether it has everything from us that does not change. */
  #isKnown = false;
  #leaving: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, settings: ShareMembershipSettings, host: ShareMembershipHost) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#host = host;
    this.memberId = cluster.system.random.uuid();
    this.#lane = cluster.lane('share-group');
  }

  get phase(): ShareMembershipPhase {
    return this.#phase;
  }

  get memberEpoch(): number {
    return this.#epoch;
  }

  /** Monotonic time of the last answer to a heartbeat; undefined before the first. */
  get lastHeartbeatAt(): number | undefined {
    return this.#lastAnswerAt;
  }

  start(): void {
    void this.#beats();
  }

  /** The loop asks for records: one that had been given up on takes part again. */
  asked(): void {
    if (this.#phase !== 'expelled') return;
    this.#phase = 'joining';
    this.#bell.ring();
  }

  /** The loop has not asked for too long: leaves, and stays away until it does. */
  expel(): void {
    if (this.#phase === 'over' || this.#phase === 'expelled') return;
    this.#phase = 'expelled';
    this.#epoch = 0;
    this.#target = undefined;
    this.#hasPartitions = false;
    this.#eagerBeats = 0;
    this.#bell.ring();
    this.#leaving = this.#leave();
    this.#host.assigned([]);
    this.#host.expelled();
  }

  /** Leaves the group. Quick, and never fails. */
  async close(): Promise<void> {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#abort.abort();
    this.#bell.ring();
    await this.#leaving;
    await this.#leave();
    this.#cluster.closeLane(this.#lane);
  }

  get #isExpelled(): boolean {
    return this.#phase === 'expelled';
  }

  async #beats(): Promise<void> {
    for (let failures = 0; this.#phase !== 'over'; ) {
      if (this.#phase === 'expelled') {
        await this.#bell.wait();
        await this.#leaving;
        continue;
      }
      try {
        const intervalMs = await this.#beat();
        failures = 0;
        const isComplete = await this.#reconcile();
        const soonMs = this.#cluster.retryBackoff(this.#looks);
        if (!isComplete) this.#looks++;
        await this.#pause(isComplete ? this.#nextIn(intervalMs) : soonMs);
      } catch (thrown) {
        if (this.#abort.signal.aborted) return;
        const error = asKafkaError(thrown);
        if (!this.#survives(error)) {
          this.#phase = 'over';
          this.#host.failed(error);
          return;
        }
        await this.#pause(this.#cluster.retryBackoff(failures++));
      }
    }
  }

  /** One heartbeat; gives the time until the next one in ms. */
  async #beat(): Promise<number> {
    const { groupId, topics, rackId } = this.#settings;
    const isFull = this.#epoch === 0 || !this.#isKnown;
    this.#isKnown = false;
    const epoch = this.#epoch;
    const response = await this.#send(
      {
        groupId,
        memberId: this.memberId,
        memberEpoch: epoch,
        ...(isFull ? { subscribedTopicNames: [...topics] } : {}),
        ...(isFull && rackId !== '' ? { rackId } : {}),
      },
      { signal: this.#abort.signal },
    );
    const code = errorCodeOf(response.errorCode);
    if (code !== 'NONE') {
      throw new KafkaError(code, response.errorMessage ?? undefined, { group: groupId });
    }
    // Expelled while the answer was on its way: it is about a life that is over.
    if (this.#isExpelled) return 0;
    this.#isKnown = true;
    this.#epoch = response.memberEpoch;
    this.#lastAnswerAt = this.#cluster.system.clock.monotonic();
    this.#cluster.use(topics);
    if (response.assignment !== null) {
      this.#target = response.assignment.topicPartitions;
      this.#looks = 0;
    }
    return response.heartbeatIntervalMs;
  }

  /** A new member beats faster until it has partitions: a group takes a second to begin. */
  #nextIn(intervalMs: number): number {
    if (this.#hasPartitions || this.#eagerBeats >= eagerBeatsMax) return intervalMs;
    this.#eagerBeats++;
    return Math.min(intervalMs, eagerIntervalMs);
  }

  /** Whether the trouble passes; what needs doing about it is done. */
  #survives(error: KafkaError): boolean {
    const { groupId } = this.#settings;
    switch (error.code) {
      case 'UNKNOWN_MEMBER_ID':
      case 'FENCED_MEMBER_EPOCH':
        this.#host.troubled(error);
        this.#epoch = 0;
        if (this.#phase === 'stable') this.#phase = 'joining';
        return true;
      default:
        if (movesCoordinator(error)) this.#cluster.forgetCoordinator('group', groupId);
        else if (!error.retriable) return false;
        this.#cluster.logger.debug('a heartbeat failed and is tried again', {
          group: groupId,
          message: error.message,
        });
        return true;
    }
  }

  /** Hands on the newest assignment; false while topics in it are not known by name. */
  async #reconcile(): Promise<boolean> {
    const target = this.#target;
    if (target === undefined || this.#isExpelled) return true;
    if (target.some(({ topicId }) => this.#cluster.topicName(topicId) === undefined)) {
      await this.#cluster.refresh(this.#settings.topics, { signal: this.#abort.signal });
    }
    if (this.#isExpelled || this.#abort.signal.aborted) return true;
    let isComplete = true;
    const partitions = target.flatMap(({ topicId, partitions: numbers }) => {
      const topic = this.#cluster.topicName(topicId);
      if (topic === undefined) isComplete = false;
      return topic === undefined ? [] : numbers.map((partition) => ({ topic, topicId, partition }));
    });
    if (isComplete) this.#target = undefined;
    this.#phase = 'stable';
    this.#hasPartitions = partitions.length > 0;
    this.#host.assigned(partitions);
    return isComplete;
  }

  async #leave(): Promise<void> {
    if (!this.#mayBeMember) return;
    this.#mayBeMember = false;
    this.#isKnown = false;
    const { groupId } = this.#settings;
    try {
      const input = { groupId, memberId: this.memberId, memberEpoch: leavingEpoch };
      await this.#send(input, { timeoutMs: leaveTimeoutMs });
    } catch (error) {
      const { message } = asKafkaError(error);
      this.#cluster.logger.debug('the group could not be left', { group: groupId, message });
    }
  }

  async #send(
    input: RequestInput<'ShareGroupHeartbeat'>,
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<ResponseDecoded<'ShareGroupHeartbeat'>> {
    const { groupId } = this.#settings;
    const broker = await this.#cluster.coordinator('group', groupId, options);
    if (input.memberEpoch >= 0) this.#mayBeMember = true;
    try {
      const lane = this.#lane;
      const to = { broker };
      return await this.#cluster.send('ShareGroupHeartbeat', input, to, { ...options, lane });
    } catch (error) {
      if (isKafkaError(error, 'UNSUPPORTED_VERSION')) throw unsupported(groupId, error);
      throw error;
    }
  }

  async #pause(ms: number): Promise<void> {
    const timer = this.#cluster.system.clock.after(ms, () => this.#bell.ring());
    await this.#bell.wait();
    timer.cancel();
  }
}

function unsupported(group: string, cause: KafkaError): KafkaError {
  const text = 'The brokers do not serve share groups.';
  const hint = 'Apache Kafka serves them since 4.2 (share.version 1).';
  return new KafkaError('UNSUPPORTED_VERSION', text, { group, hint, cause });
}
