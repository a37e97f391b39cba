// Runs the simulations over many seeds, as every night: `npm run simulate -- --seeds 10000`. The
// simulations of whole brokers take about a second per seed and get a hundredth of the seeds. A
// failure prints its seed; `KAFKIT_SEED=<seed> npx vitest run <file>` repeats just that one.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { seeds: { type: 'string', default: '10000' } } });
const seeds = Number(values.seeds);
if (!Number.isSafeInteger(seeds) || seeds < 1) {
  console.error('--seeds wants a whole number above 0.');
  process.exit(2);
}

/** What share of the seeds each simulation gets. */
const simulations = [
  ['test/simulation/storage-faults.test.ts', 1],
  ['test/simulation/log-crash.test.ts', 1],
  ['test/simulation/log-compaction.test.ts', 1],
  ['test/simulation/groups-crash.test.ts', 100],
  ['test/simulation/transactions-crash.test.ts', 100],
  ['test/simulation/broker-crash.test.ts', 100],
];
let failed = 0;
for (const [file, divisor] of simulations) {
  const count = Math.max(1, Math.round(seeds / divisor));
  console.log(`${file}: ${count} seeds`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, 'run', file], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, KAFKIT_SEEDS: String(count) },
  });
  if (status !== 0) failed += 1;
}
console.log(failed === 0 ? 'Every simulation passed.' : `${failed} simulations failed.`);
process.exitCode = failed === 0 ? 0 : 1;
