// Whether a client that runs for long stays as it was: senders, a group, transactions and an
// exactly-once loop work while the broker is restarted again and again; at the end the memory has
// not grown, every timer and socket is gone, and nobody was warned of anything.
//
//   npm run soak -- --minutes 15                     our broker, killed and stopped in turns
//   npm run soak -- --minutes 15 --apache            one node of Apache Kafka
//
// Writes one line each half minute; ends with 1 when anything is amiss.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import {
  apache,
  freePort,
  runAside,
  sleep,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../compat/environment.mjs';
import { startCopying, startMember, startSender, startTransactions } from './clients.mjs';
import { Seeded } from './seeded.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    apache: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0) || globalThis.gc === undefined) {
  console.error('usage: node --expose-gc test/faults/soak.mjs --minutes N [--apache] [--seed N]');
  process.exit(2);
}

/** The first part of the time, in which code is compiled and buffers find their size. */
const warmUp = 0.3;
/** What memory may seem to grow by from the first third to the last: the noise of allocators. */
const growthMax = 0.1;
const sampleMs = 5000;

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist/bundle', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(dist, 'index.js')).href);
const random = new Seeded(Number(values.seed));
const broker = values.apache ? await apacheNode() : await ownBroker();

const problems = [];
process.on('unhandledRejection', (error) => problems.push(`unhandled: ${error?.stack ?? error}`));
process.on('warning', (warning) => problems.push(`warning: ${warning.stack ?? warning}`));

/** Counts only: what it kept would be the growth that is looked for. */
const journal = {
  counts: {},
  note(kind, facts) {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    if (kind === 'failed') problems.push(`refused: ${facts.id} ${facts.code} ${facts.message}`);
    if (kind === 'finding') problems.push(`${facts.what}: ${facts.message}`);
  },
};

let samples = [];
// Once in short, so that what is loaded or opened for good is there before anything is counted.
await once(0.1);
const before = await resources();
samples = [];
await once(minutes);
const after = await resources();
await broker.stop();
judge();

/** The clients' whole life: made, at work for so long, closed. */
async function once(forMinutes) {
  const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const kafka = new Kafka({ bootstrapServers: broker.address, clientId: 'soak', logger });
  const admin = kafka.admin();
  const run = Date.now().toString(36);
  const [topic, pairs, copies] = ['data', 'pairs', 'copies'].map((name) => `${name}-${run}`);
  // Small segments that go soon, so that the disk stays small as well.
  const configs = { 'segment.bytes': 1_048_576 };
  await admin.createTopics(
    [topic, pairs, copies].map((name) => ({ name, partitions: 3, configs })),
  );
  const seeded = () => new Seeded(random.between(0, 2 ** 31));
  const shared = { kafka, journal };
  const group = { groupId: `group-${run}`, topics: [topic], fromBeginning: true };
  const senders = ['a', 'b'].map((name) =>
    startSender({ ...shared, random: seeded(), topic, name }),
  );
  const member = (name) =>
    startMember({
      ...shared,
      random: seeded(),
      name,
      options: { ...group, sessionTimeoutMs: 6000 },
    });
  let members = [member('m1'), member('m2')];
  const transactions = startTransactions({
    ...shared,
    random: seeded(),
    topic: pairs,
    partitions: 3,
    name: `transactions-${run}`,
  });
  const copying = startCopying({
    ...shared,
    topic,
    copies,
    groupId: `copying-${run}`,
    name: `copying-${run}`,
    options: { fromBeginning: true, sessionTimeoutMs: 6000 },
  });
  const acked = journal.counts.acked ?? 0;
  const end = Date.now() + forMinutes * 60_000;
  const restarts = (async () => {
    while (Date.now() + 30_000 < end) {
      await sleep(20_000);
      await broker.restart(random.chance(0.5));
      // Members come and go as well.
      const [first, ...others] = members;
      await first.stop();
      members = [...others, member(`m${random.between(3, 1e6)}`)];
    }
  })();
  for (let told = 0; Date.now() < end; await sleep(Math.min(sampleMs, end - Date.now()))) {
    sample();
    if (++told % 6 === 1) tell();
  }
  await restarts;
  await Promise.all(senders.map((one) => one.stop()));
  await transactions.stop();
  await drained(admin, [topic, copies], [group.groupId, `copying-${run}`]);
  const ends = await endsOf(admin, topic);
  const stored = ends.reduce((sum, { offset }) => sum + offset, 0);
  const sent = journal.counts.acked - acked;
  if (stored !== sent) problems.push(`${sent} records were acknowledged, ${stored} are there`);
  await Promise.all([...members.map((one) => one.stop()), copying.stop()]);
  await Promise.all([...senders.map((one) => one.close()), transactions.close()]);
  await kafka.close();
}

