import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fullTestName } from './test-names.js';

/**
 * What the client promises of its producer, consumer and admin, and the tests by which each promise
 * is kept. `KAFKIT_UPDATE=1 npx vitest run test/client-features.test.ts` rewrites the page.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'client-features.md');

const files = {
  producer: 'test/client/producer.test.ts',
  wait: 'src/client/producer/metadata-wait.test.ts',
  sticky: 'src/client/producer/stickiness.test.ts',
  told: 'test/client/acknowledged.test.ts',
  partitioners: 'src/client/producer/partitioners.test.ts',
  transactions: 'test/client/transactions.test.ts',
  once: 'test/client/transactions-exactly-once.test.ts',
  thread: 'test/compression-thread.test.ts',
  interceptors: 'test/client/interceptors.test.ts',
  cluster: 'test/client/cluster.test.ts',
  connection: 'test/client/connection.test.ts',
  consumer: 'src/client/consumer/consumer.test.ts',
  assign: 'src/client/consumer/assign.test.ts',
  loops: 'src/client/consumer/parallel-loops.test.ts',
  delivery: 'src/client/consumer/delivery.test.ts',
  commits: 'src/client/consumer/offsets-to-commit.test.ts',
  reset: 'src/client/consumer/offset-reset.test.ts',
  fetcher: 'src/client/consumer/fetcher.test.ts',
  session: 'src/client/consumer/fetch-session.test.ts',
  fetched: 'src/client/consumer/fetched-partition.test.ts',
  isolation: 'src/client/consumer/isolation.test.ts',
  recreated: 'src/client/consumer/recreated-topic.test.ts',
  classic: 'src/client/consumer/classic-membership.test.ts',
  newer: 'src/client/consumer/consumer-membership.test.ts',
  closing: 'src/client/consumer/closing.test.ts',
  assignors: 'src/client/consumer/assignors/assignors.test.ts',
  endurance: 'test/client/endurance.test.ts',
  share: 'src/client/consumer/share/share-consumer.test.ts',
  batches: 'src/client/consumer/share/share-batches.test.ts',
  shareApache: 'test/compat/share-consumer.mjs',
  admin: 'test/client/admin.test.ts',
  topics: 'test/client/admin-topics.test.ts',
  requests: 'test/client/admin-requests.test.ts',
  groupRequests: 'test/client/admin-groups.test.ts',
  apache: 'test/compat/admin-apache.mjs',
  groups: 'test/compat/admin-groups.mjs',
  nodes: 'test/compat/admin-nodes.mjs',
} as const;

type Shown = readonly [file: keyof typeof files, test: string];
type Row = readonly [what: string, ...shown: Shown[]];

const producer: readonly Row[] = [
  [
    'batches for each partition, `lingerMs`, `batchSize`; what one turn sends goes together',
    ['producer', 'what one turn sends goes in one request'],
    ['producer', 'a linger that was asked for is kept'],
    ['producer', 'a full batch goes before its linger'],
    ['producer', 'a lone awaited send never waits'],
  ],
  [
    'sticky partitioning of records without a key (KIP-480, KIP-794)',
    ['producer', 'records without a key fill one batch'],
    ['sticky', 'a broker that is slow is given fewer'],
  ],
  ['acks 0, 1 and all', ['told', 'acks %s: the record is there']],
  [
    'idempotent by default, five in flight, the same bytes again, a new epoch instead of the end',
    ['producer', 'five in flight of which the first fails'],
    ['producer', 'send the same bytes again'],
    ['producer', 'records given up leave a gap'],
    ['producer', 'under any mixture of failures'],
  ],
  [
    '`deliveryTimeoutMs`; batches that are too large are split (KIP-91, KIP-126)',
    ['producer', 'records given up leave a gap'],
    ['producer', 'a batch too large for the topic is split'],
  ],
  [
    'transactions of version 1 and 2, with the metadata of a group (KIP-98, 447, 890, 1050)',
    ['transactions', 'partitions and groups are added first'],
    ['transactions', 'nothing is added, and every transaction'],
    ['transactions', 'offsets go to the group coordinator'],
    ['transactions', 'TRANSACTION_ABORTABLE aborts'],
    ['transactions', 'a send nobody waits for that fails'],
    ['transactions', 'a fenced producer is told so'],
  ],
  ['consume, transform and produce in one call', ['once', 'commits each batch with what became']],
  [
    '`bufferMemory` makes `send` wait; `maxBlockMs`; `flush`, `close` with a time-out',
    ['producer', 'a full buffer makes send wait'],
    ['wait', 'a partition that was just added'],
    ['wait', 'a partition that never comes'],
    ['producer', 'flush sends at once'],
    ['producer', 'close gives up on an unreachable broker'],
  ],
  [
    "partitioners: Java's, librdkafka's, in turn, by chance, your own, an explicit partition",
    ['producer', 'keys go where murmur2'],
    ['partitioners', '%s puts keys where librdkafka does'],
    ['partitioners', 'round_robin takes one after the other'],
    ['producer', 'a partitioner of the application'],
  ],
  [
    'gzip, snappy, lz4 and zstd with levels; large batches off the event loop (KIP-390)',
    ['told', 'what is sent with %o comes back'],
    ['thread', 'big batches of the codecs'],
  ],
  [
    'interceptors; place, time and size of each record; errors of single records (KIP-42, KIP-467)',
    ['interceptors', 'see and change records in their order'],
    ['told', 'each record is told its place, time and size'],
    ['producer', 'a record is to blame for its whole batch'],
  ],
  [
    'leader hints, starting again from bootstrap, throttles (KIP-951, 899, 1102, 219)',
    ['producer', 'the new leader named in the refusal'],
    ['cluster', 'a cluster that has moved altogether'],
    ['cluster', 'brokers that ask to start again'],
    ['connection', 'a throttle holds the connection'],
  ],
];

const consumer: readonly Row[] = [
  [
    '`for await`, `batches()`, several partitions at a time, a stream for each partition',
    ['consumer', 'gives every record of every partition'],
    ['consumer', 'batches bring the records of one partition'],
    ['loops', 'run with %i works on %i of 4 partitions'],
    ['loops', 'streams of partitions run beside each other'],
  ],
  [
    '`pause`, `resume`, `seek…`, `position`, `committed`, `lag`, each partition by itself',
    ['consumer', 'seek, pause and resume work for each'],
    ['consumer', 'seekToTimestamp goes to the first record'],
    ['assign', 'partitions of assign are assigned, sought'],
    ['assign', 'places are looked up before'],
  ],
  [
    '`assign`; topics by list, by expression here, by expression at the brokers',
    ['assign', 'partitions of assign are assigned, sought'],
    ['consumer', 'an expression finds topics that come later'],
    ['newer', 'joins at epoch 0 saying everything'],
  ],
  [
    'commits at least once: what the loop has finished, on an interval, at revocation, at close',
    ['consumer', 'cover what the loop has finished'],
    ['consumer', 'happen by themselves on the interval'],
    ['consumer', 'a rebalance waits for the record at hand'],
    ['delivery', 'what was at hand when a loop was left'],
  ],
  [
    'out of order, by hand, with metadata and leader epoch, and never over what others have done',
    ['consumer', 'go up to the first record that was deferred'],
    ['consumer', 'commit(record) finishes the record'],
    ['consumer', 'explicit offsets keep their metadata'],
    ['commits', 'everything handed out is not the loop’s'],
    ['commits', 'what was handed out before'],
  ],
  [
    'reset to the beginning, the end, nothing, or by duration (KIP-1106)',
    ['consumer', 'begins at the end unless told otherwise'],
    ['consumer', 'an offset that is gone is reset'],
    ['reset', 'a duration counts from now'],
  ],
  [
    'logs cut back, the closest replica, fetch sessions, ids of topics (KIP-320, 392, 227, 516)',
    ['fetcher', 'a log that was cut back is noticed'],
    ['fetcher', 'a closer replica is asked'],
    ['session', 'the broker, told only of changes'],
    ['recreated', 'a topic that is created again is read'],
  ],
  [
    'classic groups: all assignors, racks, static members (KIP-394, 735, 800, 814)',
    ['consumer', 'two members of a %s group'],
    ['assignors', '$name gives members partitions with'],
    ['consumer', 'a static member comes back'],
    ['classic', 'a leader that is told to skip'],
    ['closing', 'a rebalance can be asked for'],
  ],
  [
    'groups of the brokers (KIP-848)',
    ['newer', 'heartbeats go on while a revocation waits'],
    ['newer', 'fenced during a revocation'],
  ],
  [
    'hooks that are waited for and may commit; heartbeats whatever the loop does; `maxPollIntervalMs`',
    ['consumer', 'hooks are waited for and may seek and commit'],
    ['endurance', 'stays a member while its loop works longer'],
    ['consumer', 'a loop that is too slow loses its partitions'],
  ],
  [
    '`read_committed`, whatever answers are cut into; control records never',
    ['isolation', 'read_committed gives what was committed'],
    ['fetched', 'a random log, cut into answers anywhere'],
    ['fetched', 'passes over control batches'],
  ],
  [
    'checksums; a damaged batch is an error, or reported and stepped over',
    ['fetched', 'a damaged batch names topic, partition'],
    ['delivery', 'damage that comes again is reported'],
  ],
  [
    'a byte budget for what is fetched ahead, partitions in turn, large batches opened aside',
    ['fetcher', 'nothing is asked while the buffer holds'],
    ['isolation', 'partitions take turns, however much'],
    ['delivery', 'compressed batches are opened on the way'],
  ],
  [
    'share groups: accept, release, reject, renew, implicit or explicit, batches (KIP-932, 1206, 1222)',
    ['share', 'asking for the next record accepts'],
    ['share', 'each record is settled in its own way'],
    ['batches', 'hold what is here of one partition'],
    ['shareApache', 'what is released comes again'],
  ],
  ['never silent: `health()`', ['endurance', 'a fetch that is never answered is given up']],
];

const admin: readonly Row[] = [
  [
    'topics: create, describe, list, delete, by id, paged; partitions; records',
    ['admin', 'are created with configs, listed, described'],
    ['apache', 'topics by id, paged'],
    ['topics', 'those that a quota puts off'],
    ['admin', 'the ends of a partition and places in time'],
  ],
  [
    'configs with synonyms and texts, changed one by one; log levels; client metrics',
    ['admin', 'show their value, source and type'],
    ['apache', 'texts of configs'],
    ['topics', 'levels of the loggers of a broker'],
    ['apache', 'client metrics and other resources'],
  ],
  [
    'groups of all types: list, describe, delete, remove members',
    ['groupRequests', 'a group is found by the request of its own type'],
    ['groups', 'a group of the newer protocol'],
    ['groups', 'a streams group'],
    ['groups', 'a static member that stays away'],
  ],
  [
    'offsets of groups: list, alter, reset with a plan, delete; of share groups',
    ['admin', 'have offsets that can be set, read and forgotten'],
    ['groups', 'offsets of a group are planned, reset'],
    ['groups', 'a share group: members, offsets'],
  ],
  ['offsets at every kind of place', ['groups', 'offsets at every kind of place']],
  [
    'ACLs, SCRAM users, delegation tokens, client quotas',
    ['apache', 'ACLs are made'],
    ['apache', 'SCRAM users'],
    ['apache', 'delegation tokens'],
    ['apache', 'client quotas'],
  ],
  [
    'log directories, reassignments, elections',
    ['apache', 'log directories are described'],
    ['nodes', 'partitions are reassigned'],
    ['nodes', 'preferred leaders are elected'],
  ],
  [
    'features, the quorum, the cluster, brokers, controllers without brokers',
    ['apache', 'features go up and down'],
    ['nodes', 'the quorum of three nodes'],
    ['apache', 'the cluster, with operations'],
    ['nodes', 'a broker that is gone is fenced'],
    ['nodes', 'controllers are asked themselves'],
  ],
  [
    'transactions: list, describe, end by force, find those that hang; producers',
    ['groups', 'transactions are listed, described'],
    ['groups', 'a hanging transaction is found'],
    ['groupRequests', 'producers are fenced one by one'],
  ],
];

function section(title: string, rows: readonly Row[]): string[] {
  const lines = rows.map(([what, ...shown]) => {
    const tests = shown.map(([file, name]) => {
      return `${fullTestName([files[file], name])} (\`${files[file]}\`)`;
    });
    return `| ${what} | ${tests.join('; ')} |`;
  });
  return ['', `## ${title}`, '', '| what | tested |', '|---|---|', ...lines];
}

function printed(): string {
  return [
    '# What the client does, and where it is tested',
    '',
    'Beside each promise stand the names of the tests that see to it. What it makes of each of',
    "Kafka's proposals: [KIPs](kips.md); what it does where others go wrong:",
    '[mistakes of other clients](rivals-mistakes.md).',
    ...section('Producer', producer),
    ...section('Consumer', consumer),
    ...section('Admin', admin),
    '',
  ].join('\n');
}

test('the page of features is what the table says, and every test named there exists', () => {
  const now = printed();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});
