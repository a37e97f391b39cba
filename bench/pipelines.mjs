// From a topic into MongoDB: our pipeline beside a loop that inserts one by one, kafkajs with a
// hand-written bulk, and Kafka Connect with MongoDB's own sink; then a topic into a topic, the file
// sink, and the worker. Each contender is a process of its own.
//   MONGODB_URI=mongodb://localhost:27019 node bench/pipelines.mjs [records] [repetitions]
// The database is the bottleneck of the first table: look at the CPU of our own process, too.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectJars, runKafkaConnect } from './kafka-connect/kafka-connect.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const self = fileURLToPath(import.meta.url);
const load = (path) => import(join(here, '..', 'dist', 'bundle', path));
const { json, Kafka } = await load('index.js');
const valueBytes = 1024;
/** Whoever has not finished by then does not finish. */
const contenderMs = 300_000;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

if (process.argv[2] === 'contender') await contender(...process.argv.slice(3));
else await main(Number(process.argv[2] ?? 50_000), Number(process.argv[3] ?? 2));

async function main(count, repetitions) {
  const uri = process.env.MONGODB_URI;
  const data = mkdtempSync(join(tmpdir(), 'kafkit-pipelines-'));
  process.on('exit', () => rmSync(data, { recursive: true, force: true }));
  const cli = join(here, '..', 'dist', 'bundle', 'cli.js');
  // A new group waits three seconds for more members unless told otherwise: not our subject.
  const prompt = ['-o', 'group.initial.rebalance.delay.ms=0'];
  const up = ['up', '--listen', '127.0.0.1:0', '--data', join(data, 'log'), '-q', ...prompt];
  const broker = spawn(process.execPath, [cli, ...up], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.on('exit', () => broker.kill('SIGKILL'));
  const address = await new Promise((done) => {
    broker.stdout.on('data', (bytes) => {
      const ready = /ready (\S+)/.exec(bytes);
      if (ready) done(ready[1]);
    });
  });
  const kafka = new Kafka({ bootstrapServers: address, logger: quiet });
  await kafka.admin().createTopics([{ name: 'in', partitions: 3 }]);
  await produce(kafka, 'in', count, () => null);
  const small = Math.min(count, 20_000);
  await kafka.admin().createTopics([{ name: 'few', partitions: 3 }]);
  await produce(kafka, 'few', small, () => null);
  await kafka.admin().createTopics([{ name: 'jobs', partitions: 3 }]);
  await produce(kafka, 'jobs', 100_000, (n) => `k${n % 1000}`, 16);
  await kafka.admin().createTopics([{ name: 'lines', partitions: 3 }]);
  await produce(kafka, 'lines', 500_000, () => null, 100);

  const results = [];
  const isWanted = (kind) => !process.env.ONLY || process.env.ONLY.split(',').includes(kind);
  if (uri !== undefined && isWanted('kafka-connect')) connectJars();
  const run = async (name, kind, topic, records, repetition) => {
    if (!isWanted(kind)) return;
    // A collection and a group of its own each time, also on a server that was used before.
    const group = `${kind}-${repetition}-${Date.now()}`;
    const place = { address, topic, uri, count: records };
    const result =
      kind === 'kafka-connect'
        ? await connectTo(place, group, join(data, group))
        : await contend([kind, address, topic, String(records), group, uri ?? '', data]);
    results.push({ name, repetition, records, ...result });
    await dropCollection(uri, group);
    console.error(`${name} ${repetition}: ${Math.round(records / result.seconds)} records/s`);
  };
  for (let at = 0; at < repetitions; at++) {
    if (uri !== undefined) {
      await run('kafkit pipeline', 'pipeline', 'in', count, at);
      await run('kafkajs, bulkWrite by hand', 'kafkajs-bulk', 'in', count, at);
      await run('Kafka Connect, mongo-kafka 2.0.1', 'kafka-connect', 'in', count, at);
      await run('loop, insertOne', 'insert-one', 'few', small, at);
      await run('kafkit pipeline, guarded, 5000', 'guarded', 'few', Math.min(small, 5000), at);
      await run('kafkit pipeline, unguarded, 5000', 'unguarded', 'few', Math.min(small, 5000), at);
    }
    await kafka.admin().createTopics([{ name: `out-${at}`, partitions: 3 }]);
    await run('topic to topic, exactly once', `topic-${at}`, 'in', count, at);
    await run('topic to topic, at least once', `topic-plain-${at}`, 'in', count, at);
    await run('file sink, 100 B, parsed', 'file', 'lines', 500_000, at);
    await run('file sink, 100 B, as is', 'file-bytes', 'lines', 500_000, at);
    await run('worker, 5 ms each, 200 at a time', 'worker', 'jobs', 100_000, at);
    await run('worker in a share group', 'worker-share', 'jobs', 100_000, at);
    await run('the same timers without Kafka', 'timers', 'jobs', 100_000, at);
  }
  console.table(
    results.map((each) => ({
      contender: each.name,
      'records/s': Math.round(each.records / each.seconds),
      seconds: each.seconds.toFixed(2),
      'CPU µs/record': ((each.cpuSeconds * 1e6) / each.records).toFixed(1),
      'peak RSS MB': Math.round(each.rssMb),
    })),
  );
  console.log('the worker could need 2.50 s at best');
  mkdirSync(join(here, 'results'), { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const machine = { node: process.version, cpu: cpus()[0].model, cpus: cpus().length };
  const written = { date, machine: { ...machine, memory: totalmem() }, valueBytes, results };
  const path = join(here, 'results', `${date}-pipelines.json`);
  writeFileSync(path, `${JSON.stringify(written, null, 2)}\n`);
  await kafka.close();
  broker.kill('SIGTERM');
}

async function produce(kafka, topic, count, keyOf, bytes = valueBytes) {
  const producer = kafka.producer({ valueSerializer: json(), lingerMs: 5, batchSize: 262_144 });
  const pad = 'x'.repeat(Math.max(0, bytes - 20));
  for (let at = 0; at < count; at += 5000) {
    const size = Math.min(5000, count - at);
    await producer.send(
      Array.from({ length: size }, (_, n) => ({
        topic,
        key: keyOf(at + n),
        value: { n: at + n, pad },
        partition: keyOf(at + n) === null ? (at + n) % 3 : undefined,
      })),
    );
  }
  await producer.close();
}

function contend(args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [self, 'contender', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: contenderMs,
      killSignal: 'SIGKILL',
    });
    let printed = '';
    child.stdout.on('data', (bytes) => {
      printed += bytes;
    });
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(printed.trim().split('\n').at(-1)));
      else fail(new Error(`${args[0]} ended with ${code}`));
    });
  });
}

