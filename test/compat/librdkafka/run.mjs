// librdkafka's own test-runner against a broker. Each test number is a process of its own, so that
// one that hangs or aborts takes no other with it; a few run beside each other. Scored per test and
// per sub-test, for the classic and the consumer group protocol, and for share groups.
//
//   node test/compat/librdkafka/run.mjs [kafkit|apache] [--protocol classic|consumer|share]
//        [--tests 0012,0103] [--fast] [--write] [--grow] [--logs DIR] [--beside 4]
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startBrokerUnderTest } from '../broker-under-test.mjs';
import { apache, cli, run, temporaryDirectory } from '../environment.mjs';
import { allowed, growAllowList, judge, recordResults } from '../scores.mjs';
import { brokerTests, build, version } from './build.mjs';
import { readOutcomes } from './outcomes.mjs';

const suite = 'librdkafka';
const minutesPerNumber = 15;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    protocol: { type: 'string' },
    tests: { type: 'string' },
    fast: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    grow: { type: 'boolean', default: false },
    logs: { type: 'string' },
    beside: { type: 'string', default: '4' },
  },
});

const kind = positionals[0] ?? 'kafkit';
const home = build();
const folder = temporaryDirectory(suite);
const kafkaPath = kafkaDistribution();
const wanted = flags.fast ? allowed(suite, 'tests.fast') : flags.tests?.split(',');
const protocols =
  flags.protocol === undefined ? ['classic', 'consumer', 'share'] : [flags.protocol];
if (flags.logs !== undefined) mkdirSync(flags.logs, { recursive: true });

/**
 * A test ends at its first sub-test that fails, and 0081 has those of ACLs near its beginning. The
 * ones behind them are run by their names, so that they are judged all the same.
 */
const alone = new Map([
  [
    '0081',
    [
      'do_test_CreateTopics',
      'do_test_DeleteTopics',
      'do_test_CreatePartitions',
      'do_test_DescribeAcls',
      'do_test_DeleteAcls',
      'do_test_AlterConfigs',
      'do_test_IncrementalAlterConfigs',
      'do_test_DescribeConfigs',
      'do_test_DeleteRecords',
      'do_test_ListConsumerGroups',
      'do_test_DescribeConsumerGroups',
      'do_test_DescribeTopics',
      'do_test_DescribeCluster',
      'do_test_DeleteGroups',
      'do_test_DeleteConsumerGroupOffsets',
      'do_test_ListOffsets',
      'do_test_AlterConsumerGroupOffsets',
      'do_test_ListConsumerGroupOffsets',
      'do_test_UserScramCredentials',
    ],
  ],
]);

const outcomes = new Map();
let brokerName;
for (const scenario of ['default', 'noautocreate']) await runScenario(scenario);

if (flags.write) {
  const about = `librdkafka ${version}, test-runner; classic, consumer and share`;
  const isPart = wanted !== undefined || protocols.length === 1;
  recordResults(suite, brokerName, outcomes, about, isPart);
}
if (flags.grow) growAllowList(suite, outcomes);
if (kind === 'apache' || (wanted !== undefined && !flags.fast)) {
  for (const [name, outcome] of outcomes) console.log(`${outcome} ${name}`);
  process.exit(0);
}
const names = new Set([...allowed(suite)].filter(within));
process.exit(judge(suite, outcomes, { names, atLeast: flags.fast ? 150 : 200 * protocols.length }));

/** Whether this run was to run the test of that name. */
function within(name) {
  const [protocol, test] = name.split('/');
  if (!protocols.includes(protocol)) return false;
  return wanted === undefined || [...wanted].includes(test.slice(0, 4));
}

/** All tests of one scenario, against a broker made for it. */
async function runScenario(scenario) {
  const tests = brokerTests(home).filter((test) => test.scenario.split(',').includes(scenario));
  const names = new Set(tests.map((test) => test.name));
  const numbers = new Set(tests.map((test) => test.number));
  const ofShareGroups = new Set(
    tests.filter(({ name }) => name.includes('_share_consumer')).map((test) => test.number),
  );
  const chosen = [...numbers].filter(
    (number) => wanted === undefined || [...wanted].includes(number),
  );
  if (chosen.length === 0) return;
  const broker = await startBrokerUnderTest(kind, {
    settings: [
      ['num.partitions', '4'],
      ['auto.create.topics.enable', String(scenario === 'default')],
      // Apache's default; 0118 counts on it.
      ['group.initial.rebalance.delay.ms', '3000'],
      // As the suite's own clusters have it.
      ['group.share.min.record.lock.duration.ms', '1000'],
    ],
    // Whoever is not authenticated is bound by ACLs, once a topic has some.
    options: ['--set', 'super.users=User:admin'],
  });
  brokerName = broker.name;
  const waiting = protocols.flatMap((protocol) =>
    chosen
      .filter((number) => ofShareGroups.has(number) === (protocol === 'share'))
      .map((number) => ({ protocol, number })),
  );
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await runNumber(broker, scenario, { ...next, names });
  };
  await Promise.all(Array.from({ length: Number(flags.beside) }, worker));
  await broker.stop();
}

