import type { MessageFacts } from '../schema/index.js';

/** What is known of an API without loading its messages. */
export interface ApiFacts extends MessageFacts {
  readonly name: ApiName;
  /** Every version of the schema; a broker may advertise less (or, for Produce, more). */
  readonly versions: readonly [min: number, max: number];
  /** Versions from before Kafka 4 that very old clients still send; see `loadLegacy`. */
  readonly legacyVersions: readonly [min: number, max: number] | null;
  /** Whether the newest version is not final, so that brokers do not advertise it. */
  readonly latestUnstable: boolean;
}

interface Extras {
  readonly legacyVersions?: readonly [min: number, max: number];
  readonly latestUnstable?: boolean;
}

function api<N extends string>(
  name: N,
  key: number,
  versions: readonly [min: number, max: number],
  flexible: number | null,
  extras: Extras = {},
): Omit<ApiFacts, 'name'> & { readonly name: N } {
  const { legacyVersions = null, latestUnstable = false } = extras;
  return { name, key, versions, flexible, legacyVersions, latestUnstable };
}

/** Every API that a client of Kafka 4.4 may send to a broker, by key. */
export const apis = {
  Produce: api('Produce', 0, [3, 13], 9, { legacyVersions: [0, 2] }),
  Fetch: api('Fetch', 1, [4, 18], 12, { legacyVersions: [0, 3] }),
  ListOffsets: api('ListOffsets', 2, [1, 11], 6, { legacyVersions: [0, 0] }),
  Metadata: api('Metadata', 3, [0, 13], 9),
  OffsetCommit: api('OffsetCommit', 8, [2, 10], 8, { legacyVersions: [0, 1] }),
  OffsetFetch: api('OffsetFetch', 9, [1, 10], 6, { legacyVersions: [0, 0] }),
  FindCoordinator: api('FindCoordinator', 10, [0, 6], 3),
  JoinGroup: api('JoinGroup', 11, [0, 9], 6),
  Heartbeat: api('Heartbeat', 12, [0, 4], 4),
  LeaveGroup: api('LeaveGroup', 13, [0, 5], 4),
  SyncGroup: api('SyncGroup', 14, [0, 5], 4),
  DescribeGroups: api('DescribeGroups', 15, [0, 6], 5),
  ListGroups: api('ListGroups', 16, [0, 5], 3),
  SaslHandshake: api('SaslHandshake', 17, [0, 1], null),
  ApiVersions: api('ApiVersions', 18, [0, 5], 3),
  CreateTopics: api('CreateTopics', 19, [2, 7], 5),
  DeleteTopics: api('DeleteTopics', 20, [1, 6], 4),
  DeleteRecords: api('DeleteRecords', 21, [0, 2], 2),
  InitProducerId: api('InitProducerId', 22, [0, 6], 2, { latestUnstable: true }),
  OffsetForLeaderEpoch: api('OffsetForLeaderEpoch', 23, [2, 4], 4),
  AddPartitionsToTxn: api('AddPartitionsToTxn', 24, [0, 5], 3),
  AddOffsetsToTxn: api('AddOffsetsToTxn', 25, [0, 4], 3),
  EndTxn: api('EndTxn', 26, [0, 5], 3),
  WriteTxnMarkers: api('WriteTxnMarkers', 27, [1, 2], 1),
  TxnOffsetCommit: api('TxnOffsetCommit', 28, [0, 6], 3),
  DescribeAcls: api('DescribeAcls', 29, [1, 3], 2),
  CreateAcls: api('CreateAcls', 30, [1, 3], 2),
  DeleteAcls: api('DeleteAcls', 31, [1, 3], 2),
  DescribeConfigs: api('DescribeConfigs', 32, [1, 4], 4),
  AlterConfigs: api('AlterConfigs', 33, [0, 2], 2),
  AlterReplicaLogDirs: api('AlterReplicaLogDirs', 34, [1, 2], 2),
  DescribeLogDirs: api('DescribeLogDirs', 35, [1, 5], 2),
  SaslAuthenticate: api('SaslAuthenticate', 36, [0, 2], 2),
  CreatePartitions: api('CreatePartitions', 37, [0, 3], 2),
  CreateDelegationToken: api('CreateDelegationToken', 38, [1, 3], 2),
  RenewDelegationToken: api('RenewDelegationToken', 39, [1, 2], 2),
  ExpireDelegationToken: api('ExpireDelegationToken', 40, [1, 2], 2),
  DescribeDelegationToken: api('DescribeDelegationToken', 41, [1, 3], 2),
  DeleteGroups: api('DeleteGroups', 42, [0, 3], 2),
  ElectLeaders: api('ElectLeaders', 43, [0, 2], 2),
  IncrementalAlterConfigs: api('IncrementalAlterConfigs', 44, [0, 1], 1),
  AlterPartitionReassignments: api('AlterPartitionReassignments', 45, [0, 1], 0),
  ListPartitionReassignments: api('ListPartitionReassignments', 46, [0, 0], 0),
  OffsetDelete: api('OffsetDelete', 47, [0, 0], null),
  DescribeClientQuotas: api('DescribeClientQuotas', 48, [0, 1], 1),
  AlterClientQuotas: api('AlterClientQuotas', 49, [0, 1], 1),
  DescribeUserScramCredentials: api('DescribeUserScramCredentials', 50, [0, 0], 0),
  AlterUserScramCredentials: api('AlterUserScramCredentials', 51, [0, 0], 0),
  DescribeQuorum: api('DescribeQuorum', 55, [0, 2], 0),
  UpdateFeatures: api('UpdateFeatures', 57, [0, 2], 0),
  DescribeCluster: api('DescribeCluster', 60, [0, 2], 0),
  DescribeProducers: api('DescribeProducers', 61, [0, 0], 0),
  UnregisterBroker: api('UnregisterBroker', 64, [0, 0], 0),
  DescribeTransactions: api('DescribeTransactions', 65, [0, 0], 0),
  ListTransactions: api('ListTransactions', 66, [0, 2], 0),
  ConsumerGroupHeartbeat: api('ConsumerGroupHeartbeat', 68, [0, 1], 0),
  ConsumerGroupDescribe: api('ConsumerGroupDescribe', 69, [0, 1], 0),
  GetTelemetrySubscriptions: api('GetTelemetrySubscriptions', 71, [0, 0], 0),
  PushTelemetry: api('PushTelemetry', 72, [0, 0], 0),
  ListConfigResources: api('ListConfigResources', 74, [0, 1], 0),
  DescribeTopicPartitions: api('DescribeTopicPartitions', 75, [0, 0], 0),
  ShareGroupHeartbeat: api('ShareGroupHeartbeat', 76, [1, 1], 0),
  ShareGroupDescribe: api('ShareGroupDescribe', 77, [1, 1], 0),
  ShareFetch: api('ShareFetch', 78, [1, 2], 0),
  ShareAcknowledge: api('ShareAcknowledge', 79, [1, 2], 0),
  AddRaftVoter: api('AddRaftVoter', 80, [0, 1], 0),
  RemoveRaftVoter: api('RemoveRaftVoter', 81, [0, 0], 0),
  InitializeShareGroupState: api('InitializeShareGroupState', 83, [0, 0], 0),
  ReadShareGroupState: api('ReadShareGroupState', 84, [0, 0], 0),
  WriteShareGroupState: api('WriteShareGroupState', 85, [0, 1], 0),
  DeleteShareGroupState: api('DeleteShareGroupState', 86, [0, 0], 0),
  ReadShareGroupStateSummary: api('ReadShareGroupStateSummary', 87, [0, 1], 0),
  StreamsGroupHeartbeat: api('StreamsGroupHeartbeat', 88, [0, 1], 0),
  StreamsGroupDescribe: api('StreamsGroupDescribe', 89, [0, 1], 0),
  DescribeShareGroupOffsets: api('DescribeShareGroupOffsets', 90, [0, 1], 0),
  AlterShareGroupOffsets: api('AlterShareGroupOffsets', 91, [0, 0], 0),
  DeleteShareGroupOffsets: api('DeleteShareGroupOffsets', 92, [0, 0], 0),
  StreamsGroupTopologyDescriptionUpdate: api(
    'StreamsGroupTopologyDescriptionUpdate',
    93,
    [0, 0],
    0,
  ),
  UnregisterController: api('UnregisterController', 94, [0, 0], 0),
} as const;

/** Kafka's name of an API. */
export type ApiName = keyof typeof apis;

const byKey = new Map<number, ApiFacts>();
for (const facts of Object.values(apis)) byKey.set(facts.key, facts);

/** The API with this key, if brokers have one. */
export function apiByKey(key: number): ApiFacts | undefined {
  return byKey.get(key);
}