/** One way to do it, from the first record to the last one stored. */
async function contender(kind, address, topic, countText, group, uri, data) {
  const count = Number(countText);
  const contenders = { pipeline: pipe, guarded: pipe, unguarded: pipe, file: pipe };
  const run = {
    ...contenders,
    topic: pipe,
    'topic-plain': pipe,
    'file-bytes': pipe,
    'kafkajs-bulk': bulk,
    'insert-one': one,
    worker: work,
    'worker-share': work,
    timers,
  };
  const cpu = process.cpuUsage();
  const began = performance.now();
  await run[kind.replace(/-\d+$/, '')]({ kind, address, topic, count, group, uri, data });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const rssMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, rssMb }));
  process.exit(0);
}

async function pipe({ kind, address, topic, count, group, uri, data }) {
  const connect = await load('connect.js');
  const stop = new AbortController();
  const isFile = kind.startsWith('file');
  let to;
  if (isFile) {
    const { file } = await load('connect-file.js');
    to = file({ directory: join(data, group) });
  } else if (kind.startsWith('topic')) {
    const number = kind.split('-').at(-1);
    to = { topic: `out-${number}`, exactlyOnce: !kind.includes('plain') };
  } else {
    const { mongodb } = await load('connect-mongodb.js');
    const guard = kind === 'guarded' ? '_kafka' : false;
    to = mongodb({ uri, database: 'bench', collection: group, guard });
  }
  const pipeline = connect.pipeline({
    name: group,
    from: { bootstrapServers: address, topics: [topic], groupId: group },
    via: kind === 'file-bytes' ? [] : [connect.json()],
    to,
    ...(kind.startsWith('topic') ? {} : { commitIntervalMs: 100 }),
    onStep(step) {
      if (step === 'committed' && pipeline.status().written >= count) stop.abort();
    },
  });
  const { written } = await pipeline.run({ signal: stop.signal });
  if (written < count) throw new Error(`${written} of ${count} were written`);
}

