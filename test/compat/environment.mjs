// What the outside checks stand on: where Apache's programs and the seed clients lie, where
// downloads go, and how to start and end brokers. Only programs started here are ended here.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const shared = resolve(root, process.env.KAFKIT_SHARED ?? '../shared');
export const cache =
  process.env.KAFKIT_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kafkit');
export const cli = join(root, 'dist', 'bundle', 'cli.js');

if (!existsSync(shared)) {
  console.error(`The outside checks need ${shared} (set KAFKIT_SHARED); it is not there.`);
  process.exit(1);
}

/** What has to be ended or removed when this process ends, whatever the reason. */
const leftovers = new Set();
process.on('exit', () => {
  for (const end of [...leftovers].reverse()) end();
});

/** Runs `end` when this process ends, before what was begun earlier is ended. */
export function atExit(end) {
  leftovers.add(end);
}

/** A directory that is gone when this process ends. */
export function temporaryDirectory(name) {
  const path = mkdtempSync(join(tmpdir(), `kafkit-${name}-`));
  leftovers.add(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a program to its end; throws with the end of what it printed when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  const printed = `${result.stdout ?? ''}${result.stderr ?? ''}`;
  if (result.status !== 0 && !options.mayFail) {
    const why = result.error?.message ?? `status ${result.status ?? result.signal}`;
    throw new Error(`${command} ${args.join(' ')}: ${why}\n${printed.slice(-4000)}`);
  }
  return { stdout: result.stdout ?? '', stderr: result.stderr ?? '', status: result.status };
}

/** The same without blocking this process, so that a broker in it can answer. */
export function runAside(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let printed = '';
    const keep = (bytes) => {
      printed += bytes;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('error', fail);
    child.on('close', (status, signal) => {
      if (status === 0) done(printed);
      else
        fail(
          new Error(`${command} ${args.join(' ')}: ${status ?? signal}\n${printed.slice(-4000)}`),
        );
    });
  });
}

/** Fails the check with a sentence. */
export function require(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function sleep(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** Whether nobody listens on the port; 0 asks for any. Answers the port, or undefined. */
async function probe(port) {
  const server = createServer();
  const bound = new Promise((done) => {
    server.on('error', () => done(undefined));
    server.listen(port, '127.0.0.1', () => done(server.address().port));
  });
  const found = await bound;
  await new Promise((done) => server.close(done));
  return found;
}

/** A port that nobody listens on, nor on the next one: a node of Apache Kafka takes two. */
export async function freePort() {
  for (;;) {
    const port = await probe(0);
    if ((await probe(port + 1)) !== undefined) return port;
  }
}

/**
 * The same below the ports that the system deals out to connections: who is killed finds it free
 * when it comes back.
 */
export async function steadyPort() {
  for (;;) {
    const port = 13_000 + 2 * Math.floor(Math.random() * 3000);
    const found = await Promise.all([port, port + 1].map(probe));
    if (found.every((each) => each !== undefined)) return port;
  }
}

/** A port for three nodes of Apache Kafka: each takes two, the others 10000 and 20000 above. */
export async function freeClusterPort() {
  for (let port = 10_100; port < 12_700; port += 2) {
    const wanted = [0, 10_000, 20_000].flatMap((above) => [port + above, port + above + 1]);
    const found = await Promise.all(wanted.map(probe));
    if (found.every((each) => each !== undefined)) return port;
  }
  throw new Error('no six ports are free for three nodes');
}

/**
 * Starts `kafkit up`; resolves when it prints its ready line. With several `ports` a node listens on
 * each of them, and `order('stop 2')` gives an order on its standard input.
 */
export async function startKafkit({ data, port = 0, ports, flags = [], nodeFlags = [] } = {}) {
  const where = data === undefined ? ['--memory'] : ['--data', data];
  const all = ports ?? [port];
  const nodes = all.length > 1 ? ['--brokers', String(all.length)] : [];
  const listen = all.map((each) => `127.0.0.1:${each}`).join(',');
  const args = [...nodeFlags, cli, 'up', '--listen', listen, ...nodes, ...where, ...flags];
  const log = openSync(join(temporaryDirectory('log'), 'stderr'), 'w+');
  const stdin = all.length > 1 ? 'pipe' : 'ignore';
  const child = spawn(process.execPath, args, { stdio: [stdin, 'pipe', log] });
  const end = () => child.kill('SIGKILL');
  leftovers.add(end);
  const closed = new Promise((done) => {
    child.on('close', (status, signal) => {
      leftovers.delete(end);
      done(status ?? signal);
    });
  });
  const address = await new Promise((done, fail) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      text += bytes;
      const ready = /^ready (\S+)$/m.exec(text);
      if (ready) done(ready[1]);
    });
    child.on('error', fail);
    child.on('close', (status) =>
      fail(new Error(`kafkit up ended with ${status} before it was ready`)),
    );
  });
  const signal = (name) => {
    child.kill(name);
    return closed;
  };
  return {
    address,
    pid: child.pid,
    order: (text) => child.stdin.write(`${text}\n`),
    stop: () => signal('SIGTERM'),
    kill: () => signal('SIGKILL'),
  };
}

