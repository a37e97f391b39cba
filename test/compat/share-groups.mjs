// Share groups (KIP-932) under Apache's Java share consumers. Two members share a topic; one is
// killed, so is the broker, and every record is still delivered and acknowledged. The same requests,
// sent to Apache Kafka and to kafkit, get the same answers. Then the directory graduates, and Apache
// Kafka goes on with the group where it stood.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import {
  apache,
  apacheTool,
  apacheToolAside,
  atExit,
  cli,
  freeClusterPort,
  freePort,
  require,
  run,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';
import { askAll, differences } from './share-requests.mjs';

const group = 'workers';
const topic = 'jobs';
const work = temporaryDirectory('share-groups');
const data = join(work, 'data');
const port = await freePort();
const flags = ['-o', 'group.share.assignment.interval.ms=100'];
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}`);

/** Jobs with a number each, so that none can go missing unseen. */
let produced = 0;
function produce(address, count) {
  const lines = Array.from({ length: count }, () => `job ${produced++}\n`).join('');
  const to = ['--bootstrap-server', address, '--topic', topic];
  // Small batches: both members shall get some.
  const small = ['--batch-size', '400'];
  apacheTool('kafka-console-producer', [...to, ...small], { input: lines });
}

/** A Java share consumer that prints every record it gets and every acknowledgement. */
function startMember(address) {
  const args = ['--bootstrap-server', address, '--topic', topic, '--group-id', group];
  const tool = join(apache, 'bin', 'kafka-verifiable-share-consumer.sh');
  const modes = ['--acknowledgement-mode', 'sync', '--verbose'];
  const child = spawn(tool, [...args, ...modes], { stdio: ['ignore', 'pipe', 'ignore'] });
  const end = () => child.kill('SIGKILL');
  atExit(end);
  const leave = () => child.kill('SIGTERM');
  const member = { records: [], acknowledged: 0, kill: end, leave };
  let rest = '';
  child.stdout.on('data', (bytes) => {
    const lines = `${rest}${bytes}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.startsWith('{') ? JSON.parse(line) : {};
      if (event.name === 'record_data') member.records.push(event.value);
      if (event.name === 'offsets_acknowledged') member.acknowledged += event.count;
    }
  });
  return member;
}

async function until(condition, seconds, sentence) {
  for (const deadline = Date.now() + seconds * 1000; !(await condition()); ) {
    require(Date.now() < deadline, typeof sentence === 'function' ? sentence() : sentence);
    await sleep(200);
  }
}

const shareGroups = (address, ...args) =>
  apacheToolAside('kafka-share-groups', ['--bootstrap-server', address, ...args]);

/** Partition, start offset and lag, as Apache's tool prints them. */
async function described(address) {
  const printed = await shareGroups(address, '--describe', '--group', group);
  return printed
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first === group)
    .map(([, , partition, start, lag]) => `${partition}: ${start}, ${lag} left`)
    .sort();
}

const isDone = (lines) => lines.length > 0 && lines.every((line) => line.endsWith(' 0 left'));

let broker = await startKafkit({ data, port, flags });
const { address } = broker;
const at = ['--bootstrap-server', address];
apacheTool('kafka-topics', [...at, '--create', '--topic', topic, '--partitions', '2']);
const earliest = ['--add-config', 'share.auto.offset.reset=earliest'];
const ofGroup = ['--alter', '--entity-type', 'groups', '--entity-name', group];
apacheTool('kafka-configs', [...at, ...ofGroup, ...earliest]);
const members = [startMember(address), startMember(address)];
const inGroup = ['--describe', '--group', group];
// Each has a partition to itself before there is anything to read.
await until(
  async () =>
    (await shareGroups(address, ...inGroup, '--members')).match(/ 1 +jobs:\d/g)?.length === 2,
  180,
  'Two members should have a partition each.',
);
produce(address, 400);
await until(
  () => members.every(({ records }) => records.length > 0),
  180,
  () => `Not both members got records: ${members.map(({ records }) => records.length).join(', ')}`,
);
say(`two members have ${members.map(({ records }) => records.length).join(' and ')} records`);