async function runNumber(broker, scenario, { protocol, number, names }) {
  const conf = join(folder, `${protocol}-${number}.conf`);
  writeFileSync(
    conf,
    `bootstrap.servers=${broker.address}\ntest.topic.random=true\ntest.timeout.multiplier=3\n`,
  );
  for (const subTests of [undefined, ...(alone.get(number) ?? [])])
    await runSubTests(broker, scenario, { protocol, number, conf, subTests, names });
}

async function runSubTests(broker, scenario, { protocol, number, conf, subTests, names }) {
  const environment = {
    ...process.env,
    LD_LIBRARY_PATH: `${join(home, 'src')}:${join(home, 'src-cpp')}`,
    RDKAFKA_TEST_CONF: conf,
    TEST_KAFKA_VERSION: '4.3.0',
    // Of the consumers that tests of share groups use besides.
    TEST_CONSUMER_GROUP_PROTOCOL: protocol === 'share' ? 'consumer' : protocol,
    TEST_SCENARIO: scenario,
    TESTS: number,
    BROKERS: broker.address,
    KAFKA_PATH: kafkaPath,
    ...(subTests === undefined ? {} : { SUBTESTS: subTests }),
  };
  const started = Date.now();
  const printed = await runTestRunner(environment);
  const found = readOutcomes(printed);
  for (const name of found.keys()) {
    // Tests of the same number for another scenario, or of the client alone, are not this run's.
    const isOther = !names.has(name.split('/')[0]);
    if (isOther || (subTests !== undefined && !name.includes('/'))) found.delete(name);
  }
  const silent = subTests === undefined ? `${number}_nothing_reported` : `${number}/${subTests}`;
  if (found.size === 0) found.set(silent, 'failed');
  for (const [name, outcome] of found) {
    outcomes.set(`${protocol}/${name}`, outcome);
    const why = outcome === 'passed' ? '' : (found.reasons.get(name) ?? '');
    if (!name.includes('/') || outcome === 'failed')
      console.log(`${outcome} ${protocol}/${name} ${why}`.trimEnd());
  }
  console.log(`  ${protocol} ${number}: ${Math.round((Date.now() - started) / 1000)} s`);
  if (flags.logs !== undefined)
    writeFileSync(join(flags.logs, `${protocol}-${number}-${subTests ?? 'all'}.log`), printed);
}

/** What one run of the test-runner printed. A run beyond the limit is ended with all it started. */
function runTestRunner(environment) {
  return new Promise((done, fail) => {
    const child = spawn('./test-runner', ['-p1', '-L'], {
      cwd: join(home, 'tests'),
      detached: true,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    const keep = (bytes) => {
      printed += bytes;
      // Enough to read every sub-test; some tests print megabytes of records between.
      if (printed.length > 60_000_000) printed = printed.slice(-30_000_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      keep(`\nended after ${minutesPerNumber} minutes\n`);
      process.kill(-child.pid, 'SIGKILL');
    }, minutesPerNumber * 60_000);
    child.on('error', fail);
    child.on('close', () => {
      clearTimeout(timer);
      done(printed);
    });
  });
}

/**
 * A folder that looks like a distribution of Kafka, as some tests ask for: its scripts are our own
 * command line under Apache's names, its jars Apache's for their Java programs.
 */
function kafkaDistribution() {
  const path = join(folder, 'kafka');
  const jars = run(join(apache, 'fetch'), []).stdout.trim();
  mkdirSync(join(path, 'bin'), { recursive: true });
  symlinkSync(jars, join(path, 'libs'));
  const script = (name, line) => {
    const file = join(path, 'bin', `${name}.sh`);
    writeFileSync(file, `#!/bin/sh\n${line}\n`);
    chmodSync(file, 0o755);
  };
  for (const name of ['kafka-topics', 'kafka-configs', 'kafka-acls']) {
    const ours = `exec "${process.execPath}" "${cli}" ${name} "$@"`;
    script(name, kind === 'kafkit' ? ours : `exec "${join(apache, 'bin', name)}.sh" "$@"`);
  }
  script('kafka-run-class', `exec java -cp "$CLASSPATH:${jars}/*" "$@"`);
  return path;
}
