// Makes a fresh clone ready: installs the dependencies when the lock file has changed, builds when
// the sources have. Needs nothing but Node and npm, says what it does on stderr, and is quick
// when there is nothing to do.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeWanted = [20, 19];

checkNode();
install();
build();

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > nodeWanted[0] || (major === nodeWanted[0] && minor >= nodeWanted[1])) return;
  fail(`kafkit needs Node ${nodeWanted.join('.')} or newer; this is ${process.versions.node}.`);
}

function install() {
  const stamp = join(root, 'node_modules', '.kafkit-installed');
  const wanted = hash(readFileSync(join(root, 'package-lock.json')));
  if (read(stamp) === wanted) return;
  say('installing dependencies …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}

function build() {
  const stamp = join(root, 'dist', '.kafkit-built');
  const wanted = stateOfSources();
  if (read(stamp) === wanted) return;
  say('building …');
  // A fresh directory, so that nothing stays of a source file that is gone.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  mkdirSync(join(root, 'dist'));
  run(process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  run(process.execPath, [join(root, 'scripts', 'bundle.mjs')]);
  chmodSync(join(root, 'dist', 'bundle', 'cli.js'), 0o755);
  writeFileSync(stamp, wanted);
}

/** One line of text that changes whenever a source file comes, goes or is saved. */
function stateOfSources() {
  const lines = [];
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile() || file.name.endsWith('.test.ts')) continue;
    const path = join(file.parentPath ?? file.path, file.name);
    const { mtimeMs, size } = statSync(path);
    lines.push(`${path} ${mtimeMs} ${size}`);
  }
  for (const name of [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    join('scripts', 'bundle.mjs'),
  ]) {
    lines.push(hash(readFileSync(join(root, name))));
  }
  return hash(lines.toSorted((a, b) => (a < b ? -1 : 1)).join('\n'));
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex');
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function run(command, args) {
  // npm is a script on Windows, which only a shell can start; what it prints belongs on stderr.
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status !== 0)
    fail(`${command} failed${error ? `: ${error.message}` : ` with status ${status}`}`);
}

function say(text) {
  process.stderr.write(`kafkit: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
