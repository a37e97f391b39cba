import { errorCodeOf, KafkaError, type KafkaErrorOptions } from '../../errors/index.js';
import type { RequestInput, ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import type { TopicPartition } from './consumer-options.js';
import type { GroupMembershipOperation } from './membership.js';
import { asKafkaError } from './offset-lookup.js';

export interface ConsumerGroupSettings {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  /** Names, or an expression for the brokers. */
  readonly topics: readonly string[] | string;
  /** Null leaves the choice to the broker. */
  readonly groupRemoteAssignor: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly rackId: string;
}

/** A partition as the coordinator knows it: a topic created anew is another one. */
export interface OwnedPartition extends TopicPartition {
  readonly topicId: string;
}

/** What one heartbeat says. */
export interface Beat {
  readonly memberId: string;
  readonly memberEpoch: number;
  /** What the member holds now. */
  readonly owned: readonly OwnedPartition[];
  /** Whether the coordinator waits to hear what is held now. */
  readonly acknowledges: boolean;
}

export type BeatResponse = ResponseDecoded<'ConsumerGroupHeartbeat'>;
type BeatInput = RequestInput<'ConsumerGroupHeartbeat'>;

interface BeatOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Leaving is a courtesy: a coordinator that does not answer learns of it by the session. */
const leaveTimeoutMs = 3000;
const leftForGood = -1;
const leftForAWhile = -2;
/** From here on the broker evaluates expressions. */
const expressionVersion = 1;

/**
 * The one request of a KIP-848 member. What has not changed since the last heartbeat is left out;
 * after a join, a failure or a lost answer everything is said again.
 */
export class ConsumerGroup {
  readonly #cluster: Cluster;
  readonly #settings: ConsumerGroupSettings;
  readonly #lane: string;
  /** Whether the coordinator has everything from us that does not change. */
  #isKnown = false;
  /** Whether the coordinator may count us in. */
  #mayBeMember = false;

  constructor(cluster: Cluster, settings: ConsumerGroupSettings, lane: string) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#lane = lane;
  }

  /** One try; throws what the coordinator answers. */
  async beat(beat: Beat, signal: AbortSignal): Promise<BeatResponse> {
    const { groupId, groupInstanceId, topics } = this.#settings;
    const isJoining = beat.memberEpoch === 0;
    const isFull = isJoining || !this.#isKnown;
    this.#isKnown = false;
    const response = await this.#send(
      {
        groupId,
        memberId: beat.memberId,
        memberEpoch: beat.memberEpoch,
        instanceId: groupInstanceId,
        ...(isFull ? this.#everything() : {}),
        ...(isFull || beat.acknowledges ? { topicPartitions: topicPartitions(beat.owned) } : {}),
      },
      typeof topics === 'string' ? expressionVersion : 0,
      { signal },
    );
    const code = errorCodeOf(response.errorCode);
    if (code !== 'NONE') throw this.#error(code, response.errorMessage);
    this.#isKnown = true;
    return response;
  }

  /** Leaves, or for a static member: says that it will be back, if nothing else is said. */
  async leave(memberId: string, operation?: GroupMembershipOperation): Promise<void> {
    const { groupId, groupInstanceId } = this.#settings;
    const isStatic = groupInstanceId !== null;
    const leaves = (operation ?? (isStatic ? 'remain' : 'leave')) === 'leave';
    const memberEpoch = leaves ? leftForGood : leftForAWhile;
    this.#isKnown = false;
    if (!this.#mayBeMember) return;
    this.#mayBeMember = false;
    // The coordinator counts a dynamic member in until its session is over.
    if (!leaves && !isStatic) return;
    try {
      const input = { groupId, memberId, memberEpoch, instanceId: groupInstanceId };
      await this.#send(input, 0, { timeoutMs: leaveTimeoutMs });
    } catch (error) {
      const { message } = asKafkaError(error);
      this.#cluster.logger.debug('the group could not be left', { group: groupId, message });
    }
  }

  #everything() {
    const { topics, rackId, rebalanceTimeoutMs, groupRemoteAssignor } = this.#settings;
    const isExpression = typeof topics === 'string';
    return {
      rackId: rackId === '' ? null : rackId,
      rebalanceTimeoutMs,
      // An empty list beside the expression: that makes the request a full one.
      subscribedTopicNames: isExpression ? [] : [...topics],
      ...(isExpression ? { subscribedTopicRegex: topics } : {}),
      serverAssignor: groupRemoteAssignor,
    };
  }

  async #send(input: BeatInput, versionMin: number, options: BeatOptions): Promise<BeatResponse> {
    try {
      return await this.#request(input, versionMin, options);
    } catch (thrown) {
      const error = asKafkaError(thrown);
      throw error.code === 'UNSUPPORTED_VERSION' ? this.#unsupported(versionMin, error) : error;
    }
  }

  async #request(
    input: BeatInput,
    versionMin: number,
    options: BeatOptions,
  ): Promise<BeatResponse> {
    const broker = await this.#cluster.coordinator('group', this.#settings.groupId, options);
    if (input.memberEpoch >= 0) this.#mayBeMember = true;
    return await this.#cluster.send(
      'ConsumerGroupHeartbeat',
      input,
      { broker },
      { ...options, lane: this.#lane, versionMin },
    );
  }

  #unsupported(versionMin: number, cause: KafkaError): KafkaError {
    const what =
      versionMin === 0
        ? 'The brokers do not serve the group protocol of KIP-848.'
        : 'The brokers do not evaluate expressions for topics (Kafka 4.0 does).';
    return new KafkaError('UNSUPPORTED_VERSION', what, {
      group: this.#settings.groupId,
      cause,
      hint: "Use groupProtocol: 'classic', which every broker serves.",
    });
  }

  #error(code: KafkaError['code'], said: string | null): KafkaError {
    const { groupId, groupInstanceId } = this.#settings;
    if (code === 'UNSUPPORTED_VERSION') return this.#unsupported(0, new KafkaError(code));
    const options: KafkaErrorOptions = { group: groupId };
    const message = said === null || said === '' ? undefined : said;
    if (code === 'UNRELEASED_INSTANCE_ID' || code === 'FENCED_INSTANCE_ID') {
      const hint = `Another member has the groupInstanceId '${groupInstanceId}'.`;
      return new KafkaError(code, message, { ...options, hint });
    }
    return new KafkaError(code, message, options);
  }
}

function topicPartitions(owned: readonly OwnedPartition[]) {
  const topics = new Map<string, number[]>();
  for (const { topicId, partition } of owned) {
    const list = topics.get(topicId);
    if (list === undefined) topics.set(topicId, [partition]);
    else list.push(partition);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions }));
}
