// Transactions of our client, judged by others. `node client-transactions.mjs` starts Apache Kafka
// twice (transaction version 2, then 1); `kafkit` as argument runs against our broker, and
// HOST:PORT against what is there. One printed line for each check; ends with 1 when any fails.
// Readers of other houses: Java's console consumer and librdkafka, both with read_committed.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  apacheToolAside,
  freePort,
  python,
  require,
  runAside,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist/bundle', import.meta.url).pathname;
const { Kafka, transactionErrorKind } = await import(pathToFileURL(join(dist, 'index.js')).href);

// ---- the process that is killed ---------------------------------------------------------------

/** Runs until it is killed: in a transaction that never ends, or an exactly-once loop. */
async function worker(kind, bootstrapServers, input, output, name) {
  const kafka = new Kafka({ bootstrapServers, clientId: name });
  const producer = kafka.producer({ transactionalId: name, transactionTimeoutMs: 20_000 });
  if (kind === 'open') {
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic: output, value: 'never to be seen' });
    console.log('written');
    setInterval(() => undefined, 1000);
    return;
  }
  const consumer = kafka.consumer({
    groupId: `${output}-loop`,
    topics: [input],
    fromBeginning: true,
    commit: 'manual',
    isolationLevel: 'read_committed',
    maxPartitionFetchBytes: 600,
    sessionTimeoutMs: 6000,
    heartbeatIntervalMs: 500,
  });
  await producer.exactlyOnce(consumer, async (batch) => {
    const outputs = batch.records.map(({ key, value }) => {
      return { topic: output, key, value: `${value}!` };
    });
    console.log(`batch ${batch.partition} ${batch.firstOffset}`);
    await sleep(20);
    return outputs;
  });
}

// ---- the checks -------------------------------------------------------------------------------

