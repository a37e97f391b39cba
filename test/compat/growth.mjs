// A graduated directory grows: two more nodes join the Apache Kafka that runs on it, every partition
// gets three replicas and the metadata three voters, then the first node is killed for good. All
// that was written to kafkit is still there, and groups and producers go on. Apache Kafka 4.0 cannot
// give its first controller fellows yet: there the other two join as brokers, and the first one
// hands over every partition and stays as the controller alone.
//   KAFKA_VERSION=4.4.0 node test/compat/growth.mjs
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
const version = process.env.KAFKA_VERSION ?? '4.3.1';
/** 4.4.0 came without its command line tools: those of 4.3.1 stand in for them. */
const toolVersion = version === '4.4.0' ? '4.3.1' : version;
const [release, toolRelease] = [version, toolVersion].map((one) => one.replace(/\.\d+$/, ''));
/** Levels of 4.4 that the tools of 4.3 know no name for. */
const newest = { 'metadata.version': 33, 'share.version': 2 };
/** Whether voters may be added to a lone controller: since 4.1. 4.0 says so and stays as it is. */
const canAddVoters = release !== '4.0';
const noDelay = 'group.initial.rebalance.delay.ms=0';

const tool = (name, args) =>
  apacheTool(name, args, { env: { ...process.env, KAFKA_VERSION: toolVersion } });
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
const features = (...args) => tool('kafka-features', ['--bootstrap-server', first, ...args]);
features('upgrade', '--release-version', toolRelease);
if (toolRelease !== release) {
  for (const [name, level] of Object.entries(newest)) {
    features('upgrade', '--feature', `${name}=${level}`);
  }
}
if (canAddVoters) features('upgrade', '--feature', 'kraft.version=1');
say(`features of ${release}, voters that may ${canAddVoters ? '' : 'not '}change`);

const clusterId = /^cluster\.id=(.*)$/m.exec(
  readFileSync(join(node1, 'meta.properties'), 'utf8'),
)[1];
const addresses = [first];
for (const id of [2, 3]) {
  const directory = join(work, `node-${id}`);
  run('mkdir', ['-p', directory]);
  const [own, control] = [await freePort(), await freePort()];
  const properties = join(directory, 'server.properties');
  const plain = `PLAINTEXT://127.0.0.1:${own}`;
  const both = canAddVoters ? `${plain},CONTROLLER://127.0.0.1:${control}` : plain;
  const lines = [
    `process.roles=broker${canAddVoters ? ',controller' : ''}`,
    `node.id=${id}`,
    canAddVoters
      ? `controller.quorum.bootstrap.servers=127.0.0.1:${port + 1}`
      : `controller.quorum.voters=1@127.0.0.1:${port + 1}`,
    'controller.listener.names=CONTROLLER',
    `listeners=${both}`,
    `advertised.listeners=${both}`,
    `log.dirs=${join(directory, 'data')}`,
    noDelay,
  ];
  writeFileSync(properties, `${lines.join('\n')}\n`);
  const format = ['format', '-t', clusterId, '-c', properties];
  if (canAddVoters) format.push('--no-initial-controllers');
  tool('kafka-storage', format);
  boot(directory);
  addresses.push(`127.0.0.1:${own}`);
  if (canAddVoters) {
    const join3 = ['--command-config', properties, '--bootstrap-server', first, 'add-controller'];
    tool('kafka-metadata-quorum', join3);
  }
  say(`node ${id} has joined as broker${canAddVoters ? ' and voter' : ''}`);
}

const described = tool('kafka-topics', ['--bootstrap-server', first, '--describe']).stdout;
const partitions = [...described.matchAll(/Topic: (\S+)\s+Partition: (\d+)/g)];

/** Puts every partition, Kafka's own topics included, onto so many of the nodes each, in turn. */
async function reassign(nodes) {
  const plan = join(work, `plan-${nodes.length}.json`);
  const moves = partitions.map(([, topic, partition], i) => {
    const replicas = nodes.map((_, place) => nodes[(i + place) % nodes.length]);
    return { topic, partition: Number(partition), replicas };
  });
  writeFileSync(plan, JSON.stringify({ version: 1, partitions: moves }));
  const server = ['--bootstrap-server', first];
  const step = (name) =>
    tool('kafka-reassign-partitions', [...server, '--reassignment-json-file', plan, name]).stdout;
  step('--execute');
  for (const until = Date.now() + 90_000; ; await sleep(1000)) {
    const out = step('--verify');
    if (!/still in progress/.test(out)) break;
    require(Date.now() < until, `The reassignment does not end: ${out}`);
  }
  const lagging = [...server, '--describe', '--under-replicated-partitions'];
  for (const until = Date.now() + 60_000; ; await sleep(1000)) {
    if (tool('kafka-topics', lagging).stdout.trim() === '') break;
    require(Date.now() < until, `Some partitions lag behind on one of ${nodes.join()}.`);
  }
  say(`${partitions.length} partitions have ${nodes.length} replicas in sync`);
}

await reassign([1, 2, 3]);
const rest = addresses.slice(1).join(',');
if (canAddVoters) {
  process.kill(Number(readFileSync(join(node1, 'pid'), 'utf8')), 'SIGKILL');
  const orphaned = ['--bootstrap-server', rest, '--describe', '--unavailable-partitions'];
  await sleep(12_000);
  for (const until = Date.now() + 60_000; ; await sleep(1000)) {
    if (tool('kafka-topics', orphaned).stdout.trim() === '') break;
    require(Date.now() < until, 'Some partitions have no leader any more.');
  }
  say('the first node is dead for good');
} else await reassign([2, 3]);
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
console.log(
  `grown to three nodes, the first one ${canAddVoters ? 'killed' : 'without partitions'}: ` +
    'everything is still there',
);
process.exit(0);
