import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { fullTestName } from './test-names.js';

/**
 * What the broker promises as the one node it is, and the tests that show it. `KAFKIT_UPDATE=1 npx
 * vitest run test/broker-promises.test.ts` rewrites the page.
 */
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const page = join(root, 'docs', 'reference', 'broker-promises.md');

type Shown = readonly [file: string, test: string];
type Promised = readonly [promise: string, ...shown: Shown[]];

const logs = 'src/broker/log';
const log = `${logs}/log.test.ts`;
const sync = `${logs}/log-sync.test.ts`;
const directory = `${logs}/log-manager.test.ts`;
const cleaner = `${logs}/log-cleaner.test.ts`;
const validator = `${logs}/log-validator.test.ts`;
const reading = `${logs}/log-read.test.ts`;
const producers = `${logs}/producer-state.test.ts`;
const indexes = `${logs}/indexes.test.ts`;
const journal = 'src/broker/metadata/metadata-journal.test.ts';
const storage = 'src/broker/storage.test.ts';
const machine = 'src/broker/coordinator/transaction/transaction-machine.test.ts';
const coordinator = 'src/broker/coordinator/group-coordinator.test.ts';
const graduation = 'test/broker/transfer/graduate.test.ts';
const serving = 'src/network/server-connection.test.ts';
const crashes = 'test/simulation/log-crash.test.ts';
const compactions = 'test/simulation/log-compaction.test.ts';
const faults = 'test/simulation/storage-faults.test.ts';
const broker = (name: string) => `test/broker/${name}.test.ts`;
const records = broker('records');
const fetches = broker('fetch');
const transactions = broker('transactions');
const groups = broker('groups');
const modern = broker('consumer-groups');
const restart = broker('restart');
const limits = broker('limits');
const frames = broker('frames');
const topics = broker('topics');
const configs = broker('configs');

