import { errnoOf } from '../../errors/index.js';
import type { Partition } from '../partition/partition.js';
import type { RequestContext } from './handler.js';

export interface LeaderHint {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

const wrongLeader: ReadonlySet<number> = new Set([
  errnoOf('NOT_LEADER_OR_FOLLOWER'),
  errnoOf('FENCED_LEADER_EPOCH'),
]);

/**
 * The leaders to name beside answers that came to the wrong one, so that clients need not ask for
 * metadata first (KIP-951).
 */
export class LeaderHints {
  readonly #context: RequestContext;
  readonly #leaders = new Set<number>();

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** The hint for one partition's answer; undefined where it needs none. */
  hint(errorCode: number, partition: Partition | undefined): LeaderHint | undefined {
    if (!wrongLeader.has(errorCode) || partition === undefined) return undefined;
    const { leader: leaderId, leaderEpoch } = partition;
    if (leaderId < 0) return undefined;
    this.#leaders.add(leaderId);
    return { leaderId, leaderEpoch };
  }

  /** Where the leaders that were named are. */
  endpoints(): NodeEndpoint[] {
    const { broker, connection } = this.#context;
    return [...this.#leaders].map((nodeId) => ({
      nodeId,
      ...broker.addressOf(nodeId, connection),
    }));
  }
}
