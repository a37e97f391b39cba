// A pipeline in a process of its own, for the kill matrix. Its description comes as JSON in the
// first argument; each time a watched step is reached it either ends itself with SIGKILL, or says
// so on standard output and waits for a line on standard input.
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { json, map, pipeline } from '../../dist/connect/index.js';
import { mongodb } from '../../dist/connect/connectors/mongodb/index.js';
import { KafkaError } from '../../dist/errors/index.js';

const plan = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${line}\n`);

let resume = () => undefined;
createInterface({ input: process.stdin }).on('line', () => resume());

let reached = 0;
let isFetching = false;
async function onStep(step) {
  if (step === 'fetched' && !isFetching) say('fetching');
  isFetching ||= step === 'fetched';
  if (step === 'rebalancing') say(step);
  if (step !== plan.step || ++reached !== plan.nth) return;
  if (plan.action === 'kill') process.kill(process.pid, 'SIGKILL');
  const waiting = new Promise((done) => {
    resume = done;
  });
  say(`at ${step}`);
  await waiting;
}

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

function target() {
  if (plan.outTopic !== undefined) {
    const exactlyOnce = plan.sabotage !== 'transactions';
    const producer = exactlyOnce ? { transactionTimeoutMs: 4000 } : {};
    return { topic: plan.outTopic, exactlyOnce, producer };
  }
  const sink = mongodb({
    uri: plan.uri,
    database: plan.database,
    collection: plan.collection,
    // What is overtaken goes with neither deletions nor, without a guard, keys.
    ...(plan.retryTopics === undefined
      ? { tombstones: 'delete' }
      : plan.offsets === 'mongodb'
        ? { id: 'position' }
        : {}),
    maxBatchSize: plan.bulkSize,
    offsets: plan.offsets,
    clientOptions: { serverSelectionTimeoutMS: 2000, socketTimeoutMS: 4000 },
    ...(plan.sabotage === 'guard' ? { guard: false } : {}),
  });
  return plan.sabotage === undefined ? sink : sabotaged(sink);
}

/** A record that says so does not go through before a while has passed since its first attempt. */
function reluctance(record) {
  const { n, waits } = record.value ?? {};
  if (waits === undefined) return record;
  // Files outlive whoever is killed.
  const mark = join(plan.marks, String(n));
  if (!existsSync(mark)) writeFileSync(mark, '');
  if (Date.now() - statSync(mark).mtimeMs >= waits) return record;
  throw new KafkaError('SINK_FAILED', 'not yet', { retriable: true });
}

/** The sink made worse, to see that the checks notice. */
function sabotaged(sink) {
  const start = async (context) => {
    const writer = await sink.start(context);
    const put = async (records, batch) => {
      if (plan.sabotage === 'guard') {
        return writer.put(records, { ...batch, stillOurs: async () => undefined });
      }
      setTimeout(() => void writer.put(records, batch).catch(() => undefined), 2000);
      return [];
    };
    return { put, close: () => writer.close() };
  };
  return { ...sink, start };
}

const line = (level) => (message, context) => {
  const error = context?.error;
  process.stderr.write(`${level}: ${message} ${error?.message ?? ''}\n`);
};
const logger = { debug() {}, info() {}, warn: line('warn'), error: line('error') };

try {
  const status = await pipeline({
    name: plan.group,
    kafka: {
      bootstrapServers: plan.bootstrapServers,
      logger,
      requestTimeoutMs: 3000,
      defaultApiTimeoutMs: 15_000,
    },
    from: {
      topics: [plan.topic],
      groupId: plan.group,
      consumer: { sessionTimeoutMs: 6000, heartbeatIntervalMs: 500 },
    },
    via: [json(), map(reluctance)],
    to: target(),
    // Not for topics, where a batch is a transaction.
    ...(plan.outTopic === undefined ? { batchSize: plan.batchSize, commitIntervalMs: 200 } : {}),
    drainTimeoutMs: 10_000,
    errors: {
      retries: 3,
      backoffMs: 50,
      restartBackoffMs: 100,
      restartBackoffMaxMs: 1000,
      writeTimeoutMs: 6000,
      deadLetterTopic: plan.deadLetterTopic,
      retryTopics: plan.retryTopics,
    },
    logger,
    onStep,
  }).run({ signal: stop.signal, untilEnd: plan.untilEnd });
  say(`done ${JSON.stringify({ written: status.written, restarts: status.restarts })}`);
  process.exit(0);
} catch (error) {
  say(`failed ${error.code ?? ''} ${error.message}`);
  process.exit(1);
}
