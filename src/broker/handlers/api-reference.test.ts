import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type ApiName, apis } from '../../protocol/index.js';
import { advertisedRange, type Compat, isServedBy, newestCompat } from '../config/compat.js';
import { acceptedRange, handlerOf, servedApis } from './index.js';

const page = new URL('../../../docs/reference/apis.md', import.meta.url);

/** Older Kafkas that a broker can be told to look like. */
const older: readonly Compat[] = ['4.0', '4.2', '4.3'];

/** What is worth knowing of an API here; for one that is not served, the reason. */
const notes: Readonly<Record<ApiName, string>> = {
  Produce: "versions 0 to 2 are converted (message sets); the advertised minimum is Kafka's",
  Fetch: 'sessions, leader epochs, topic ids; before version 4 records are converted',
  ListOffsets: 'by time, and −1 to −6; there is no tiered storage to find offsets in',
  Metadata: 'creates topics when asked and allowed',
  OffsetCommit: 'member epochs of both newer protocols; topic ids',
  OffsetFetch: 'several groups at once; stable offsets only, when asked',
  FindCoordinator: 'groups, transactions, share partitions; makes the internal topic on first use',
  JoinGroup: 'also into consumer groups, while an application changes its protocol',
  Heartbeat: 'as JoinGroup',
  LeaveGroup: 'as JoinGroup; several members at once',
  SyncGroup: 'as JoinGroup',
  DescribeGroups: 'classic groups',
  ListGroups: 'groups of every protocol, by state and type',
  SaslHandshake: 'answered, so that clients hear why it does not work; not advertised',
  ApiVersions: 'derived from this table',
  CreateTopics: 'replicas are spread over the nodes of the process',
  DeleteTopics: 'by name and by id',
  DeleteRecords: 'moves the start of the log',
  InitProducerId: 'version 6 (two-phase commit) is not final and not served',
  OffsetForLeaderEpoch: 'finds truncation',
  AddPartitionsToTxn: 'versions 4 and 5 are for brokers, and served',
  AddOffsetsToTxn: 'for clients that know no transaction version 2',
  EndTxn: 'version 5 gives the producer its next epoch',
  WriteTxnMarkers: 'for administrators that end a hanging transaction',
  TxnOffsetCommit: 'topic ids from version 6',
  DescribeAcls: 'there is no authorizer',
  CreateAcls: 'there is no authorizer',
  DeleteAcls: 'there is no authorizer',
  DescribeConfigs: 'topics, brokers, groups, loggers',
  AlterConfigs: 'topics and groups; broker settings are read at the start',
  AlterReplicaLogDirs: 'there is one log directory',
  DescribeLogDirs: 'sizes of topics',
  SaslAuthenticate: 'as SaslHandshake',
  CreatePartitions: 'takes records at once',
  CreateDelegationToken: 'there is no authentication',
  RenewDelegationToken: 'there is no authentication',
  ExpireDelegationToken: 'there is no authentication',
  DescribeDelegationToken: 'there is no authentication',
  DeleteGroups: 'empty groups of every protocol',
  ElectLeaders: 'for the nodes of the process',
  IncrementalAlterConfigs: 'as AlterConfigs',
  AlterPartitionReassignments: 'for the nodes of the process',
  ListPartitionReassignments: 'for the nodes of the process',
  OffsetDelete: 'of topics that nobody reads',
  DescribeClientQuotas: 'there are no quotas',
  AlterClientQuotas: 'there are no quotas',
  DescribeUserScramCredentials: 'there is no authentication',
  AlterUserScramCredentials: 'there is no authentication',
  DescribeQuorum: 'there is no quorum',
  UpdateFeatures: 'feature levels are fixed',
  DescribeCluster: 'brokers, not controllers',
  DescribeProducers: 'for finding hanging transactions',
  UnregisterBroker: 'brokers register nowhere',
  DescribeTransactions: 'for finding hanging transactions',
  ListTransactions: 'by state, producer, duration and name',
  ConsumerGroupHeartbeat:
    'KIP-848: server-side assignors, regular expressions, migration both ways',
  ConsumerGroupDescribe: 'KIP-848',
  GetTelemetrySubscriptions: 'nobody collects the metrics of clients',
  PushTelemetry: 'nobody collects the metrics of clients',
  ListConfigResources: 'groups, topics, brokers',
  DescribeTopicPartitions: 'page by page',
  ShareGroupHeartbeat: 'KIP-932',
  ShareGroupDescribe: 'KIP-932',
  ShareFetch: 'KIP-932: share sessions, acquisition locks',
  ShareAcknowledge: 'KIP-932: accept, release, reject, renew',
  AddRaftVoter: 'there is no quorum',
  RemoveRaftVoter: 'there is no quorum',
  InitializeShareGroupState: 'the state of share partitions, as brokers ask for it',
  ReadShareGroupState: 'as InitializeShareGroupState',
  WriteShareGroupState: 'as InitializeShareGroupState',
  DeleteShareGroupState: 'as InitializeShareGroupState',
  ReadShareGroupStateSummary: 'as InitializeShareGroupState',
  StreamsGroupHeartbeat: 'KIP-1071: makes internal topics, deals out tasks and standbys',
  StreamsGroupDescribe: 'KIP-1071; descriptions of topologies are not kept',
  DescribeShareGroupOffsets: 'KIP-932',
  AlterShareGroupOffsets: 'KIP-932',
  DeleteShareGroupOffsets: 'KIP-932',
  StreamsGroupTopologyDescriptionUpdate:
    'KIP-1331: refused, as by a broker without a plug-in that keeps descriptions',
  UnregisterController: 'there is no quorum',
};

