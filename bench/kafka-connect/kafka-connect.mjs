// Kafka Connect's own sink for MongoDB, in standalone mode: the jars are fetched once, then a JVM
// of its own does the work. Measured from the first document to the last, so that the start of the
// JVM does not count against it.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache =
  process.env.KAFKIT_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kafkit');
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
/** Ticks of the processor in a second, as /proc counts them. */
const ticks = 100;

/** The folder with the jars; throws where Maven is missing. */
export function connectJars() {
  const home = join(cache, 'kafka-connect-4.3.1-mongo-2.0.1');
  if (existsSync(home)) return home;
  const part = `${home}.${process.pid}`;
  mkdirSync(part, { recursive: true });
  copyFileSync(join(here, 'pom.xml'), join(part, 'pom.xml'));
  const goal = [
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${part}`,
  ];
  const { status, stdout } = spawnSync('mvn', ['-q', '-B', '-f', join(part, 'pom.xml'), ...goal], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Maven could not fetch Kafka Connect: ${stdout}`);
  renameSync(part, home);
  return home;
}

/** Runs until `count` documents are there; `documents()` says how many are. */
export async function runKafkaConnect({
  address,
  topic,
  count,
  uri,
  database,
  collection,
  directory,
  documents,
}) {
  const jars = connectJars();
  mkdirSync(directory, { recursive: true });
  const worker = {
    'bootstrap.servers': address,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': false,
    'offset.storage.file.filename': join(directory, 'offsets'),
    'offset.flush.interval.ms': 1000,
    // As many records in one bulk as we write.
    'consumer.max.poll.records': 1000,
    listeners: `http://127.0.0.1:${await freePort()}`,
    'plugin.discovery': 'only_scan',
  };
  const connector = {
    name: collection,
    'connector.class': 'com.mongodb.kafka.connect.MongoSinkConnector',
    'tasks.max': 1,
    topics: topic,
    'connection.uri': uri,
    database,
    collection,
    'document.id.strategy':
      'com.mongodb.kafka.connect.sink.processor.id.strategy.KafkaMetaDataStrategy',
  };
  const files = [
    [join(directory, 'worker.properties'), worker],
    [join(directory, 'connector.properties'), connector],
  ];
  for (const [path, values] of files) {
    const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(path, lines.join(''));
  }
  const main = 'org.apache.kafka.connect.cli.ConnectStandalone';
  const flags = ['-Xmx512m', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  const args = [...flags, '-cp', `${jars}/*`, main, ...files.map(([path]) => path)];
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      printed = `${printed}${bytes}`.slice(-4000);
    });
  }
  const ended = new Promise((done) => child.on('close', done));
  try {
    let first;
    for (;;) {
      const there = await documents();
      if (there > 0 && first === undefined)
        first = { at: performance.now(), cpu: cpuOf(child.pid), there };
      if (there >= count) break;
      if (child.exitCode !== null) throw new Error(`Kafka Connect ended: ${printed}`);
      await sleep(20);
    }
    const done = count - first.there;
    const seconds = (performance.now() - first.at) / 1000;
    const cpuSeconds = cpuOf(child.pid) - first.cpu;
    // What was there at the first look was not timed.
    const whole = count / Math.max(1, done);
    return { seconds: seconds * whole, cpuSeconds: cpuSeconds * whole, rssMb: peakOf(child.pid) };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

function peakOf(pid) {
  const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) / 1024;
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
