// Prints the files of a real Apache Kafka with its own tool and with `kafkit kafka-dump-log`: both
// must say the same, word for word, about logs, indexes, producer snapshots, aborted transactions,
// committed offsets, groups of both protocols, transactional ids and the cluster's metadata.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  apacheTool,
  cli,
  freePort,
  python,
  require,
  root,
  run,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const directory = temporaryDirectory('dump-log-apache');
const address = startApacheKafka('single', directory, await freePort());
const program = (name) => join(root, 'test', 'compat', name);
run(python(), ['-B', program('graduation.py'), 'fill', address, '-', 'both']);
run(python(), ['-B', program('transactions.py'), '--broker', address]);
stopApacheKafka(directory);

const data = join(directory, 'data');
const files = readdirSync(data, { recursive: true })
  .map((name) => join(data, name))
  // What is about to be deleted may be cut short: Apache's tool fails on it.
  .filter((path) => !path.includes('-delete/') && statSync(path).isFile())
  .sort();
const of = (pattern) => files.filter((path) => pattern.test(path));
const internal = /\/__(consumer_offsets|transaction_state|cluster_metadata)-\d+\//;
let lines = 0;

/** Both tools on the same files; gives what they say. */
function compare(what, paths, ...flags) {
  require(paths.length > 0, `There is no file for ${what}.`);
  const args = [...flags, '--files', paths.join(',')];
  const theirs = apacheTool('kafka-dump-log', args).stdout.trimEnd().split('\n');
  const ours = run(process.execPath, [cli, 'kafka-dump-log', ...args]);
  const found = ours.stdout.trimEnd().split('\n');
  for (const [i, line] of theirs.entries()) {
    require(found[i] === line, `${what}, line ${i + 1}:\n${line}\n${found[i]}`);
  }
  require(found.length === theirs.length, `${what}: ${found.length} lines of ${theirs.length}`);
  lines += theirs.length;
  return ours.stdout;
}

compare('logs', of(/\.log$/), '--deep-iteration');
// Bytes that are no UTF-8 become replacement characters, of which Java makes fewer.
compare('records', of(/\/(mixed|source|target|fenced)-\d+\/.*\.log$/), '--print-data-log');
compare('indexes', of(/\.(index|timeindex)$/));
compare('aborted transactions and producers', of(/\.(txnindex|snapshot)$/));
const offsets = compare('groups', of(/__consumer_offsets-\d+\/.*\.log$/), '--offsets-decoder');
for (const kind of ['1', '2', '3', '5', '8']) {
  require(offsets.includes(`{"type":"${kind}",`), `There is no record of type ${kind}.`);
}
const states = of(/__transaction_state-\d+\/.*\.log$/);
const ids = compare('transactional ids', states, '--transaction-log-decoder');
require(/"transactionStatus":4/.test(ids), 'No transaction was committed.');
const metadata = of(/__cluster_metadata-0\/.*\.log$|\.checkpoint$/);
const cluster = compare('metadata', metadata, '--cluster-metadata-decoder');
require(/LeaderChange/.test(cluster), 'The metadata names no leader.');
const quiet = ['--print-data-log', '--skip-record-metadata'];
compare('data alone', of(/\/mixed-\d+\/.*\.log$/), ...quiet);
require(of(internal).length > 10, 'There are too few internal files.');
console.log(`${lines} lines about ${files.length} files of Apache Kafka, all alike`);
