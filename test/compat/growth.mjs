// A graduated directory grows: two more nodes join the Apache Kafka that runs on it, every partition
// gets three replicas and the metadata three voters, then the first node is killed for good. All
// that was written to kafkit is still there, and groups and producers go on.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  apache,
  apacheTool,
  atExit,
  cli,
  freePort,
  python,
  require,
  root,
  run,
  sleep,
  startKafkit,
  temporaryDirectory,
} from './environment.mjs';

const program = join(root, 'test', 'compat', 'graduation.py');
const work = temporaryDirectory('growth');
const data = join(work, 'data');
const node1 = join(work, 'node-1');
const client = (...args) => run(python(), ['-B', program, ...args]).stdout.trim();
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}`);
const noDelay = 'group.initial.rebalance.delay.ms=0';

const script = (...args) => run(join(apache, 'kafka'), args, { mayFail: true }).status === 0;
/** Asked twice: a slow machine may look for the process before it has its name. */
function boot(directory) {
  atExit(() => script('stop', directory));
  require(script('run-dir', directory) ||
    script('run-dir', directory), `${directory} did not start.`);
}

const broker = await startKafkit({ data });
client('fill', broker.address, '-', 'both');
await broker.stop();
const again = await startKafkit({ data });
const before = join(work, 'before.json');
say(`kafkit holds ${client('state', again.address, before)}`);
await again.stop();

// The controller listens one port further, which nobody has taken a moment later.
const port = await freePort();
const first = `127.0.0.1:${port}`;
const graduated = run(process.execPath, [
  cli,
  'graduate',
  data,
  '--out',
  node1,
  '--listen',
  first,
  '-o',
  noDelay,
]);
require(graduated.stdout.includes('kafka-server-start'), 'No commands were printed.');
boot(node1);
say('node 1 has booted on the graduated directory');
const features = (...args) => apacheTool('kafka-features', ['--bootstrap-server', first, ...args]);
features('upgrade', '--release-version', '4.3');
features('upgrade', '--feature', 'kraft.version=1');
say('features of 4.3, voters that may change');

const clusterId = /^cluster\.id=(.*)$/m.exec(
  readFileSync(join(node1, 'meta.properties'), 'utf8'),
)[1];
const addresses = [first];
for (const id of [2, 3]) {
  const directory = join(work, `node-${id}`);
  run('mkdir', ['-p', directory]);
  const [own, control] = [await freePort(), await freePort()];
  const properties = join(directory, 'server.properties');
  const lines = [
    'process.roles=broker,controller',
    `node.id=${id}`,
    `controller.quorum.bootstrap.servers=127.0.0.1:${port + 1}`,
    'controller.listener.names=CONTROLLER',
    `listeners=PLAINTEXT://127.0.0.1:${own},CONTROLLER://127.0.0.1:${control}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${own},CONTROLLER://127.0.0.1:${control}`,
    `log.dirs=${join(directory, 'data')}`,
    noDelay,
  ];
  writeFileSync(properties, `${lines.join('\n')}\n`);
  const format = ['format', '-t', clusterId, '-c', properties, '--no-initial-controllers'];
  apacheTool('kafka-storage', format);
  boot(directory);
  addresses.push(`127.0.0.1:${own}`);
  const join3 = ['--command-config', properties, '--bootstrap-server', first, 'add-controller'];
  apacheTool('kafka-metadata-quorum', join3);
  say(`node ${id} has joined as broker and voter`);
}

// Three replicas of everything, Kafka's own topics included.
const described = apacheTool('kafka-topics', ['--bootstrap-server', first, '--describe']).stdout;
const partitions = [...described.matchAll(/Topic: (\S+)\s+Partition: (\d+)/g)].map(
  ([, topic, partition], i) => {
    const replicas = [0, 1, 2].map((step) => ((i + step) % 3) + 1);
    return { topic, partition: Number(partition), replicas };
  },
);
const plan = join(work, 'plan.json');
writeFileSync(plan, JSON.stringify({ version: 1, partitions }));
const reassign = (...args) =>
  apacheTool('kafka-reassign-partitions', [
    '--bootstrap-server',
    first,
    '--reassignment-json-file',
    plan,
    ...args,
  ]).stdout;
reassign('--execute');
for (const until = Date.now() + 90_000; ; await sleep(1000)) {
  const out = reassign('--verify');
  if (!/still in progress/.test(out)) break;
  require(Date.now() < until, `The reassignment does not end: ${out}`);
}
const lagging = ['--bootstrap-server', first, '--describe', '--under-replicated-partitions'];
for (const until = Date.now() + 60_000; ; await sleep(1000)) {
  if (apacheTool('kafka-topics', lagging).stdout.trim() === '') break;
  require(Date.now() < until, 'Some partitions have no three replicas in sync.');
}
say(`${partitions.length} partitions have three replicas in sync`);

process.kill(Number(readFileSync(join(node1, 'pid'), 'utf8')), 'SIGKILL');
const rest = addresses.slice(1).join(',');
const orphaned = ['--bootstrap-server', rest, '--describe', '--unavailable-partitions'];
await sleep(12_000);
for (const until = Date.now() + 60_000; ; await sleep(1000)) {
  if (apacheTool('kafka-topics', orphaned).stdout.trim() === '') break;
  require(Date.now() < until, 'Some partitions have no leader any more.');
}
say('the first node is dead for good');
const after = join(work, 'after.json');
say(`the other two hold ${client('state', rest, after)}`);
const [old, now] = [before, after].map((path) => JSON.parse(readFileSync(path, 'utf8')));
for (const [name, topic] of Object.entries(old.topics)) {
  const found = now.topics[name];
  require(found?.id === topic.id, `${name} has the id ${found?.id} instead of ${topic.id}.`);
  if (name === 'compacted') continue;
  const [a, b] = [topic, found].map((each) => JSON.stringify(each.committed ?? each.records));
  require(a === b, `${name} is not what it was.`);
}
require(JSON.stringify(old.groups) === JSON.stringify(now.groups), 'Committed offsets differ.');
say(client('resume', rest, before, 'both'));
say(client('more', rest, after));
// Nothing is left to be kept: two voters that stop one after the other would wait for each other.
for (const id of [2, 3]) {
  process.kill(Number(readFileSync(join(work, `node-${id}`, 'pid'), 'utf8')), 'SIGKILL');
}
console.log('grown to three nodes, the first one killed: everything is still there');
process.exit(0);
