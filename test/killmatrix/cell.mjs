// One cell: produce, strike at the step, let the rest arrive, and compare what is stored with what
// was produced. Answers with the complaints, none for a cell that holds.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { batchesToEnd } from '../../dist/client/index.js';
import { Kafka } from '../../dist/index.js';
import { realSystem } from '../../dist/system/index.js';
import { temporaryDirectory } from '../compat/environment.mjs';
import { randomFrom } from './cells.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const partitions = 2;
const recordCount = 160;
const keyCount = 60;
/** On a busy machine everything takes long; only what never comes is a fault. */
const patienceMs = 180_000;
/** The second time there may be nothing left to do. */
const secondPatienceMs = 20_000;
/** Pauses of records that do not go through at once, and for how long after the first attempt. */
const retryPauses = ['300ms', '1s', '3s'];
const reluctantMs = 1000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * What is produced, by the seed: some updates, some deletions, three records of poison, or five
 * that fail for a while. Those are overtaken, so that only a guarded document ends by its key.
 */
function records({ data, database }, random) {
  const poison = new Set();
  while (data === 'poison' && poison.size < 3) poison.add(Math.floor(random() * recordCount));
  const reluctant = new Set();
  while (data === 'reluctant' && reluctant.size < 5) {
    reluctant.add(Math.floor(random() * recordCount));
  }
  const isGuarded = database !== 'topic' && database !== 'transactions';
  const isKeyed = data !== 'unkeyed' && (data !== 'reluctant' || isGuarded);
  return Array.from({ length: recordCount }, (_, n) => {
    const key = isKeyed ? `k${Math.floor(random() * keyCount)}` : null;
    if (poison.has(n)) {
      return { key, value: `{"n":${n},`, headers: [['trace', `p${n}`]], isPoison: true };
    }
    const isDeletion = data === 'tombstones' && random() < 0.3;
    const waits = reluctant.has(n) ? { waits: reluctantMs } : {};
    return { key, value: isDeletion ? null : JSON.stringify({ n, pad: 'x'.repeat(20), ...waits }) };
  });
}

class Child {
  lines = [];
  stderr = '';
  #wake = () => undefined;

  constructor(plan) {
    this.process = spawn(
      process.execPath,
      [join(here, 'pipeline-process.mjs'), JSON.stringify(plan)],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    let rest = '';
    this.process.stdin.on('error', () => undefined);
    this.process.stdout.on('data', (bytes) => {
      const found = `${rest}${bytes}`.split('\n');
      rest = found.pop();
      this.lines.push(...found);
      this.#wake();
    });
    this.process.stderr.on('data', (bytes) => {
      this.stderr = `${this.stderr}${bytes}`.slice(-4000);
    });
    this.closed = new Promise((done) => {
      this.process.on('close', (code, signal) => {
        this.isOver = true;
        this.#wake();
        done(code ?? signal);
      });
    });
  }

  /** Until a line begins so, the process ends, or the time is over; answers with the line. */
  async line(start, timeoutMs) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(start));
      if (found !== undefined || this.isOver || Date.now() >= until) return found;
      await Promise.race([
        new Promise((done) => {
          this.#wake = done;
        }),
        sleep(Math.max(1, until - Date.now())),
      ]);
    }
  }

  go() {
    this.process.stdin.write('go\n');
  }

  async end(timeoutMs = 20_000) {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), timeoutMs);
    await this.closed;
    clearTimeout(timer);
  }
}

export async function runCell(cell, { broker, database, seed, sabotage }) {
  const random = randomFrom(seed);
  const topic = `km-${seed}-${Math.floor(random() * 1e9)}`;
  const context = {
    cell,
    broker,
    database,
    random,
    topic,
    deadLetterTopic: `${topic}.dlq`,
    outTopic: database.isTopic ? `${topic}.out` : undefined,
    sabotage,
    marks: cell.data === 'reluctant' ? temporaryDirectory('killmatrix-marks') : undefined,
    children: [],
  };
  const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers, logger: quiet });
  const produced = records(cell, random);
  try {
    const admin = kafka.admin();
    await admin.createTopics([
      { name: topic, partitions, ...factor(broker) },
      { name: `${topic}.dlq`, partitions: 1, ...factor(broker) },
      ...(database.isTopic ? [{ name: `${topic}.out`, partitions, ...factor(broker) }] : []),
      ...(cell.data === 'reluctant' ? retryPauses : []).map((pause) => ({
        name: `${topic}.retry.${pause}`,
        partitions,
        ...factor(broker),
      })),
    ]);
    const half = Math.floor(recordCount * 0.75);
    await produce(kafka, topic, produced.slice(0, half), produced, 0);
    let rest;
    context.produceRest = () => {
      rest ??= produce(kafka, topic, produced.slice(half), produced, half);
      return rest;
    };
    await strike(context);
    await context.produceRest();
    await finish(context);
    await admin.close();
    return await compare(context, kafka, produced);
  } catch (error) {
    const stories = context.children.map(({ stderr, lines }) => `${lines.join(' | ')}\n${stderr}`);
    return [`${error.stack}\n${stories.join('\n')}`];
  } finally {
    for (const child of context.children) child.process.kill('SIGKILL');
    await kafka.close();
  }
}

