// Runs the project's own tests, then every outside check, one after the other, and prints the sum.
// A check is a program of its own that ends with status 0; it counts one. Nothing is skipped here:
// what is missing is a failure. `node test/compat/run.mjs kcat pykafka` runs just those.
import { spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** [name, minutes at the most, command …] */
const checks = [
  ['types', 6, 'npm', 'run', '-s', 'typecheck'],
  ['lint', 6, 'npm', 'run', '-s', 'lint'],
  ['package', 2, 'npx', 'publint', '--strict'],
  ['packed-package', 6, 'node', 'test/compat/packed-package.mjs'],
  ['otel', 4, 'node', 'test/compat/otel.mjs'],
  ['schemas', 4, 'node', 'test/compat/schemas.mjs'],
  ['protocol-facts', 1, 'node', 'scripts/extract-protocol-facts.mjs', '--check'],
  ['seed-clients', 12, 'node', 'test/compat/seed-clients.mjs'],
  ['pykafka', 5, 'node', 'test/compat/pykafka.mjs'],
  ['scenarios', 15, 'node', 'test/compat/apache/run.mjs', 'kafkit-three', 'single', 'tv1'],
  ['interchange', 12, 'node', 'test/compat/interchange/run.mjs'],
  ['faults', 8, 'node', 'test/faults/run.mjs', '--fault', 'reset,stall,leader-killed'],
  ['checker', 6, 'node', 'test/checker/run.mjs', '--seed', '2,6,13'],
  ['kcat', 5, 'node', 'test/compat/kcat.mjs'],
  ['simulate', 6, 'node', 'scripts/simulate.mjs', '--seeds', '300'],
  ['mutants', 8, 'node', 'test/simulation/mutants.mjs'],
  ['kill-minus-nine', 10, 'node', 'test/compat/kill-minus-nine.mjs'],
  ['transactions', 6, 'node', 'test/compat/transactions.mjs'],
  ['share-groups', 8, 'node', 'test/compat/share-groups.mjs'],
  ['records-java', 4, 'node', 'test/compat/records-java.mjs'],
  ['dump-log', 4, 'node', 'test/compat/dump-log.mjs'],
  ['dump-log-apache', 6, 'node', 'test/compat/dump-log-apache.mjs'],
  ['admin-apache', 10, 'node', 'test/compat/admin-apache.mjs'],
  ['admin-groups', 10, 'node', 'test/compat/admin-groups.mjs'],
  ['admin-nodes', 10, 'node', 'test/compat/admin-nodes.mjs'],
  ['cluster', 6, 'node', 'test/compat/cluster.mjs'],
  ['share-consumer', 8, 'node', 'test/compat/share-consumer.mjs'],
  ['share-consumer-kafkit', 6, 'node', 'test/compat/share-consumer.mjs', 'kafkit'],
  ['dead-letters', 6, 'node', 'test/compat/dead-letters.mjs'],
  ['share-worker', 8, 'node', 'test/compat/share-worker.mjs'],
  ['share-worker-kafkit', 6, 'node', 'test/compat/share-worker.mjs', 'kafkit'],
  ['differential', 8, 'node', 'test/compat/differential/run.mjs'],
  ['graduation', 12, 'node', 'test/compat/graduation.mjs'],
  ['growth', 10, 'node', 'test/compat/growth.mjs'],
  ['migration', 6, 'node', 'test/compat/migration.mjs'],
  ['pipelines', 14, 'node', 'test/compat/pipelines.mjs'],
  ['protocol-migration', 10, 'node', 'test/compat/protocol-migration.mjs'],
  ['group-of-three', 8, 'node', 'test/compat/group-of-three.mjs'],
  ['streams-groups', 12, 'node', 'test/compat/streams-groups/run.mjs'],
  ['franz-go', 15, 'node', 'test/compat/franz-go/run.mjs'],
  ['kafka-go', 8, 'node', 'test/compat/kafka-go/run.mjs', '--fast'],
  ['librdkafka', 25, 'node', 'test/compat/librdkafka/run.mjs', '--fast'],
  ['command-line', 8, 'node', 'test/compat/command-line.mjs'],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check[0] === name));
if (unknown.length > 0) {
  console.error(
    `No check is named ${unknown.join(', ')}. There are: ${checks.map((c) => c[0]).join(' ')}`,
  );
  process.exit(2);
}

let passed = 0;
let failed = 0;
const failures = [];

if (wanted.length === 0) await ownTests();
else spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: root, stdio: 'inherit' });

for (const [name, minutes, ...command] of checks) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { status, printed, seconds } = await runLimited(command, minutes * 60);
  if (status === 0) passed++;
  else {
    failed++;
    failures.push(name);
  }
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  const lines = printed.trimEnd().split('\n');
  for (const line of status === 0 ? lines.slice(-2) : lines.slice(-60))
    console.log(`       ${line}`);
}

if (failures.length > 0) console.log(`\nfailed: ${failures.join(', ')}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

/** `npm test`, whose closing line is added to the sum. */
async function ownTests() {
  const { status, printed, seconds } = await runLimited(['npm', 'test'], 15 * 60, true);
  const sum = /^(\d+) passed, (\d+) failed$/m.exec(printed);
  passed += Number(sum?.[1] ?? 0);
  failed += Number(sum?.[2] ?? 0);
  if (status !== 0 && Number(sum?.[2] ?? 0) === 0) failed++;
  if (sum === null || status !== 0) failures.push('npm test');
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} npm test (${seconds} s)`);
}

function runLimited([command, ...args], limitSeconds, echo = false) {
  return new Promise((done) => {
    const started = Date.now();
    // A group of its own, so that a check that hangs is ended with all that it started.
    const child = spawn(command, args, {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const keep = (bytes) => {
      printed = (printed + bytes).slice(-200_000);
      if (echo) process.stdout.write(bytes);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      printed += `\nended after ${limitSeconds} s`;
      process.kill(-child.pid, 'SIGKILL');
    }, limitSeconds * 1000);
    child.on('error', (error) => {
      printed += error.message;
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      done({ status, printed, seconds: Math.round((Date.now() - started) / 1000) });
    });
  });
}
