// Our share consumer in one group with Java's. `node share-consumer.mjs` starts Apache Kafka;
// `kafkit` as argument runs the same against our broker, and HOST:PORT against what is there. One
// printed line for each check; ends with 1 when any fails.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startBrokerUnderTest } from './broker-under-test.mjs';
import { apache, apacheTool, atExit, require, sleep } from './environment.mjs';
import { check, closing, equal, eventually, fails, says } from './judging.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist', import.meta.url).pathname;
const { Kafka, silentLogger } = await import(pathToFileURL(join(dist, 'index.js')).href);

const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
/** Short, so that locks end while somebody looks. */
const lockMs = 4000;
const [where = 'apache', ...rest] = process.argv.slice(2);
if (where === 'holder') await holder(...rest);

const place = await startBrokerUnderTest(where, {
  settings: [
    ['group.share.record.lock.duration.ms', lockMs],
    ['group.share.min.record.lock.duration.ms', 1000],
  ],
});
const bootstrapServers = place.address;
const kafka = new Kafka({ bootstrapServers, clientId: 'share', logger: silentLogger });
const admin = kafka.admin();
const producer = kafka.producer();

await check(
  'records are shared with a Java share consumer, each settled by one of the two',
  shared,
);
await check('what is released comes again, at the Java share consumer', released);
await check('what a killed consumer held comes again', killed);
await check('explicit: accepted, rejected, released; each word is answered', explicit);
await check('a lock that ends is told of, and one that is renewed does not end', renewed);
await check('a record limit is kept; whole batches come at once otherwise', acquireModes);
await check('aborted and control records are passed over, and the group gets to the end', gaps);
await check('several loops work side by side, and a slow one is given few records', sideBySide);
await check('a consumer that is closed releases what it holds', closes);

await kafka.close();
await place.stop();
closing();

/** A topic and a share group that begins at its start. */
async function fresh(what, partitions = 1, configs = {}) {
  const name = `${what}-${run}`;
  await admin.createTopics([{ name, partitions }]);
  const groupId = `${name}-group`;
  const set = { 'share.auto.offset.reset': 'earliest', ...configs };
  await admin.alterConfigs([{ type: 'group', name: groupId, set }]);
  return { groupId, topics: [name] };
}

async function send(topic, values, partitions = 1) {
  const each = (value, at) => producer.send({ topic, value, partition: at % partitions });
  await Promise.all(values.map(each));
}

function numbers(count, from = 0) {
  return Array.from({ length: count }, (_, at) => `${from + at}`);
}

/** A Java share consumer; `read` grows, `ended` resolves when it has ended. */
function javaConsumer({ topics: [topic], groupId }, options = []) {
  const script = join(apache, 'bin', 'kafka-console-share-consumer.sh');
  const to = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--group', groupId];
  const child = spawn(script, [...to, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  atExit(() => child.kill('SIGKILL'));
  const java = { read: [], child };
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += bytes;
    java.read = text.split('\n').filter((line) => line !== '');
  });
  java.ended = new Promise((done) => child.on('close', done));
  return java;
}

async function lagOf(groupId) {
  const offsets = await admin.describeShareGroupOffsets(groupId);
  return offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
}

async function shared() {
  // Nobody's lock is to end, however busy the machine is.
  const group = await fresh('shared', 3, { 'share.record.lock.duration.ms': 60_000 });
  const java = javaConsumer(group);
  const ours = [];
  const consumer = kafka.shareConsumer(group);
  let trouble;
  const loop = (async () => {
    for await (const record of consumer) {
      equal(record.deliveryCount, 1, 'deliveries');
      ours.push(record.value.toString());
      await sleep(2);
    }
  })().catch((error) => {
    trouble = error;
  });
  await eventually(async () => {
    const [description] = await admin.describeGroups([group.groupId]);
    equal(description.members.length, 2, 'members');
    require(description.members.every((one) => one.assignment.length > 0), 'without partitions');
  });
  const values = numbers(2000);
  for (let at = 0; at < values.length; at += 100) {
    await send(group.topics[0], values.slice(at, at + 100), 3);
    // Longer in all than a heartbeat takes to tell us that some partitions are Java's alone.
    await sleep(500);
  }
  await eventually(() => {
    if (trouble !== undefined) throw trouble;
    equal(ours.length + java.read.length, values.length, 'records read');
  }, 120);
  await consumer.commit();
  await eventually(async () => equal(await lagOf(group.groupId), 0, 'lag'));
  await consumer.close();
  await loop;
  java.child.kill('SIGTERM');
  await java.ended;
  const all = [...ours, ...java.read].sort((a, b) => a - b);
  equal(all, values, 'every record once');
  require(ours.length > 0 && java.read.length > 0, `one has all: ${ours.length}`);
  return `${ours.length} here, ${java.read.length} in Java`;
}