const factor = ({ replicationFactor }) =>
  replicationFactor === undefined ? {} : { replicationFactor };

async function produce(kafka, topic, list, produced, from) {
  const producer = kafka.producer({ lingerMs: 0 });
  // Each record by itself where poison needs its place known; all in order.
  const results = await producer.send(
    list.map(({ key, value, headers }, at) => ({
      topic,
      key,
      value,
      headers,
      ...(key === null ? { partition: (from + at) % partitions } : {}),
    })),
  );
  for (const [at, { partition, offset }] of results.entries()) {
    Object.assign(produced[from + at], { partition, offset });
  }
  await producer.close();
}

function start(context, plan) {
  const { broker, cell, database, topic, deadLetterTopic, outTopic, sabotage } = context;
  const child = new Child({
    bootstrapServers: broker.bootstrapServers,
    uri: database.uri,
    database: 'killmatrix',
    collection: topic,
    topic,
    group: topic,
    deadLetterTopic,
    outTopic,
    sabotage,
    bulkSize: database.bulkSize,
    offsets: database.offsets,
    batchSize: 50,
    ...(cell.data === 'reluctant' ? { retryTopics: retryPauses, marks: context.marks } : {}),
    ...plan,
  });
  context.children.push(child);
  return child;
}

/** Brings a pipeline to the step, and strikes there. */
async function strike(context) {
  const { cell } = context;
  const { step, fault } = cell;
  if (fault === 'kill-one-of-two') return await strikeOneOfTwo(context);
  const kills = fault === 'kill-pipeline';
  const rounds = kills ? 2 : 1;
  for (let round = 0; round < rounds; round++) {
    const child = start(context, { step, nth: 1, action: kills ? 'kill' : 'wait' });
    const patience = round === 0 ? patienceMs : secondPatienceMs;
    await bringTo(context, { step, child, patience });
    if (kills) {
      const ended = await Promise.race([child.closed, sleep(patience)]);
      context.wasReached ||= ended === 'SIGKILL';
      continue;
    }
    const reached = await child.line('at ', patienceMs);
    context.wasReached = reached !== undefined;
    await faults[fault](context, child);
  }
}

/** Some steps come only when they are asked for. */
async function bringTo(context, { step, child, patience }) {
  if (step === 'rebalancing') {
    // The second member makes the first one give partitions up.
    await child.line('fetching', patience);
    start(context, {});
  }
  if (step === 'draining') {
    await child.line('fetching', patience);
    child.process.kill('SIGTERM');
  }
}

/** Two share the partitions; one is killed, and the other takes over. */
async function strikeOneOfTwo(context) {
  const { step } = context.cell;
  const other = start(context, {});
  await other.line('fetching', patienceMs);
  const child = start(context, { step, nth: 1, action: 'kill' });
  // The other one gives a partition up: now there are two.
  await other.line('rebalancing', patienceMs);
  await context.produceRest();
  await bringTo(context, { step, child, patience: patienceMs });
  context.wasReached = (await Promise.race([child.closed, sleep(patienceMs)])) === 'SIGKILL';
}

/** What happens while the pipeline stands at the step; each lets it go on. */
const faults = {
  async 'kill-database'({ database }, child) {
    await database.kill();
    child.go();
    await sleep(1500);
    await database.revive();
  },
  async 'kill-broker'({ broker }, child) {
    await broker.kill();
    child.go();
    await sleep(1500);
    await broker.revive();
  },
  async 'cut-database'({ database }, child) {
    database.proxy.cut();
    child.go();
    await sleep(2000);
    database.proxy.mend();
  },
  async 'cut-broker'({ broker }, child) {
    broker.proxy.cut();
    child.go();
    await sleep(2000);
    broker.proxy.mend();
  },
  /** It stands still until the group has given its partitions to another, and then goes on. */
  async zombie(context, child) {
    child.process.kill('SIGSTOP');
    start(context, {});
    await sleep(7500);
    // The other one gets ahead of it: what it holds is the past by now.
    await context.produceRest();
    await sleep(2000);
    child.process.kill('SIGCONT');
    child.go();
    await sleep(1000);
  },
  async 'slow-database'({ database }, child) {
    database.proxy.delayMs = 150;
    child.go();
    await sleep(3000);
    database.proxy.delayMs = 0;
  },
  async 'half-of-database'({ database }, child) {
    database.halve();
    child.go();
    await sleep(2500);
    database.empty();
  },
  async 'full-database'({ database }, child) {
    database.fill();
    child.go();
    await sleep(2500);
    database.empty();
  },
};

