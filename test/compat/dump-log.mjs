// Writes a data directory through the built log: several segments, every codec, idempotent
// producers, both timestamp types, an aborted transaction and a torn tail that was recovered. Then
// Apache's own tool reads every file of it, and must have nothing to complain about.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultLogConfig, LogManager } from '../../dist/broker/log/index.js';
import { endTxnMarker, loadCodec, RecordBatchBuilder } from '../../dist/records/index.js';
import { realSystem } from '../../dist/system/index.js';
import { apacheTool, require, run, temporaryDirectory } from './environment.mjs';

const system = realSystem();
const data = temporaryDirectory('dump-log');
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const topics = {
  plain: { segmentBytes: 60_000 },
  appended: { segmentBytes: 40_000, messageTimestampType: 'LogAppendTime' },
  squeezed: { segmentBytes: 20_000, compressionType: 'lz4', compressionLevel: 12 },
  transactional: { segmentBytes: 30_000 },
};
const configOf = (topic) => ({ ...defaultLogConfig, ...topics[topic] });
for (const codec of codecs) await loadCodec(codec);

function batch(codec, first, count, producer, isTransactional = false) {
  const builder = new RecordBatchBuilder({
    compression: codec,
    producer: producer && {
      producerId: producer.id,
      producerEpoch: 0,
      baseSequence: producer.next,
      isTransactional,
    },
  });
  if (producer) producer.next += count;
  for (let i = 0; i < count; i++) {
    const value = JSON.stringify({ number: first + i, filler: 'x'.repeat((first + i) % 300) });
    const timestamp = Date.now() - ((first * 7919 + i * 104_729) % 3_600_000);
    const headers = i % 3 === 0 ? [{ key: 'trace', value: Buffer.from(`${i}`) }] : [];
    builder.append({ key: Buffer.from(`k${i}`), value: Buffer.from(value), timestamp, headers });
  }
  return Buffer.from(builder.build());
}

function fill(logs, rounds) {
  const now = Date.now();
  const options = { leaderEpoch: 0, origin: 'client', now };
  for (const name of Object.keys(topics)) {
    const log = logs.log(name, 0) ?? logs.createLog(name, 0, system.random.uuid(), configOf(name));
    const producer = { id: 7 + logs.log(name, 0).logEndOffset, next: 0 };
    for (let i = 0; i < rounds; i++) {
      const isTransactional = name === 'transactional';
      const from = i % 2 === 0 || isTransactional ? producer : undefined;
      const codec = codecs[i % codecs.length];
      log.append(batch(codec, i * 10, 1 + (i % 20), from, isTransactional), {
        ...options,
        leaderEpoch: i > rounds / 2 ? 2 : 0,
      });
      if (!isTransactional || i % 5 !== 4) continue;
      const type = i % 2 === 0 ? 'abort' : 'commit';
      const marker = { type, producerId: producer.id, producerEpoch: 0, coordinatorEpoch: 0 };
      const bytes = Buffer.from(endTxnMarker({ ...marker, timestamp: now }));
      log.append(bytes, { ...options, origin: 'coordinator' });
    }
  }
}

const open = () => LogManager.open(system, { dataDirectory: data, nodeId: 1 }, configOf);

let logs = await open();
fill(logs, 200);
await logs.close();

// A torn tail and a missing marker, as after a crash: the log is recovered and goes on.
const active = join(data, 'plain-0', lastOf(join(data, 'plain-0'), '.log'));
writeFileSync(active, Buffer.concat([readFileSync(active), Buffer.alloc(200, 7)]));
const marker = join(data, '.kafka_cleanshutdown');
writeFileSync(marker, '');
run('rm', [marker]);
logs = await open();
require(!logs.wasCleanShutdown, 'The second start did not notice the unclean stop.');
fill(logs, 60);
await logs.close();

function lastOf(directory, ending) {
  return readdirSync(directory)
    .filter((name) => name.endsWith(ending))
    .sort()
    .at(-1);
}

const complaints =
  /(corrupt|Mismatches? in|Found timestamp mismatch|out of order|Non-sequential|Exception|Index position|isvalid: false|mismatch|Could not|is not sane)/i;

/** The files of one kind in one go: the tool takes a second to start. */
function dump(kind, files, ...flags) {
  require(files.length > 0, `There is no ${kind} file to look at.`);
  const { stdout, stderr } = apacheTool('kafka-dump-log', [...flags, '--files', files.join(',')]);
  const bad = `${stdout}\n${stderr}`.split('\n').filter((line) => complaints.test(line));
  require(bad.length === 0, `${kind}: ${bad.slice(0, 5).join(' | ')}`);
  return stdout;
}

const files = Object.keys(topics).flatMap((topic) => {
  const directory = join(data, `${topic}-0`);
  return readdirSync(directory).map((name) => join(directory, name));
});
const of = (ending) => files.filter((path) => path.endsWith(ending));

const dumped = dump('.log', of('.log'), '--deep-iteration');
const records = dumped.split('\n').filter((line) => line.startsWith('| offset:')).length;
// The tool refuses to look into an index without entries.
const indexes = of('.index').filter((path) => statSync(path).size > 0);
const timeIndexes = of('.timeindex').filter((path) => statSync(path).size > 0);
dump('.index', indexes, '--verify-index-only');
dump('.index', indexes, '--index-sanity-check');
dump('.timeindex', timeIndexes, '--verify-index-only');
const snapshots = dump('.snapshot', of('.snapshot'));
const aborted = dump('.txnindex', of('.txnindex'));
require(records > 4 * 260, `Only ${records} records were read.`);
require(of('.log').length > 15, `There are only ${of('.log').length} segments.`);
require(/producerId: 7 /.test(snapshots), 'The snapshots do not name the producer.');
require(/producerId: 7 /.test(aborted), 'The aborted transactions are not listed.');
console.log(
  `Apache's tool read ${records} records in ${of('.log').length} segments, ${indexes.length} ` +
    `offset and ${timeIndexes.length} time indexes, ${of('.snapshot').length} snapshots and ` +
    `${of('.txnindex').length} transaction indexes without complaint.`,
);
