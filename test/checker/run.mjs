// Outside clients at work on our broker while it and they are killed and paused; afterwards their
// journals and the log are judged. See README.md.
//
//   node test/checker/run.mjs --seed 1 --seeds 5 [--record test/checker/results.tsv]
//   node test/checker/run.mjs --target apache --seed 3 --nodes 3
//
// One line for each seed; ends with 1 when any has findings. The journals of those (of all, with
// --keep) stay in a directory that is named, beside them the broker's directory, `<seed>-data`.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { legal } from './legal.mjs';
import { runTrial } from './trial.mjs';

const usage = `usage: node test/checker/run.mjs [--seed N] [--seeds K | --seed N,M,…]
                                   [--target kafkit|apache] [--nodes 1|3] [--record FILE] [--say] [--keep]`;
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    target: { type: 'string', default: 'kafkit' },
    nodes: { type: 'string' },
    record: { type: 'string' },
    say: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});
const listed = values.seed.split(',').map(Number);
const seeds = listed.flatMap((first) => Array.from({ length: values.seeds }, (_, n) => first + n));
const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
const isRight =
  seeds.every((n) => Number.isInteger(n) && n > 0) &&
  seeds.length > 0 &&
  ['kafkit', 'apache'].includes(values.target) &&
  [undefined, 1, 3].includes(nodes);
if (!isRight) {
  console.error(usage);
  process.exit(2);
}

// Who is interrupted ends brokers and clients as well.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(130));
process.env.KAFKA_OPTS ??= '-XX:TieredStopAtLevel=1';
const directory = mkdtempSync(join(tmpdir(), 'kafkit-checker-'));
const totals = {};
let failed = 0;
for (const seed of seeds) {
  const say = (text) => values.say && console.log(`        ${text}`);
  const result = await runTrial({ target: values.target, seed, nodes, directory, say }).catch(
    (error) => ({ findings: [`the trial failed: ${error.stack}`] }),
  );
  report(seed, result);
}
console.log('known to be legal in Kafka, and counted:');
for (const [kind, count] of Object.entries(totals).sort()) {
  console.log(`  ${String(count).padStart(6)} ${kind}: ${legal[kind].what}`);
}
if (failed === 0 && !values.keep) rmSync(directory, { recursive: true, force: true });
else console.log(`journals: ${directory}`);
console.log(`${seeds.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function report(seed, { plan, findings, legal: counted = {}, facts = {}, seconds = 0 }) {
  if (findings.length > 0) failed++;
  for (const [kind, count] of Object.entries(counted)) totals[kind] = (totals[kind] ?? 0) + count;
  const { writes = 0, reads = 0, committed = 0, aborted = 0, unknown = 0 } = facts;
  const kinds = (plan?.faults ?? []).map(({ kind }) => kind);
  const word = findings.length === 0 ? 'ok     ' : 'FINDING';
  console.log(
    `${word} seed ${seed}: ${values.target}, ${plan?.nodes} nodes, ${kinds.join(' ')}: ` +
      `${writes} writes, ${reads} reads, transactions ${committed} committed ${aborted} aborted ` +
      `${unknown} unknown, ${seconds} s`,
  );
  for (const finding of findings) console.log(`        ${finding}`);
  if (findings.length === 0 && !values.keep) clear(seed);
  if (values.record === undefined) return;
  const heads =
    'date target nodes seed writes reads committed aborted unknown faults legal seconds';
  if (!existsSync(values.record)) {
    writeFileSync(values.record, `${heads.replaceAll(' ', '\t')}\tfindings\n`);
  }
  const date = new Date().toISOString().slice(0, 10);
  const legalText = Object.entries(counted).map(([kind, count]) => `${kind}=${count}`);
  const row = [date, values.target, plan?.nodes, seed, writes, reads, committed, aborted, unknown];
  row.push(kinds.join(' '), legalText.sort().join(' '), seconds, findings.length);
  appendFileSync(values.record, `${row.join('\t')}\n`);
}

function clear(seed) {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(`${seed}-`)) rmSync(join(directory, name));
  }
}
