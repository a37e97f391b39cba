import type { Logger, System } from '../system/index.js';
import type { Leadership } from './cluster/leadership.js';
import type { Nodes } from './cluster/nodes.js';
import type { BrokerConfig } from './config/broker-config.js';
import type { Compat } from './config/compat.js';
import type {
  GroupCoordinator,
  MarkerLog,
  ShareCoordinator,
  ShareGroupCoordinator,
  TransactionCoordinator,
} from './coordinator/index.js';
import type { RequestConnection } from './handlers/handler.js';
import type { DynamicSettings } from './metadata/dynamic-settings.js';
import type { GroupSettings } from './metadata/group-settings.js';
import type { TopicRegistry } from './metadata/topic-registry.js';
import type { FetchSessions } from './partition/fetch-sessions.js';
import type { InternalTopic } from './partition/internal-topic.js';
import type { SharePartitions } from './partition/share/share-partitions.js';
import type { Shares } from './shares.js';
import type { ShareSessions } from './partition/share/share-sessions.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** An API with the versions that ApiVersions shows. */
export interface ServedApi {
  readonly key: number;
  readonly range: readonly [from: number, to: number];
}

/** The parts of a running broker that handlers work with. */
export interface BrokerInternals {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly compat: Compat;
  /** The node that the request was sent to. */
  readonly nodeId: number;
  readonly clusterId: string;
  /** The data directory, as DescribeLogDirs shows it. */
  readonly logDirectory: string;
  /** Where clients are told to connect. */
  readonly advertised: Address;
  /**
   * The same for any node, as one client is told; a broker that listens everywhere names where it
   * was found.
   */
  addressOf(nodeId: number, connection: RequestConnection): Address;
  /** The nodes of the cluster; all live in this process. */
  readonly nodes: Nodes;
  readonly leadership: Leadership;
  readonly topics: TopicRegistry;
  readonly groupSettings: GroupSettings;
  readonly brokerSettings: DynamicSettings;
  readonly fetchSessions: FetchSessions;
  /** `__consumer_offsets`. */
  readonly offsetsTopic: InternalTopic;
  /** `__transaction_state`. */
  readonly transactionTopic: InternalTopic;
  readonly groups: GroupCoordinator;
  readonly shareGroups: ShareGroupCoordinator;
  /** `__share_group_state`. */
  readonly shareStates: ShareCoordinator;
  readonly sharePartitions: SharePartitions;
  readonly shareSessions: ShareSessions;
  readonly transactions: TransactionCoordinator;
  /** Ends transactions in single partitions. */
  readonly markers: MarkerLog;
  /** What ApiVersions lists, by key. */
  served(): readonly ServedApi[];
  /** Runs when the broker is about to stop: whoever waits should answer now. */
  onStopping(run: () => void): () => void;
  /** A broker config as it is in force, for DescribeConfigs. */
  effectiveSetting(name: string): string | null;
}

/** What all nodes of the cluster have together. */
export interface SharedInternals
  extends Pick<
    BrokerInternals,
    | 'system'
    | 'logger'
    | 'config'
    | 'compat'
    | 'clusterId'
    | 'logDirectory'
    | 'nodes'
    | 'leadership'
    | 'topics'
    | 'groupSettings'
    | 'brokerSettings'
    | 'offsetsTopic'
    | 'transactionTopic'
    | 'groups'
    | 'transactions'
    | 'markers'
    | 'served'
  > {
  readonly shares: Shares;
}
