/**
 * Admin: looking at a cluster and changing it, one file per resource. Knows requests, answers and
 * which broker has to be asked; who that is now it asks the cluster. Keeps nothing.
 */
export { Admin } from './admin.js';
export type { ApiVersionRange, ClusterDescription, Features } from './cluster-info.js';
export type {
  ConfigChange,
  ConfigEntry,
  ConfigQuery,
  ConfigResource,
  ConfigResourceType,
  ConfigSource,
  ConfigType,
  DescribeConfigsOptions,
  ResourceConfigs,
} from './configs.js';
export type { FetchOffsetsOptions, GroupOffset, NewGroupOffset } from './group-offsets.js';
export type {
  GroupDescription,
  GroupListing,
  GroupMember,
  ListGroupsOptions,
} from './groups.js';
export type { ListedOffset, ListOffsetsOptions, OffsetPlace, OffsetQuery } from './offsets.js';
export type { DeletedRecords, RecordsToDelete } from './records.js';
export type { CallOptions, PartitionOf } from './routing.js';
export type {
  CreatedTopic,
  NewPartitions,
  NewTopic,
  PartitionDescription,
  TopicDescription,
  TopicListing,
  ValidateOptions,
} from './topics.js';
