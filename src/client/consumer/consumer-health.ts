import type { KafkaError } from '../../errors/index.js';
import type { TopicPartition } from './consumer-options.js';

/** Where a consumer stands as a whole. */
export type ConsumerState =
  | 'idle' // nobody has asked for records yet
  | 'joining' // on the way into the group
  | 'rebalancing' // a member, but the partitions are being shared out anew
  | 'stable' // a member with an assignment
  | 'standalone' // reads its partitions without a group
  | 'expelled' // held a record longer than maxPollIntervalMs, or was fenced out; joins when asked
  | 'failed' // ended by an error that repeats
  | 'closed';

export interface PartitionHealth extends TopicPartition {
  /** Next offset to be handed out; null while it is looked up. */
  readonly position: number | null;
  /** Last offset this consumer committed or found committed; null for none. */
  readonly committed: number | null;
  /** First offset that is not readable yet; null before the first answer. */
  readonly endOffset: number | null;
  readonly lag: number | null;
  readonly paused: boolean;
  /** Bytes fetched and not yet handed out. */
  readonly bufferedBytes: number;
  /** What the partition waits for, one phrase. */
  readonly status: string;
}

/** A consumer is never silent: what it does, and why nothing comes. */
export interface ConsumerHealth {
  readonly state: ConsumerState;
  /** One sentence for people. */
  readonly reason: string;
  readonly groupId: string | null;
  readonly memberId: string | null;
  readonly generationId: number | null;
  readonly partitions: readonly PartitionHealth[];
  /** Sum over the partitions whose lag is known. */
  readonly lag: number;
  /** Milliseconds since the loop last asked for a record; null when it never did. */
  readonly lastPollAgeMs: number | null;
  /** Milliseconds since the coordinator last answered a heartbeat; null outside a group. */
  readonly lastHeartbeatAgeMs: number | null;
  /** The last thing that went wrong, mended or not. */
  readonly lastError: KafkaError | null;
}