async function released() {
  const group = await fresh('released');
  await send(group.topics[0], numbers(10));
  const consumer = kafka.shareConsumer({ ...group, acknowledgementMode: 'explicit' });
  let seen = 0;
  for await (const record of consumer) {
    seen++;
    if (record.offset % 2 === 0) consumer.release(record);
    else consumer.accept(record);
    if (seen === 10) break;
  }
  const results = await consumer.commit();
  require(results.every(({ error }) => error === null), `refused: ${JSON.stringify(results)}`);
  await consumer.close();
  const print = ['--formatter-property', 'print.delivery=true'];
  const java = javaConsumer(group, [...print, '--max-messages', '5', '--timeout-ms', '60000']);
  await java.ended;
  // A third time where our consumer was given it again before it closed.
  const values = java.read.map((line) => line.replace(/^Delivery:[23]\t/, ''));
  equal(values, ['0', '2', '4', '6', '8'], `in Java, of ${java.read.join(' ')}`);
}

/** The process that is killed: takes a record, says so, and never finishes it. */
async function holder(servers, groupId, topic) {
  const consumer = new Kafka({ bootstrapServers: servers }).shareConsumer({
    groupId,
    topics: [topic],
    acquireMode: 'record_limit',
    maxPollRecords: 4,
  });
  let seen = 0;
  for await (const record of consumer) {
    console.log(record.value.toString());
    if (++seen === 3) await new Promise(() => setInterval(() => undefined, 1000));
  }
}

async function killed() {
  const group = await fresh('killed');
  await send(group.topics[0], numbers(10));
  const self = fileURLToPath(import.meta.url);
  const args = [self, 'holder', bootstrapServers, group.groupId, group.topics[0]];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  atExit(() => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += bytes;
  });
  await eventually(() => equal(text, '0\n1\n2\n', 'what the other has'));
  // The first two have been accepted; they travel before long.
  await eventually(async () => equal(await lagOf(group.groupId), 8, 'lag'));
  child.kill('SIGKILL');
  const found = [];
  for await (const record of kafka.shareConsumer(group)) {
    found.push([record.value.toString(), record.deliveryCount]);
    if (found.length === 8) break;
  }
  const again = found.filter(([, count]) => count === 2).map(([value]) => value);
  equal(found.map(([value]) => value).sort(), numbers(8, 2).sort(), 'what comes');
  require(again.includes('2') && again.length <= 4, `comes again: ${again.join(' ')}`);
  return `${again.length} of 8 for the second time`;
}

async function explicit() {
  const group = await fresh('explicit');
  await send(group.topics[0], numbers(6));
  const answers = [];
  const onAcknowledged = (result) => answers.push(result);
  const options = { ...group, acknowledgementMode: 'explicit', onAcknowledged };
  const consumer = kafka.shareConsumer(options);
  const seen = [];
  for await (const record of consumer) {
    seen.push(`${record.value} ${record.deliveryCount}`);
    if (record.offset === 1 && record.deliveryCount === 1) consumer.reject(record);
    else if (record.offset === 2 && record.deliveryCount < 3) consumer.release(record);
    else consumer.accept(record);
    await fails('INVALID_RECORD_STATE', async () => consumer.accept(record));
    if (seen.length === 8) break;
  }
  equal(seen.sort(), ['0 1', '1 1', '2 1', '2 2', '2 3', '3 1', '4 1', '5 1'], 'deliveries');
  await consumer.commit();
  const offsets = answers.flatMap((answer) => answer.offsets);
  equal([offsets.length, answers.every(({ error }) => error === null)], [8, true], 'answers');
  equal(await lagOf(group.groupId), 0, 'lag');
  const { counters } = consumer.health();
  equal([counters.accepted, counters.rejected, counters.released], [5, 1, 2], 'counters');
  await consumer.close();
  const implicit = kafka.shareConsumer(group);
  await fails('INVALID_ARGUMENT', async () => implicit.accept({ topic: 'x' }));
  await implicit.close();
}

async function renewed() {
  const group = await fresh('renewed');
  await send(group.topics[0], numbers(2));
  const troubles = [];
  const consumer = kafka.shareConsumer({
    ...group,
    acknowledgementMode: 'explicit',
    onError: (error) => troubles.push(error),
  });
  const records = [];
  const deliveries = [];
  for await (const record of consumer) {
    deliveries.push([record.offset, record.deliveryCount]);
    records.push(record);
    if (records.length < 2) continue;
    if (records.length === 2) {
      const [kept] = records;
      for (const until = Date.now() + 2 * lockMs; Date.now() < until; ) {
        consumer.renew(kept);
        const [result] = await consumer.commit();
        equal([result.offsets, result.error], [[0], null], 'renewal');
        await sleep(lockMs / 4);
      }
      equal(consumer.acquisitionLockTimeoutMs, lockMs, 'how long locks last');
      consumer.accept(kept);
      const [accepted] = await consumer.commit();
      equal([accepted.offsets, accepted.error], [[0], null], 'accepted in the end');
      const ended = troubles.map(({ code, context }) => [code, context.offset]);
      equal(ended, [['INVALID_RECORD_STATE', 1]], 'locks that ended');
      consumer.accept(records[1]);
      const [late] = await consumer.commit();
      equal([late.offsets, late.error?.code], [[1], 'INVALID_RECORD_STATE'], 'accepted too late');
      continue;
    }
    consumer.accept(record);
    break;
  }
  equal(
    deliveries,
    [
      [0, 1],
      [1, 1],
      [1, 2],
    ],
    'deliveries',
  );
  await consumer.close();
  equal(await lagOf(group.groupId), 0, 'lag');
}

