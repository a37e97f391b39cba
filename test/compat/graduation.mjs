// A busy broker's directory, killed and torn, becomes Apache Kafka's: real Kafka boots on it, and
// everything a client can see is compared: records with offsets, times and headers, watermarks,
// topic ids, configs, committed offsets. Groups go on exactly, producers continue every log. Then
// the directory comes back (`kafkit import`), with what Kafka wrote meanwhile.
import { spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apache,
  cli,
  python,
  require,
  root,
  run,
  sleep,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const { Kafka } = await import(pathToFileURL(join(root, 'dist', 'index.js')).href);
const program = join(root, 'test', 'compat', 'graduation.py');
const work = temporaryDirectory('graduation');
const data = join(work, 'data');
const kafkaData = join(work, 'kafka');
const back = join(work, 'back');
const flags = ['-o', 'group.initial.rebalance.delay.ms=0'];

const kafkit = (...args) => run(process.execPath, [cli, ...args], { mayFail: true });

/** Whether the broker serves the consumer groups of KIP-848 (ConsumerGroupHeartbeat). */
async function protocols(bootstrapServers) {
  const kafka = new Kafka({ bootstrapServers });
  const served = await kafka.admin().apiVersions();
  await kafka.close();
  return served.some(({ name }) => name === 'ConsumerGroupHeartbeat') ? 'both' : 'classic';
}

const client = (...args) => run(python(), ['-B', program, ...args]).stdout.trim();
const started = Date.now();
const say = (text) => console.log(`${((Date.now() - started) / 1000).toFixed(1)} s  ${text}`);

/**
 * A port P with P + 1 free, too, for the controller. Below those that systems give to outgoing
 * connections: Kafka is down for a while in between, and must get the same two again.
 */
async function freePorts() {
  const isFree = (port) =>
    new Promise((done) => {
      const server = createServer();
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
    });
  for (;;) {
    const port = 13_000 + 2 * Math.floor(Math.random() * 3500);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

// A busy broker that is killed while somebody writes, with a torn tail on top.
// The clean stop in between writes down where logs begin, which a crash may forget, as in Kafka.
let broker = await startKafkit({ data, flags });
client('fill', broker.address, '-', await protocols(broker.address));
await broker.stop();
broker = await startKafkit({ data, flags });
const before = join(work, 'before.json');
say(`kafkit holds ${client('state', broker.address, before)}`);

const refused = kafkit('graduate', data, '--out', kafkaData);
require(refused.status === 1 &&
  /uses the data directory/.test(
    refused.stderr,
  ), `A running broker must keep its directory, but: ${refused.stderr}`);

// A backup of the running broker holds the same, and so does a broker that starts from it.
const saved = join(work, 'backup');
const backup = kafkit('backup', data, '--out', saved);
require(backup.status === 0, `The backup of the running broker failed: ${backup.stderr}`);
const restored = join(work, 'restored');
require(kafkit('restore', saved, '--data', restored).status === 0, 'The backup was not restored.');
verify(saved, 'The backup');
const other = await startKafkit({ data: restored, flags });
const fromBackup = join(work, 'from-backup.json');
client('state', other.address, fromBackup);
compare(readState(before), readState(fromBackup), 'In the restored backup');
await other.stop();
verify(restored, 'The restored directory');
say('a broker that was restored from a backup of the running one holds the same');

const acked = join(work, 'acked.txt');
const writer = spawn(python(), ['-B', program, 'ledger', broker.address, acked]);
process.on('exit', () => writer.kill('SIGKILL'));
await sleep(2500);
await broker.kill();
writer.kill('SIGKILL');
const ledger = readFileSync(acked, 'utf8').trimEnd().split('\n');
require(ledger.length > 100, `The ledger has only ${ledger.length} acknowledged entries.`);
const torn = readdirSync(join(data, 'ledger-0'))
  .filter((name) => name.endsWith('.log'))
  .sort();
appendFileSync(join(data, 'ledger-0', torn.at(-1)), Buffer.alloc(777, 5));
say(`killed with ${ledger.length} acknowledged entries in the ledger, one tail torn`);

verify(data, 'The killed directory', true);
// Graduation, twice: the second run makes the same again.
const port = await freePorts();
const listen = ['--listen', `127.0.0.1:${port}`];
/** Names, sizes and times of all files; what a lock leaves behind does not count. */
function stateOf(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((name) => name !== 'kafkit.pid')
    .map((name) => [name, statSync(join(directory, name))])
    .map(([name, { size, mtimeMs }]) => `${name} ${size} ${mtimeMs}`)
    .sort()
    .join('\n');
}

// A lock touches the root itself, not what lies in it.
const untouched = stateOf(data);
for (const time of ['first', 'second']) {
  const { status, stdout, stderr } = kafkit('graduate', data, '--out', kafkaData, ...listen);
  require(status === 0, `The ${time} graduation failed: ${stderr}`);
  require(stdout.trim().split('\n').length === 3, `Three commands were expected: ${stdout}`);
  say(`${time} graduation: ${stderr.trim().split('\n')[0]}`);
}
require(stateOf(data) === untouched, 'Graduation with --out has changed the source.');
const cut = kafkit('graduate', data, '--out', join(work, '..'));
require(cut.status === 1 && /not empty/.test(cut.stderr), 'A directory in use was not refused.');

/** `kafkit verify` must find no error; warnings only where something was killed. */
function verify(directory, what, mayWarn = false) {
  const { status, stdout } = kafkit('verify', directory, '--deep');
  const isSound = status === 0 && (mayWarn || /nothing is wrong/.test(stdout));
  require(isSound, `${what} is not sound:\n${stdout}`);
}

function readState(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Everything that was there must be there; what the ledger got after the look is checked apart. */
function compare(old, now, what) {
  for (const [name, topic] of Object.entries(old.topics)) {
    const found = now.topics[name];
    require(found !== undefined, `${what}: topic ${name} is gone.`);
    for (const part of ['id', 'partitions', 'configs']) {
      const [a, b] = [JSON.stringify(topic[part]), JSON.stringify(found[part])];
      require(a === b, `${what}: ${part} of ${name} is ${b} instead of ${a}.`);
    }
    if (name === 'ledger') continue;
    if (name === 'compacted') {
      compareCompacted(topic, found, what);
      continue;
    }
    for (const part of ['marks', 'records', 'committed']) {
      const [a, b] = [topic[part], found[part]].map((each) => JSON.stringify(each));
      if (a === b) continue;
      if (part === 'marks' && name === 'transactional' && endedOne(topic, found)) continue;
      const [x, y] = [topic[part], found[part]].map((each) => each?.length ?? JSON.stringify(each));
      const at = topic[part]?.findIndex?.(
        (each, i) => JSON.stringify(each) !== JSON.stringify(found[part][i]),
      );
      require(false, `${what}: ${part} of ${name} differ at ${at} (${x} and ${y}).`);
    }
  }
  const [a, b] = [JSON.stringify(old.groups), JSON.stringify(now.groups)];
  require(a === b, `${what}: committed offsets differ:\n${a}\n${b}`);
}

/** The transaction that was left open has been aborted: one marker stands behind its record. */
function endedOne(topic, found) {
  const [start, end] = topic.marks[0];
  const aborted = { ...topic.marks, 0: [start, end + 1] };
  return JSON.stringify(aborted) === JSON.stringify(found.marks);
}

/** Compaction may run at any time: nothing new may turn up, and every key keeps its last value. */
function compareCompacted(topic, found, what) {
  const old = new Set(topic.records.map((each) => JSON.stringify(each)));
  const fresh = found.records.filter((each) => !old.has(JSON.stringify(each)));
  require(fresh.length === 0, `${what}: compacted has got ${JSON.stringify(fresh[0])}.`);
  const ends = ({ marks }) => JSON.stringify(Object.values(marks).map(([, end]) => end));
  require(ends(topic) === ends(found), `${what}: the ends of compacted differ.`);
  const last = ({ records }) =>
    JSON.stringify([...new Map(records.map((each) => [`${each[0]} ${each[4]}`, each]))].sort());
  require(last(topic) === last(found), `${what}: the last values of compacted differ.`);
}

function checkLedger(now, what) {
  const values = new Map();
  for (const [partition, offset, , , , value] of now.topics.ledger.records) {
    values.set(`${partition} ${offset}`, Buffer.from(value, 'hex').toString());
  }
  for (const line of ledger) {
    const [partition, offset, ...words] = line.split(' ');
    const found = values.get(`${partition} ${offset}`);
    require(found === words.join(' '), `${what}: ledger ${partition}/${offset} holds ${found}.`);
  }
}

// Real Apache Kafka boots on it.
process.on('exit', () => run(join(apache, 'kafka'), ['stop', kafkaData], { mayFail: true }));
const address = `127.0.0.1:${port}`;
const noDelay = ['--set', 'group.initial.rebalance.delay.ms=0'];
// A slow machine may look for the process before it has its name: asked again, it is found.
const boot = () =>
  run(join(apache, 'kafka'), ['run-dir', kafkaData, ...noDelay], { mayFail: true }).status === 0 ||
  run(join(apache, 'kafka'), ['run-dir', kafkaData]);
boot();
say('Apache Kafka has booted');
const inKafka = join(work, 'in-kafka.json');
say(`Apache Kafka holds ${client('state', address, inKafka)}`);
compare(readState(before), readState(inKafka), 'In Apache Kafka');
checkLedger(readState(inKafka), 'In Apache Kafka');
say(client('resume', address, before, 'both'));
say(client('more', address, inKafka));

function checkLogs(what) {
  // The metadata that an import in place has set aside is where it should be.
  // Told to stop while it still loads a coordinator, Apache Kafka calls that an error; it does the
  // same when a busy machine makes its controller slow.
  const expected = (text) =>
    text.includes('__cluster_metadata-0.') ||
    /EventPerformanceMonitor .* Exceptionally slow controller event/.test(text) ||
    /Failed to load metadata from \S+ .* due to (\S+: )?Stopped loading records/.test(text);
  const names = readdirSync(kafkaData);
  const lines = names
    .filter((name) => name.startsWith('server.log'))
    .flatMap((name) => readFileSync(join(kafkaData, name), 'utf8').split('\n'));
  const bad = lines.filter((line) => / (ERROR|FATAL) |stray|corrupt/.test(line) && !expected(line));
  require(bad.length === 0, `${what}: ${bad.slice(0, 5).join(' | ')}`);
  const strays = names.filter((name) => /-(stray|delete|future)$/.test(name) && !expected(name));
  require(strays.length === 0, `${what}: ${strays.join(', ')} were set aside.`);
  const warnings = lines.filter((line) => / WARN /.test(line));
  return `${lines.length} lines in its log, ${warnings.length} warnings, no error`;
}

const later = join(work, 'later.json');
client('state', address, later);
stopApacheKafka(kafkaData);
say(`Apache Kafka stopped: ${checkLogs('First run')}`);
verify(kafkaData, "Apache Kafka's directory");
boot();
const again = join(work, 'again.json');
client('state', address, again);
compare(readState(later), readState(again), 'After a restart');
stopApacheKafka(kafkaData);
say(`Apache Kafka restarted and stopped: ${checkLogs('Second run')}`);
const late = kafkit('graduate', data, '--out', kafkaData, ...listen);
require(late.status === 1, 'A directory that Kafka has written to must not be overwritten.');
const wrong = kafkit('up', '--data', kafkaData, '--listen', '127.0.0.1:0');
require(wrong.status === 1 &&
  /kafkit import/.test(
    wrong.stderr,
  ), `kafkit must not run on a directory that Kafka has written to: ${wrong.stderr}`);

// And back: refused while Kafka runs, then after a clean stop, then after a kill.
boot();
const busy = kafkit('import', kafkaData, '--out', back);
require(busy.status === 1 &&
  /Apache Kafka \(process \d+\) runs/.test(
    busy.stderr,
  ), `A running Kafka must keep its directory, but: ${busy.stderr}`);
await comeBack('a kill of Apache Kafka', join(work, 'killed'), () => {
  process.kill(Number(readFileSync(join(kafkaData, 'pid'), 'utf8')), 'SIGKILL');
});
boot();
await comeBack('a clean stop of Apache Kafka', back, () => stopApacheKafka(kafkaData));

async function comeBack(what, directory, stop) {
  const last = join(work, 'last.json');
  client('state', address, last);
  stop();
  await sleep(500);
  verify(kafkaData, `What ${what} left`, true);
  const done = kafkit('import', kafkaData, '--out', directory);
  require(done.status === 0, `The import after ${what} failed: ${done.stderr}`);
  const ours = await startKafkit({ data: directory, flags });
  const now = join(work, 'now.json');
  client('state', ours.address, now);
  compare(readState(last), readState(now), `Back after ${what}`);
  checkLedger(readState(now), `Back after ${what}`);
  client('resume', ours.address, last, await protocols(ours.address));
  client('more', ours.address, last);
  await ours.stop();
  verify(directory, `What came back after ${what}`);
  say(`back after ${what}: everything is there, groups and producers go on`);
}

// The round trip in place: imported where it lies, and graduated again where it lies.
require(kafkit('import', kafkaData).status === 0, 'The import in place failed.');
const home = await startKafkit({ data: kafkaData, flags });
const athome = join(work, 'athome.json');
client('state', home.address, athome);
await home.stop();
const inPlace = kafkit('graduate', kafkaData, ...listen);
require(inPlace.status === 0, `The graduation in place failed: ${inPlace.stderr}`);
boot();
const abroad = join(work, 'abroad.json');
client('state', address, abroad);
compare(readState(athome), readState(abroad), 'After a round trip in place');
stopApacheKafka(kafkaData);
checkLogs('Last run');
say('there and back in place: everything is there');
console.log(
  `graduated and back: ${Object.keys(readState(before).topics).length} topics, ` +
    `${readState(abroad).topics.ledger.records.length} ledger entries, ` +
    `${Object.keys(readState(before).groups).length} groups, all as before`,
);