function endsOf(admin, topic) {
  return admin.listOffsets([0, 1, 2].map((partition) => ({ topic, partition, at: 'latest' })));
}

async function drained(admin, [topic], groups) {
  const ends = await endsOf(admin, topic);
  for (const groupId of groups) {
    for (const until = Date.now() + 120_000; ; await sleep(200)) {
      const found = await admin.fetchOffsets(groupId, { requireStable: true });
      const left = ends.filter(
        ({ partition, offset }) =>
          (found.find((one) => one.partition === partition)?.offset ?? 0) < offset,
      );
      if (left.length === 0) break;
      if (Date.now() < until) continue;
      problems.push(`${groupId} has not come to the end of ${left.length} partitions`);
      break;
    }
  }
}

function sample() {
  globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  samples.push({ at: Date.now(), rss, heapUsed, external });
}

function tell() {
  const { rss, heapUsed } = process.memoryUsage();
  const mib = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;
  const { acked = 0, processed = 0, transaction = 0 } = journal.counts;
  const work = `${acked} acknowledged, ${processed} processed, ${transaction} transactions`;
  console.log(`rss ${mib(rss)}, heap ${mib(heapUsed)}, ${broker.restarts} restarts: ${work}`);
}

/** Kinds of what keeps a process alive, once what was closed has had its turns to go. */
async function resources() {
  for (let turn = 0; turn < 20; turn++) await sleep(50);
  const counts = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function judge() {
  const from = samples[0].at + (samples.at(-1).at - samples[0].at) * warmUp;
  const late = samples.filter(({ at }) => at >= from);
  const third = Math.ceil(late.length / 3);
  const mib = (bytes) => (bytes / 1048576).toFixed(1);
  for (const what of ['rss', 'heapUsed', 'external']) {
    // Medians: what a collection or a restart does for a moment is no growth.
    const [first, last] = [late.slice(0, third), late.slice(-third)].map((part) =>
      median(part.map((one) => one[what])),
    );
    const perHour = slope(late.map((one) => [one.at / 3_600_000, one[what]]));
    console.log(
      `${what}: ${mib(first)} MiB in the first third after the warm-up, ${mib(last)} in the ` +
        `last; straight line ${mib(perHour)} MiB an hour`,
    );
    if (last > first * (1 + growthMax)) problems.push(`${what} has grown by more than a tenth`);
  }
  console.log(`handles before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  for (const [kind, count] of Object.entries(after)) {
    if (count > (before[kind] ?? 0)) problems.push(`${count} ${kind}, ${before[kind] ?? 0} before`);
  }
  tell();
  for (const problem of problems.slice(0, 20)) console.log(`FAILED  ${problem}`);
  const passed = problems.length === 0 ? 1 : 0;
  console.log(`${passed} passed, ${1 - passed} failed`);
  process.exit(1 - passed);
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

/** Of the straight line through the points (least squares). */
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  let [above, below] = [0, 0];
  for (const point of points) {
    above += (point[0] - x) * (point[1] - y);
    below += (point[0] - x) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

async function ownBroker() {
  const data = temporaryDirectory('soak');
  const port = await freePort();
  let running = await startKafkit({ data, port });
  return {
    address: running.address,
    restarts: 0,
    async restart(isCrash) {
      this.restarts++;
      await (isCrash ? running.kill() : running.stop());
      await sleep(random.between(100, 3000));
      running = await startKafkit({ data, port });
    },
    stop: () => running.stop(),
  };
}

async function apacheNode() {
  const directory = temporaryDirectory('soak');
  const port = await freePort();
  const address = startApacheKafka('single', directory, port);
  return {
    address,
    restarts: 0,
    async restart(isCrash) {
      this.restarts++;
      const script = join(apache, 'kafka');
      if (isCrash) process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGKILL');
      else await runAside(script, ['stop', directory]);
      await sleep(random.between(100, 3000));
      await runAside(script, ['start-single', directory, String(port)]);
    },
    stop: async () => stopApacheKafka(directory),
  };
}
