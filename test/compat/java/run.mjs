// Apache's Java clients, tools and Kafka Streams against a broker.
//
//   node test/compat/java/run.mjs [kafkit|apache] [--only NAME,…] [--write] [--grow]
import { parseArgs } from 'node:util';

import { startBrokerUnderTest } from '../broker-under-test.mjs';
import { temporaryDirectory } from '../environment.mjs';
import { growAllowList, judge, recordResults } from '../scores.mjs';
import { classPath, version } from './jars.mjs';
import { Program } from './program.mjs';
import { streamsChecks } from './streams-checks.mjs';
import { toolsChecks } from './tools-checks.mjs';

const suite = 'java';
const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
    grow: { type: 'boolean', default: false },
  },
});

const path = classPath();
const broker = await startBrokerUnderTest(positionals[0] ?? 'kafkit', {
  settings: [
    ['auto.create.topics.enable', 'false'],
    ['group.initial.rebalance.delay.ms', '0'],
  ],
});
const java = (command, limitSeconds) => new Program(path, command, limitSeconds);
const topics = (...args) => {
  const command = ['org.apache.kafka.tools.TopicCommand', '--bootstrap-server', broker.address];
  return java([...command, ...args]).toEnd();
};
const context = {
  kind: broker.kind,
  address: broker.address,
  folder: temporaryDirectory(suite),
  java,
  createTopic: (name, partitions) =>
    topics('--create', '--if-not-exists', '--topic', name, '--partitions', String(partitions)),
  /** Topics whose names fit a regular expression. */
  deleteTopics: (pattern) => topics('--delete', '--if-exists', '--topic', pattern),
};

const checks = { ...toolsChecks(context), ...streamsChecks(context) };
const only = flags.only?.split(',');
const outcomes = new Map();
for (const [name, check] of Object.entries(checks)) {
  if (only !== undefined && !only.some((part) => name.includes(part))) continue;
  const started = Date.now();
  try {
    await check();
    outcomes.set(name, 'passed');
  } catch (error) {
    outcomes.set(name, 'failed');
    console.log(`${name}: ${error.message}`);
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${outcomes.get(name)} ${name} (${seconds} s)`);
}
await broker.stop();
const about = `Apache Kafka's Java clients, tools and Streams ${version}`;
if (flags.write) recordResults(suite, broker.name, outcomes, about, only !== undefined);
if (flags.grow) growAllowList(suite, outcomes);
if (broker.kind === 'apache' || only !== undefined) process.exit(0);
process.exit(judge(suite, outcomes, { atLeast: 12 }));
