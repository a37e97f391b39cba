import type { FieldMap, Message } from '../schema/index.js';
import type { ApiName } from './apis.js';

/** The types of every API's messages. */
export interface ApiMessages {
  Produce: import('./messages/produce.js').ProduceMessages;
  Fetch: import('./messages/fetch.js').FetchMessages;
  ListOffsets: import('./messages/list-offsets.js').ListOffsetsMessages;
  Metadata: import('./messages/metadata.js').MetadataMessages;
  OffsetCommit: import('./messages/offset-commit.js').OffsetCommitMessages;
  OffsetFetch: import('./messages/offset-fetch.js').OffsetFetchMessages;
  FindCoordinator: import('./messages/find-coordinator.js').FindCoordinatorMessages;
  JoinGroup: import('./messages/join-group.js').JoinGroupMessages;
  Heartbeat: import('./messages/heartbeat.js').HeartbeatMessages;
  LeaveGroup: import('./messages/leave-group.js').LeaveGroupMessages;
  SyncGroup: import('./messages/sync-group.js').SyncGroupMessages;
  DescribeGroups: import('./messages/describe-groups.js').DescribeGroupsMessages;
  ListGroups: import('./messages/list-groups.js').ListGroupsMessages;
  SaslHandshake: import('./messages/sasl-handshake.js').SaslHandshakeMessages;
  ApiVersions: import('./messages/api-versions.js').ApiVersionsMessages;
  CreateTopics: import('./messages/create-topics.js').CreateTopicsMessages;
  DeleteTopics: import('./messages/delete-topics.js').DeleteTopicsMessages;
  DeleteRecords: import('./messages/delete-records.js').DeleteRecordsMessages;
  InitProducerId: import('./messages/init-producer-id.js').InitProducerIdMessages;
  OffsetForLeaderEpoch: import('./messages/offset-for-leader-epoch.js').OffsetForLeaderEpochMessages;
  AddPartitionsToTxn: import('./messages/add-partitions-to-txn.js').AddPartitionsToTxnMessages;
  AddOffsetsToTxn: import('./messages/add-offsets-to-txn.js').AddOffsetsToTxnMessages;
  EndTxn: import('./messages/end-txn.js').EndTxnMessages;
  WriteTxnMarkers: import('./messages/write-txn-markers.js').WriteTxnMarkersMessages;
  TxnOffsetCommit: import('./messages/txn-offset-commit.js').TxnOffsetCommitMessages;
  DescribeAcls: import('./messages/describe-acls.js').DescribeAclsMessages;
  CreateAcls: import('./messages/create-acls.js').CreateAclsMessages;
  DeleteAcls: import('./messages/delete-acls.js').DeleteAclsMessages;
  DescribeConfigs: import('./messages/describe-configs.js').DescribeConfigsMessages;
  AlterConfigs: import('./messages/alter-configs.js').AlterConfigsMessages;
  AlterReplicaLogDirs: import('./messages/alter-replica-log-dirs.js').AlterReplicaLogDirsMessages;
  DescribeLogDirs: import('./messages/describe-log-dirs.js').DescribeLogDirsMessages;
  SaslAuthenticate: import('./messages/sasl-authenticate.js').SaslAuthenticateMessages;
  CreatePartitions: import('./messages/create-partitions.js').CreatePartitionsMessages;
  CreateDelegationToken: import('./messages/create-delegation-token.js').CreateDelegationTokenMessages;
  RenewDelegationToken: import('./messages/renew-delegation-token.js').RenewDelegationTokenMessages;
  ExpireDelegationToken: import('./messages/expire-delegation-token.js').ExpireDelegationTokenMessages;
  DescribeDelegationToken: import('./messages/describe-delegation-token.js').DescribeDelegationTokenMessages;
  DeleteGroups: import('./messages/delete-groups.js').DeleteGroupsMessages;
  ElectLeaders: import('./messages/elect-leaders.js').ElectLeadersMessages;
  IncrementalAlterConfigs: import('./messages/incremental-alter-configs.js').IncrementalAlterConfigsMessages;
  AlterPartitionReassignments: import('./messages/alter-partition-reassignments.js').AlterPartitionReassignmentsMessages;
  ListPartitionReassignments: import('./messages/list-partition-reassignments.js').ListPartitionReassignmentsMessages;
  OffsetDelete: import('./messages/offset-delete.js').OffsetDeleteMessages;
  DescribeClientQuotas: import('./messages/describe-client-quotas.js').DescribeClientQuotasMessages;
  AlterClientQuotas: import('./messages/alter-client-quotas.js').AlterClientQuotasMessages;
  DescribeUserScramCredentials: import('./messages/describe-user-scram-credentials.js').DescribeUserScramCredentialsMessages;
  AlterUserScramCredentials: import('./messages/alter-user-scram-credentials.js').AlterUserScramCredentialsMessages;
  DescribeQuorum: import('./messages/describe-quorum.js').DescribeQuorumMessages;
  UpdateFeatures: import('./messages/update-features.js').UpdateFeaturesMessages;
  DescribeCluster: import('./messages/describe-cluster.js').DescribeClusterMessages;
  DescribeProducers: import('./messages/describe-producers.js').DescribeProducersMessages;
  UnregisterBroker: import('./messages/unregister-broker.js').UnregisterBrokerMessages;
  DescribeTransactions: import('./messages/describe-transactions.js').DescribeTransactionsMessages;
  ListTransactions: import('./messages/list-transactions.js').ListTransactionsMessages;
  ConsumerGroupHeartbeat: import('./messages/consumer-group-heartbeat.js').ConsumerGroupHeartbeatMessages;
  ConsumerGroupDescribe: import('./messages/consumer-group-describe.js').ConsumerGroupDescribeMessages;
  GetTelemetrySubscriptions: import('./messages/get-telemetry-subscriptions.js').GetTelemetrySubscriptionsMessages;
  PushTelemetry: import('./messages/push-telemetry.js').PushTelemetryMessages;
  ListConfigResources: import('./messages/list-config-resources.js').ListConfigResourcesMessages;
  DescribeTopicPartitions: import('./messages/describe-topic-partitions.js').DescribeTopicPartitionsMessages;
  ShareGroupHeartbeat: import('./messages/share-group-heartbeat.js').ShareGroupHeartbeatMessages;
  ShareGroupDescribe: import('./messages/share-group-describe.js').ShareGroupDescribeMessages;
  ShareFetch: import('./messages/share-fetch.js').ShareFetchMessages;
  ShareAcknowledge: import('./messages/share-acknowledge.js').ShareAcknowledgeMessages;
  AddRaftVoter: import('./messages/add-raft-voter.js').AddRaftVoterMessages;
  RemoveRaftVoter: import('./messages/remove-raft-voter.js').RemoveRaftVoterMessages;
  InitializeShareGroupState: import('./messages/initialize-share-group-state.js').InitializeShareGroupStateMessages;
  ReadShareGroupState: import('./messages/read-share-group-state.js').ReadShareGroupStateMessages;
  WriteShareGroupState: import('./messages/write-share-group-state.js').WriteShareGroupStateMessages;
  DeleteShareGroupState: import('./messages/delete-share-group-state.js').DeleteShareGroupStateMessages;
  ReadShareGroupStateSummary: import('./messages/read-share-group-state-summary.js').ReadShareGroupStateSummaryMessages;
  StreamsGroupHeartbeat: import('./messages/streams-group-heartbeat.js').StreamsGroupHeartbeatMessages;
  StreamsGroupDescribe: import('./messages/streams-group-describe.js').StreamsGroupDescribeMessages;
  DescribeShareGroupOffsets: import('./messages/describe-share-group-offsets.js').DescribeShareGroupOffsetsMessages;
  AlterShareGroupOffsets: import('./messages/alter-share-group-offsets.js').AlterShareGroupOffsetsMessages;
  DeleteShareGroupOffsets: import('./messages/delete-share-group-offsets.js').DeleteShareGroupOffsetsMessages;
  StreamsGroupTopologyDescriptionUpdate: import('./messages/streams-group-topology-description-update.js').StreamsGroupTopologyDescriptionUpdateMessages;
  UnregisterController: import('./messages/unregister-controller.js').UnregisterControllerMessages;
}

