import { type ApiName, apis } from '../../protocol/index.js';
import type { ServedApi } from '../broker-internals.js';
import { advertisedRange, type Compat, isServedBy } from '../config/compat.js';
import { alterConfigs, incrementalAlterConfigs } from './alter-configs.js';
import { alterPartitionReassignments } from './alter-partition-reassignments.js';
import { apiVersions } from './api-versions.js';
import { consumerGroupDescribe } from './consumer-group-describe.js';
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.js';
import { createPartitions } from './create-partitions.js';
import { createTopics } from './create-topics.js';
import { deleteGroups } from './delete-groups.js';
import { deleteRecords } from './delete-records.js';
import { deleteTopics } from './delete-topics.js';
import { describeCluster } from './describe-cluster.js';
import { describeConfigs } from './describe-configs.js';
import { describeGroups } from './describe-groups.js';
import { describeLogDirs } from './describe-log-dirs.js';
import { describeTopicPartitions } from './describe-topic-partitions.js';
import { electLeaders } from './elect-leaders.js';
import { fetchRecords } from './fetch.js';
import { findCoordinator } from './find-coordinator.js';
import type { Handler, HandlerTable } from './handler.js';
import { heartbeat } from './heartbeat.js';
import { initProducerId } from './init-producer-id.js';
import { joinGroup } from './join-group.js';
import { leaveGroup } from './leave-group.js';
import { listConfigResources } from './list-config-resources.js';
import { listGroups } from './list-groups.js';
import { listOffsets } from './list-offsets.js';
import { listPartitionReassignments } from './list-partition-reassignments.js';
import { metadata } from './metadata.js';
import { offsetCommit } from './offset-commit.js';
import { offsetDelete } from './offset-delete.js';
import { offsetFetch } from './offset-fetch.js';
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.js';
import { produce } from './produce.js';
import { saslAuthenticate, saslHandshake } from './sasl.js';
import { addOffsetsToTxn } from './add-offsets-to-txn.js';
import { addPartitionsToTxn } from './add-partitions-to-txn.js';
import { describeProducers } from './describe-producers.js';
import { describeTransactions } from './describe-transactions.js';
import { endTxn } from './end-txn.js';
import { listTransactions } from './list-transactions.js';
import { txnOffsetCommit } from './txn-offset-commit.js';
import { writeTxnMarkers } from './write-txn-markers.js';
import { shareAcknowledge } from './share-acknowledge.js';
import { shareFetch } from './share-fetch.js';
import { shareGroupDescribe } from './share-group-describe.js';
import { shareGroupHeartbeat } from './share-group-heartbeat.js';
import {
  alterShareGroupOffsets,
  deleteShareGroupOffsets,
  describeShareGroupOffsets,
} from './share-group-offsets.js';
import {
  deleteShareGroupState,
  initializeShareGroupState,
  readShareGroupState,
  readShareGroupStateSummary,
  writeShareGroupState,
} from './share-group-state.js';
import { streamsGroupDescribe } from './streams-group-describe.js';
import { streamsGroupHeartbeat } from './streams-group-heartbeat.js';
import { topologyDescriptionUpdate } from './streams-group-topology-description-update.js';
import { syncGroup } from './sync-group.js';

/** Every API the broker serves. ApiVersions is derived from this table. */
export const handlers: HandlerTable = {
  Produce: produce,
  Fetch: fetchRecords,
  ListOffsets: listOffsets,
  Metadata: metadata,
  OffsetCommit: offsetCommit,
  OffsetFetch: offsetFetch,
  FindCoordinator: findCoordinator,
  JoinGroup: joinGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  SyncGroup: syncGroup,
  DescribeGroups: describeGroups,
  ListGroups: listGroups,
  SaslHandshake: saslHandshake,
  ApiVersions: apiVersions,
  CreateTopics: createTopics,
  DeleteTopics: deleteTopics,
  DeleteRecords: deleteRecords,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  AddPartitionsToTxn: addPartitionsToTxn,
  AddOffsetsToTxn: addOffsetsToTxn,
  EndTxn: endTxn,
  WriteTxnMarkers: writeTxnMarkers,
  TxnOffsetCommit: txnOffsetCommit,
  DescribeConfigs: describeConfigs,
  AlterConfigs: alterConfigs,
  DescribeLogDirs: describeLogDirs,
  SaslAuthenticate: saslAuthenticate,
  CreatePartitions: createPartitions,
  DeleteGroups: deleteGroups,
  ElectLeaders: electLeaders,
  IncrementalAlterConfigs: incrementalAlterConfigs,
  AlterPartitionReassignments: alterPartitionReassignments,
  ListPartitionReassignments: listPartitionReassignments,
  OffsetDelete: offsetDelete,
  DescribeCluster: describeCluster,
  DescribeProducers: describeProducers,
  DescribeTransactions: describeTransactions,
  ListTransactions: listTransactions,
  ListConfigResources: listConfigResources,
  ConsumerGroupHeartbeat: consumerGroupHeartbeat,
  ConsumerGroupDescribe: consumerGroupDescribe,
  StreamsGroupHeartbeat: streamsGroupHeartbeat,
  StreamsGroupDescribe: streamsGroupDescribe,
  StreamsGroupTopologyDescriptionUpdate: topologyDescriptionUpdate,
  DescribeTopicPartitions: describeTopicPartitions,
  ShareGroupHeartbeat: shareGroupHeartbeat,
  ShareGroupDescribe: shareGroupDescribe,
  ShareFetch: shareFetch,
  ShareAcknowledge: shareAcknowledge,
  InitializeShareGroupState: initializeShareGroupState,
  ReadShareGroupState: readShareGroupState,
  WriteShareGroupState: writeShareGroupState,
  DeleteShareGroupState: deleteShareGroupState,
  ReadShareGroupStateSummary: readShareGroupStateSummary,
  DescribeShareGroupOffsets: describeShareGroupOffsets,
  AlterShareGroupOffsets: alterShareGroupOffsets,
  DeleteShareGroupOffsets: deleteShareGroupOffsets,
};

/** The handler of an API, or undefined when it is not served. */
export function handlerOf<A extends ApiName>(api: A): Handler<A> | undefined {
  return handlers[api] as Handler<A> | undefined;
}

/** Answered, so that clients that try hear why it does not work, but not listed as served. */
const unlisted: ReadonlySet<ApiName> = new Set(['SaslHandshake', 'SaslAuthenticate']);

/** What ApiVersions lists, by key. */
export function servedApis(compat: Compat): readonly ServedApi[] {
  return (Object.keys(handlers) as ApiName[])
    .filter((name) => !unlisted.has(name) && isServedBy(name, compat))
    .map((name) => ({ key: apis[name].key, range: advertisedRange(apis[name], compat) }))
    .sort((a, b) => a.key - b.key);
}

/**
 * The versions that are handled of an API: the advertised ones, and those from before Kafka 4 that
 * very old clients send without asking.
 */
export function acceptedRange(
  api: ApiName,
  compat: Compat,
): readonly [from: number, to: number] | undefined {
  if (handlers[api] === undefined || !isServedBy(api, compat)) return undefined;
  const [from, to] = advertisedRange(apis[api], compat);
  return [apis[api].legacyVersions?.[0] ?? from, to];
}
