import type { ConfigBounds, ConfigFacts, ConfigType } from './config-facts.js';
import { shareRows } from './share-broker-configs.js';
import { streamsRows } from './streams-broker-configs.js';
import { topicConfigs } from './topic-configs.js';

type Row = readonly [
  name: string,
  type: ConfigType,
  fallback: string | null,
  bounds: ConfigBounds,
  doc: string,
];

const positive: ConfigBounds = { min: 1 };
const counting: ConfigBounds = { min: 0 };

// Names and types are Apache's, the sentences our own. A default differs from Apache's only where
// the sentence says so.
const rows = [
  ...shareRows,
  ...streamsRows,
  ['advertised.listeners', 'list', null, {}, 'Where clients are told to connect.'],
  [
    'auto.create.topics.enable',
    'boolean',
    'true',
    {},
    'Whether asking for the metadata of an unknown topic creates it.',
  ],
  ['broker.id', 'int', '1', counting, 'The id of this broker, the same as node.id.'],
  [
    'connections.max.idle.ms',
    'long',
    '600000',
    {},
    'A connection without requests for so long is closed.',
  ],
  [
    'default.replication.factor',
    'int',
    '1',
    {},
    'The replication factor of topics that do not name one; always 1 on one node.',
  ],
  ['delete.topic.enable', 'boolean', 'true', {}, 'Whether topics can be deleted.'],
  [
    'fetch.max.bytes',
    'int',
    '57671680',
    { min: 1024 },
    'The most bytes of records one Fetch is answered with.',
  ],
  [
    'group.consumer.assignment.interval.ms',
    'int',
    '1000',
    counting,
    'A consumer group gets a new assignment at most this often; 0 where data is kept in memory.',
  ],
  [
    'group.consumer.heartbeat.interval.ms',
    'int',
    '5000',
    positive,
    'How often members of consumer groups are told to send heartbeats.',
  ],
  ['group.consumer.max.size', 'int', '2147483647', positive, 'Members of a consumer group.'],
  [
    'group.consumer.migration.policy',
    'string',
    'bidirectional',
    { oneOf: ['DISABLED', 'DOWNGRADE', 'UPGRADE', 'BIDIRECTIONAL'], anyCase: true },
    'Which groups with members may change between the classic protocol and that of KIP-848.',
  ],
  [
    'group.consumer.regex.refresh.interval.ms',
    'int',
    '600000',
    { min: 10_000 },
    'How often subscriptions by regular expression are looked at anew.',
  ],
  [
    'group.consumer.session.timeout.ms',
    'int',
    '45000',
    positive,
    'A member of a consumer group that is silent for so long is taken out.',
  ],
  [
    'group.initial.rebalance.delay.ms',
    'int',
    '3000',
    {},
    'How long a new classic group waits for more members; 0 where data is kept in memory.',
  ],
  [
    'group.max.session.timeout.ms',
    'int',
    '1800000',
    {},
    'The longest session time-out a member may ask for.',
  ],
  ['group.max.size', 'int', '2147483647', positive, 'How many members a group may have.'],
  [
    'group.min.session.timeout.ms',
    'int',
    '6000',
    {},
    'The shortest session time-out a member may ask for.',
  ],
  ['listeners', 'list', 'PLAINTEXT://localhost:9092', {}, 'Where the broker listens.'],
  [
    'log.cleaner.backoff.ms',
    'long',
    '15000',
    counting,
    'How long compaction rests when no log is dirty enough.',
  ],
  [
    'log.cleaner.dedupe.buffer.size',
    'long',
    '67108864',
    positive,
    'The memory for the keys of one round of compaction; 64 MiB here, 128 MiB with Apache.',
  ],
  [
    'log.cleaner.io.max.bytes.per.second',
    'double',
    '1.7976931348623157E308',
    {},
    'The most bytes per second that compaction reads.',
  ],
  ['log.dir', 'list', null, {}, 'The data directory, when log.dirs is not set.'],
  ['log.dirs', 'list', null, {}, 'The data directory; kafkit has exactly one.'],
  [
    'log.retention.check.interval.ms',
    'long',
    '300000',
    positive,
    'How often segments are looked at for deletion.',
  ],
  [
    'log.retention.hours',
    'int',
    '168',
    {},
    'log.retention.ms in hours, used when the finer ones are not set.',
  ],
  [
    'log.retention.minutes',
    'int',
    null,
    {},
    'log.retention.ms in minutes, used when that is not set.',
  ],
  ['log.roll.hours', 'int', '168', positive, 'log.roll.ms in hours, used when that is not set.'],
  ['max.connections', 'int', '2147483647', counting, 'How many connections the broker accepts.'],
  [
    'max.connections.per.ip',
    'int',
    '2147483647',
    counting,
    'How many connections the broker accepts from one address.',
  ],
  [
    'max.decompressed.batch.bytes',
    'int',
    '134217728',
    { min: 1024 },
    'How far a batch may grow where the broker decompresses it; Apache has no such limit.',
  ],
  [
    'max.incremental.fetch.session.cache.slots',
    'int',
    '1000',
    counting,
    'How many fetch sessions are kept.',
  ],
  [
    'max.request.partition.size.limit',
    'int',
    '2000',
    positive,
    'How many partitions one DescribeTopicPartitions answer holds.',
  ],
  ['node.id', 'int', '1', counting, 'The id of this node.'],
  ['num.io.threads', 'int', '1', positive, 'Threads that handle requests: one event loop.'],
  ['num.network.threads', 'int', '1', positive, 'Threads that serve sockets: one event loop.'],
  [
    'num.partitions',
    'int',
    '1',
    positive,
    'How many partitions a topic gets when nobody says how many.',
  ],
  [
    'offset.metadata.max.bytes',
    'int',
    '4096',
    {},
    'The longest text that may go with a committed offset.',
  ],
  [
    'offsets.commit.timeout.ms',
    'int',
    '5000',
    positive,
    'How long a commit may take to be written.',
  ],
  [
    'offsets.retention.check.interval.ms',
    'long',
    '600000',
    positive,
    'How often committed offsets are looked at for expiry.',
  ],
  [
    'offsets.retention.minutes',
    'int',
    '10080',
    positive,
    'How long committed offsets outlive their group.',
  ],
  [
    'offsets.topic.num.partitions',
    'int',
    '4',
    positive,
    'Partitions of the offsets topic: 4, where Apache makes 50, so that a sync touches few files.',
  ],
  [
    'offsets.topic.replication.factor',
    'short',
    '1',
    positive,
    'The replication factor of the offsets topic; always 1 on one node.',
  ],
  [
    'offsets.topic.segment.bytes',
    'int',
    '104857600',
    positive,
    'The segment size of the offsets topic.',
  ],
  ['process.roles', 'list', 'broker,controller', {}, 'What this node is: everything.'],
  [
    'producer.id.expiration.ms',
    'int',
    '86400000',
    positive,
    'How long a partition remembers an idempotent producer that has gone quiet.',
  ],
  [
    'queued.max.request.bytes',
    'long',
    '268435456',
    {},
    'Bytes of unanswered requests above which sockets are not read; Apache has no such limit.',
  ],
  [
    'socket.request.max.bytes',
    'int',
    '104857600',
    positive,
    'The largest request the broker accepts.',
  ],
  [
    'transaction.max.timeout.ms',
    'int',
    '900000',
    positive,
    'The longest time a producer may ask for its transactions.',
  ],
  [
    'transaction.remove.expired.transaction.cleanup.interval.ms',
    'int',
    '3600000',
    positive,
    'How often transactional ids are looked at for expiry.',
  ],
  [
    'transaction.state.log.min.isr',
    'int',
    '1',
    positive,
    'In-sync replicas that the topic of transactions needs; always 1 on one node.',
  ],
  [
    'transaction.state.log.num.partitions',
    'int',
    '4',
    positive,
    'Partitions of the topic of transactions: 4, where Apache makes 50, as for offsets.',
  ],
  [
    'transaction.state.log.replication.factor',
    'short',
    '1',
    positive,
    'The replication factor of the topic of transactions; always 1 on one node.',
  ],
  [
    'transaction.state.log.segment.bytes',
    'int',
    '104857600',
    positive,
    'The segment size of the topic of transactions.',
  ],
  [
    'transactional.id.expiration.ms',
    'int',
    '604800000',
    positive,
    'How long a transactional id outlives its last transaction.',
  ],
] as const satisfies readonly Row[];