const range = ([from, to]: readonly [number, number]) =>
  from === to ? `${from}` : `${from}–${to}`;

function served(name: ApiName): string {
  const accepted = acceptedRange(name, newestCompat);
  const isListed = servedApis(newestCompat).some(({ key }) => key === apis[name].key);
  if (accepted === undefined) return 'no';
  const advertised = advertisedRange(apis[name], newestCompat);
  if (!isListed) return `${range(advertised)}, not advertised`;
  return accepted[0] < advertised[0]
    ? `${range(advertised)}, and ${range([accepted[0], advertised[0] - 1])}`
    : range(advertised);
}

/** In which of the older Kafkas it looks different. */
function differences(name: ApiName): string {
  const now = range(advertisedRange(apis[name], newestCompat));
  const told = older.flatMap((compat) => {
    if (!isServedBy(name, compat)) return [`${compat}: no`];
    const then = range(advertisedRange(apis[name], compat));
    return then === now ? [] : [`${compat}: ${then}`];
  });
  return told.join(', ');
}

/** The page docs/reference/apis.md. */
function apiReference(): string {
  const names = (Object.keys(apis) as ApiName[]).sort((a, b) => apis[a].key - apis[b].key);
  const isServed = (name: ApiName) => handlerOf(name) !== undefined;
  const rows = names
    .filter(isServed)
    .map(
      (name) =>
        `| ${apis[name].key} | ${name} | ${served(name)} | ${differences(name)} | ${notes[name]} |`,
    );
  const others = names
    .filter((name) => !isServed(name))
    .map((name) => `| ${apis[name].key} | ${name} | ${notes[name]} |`);
  return [
    '# APIs',
    '',
    'Printed from the code. What the broker serves, in which versions: those it advertises as',
    `Kafka ${newestCompat} does, and older ones that clients send without asking. With \`compat\``,
    'it looks like an older Kafka; where that makes a difference, the fourth column says which.',
    '',
    `${rows.length} of ${names.length} are served.`,
    '',
    '| key | API | versions | older Kafkas | notes |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Not served',
    '',
    'Not advertised either; a client that sends one all the same is disconnected, as Kafka does',
    'with an API that it does not know.',
    '',
    '| key | API | why |',
    '|---|---|---|',
    ...others,
    '',
  ].join('\n');
}

test('the page of APIs is what the code prints (KAFKIT_UPDATE=1 rewrites it)', () => {
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, apiReference());
  expect(readFileSync(page, 'utf8')).toBe(apiReference());
});

test('what is served in an older Kafka is served in every later one, in no fewer versions', () => {
  for (const name of Object.keys(apis) as ApiName[]) {
    const compats: Compat[] = [...older, newestCompat];
    const ends = compats
      .filter((compat) => isServedBy(name, compat))
      .map((compat) => advertisedRange(apis[name], compat)[1]);
    expect(ends, name).toEqual([...ends].sort((a, b) => a - b));
  }
});
