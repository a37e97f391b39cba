import { KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import type { ApiVersionRange, ClusterDescription, Features } from './cluster-info.js';
import type {
  ConfigChange,
  ConfigQuery,
  DescribeConfigsOptions,
  ResourceConfigs,
} from './configs.js';
import type { FetchOffsetsOptions, GroupOffset, NewGroupOffset } from './group-offsets.js';
import type { GroupDescription, GroupListing, ListGroupsOptions } from './groups.js';
import type { ListedOffset, ListOffsetsOptions, OffsetQuery } from './offsets.js';
import type { DeletedRecords, RecordsToDelete } from './records.js';
import type { CallOptions, PartitionOf } from './routing.js';
import type {
  CreatedTopic,
  NewPartitions,
  NewTopic,
  TopicDescription,
  TopicListing,
  ValidateOptions,
} from './topics.js';

/**
 * Looks at a cluster and changes it. Made by `kafka.admin()`. What belongs to a resource stands in
 * a file of its own and is loaded when first asked for.
 *
 * A call about several things does all it can and then fails if any failed: with that error, or
 * with the first and an AggregateError of all in `cause`. Failures that pass are tried again until
 * `timeoutMs`.
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

  /** Deletes topics with all their records. */
  async deleteTopics(names: readonly string[], options: CallOptions = {}): Promise<void> {
    return (await import('./topics.js')).deleteTopics(this.#use(), names, options);
  }

  /** All topics by name; Kafka's own (`__consumer_offsets` …) only with `internal`. */
  async listTopics(
    options: CallOptions & { readonly internal?: boolean | undefined } = {},
  ): Promise<TopicListing[]> {
    return (await import('./topics.js')).listTopics(this.#use(), options);
  }

  /** Partitions with leaders and replicas. UNKNOWN_TOPIC_OR_PARTITION for a missing topic. */
  async describeTopics(
    names: readonly string[],
    options: CallOptions = {},
  ): Promise<TopicDescription[]> {
    return (await import('./topics.js')).describeTopics(this.#use(), names, options);
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

  /** Groups with their members and what is assigned to them. GROUP_ID_NOT_FOUND. */
  async describeGroups(
    groupIds: readonly string[],
    options: CallOptions = {},
  ): Promise<GroupDescription[]> {
    return (await import('./groups.js')).describeGroups(this.#use(), groupIds, options);
  }

  /** Deletes groups and their offsets. NON_EMPTY_GROUP while a group has members. */
  async deleteGroups(groupIds: readonly string[], options: CallOptions = {}): Promise<void> {
    return (await import('./groups.js')).deleteGroups(this.#use(), groupIds, options);
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

  /** Cluster id, controller and brokers. */
  async describeCluster(options: CallOptions = {}): Promise<ClusterDescription> {
    return (await import('./cluster-info.js')).describeCluster(this.#use(), options);
  }

  /** Feature levels (KIP-584). */
  async describeFeatures(options: CallOptions = {}): Promise<Features> {
    return (await import('./cluster-info.js')).describeFeatures(this.#use(), options);
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
