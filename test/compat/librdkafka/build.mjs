// librdkafka with its tests, from the npm tarball of Confluent's client, built once per version
// into the cache. The build needs about nine minutes of one processor.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { apache, cache, debian, run } from '../environment.mjs';

export const version = '2.15.1';
const tarball = '@confluentinc/kafka-javascript@1.10.1';

/** Where the sources and the built test-runner lie: the folder that holds `src` and `tests`. */
export function build() {
  const home = join(cache, `librdkafka-${version}`);
  if (existsSync(join(home, 'tests', 'built'))) return home;
  for (const program of ['gcc', 'g++', 'make', 'python3']) debian(program);
  for (const name of ['zlib1g-dev', 'libssl-dev', 'libzstd-dev']) debianLibrary(name);
  mkdirSync(cache, { recursive: true });
  const half = join(cache, `librdkafka-${version}-${process.pid}`);
  mkdirSync(half);
  try {
    const packed = run('npm', ['pack', '--silent', tarball], { cwd: half }).stdout.trim();
    run('tar', ['xzf', packed], { cwd: half });
    const source = join(half, 'package', 'deps', 'librdkafka');
    compile(source);
    rmSync(home, { recursive: true, force: true });
    renameSync(source, home);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return home;
}

/**
 * Some tests ask for three copies of a topic, which one node, Apache's too, refuses before anything
 * of them is tested. They get one.
 */
function askForOneCopy(source) {
  const path = join(source, 'tests', 'test.c');
  const text = readFileSync(path, 'utf8');
  const asked = 'rd_kafka_NewTopic_new(topicname, partition_cnt, replication_factor,';
  const one = asked.replace(
    'replication_factor,',
    'replication_factor > 1 ? 1 : replication_factor,',
  );
  if (text.split(asked).length !== 2) throw new Error(`${path} makes topics in another way`);
  writeFileSync(path, text.replace(asked, one));
}

function compile(source) {
  askForOneCopy(source);
  run('./configure', ['--disable-curl', '--disable-sasl'], { cwd: source });
  const make = (...args) => run('nice', ['-n', '10', 'make', '-j2', ...args], { cwd: source });
  make('libs');
  make('-C', 'tests', 'build');
  // Two of its tests talk to a Java program of theirs.
  const jars = run(join(apache, 'fetch'), []).stdout.trim();
  make('-C', 'tests/java', `KAFKA_JARS=${jars}`);
  run('touch', ['tests/built'], { cwd: source });
}

function debianLibrary(name) {
  const state = run('dpkg-query', ['-W', '-f', '${Status}', name], { mayFail: true });
  if (state.stdout.includes('install ok installed')) return;
  run('apt-get', ['update', '-qq']);
  run('apt-get', ['install', '-y', '-qq', name], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/**
 * The tests that talk to a broker, from the table in test.c: number, name and scenario each. Tests
 * of the client alone are left out, as are those its authors run by hand.
 */
export function brokerTests(home) {
  const source = readFileSync(join(home, 'tests', 'test.c'), 'utf8');
  const table = source.slice(source.indexOf('struct test tests[] = {'));
  const tests = [];
  for (const [, number, rest, flags, more] of table.matchAll(
    /\b_TEST\(\s*(\d{4})_(\w+),\s*([\w| ]+)([^;]*?)\),\n/g,
  )) {
    if (/TEST_F_(LOCAL|MANUAL)/.test(flags)) continue;
    const scenario = /\.scenario = "([^"]+)"/.exec(more)?.[1] ?? 'default';
    tests.push({ number, name: `${number}_${rest}`, scenario });
  }
  return tests;
}
