// Proves that the simulations are sharp: each patch in mutants/ puts one mistake into a copy of the
// sources, and the simulation it names must find it within 300 seeds. A patch that no longer applies
// is a failure, as is one that is found for another reason than a broken promise.
//   node test/simulation/mutants.mjs [name …]
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const seeds = 300;
/** `storage-faults` lets every call of the disk fail for each seed. */
const seedsOf = { 'storage-faults': 1 };
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const folder = join(root, 'test', 'simulation', 'mutants');
const minutesEach = 6;

const known = readdirSync(folder)
  .filter((name) => name.endsWith('.patch'))
  .map((name) => name.slice(0, -'.patch'.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No mutant is named ${unknown.join(', ')}. There are: ${known.join(' ')}`);
  process.exit(2);
}

const waiting = known.filter((name) => wanted.length === 0 || wanted.includes(name));
const children = new Set();
const copies = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const count = waiting.length;
const survivors = [];
const started = Date.now();
const lanes = Array.from({ length: Math.min(2, availableParallelism()) }, async () => {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const began = Date.now();
    const { isFound, how } = await hunt(name);
    if (!isFound) survivors.push(name);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    console.log(`${isFound ? 'found ' : 'ALIVE '} ${name} (${seconds} s): ${how}`);
  }
});
await Promise.all(lanes);
const seconds = Math.round((Date.now() - started) / 1000);
console.log(`${count - survivors.length} of ${count} mutants found in ${seconds} s`);
if (survivors.length > 0) console.log(`not found: ${survivors.join(', ')}`);
process.exitCode = survivors.length === 0 && count > 0 ? 0 : 1;

/** Runs the simulation that a patch names on a copy with the patch in it. */
async function hunt(name) {
  const patch = join(folder, `${name}.patch`);
  const simulation = /^Found by: (\S+)$/m.exec(readFileSync(patch, 'utf8'))?.[1];
  if (simulation === undefined) return { isFound: false, how: 'no "Found by:" in the patch' };
  const copy = mkdtempSync(join(tmpdir(), `kafkit-mutant-`));
  copies.add(copy);
  try {
    for (const part of ['src', 'test', 'scripts', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, part), join(copy, part), { recursive: true });
    }
    cpSync(join(root, 'vitest.config.ts'), join(copy, 'vitest.config.ts'));
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const applied = spawnSync('git', ['apply', patch], { cwd: copy, encoding: 'utf8' });
    if (applied.status !== 0) {
      return { isFound: false, how: `the patch does not apply: ${applied.stderr.trim()}` };
    }
    return judge(await simulate(copy, simulation));
  } finally {
    rmSync(copy, { recursive: true, force: true });
    copies.delete(copy);
  }
}

function simulate(copy, simulation) {
  return new Promise((done) => {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const file = join('test', 'simulation', `${simulation}.test.ts`);
    const child = spawn(process.execPath, [vitest, 'run', file, '--bail=1', '--no-color'], {
      cwd: copy,
      env: {
        ...process.env,
        KAFKIT_SEEDS: String(seedsOf[simulation] ?? seeds),
        KAFKIT_BAIL: '1',
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let printed = '';
    const keep = (bytes) => {
      printed = (printed + bytes).slice(-200_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      printed += `\nended after ${minutesEach} minutes`;
      child.kill('SIGKILL');
    }, minutesEach * 60_000);
    child.on('error', (error) => keep(error.message));
    child.on('close', (status) => {
      clearTimeout(timer);
      children.delete(child);
      done({ status, printed });
    });
  });
}

/** A simulation names the seed, or the failing call of the disk, that shows the mistake. */
function judge({ status, printed }) {
  if (status === 0) return { isFound: false, how: `nothing in ${seeds} seeds` };
  const isBroken = /(Syntax|Reference)Error|Transform failed|Failed to load/.exec(printed);
  if (isBroken) return { isFound: false, how: `the mutant does not run: ${isBroken[0]}` };
  const complaint = /"((?:seed|call) \d+: [^\n]{0,110})/.exec(printed)?.[1];
  const title = /\(seed \d+\)/.exec(printed)?.[0];
  const first = /^\s*\+\s+"([^\n]{0,100})/m.exec(printed)?.[1];
  const how = complaint ?? (title === undefined ? undefined : `${title} ${first ?? ''}`);
  if (how === undefined)
    return { isFound: false, how: `no seed is named:\n${printed.slice(-2000)}` };
  return { isFound: true, how: how.replace(/ \(repeat.*$/, '') };
}