/** The broker configs that kafkit honours or reports, beside the defaults of topic configs. */
export type BrokerConfigName = (typeof rows)[number][0];

/** Defaults of topic configs that Apache leaves unset because a coarser config stands in. */
const unsetByDefault = new Set([
  'log.retention.ms',
  'log.roll.ms',
  'log.roll.jitter.ms',
  'log.flush.interval.ms',
]);

function fromTopicConfig(facts: ConfigFacts): ConfigFacts[] {
  const name = facts.brokerName;
  if (name === undefined) return [];
  const fallback = unsetByDefault.has(name) ? null : facts.fallback;
  const doc = `The default of the topic config ${facts.name}: ${lowerFirst(facts.doc)}`;
  return [{ name, type: facts.type, fallback, bounds: facts.bounds, doc, since: facts.since }];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** All broker configs that kafkit knows, sorted by name. */
export const brokerConfigs: readonly ConfigFacts[] = [
  ...rows.map(([name, type, fallback, bounds, doc]) => ({ name, type, fallback, bounds, doc })),
  ...topicConfigs.flatMap(fromTopicConfig),
].sort((a, b) => (a.name < b.name ? -1 : 1));

const byName = new Map(brokerConfigs.map((facts) => [facts.name, facts]));

/** The facts of a broker config, or undefined when kafkit does not use it. */
export function brokerConfigFacts(name: string): ConfigFacts | undefined {
  return byName.get(name);
}
