// Workers in share groups. `node share-worker.mjs` starts Apache Kafka; `kafkit` as argument runs
// the same against our broker. One printed line for each check; ends with 1 when any fails.
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { startBrokerUnderTest } from './broker-under-test.mjs';
import { atExit, require, sleep } from './environment.mjs';
import { check, closing, equal, eventually } from './judging.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist', import.meta.url).pathname;
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { Kafka, silentLogger } = await load('index.js');
const { worker } = await load('worker/index.js');

const run = `${Date.now().toString(36)}${process.pid.toString(36)}`;
/** Short, so that work takes longer. */
const lockMs = 4000;
/** A killer's record is to be set aside long before it has killed so often. */
const killsMax = 8;
const [where = 'apache', ...rest] = process.argv.slice(2);
if (where === 'victim') await victim(...rest);

const place = await startBrokerUnderTest(where, {
  settings: [
    ['group.share.record.lock.duration.ms', lockMs],
    ['group.share.min.record.lock.duration.ms', 1000],
  ],
});
const bootstrapServers = place.address;
const kafka = new Kafka({ bootstrapServers, logger: silentLogger });
const admin = kafka.admin();
const producer = kafka.producer();

await check('three workers share two partitions; retries and dead letters end well', shared);
await check('a lock is renewed for as long as the work takes', long);
await check('a record that kills whoever handles it ends among the dead letters', killer);

await kafka.close();
await place.stop();
closing();

/** A topic with these values in it, and the options of workers on it. */
async function fresh(what, values, partitions) {
  const topic = `${what}-${run}`;
  await admin.createTopics([{ name: topic, partitions }]);
  const each = (value, at) => ({ topic, value: String(value), partition: at % partitions });
  await producer.send(values.map(each));
  const options = { concurrency: 20, orderBy: 'none', retries: ['100ms'], logger: silentLogger };
  return { ...options, topics: [topic], groupId: `${topic}-group` };
}

async function ends(groupId) {
  const [group] = await admin.describeGroups([groupId]);
  equal(group.type, 'share', 'the type of the group');
  await eventually(async () => {
    const offsets = await admin.describeShareGroupOffsets(groupId);
    equal(
      offsets.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
      0,
      'the lag',
    );
  });
}

/** The first dead letter, once it is there. */
async function letter(groupId) {
  const consumer = kafka.consumer({ topics: [`${groupId}.dlq`], fromBeginning: true });
  try {
    for await (const { value, headers } of consumer) {
      const why = headers.get('__connect.errors.exception.message');
      return { value: String(value), why: String(why) };
    }
  } finally {
    await consumer.close();
  }
}

async function shared() {
  const values = Array.from({ length: 1000 }, (_, at) => at);
  const options = await fresh('shared', values, 2);
  const stop = new AbortController();
  const seen = new Map();
  const handler = async ({ value }, { attempt }) => {
    const text = String(value);
    seen.set(text, (seen.get(text) ?? 0) + 1);
    await sleep(5);
    if (text === '5') throw new Error('never');
    if (text === '7' && attempt === 1) throw new Error('not yet');
  };
  const workers = [1, 2, 3].map(() => worker(kafka, options, handler));
  const runs = workers.map((each) => each.run({ signal: stop.signal }));
  const sum = (name) => workers.reduce((total, each) => total + each.status()[name], 0);
  await eventually(async () => equal(sum('handled') + sum('deadLettered'), 1000, 'records'), 120);
  stop.abort();
  await Promise.all(runs);
  equal([sum('failed'), sum('retried'), sum('deadLettered')], [3, 2, 1], 'failed, retried, dead');
  equal(seen.size, 1000, 'different records');
  const twice = [...seen].filter(([, count]) => count > 1).map(([value]) => value);
  equal(twice.sort(), ['5', '7'], 'records that were tried twice');
  equal(await letter(options.groupId), { value: '5', why: 'never' }, 'the letter');
  await ends(options.groupId);
}

async function long() {
  const options = await fresh('long', [1], 1);
  const stop = new AbortController();
  let begun = 0;
  const handler = async () => {
    begun++;
    await sleep(2.5 * lockMs);
    stop.abort();
  };
  const runs = [1, 2].map(() => worker(kafka, options, handler).run({ signal: stop.signal }));
  await Promise.all(runs);
  equal(begun, 1, 'times that the work was begun');
  await ends(options.groupId);
}

async function killer() {
  const values = ['a', 'b', 'the killer', 'c', 'd'];
  const { groupId, topics } = await fresh('killer', values, 1);
  const dead = letter(groupId);
  let isOver = false;
  void dead.then(() => {
    isOver = true;
  });
  let kills = 0;
  let child;
  while (!isOver && kills < killsMax) {
    const args = [fileURLToPath(import.meta.url), 'victim', bootstrapServers, groupId, topics[0]];
    child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    atExit(() => child.kill('SIGKILL'));
    const killed = new Promise((done) => child.on('close', done));
    if ((await Promise.race([killed.then(() => 'killed'), dead.then(() => 'dead')])) === 'dead') {
      child.kill('SIGTERM');
      await killed;
    } else kills++;
  }
  require(isOver, `it has killed ${kills} times and is no dead letter yet`);
  const { value, why } = await dead;
  equal(value, 'the killer', 'the letter');
  require(/^The record was given out \d times/.test(why), why);
  // What was locked beside it when a victim died comes again.
  const stop = new AbortController();
  const options = { topics, groupId, orderBy: 'none', logger: silentLogger };
  const last = worker(kafka, options, () => undefined).run({ signal: stop.signal });
  await ends(groupId).finally(() => stop.abort());
  await last;
  return `killed ${kills} times; ${why}`;
}

/** A process that ends itself at the killer's record. */
async function victim(address, groupId, topic) {
  const its = new Kafka({ bootstrapServers: address, logger: silentLogger });
  const stop = new AbortController();
  process.on('SIGTERM', () => stop.abort());
  const options = { topics: [topic], groupId, orderBy: 'none', concurrency: 1, retries: [] };
  await worker(its, { ...options, logger: silentLogger }, async ({ value }) => {
    if (String(value) === 'the killer') process.kill(process.pid, 'SIGKILL');
    await sleep(1);
  }).run({ signal: stop.signal });
  process.exit(0);
}