async function judge(where) {
  const totals = { passed: 0, failed: 0 };
  if (where === 'apache') {
    // Java's readers take seconds to start, so each version is judged by one set of checks.
    for (const level of [2, 1]) {
      const directory = temporaryDirectory(`transactions-${level}`);
      const address = startApacheKafka('single', directory, await freePort(), [
        '--feature',
        `transaction.version=${level}`,
      ]);
      console.log(`-- Apache Kafka, transaction.version ${level}`);
      await checks(address, totals);
      stopApacheKafka(directory);
    }
  } else if (where === 'kafkit') {
    const broker = await startKafkit();
    await checks(broker.address, totals);
    await broker.stop();
  } else {
    await checks(where, totals);
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed`);
  process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
}

async function checks(bootstrapServers, totals) {
  const kafka = new Kafka({ bootstrapServers, clientId: 'client-transactions' });
  const admin = kafka.admin();
  const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
  const context = {
    kafka,
    bootstrapServers,
    id: (name) => `${name}-${run}`,
    topic: async (name, partitions = 1) => {
      await admin.createTopics([{ name: `${name}-${run}`, partitions }]);
      return `${name}-${run}`;
    },
  };
  for (const [name, work] of Object.entries(scenarios)) {
    const started = Date.now();
    try {
      await within(120_000, work(context));
      totals.passed++;
      console.log(`ok      ${name} (${Date.now() - started} ms)`);
    } catch (error) {
      totals.failed++;
      console.log(`FAILED  ${name}: ${error.code ?? ''} ${error.stack}`);
    }
  }
  await kafka.close();
}

const scenarios = {
  'what is committed is read, what is aborted is not, by every reader': async (context) => {
    const { kafka, id } = context;
    const topic = await context.topic('mixed', 3);
    const one = kafka.producer({ transactionalId: id('one') });
    const two = kafka.producer({ transactionalId: id('two') });
    const wanted = [];
    for (let round = 0; round < 12; round++) {
      // Two transactions side by side in the same partitions; one of each pair is aborted.
      const [a, b] = [await one.beginTransaction(), await two.beginTransaction()];
      const values = (who) => [0, 1, 2].map((partition) => `${who}-${round}-${partition}`);
      for (const [transaction, who] of [
        [a, 'a'],
        [b, 'b'],
      ]) {
        const records = values(who).map((value, partition) => ({ topic, partition, value }));
        await transaction.send(records);
      }
      const [kept, dropped, who] = round % 2 === 0 ? [a, b, 'a'] : [b, a, 'b'];
      await dropped.abort();
      await kept.commit();
      wanted.push(...values(who));
    }
    await one.close();
    await two.close();
    await everyoneReads(context, topic, wanted);
  },

  'a transaction that fails in the middle leaves nothing': async (context) => {
    const { kafka, id } = context;
    const topic = await context.topic('thrown');
    const producer = kafka.producer({ transactionalId: id('thrown') });
    const thrown = new Error('the work failed');
    const failed = producer.transaction(async (tx) => {
      await tx.send({ topic, value: 'lost' });
      throw thrown;
    });
    require((await failed.catch((error) => error)) === thrown, 'another error than the thrown one');
    const value = await producer.transaction((tx) => tx.send({ topic, value: 'kept' }));
    require(value.offset === 2, `kept at ${value.offset}, not behind the abort marker`);
    const outside = await producer.send({ topic, value: 'outside' }).catch((error) => error);
    require(outside.code === 'INVALID_TXN_STATE', `outside a transaction: ${outside.code}`);
    await producer.close();
    require((await ours(context, topic, 1)).join() === 'kept', 'something else was read');
  },

  'a newer producer with the same id fences the older': async (context) => {
    const { kafka, id } = context;
    const topic = await context.topic('fenced');
    const older = kafka.producer({ transactionalId: id('fenced') });
    const newer = kafka.producer({ transactionalId: id('fenced') });
    const open = await older.beginTransaction();
    await open.send({ topic, value: 'of the older' });
    await newer.transaction((tx) => tx.send({ topic, value: 'of the newer' }));
    const error = await open.commit().catch((reason) => reason);
    require(error?.code === 'PRODUCER_FENCED', `the older was told ${error?.code}`);
    require(transactionErrorKind(error) === 'fenced', 'another kind of error');
    const again = await older.beginTransaction().catch((reason) => reason);
    require(again?.code === 'PRODUCER_FENCED', `later the older was told ${again?.code}`);
    await Promise.all([older.close(), newer.close()]);
    require((await ours(context, topic, 1)).join() === 'of the newer', 'something else was read');
  },

  'a transaction left open by a killed process is aborted by its successor': async (context) => {
    const { kafka, id, bootstrapServers } = context;
    const topic = await context.topic('killed');
    const child = start('open', bootstrapServers, topic, topic, id('killed'));
    await child.says('written');
    await child.kill();
    const producer = kafka.producer({ transactionalId: id('killed') });
    const begun = Date.now();
    await producer.transaction((tx) => tx.send({ topic, value: 'of the successor' }));
    require(Date.now() - begun < 15_000, 'the successor waited for the time-out');
    await producer.close();
    require((await ours(context, topic, 1)).join() === 'of the successor', 'something else');
  },

  'offsets count with the transaction, or not at all': async (context) => {
    const { kafka, id } = context;
    const topic = await context.topic('offsets');
    const groupId = id('group');
    const producer = kafka.producer({ transactionalId: id('offsets') });
    const send = (offset, mayCommit) =>
      producer.transaction(async (tx) => {
        await tx.send({ topic, value: `${offset}` });
        await tx.sendOffsets({ groupId, offsets: [{ topic, partition: 0, offset }] });
        if (!mayCommit) await tx.abort();
      });
    const committed = async () => {
      const admin = kafka.admin();
      const [found] = await admin.fetchOffsets(groupId, {
        partitions: [{ topic, partition: 0 }],
        requireStable: true,
      });
      await admin.close();
      return found?.offset ?? -1;
    };
    await send(5, false);
    require((await committed()) === -1, 'an aborted offset counts');
    await send(7, true);
    require((await committed()) === 7, 'a committed offset does not count');
    await send(9, false);
    require((await committed()) === 7, 'an aborted offset counts');
    await producer.close();
  },

  'the exactly-once loop over kills: every record once, for every reader': async (context) => {
    const { kafka, id, bootstrapServers } = context;
    const count = 900;
    const input = await context.topic('in', 3);
    const output = await context.topic('out', 3);
    const values = Array.from({ length: count }, (_, n) => `value ${n}`);
    const source = kafka.producer();
    // In small batches, so that there is something to kill in the middle of.
    for (let at = 0; at < count; at += 15) {
      const records = values.slice(at, at + 15).map((value, n) => {
        return { topic: input, partition: n % 3, key: value, value };
      });
      await source.send(records);
    }
    await source.close();
    const wanted = values.map((value) => `${value}!`);
    let loop = start('loop', bootstrapServers, input, output, id('loop'));
    for (let kill = 0; kill < 3; kill++) {
      await loop.says('batch', 2 + 3 * kill);
      await loop.kill();
      loop = start('loop', bootstrapServers, input, output, id('loop'));
    }
    // A second member takes half of it in the middle.
    const other = start('loop', bootstrapServers, input, output, id('loop-two'));
    const found = await ours(context, output, count);
    await loop.kill();
    await other.kill();
    same(found, wanted, 'our reader');
    await everyoneReads(context, output, wanted);
  },
};

// ---- readers ----------------------------------------------------------------------------------

/** Ours, Java's and librdkafka's readers of committed records all find exactly these. */
async function everyoneReads(context, topic, wanted) {
  const { bootstrapServers } = context;
  same(await ours(context, topic, wanted.length), wanted, 'our reader');
  // Readers of other houses end behind these: a slow machine must not look like a lost record.
  const ends = [0, 1, 2].map((partition) => ({ topic, partition, value: 'the end' }));
  const producer = context.kafka.producer();
  await producer.send(ends);
  await producer.close();
  const count = String(wanted.length + ends.length);
  const script = join(temporaryDirectory('reader'), 'reader.py');
  writeFileSync(script, librdkafka);
  const [java, native] = await Promise.all([
    apacheToolAside('kafka-console-consumer', [
      '--bootstrap-server',
      bootstrapServers,
      '--topic',
      topic,
      '--from-beginning',
      '--isolation-level',
      'read_committed',
      '--max-messages',
      count,
      '--timeout-ms',
      '30000',
    ]),
    runAside(python(), [script, bootstrapServers, topic, count]),
  ]);
  const lines = (text) => text.split('\n').filter((line) => /^(a|b|value)[ -]\d/.test(line));
  same(lines(java), wanted, "Java's reader");
  same(lines(native), wanted, "librdkafka's reader");
}

/** What our reader finds: so many records, and then none for a while. */
async function ours({ kafka }, topic, count) {
  const consumer = kafka.consumer({
    topics: [topic],
    fromBeginning: true,
    isolationLevel: 'read_committed',
  });
  const values = [];
  const end = () => void consumer.close();
  let timer = setTimeout(end, 60_000);
  for await (const { value } of consumer) {
    values.push(value.toString());
    if (values.length < count) continue;
    clearTimeout(timer);
    timer = setTimeout(end, 700);
  }
  clearTimeout(timer);
  return values;
}

const librdkafka = `
import sys, time
from confluent_kafka import Consumer
servers, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
consumer = Consumer({'bootstrap.servers': servers, 'group.id': topic + '-python',
                     'auto.offset.reset': 'earliest', 'isolation.level': 'read_committed'})
consumer.subscribe([topic])
found, last = 0, time.time()
while time.time() - last < (1 if found >= count else 30):
    message = consumer.poll(0.2)
    if message is None or message.error():
        continue
    print(message.value().decode())
    found, last = found + 1, time.time()
consumer.close()
`;

function same(found, wanted, who) {
  const sorted = (list) => [...list].sort((x, y) => (x < y ? -1 : Number(x > y)));
  const [a, b] = [sorted(found), sorted(wanted)];
  const twice = a.filter((value, at) => value === a[at - 1]);
  const missing = b.filter((value) => !a.includes(value));
  const more = a.filter((value) => !b.includes(value));
  const about = (list) => `${list.length} (${list.slice(0, 3).join(', ')})`;
  require(a.join('\n') ===
    b.join(
      '\n',
    ), `${who}: ${a.length} instead of ${b.length}; twice ${about(twice)}, missing ${about(missing)}, not wanted ${about(more)}`);
}

// ---- processes --------------------------------------------------------------------------------

const workers = new Set();
process.on('exit', () => {
  for (const child of workers) child.kill('SIGKILL');
});

function start(...args) {
  const self = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [self, 'worker', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  const closed = new Promise((done) => child.on('close', done));
  void closed.then(() => workers.delete(child));
  workers.add(child);
  return {
    says: async (word, times = 1) => {
      for (const end = Date.now() + 45_000; printed.split(word).length <= times; await sleep(10)) {
        require(Date.now() < end, `the ${args[0]} worker did not say '${word}' ${times} times`);
        require(child.exitCode === null, `the ${args[0]} worker ended: ${printed.slice(-500)}`);
      }
    },
    kill: () => {
      child.kill('SIGKILL');
      return closed;
    },
  };
}

function within(ms, work) {
  let timer;
  const limit = new Promise((_done, fail) => {
    timer = setTimeout(() => fail(new Error(`took more than ${ms / 1000} s`)), ms);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'worker') await worker(...rest);
else await judge(role ?? 'apache');
