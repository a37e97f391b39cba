// franz-go's own tests of its client (github.com/twmb/franz-go/pkg/kgo): producing, group chains
// with members that come and go under both group protocols, transactions, share groups. The test
// program is built once per version into the cache. Its tests of the client alone are left out.
//
//   node test/compat/franz-go/run.mjs [kafkit|apache] [--run REGEX] [--write] [--grow]
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cache, debian, run, temporaryDirectory } from '../environment.mjs';
import { startBrokerUnderTest } from '../broker-under-test.mjs';
import { runGoTests } from '../go-tests.mjs';
import { growAllowList, judge, recordResults } from '../scores.mjs';

const suite = 'franz-go';
const version = 'v1.22.3';
const records = 10_000;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    run: { type: 'string' },
    write: { type: 'boolean', default: false },
    grow: { type: 'boolean', default: false },
  },
});

const { program, folder } = build();
const broker = await startBrokerUnderTest(positionals[0] ?? 'kafkit');
const outcomes = await runTests();
await broker.stop();
if (flags.write) {
  const about = `franz-go ${version} pkg/kgo, ${records} records per test`;
  recordResults(suite, broker.name, outcomes, about);
}
if (broker.kind === 'apache' || flags.run !== undefined) {
  for (const [name, outcome] of outcomes) console.log(`${outcome} ${name}`);
  process.exit(0);
}
if (flags.grow) growAllowList(suite, outcomes);
process.exit(judge(suite, outcomes, { atLeast: 55 }));

/** The module from Go's proxy, and its tests as a program. */
function build() {
  debian('go', 'golang-go');
  const module = JSON.parse(
    run('go', ['mod', 'download', '-json', `github.com/twmb/franz-go@${version}`]).stdout,
  );
  const source = join(module.Dir, 'pkg', 'kgo');
  const goes = run('go', ['env', 'GOVERSION'], { cwd: source }).stdout.trim();
  const built = join(cache, suite, `kgo-${version}-${goes}.test`);
  if (!existsSync(built)) {
    mkdirSync(join(cache, suite), { recursive: true });
    const half = `${built}-${process.pid}`;
    run('nice', ['-n', '10', 'go', 'test', '-c', '-o', half, '.'], { cwd: source });
    renameSync(half, built);
  }
  return { program: built, folder: source };
}

/**
 * Names of the tests that talk to a broker: those whose source makes a client, a topic or a group
 * of the suite's own.
 */
function brokerTests() {
  const asks =
    /\b(newTestClient|testClientOpts|getSeedBrokers|adm|tmp\w*Topic\w*|tmp\w*Group|\w+Seeds)\b/;
  const names = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('_test.go'))) {
    const functions = readFileSync(join(folder, file), 'utf8').split(/^func /m);
    for (const text of functions.slice(1)) {
      const name = /^(Test\w+)\(/.exec(text)?.[1];
      if (name !== undefined && asks.test(text)) names.push(name);
    }
  }
  return names;
}

function runTests() {
  return runGoTests(program, {
    cwd: folder,
    pattern: flags.run ?? `^(${brokerTests().join('|')})$`,
    minutes: 25,
    env: {
      KGO_SEEDS: broker.address,
      KGO_TEST_RF: '1',
      KGO_TEST_RECORDS: String(records),
      KGO_LOG_LEVEL: 'none',
      TMPDIR: temporaryDirectory(suite),
    },
  });
}
