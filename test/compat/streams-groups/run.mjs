// Kafka Streams 4.3.1 with `group.protocol=streams`: a word count, exactly once, in two instances
// of two threads with a standby for each task. One instance is killed, the other takes over; a
// third comes. The counts must be exact, Apache's kafka-streams-groups tool must see the group as
// it is and the offsets it has committed, to the record, and Apache Kafka, which runs the same
// steps, must look the same.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  apacheToolAside,
  atExit,
  cache,
  debian,
  freePort,
  require,
  run,
  runAside,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../environment.mjs';

const version = '4.3.1';
const here = dirname(fileURLToPath(import.meta.url));
const work = temporaryDirectory('streams-groups');
const classPath = programs();
const settings = [
  'group.streams.session.timeout.ms=8000',
  'group.streams.min.session.timeout.ms=8000',
  'group.streams.heartbeat.interval.ms=1000',
  'group.streams.min.heartbeat.interval.ms=1000',
  'group.streams.num.standby.replicas=1',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000',
];

/** Apache's jars and our program beside them; made once. */
function programs() {
  debian('java', 'openjdk-17-jdk-headless');
  debian('mvn', 'maven');
  const digest = createHash('sha256').update(version);
  for (const name of ['pom.xml', 'Count.java']) digest.update(readFileSync(join(here, name)));
  const home = join(cache, `streams-groups-${digest.digest('hex').slice(0, 12)}`);
  const path = `${join(home, '*')}:${home}`;
  if (existsSync(home)) return path;
  const half = `${home}-${process.pid}`;
  mkdirSync(half, { recursive: true });
  try {
    run('mvn', [
      ...['-q', '-B', '-f', join(here, 'pom.xml'), 'dependency:copy-dependencies'],
      ...['-DincludeScope=runtime', `-Dkafka.version=${version}`, `-DoutputDirectory=${half}`],
    ]);
    run('javac', ['-proc:none', '-cp', join(half, '*'), '-d', half, join(here, 'Count.java')]);
    renameSync(half, home);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return path;
}

const javaOptions = [
  ...['-XX:TieredStopAtLevel=1', '-Xmx384m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'],
  ...['-cp', classPath, 'Count'],
];

const count = (...args) => runAside('java', [...javaOptions, ...args]);

/** One instance of the application, from the moment it is running. */
async function instance(bootstrap, name) {
  const state = join(work, `${name}-${bootstrap.replace(/\W/g, '-')}`);
  const child = spawn('java', [...javaOptions, 'run', bootstrap, state], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  atExit(() => child.kill('SIGKILL'));
  const closed = new Promise((done) => {
    child.on('close', done);
  });
  let printed = '';
  await new Promise((done, fail) => {
    const look = (bytes) => {
      printed += bytes;
      if (printed.includes('STATE RUNNING')) done();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    void closed.then(() => fail(new Error(`${name} ended before it was running\n${printed}`)));
  });
  const end = (signal) => {
    child.kill(signal);
    return closed;
  };
  return { kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

/** What kafka-streams-groups prints, without times and ids that are made up. */
async function groups(bootstrap, ...args) {
  return apacheToolAside('kafka-streams-groups', ['--bootstrap-server', bootstrap, ...args]);
}

/** State, and how many members there are, as the tool says. */
async function look(bootstrap) {
  const printed = await groups(bootstrap, '--describe', '--group', 'count', '--state');
  const row = printed.split('\n').find((line) => line.startsWith('count '));
  const [, , , state, members] = row?.trim().split(/\s+/) ?? [];
  return { state, members: Number(members) };
}

async function awaitLook(bootstrap, state, members, what) {
  for (let tries = 0; tries < 60; tries++) {
    const now = await look(bootstrap);
    if (now.state === state && now.members === members) return;
    await sleep(1000);
  }
  throw new Error(
    `${what}: expected ${state} with ${members} members, found ` +
      `${await groups(bootstrap, '--describe', '--group', 'count', '--state')}`,
  );
}

/** How many tasks of each kind the members have, in the words of the tool. */
async function tasks(bootstrap) {
  const printed = await groups(
    ...[bootstrap, '--describe', '--group', 'count', '--members', '--verbose'],
  );
  const kinds = ['ACTIVE', 'STANDBY', 'WARMUP'].map((kind) => {
    const found = [...printed.matchAll(new RegExp(`${kind}: ([^;\\n]*)`, 'g'))];
    return `${kind} ${found.map(([, list]) => list.trim()).join(' ')}`;
  });
  return { kinds, printed };
}

/** Of each partition of a topic that the group has offsets of: the offset, the end and the lag. */
async function offsets(bootstrap, topic) {
  const printed = await groups(
    ...[bootstrap, '--describe', '--group', 'count', '--offsets', '--verbose'],
  );
  const lines = printed.split('\n').map((line) => line.trim().split(/\s+/));
  const header = lines.find((cells) => cells.includes('OFFSET-LAG')) ?? [];
  const columns = ['CURRENT-OFFSET', 'LOG-END-OFFSET', 'OFFSET-LAG'].map((name) =>
    header.indexOf(name),
  );
  require(!columns.includes(-1), `the tool's table has no offsets:\n${printed}`);
  const rows = lines.filter((cells) => cells[0] === 'count' && cells[1] === topic);
  return rows.map((cells) => columns.map((at) => Number(cells[at])));
}

/**
 * Says how far the group is once it has committed the last of so many records in the topic's four
 * partitions; fails where the tool never says so.
 */
async function awaitOffsets(bootstrap, topic, end) {
  let rows = [];
  const sum = (at) => rows.reduce((all, row) => all + row[at], 0);
  for (let tries = 0; tries < 30; tries++) {
    rows = await offsets(bootstrap, topic);
    if (rows.length === 4 && sum(0) === end && sum(1) === end && sum(2) === 0) {
      return `${topic}: ${end} of ${end} in 4 partitions, lag 0`;
    }
    await sleep(1000);
  }
  const seen = rows.map((row) => row.join('/')).join(' ');
  throw new Error(
    `${topic}: ${end} in 4 partitions were to be committed, the tool says (offset/end/lag) ${seen}`,
  );
}

async function create(bootstrap, topic) {
  const at = ['--bootstrap-server', bootstrap];
  await apacheToolAside('kafka-topics', [
    ...at,
    ...['--create', '--topic', topic, '--partitions', '4'],
  ]);
}

async function steps(name, bootstrap) {
  const said = [];
  const say = (text) => {
    said.push(text);
    console.log(`${name}: ${text}`);
  };
  await create(bootstrap, 'lines');
  await create(bootstrap, 'counts');
  await count('fill', bootstrap, '0', '2000');
  const one = await instance(bootstrap, 'one');
  const two = await instance(bootstrap, 'two');
  await awaitLook(bootstrap, 'Stable', 4, 'two instances');
  say('two instances of two threads are at rest');
  const before = await tasks(bootstrap);
  console.log(before.printed.trim());
  await two.kill();
  await count('fill', bootstrap, '2000', '4000');
  await awaitLook(bootstrap, 'Stable', 2, 'one of them killed');
  say('one of them was killed, the other has taken over');
  say(await awaitOffsets(bootstrap, 'lines', 4000));
  const three = await instance(bootstrap, 'three');
  await awaitLook(bootstrap, 'Stable', 4, 'a third instance');
  await count('fill', bootstrap, '4000', '5000');
  say((await count('check', bootstrap, '5000')).trim());
  say(await awaitOffsets(bootstrap, 'lines', 5000));
  const topics = await apacheToolAside('kafka-topics', [
    ...['--bootstrap-server', bootstrap, '--list', '--exclude-internal'],
  ]);
  say(`topics: ${topics.trim().split('\n').sort().join(' ')}`);
  say(`groups: ${(await groups(bootstrap, '--list')).trim()}`);
  await one.stop();
  await three.stop();
  await awaitLook(bootstrap, 'Empty', 0, 'all stopped');
  const deleted = await groups(bootstrap, '--delete', '--group', 'count');
  say(deleted.trim().split('\n')[0].replaceAll("'", ''));
  say(`groups: ${(await groups(bootstrap, '--list')).trim() || 'none'}`);
  return said;
}

const flags = settings.flatMap((setting) => ['-o', setting]);
const broker = await startKafkit({ data: join(work, 'kafkit'), flags });
const ours = await steps('kafkit', broker.address);
await broker.stop();

const options = settings.flatMap((setting) => ['--set', setting]);
const directory = join(work, 'kafka');
const kafka = startApacheKafka('single', directory, await freePort(), options);
const theirs = await steps('Apache Kafka', kafka);
stopApacheKafka(directory);
for (const [at, text] of theirs.entries()) {
  require(ours[at] === text, `Apache Kafka: ${text}\nkafkit: ${ours[at]}`);
}
console.log(`the same ${theirs.length} sentences on Apache Kafka`);
