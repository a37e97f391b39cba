// The fault matrix: clients at work on three real nodes of Apache Kafka while one thing goes wrong.
//
//   npm run faults -- --fault leader-killed --seed 1 --seeds 5
//   npm run faults -- --fault reset,stall --seeds 20 --record test/faults/results.tsv
//
// One line for each seed; ends with 1 when any has findings. A seed repeats the plan of the faults
// and the clients' settings. The journals of seeds with findings stay in a directory that is named.
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { temporaryDirectory } from '../compat/environment.mjs';
import { faults } from './faults.mjs';
import { ThreeNodes } from './three-nodes.mjs';
import { runTrial } from './trial.mjs';

const usage = `usage: npm run faults -- [--fault NAME[,NAME…]] [--seed N] [--seeds K] [--record FILE]
faults: ${Object.keys(faults).join(' ')}`;
const { values } = parseArgs({
  options: {
    fault: { type: 'string', default: Object.keys(faults).join(',') },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    record: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  },
});
const wanted = values.fault.split(',');
const [first, count] = [Number(values.seed), Number(values.seeds)];
const isWhole = (n) => Number.isInteger(n) && n > 0;
if (!wanted.every((name) => name in faults) || !isWhole(first) || !isWhole(count)) {
  console.error(usage);
  process.exit(2);
}

process.env.KAFKA_OPTS ??= '-XX:TieredStopAtLevel=1';
const journals = mkdtempSync(join(tmpdir(), 'kafkit-faults-'));
const cluster = await ThreeNodes.start(temporaryDirectory('three-nodes'), values.set);
console.log(`three nodes at ${cluster.direct}`);
let failed = 0;
let passed = 0;
for (let seed = first; seed < first + count; seed++) {
  for (const fault of wanted) {
    const say = (text) => console.log(`        ${text}`);
    const result = await runTrial({ cluster, fault, seed, directory: journals, say });
    report(fault, seed, result);
  }
}
cluster.close();
if (failed === 0) rmSync(journals, { recursive: true, force: true });
else console.log(`journals: ${journals}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function report(fault, seed, { findings, records, transactions, seconds }) {
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
