// One client in one scenario in a process of its own; prints one line of JSON.
//   node one.mjs <client> '<job as JSON>'
import { randomBytes } from 'node:crypto';

const [name, job] = [process.argv[2], JSON.parse(process.argv[3])];
const client = await import(`./clients/${name}.mjs`);
/** Records before the clock runs where single ones are measured. */
const warmUp = 10;
const rssBefore = process.memoryUsage.rss();
const valueBytes = job.valueBytes ?? 256;
const kinds = {
  produce,
  single,
  consume,
  latency,
  import: imports,
  idle,
  transform,
  transactions,
  paced,
};
const result = await kinds[job.kind]();
result.peakRssMb ??= process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify(result));
// Some clients keep the process alive after closing.
process.exit(0);

/** Seconds and CPU microseconds since the stopwatch was made. */
function stopwatch() {
  const cpu = process.cpuUsage();
  const from = performance.now();
  return () => {
    const seconds = (performance.now() - from) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    return { seconds, cpuMicros: (user + system) / job.records };
  };
}

function percentiles(latencies) {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999) };
}

function values() {
  if (job.values !== 'json') return Array.from({ length: 1000 }, () => randomBytes(valueBytes));
  return Array.from({ length: 1000 }, (_, id) => {
    const address = { street: `Long Street ${id * 7}`, city: 'Springfield', zip: 10_000 + id };
    const order = {
      id,
      customer: `customer ${id % 97}`,
      address,
      items: [id % 3, id % 5],
      note: '',
    };
    order.note = 'to be delivered in the afternoon, please ring twice at the side door and wait'
      .repeat(Math.ceil(valueBytes / 64))
      .slice(0, valueBytes - JSON.stringify(order).length);
    return Buffer.from(JSON.stringify(order));
  });
}

async function produce() {
  const opened = await client.open(job.address);
  const producer = await opened.producer(job.producer);
  const all = values();
  const keys = job.keyBytes && all.map((_, i) => Buffer.from(`key-${i}`.padEnd(job.keyBytes)));
  await producer.sendValues(job.topic, all, 0, 1, keys);
  const lap = stopwatch();
  const { records, perSend, inFlight = Infinity } = job;
  let sends = [];
  for (let i = 0; i < records; i += perSend) {
    sends.push(producer.sendValues(job.topic, all, i, Math.min(perSend, records - i), keys));
    if (sends.length < inFlight) continue;
    await Promise.all(sends);
    sends = [];
  }
  await Promise.all(sends);
  const result = lap();
  result.peakRssMb = process.resourceUsage().maxRSS / 1024;
  await producer.close();
  return { ...result, bytes: records * valueBytes, sent: records + 1 };
}

async function single() {
  const opened = await client.open(job.address);
  const producer = await opened.producer(job.producer);
  await producer.sendKeyed(job.topic, 0, job.perSend);
  const latencies = [];
  const lap = stopwatch();
  for (let i = 0; i < job.records; i += job.perSend) {
    const from = performance.now();
    await producer.sendKeyed(job.topic, i, job.perSend);
    latencies.push(performance.now() - from);
  }
  const result = lap();
  await producer.close();
  return { ...result, ...percentiles(latencies), sent: job.records + job.perSend };
}

/** From the wish to read until the last record, the group's joining included. */
async function consume() {
  const opened = await client.open(job.address);
  let count = 0;
  let bytes = 0;
  let sum = 0;
  let firstAt;
  let finish;
  const finished = new Promise((done) => {
    finish = done;
  });
  const lap = stopwatch();
  const from = performance.now();
  const groupId = `${job.topic}-${process.pid}-${Date.now()}`;
  const consumer = await opened.consumer(
    { topic: job.topic, groupId, fetch: job.fetch },
    (value) => {
      firstAt ??= performance.now();
      bytes += value.length;
      sum = (sum + value[0] + value[value.length - 1]) | 0;
      if (++count === job.records) finish(lap());
    },
  );
  const result = await finished;
  result.peakRssMb = process.resourceUsage().maxRSS / 1024;
  await consumer.close();
  await opened.close();
  return { ...result, bytes, sum, received: count, firstRecordMs: firstAt - from };
}