const promises: Readonly<Record<string, readonly Promised[]>> = {
  'What is safe': [
    [
      'In `group-commit` an acknowledged record is on the disk, and nobody reads one that is not',
      [sync, 'group-commit: a record counts when it is synced'],
      [log, 'counts as synced only what the disk has confirmed'],
      [crashes, 'keeps every acknowledged record, none twice'],
    ],
    [
      'What is written with acks=1 or 0 is synced within 5 ms',
      [sync, 'group-commit: what nobody waits for is synced within 5 ms'],
    ],
    [
      'All that arrives in the same moment shares a sync',
      [sync, 'group-commit: all logs of one turn are synced together'],
      [journal, 'changes that come together share a sync'],
    ],
    [
      '`interval`, `os` and `memory` sync each second, each minute, and never',
      [sync, 'interval: a record counts when it is written'],
      [sync, 'os: a record counts when it is written'],
      [sync, 'memory: nothing is ever synced'],
    ],
    [
      'A failed sync is final: nothing more is written to that directory, and reads go on',
      [directory, 'a failed sync stops all writing to the directory'],
      [broker('disk'), 'on syncing: the record is not acknowledged'],
      [journal, 'after a failed sync nothing more is written'],
    ],
    [
      'A full disk is not: with room again everything works without a restart',
      [directory, 'a full disk refuses appends, reads go on'],
      [faults, 'because it is full: reads go on'],
      [broker('disk'), 'that is full: no topic is created by halves'],
    ],
    [
      'Any single call of the disk may fail, once or for good, without a broken promise',
      [faults, 'once, with an I/O error'],
      [faults, 'from then on, with an I/O error'],
    ],
    [
      'Commits, memberships and transactions are answered when they are safe',
      [coordinator, 'a commit is answered when it is durable'],
      ['test/simulation/groups-crash.test.ts', 'forgets nothing that anybody was told'],
      ['test/simulation/transactions-crash.test.ts', 'are whole or not there, as was said'],
      ['test/simulation/shares-crash.test.ts', 'gets back what is not done'],
    ],
  ],
  'After a crash': [
    [
      'Torn tails and zeros are cut; indexes, epochs and producers are built anew',
      [directory, 'builds indexes, epochs and producers anew and cuts a torn tail'],
      [directory, 'takes zeros behind the last batch for space that was never written'],
      [log, 'comes back after a crash with everything that was synced'],
    ],
    [
      'Damage in what had been synced stops the start instead of being cut',
      [directory, 'refuses to drop synced data that is damaged'],
      [storage, 'a damaged journal of a clean stop is refused'],
    ],
    [
      'A directory of an unknown topic is set aside, never deleted',
      [directory, 'keeps directories of unknown topics aside'],
    ],
    [
      'Nothing is written twice, and no offset given twice, also when all segments were on their way out',
      [sync, 'keeps its end and its producers in a power cut'],
    ],
    [
      'Leader epochs go up after an unclean stop, and readers are told where theirs ended',
      [restart, 'loses no topic and no record it acknowledged'],
      [restart, 'tells a reader from before where the epoch it knows has ended'],
      [fetches, 'tells where an epoch ends'],
    ],
    [
      'Two brokers never share a directory',
      [restart, 'a second broker on the same directory is refused'],
      [directory, 'keeps its identity and refuses another node'],
    ],
  ],
  Producers: [
    [
      'A repetition of any of the last five batches gets its first offset again, also after a restart',
      [records, 'gets the first offset again for each of its last five batches'],
      [log, 'recognises a repeated batch among the last five, also after a restart'],
    ],
    [
      'Gaps, older repetitions and new epochs that do not begin at 0 are refused; unknown producers are not',
      [records, 'starts anywhere; a gap, an overlap and a new epoch not at 0 are 45'],
      [producers, 'an unknown producer may begin anywhere'],
    ],
    [
      'Sequences go on at 0 after 2^31 − 1',
      [records, 'wraps from 2^31-1 to 0'],
      [producers, 'sequences go on at 0 after the largest int32'],
    ],
    [
      'Producers are forgotten after `producer.id.expiration.ms`, never inside a transaction',
      [producers, 'producers idle for too long are forgotten'],
    ],
    ['A producer id is never given twice', [restart, 'never hands out a producer id twice']],
    [
      'A batch is checked as Apache Kafka checks it, and stored whole or not at all',
      [validator, 'must be one whole batch of magic 2'],
      [validator, 'must have a header that agrees with itself and with its records'],
      [validator, 'names each record whose timestamp is out of bounds'],
      [records, 'one partition while the others of the request succeed'],
      [records, 'records without key on a compacted topic with 87'],
    ],
  ],
  Transactions: [
    [
      'Readers of committed records see a transaction whole or not at all, and stop at open ones',
      [transactions, 'see each committed transaction whole'],
      [transactions, 'are woken when a transaction ends'],
    ],
    [
      'Aborted transactions are listed in the order of their offsets',
      [reading, 'aborted transactions are listed by their first offset'],
      [transactions, 'are told only of aborted transactions in what they get'],
    ],
    [
      'Every transaction of version 2 has an epoch of its own, and its end may be asked for again',
      [transactions, 'is joined by its batches, committed with a new epoch'],
      [transactions, 'ends the same way when its end is asked for again'],
    ],
    [
      'What was decided is never decided otherwise, and no epoch goes back',
      [machine, 'what was decided is never decided otherwise'],
      [machine, 'has the markers of a decided transaction written again after a restart'],
    ],
    [
      'A new producer of a transactional id ends what the old one had open',
      [transactions, 'aborts an open transaction and shuts its producer out'],
      [machine, 'gives a new producer id when the epochs of one are used up'],
    ],
    [
      'A transaction that takes too long is aborted; ids are forgotten after a week',
      [machine, 'aborts a transaction that takes too long'],
      [machine, 'forgets ids after a week without transactions'],
    ],
    [
      'Offsets of a transaction count when it commits',
      [transactions, 'count when it commits, and vanish when it aborts'],
    ],
  ],
  Groups: [
    [
      'Members join, sync, beat and leave in every version of both protocols',
      [groups, 'joins, syncs, beats and leaves in every version'],
      [modern, 'a second member gets its share once the first has given it back'],
      [modern, 'a static member leaves for a while'],
    ],
    [
      'A restart brings back groups, members and offsets',
      [groups, 'brings back groups, members and offsets'],
      [modern, 'survives a restart of the broker'],
      ['src/broker/coordinator/group/group-machine.test.ts', 'a replay of the log brings back'],
    ],
    [
      'An application moves from one protocol to the other and back while it runs',
      ['src/broker/coordinator/group/migration.test.ts', 'is the same after a replay of its log'],
      ['src/broker/coordinator/group/migration.test.ts', 'comes to rest with everything assigned'],
    ],
  ],
  Reading: [
    [
      'A fetch gives whole batches, the first one whatever its size, and then stays within its limits',
      [fetches, 'inside a batch returns the whole batch'],
      [fetches, 'gives the first batch whole, however small the limits'],
      [fetches, 'stays within the limits after the first batch'],
      [reading, 'gives the same bytes as a list of batches would'],
    ],
    [
      'It waits until there is enough, and no longer than it was told to',
      [fetches, 'is answered by the first record, and not before'],
      [fetches, 'ends after maxWaitMs with what there is'],
      [topics, 'by id; a fetch that waits for the topic is told'],
    ],
    [
      'All partitions of a session get their turn',
      [fetches, 'put what gave records last the next time'],
    ],
    [
      'Sessions are bounded by `max.incremental.fetch.session.cache.slots`',
      ['src/broker/partition/fetch-sessions.test.ts', 'are as many as there are slots'],
    ],
    [
      'Times are found as a walk over all records would find them',
      [reading, 'finds timestamps as a walk over all records would'],
    ],
    [
      'A topic that is made anew has another id',
      [restart, 'keeps a deleted topic deleted, and gives its name a new id'],
    ],
  ],
  'What goes': [
    [
      'Retention takes whole segments by age and size, and files after `file.delete.delay.ms`',
      [directory, 'takes old segments by time'],
      [directory, 'takes segments by size'],
      [directory, 'removes the files of a deleted log after the delay'],
    ],
    [
      'Segments end by size, and after `segment.ms`',
      [directory, 'begins a new segment after segment.ms'],
      [directory, 'is laid out as Kafka lays it out'],
    ],
    [
      'DeleteRecords moves the start of the log for good',
      [fetches, 'moves the log start; refuses what lies beyond the high watermark'],
      [directory, 'finds the log start again that DeleteRecords has moved'],
    ],
    [
      'Compaction keeps the last record of each key at its offset, and what producers and transactions need',
      [cleaner, 'keeps the last value per key at its offset'],
      [compactions, 'agree on the last value of each key'],
      [compactions, 'agree wherever the power fails during a compaction'],
    ],
    [
      'Its lags, its ratio, its tombstones and its limit are those of the topic and the broker',
      [cleaner, 'begins when more than the dirty ratio of the log is dirty'],
      [cleaner, 'leaves alone what is younger than min.compaction.lag.ms'],
      [cleaner, 'does not wait for the ratio once max.compaction.lag.ms has passed'],
      [cleaner, 'keeps a tombstone for delete.retention.ms'],
      [cleaner, 'reads no more per second than log.cleaner.io.max.bytes.per.second'],
    ],
  ],
  Limits: [
    [
      'A request is at most `socket.request.max.bytes`, which is looked at before memory is taken',
      [frames, 'a length of exactly 104857600 waits for the bytes'],
    ],
    [
      'Answers come in the order of the requests; one that waits holds up nobody else',
      [frames, 'a waiting Fetch holds back the answers behind it'],
      [serving, 'runs APIs that overlap side by side and still answers in order'],
    ],
    [
      'A client that does not read, or asks for too much at once, is no longer read from',
      [serving, 'starts nothing more for a client that does not read'],
      [serving, 'stops reading when too many requests wait'],
      [serving, 'the budget of all connections stops those with work in hand'],
    ],
    [
      'Connections are bounded, in all and by address, and closed when they are idle',
      [limits, 'above max.connections are refused'],
      [limits, 'above max.connections.per.ip are refused'],
      [limits, 'idle for connections.max.idle.ms are closed'],
    ],
    [
      'What is decompressed is bounded by `max.decompressed.batch.bytes`',
      [limits, 'are refused above max.decompressed.batch.bytes'],
      [validator, 'bounds what is opened'],
    ],
    [
      'Damaged requests are answered or close their connection, and do nothing else',
      [broker('mutations'), 'to $'],
    ],
  ],
  'For Apache Kafka': [
    [
      'Batches, indexes, snapshots and checkpoints are those of Apache Kafka, byte for byte',
      [
        'src/records/record-batch.test.ts',
        'a batch of three records has the bytes Kafka documents',
      ],
      [indexes, 'is written byte for byte as Kafka writes it'],
      [indexes, 'a transaction index keeps the bytes Kafka writes'],
      [producers, 'a snapshot keeps the last batch of each producer in the bytes Kafka reads'],
      [directory, 'is laid out as Kafka lays it out'],
    ],
    [
      'The directory holds partitions and plain files, nothing else',
      [restart, 'has no directory in its data directory but those of partitions'],
    ],
    [
      'A graduated directory names every topic, id, epoch and producer id',
      [graduation, 'writes a checkpoint of features, topics, ids, epochs and producer ids'],
      [graduation, 'transactions end as their coordinator had decided'],
      [graduation, 'groups lose their members and keep their offsets'],
    ],
  ],
  Settings: [
    [
      'A topic comes before the broker, the broker before the default, and it is told where a value is from',
      [configs, 'tells where a value comes from'],
      [broker('broker-configs'), 'one broker wins over all brokers'],
    ],
    [
      'Every topic config of Apache Kafka is known, checked, and where it says so effective',
      [
        'src/broker/config/topic-config-reference.test.ts',
        'every config it calls effective changes what the log is told',
      ],
      [configs, 'is in force at once'],
    ],
  ],
};

function printed(): string {
  const sections = Object.entries(promises).map(([title, promised]) => {
    const rows = promised.map(([promise, ...shown]) => {
      const tests = shown.map((one) => `${fullTestName(one)} (\`${one[0]}\`)`);
      return `| ${promise} | ${tests.join('; ')} |`;
    });
    return [`## ${title}`, '', '| promise | shown by |', '|---|---|', ...rows, ''].join('\n');
  });
  return [
    '# What the broker promises',
    '',
    'And the tests that see to it. Printed from a table whose test names must exist. What it does not',
    'do, or does otherwise than Apache Kafka, stands in [differences](differences.md); how durability',
    'was tested in [durability](../guides/durability.md).',
    '',
    ...sections,
  ].join('\n');
}

test('the page of promises is what the table says, and every test named there exists', () => {
  const now = printed();
  if (process.env.KAFKIT_UPDATE === '1') writeFileSync(page, now);
  expect(existsSync(page)).toBe(true);
  expect(readFileSync(page, 'utf8')).toBe(now);
});
