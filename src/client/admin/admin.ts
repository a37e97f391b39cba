// Over 400 lines because it lists every call of Admin, each one line of work with its description.
import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { AclBinding, AclFilter, DeletedAcls } from './acls.js';
import type {
  ClientQuota,
  DescribeClientQuotasOptions,
  QuotaChange,
  QuotaFilter,
} from './client-quotas.js';
import type {
  ApiVersionRange,
  ClusterDescription,
  DescribeClusterOptions,
} from './cluster-info.js';
import type { ListConfigResourcesOptions } from './config-resources.js';
import type {
  ConfigChange,
  ConfigQuery,
  ConfigResource,
  DescribeConfigsOptions,
  ResourceConfigs,
} from './configs.js';
import type {
  CreateDelegationTokenOptions,
  DelegationToken,
  DescribeDelegationTokensOptions,
  ExpireDelegationTokenOptions,
  RenewDelegationTokenOptions,
} from './delegation-tokens.js';
import type { ElectedLeader, ElectionType } from './elections.js';
import type { Features, FeatureUpdate } from './features.js';
import type { DescribeGroupsOptions, GroupDescription } from './group-descriptions.js';
import type { FetchOffsetsOptions, GroupOffset, NewGroupOffset } from './group-offsets.js';
import type { GroupListing, ListGroupsOptions, RemoveMembersOptions } from './groups.js';
import type { FindHangingOptions, HangingTransaction } from './hanging-transactions.js';
import type {
  BrokerLogDirs,
  DescribeLogDirsOptions,
  ReplicaLogDirs,
  ReplicaMove,
  ReplicaOf,
} from './log-dirs.js';
import type { PlannedGroupOffset, ResetOffsetsOptions } from './offset-reset.js';
import type { ListedOffset, ListOffsetsOptions, OffsetQuery } from './offsets.js';
import type { DescribeProducersOptions, FencedProducer, PartitionProducers } from './producers.js';
import type { MetadataQuorum, NewRaftVoter, RaftVoter, RaftVoterOptions } from './quorum.js';
import type {
  AlterReassignmentsOptions,
  NewPartitionReassignment,
  PartitionReassignment,
} from './reassignments.js';
import type { DeletedRecords, RecordsToDelete } from './records.js';
import type { CallOptions, PartitionOf } from './routing.js';
import type { ScramChange, ScramUser } from './scram-users.js';
import type {
  DescribeShareGroupOffsetsOptions,
  NewShareGroupOffset,
  ShareGroupOffset,
} from './share-group-offsets.js';
import type {
  DescribeTopicsOptions,
  TopicDescription,
  TopicListing,
} from './topic-descriptions.js';
import type {
  CreatedTopic,
  NewPartitions,
  NewTopic,
  TopicReference,
  ValidateOptions,
} from './topics.js';
import type {
  ListTransactionsOptions,
  TransactionDescription,
  TransactionListing,
  TransactionToAbort,
} from './transactions.js';

/**
 * Looks at a cluster and changes it. Made by `kafka.admin()`. What belongs to a resource stands in
 * a file of its own and is loaded when first asked for.
 *
 * A call about several things does all it can and then fails if any failed: with that error, or
 * with the first and an AggregateError of all in `cause`; `itemResults(error)` tells what became of
 * each thing. Failures that pass are tried again until `timeoutMs`.
 */
