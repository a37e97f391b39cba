import type { KafkaError } from '../../errors/index.js';
import type { CommitIdentity } from './group-offsets.js';
import type { TopicPartition } from './consumer-options.js';

/**
 * What becomes of the membership when a consumer closes (KIP-1092). Kafka's default is to leave the
 * group, and to remain in it where the member is static (`groupInstanceId`).
 */
export type GroupMembershipOperation = 'leave' | 'remain';

/** Where a member stands. */
export type MembershipPhase = 'joining' | 'rebalancing' | 'stable' | 'expelled' | 'over';

/**
 * How partitions come to a consumer: the classic group protocol, and whatever else there will be.
 * It runs by itself from `start` on and tells its host what to give up and what to take.
 */
export interface Membership {
  readonly phase: MembershipPhase;
  readonly memberId: string;
  readonly generationId: number;
  /** Monotonic time of the last answer to a heartbeat; undefined before the first. */
  readonly lastHeartbeatAt: number | undefined;
  /** In whose name to commit now; undefined while this is no member. */
  identity(): CommitIdentity | undefined;
  start(): void;
  /** The loop asks for records: one that had been given up on takes part again. */
  asked(): void;
  /** The loop has not asked for too long: leave, and stay away until it does. */
  expel(): void;
  /** The coordinator has said in another answer that the generation is over. */
  refused(error: KafkaError): void;
  /** Has the group share out its partitions anew, where that is the members' to ask for. */
  rejoin(reason: string): void;
  /** Leaves the group, unless the member is static or told otherwise. Quick, and never fails. */
  close(operation?: GroupMembershipOperation): Promise<void>;
}

/** What a membership asks of its consumer. None of it may throw but `revoke`. */
export interface MembershipHost {
  owned(): TopicPartition[];
  /**
   * Waits until the loop has finished what it has of these, runs the hook, commits and lets go.
   * Fails with POLL_TIMEOUT when the loop does not come back in time.
   */
  revoke(partitions: readonly TopicPartition[]): Promise<void>;
  /** They belong to others already. */
  lost(partitions: readonly TopicPartition[]): Promise<void>;
  /** Everything that is to be read from now on; what is owned already goes on undisturbed. */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** The generation is over: nobody needs to wait for anything to be finished in it. */
  outdated(): void;
  /** The membership ended and will not come back. */
  failed(error: KafkaError): void;
  /** Something went wrong that mends itself. */
  troubled(error: KafkaError): void;
}
