// One suite of scenarios for our client against many kinds of brokers: `npm run compat:apache`.
//
//   node test/compat/apache/run.mjs                       all of the targets below
//   node test/compat/apache/run.mjs single three          only those
//   node test/compat/apache/run.mjs HOST:PORT             what runs there
//   … --only 'static member'                              scenarios whose sentence has these words
//
// kafkit is our broker, kafkit-three the same as three nodes; single, tv0 and tv1 are one node of
// Apache Kafka (with transaction.version 2, 0 and 1), three has three nodes. What a target cannot
// serve is printed with the reason. Ends with 1 when any scenario fails.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  freeClusterPort,
  freePort,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../environment.mjs';
import { admin } from './admin.mjs';
import { consumer } from './consumer.mjs';
import { groups } from './groups.mjs';
import { metadata } from './metadata.mjs';
import { producer } from './producer.mjs';
import { Scene } from './scenario.mjs';
import { transactions } from './transactions.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../../dist/bundle', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(dist, 'index.js')).href);

const areas = { admin, producer, consumer, groups, transactions, metadata };
/** A busy machine is no finding. */
const limitMs = 180_000;

const targets = {
  kafkit: { start: () => startKafkit() },
  'kafkit-three': { start: async () => startKafkit({ ports: await threePorts() }) },
  single: { start: () => apache('single', []) },
  three: { start: () => apache('three', []) },
  // What the version of transactions changes, and nothing else.
  tv0: {
    start: () => apache('single', ['--feature', 'transaction.version=0']),
    area: 'transactions',
  },
  tv1: {
    start: () => apache('single', ['--feature', 'transaction.version=1']),
    area: 'transactions',
  },
};

async function threePorts() {
  return [await freePort(), await freePort(), await freePort()];
}

async function apache(kind, options) {
  const directory = temporaryDirectory(`scenarios-${kind}`);
  const port = await (kind === 'three' ? freeClusterPort() : freePort());
  const address = startApacheKafka(kind, directory, port, options);
  return { address, stop: async () => stopApacheKafka(directory) };
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' } },
});
const wanted = positionals.length === 0 ? Object.keys(targets) : positionals;
const unknown = wanted.filter((name) => !(name in targets) && !name.includes(':'));
if (unknown.length > 0) {
  console.error(`No target is named ${unknown.join(', ')}: ${Object.keys(targets).join(' ')}`);
  process.exit(2);
}
process.env.KAFKA_OPTS ??= '-XX:TieredStopAtLevel=1';
process.on('unhandledRejection', (error) => {
  console.log(`FAILED  an unhandled rejection: ${error?.stack ?? error}`);
  process.exitCode = 1;
});
const totals = { passed: 0, failed: 0, unserved: 0 };
for (const name of wanted) {
  const { start, area } = targets[name] ?? { start: async () => ({ address: name }) };
  const running = await start();
  await judge(name, running.address, area);
  await running.stop?.();
}
const { passed, failed, unserved } = totals;
if (unserved > 0) console.log(`${unserved} not served, for the reasons above`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? (process.exitCode ?? 0) : 1);

/** What stands in the way of a scenario, by what it needs. */
async function obstacles(kafka) {
  const asking = kafka.admin();
  const versions = await asking.apiVersions();
  const { brokers } = await asking.describeCluster();
  await asking.close();
  const has = (api, version) => versions.some(({ name, max }) => name === api && max >= version);
  const lacks = {};
  if (!has('ConsumerGroupHeartbeat', 1)) lacks['consumer protocol'] = 'no ConsumerGroupHeartbeat 1';
  if (brokers.length < 3) lacks['three nodes'] = `it has ${brokers.length}`;
  return lacks;
}

async function judge(target, bootstrapServers, onlyArea) {
  console.log(`-- ${target} at ${bootstrapServers}`);
  const scene = new Scene({ Kafka, bootstrapServers });
  const lacks = await obstacles(scene.kafka);
  for (const [area, scenarios] of Object.entries(areas)) {
    if (onlyArea !== undefined && area !== onlyArea) continue;
    for (const [sentence, scenario] of Object.entries(scenarios)) {
      if (!sentence.includes(flags.only)) continue;
      const { needs, run } = typeof scenario === 'function' ? { run: scenario } : scenario;
      if (lacks[needs] !== undefined) {
        totals.unserved++;
        console.log(`unserved ${area}: ${sentence} (needs ${needs}: ${lacks[needs]})`);
      } else await attempt(`${area}: ${sentence}`, run, scene);
    }
  }
  await scene.close();
}

async function attempt(sentence, run, scene) {
  const started = Date.now();
  let timer;
  const limit = new Promise((_done, fail) => {
    timer = setTimeout(() => fail(new Error(`took more than ${limitMs / 1000} s`)), limitMs);
  });
  try {
    const said = await Promise.race([run(scene), limit]);
    totals.passed++;
    const more = typeof said === 'string' ? `: ${said}` : '';
    console.log(`ok      ${sentence}${more} (${Date.now() - started} ms)`);
  } catch (error) {
    totals.failed++;
    console.log(`FAILED  ${sentence}: ${error.code ?? ''} ${error.stack}`);
  } finally {
    clearTimeout(timer);
    await scene.clear();
  }
}
