import type { ErrorCode } from '../../errors/index.js';

/** A broker as the cluster advertises it. */
export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** One partition as the newest accepted metadata describes it. */
export interface PartitionMetadata {
  readonly partition: number;
  /** Broker id of the leader, -1 while there is none. */
  readonly leader: number;
  /** Leader epoch, -1 when the broker did not say. */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly offlineReplicas: readonly number[];
}

/** One topic as the newest accepted metadata describes it. */
export interface TopicMetadata {
  readonly name: string;
  /** 22 characters of base64url; the zero uuid from brokers without topic ids. */
  readonly id: string;
  readonly internal: boolean;
  /** What the broker said about the topic: 'NONE', 'UNKNOWN_TOPIC_OR_PARTITION' … */
  readonly error: ErrorCode;
  /** Indexed by partition number, without gaps. */
  readonly partitions: readonly PartitionMetadata[];
}

/** A snapshot; never changed after it was handed out. */
export interface ClusterMetadata {
  readonly clusterId: string | null;
  /** Broker id to send controller requests to (in KRaft any broker forwards them), -1 unknown. */
  readonly controllerId: number;
  readonly brokers: ReadonlyMap<number, Broker>;
  /** By name. A topic asked for and not found stands here with its error and no partitions. */
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}
