// Runs the simulations over many seeds, as every night: `npm run simulate -- --seeds 10000`. The
// simulations of whole brokers take about a second per seed and get a hundredth of the seeds. A
// failure prints its seed; `KAFKIT_SEED=<seed> npx vitest run <file>` repeats just that one.
//   --seeds N     how many (10000)
//   --first N     where to begin (1): a long run can be cut into pieces
//   --only NAME   one simulation, such as log-crash, with all of the seeds
//   --record FILE adds a line for each simulation: date, name, first seed, seeds, seconds, findings
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    first: { type: 'string', default: '1' },
    only: { type: 'string' },
    record: { type: 'string' },
  },
});

/** Of how many seeds each simulation gets one; `storage-faults` tries every disk call for each. */
const simulations = Object.entries({
  'storage-faults': 1000,
  'log-crash': 1,
  'log-compaction': 1,
  'groups-crash': 100,
  'shares-crash': 100,
  'transactions-crash': 100,
  'broker-crash': 100,
}).filter(([name]) => values.only === undefined || name === values.only);

const [seeds, first] = [values.seeds, values.first].map(Number);
const isCount = (number) => Number.isSafeInteger(number) && number >= 1;
if (!isCount(seeds) || !isCount(first) || simulations.length === 0) {
  console.error(
    '--seeds and --first want whole numbers above 0, --only a name in test/simulation/.',
  );
  process.exit(2);
}

let failed = 0;
for (const [name, divisor] of simulations) {
  const share = (number) => (values.only === undefined ? Math.ceil(number / divisor) : number);
  const [from, count] = [share(first), share(seeds)];
  console.log(`${name}: ${count} seeds from ${from} on`);
  const begun = Date.now();
  const { status, findings } = await simulate(name, from, count);
  const seconds = Math.round((Date.now() - begun) / 1000);
  const found = status === 0 ? 'none' : findings.join(' ') || 'failed';
  console.log(`${name}: ${seconds} s, findings: ${found}`);
  if (status !== 0) failed += 1;
  if (values.record === undefined) continue;
  const date = new Date().toISOString().slice(0, 10);
  appendFileSync(values.record, `${[date, name, from, count, seconds, found].join('\t')}\n`);
}
console.log(failed === 0 ? 'Every simulation passed.' : `${failed} simulations failed.`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs one simulation; what it prints is shown as it comes. */
function simulate(name, from, count) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const file = join('test', 'simulation', `${name}.test.ts`);
  const env = { ...process.env, KAFKIT_SEEDS: String(count), KAFKIT_FIRST_SEED: String(from) };
  return new Promise((done, fail) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [vitest, 'run', file], { cwd: root, stdio, env });
    const findings = new Set();
    let rest = '';
    const keep = (bytes) => {
      process.stdout.write(bytes);
      const lines = (rest + bytes).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        const seed = /KAFKIT_SEED=(\d+)|[×✗].*\(seed (\d+)\)|call \d+: \(seed (\d+)\)/.exec(line);
        if (seed !== null) findings.add(seed[1] ?? seed[2] ?? seed[3]);
      }
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', fail);
    child.on('close', (status) => done({ status, findings: [...findings] }));
  });
}
