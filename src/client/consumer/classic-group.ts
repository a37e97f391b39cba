import { errorCodeOf, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import type { Cluster } from '../cluster/index.js';
import { asKafkaError } from './offset-lookup.js';

export interface ClassicGroupSettings {
  readonly groupId: string;
  readonly groupInstanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
}

export type JoinResponse = ResponseDecoded<'JoinGroup'>;

export interface JoinInput {
  /** Empty before the coordinator has given one. */
  readonly memberId: string;
  /** In order of preference. */
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
  readonly reason: string;
}

export interface SyncInput {
  readonly memberId: string;
  readonly generationId: number;
  readonly protocolName: string;
  /** Filled by the leader. */
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[];
}

/** JoinGroup waits as long as the coordinator does, and for its answer to travel. */
const joinSlackMs = 5000;
/** Leaving is a courtesy: a coordinator that does not answer learns of it by the session. */
const leaveTimeoutMs = 3000;
/** The broker cuts reasons at this length anyway. */
const reasonMax = 255;
const protocolType = 'consumer';

/** The requests by which a member enters and leaves a classic group; one try each. */
export class ClassicGroup {
  readonly #cluster: Cluster;
  readonly #settings: ClassicGroupSettings;
  readonly #lane: string;
  readonly #signal: AbortSignal;

  constructor(cluster: Cluster, settings: ClassicGroupSettings, lane: string, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#lane = lane;
    this.#signal = signal;
  }

  /** Gives answers without an error, or with MEMBER_ID_REQUIRED; throws the others. */
  async join(input: JoinInput, beforeSending: () => void): Promise<JoinResponse> {
    const { groupId, groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#settings;
    const broker = await this.#coordinator();
    beforeSending();
    const response = await this.#cluster.send(
      'JoinGroup',
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: input.memberId,
        groupInstanceId,
        protocolType,
        protocols: [...input.protocols],
        reason: input.reason.slice(0, reasonMax),
      },
      { broker },
      { signal: this.#signal, timeoutMs: rebalanceTimeoutMs + joinSlackMs, lane: this.#lane },
    );
    const code = errorCodeOf(response.errorCode);
    if (code !== 'NONE' && code !== 'MEMBER_ID_REQUIRED') throw this.#error(code);
    return response;
  }

  /** The member's share, as the leader wrote it. */
  async sync(input: SyncInput): Promise<Buffer> {
    const { groupId, groupInstanceId, rebalanceTimeoutMs } = this.#settings;
    const { memberId, generationId, protocolName, assignments } = input;
    const response = await this.#cluster.send(
      'SyncGroup',
      {
        groupId,
        generationId,
        memberId,
        groupInstanceId,
        protocolType,
        protocolName,
        assignments: [...assignments],
      },
      { broker: await this.#coordinator() },
      { signal: this.#signal, timeoutMs: rebalanceTimeoutMs + joinSlackMs, lane: this.#lane },
    );
    const code = errorCodeOf(response.errorCode);
    if (code !== 'NONE') throw this.#error(code);
    return response.assignment;
  }

  /** Never fails: a coordinator that is away finds out by the session time-out. */
  async leave(memberId: string, reason: string): Promise<void> {
    const { groupId, groupInstanceId } = this.#settings;
    const options = { timeoutMs: leaveTimeoutMs };
    try {
      const broker = await this.#cluster.coordinator('group', groupId, options);
      // Not by the lane of the group: a JoinGroup may be waiting there.
      await this.#cluster.send(
        'LeaveGroup',
        (version) =>
          version >= 3
            ? { groupId, members: [{ memberId, groupInstanceId, reason }] }
            : { groupId, memberId, members: [] },
        { broker },
        options,
      );
    } catch (error) {
      const { message } = asKafkaError(error);
      this.#cluster.logger.debug('the group could not be left', { group: groupId, message });
    }
  }

  #coordinator(): Promise<number> {
    return this.#cluster.coordinator('group', this.#settings.groupId, { signal: this.#signal });
  }

  #error(code: KafkaError['code']): KafkaError {
    return new KafkaError(code, undefined, { group: this.#settings.groupId });
  }
}