/** What is given to be sent as a request. */
export type RequestInput<A extends ApiName> = ApiMessages[A]['request'];
/** What a received request reads as. */
export type RequestDecoded<A extends ApiName> = ApiMessages[A]['requestDecoded'];
/** What is given to be sent as a response. */
export type ResponseInput<A extends ApiName> = ApiMessages[A]['response'];
/** What a received response reads as. */
export type ResponseDecoded<A extends ApiName> = ApiMessages[A]['responseDecoded'];

export type MessagePair = readonly [request: Message<FieldMap>, response: Message<FieldMap>];

/** How to load the definitions of an API: each file when it is first needed. */
export const definitions: { readonly [A in ApiName]: () => Promise<MessagePair> } = {
  Produce: () => import('./messages/produce.js').then((m) => [m.produceRequest, m.produceResponse]),
  Fetch: () => import('./messages/fetch.js').then((m) => [m.fetchRequest, m.fetchResponse]),
  ListOffsets: () =>
    import('./messages/list-offsets.js').then((m) => [m.listOffsetsRequest, m.listOffsetsResponse]),
  Metadata: () =>
    import('./messages/metadata.js').then((m) => [m.metadataRequest, m.metadataResponse]),
  OffsetCommit: () =>
    import('./messages/offset-commit.js').then((m) => [
      m.offsetCommitRequest,
      m.offsetCommitResponse,
    ]),
  OffsetFetch: () =>
    import('./messages/offset-fetch.js').then((m) => [m.offsetFetchRequest, m.offsetFetchResponse]),
  FindCoordinator: () =>
    import('./messages/find-coordinator.js').then((m) => [
      m.findCoordinatorRequest,
      m.findCoordinatorResponse,
    ]),
  JoinGroup: () =>
    import('./messages/join-group.js').then((m) => [m.joinGroupRequest, m.joinGroupResponse]),
  Heartbeat: () =>
    import('./messages/heartbeat.js').then((m) => [m.heartbeatRequest, m.heartbeatResponse]),
  LeaveGroup: () =>
    import('./messages/leave-group.js').then((m) => [m.leaveGroupRequest, m.leaveGroupResponse]),
  SyncGroup: () =>
    import('./messages/sync-group.js').then((m) => [m.syncGroupRequest, m.syncGroupResponse]),
  DescribeGroups: () =>
    import('./messages/describe-groups.js').then((m) => [
      m.describeGroupsRequest,
      m.describeGroupsResponse,
    ]),
  ListGroups: () =>
    import('./messages/list-groups.js').then((m) => [m.listGroupsRequest, m.listGroupsResponse]),
  SaslHandshake: () =>
    import('./messages/sasl-handshake.js').then((m) => [
      m.saslHandshakeRequest,
      m.saslHandshakeResponse,
    ]),
  ApiVersions: () =>
    import('./messages/api-versions.js').then((m) => [m.apiVersionsRequest, m.apiVersionsResponse]),
  CreateTopics: () =>
    import('./messages/create-topics.js').then((m) => [
      m.createTopicsRequest,
      m.createTopicsResponse,
    ]),
  DeleteTopics: () =>
    import('./messages/delete-topics.js').then((m) => [
      m.deleteTopicsRequest,
      m.deleteTopicsResponse,
    ]),
  DeleteRecords: () =>
    import('./messages/delete-records.js').then((m) => [
      m.deleteRecordsRequest,
      m.deleteRecordsResponse,
    ]),
  InitProducerId: () =>
    import('./messages/init-producer-id.js').then((m) => [
      m.initProducerIdRequest,
      m.initProducerIdResponse,
    ]),
  OffsetForLeaderEpoch: () =>
    import('./messages/offset-for-leader-epoch.js').then((m) => [
      m.offsetForLeaderEpochRequest,
      m.offsetForLeaderEpochResponse,
    ]),
  AddPartitionsToTxn: () =>
    import('./messages/add-partitions-to-txn.js').then((m) => [
      m.addPartitionsToTxnRequest,
      m.addPartitionsToTxnResponse,
    ]),
  AddOffsetsToTxn: () =>
    import('./messages/add-offsets-to-txn.js').then((m) => [
      m.addOffsetsToTxnRequest,
      m.addOffsetsToTxnResponse,
    ]),
  EndTxn: () => import('./messages/end-txn.js').then((m) => [m.endTxnRequest, m.endTxnResponse]),
  WriteTxnMarkers: () =>
    import('./messages/write-txn-markers.js').then((m) => [
      m.writeTxnMarkersRequest,
      m.writeTxnMarkersResponse,
    ]),
  TxnOffsetCommit: () =>
    import('./messages/txn-offset-commit.js').then((m) => [
      m.txnOffsetCommitRequest,
      m.txnOffsetCommitResponse,
    ]),
  DescribeAcls: () =>
    import('./messages/describe-acls.js').then((m) => [
      m.describeAclsRequest,
      m.describeAclsResponse,
    ]),
  CreateAcls: () =>
    import('./messages/create-acls.js').then((m) => [m.createAclsRequest, m.createAclsResponse]),
  DeleteAcls: () =>
    import('./messages/delete-acls.js').then((m) => [m.deleteAclsRequest, m.deleteAclsResponse]),
  DescribeConfigs: () =>
    import('./messages/describe-configs.js').then((m) => [
      m.describeConfigsRequest,
      m.describeConfigsResponse,
    ]),
  AlterConfigs: () =>
    import('./messages/alter-configs.js').then((m) => [
      m.alterConfigsRequest,
      m.alterConfigsResponse,
    ]),
  AlterReplicaLogDirs: () =>
    import('./messages/alter-replica-log-dirs.js').then((m) => [
      m.alterReplicaLogDirsRequest,
      m.alterReplicaLogDirsResponse,
    ]),
  DescribeLogDirs: () =>
    import('./messages/describe-log-dirs.js').then((m) => [
      m.describeLogDirsRequest,
      m.describeLogDirsResponse,
    ]),
  SaslAuthenticate: () =>
    import('./messages/sasl-authenticate.js').then((m) => [
      m.saslAuthenticateRequest,
      m.saslAuthenticateResponse,
    ]),
  CreatePartitions: () =>
    import('./messages/create-partitions.js').then((m) => [
      m.createPartitionsRequest,
      m.createPartitionsResponse,
    ]),
  CreateDelegationToken: () =>
    import('./messages/create-delegation-token.js').then((m) => [
      m.createDelegationTokenRequest,
      m.createDelegationTokenResponse,
    ]),
  RenewDelegationToken: () =>
    import('./messages/renew-delegation-token.js').then((m) => [
      m.renewDelegationTokenRequest,
      m.renewDelegationTokenResponse,
    ]),
  ExpireDelegationToken: () =>
    import('./messages/expire-delegation-token.js').then((m) => [
      m.expireDelegationTokenRequest,
      m.expireDelegationTokenResponse,
    ]),
  DescribeDelegationToken: () =>
    import('./messages/describe-delegation-token.js').then((m) => [
      m.describeDelegationTokenRequest,
      m.describeDelegationTokenResponse,
    ]),
  DeleteGroups: () =>
    import('./messages/delete-groups.js').then((m) => [
      m.deleteGroupsRequest,
      m.deleteGroupsResponse,
    ]),
  ElectLeaders: () =>
    import('./messages/elect-leaders.js').then((m) => [
      m.electLeadersRequest,
      m.electLeadersResponse,
    ]),
  IncrementalAlterConfigs: () =>
    import('./messages/incremental-alter-configs.js').then((m) => [
      m.incrementalAlterConfigsRequest,
      m.incrementalAlterConfigsResponse,
    ]),
  AlterPartitionReassignments: () =>
    import('./messages/alter-partition-reassignments.js').then((m) => [
      m.alterPartitionReassignmentsRequest,
      m.alterPartitionReassignmentsResponse,
    ]),
  ListPartitionReassignments: () =>
    import('./messages/list-partition-reassignments.js').then((m) => [
      m.listPartitionReassignmentsRequest,
      m.listPartitionReassignmentsResponse,
    ]),
  OffsetDelete: () =>
    import('./messages/offset-delete.js').then((m) => [
      m.offsetDeleteRequest,
      m.offsetDeleteResponse,
    ]),
  DescribeClientQuotas: () =>
    import('./messages/describe-client-quotas.js').then((m) => [
      m.describeClientQuotasRequest,
      m.describeClientQuotasResponse,
    ]),
  AlterClientQuotas: () =>
    import('./messages/alter-client-quotas.js').then((m) => [
      m.alterClientQuotasRequest,
      m.alterClientQuotasResponse,
    ]),
  DescribeUserScramCredentials: () =>
    import('./messages/describe-user-scram-credentials.js').then((m) => [
      m.describeUserScramCredentialsRequest,
      m.describeUserScramCredentialsResponse,
    ]),
  AlterUserScramCredentials: () =>
    import('./messages/alter-user-scram-credentials.js').then((m) => [
      m.alterUserScramCredentialsRequest,
      m.alterUserScramCredentialsResponse,
    ]),
  DescribeQuorum: () =>
    import('./messages/describe-quorum.js').then((m) => [
      m.describeQuorumRequest,
      m.describeQuorumResponse,
    ]),
  UpdateFeatures: () =>
    import('./messages/update-features.js').then((m) => [
      m.updateFeaturesRequest,
      m.updateFeaturesResponse,
    ]),
  DescribeCluster: () =>
    import('./messages/describe-cluster.js').then((m) => [
      m.describeClusterRequest,
      m.describeClusterResponse,
    ]),
  DescribeProducers: () =>
    import('./messages/describe-producers.js').then((m) => [
      m.describeProducersRequest,
      m.describeProducersResponse,
    ]),
  UnregisterBroker: () =>
    import('./messages/unregister-broker.js').then((m) => [
      m.unregisterBrokerRequest,
      m.unregisterBrokerResponse,
    ]),
  DescribeTransactions: () =>
    import('./messages/describe-transactions.js').then((m) => [
      m.describeTransactionsRequest,
      m.describeTransactionsResponse,
    ]),
  ListTransactions: () =>
    import('./messages/list-transactions.js').then((m) => [
      m.listTransactionsRequest,
      m.listTransactionsResponse,
    ]),
  ConsumerGroupHeartbeat: () =>
    import('./messages/consumer-group-heartbeat.js').then((m) => [
      m.consumerGroupHeartbeatRequest,
      m.consumerGroupHeartbeatResponse,
    ]),
  ConsumerGroupDescribe: () =>
    import('./messages/consumer-group-describe.js').then((m) => [
      m.consumerGroupDescribeRequest,
      m.consumerGroupDescribeResponse,
    ]),
  GetTelemetrySubscriptions: () =>
    import('./messages/get-telemetry-subscriptions.js').then((m) => [
      m.getTelemetrySubscriptionsRequest,
      m.getTelemetrySubscriptionsResponse,
    ]),
  PushTelemetry: () =>
    import('./messages/push-telemetry.js').then((m) => [
      m.pushTelemetryRequest,
      m.pushTelemetryResponse,
    ]),
  ListConfigResources: () =>
    import('./messages/list-config-resources.js').then((m) => [
      m.listConfigResourcesRequest,
      m.listConfigResourcesResponse,
    ]),
  DescribeTopicPartitions: () =>
    import('./messages/describe-topic-partitions.js').then((m) => [
      m.describeTopicPartitionsRequest,
      m.describeTopicPartitionsResponse,
    ]),
  ShareGroupHeartbeat: () =>
    import('./messages/share-group-heartbeat.js').then((m) => [
      m.shareGroupHeartbeatRequest,
      m.shareGroupHeartbeatResponse,
    ]),
  ShareGroupDescribe: () =>
    import('./messages/share-group-describe.js').then((m) => [
      m.shareGroupDescribeRequest,
      m.shareGroupDescribeResponse,
    ]),
  ShareFetch: () =>
    import('./messages/share-fetch.js').then((m) => [m.shareFetchRequest, m.shareFetchResponse]),
  ShareAcknowledge: () =>
    import('./messages/share-acknowledge.js').then((m) => [
      m.shareAcknowledgeRequest,
      m.shareAcknowledgeResponse,
    ]),
  AddRaftVoter: () =>
    import('./messages/add-raft-voter.js').then((m) => [
      m.addRaftVoterRequest,
      m.addRaftVoterResponse,
    ]),
  RemoveRaftVoter: () =>
    import('./messages/remove-raft-voter.js').then((m) => [
      m.removeRaftVoterRequest,
      m.removeRaftVoterResponse,
    ]),
  InitializeShareGroupState: () =>
    import('./messages/initialize-share-group-state.js').then((m) => [
      m.initializeShareGroupStateRequest,
      m.initializeShareGroupStateResponse,
    ]),
  ReadShareGroupState: () =>
    import('./messages/read-share-group-state.js').then((m) => [
      m.readShareGroupStateRequest,
      m.readShareGroupStateResponse,
    ]),
  WriteShareGroupState: () =>
    import('./messages/write-share-group-state.js').then((m) => [
      m.writeShareGroupStateRequest,
      m.writeShareGroupStateResponse,
    ]),
  DeleteShareGroupState: () =>
    import('./messages/delete-share-group-state.js').then((m) => [
      m.deleteShareGroupStateRequest,
      m.deleteShareGroupStateResponse,
    ]),
  ReadShareGroupStateSummary: () =>
    import('./messages/read-share-group-state-summary.js').then((m) => [
      m.readShareGroupStateSummaryRequest,
      m.readShareGroupStateSummaryResponse,
    ]),
  StreamsGroupHeartbeat: () =>
    import('./messages/streams-group-heartbeat.js').then((m) => [
      m.streamsGroupHeartbeatRequest,
      m.streamsGroupHeartbeatResponse,
    ]),
  StreamsGroupDescribe: () =>
    import('./messages/streams-group-describe.js').then((m) => [
      m.streamsGroupDescribeRequest,
      m.streamsGroupDescribeResponse,
    ]),
  DescribeShareGroupOffsets: () =>
    import('./messages/describe-share-group-offsets.js').then((m) => [
      m.describeShareGroupOffsetsRequest,
      m.describeShareGroupOffsetsResponse,
    ]),
  AlterShareGroupOffsets: () =>
    import('./messages/alter-share-group-offsets.js').then((m) => [
      m.alterShareGroupOffsetsRequest,
      m.alterShareGroupOffsetsResponse,
    ]),
  DeleteShareGroupOffsets: () =>
    import('./messages/delete-share-group-offsets.js').then((m) => [
      m.deleteShareGroupOffsetsRequest,
      m.deleteShareGroupOffsetsResponse,
    ]),
  StreamsGroupTopologyDescriptionUpdate: () =>
    import('./messages/streams-group-topology-description-update.js').then((m) => [
      m.streamsGroupTopologyDescriptionUpdateRequest,
      m.streamsGroupTopologyDescriptionUpdateResponse,
    ]),
  UnregisterController: () =>
    import('./messages/unregister-controller.js').then((m) => [
      m.unregisterControllerRequest,
      m.unregisterControllerResponse,
    ]),
};
