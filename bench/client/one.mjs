// One client in one scenario in a process of its own; prints one line of JSON.
//   node one.mjs <client> '<job as JSON>'
import { randomBytes } from 'node:crypto';

const [name, job] = [process.argv[2], JSON.parse(process.argv[3])];
const client = await import(`./clients/${name}.mjs`);
/** Records before the clock runs where single ones are measured. */
const warmUp = 10;
const rssBefore = process.memoryUsage.rss();
const kinds = { produce, single, consume, latency, import: imports, idle };
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
  if (job.values !== 'json') return Array.from({ length: 1000 }, () => randomBytes(256));
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
      .repeat(2)
      .slice(0, 256 - JSON.stringify(order).length);
    return Buffer.from(JSON.stringify(order));
  });
}

async function produce() {
  const opened = await client.open(job.address);
  const producer = await opened.producer(job.producer);
  const all = values();
  await producer.sendValues(job.topic, all, 0, 1);
  const lap = stopwatch();
  const { records, perSend, inFlight = Infinity } = job;
  let sends = [];
  for (let i = 0; i < records; i += perSend) {
    sends.push(producer.sendValues(job.topic, all, i, Math.min(perSend, records - i)));
    if (sends.length < inFlight) continue;
    await Promise.all(sends);
    sends = [];
  }
  await Promise.all(sends);
  const result = lap();
  result.peakRssMb = process.resourceUsage().maxRSS / 1024;
  await producer.close();
  return { ...result, bytes: records * 256, sent: records + 1 };
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
  await opened.consumer({ topic: job.topic, groupId }, () => {});
  await new Promise((done) => setTimeout(done, 5000));
  const lap = stopwatch();
  await new Promise((done) => setTimeout(done, 10_000));
  const { seconds, cpuMicros } = lap();
  return { seconds, cpuMicros, idleMsPerSecond: cpuMicros / 1000 / seconds };
}
