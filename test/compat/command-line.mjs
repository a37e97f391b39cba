// The tutorial spellings of our command line beside Apache's own tools, on one broker of ours and
// on a real one: what they print on stdout must be the same, line by line.
import { join } from 'node:path';
import {
  apacheToolAside,
  freePort,
  require,
  root,
  runAside,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const cli = join(root, 'dist', 'bundle', 'cli.js');
const ours = (tool, args) => runAside(process.execPath, [cli, tool, ...args], { stdio: quiet });
const theirs = (tool, args) => apacheToolAside(tool, args, { stdio: quiet });
const quiet = ['ignore', 'pipe', 'ignore'];

/** Both tools in turn with the same arguments; the output is compared after `clean`. */
async function same(tool, args, clean = (text) => text) {
  const [want, have] = [clean(await theirs(tool, args)), clean(await ours(tool, args))];
  require(want.trim() !== '', `${tool} ${args.join(' ')}: Apache's tool printed nothing`);
  require(have === want, `${tool} ${args.join(' ')}\nApache's:\n${want}\nours:\n${have}`);
  compared++;
}

/** Rows in one order, blanks folded: Apache pads columns and prints some rows in hash order. */
const rows = (text) =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join('\n');

let compared = 0;

async function compareOn(address) {
  const at = ['--bootstrap-server', address];
  const create = [
    '--create',
    '--topic',
    'sample',
    '--partitions',
    '2',
    '--replication-factor',
    '1',
  ];
  await ours('kafka-topics', [...create, '--config', 'retention.ms=86400000', ...at]);
  await theirs('kafka-topics', ['--create', '--topic', 'theirs', '--partitions', '1', ...at]);
  await runAside('sh', [
    '-c',
    `printf 'a:1\\nb:2\\nc:3\\n' | "${process.execPath}" "${cli}" kafka-console-producer --topic sample --reader-property parse.key=true --reader-property key.separator=: --bootstrap-server ${address}`,
  ]);
  await same('kafka-topics', ['--list', '--exclude-internal', ...at]);
  await same('kafka-topics', ['--describe', '--topic', 'sample', ...at], rows);
  await same(
    'kafka-configs',
    ['--describe', '--entity-type', 'topics', '--entity-name', 'sample', ...at],
    rows,
  );
  const reading = ['--topic', 'sample', '--from-beginning', '--max-messages', '3'];
  const shown = [
    '--formatter-property',
    'print.key=true',
    '--formatter-property',
    'print.partition=true',
  ];
  await same('kafka-console-consumer', [...reading, ...shown, ...at], rows);
  await theirs('kafka-console-consumer', [...reading, '--group', 'readers', ...at]);
  await same('kafka-consumer-groups', ['--list', ...at], rows);
  await same('kafka-consumer-groups', ['--describe', '--group', 'readers', ...at], rows);
  await same('kafka-consumer-groups', ['--describe', '--group', 'readers', '--state', ...at], rows);
  const reset = ['--reset-offsets', '--group', 'readers', '--topic', 'sample', '--to-earliest'];
  await same('kafka-consumer-groups', [...reset, '--dry-run', ...at], rows);
  await same('kafka-consumer-groups', [...reset, '--execute', ...at], rows);
  await same('kafka-consumer-groups', ['--describe', '--group', 'readers', ...at], rows);
  await ours('kafka-topics', ['--alter', '--topic', 'sample', '--partitions', '4', ...at]);
  await same('kafka-topics', ['--describe', '--topic', 'sample', ...at], rows);
  await ours('kafka-topics', ['--delete', '--topic', 'theirs', ...at]);
  await same('kafka-topics', ['--list', '--exclude-internal', ...at]);
}

const broker = await startKafkit({ data: temporaryDirectory('command-line') });
await compareOn(broker.address);
await broker.stop();
const directory = temporaryDirectory('command-line-apache');
await compareOn(startApacheKafka('single', directory, await freePort()));
stopApacheKafka(directory);
console.log(`${compared} outputs are those of Apache's tools, on our broker and on a real one`);