export class Admin implements AsyncDisposable {
  readonly #cluster: Cluster;
  #closed = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.retain();
  }

  /** The cluster, unless this admin has been closed. */
  #use(): Cluster {
    if (this.#closed) throw new KafkaError('CLOSED', 'The admin has been closed.');
    return this.#cluster;
  }

  /** Creates topics and waits until they have leaders. TOPIC_ALREADY_EXISTS, POLICY_VIOLATION … */
  async createTopics(
    topics: readonly NewTopic[],
    options: ValidateOptions = {},
  ): Promise<CreatedTopic[]> {
    return (await import('./topics.js')).createTopics(this.#use(), topics, options);
  }

  /** Deletes topics with all their records. UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID … */
  async deleteTopics(topics: readonly TopicReference[], options: CallOptions = {}): Promise<void> {
    return (await import('./topics.js')).deleteTopics(this.#use(), topics, options);
  }

  /** All topics by name; Kafka's own (`__consumer_offsets` …) only with `internal`. */
  async listTopics(
    options: CallOptions & { readonly internal?: boolean | undefined } = {},
  ): Promise<TopicListing[]> {
    return (await import('./topic-descriptions.js')).listTopics(this.#use(), options);
  }

  /** Partitions with leaders and replicas, by names or ids. UNKNOWN_TOPIC_OR_PARTITION … */
  async describeTopics(
    topics: readonly TopicReference[],
    options: DescribeTopicsOptions = {},
  ): Promise<TopicDescription[]> {
    return (await import('./topic-descriptions.js')).describeTopics(this.#use(), topics, options);
  }

  /** Gives topics more partitions; keys may belong elsewhere afterwards. */
  async createPartitions(
    topics: readonly NewPartitions[],
    options: ValidateOptions = {},
  ): Promise<void> {
    return (await import('./topics.js')).createPartitions(this.#use(), topics, options);
  }

  /** Configs of topics, brokers and groups, each with where its value comes from. */
  async describeConfigs(
    resources: readonly ConfigQuery[],
    options: DescribeConfigsOptions = {},
  ): Promise<ResourceConfigs[]> {
    return (await import('./configs.js')).describeConfigs(this.#use(), resources, options);
  }

  /** Changes single configs and leaves the others as they are. */
  async alterConfigs(
    changes: readonly ConfigChange[],
    options: ValidateOptions = {},
  ): Promise<void> {
    return (await import('./configs.js')).alterConfigs(this.#use(), changes, options);
  }

  /** Deletes the records below an offset. */
  async deleteRecords(
    cuts: readonly RecordsToDelete[],
    options: CallOptions = {},
  ): Promise<DeletedRecords[]> {
    return (await import('./records.js')).deleteRecords(this.#use(), cuts, options);
  }

  /** Offsets of places in partitions: the ends, a timestamp, the largest timestamp. */
  async listOffsets(
    queries: readonly OffsetQuery[],
    options: ListOffsetsOptions = {},
  ): Promise<ListedOffset[]> {
    return (await import('./offsets.js')).listOffsets(this.#use(), queries, options);
  }

  /** The groups of all brokers. */
  async listGroups(options: ListGroupsOptions = {}): Promise<GroupListing[]> {
    return (await import('./groups.js')).listGroups(this.#use(), options);
  }

  /** Groups of every type with their members and what is assigned to them. GROUP_ID_NOT_FOUND. */
  async describeGroups(
    groupIds: readonly string[],
    options: DescribeGroupsOptions = {},
  ): Promise<GroupDescription[]> {
    return (await import('./group-descriptions.js')).describeGroups(this.#use(), groupIds, options);
  }

  /** Deletes groups and their offsets. NON_EMPTY_GROUP while a group has members. */
  async deleteGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return (await import('./groups.js')).deleteGroups(this.#use(), groupIds, options);
  }

  /** Sends members of a classic group away, or all of them. UNKNOWN_MEMBER_ID for each. */
  async removeMembers(groupId: string, options: RemoveMembersOptions = {}): Promise<void> {
    return (await import('./groups.js')).removeMembers(this.#use(), groupId, options);
  }

  /** What a group has committed. */
  async fetchOffsets(groupId: string, options: FetchOffsetsOptions = {}): Promise<GroupOffset[]> {
    return (await import('./group-offsets.js')).fetchOffsets(this.#use(), groupId, options);
  }

  /** Sets offsets of a group without members. */
  async alterOffsets(
    groupId: string,
    offsets: readonly NewGroupOffset[],
    options: CallOptions = {},
  ): Promise<void> {
    const { alterOffsets } = await import('./group-offsets.js');
    return await alterOffsets(this.#use(), groupId, offsets, options);
  }

  /** Forgets offsets of a group. */
  async deleteOffsets(
    groupId: string,
    partitions: readonly PartitionOf[],
    options: CallOptions = {},
  ): Promise<void> {
    const { deleteOffsets } = await import('./group-offsets.js');
    return await deleteOffsets(this.#use(), groupId, partitions, options);
  }

  /** Plans where the offsets of a group without members go, and moves them unless `dryRun`. */
  async resetOffsets(groupId: string, options: ResetOffsetsOptions): Promise<PlannedGroupOffset[]> {
    return (await import('./offset-reset.js')).resetOffsets(this.#use(), groupId, options);
  }

  /** Where a share group stands (KIP-932), and how far it lies behind. */
  async describeShareGroupOffsets(
    groupId: string,
    options: DescribeShareGroupOffsetsOptions = {},
  ): Promise<ShareGroupOffset[]> {
    const { describeShareGroupOffsets } = await import('./share-group-offsets.js');
    return await describeShareGroupOffsets(this.#use(), groupId, options);
  }

  /** Sets where a share group without members starts. NON_EMPTY_GROUP. */
  async alterShareGroupOffsets(
    groupId: string,
    offsets: readonly NewShareGroupOffset[],
    options: CallOptions = {},
  ): Promise<void> {
    const { alterShareGroupOffsets } = await import('./share-group-offsets.js');
    return await alterShareGroupOffsets(this.#use(), groupId, offsets, options);
  }

  /** Forgets where a share group without members stands in topics. */
  async deleteShareGroupOffsets(
    groupId: string,
    topics: readonly string[],
    options: CallOptions = {},
  ): Promise<void> {
    const { deleteShareGroupOffsets } = await import('./share-group-offsets.js');
    return await deleteShareGroupOffsets(this.#use(), groupId, topics, options);
  }

  /** Things that have configs: topics, brokers, groups, client metrics subscriptions (KIP-1142). */
  async listConfigResources(options: ListConfigResourcesOptions = {}): Promise<ConfigResource[]> {
    return (await import('./config-resources.js')).listConfigResources(this.#use(), options);
  }

  /** Adds ACLs; those that are there already stay. */
  async createAcls(acls: readonly AclBinding[], options: CallOptions = {}): Promise<void> {
    return (await import('./acls.js')).createAcls(this.#use(), acls, options);
  }

  /** The ACLs that a filter matches; an empty filter matches all. */
  async describeAcls(
    filter: AclFilter = {},
    options: CallOptions = {},
  ): Promise<Required<AclBinding>[]> {
    return (await import('./acls.js')).describeAcls(this.#use(), filter, options);
  }

  /** Deletes the ACLs that filters match and tells which those were. */
  async deleteAcls(
    filters: readonly AclFilter[],
    options: CallOptions = {},
  ): Promise<DeletedAcls[]> {
    return (await import('./acls.js')).deleteAcls(this.#use(), filters, options);
  }

  /** Users with SCRAM credentials; default all. RESOURCE_NOT_FOUND for a named one without. */
  async describeUserScramCredentials(
    users?: readonly string[],
    options: CallOptions = {},
  ): Promise<ScramUser[]> {
    const { describeUserScramCredentials } = await import('./scram-users.js');
    return await describeUserScramCredentials(this.#use(), users, options);
  }

  /** Sets and takes away SCRAM passwords of users. */
  async alterUserScramCredentials(
    changes: readonly ScramChange[],
    options: CallOptions = {},
  ): Promise<void> {
    const { alterUserScramCredentials } = await import('./scram-users.js');
    return await alterUserScramCredentials(this.#use(), changes, options);
  }

  /** Quotas of users, client ids and addresses; an empty filter matches all. */
  async describeClientQuotas(
    filter: QuotaFilter = {},
    options: DescribeClientQuotasOptions = {},
  ): Promise<ClientQuota[]> {
    return (await import('./client-quotas.js')).describeClientQuotas(this.#use(), filter, options);
  }

  /** Changes single quotas and leaves the others as they are. */
  async alterClientQuotas(
    changes: readonly QuotaChange[],
    options: ValidateOptions = {},
  ): Promise<void> {
    return (await import('./client-quotas.js')).alterClientQuotas(this.#use(), changes, options);
  }

  /** Makes a token for the asking principal, or another. See the KafkaErrors of tokens there. */
  async createDelegationToken(
    options: CreateDelegationTokenOptions = {},
  ): Promise<DelegationToken> {
    return (await import('./delegation-tokens.js')).createDelegationToken(this.#use(), options);
  }

  /** Lengthens a token's life; gives the time at which it ends now, in ms since 1970. */
  async renewDelegationToken(
    hmac: Uint8Array,
    options: RenewDelegationTokenOptions = {},
  ): Promise<number> {
    const { renewDelegationToken } = await import('./delegation-tokens.js');
    return await renewDelegationToken(this.#use(), hmac, options);
  }

  /** Ends a token, at once or later; gives the time at which it ends. */
  async expireDelegationToken(
    hmac: Uint8Array,
    options: ExpireDelegationTokenOptions = {},
  ): Promise<number> {
    const { expireDelegationToken } = await import('./delegation-tokens.js');
    return await expireDelegationToken(this.#use(), hmac, options);
  }

  /** The tokens that the asking principal may see. */
  async describeDelegationTokens(
    options: DescribeDelegationTokensOptions = {},
  ): Promise<DelegationToken[]> {
    return (await import('./delegation-tokens.js')).describeDelegationTokens(this.#use(), options);
  }

  /** The log directories of brokers (default all) with the replicas in them. */
  async describeLogDirs(
    brokers?: readonly number[],
    options: DescribeLogDirsOptions = {},
  ): Promise<BrokerLogDirs[]> {
    return (await import('./log-dirs.js')).describeLogDirs(this.#use(), brokers, options);
  }

  /** Where single replicas lie, and where they are being moved to. */
  async describeReplicaLogDirs(
    replicas: readonly ReplicaOf[],
    options: CallOptions = {},
  ): Promise<ReplicaLogDirs[]> {
    return (await import('./log-dirs.js')).describeReplicaLogDirs(this.#use(), replicas, options);
  }

  /** Has replicas moved to other directories of their brokers. LOG_DIR_NOT_FOUND … */
  async alterReplicaLogDirs(
    moves: readonly ReplicaMove[],
    options: CallOptions = {},
  ): Promise<void> {
    return (await import('./log-dirs.js')).alterReplicaLogDirs(this.#use(), moves, options);
  }

  /** Has partitions moved to other brokers, or ends such moves. */
  async alterPartitionReassignments(
    reassignments: readonly NewPartitionReassignment[],
    options: AlterReassignmentsOptions = {},
  ): Promise<void> {
    const { alterPartitionReassignments } = await import('./reassignments.js');
    return await alterPartitionReassignments(this.#use(), reassignments, options);
  }

  /** Moves that are under way, of some partitions or of all. */
  async listPartitionReassignments(
    partitions?: readonly PartitionOf[],
    options: CallOptions = {},
  ): Promise<PartitionReassignment[]> {
    const { listPartitionReassignments } = await import('./reassignments.js');
    return await listPartitionReassignments(this.#use(), partitions, options);
  }

  /** Elects leaders of partitions; default of all that need it. */
  async electLeaders(
    type: ElectionType,
    partitions?: readonly PartitionOf[],
    options: CallOptions = {},
  ): Promise<ElectedLeader[]> {
    return (await import('./elections.js')).electLeaders(this.#use(), type, partitions, options);
  }

  /** Transactions of all coordinators. */
  async listTransactions(options: ListTransactionsOptions = {}): Promise<TransactionListing[]> {
    return (await import('./transactions.js')).listTransactions(this.#use(), options);
  }

  /** Transactions with their partitions. TRANSACTIONAL_ID_NOT_FOUND. */
  async describeTransactions(
    transactionalIds: readonly string[],
    options: CallOptions = {},
  ): Promise<TransactionDescription[]> {
    const { describeTransactions } = await import('./transactions.js');
    return await describeTransactions(this.#use(), transactionalIds, options);
  }

  /** Transactions that stay open although no coordinator will end them. */
  async findHangingTransactions(options: FindHangingOptions): Promise<HangingTransaction[]> {
    const { findHangingTransactions } = await import('./hanging-transactions.js');
    return await findHangingTransactions(this.#use(), options);
  }

  /** Ends a hanging transaction in a partition. */
  async abortTransaction(
    transaction: TransactionToAbort,
    options: CallOptions = {},
  ): Promise<void> {
    return (await import('./transactions.js')).abortTransaction(this.#use(), transaction, options);
  }

  /** Aborts what a transactional id has open and fences its producer. */
  async forceTerminateTransaction(
    transactionalId: string,
    options: CallOptions = {},
  ): Promise<void> {
    const { forceTerminateTransaction } = await import('./transactions.js');
    return await forceTerminateTransaction(this.#use(), transactionalId, options);
  }

  /** What partitions know of producers. */
  async describeProducers(
    partitions: readonly PartitionOf[],
    options: DescribeProducersOptions = {},
  ): Promise<PartitionProducers[]> {
    return (await import('./producers.js')).describeProducers(this.#use(), partitions, options);
  }

  /** Ends what transactional producers are doing; they fail with PRODUCER_FENCED. */
  async fenceProducers(
    transactionalIds: readonly string[],
    options: CallOptions = {},
  ): Promise<FencedProducer[]> {
    return (await import('./producers.js')).fenceProducers(this.#use(), transactionalIds, options);
  }

  /** Cluster id, controller and brokers. */
  async describeCluster(options: DescribeClusterOptions = {}): Promise<ClusterDescription> {
    return (await import('./cluster-info.js')).describeCluster(this.#use(), options);
  }

  /** Feature levels (KIP-584), asked anew. */
  async describeFeatures(options: CallOptions = {}): Promise<Features> {
    return (await import('./features.js')).describeFeatures(this.#use(), options);
  }

  /** Raises and lowers feature levels of the cluster. INVALID_UPDATE_VERSION … */
  async updateFeatures(
    updates: readonly FeatureUpdate[],
    options: ValidateOptions = {},
  ): Promise<void> {
    return (await import('./features.js')).updateFeatures(this.#use(), updates, options);
  }

  /** The controllers and their metadata log (KIP-836). */
  async describeMetadataQuorum(options: CallOptions = {}): Promise<MetadataQuorum> {
    return (await import('./quorum.js')).describeMetadataQuorum(this.#use(), options);
  }

  /** Makes a controller that follows a voter (KIP-853). */
  async addRaftVoter(voter: NewRaftVoter, options: RaftVoterOptions = {}): Promise<void> {
    return (await import('./quorum.js')).addRaftVoter(this.#use(), voter, options);
  }

  /** Takes a voter out of the quorum. */
  async removeRaftVoter(voter: RaftVoter, options: RaftVoterOptions = {}): Promise<void> {
    return (await import('./quorum.js')).removeRaftVoter(this.#use(), voter, options);
  }

  /** Takes a broker that is gone for good out of the metadata. */
  async unregisterBroker(brokerId: number, options: CallOptions = {}): Promise<void> {
    return (await import('./brokers.js')).unregisterBroker(this.#use(), brokerId, options);
  }

  /** Takes a controller that is gone for good out of the metadata. Needs Apache Kafka 4.4. */
  async unregisterController(controllerId: number, options: CallOptions = {}): Promise<void> {
    return (await import('./brokers.js')).unregisterController(this.#use(), controllerId, options);
  }

  /** The API versions that a broker serves; default: of any broker. */
  async apiVersions(
    options: CallOptions & { readonly broker?: number | undefined } = {},
  ): Promise<ApiVersionRange[]> {
    const { apiVersions } = await import('./cluster-info.js');
    return await apiVersions(this.#use(), options.broker, options);
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#cluster.release();
    }
    return Promise.resolve();
  }

  /** Whether `close` has been called. */
  get closed(): boolean {
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