/** Kafka Connect is no program of Node, so it is watched from here. */
async function connectTo({ address, topic, uri, count }, name, directory) {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(uri);
  const collection = client.db('bench').collection(name);
  const documents = () => collection.estimatedDocumentCount();
  const parts = { address, topic, uri, count, database: 'bench', collection: name, directory };
  try {
    return await runKafkaConnect({ ...parts, documents });
  } finally {
    await client.close();
  }
}

/** What one contender has stored is no burden of the next. */
async function dropCollection(uri, name) {
  if (uri === undefined) return;
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(uri);
  const database = client.db('bench');
  // Those who write into topics or files have none.
  for (const each of await database.listCollections({ name }).toArray()) {
    await database.dropCollection(each.name);
  }
  await client.close();
}

async function collectionOf(uri, name) {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(uri);
  return client.db('bench').collection(name);
}

async function one({ address, topic, count, group, uri }) {
  const collection = await collectionOf(uri, group);
  const kafka = new Kafka({ bootstrapServers: address, logger: quiet });
  const options = { groupId: group, topics: [topic], fromBeginning: true };
  let left = count;
  for await (const { value } of kafka.consumer({ ...options, valueDeserializer: json() })) {
    await collection.insertOne(value);
    if (--left === 0) break;
  }
}

async function bulk({ address, topic, count, group, uri }) {
  const collection = await collectionOf(uri, group);
  const kafkajs = (await import('kafkajs')).default;
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: group });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let left = count;
  await new Promise((done, fail) => {
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          for (let at = 0; at < batch.messages.length; at += 1000) {
            const operations = batch.messages.slice(at, at + 1000).map((message) => ({
              replaceOne: {
                filter: { _id: `${batch.topic}#${batch.partition}#${message.offset}` },
                replacement: JSON.parse(message.value.toString()),
                upsert: true,
              },
            }));
            await collection.bulkWrite(operations, {
              ordered: false,
              writeConcern: { w: 'majority' },
            });
            left -= operations.length;
          }
          if (left <= 0) done();
        },
      })
      .catch(fail);
  });
}

async function work({ kind, address, topic, count, group }) {
  const { worker } = await load('worker.js');
  const kafka = new Kafka({ bootstrapServers: address, logger: quiet });
  const stop = new AbortController();
  let left = count;
  const orderBy = kind === 'worker-share' ? 'none' : 'key';
  const options = { topics: [topic], groupId: group, concurrency: 200, retries: [], orderBy };
  await worker(kafka, options, async () => {
    await new Promise((done) => setTimeout(done, 5));
    if (--left === 0) stop.abort();
  }).run({ signal: stop.signal });
}

/** What the machine makes of the worker's ideal of 2.5 s, whoever does the work. */
async function timers({ count }) {
  let left = count;
  const hand = async () => {
    while (left-- > 0) await new Promise((done) => setTimeout(done, 5));
  };
  await Promise.all(Array.from({ length: 200 }, hand));
}