/** Ends whoever runs, then lets one pipeline run to the end. */
async function finish(context) {
  // Those that run must manage by themselves for a while: a fault may not end them.
  await sleep(1000);
  await Promise.all(context.children.filter(({ isOver }) => !isOver).map((child) => child.end()));
  const last = start(context, { untilEnd: true });
  const done = await last.line('done', patienceMs);
  if (done === undefined) throw new Error('the last run did not come to its end');
  await last.closed;
}

async function compare(context, kafka, produced) {
  const { cell, deadLetterTopic, wasReached } = context;
  const complaints = [];
  if (wasReached === false) complaints.push(`the step ${cell.step} was not reached`);
  const isTopic = context.outTopic !== undefined;
  complaints.push(...(await (isTopic ? compareTopic : compareDocuments)(context, kafka, produced)));
  complaints.push(...(await letters(kafka, deadLetterTopic, produced)));
  return complaints;
}

/** Every record once, and those of a key in their order. */
async function compareTopic({ outTopic }, kafka, produced) {
  const complaints = [];
  const textOf = (key, value) => `${key} = ${value}`;
  const open = new Map();
  const orders = new Map();
  for (const { key, value, isPoison } of produced) {
    if (isPoison) continue;
    const text = textOf(key, value);
    open.set(text, (open.get(text) ?? 0) + 1);
    if (key !== null) orders.set(key, [...(orders.get(key) ?? []), text]);
  }
  const seen = new Map();
  for await (const batch of wholeTopic(kafka, outTopic, partitions)) {
    for (const { key, value } of batch) {
      const text = textOf(key, value);
      const left = (open.get(text) ?? 0) - 1;
      if (left < 0) complaints.push(`${text} is there once too often`);
      else if (left === 0) open.delete(text);
      else open.set(text, left);
      if (key !== null) seen.set(String(key), [...(seen.get(String(key)) ?? []), text]);
    }
  }
  for (const [text, count] of open) complaints.push(`${text} is missing ${count} times`);
  for (const [key, order] of orders) {
    if (complaints.length === 0 && seen.get(key)?.join() !== order.join()) {
      complaints.push(`${key} is not in order`);
    }
  }
  return complaints;
}

/** What readers of committed records see of a topic, up to where its end is now. */
async function* wholeTopic(kafka, topic, count) {
  const admin = kafka.admin();
  const all = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  const ends = await admin.listOffsets(all.map((each) => ({ ...each, at: 'latest' })));
  await admin.close();
  const ranges = ends.map(({ partition, offset }) => ({
    topic,
    partition,
    offset: 0,
    end: offset,
  }));
  const { clock } = realSystem();
  yield* batchesToEnd(kafka, ranges, { isolationLevel: 'read_committed', clock });
}

async function compareDocuments({ database, topic }, _, produced) {
  const complaints = [];
  const wanted = new Map();
  for (const { key, value, partition, offset, isPoison } of produced) {
    if (isPoison) continue;
    const id = key ?? `${topic}#${partition}#${offset}`;
    if (value === null) wanted.delete(id);
    else wanted.set(id, JSON.parse(value).n);
  }
  const client = await MongoClient.connect(database.ownUri, { serverSelectionTimeoutMS: 15_000 });
  const stored = await client.db('killmatrix').collection(topic).find().toArray();
  await client.close();
  const found = new Map(stored.map(({ _id, n }) => [_id, n]));
  if (found.size !== stored.length) complaints.push('documents are there twice');
  for (const [id, n] of wanted) {
    if (!found.has(id)) complaints.push(`${id} is missing`);
    else if (found.get(id) !== n) complaints.push(`${id} is ${found.get(id)}, not ${n}`);
  }
  for (const id of found.keys()) if (!wanted.has(id)) complaints.push(`${id} should not be there`);
  return complaints;
}

async function letters(kafka, topic, produced) {
  const poison = produced.filter(({ isPoison }) => isPoison);
  const complaints = [];
  const seen = new Map();
  for await (const batch of wholeTopic(kafka, topic, 1)) {
    for (const { key, value, headers } of batch) {
      const place = ['partition', 'offset']
        .map((name) => String(headers.get(`__connect.errors.${name}`)))
        .join('@');
      seen.set(place, { times: (seen.get(place)?.times ?? 0) + 1, key, value, headers });
    }
  }
  for (const { key, value, partition, offset, headers } of poison) {
    const letter = seen.get(`${partition}@${offset}`);
    seen.delete(`${partition}@${offset}`);
    if (letter === undefined) complaints.push(`poison ${partition}@${offset} was not set aside`);
    else if (letter.times > 1)
      complaints.push(`poison ${partition}@${offset} ${letter.times} times`);
    else if (String(letter.key) !== String(key) || String(letter.value) !== value) {
      complaints.push(`poison ${partition}@${offset} is not as it was`);
    } else if (String(letter.headers.get('trace')) !== headers[0][1]) {
      complaints.push(`poison ${partition}@${offset} lost its headers`);
    }
  }
  for (const place of seen.keys()) complaints.push(`${place} was set aside without reason`);
  return complaints;
}
