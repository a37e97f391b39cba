// A consumer group of KIP-848 with three kinds of members: Java's console consumer, librdkafka and
// kafkit's own. They come one after the other and leave one after the other while records keep
// coming: everybody gets an equal share at every step, no record is lost, none read twice. On
// Apache Kafka the same steps give the same shares.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apache,
  atExit,
  freePort,
  python,
  require,
  root,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const { Kafka } = await import(pathToFileURL(join(root, 'dist', 'index.js')).href);
const work = temporaryDirectory('group-of-three');
const topic = 'shared';
const groupId = 'three';
const partitions = 6;
const portion = 300;

/** A member in a process of its own: `onValue` hears what it prints. */
function outside(command, args, onValue) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, KAFKA_OPTS: '-XX:TieredStopAtLevel=1' },
  });
  atExit(() => child.kill('SIGKILL'));
  const closed = new Promise((done) => {
    child.on('close', done);
  });
  let rest = '';
  child.stdout.on('data', (bytes) => {
    const lines = `${rest}${bytes}`.split('\n');
    rest = lines.pop();
    for (const line of lines) onValue(line);
  });
  return async () => {
    child.kill('SIGTERM');
    await closed;
  };
}

function ours(kafka, onValue) {
  const consumer = kafka.consumer({
    groupId,
    topics: [topic],
    groupProtocol: 'consumer',
    fromBeginning: true,
  });
  const reading = (async () => {
    for await (const { value } of consumer) onValue(String(value));
  })();
  return async () => {
    await consumer.close();
    await reading;
  };
}

async function steps(name, bootstrapServers) {
  const kafka = new Kafka({ bootstrapServers });
  const admin = kafka.admin();
  await admin.createTopics([{ name: topic, partitions }]);
  const producer = kafka.producer();
  const seen = new Map();
  const onValue = (value) => seen.set(value, (seen.get(value) ?? 0) + 1);
  const said = [];
  let produced = 0;

  async function produce() {
    const records = Array.from({ length: portion }, (_, at) => ({
      topic,
      value: String(produced + at),
      partition: at % partitions,
    }));
    await producer.send(records);
    produced += portion;
  }
  async function shares() {
    const [group] = await admin.describeGroups([groupId]).catch(() => []);
    if (group?.state !== 'Stable') return undefined;
    return group.members.map(({ assignment }) => assignment.length).sort((a, b) => a - b);
  }
  async function step(what, size) {
    await produce();
    const wanted = String(Array.from({ length: size }, () => partitions / size));
    let found;
    for (let tries = 0; tries < 400 && found !== wanted; tries++) {
      found = String(await shares());
      if (found !== wanted) await sleep(300);
    }
    require(found === wanted, `${name}, ${what}: shares of ${wanted} expected, found ${found}`);
    await produce();
    for (let tries = 0; tries < 400 && seen.size < produced; tries++) await sleep(300);
    require(seen.size === produced, `${name}, ${what}: ${seen.size} of ${produced} records read`);
    said.push(`${what}: ${found}`);
    console.log(`${name}: ${what}: shares ${found}, ${seen.size} records read`);
  }

  const console_ = join(apache, 'bin', 'kafka-console-consumer.sh');
  const at = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--group', groupId];
  const settings = ['group.protocol=consumer', 'auto.offset.reset=earliest'];
  const properties = settings.flatMap((setting) => ['--command-property', setting]);
  const endJava = outside(console_, [...at, ...properties], onValue);
  await step('Java alone', 1);
  const program = join(root, 'test', 'compat', 'group-of-three.py');
  const endLibrdkafka = outside(
    python(),
    ['-B', program, bootstrapServers, topic, groupId],
    onValue,
  );
  await step('and librdkafka', 2);
  const endOurs = ours(kafka, onValue);
  await step('and kafkit', 3);
  await endJava();
  await step('without Java', 2);
  await endLibrdkafka();
  await step('kafkit alone', 1);
  await endOurs();
  const again = [...seen.values()].filter((count) => count > 1).length;
  require(again === 0, `${name}: ${again} records were read more than once`);
  await producer.close();
  await kafka.close();
  return said;
}

const broker = await startKafkit({ data: join(work, 'kafkit') });
const mine = await steps('kafkit', broker.address);
await broker.stop();
const directory = join(work, 'kafka');
const theirs = await steps('Apache Kafka', startApacheKafka('single', directory, await freePort()));
stopApacheKafka(directory);
require(String(mine) === String(theirs), `${mine} against ${theirs}`);
console.log(`the same ${theirs.length} steps on Apache Kafka`);
