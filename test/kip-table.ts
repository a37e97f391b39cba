/**
 * Kafka's improvement proposals that concern clients, and what this client makes of each: either
 * the test that shows it, or why it is not there. `kips.test.ts` prints the table into
 * `docs/reference/kips.md` and sees that every test named here exists.
 */
export interface KipRow {
  readonly kip: number;
  readonly title: string;
  /** A file with tests and the name of one; undefined where it is not supported. */
  readonly shown?: readonly [file: string, test: string];
  /** Why not; only where it is not supported. */
  readonly missing?: string;
}

export interface KipGroup {
  readonly name: string;
  readonly rows: readonly KipRow[];
}

const files = {
  producer: 'test/client/producer.test.ts',
  cluster: 'test/client/cluster.test.ts',
  connection: 'test/client/connection.test.ts',
  admin: 'test/client/admin.test.ts',
  requests: 'test/client/admin-requests.test.ts',
  groupRequests: 'test/client/admin-groups.test.ts',
  topics: 'test/client/admin-topics.test.ts',
  controllers: 'test/client/controllers.test.ts',
  closing: 'src/client/consumer/closing.test.ts',
  partitioners: 'src/client/producer/partitioners.test.ts',
  adminApache: 'test/compat/admin-apache.mjs',
  adminGroups: 'test/compat/admin-groups.mjs',
  adminNodes: 'test/compat/admin-nodes.mjs',
  transactions: 'test/client/transactions.test.ts',
  properties: 'src/client/properties/client-properties.test.ts',
  consumer: 'src/client/consumer/consumer.test.ts',
  fetcher: 'src/client/consumer/fetcher.test.ts',
  delivery: 'src/client/consumer/delivery.test.ts',
  session: 'src/client/consumer/fetch-session.test.ts',
  membership: 'src/client/consumer/classic-membership.test.ts',
  groups848: 'src/client/consumer/consumer-membership.test.ts',
  assignors: 'src/client/consumer/assignors/assignors.test.ts',
  offsets: 'src/client/consumer/group-offsets.test.ts',
  share: 'src/client/consumer/share/share-consumer.test.ts',
  shareApache: 'test/compat/share-consumer.mjs',
  reset: 'src/client/consumer/offset-reset.test.ts',
  interceptors: 'test/client/interceptors.test.ts',
  telemetry: 'test/client/telemetry.test.ts',
  metrics: 'test/client-metrics.test.ts',
  pattern: 'src/client/consumer/server-pattern.test.ts',
  records: 'src/records/record-batch.test.ts',
  codecs: 'src/records/compression/codec.test.ts',
  zstd: 'src/records/compression/zstd.test.ts',
  conformance: 'test/conformance/conformance.test.ts',
} as const;

type File = keyof typeof files;

function yes(kip: number, title: string, file: File, test: string): KipRow {
  return { kip, title, shown: [files[file], test] };
}

function no(kip: number, title: string, missing = 'not yet'): KipRow {
  return { kip, title, missing };
}

const security = 'security beyond TLS is a room of its own, not built yet';
const broker = "the brokers' doing: nothing for a client to do";

const negotiated = 'uses the newest version that both sides know, on each connection';
const growing = 'a broker that is away for a while is tried with growing pauses, and found again';
const moved = 'a cluster that has moved altogether is found through the bootstrap addresses';
const once = 'a batch that was written although the answer was lost is not written twice';
const gap = 'records given up leave a gap; what follows goes on in a new epoch';
const sticky = 'records without a key fill one batch after the other, over all partitions';
const throttle = 'a throttle holds the connection as long as the broker says';
const claims = 'believes the claim of the higher generation, and neither of two equal ones';
const joins = 'joins in two steps, syncs, and beats on its timer';
const made = 'are created with configs, listed, described and deleted';
const configs = 'show their value, source and type, and change one by one';
const places = 'the ends of a partition and places in time are found, and records cut off';
const forgotten = 'have offsets that can be set, read and forgotten without any member';
const tells = 'tells its brokers, features and API versions';
const epoch0 = 'joins at epoch 0 saying everything, and then only what has changed';