// One dies with what it holds; the other gets that, and goes on while the broker is away.
produce(address, 300);
members[0].kill();
await broker.kill();
say('one member is killed, and so is the broker');
broker = await startKafkit({ data, port, flags });
produce(address, 300);
await until(
  async () => isDone(await described(address)),
  180,
  'Not all records were acknowledged within 180 s.',
);
const seen = new Set(members.flatMap(({ records }) => records));
require(seen.size === produced, `${produced} jobs were produced, ${seen.size} delivered.`);
const acknowledged = members.reduce((sum, member) => sum + member.acknowledged, 0);
say(`${produced} jobs delivered, ${acknowledged} acknowledgements heard of`);

// What an operator asks.
const listed = await shareGroups(address, '--list');
require(listed.split('\n').includes(group), `The group is not listed: ${listed}`);
const shown = await shareGroups(address, ...inGroup, '--members');
require(new RegExp(`^${group} +\\S+ +/127.0.0.1`, 'm').test(shown), `No member: ${shown}`);
const state = await shareGroups(address, ...inGroup, '--state');
require(/Stable +1/.test(state), `Not stable: ${state}`);
members[1].leave();
await until(
  async () => /Empty/.test(await shareGroups(address, ...inGroup, '--state')),
  180,
  'The member that has left is still in the group.',
);
const reset = ['--reset-offsets', '--group', group, '--topic', topic, '--execute'];
await shareGroups(address, ...reset, '--to-earliest');
const all = await described(address);
require(/^0: 0, .*\n1: 0, /.test(all.join('\n')), `The offsets were not reset: ${all.join('; ')}`);
await shareGroups(address, ...reset, '--to-latest');
require(isDone(await described(address)), 'The offsets were not set to the end.');
say('listed, described, reset');

// The same requests to both: what a client sees must be the same.
const kafka = temporaryDirectory('share-kafka');
const real = startApacheKafka('single', kafka, await freePort());
const [theirs, ours] = [await askAll(real), await askAll(address)];
const found = differences(theirs, ours);
require(found.length === 0, `Apache Kafka and kafkit differ:\n${found.join('\n')}`);
stopApacheKafka(kafka);
say(`${theirs.length} answers are those of Apache Kafka`);

// Some jobs are left when the directory goes over.
produce(address, 50);
const before = await described(address);
await broker.stop();
const grown = join(work, 'kafka');
const kafkaPort = await freeClusterPort();
const listen = ['--listen', `127.0.0.1:${kafkaPort}`];
run(process.execPath, [cli, 'graduate', data, '--out', grown, ...listen]);
atExit(() => spawnSync(join(apache, 'kafka'), ['stop', grown]));
const script = join(apache, 'kafka');
if (run(script, ['run-dir', grown], { mayFail: true }).status !== 0)
  run(script, ['run-dir', grown]);
const there = `127.0.0.1:${kafkaPort}`;
const upgrade = ['upgrade', '--release-version', '4.3'];
apacheTool('kafka-features', ['--bootstrap-server', there, ...upgrade]);
await until(
  async () => (await described(there).catch(() => [])).join() === before.join(),
  180,
  `In Apache Kafka the group should stand at ${before.join('; ')}.`,
);
say(`graduated: ${before.join('; ')}`);
const left = startMember(there);
await until(
  () => left.records.length >= 50,
  180,
  () => `Only ${left.records.length} of 50 came.`,
);
await until(async () => isDone(await described(there)), 180, 'Not all was acknowledged.');
const wanted = Array.from({ length: 50 }, (_, n) => `job ${produced - 50 + n}`);
require(left.records.slice().sort().join() ===
  wanted
    .sort()
    .join(), `Apache Kafka should deliver the last 50 jobs, not ${left.records.length} others.`);
left.leave();
stopApacheKafka(grown);
say('Apache Kafka delivers the 50 jobs that were left, and no other');