async function acquireModes() {
  const group = await fresh('modes');
  const big = kafka.producer({ lingerMs: 200, batchSize: 1_000_000 });
  const sent = numbers(100).map((value) => big.send({ topic: group.topics[0], value }));
  await Promise.all(sent);
  await big.close();
  const most = async (acquireMode) => {
    const consumer = kafka.shareConsumer({ ...group, acquireMode, maxPollRecords: 5 });
    let largest = 0;
    let seen = 0;
    for await (const _record of consumer) {
      largest = Math.max(largest, consumer.health().acquiredRecords);
      if (++seen === 20) break;
    }
    await consumer.close();
    return largest;
  };
  const limited = await most('record_limit');
  require(limited <= 5, `${limited} records at once`);
  const whole = await most('batch_optimized');
  require(whole > 50, `only ${whole} records at once`);
  return `${limited} at most, ${whole} in whole batches`;
}

async function gaps() {
  const configs = { 'share.isolation.level': 'read_committed' };
  const group = await fresh('gaps', 1, configs);
  const writer = kafka.producer({ transactionalId: 'gaps-writer', compression: 'gzip' });
  const [topic] = group.topics;
  for (const [at, value] of numbers(6).entries()) {
    const transaction = await writer.beginTransaction();
    await transaction.send({ topic, value });
    if (at % 2 === 0) await transaction.commit();
    else await transaction.abort();
  }
  await writer.close();
  const lines = producer.send({ topic, value: 'last' });
  await lines;
  const found = [];
  const consumer = kafka.shareConsumer(group);
  for await (const record of consumer) {
    found.push(record.value.toString());
    if (record.value.toString() === 'last') break;
  }
  equal(found, ['0', '2', '4', 'last'], 'records');
  // The last one was at hand when the loop ended.
  for await (const record of consumer) {
    equal([record.value.toString(), record.deliveryCount], ['last', 2], 'the one at hand');
    await consumer.commit();
    break;
  }
  await consumer.commit();
  await eventually(async () => equal(await lagOf(group.groupId), 0, 'lag'));
  await consumer.close();
  const seen = apacheTool('kafka-share-groups', [
    ...['--bootstrap-server', bootstrapServers, '--describe', '--group', group.groupId],
  ]).stdout;
  says(seen, new RegExp(`${topic}\\s+0\\s+\\d+\\s+0`));
}

async function sideBySide() {
  const group = await fresh('beside', 2);
  await send(group.topics[0], numbers(60), 2);
  const consumer = kafka.shareConsumer(group);
  const seen = [];
  let largest = 0;
  let atOnce = 0;
  let most = 0;
  const work = async () => {
    for await (const record of consumer) {
      seen.push(record.value.toString());
      largest = Math.max(largest, consumer.health().acquiredRecords);
      atOnce++;
      most = Math.max(most, atOnce);
      await sleep(100);
      atOnce--;
      if (seen.length === 60) await consumer.close();
    }
  };
  await Promise.all([work(), work(), work()]);
  require(most === 3, `${most} loops at once`);
  require(new Set(seen).size >= 59, `${new Set(seen).size} different records`);
  require(largest <= 60, `${largest} records were acquired at once`);
  return `at most ${largest} acquired, limit ${consumer.health().acquireLimit}`;
}

async function closes() {
  const group = await fresh('closed');
  await send(group.topics[0], numbers(10));
  const abort = new AbortController();
  const first = kafka.shareConsumer({ ...group, signal: abort.signal });
  for await (const record of first) {
    if (record.offset === 2) abort.abort();
  }
  equal(first.health().state, 'closed', 'state');
  await first.close();
  const begun = Date.now();
  const second = kafka.shareConsumer(group);
  const found = [];
  for await (const record of second) {
    found.push([record.offset, record.deliveryCount]);
    if (found.length === 8) break;
  }
  await second.close();
  equal(
    found.map(([offset]) => offset),
    [2, 3, 4, 5, 6, 7, 8, 9],
    'offsets',
  );
  equal(found[0], [2, 2], 'the one at hand');
  const [description] = await admin.describeGroups([group.groupId]);
  equal([description.state, description.members.length], ['Empty', 0], 'group');
  return `given back at once, ${Date.now() - begun} ms later they came again`;
}