export const kipTable: readonly KipGroup[] = [
  {
    name: 'Connection',
    rows: [
      no(12, 'SASL and TLS', `TLS works; ${security}`),
      no(13, 'Quotas', broker),
      yes(19, 'A time-out for requests', 'connection', 'an answer after the time-out is dropped'),
      yes(35, 'Asking for the versions', 'connection', negotiated),
      yes(78, 'The id of a cluster', 'admin', tells),
      yes(97, 'Clients with older brokers', 'connection', 'a broker that knows only older'),
      yes(124, 'Quotas on request time', 'connection', throttle),
      yes(144, 'Growing pauses between connects', 'cluster', growing),
      yes(219, 'Throttles that clients keep', 'connection', throttle),
      no(235, 'Only canonical bootstrap names', 'connects to the names as given'),
      no(302, 'All addresses of a name', "left to Node's connecting"),
      yes(482, 'Flexible versions', 'conformance', 'agree on every request and response'),
      yes(498, 'Bounds on what is read', 'connection', 'something that is no broker is called so'),
      yes(511, 'Clients name their software', 'admin', 'names itself to brokers with the version'),
      yes(516, 'Topics have ids', 'session', 'a topic that was created anew is forgotten'),
      yes(526, 'Metadata of topics in use', 'cluster', 'is fetched again in the background'),
      yes(559, 'Group protocols by name', 'membership', joins),
      yes(580, 'Growing pauses between tries', 'cluster', growing),
      yes(584, 'Features of a cluster', 'adminApache', 'features go up and down'),
      yes(
        601,
        'Time-out of connecting',
        'cluster',
        'a connection is given longer after each failure',
      ),
      no(602, 'All addresses by default', "left to Node's connecting"),
      yes(893, 'Structs that may be null', 'conformance', 'agree on every request and response'),
      yes(896, 'Old versions are gone', 'connection', 'an API that the broker does not serve'),
      yes(899, 'Starting again from bootstrap', 'cluster', moved),
      yes(1022, 'Changing features', 'adminApache', 'features go up and down'),
      yes(
        1102,
        'Brokers ask to start again',
        'cluster',
        'brokers that ask to start again are left',
      ),
      yes(1242, 'Naming the node one wants', 'cluster', 'a broker that has taken over the address'),
    ],
  },
  {
    name: 'Security',
    rows: [
      no(43, 'SASL PLAIN', security),
      yes(48, 'Delegation tokens', 'adminApache', 'delegation tokens, over a listener'),
      no(84, 'SASL SCRAM', security),
      no(85, 'JAAS in properties', security),
      no(86, 'SASL callbacks', security),
      no(152, 'SASL in framed requests', security),
      yes(249, 'Tokens by Admin', 'adminApache', 'delegation tokens, over a listener'),
      no(255, 'SASL OAUTHBEARER', security),
      no(294, 'TLS checks names', "Node's default, not configurable"),
      no(342, 'SASL extensions', security),
      no(368, 'Re-authentication', security),
      yes(373, 'Tokens for others', 'requests', 'a token is asked for in the name of another'),
      yes(651, 'PEM for TLS', 'properties', 'TLS comes from PEM, in files or inline'),
      no(768, 'OIDC', security),
      no(1025, 'Scopes in OIDC', security),
      no(1139, 'OIDC by signed JWT', security),
      no(1258, 'OIDC by client assertion', security),
    ],
  },
  {
    name: 'Records and producer',
    rows: [
      yes(8, 'flush', 'producer', 'flush sends at once and waits for exactly what was sent before'),
      yes(15, 'close with a time-out', 'producer', 'close gives up on an unreachable broker'),
      yes(22, 'Partitioners of your own', 'producer', 'a partitioner of the application decides'),
      yes(31, 'Offsets relative to a batch', 'records', 'a batch of three records has the bytes'),
      yes(32, 'Timestamps in records', 'records', 'under LogAppendTime every record has the time'),
      yes(42, 'Interceptors', 'interceptors', 'see and change records in their order'),
      yes(57, 'LZ4 frames as they should be', 'codecs', 'a frame has independent blocks of 64 KiB'),
      yes(82, 'Headers', 'consumer', 'a record is a plain object that can be printed as JSON'),
      yes(91, 'One time-out for a delivery', 'producer', gap),
      yes(110, 'zstd', 'zstd', 'zstd that is not loaded yet says what to do'),
      yes(126, 'Splitting batches', 'producer', 'a batch too large for the topic is split'),
      yes(185, 'Exactly once by default', 'producer', once),
      yes(192, 'Retries of idempotent producers', 'producer', 'what cannot succeed is not tried'),
      yes(360, 'A new epoch after a gap', 'producer', gap),
      yes(
        369,
        'A round-robin partitioner',
        'partitioners',
        'round_robin takes one after the other, topic by topic, whatever the key',
      ),
      yes(390, 'Levels of compression', 'zstd', 'levels are passed on to gzip and zstd'),
      yes(467, 'Errors of single records', 'producer', 'a record is to blame for its whole batch'),
      yes(480, 'Sticky partitioning', 'producer', sticky),
      yes(487, 'Topics made by sending', 'producer', 'a topic is created by the first send'),
      yes(
        514,
        'flush with a time-out',
        'producer',
        'flush waits no longer than its signal lets it',
      ),
      no(588, 'Life after a transaction time-out', 'the producer is fenced, and a new one is made'),
      yes(654, 'Aborting drops what waits', 'transactions', 'closing aborts what is open'),
      yes(679, 'Strongest guarantees by default', 'producer', once),
      yes(794, 'Sticky by bytes and load', 'producer', sticky),
      yes(951, 'Leaders named in refusals', 'producer', 'the new leader named in the refusal'),
      yes(1030, 'Defaults of Kafka 4', 'producer', 'while a request is on its way, further'),
    ],
  },
  {
    name: 'Transactions',
    rows: [
      yes(98, 'Transactions', 'transactions', 'partitions and groups are added first'),
      yes(447, 'Exactly once by group', 'transactions', 'offsets go to the group coordinator'),
      yes(664, 'Looking at transactions', 'adminGroups', 'transactions are listed, described'),
      yes(890, 'Version 2 of transactions', 'transactions', 'nothing is added, and every'),
      no(939, 'Two-phase commit', 'nothing here prepares a transaction for another coordinator'),
      yes(994, 'Listing long transactions', 'adminGroups', 'transactions are listed, described'),
      yes(1050, 'What errors mean', 'transactions', 'TRANSACTION_ABORTABLE aborts'),
      yes(1152, 'Listing by pattern', 'adminGroups', 'transactions are listed, described'),
      no(1228, 'Version of markers', broker),
      yes(1319, 'Offsets by topic id', 'transactions', 'offsets of known topics go by their ids'),
    ],
  },
  {
    name: 'Consumer',
    rows: [
      no(41, 'max.poll.records', 'records come one by one, batches as they were fetched'),
      yes(74, 'Bounds on an answer', 'consumer', 'small fetches bring everything all the same'),
      yes(79, 'Offsets by time', 'consumer', 'seekToTimestamp goes to the first record'),
      yes(92, 'Lag as a metric', 'metrics', 'every metric of a client at work'),
      no(101, 'Leader epochs in replication', broker),
      yes(102, 'close with a bound', 'consumer', 'close ends a loop that waits'),
      no(207, 'Offsets never go back', broker),
      yes(223, 'Lead as a metric', 'metrics', 'every metric of a client at work'),
      yes(227, 'Fetch sessions', 'session', 'the broker, told only of changes'),
      yes(266, 'No call waits for ever', 'offsets', 'end with the last error when the time is up'),
      no(279, 'Truncation of followers', broker),
      yes(320, 'Noticing a log cut back', 'fetcher', 'a log that was cut back is noticed'),
      no(361, 'Consumers that create topics', 'reading never creates a topic'),
      yes(392, 'Closest replica', 'fetcher', 'a closer replica is asked from then on'),
      no(405, 'Tiered storage', broker),
      no(517, 'Metrics of polling', 'consumer.health() tells the last poll'),
      no(595, 'Epochs in Fetch', broker),
      yes(734, 'The record of the greatest time', 'admin', places),
      yes(1005, 'The earliest local offset', 'adminGroups', 'offsets at every kind of place'),
      yes(1023, 'Followers of tiered logs', 'adminGroups', 'offsets at every kind of place'),
      yes(
        1075,
        'Time-out in ListOffsets',
        'topics',
        'brokers are told how long they may look for offsets in slow storage',
      ),
      yes(
        1092,
        'Options of close',
        'closing',
        'remains or leaves where it is told to, whatever the member is (KIP-1092)',
      ),
      yes(1094, 'The offset behind a batch', 'delivery', 'hold the records of one partition'),
      yes(1106, 'Reset by duration', 'reset', 'a duration counts from now'),
    ],
  },
  {
    name: 'Groups',
    rows: [
      yes(40, 'Listing and describing groups', 'admin', forgotten),
      yes(54, 'Sticky assignment', 'assignors', 'changes nothing when nothing has changed'),
      yes(62, 'Heartbeats in the background', 'membership', joins),
      yes(70, 'Revoking before joining', 'membership', 'REBALANCE_IN_PROGRESS: an eager member'),
      yes(88, 'Offsets of a whole group', 'admin', forgotten),
      yes(289, 'No group without a name', 'consumer', 'without a group there is nowhere to commit'),
      yes(341, 'Claims by generation', 'assignors', claims),
      yes(345, 'Static members', 'consumer', 'a static member comes back to its partitions'),
      no(389, 'Largest size of a group', broker),
      yes(394, 'Joining in two steps', 'membership', joins),
      yes(396, 'Offsets set by Admin', 'admin', forgotten),
      yes(429, 'Cooperative rebalances', 'membership', 'a cooperative member revokes only what'),
      yes(
        568,
        'Asking for a rebalance',
        'closing',
        'a rebalance can be asked for, once however often (KIP-568)',
      ),
      yes(699, 'Coordinators in a batch', 'cluster', 'are asked for once, and again'),
      yes(709, 'Offsets of several groups', 'offsets', 'are sent again for what was refused'),
      yes(735, 'Sessions of 45 s', 'consumer', 'gives every record of every partition'),
      yes(792, 'Generation in subscriptions', 'assignors', claims),
      yes(800, 'Reasons for joining', 'groupRequests', 'members are removed by either id'),
      yes(814, 'Static leaders', 'membership', 'a leader that is told to skip'),
      yes(848, 'Groups of the brokers', 'groups848', epoch0),
      yes(851, 'Stable offsets for Admin', 'groupRequests', 'committed offsets wait for open'),
      yes(881, 'Assignment by rack', 'assignors', '$name gives members partitions'),
      yes(932, 'Share groups', 'shareApache', 'records are shared with a Java share consumer'),
      yes(
        1043,
        'Listing groups of all kinds',
        'groupRequests',
        'a listing is narrowed by protocol type',
      ),
      no(1071, 'Streams groups', 'there is no Streams API here'),
      yes(1082, 'Member ids made by clients', 'groups848', epoch0),
      yes(1206, 'Strict share fetches', 'shareApache', 'a record limit is kept'),
      yes(1222, 'Renewing acquired records', 'shareApache', 'a lock that ends is told of'),
      yes(1226, 'Lag of share groups', 'groupRequests', 'offsets of a share group: those'),
      yes(1227, 'Racks of members described', 'groupRequests', 'a group is found by the request'),
      no(1274, 'The end of classic groups', 'both kinds go on'),
    ],
  },
  {
    name: 'Admin and telemetry',
    rows: [
      yes(4, 'Administration by requests', 'admin', made),
      yes(107, 'Deleting records', 'admin', places),
      yes(108, 'Trying out a creation', 'admin', 'validateOnly changes nothing'),
      yes(
        113,
        'Moving replicas between disks',
        'adminApache',
        'log directories are described, and replicas moved',
      ),
      yes(117, 'An Admin client', 'admin', made),
      yes(133, 'Reading and changing configs', 'admin', configs),
      yes(140, 'ACLs', 'adminApache', 'ACLs are made, found by filters'),
      yes(183, 'Preferred leaders', 'adminNodes', 'preferred leaders are elected'),
      yes(195, 'More partitions', 'admin', made),
      yes(204, 'deleteRecords', 'admin', places),
      yes(222, 'Deleting groups', 'admin', forgotten),
      yes(226, 'Configs with their sources', 'admin', configs),
      no(229, 'DeleteTopics with times', broker),
      yes(339, 'Configs changed one by one', 'admin', configs),
      no(322, 'Deletion switched off is told', broker),
      yes(357, 'ACLs for others', 'requests', 'ACLs travel with defaults filled in'),
      yes(
        412,
        'Log levels',
        'topics',
        'levels of the loggers of a broker are changed at that broker',
      ),
      yes(430, 'Allowed operations', 'adminGroups', 'a static member that stays away'),
      yes(455, 'Reassignments', 'adminNodes', 'partitions are reassigned, and a reassignment'),
      yes(460, 'Electing leaders', 'adminNodes', 'preferred leaders are elected'),
      yes(
        464,
        'Default partitions and replicas',
        'topics',
        'partitions and replicas are left to the brokers where nothing is said',
      ),
      yes(496, 'Deleting offsets', 'admin', forgotten),
      yes(518, 'Groups by state', 'admin', forgotten),
      yes(525, 'What a creation has made', 'admin', made),
      yes(533, 'One time-out for Admin', 'requests', 'a failure that passes is tried again'),
      yes(546, 'Client quotas', 'adminApache', 'client quotas of users'),
      yes(554, 'SCRAM users', 'adminApache', 'SCRAM users: a password set here'),
      yes(569, 'Texts of configs', 'adminApache', 'texts of configs'),
      yes(
        599,
        'Throttled creations',
        'topics',
        'those that a quota puts off are asked for again when the throttle is over',
      ),
      yes(700, 'Describing a cluster', 'admin', tells),
      yes(714, 'Metrics pushed by clients', 'telemetry', 'go when the cluster asks for them'),
      yes(784, 'Log directories with errors', 'requests', 'log directories tell sizes'),
      yes(
        827,
        'Space of log directories',
        'adminApache',
        'log directories are described, and replicas moved',
      ),
      yes(836, 'The quorum', 'adminNodes', 'the quorum of three nodes'),
      yes(853, 'Changing the quorum', 'adminNodes', 'a controller becomes a voter'),
      yes(
        860,
        'Reassignments of one size',
        'adminNodes',
        'partitions are reassigned, and a reassignment',
      ),
      yes(
        919,
        'Admin of controllers',
        'controllers',
        'finds the quorum through one of them, and asks the active one',
      ),
      yes(966, 'Eligible leader replicas', 'adminApache', 'topics by id, paged'),
      yes(1000, 'Resources of client metrics', 'adminApache', 'client metrics and other resources'),
      yes(1066, 'Cordoned directories', 'requests', 'log directories tell sizes'),
      yes(1073, 'Fenced brokers described', 'adminNodes', 'a broker that is gone is fenced'),
      yes(
        1076,
        "Applications' metrics pushed",
        'telemetry',
        'are pushed with what they say of themselves',
      ),
      yes(1142, 'Listing config resources', 'adminApache', 'client metrics and other resources'),
    ],
  },
];
