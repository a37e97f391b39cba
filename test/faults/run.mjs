// The fault matrix: clients at work on three real nodes of Apache Kafka while one thing goes wrong.
//
//   npm run faults -- --fault leader-killed --seed 1 --seeds 5
//   npm run faults -- --fault reset,stall --seeds 20 --record test/faults/results.tsv
//
// One line for each seed; ends with 1 when any has findings. A seed repeats the plan of the faults
// and the clients' settings. What touches only a trial's own topics and relays is tried in several
// lanes side by side, what is done to nodes one after the other. The journals of seeds with findings
// stay in a directory that is named.
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '../compat/environment.mjs';
import { faults } from './faults.mjs';
import { ThreeNodes } from './three-nodes.mjs';
import { runTrial } from './trial.mjs';

const usage = `usage: npm run faults -- [--fault NAME[,NAME…]] [--seed N] [--seeds K] [--record FILE]
                          [--lanes N]
faults: ${Object.keys(faults).join(' ')}`;
const { values } = parseArgs({
  options: {
    fault: { type: 'string', default: Object.keys(faults).join(',') },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    record: { type: 'string' },
    lanes: { type: 'string', default: '4' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const wanted = values.fault.split(',');
const [first, count, lanes] = [values.seed, values.seeds, values.lanes].map(Number);
const isWhole = (n) => Number.isInteger(n) && n > 0;
if (!wanted.every((name) => name in faults) || ![first, count, lanes].every(isWhole)) {
  console.error(usage);
  process.exit(2);
}

// Who is interrupted ends the nodes as well.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(130));
process.env.KAFKA_OPTS ??= '-XX:TieredStopAtLevel=1';
const journals = mkdtempSync(join(tmpdir(), 'kafkit-faults-'));
const cluster = await ThreeNodes.start(temporaryDirectory('three-nodes'), values.set, lanes);
console.log(`three nodes at ${cluster.direct}`);
let failed = 0;
let passed = 0;
const seeds = Array.from({ length: count }, (_, n) => first + n);
const trials = seeds.flatMap((seed) => wanted.map((fault) => ({ fault, seed })));
const apart = trials.filter(({ fault }) => faults[fault].isApart);
await Promise.all(
  cluster.lanes.map(async (lane) => {
    for (let next = apart.shift(); next !== undefined; next = apart.shift()) {
      await attempt(next, lane);
    }
  }),
);
for (const next of trials) {
  if (!faults[next.fault].isApart) await attempt(next, cluster.lanes[0]);
}
cluster.close();
if (failed === 0) rmSync(journals, { recursive: true, force: true });
else console.log(`journals: ${journals}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function attempt({ fault, seed }, lane) {
  const say = (text) => console.log(`        ${text}`);
  const result = await runTrial({ cluster, lane, fault, seed, directory: journals, say }).catch(
    (error) => ({ findings: [`the trial failed: ${error.stack}`] }),
  );
  report(fault, seed, result);
}

function report(fault, seed, { findings, records = 0, transactions = 0, seconds = 0 }) {
  if (findings.length === 0) passed++;
  else failed++;
  const word = findings.length === 0 ? 'ok     ' : 'FINDING';
  const facts = `${records} records, ${transactions} transactions, ${seconds} s`;
  console.log(`${word} ${fault} seed ${seed}: ${facts}`);
  for (const finding of findings) console.log(`        ${finding}`);
  if (values.record === undefined) return;
  if (!existsSync(values.record)) {
    writeFileSync(values.record, 'date\tfault\tseed\trecords\ttransactions\tseconds\tfindings\n');
  }
  const date = new Date().toISOString().slice(0, 10);
  const line = [date, fault, seed, records, transactions, seconds, findings.length];
  appendFileSync(values.record, `${line.join('\t')}\n`);
}
