/**
 * What the client believes about the cluster: brokers, leaders, topic ids, coordinators, who
 * refreshes them and when, and the connections to the brokers. Knows nothing of records, batches,
 * groups or offsets.
 */
export type {
  Broker,
  ClusterMetadata,
  PartitionMetadata,
  TopicMetadata,
} from './cluster-metadata.js';
export { Cluster } from './cluster.js';
export type { CoordinatorType } from './coordinators.js';
export type {
  ClusterOptions,
  Destination,
  MetadataOptions,
  RequestFor,
  SendOptions,
} from './cluster-options.js';
export type { RequestFigures, RequestStats } from './request-stats.js';
