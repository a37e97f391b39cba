// How long `Broker.start()` takes inside a program: with data in memory, in a new directory, in one
// that was closed cleanly, with nothing and with 100 topics in it, and in the latter after a crash.
// Every start is the first of a process of its own, so nothing is warm but the page cache; the time
// that `import('kafkit/broker')` takes before it is told apart. Takes turns; prints medians.
//   node bench/start.mjs [repetitions, default 21] [--out FILE]
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const bundle = fileURLToPath(new URL('../dist/bundle/broker.js', import.meta.url));
const topicCount = 100;

/** Runs in the process that is measured; the first start, then one more in the same process. */
async function measured(data) {
  const begun = performance.now();
  const { Broker } = await import(pathToFileURL(bundle).href);
  const imported = performance.now();
  const cpu = process.cpuUsage();
  const options = { data, listen: '127.0.0.1:0', logger: silent };
  const broker = await Broker.start(options);
  const started = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await broker.close();
  const again = performance.now();
  const second = await Broker.start(options);
  const startedAgain = performance.now();
  await second.close();
  return {
    importMs: imported - begun,
    startMs: started - imported,
    startCpuMs: (user + system) / 1000,
    secondStartMs: startedAgain - again,
  };
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Makes a directory with topics, each with a record, closed cleanly or not. */
async function prepared(data, topics, isClean) {
  const { Broker } = await import(pathToFileURL(bundle).href);
  const { Kafka } = await import(new URL('../dist/bundle/index.js', import.meta.url).href);
  const names = Array.from({ length: topics }, (_, i) => `topic-${i}`);
  const createTopics = Object.fromEntries(names.map((name) => [name, { partitions: 1 }]));
  const options = { data, listen: '127.0.0.1:0', logger: silent, createTopics };
  const broker = await Broker.start(options);
  const kafka = new Kafka({ bootstrapServers: broker.address });
  const producer = kafka.producer();
  await Promise.all(names.map((topic) => producer.send({ topic, value: 'a record' })));
  await kafka.close();
  await (isClean ? broker.close() : broker.crash());
}

if (process.argv[2] === '--measure') {
  console.log(JSON.stringify(await measured(process.argv[3])));
  process.exit(0);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' } },
});
const repetitions = Number(positionals[0] ?? 21);
const work = mkdtempSync(join(tmpdir(), 'kafkit-start-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const made = (name) => join(work, name);
await prepared(made('empty'), 0, true);
await prepared(made('topics'), topicCount, true);
await prepared(made('crashed'), topicCount, false);

const cases = [
  ['in memory', () => 'memory'],
  ['in a new directory', (n) => made(`new-${n}`)],
  ['in a directory without topics', copyOf('empty')],
  [`in a directory with ${topicCount} topics`, copyOf('topics')],
  [`in a directory with ${topicCount} topics, after a crash`, copyOf('crashed')],
];

/** A start changes a directory: each gets a copy of its own. */
function copyOf(name) {
  return (n) => {
    const copy = made(`${name}-${n}`);
    cpSync(made(name), copy, { recursive: true });
    return copy;
  };
}

const found = new Map(cases.map(([name]) => [name, []]));
for (let n = 0; n < repetitions; n++) {
  for (const [name, dataOf] of cases) {
    const data = dataOf(n);
    const args = [fileURLToPath(import.meta.url), '--measure', data];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    found.get(name).push(JSON.parse(stdout));
    if (data !== 'memory') rmSync(data, { recursive: true });
  }
}

const round = (value) => Number(value.toFixed(1));
const rows = [...found].map(([scenario, runs]) => {
  const row = { scenario: `B1 in process, ${scenario}` };
  for (const fact of Object.keys(runs[0])) {
    const sorted = runs.map((run) => run[fact]).sort((a, b) => a - b);
    row[fact] = round(sorted[sorted.length >> 1]);
    row[`${fact}Least`] = round(sorted[0]);
    row[`${fact}Most`] = round(sorted.at(-1));
  }
  return row;
});
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} cores (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB`,
  load: loadavg().map(round),
  node: process.version,
  repetitions,
  rows,
};
for (const row of rows) console.log(JSON.stringify(row));
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