async function latency() {
  const opened = await client.open(job.address);
  const seen = [];
  let arrived = () => {};
  const groupId = `${job.topic}-${process.pid}`;
  const consumer = await opened.consumer({ topic: job.topic, groupId }, (value) => {
    arrived(performance.now() - Number(value.toString()));
  });
  const producer = await opened.producer(job.producer);
  let lap;
  for (let i = -warmUp; i < job.records; i++) {
    if (i === 0) lap = stopwatch();
    await new Promise((done) => setTimeout(done, 100));
    const arrival = new Promise((done) => {
      arrived = done;
    });
    const value = Buffer.from(String(performance.now()));
    await producer.sendValues(job.topic, [value], 0, 1);
    const took = await arrival;
    if (i >= 0) seen.push(took);
  }
  const result = lap();
  await Promise.all([producer.close(), consumer.close()]);
  return { ...result, ...percentiles(seen), sent: job.records + warmUp };
}

async function imports() {
  let files = 0;
  if (job.count) {
    // Counting slows the import down, so it is done in a run of its own.
    const { registerHooks } = await import('node:module');
    registerHooks({
      load(url, context, next) {
        if (url.startsWith('file:')) files++;
        return next(url, context);
      },
    });
  }
  const lap = stopwatch();
  await import(client.entry);
  const result = lap();
  const rssMb = (process.memoryUsage.rss() - rssBefore) / 1024 / 1024;
  return { ...result, files, importRssMb: rssMb };
}

async function idle() {
  const opened = await client.open(job.address);
  const groupId = `${job.topic}-${process.pid}`;
  for (let i = 0; i < (job.consumers ?? 1); i++) {
    await opened.consumer({ topic: job.topic, groupId }, () => {});
  }
  await new Promise((done) => setTimeout(done, 5000));
  const lap = stopwatch();
  await new Promise((done) => setTimeout(done, 10_000));
  const { seconds, cpuMicros } = lap();
  return { seconds, cpuMicros, idleMsPerSecond: cpuMicros / 1000 / seconds };
}

/** Each record read takes 5 ms of work, then something is sent and awaited. */
async function transform() {
  const opened = await client.open(job.address);
  const producer = await opened.producer(job.producer);
  const answer = [Buffer.alloc(valueBytes, 'x')];
  await producer.sendValues(job.answerTopic, answer, 0, 1);
  let count = 0;
  let finish;
  const finished = new Promise((done) => {
    finish = done;
  });
  const groupId = `${job.topic}-${process.pid}-${Date.now()}`;
  const lap = stopwatch();
  const { topic, concurrency } = job;
  const consumer = await opened.worker({ topic, groupId, concurrency }, async () => {
    // What is left of the topic when enough was read is not worked on.
    if (count >= job.records) return;
    await new Promise((done) => setTimeout(done, 5));
    await producer.sendValues(job.answerTopic, answer, 0, 1);
    if (++count === job.records) finish(lap());
  });
  const result = await finished;
  await consumer.close();
  await producer.close();
  return result;
}

/** One transaction after the other; the time from its begin to its commit. */
async function transactions() {
  const opened = await client.open(job.address);
  const transactionalId = `${job.topic}-${process.pid}`;
  const producer = await opened.producer({ ...job.producer, transactionalId });
  const all = values();
  await producer.sendTransaction(job.topic, all, 0, 1);
  const latencies = [];
  const lap = stopwatch();
  for (let i = 0; i < job.records; i += job.perSend) {
    const from = performance.now();
    await producer.sendTransaction(job.topic, all, i, job.perSend);
    latencies.push(performance.now() - from);
  }
  const result = lap();
  await producer.close();
  return { ...result, ...percentiles(latencies) };
}

/** So many records a second, whether the ones before are stored or not. */
async function paced() {
  const opened = await client.open(job.address);
  const producer = await opened.producer(job.producer);
  const all = values();
  for (let i = 0; i < warmUp; i++) await producer.sendValues(job.topic, all, i, 1);
  const latencies = [];
  const sends = [];
  const lap = stopwatch();
  const from = performance.now();
  for (let i = 0; i < job.records; i++) {
    const wait = from + (i * 1000) / job.perSecond - performance.now();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    const sentAt = performance.now();
    const sent = producer.sendValues(job.topic, all, i, 1);
    sends.push(sent.then(() => latencies.push(performance.now() - sentAt)));
  }
  await Promise.all(sends);
  const result = lap();
  await producer.close();
  return { ...result, ...percentiles(latencies), sent: job.records + warmUp };
}