/** Apache's scripts, in a copy of ours whose links work: some ways of copying turn them to text. */
export const apache = apacheScripts();

function apacheScripts() {
  const source = join(shared, 'apache-kafka');
  const files = ['fetch', 'kafka', 'pom.xml', join('bin', 'kafka-run-class.sh')];
  const digest = createHash('sha256');
  for (const file of files) digest.update(readFileSync(join(source, file)));
  const copy = join(cache, `apache-kafka-scripts-${digest.digest('hex').slice(0, 12)}`);
  if (existsSync(copy)) return copy;
  const half = `${copy}-${process.pid}`;
  mkdirSync(join(half, 'bin'), { recursive: true });
  for (const file of files) {
    copyFileSync(join(source, file), join(half, file));
    chmodSync(join(half, file), 0o755);
  }
  for (const name of readdirSync(join(source, 'bin'))) {
    if (name !== 'kafka-run-class.sh') symlinkSync('kafka-run-class.sh', join(half, 'bin', name));
  }
  renameSync(half, copy);
  return copy;
}

/** One of Apache's command line tools, to its end. */
export function apacheTool(name, args, options) {
  return run(join(apache, 'bin', `${name}.sh`), args, options);
}

export function apacheToolAside(name, args, options) {
  return runAside(join(apache, 'bin', `${name}.sh`), args, options);
}

/**
 * Starts real Apache Kafka: one node at `port`, or three at `port`, `port` + 10000 and + 20000.
 * Returns its bootstrap servers. `options` are those of the script, such as `--set key=value`.
 */
export function startApacheKafka(kind, directory, port, options = []) {
  const start = kind === 'single' ? 'start-single' : 'start-cluster';
  const args = [start, directory, String(port), ...options];
  leftovers.add(() => spawnSync(join(apache, 'kafka'), ['stop', directory]));
  // On a busy machine the script may look for its node before that has its name; asked again, it
  // finds it.
  const script = join(apache, 'kafka');
  const first = run(script, args, { mayFail: true });
  const { stdout } = first.status === 0 ? first : run(script, args);
  return stdout.trim().split('\n').at(-1);
}

export function stopApacheKafka(directory) {
  run(join(apache, 'kafka'), ['stop', directory]);
}

/** A Python with the seed clients' packages in it, made once per list of packages. */
export function python() {
  const wanted = join(shared, 'seeds-clients', 'requirements.txt');
  const name = createHash('sha256').update(readFileSync(wanted)).digest('hex').slice(0, 12);
  const venv = join(cache, 'seeds-clients', name);
  const binary = join(venv, 'bin', 'python');
  if (!existsSync(binary)) {
    mkdirSync(dirname(venv), { recursive: true });
    const made = () => {
      run('python3', ['-m', 'venv', venv]);
      run(join(venv, 'bin', 'pip'), ['install', '-q', '-r', wanted]);
    };
    try {
      made();
    } catch (error) {
      rmSync(venv, { recursive: true, force: true });
      throw error;
    }
  }
  return binary;
}

/** Installs a Debian package where its program is missing. */
export function debian(program, packageName = program) {
  if (run('sh', ['-c', `command -v ${program}`], { mayFail: true }).status === 0) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', packageName], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}
