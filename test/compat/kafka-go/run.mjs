// kafka-go's own tests of its client (github.com/segmentio/kafka-go): a client of old request
// versions, with groups, batches and each compression of its own. Its tests have the broker's port
// written into them, so a copy of its sources gets the port of the broker at hand and is built
// anew. Every test is a process of its own, so that one that panics takes no other with it; tests
// of the client alone are left out.
//
//   node test/compat/kafka-go/run.mjs [kafkit|apache] [--run REGEX] [--fast] [--write] [--grow]
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startBrokerUnderTest } from '../broker-under-test.mjs';
import { atExit, cache, debian, freePort, run, temporaryDirectory } from '../environment.mjs';
import { runGoTests } from '../go-tests.mjs';
import { allowed, growAllowList, judge, recordResults } from '../scores.mjs';

const suite = 'kafka-go';
const version = 'v0.4.51';
/** Folders of the module whose tests talk to a broker on a plain listener. */
const folders = ['.', 'compress', 'topics'];
/** Names an address, and asks nobody there. */
const ofTheClientAlone = new Set(['TestNetworkAddress']);
/** Panic on every broker, or log in to a second listener: FINDINGS.md says of each why. */
const leftOut =
  '^TestReaderConsumerGroup$/^(verify_offset_committed|consumer_group_commits_on_close)|' +
  '^TestWriter$/SASL';
const minutesPerTest = 3;
const besideEachOther = 4;
/** Beyond the time of the fast selection. */
const slow = new Set(readList('tests.slow'));

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: 'string' },
    fast: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    grow: { type: 'boolean', default: false },
  },
});

/** The port that the tests are written for. */
const theirs = '9092';
const port = await freePort();
const programs = build();
const broker = await start(positionals[0] ?? 'kafkit');
const outcomes = new Map();
await runTests();
await broker.stop();
const isPart = flags.fast || flags.run !== undefined;
if (flags.write) {
  recordResults(suite, broker.name, outcomes, `kafka-go ${version}, each test by itself`, isPart);
}
if (broker.kind === 'apache' || flags.run !== undefined) {
  for (const [name, outcome] of outcomes) console.log(`${outcome} ${name}`);
  process.exit(0);
}
if (flags.grow) growAllowList(suite, outcomes);
const names = [...allowed(suite)].filter((name) => !flags.fast || !slow.has(name.split('/')[0]));
process.exit(judge(suite, outcomes, { names: new Set(names), atLeast: flags.fast ? 60 : 70 }));

/** One node with number 1 that calls itself localhost and takes large records, as they expect. */
function start(kind) {
  const settings = [['message.max.bytes', '200000000']];
  const flags = ['--advertise', `localhost:${port}`];
  const options = ['--set', `advertised.listeners=PLAINTEXT://localhost:${port}`];
  return startBrokerUnderTest(kind, { port, settings, flags, options });
}

/** A copy of the module that knows our port, and each folder's tests as a program. */
function build() {
  debian('go', 'golang-go');
  const module = JSON.parse(
    run('go', ['mod', 'download', '-json', `github.com/segmentio/kafka-go@${version}`]).stdout,
  );
  const copy = join(cache, suite, `${version}-${process.pid}`);
  atExit(() => rmSync(copy, { recursive: true, force: true }));
  mkdirSync(copy, { recursive: true });
  cpSync(module.Dir, copy, { recursive: true });
  run('chmod', ['-R', 'u+w', copy]);
  for (const name of folders) setPort(join(copy, name));
  return folders.map((name) => {
    const folder = join(copy, name);
    const files = readdirSync(folder).filter((file) => file.endsWith('_test.go'));
    const sources = files.map((file) => readFileSync(join(folder, file), 'utf8'));
    const program = join(folder, 'kafkit.test');
    const building = ['test', '-c', '-mod=mod', '-o', program, '.'];
    run('nice', ['-n', '10', 'go', ...building], { cwd: folder });
    return { name, folder, program, tests: brokerTests(sources) };
  });
}

/** In its tests, and as the port that the client takes where none is given. */
function setPort(folder) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.go'))) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(theirs, String(port)));
  }
}

/**
 * Names of the tests that talk to a broker: whose functions name its address, or call, however
 * far, one that does.
 */
function brokerTests(sources) {
  const functions = new Map();
  for (const text of sources) {
    for (const one of text.split(/^func /m).slice(1)) {
      const name = /^(?:\([^)]*\) )?(\w+)\(/.exec(one)?.[1];
      if (name !== undefined) functions.set(name, one);
    }
  }
  const asking = new Set();
  const address = new RegExp(`(localhost|127\\.0\\.0\\.1):${port}`);
  for (const [name, text] of functions) if (address.test(text)) asking.add(name);
  for (let size = 0; size !== asking.size; ) {
    size = asking.size;
    const calls = new RegExp(`\\b(${[...asking].join('|')})\\b`);
    for (const [name, text] of functions) {
      if (calls.test(text.slice(text.indexOf('(')))) asking.add(name);
    }
  }
  const isWanted = (name) => name.startsWith('Test') && !ofTheClientAlone.has(name);
  return [...functions.keys()].filter((name) => asking.has(name) && isWanted(name));
}

/** A few tests beside each other: most of their time they wait for their client's metadata. */
async function runTests() {
  const wanted = flags.run === undefined ? undefined : new RegExp(flags.run);
  const left = programs.flatMap((program) =>
    program.tests
      .filter((test) => !flags.fast || !slow.has(test))
      .filter((test) => wanted === undefined || wanted.test(test))
      .map((test) => ({ ...program, test })),
  );
  const workers = Array.from({ length: besideEachOther }, async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await runTest(next);
  });
  await Promise.all(workers);
}

async function runTest({ name: folderName, folder, program, test }) {
  const begun = Date.now();
  const found = await runGoTests(program, {
    cwd: folder,
    pattern: `^${test}$`,
    skip: leftOut,
    minutes: minutesPerTest,
    env: { KAFKA_VERSION: '4.0.0', TMPDIR: temporaryDirectory(suite) },
  });
  const seconds = Math.round((Date.now() - begun) / 1000);
  if (seconds >= 10) console.log(`${seconds} s ${test}`);
  for (const [given, outcome] of found) {
    const name = given.replaceAll(String(port), theirs);
    outcomes.set(folderName === '.' ? name : `${folderName}/${name}`, outcome);
  }
}

function readList(name) {
  return [...allowed(suite, name)];
}
