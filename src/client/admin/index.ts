/**
 * Admin: looking at a cluster and changing it, one file per resource. Knows requests, answers and
 * which broker has to be asked; who that is now it asks the cluster. Keeps nothing.
 */
export type {
  AclOperation,
  AclPatternFilter,
  AclPatternType,
  AclPermission,
  AclResourceType,
} from './acl-words.js';
export type { AclBinding, AclFilter, DeletedAcls } from './acls.js';
export { Admin } from './admin.js';
export type {
  ClientQuota,
  DescribeClientQuotasOptions,
  QuotaChange,
  QuotaEntity,
  QuotaFilter,
} from './client-quotas.js';
export type {
  ApiVersionRange,
  BrokerDescription,
  ClusterDescription,
  DescribeClusterOptions,
} from './cluster-info.js';
export type { ListConfigResourcesOptions } from './config-resources.js';
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
export type {
  CreateDelegationTokenOptions,
  DelegationToken,
  DescribeDelegationTokensOptions,
  ExpireDelegationTokenOptions,
  RenewDelegationTokenOptions,
} from './delegation-tokens.js';
export type { ElectedLeader, ElectionType } from './elections.js';
export type { Features, FeatureUpdate } from './features.js';
export type { DescribeGroupsOptions, GroupDescription, GroupMember } from './group-descriptions.js';
export type { FetchOffsetsOptions, GroupOffset, NewGroupOffset } from './group-offsets.js';
export type {
  GroupListing,
  ListGroupsOptions,
  MemberToRemove,
  RemoveMembersOptions,
} from './groups.js';
export type { FindHangingOptions, HangingTransaction } from './hanging-transactions.js';
export { type ItemKey, type ItemResult, itemResults } from './item-results.js';
export type {
  BrokerLogDirs,
  DescribeLogDirsOptions,
  LogDir,
  LogDirReplica,
  ReplicaLogDirs,
  ReplicaMove,
  ReplicaOf,
} from './log-dirs.js';
export type {
  OffsetResetTarget,
  PlannedGroupOffset,
  ResetOffsetsOptions,
} from './offset-reset.js';
export type { ListedOffset, ListOffsetsOptions, OffsetPlace, OffsetQuery } from './offsets.js';
export type {
  DescribeProducersOptions,
  FencedProducer,
  PartitionProducers,
  ProducerState,
} from './producers.js';
export type {
  MetadataQuorum,
  NewRaftVoter,
  QuorumReplica,
  RaftListener,
  RaftVoter,
  RaftVoterOptions,
} from './quorum.js';
export type {
  AlterReassignmentsOptions,
  NewPartitionReassignment,
  PartitionReassignment,
} from './reassignments.js';
export type { DeletedRecords, RecordsToDelete } from './records.js';
export type { CallOptions, PartitionOf } from './routing.js';
export type { ScramChange, ScramMechanism, ScramUser } from './scram-users.js';
export type {
  DescribeShareGroupOffsetsOptions,
  NewShareGroupOffset,
  ShareGroupOffset,
} from './share-group-offsets.js';
export type { StreamsMember, StreamsTasks, StreamsTopology } from './streams-groups.js';
export type {
  DescribeTopicsOptions,
  PartitionDescription,
  TopicDescription,
  TopicListing,
} from './topic-descriptions.js';
export type {
  CreatedTopic,
  NewPartitions,
  NewTopic,
  TopicReference,
  ValidateOptions,
} from './topics.js';
export type {
  ListTransactionsOptions,
  TransactionDescription,
  TransactionListing,
  TransactionToAbort,
} from './transactions.js';
