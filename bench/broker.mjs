// B1 to B6 of the broker beside Apache Kafka, in turn (A B C A B C …), every broker a process of its
// own on the same disk. Load: Apache's perf tools, librdkafka (Python), and our own client where
// many connections are asked for. What counts on a shared machine is the broker's CPU time per
// record; wall times are written down, too.
//   node bench/broker.mjs [--repeat 2] [--records 300000] [--only B2,B4] [--out FILE]
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Kafka } from '../dist/bundle/index.js';
import { apacheToolAside, python, root, runAside } from '../test/compat/environment.mjs';
import { costOf, cpuMs, kinds, memoryMb, startBroker } from './broker-processes.mjs';

const { values } = parseArgs({
  options: {
    repeat: { type: 'string', default: '2' },
    records: { type: 'string', default: '300000' },
    only: { type: 'string' },
    brokers: { type: 'string', default: kinds.join(',') },
    out: { type: 'string' },
  },
});
const records = Number(values.records);
/** A JVM of its own per load takes its time to warm up: fewer records have to do. */
const javaRecords = Math.min(records, 50_000);
const wanted = values.only?.split(',');
const rows = [];
const begunAt = new Date().toISOString();

function note(scenario, broker, facts) {
  const row = { scenario, broker: broker.kind, ...facts, load: Number(loadavg()[0].toFixed(0)) };
  rows.push(row);
  console.log(JSON.stringify(row));
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(report(), null, 1)}\n`);
}

function report() {
  return {
    begunAt,
    machine: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    node: process.version,
    apacheKafka: process.env.KAFKA_VERSION ?? '4.3.1',
    records,
    rows,
  };
}

async function createTopic(broker, name, partitions) {
  const kafka = new Kafka({ bootstrapServers: broker.address });
  await kafka.admin().createTopics([{ name, partitions, replicationFactor: 1 }]);
  await kafka.close();
}

/** kafka-producer-perf-test; its last line has records/s and latencies. */
async function javaProduce(broker, topic, acks, count = javaRecords) {
  const printed = await apacheToolAside('kafka-producer-perf-test', [
    ...['--topic', topic, '--num-records', String(count), '--record-size', '1000'],
    ...['--throughput', '-1', '--bootstrap-server', broker.address],
    ...['--command-property', `acks=${acks}`],
  ]);
  const line = printed.trim().split('\n').at(-1);
  const of = (pattern) => Number(pattern.exec(line)?.[1]);
  return {
    perSecondSaid: Math.round(of(/([\d.]+) records\/sec/)),
    p50: of(/(\d+) ms 50th/),
    p99: of(/(\d+) ms 99th/),
  };
}

const javaConsume = (broker, topic, count = records) =>
  apacheToolAside('kafka-consumer-perf-test', [
    ...['--topic', topic, '--num-records', String(count), '--bootstrap-server', broker.address],
  ]);

const rdkafkaProduce = (broker, topic, acks, count = records, partitions = 3) =>
  runAside(python(), [
    ...['-B', join(root, 'bench', 'rdkafka_load.py')],
    ...[broker.address, topic, String(count), acks, String(partitions)],
  ]);

const scenarios = {
  /** Start-up, and recovery after kill -9 with 1 GB of log. */
  async B1(broker) {
    const { startMs, startCpuMs } = broker;
    note('B1 start', broker, { ms: startMs, cpuMs: startCpuMs, rssMb: memoryMb(broker.pid).now });
    await createTopic(broker, 'gigabyte', 1);
    await rdkafkaProduce(broker, 'gigabyte', '1', 1_000_000, 1);
    await broker.crash();
    const again = await broker.restart();
    // Ready is whoever answers about the log, not whoever listens.
    const kafka = new Kafka({ bootstrapServers: again.address });
    const begun = performance.now();
    const [end] = await kafka
      .admin()
      .listOffsets([{ topic: 'gigabyte', partition: 0, at: 'latest' }]);
    const ms = again.startMs + Math.round(performance.now() - begun);
    await kafka.close();
    note('B1 recovery of 1 GB', again, { ms, cpuMs: cpuMs(again.pid), end: end?.offset });
    return again;
  },

  /** Producing 1 KB records. */
  async B2(broker) {
    for (const acks of ['all', '1']) {
      await createTopic(broker, `java-${acks}`, 3);
      const java = await costOf(broker, javaRecords, () =>
        javaProduce(broker, `java-${acks}`, acks),
      );
      const { result, ...cost } = java;
      note(`B2 Java, acks=${acks}`, broker, { ...cost, ...result });
      await createTopic(broker, `rdkafka-${acks}`, 3);
      const work = () => rdkafkaProduce(broker, `rdkafka-${acks}`, acks);
      const { result: said, ...rdkafka } = await costOf(broker, records, work);
      note(`B2 librdkafka, acks=${acks}`, broker, { ...rdkafka, ...JSON.parse(said) });
    }
    note('B2 memory', broker, memoryMb(broker.pid));
    return broker;
  },

  /** Consuming what was just written, and again from the files after a restart. */
  async B3(broker) {
    await createTopic(broker, 'read', 3);
    await rdkafkaProduce(broker, 'read', '1');
    const hot = await costOf(broker, records, () => javaConsume(broker, 'read'));
    note('B3 just written', broker, { ...hot, result: undefined });
    await broker.stop();
    const again = await broker.restart();
    const cold = await costOf(again, records, () => javaConsume(again, 'read'));
    note('B3 after a restart', again, { ...cold, result: undefined });
    return again;
  },

  /** Requests with one record each, from a few and from many connections. */
  async B4(broker) {
    await createTopic(broker, 'single', 10);
    for (const [connections, requests] of [
      [20, 20_000],
      [500, 20_000],
    ]) {
      const work = () => singleRecords(broker, connections, requests / connections);
      const { result, ...cost } = await costOf(broker, requests, work);
      note(`B4 one record each, ${connections} connections`, broker, { ...cost, ...result });
    }
    return broker;
  },

  /** 200 groups with 2000 partitions: until all have joined, and what they cost at rest. */
  async B5(broker) {
    const kafka = new Kafka({ bootstrapServers: broker.address });
    const topics = Array.from({ length: 200 }, (_, i) => `group-${i}`);
    const specs = topics.map((name) => ({ name, partitions: 10, replicationFactor: 1 }));
    const { result: _made, ...making } = await costOf(broker, 2000, () =>
      kafka.admin().createTopics(specs),
    );
    note('B5 making 2000 partitions', broker, making);
    const clients = [];
    const joining = await costOf(broker, 200, async () => {
      const joined = topics.map(async (topic) => {
        const client = new Kafka({ bootstrapServers: broker.address });
        const consumer = client.consumer({ groupId: topic, topics: [topic] });
        clients.push({ client, consumer });
        await assigned(consumer);
      });
      await Promise.all(joined);
    });
    note('B5 200 groups join', broker, { ...joining, result: undefined });
    const cpu = cpuMs(broker.pid);
    await new Promise((wake) => setTimeout(wake, 20_000));
    const perSecond = (cpuMs(broker.pid) - cpu) / 20;
    note('B5 at rest', broker, { cpuMsPerSecond: perSecond, rssMb: memoryMb(broker.pid).now });
    await Promise.all(clients.map(({ consumer }) => consumer.close()));
    await Promise.all(clients.map(({ client }) => client.close()));
    await kafka.close();
    return broker;
  },

  /** One producer and ten consumers of everything it writes. */
  async B6(broker) {
    await createTopic(broker, 'fan-out', 1);
    const count = Math.min(records, 100_000);
    const work = async () => {
      const readers = Array.from({ length: 10 }, () => readAll(broker, 'fan-out', count));
      await rdkafkaProduce(broker, 'fan-out', '1', count, 1);
      await Promise.all(readers);
    };
    const { result: _none, ...cost } = await costOf(broker, count * 10, work);
    note('B6 one to ten', broker, cost);
    return broker;
  },
};

async function singleRecords(broker, connections, each) {
  const latencies = [];
  const one = async (number) => {
    const kafka = new Kafka({ bootstrapServers: broker.address });
    const producer = kafka.producer({ acks: 'all', lingerMs: 0, enableIdempotence: false });
    const partition = number % 10;
    await producer.send({ topic: 'single', partition, value: 'warm' });
    for (let i = 0; i < each; i++) {
      const begun = performance.now();
      await producer.send({ topic: 'single', partition, value: String(i) });
      latencies.push(performance.now() - begun);
    }
    await kafka.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, number) => one(number)));
  latencies.sort((a, b) => a - b);
  const at = (share) => Number(latencies[Math.floor(latencies.length * share)].toFixed(2));
  return { p50: at(0.5), p99: at(0.99) };
}

/** Resolves when the group has given the consumer its ten partitions. */
async function assigned(consumer) {
  const records = consumer[Symbol.asyncIterator]();
  void records.next().catch(() => undefined);
  while (consumer.assignment().length < 10) await new Promise((wake) => setTimeout(wake, 20));
}

async function readAll(broker, topic, count) {
  const kafka = new Kafka({ bootstrapServers: broker.address });
  const consumer = kafka.consumer({ assign: [{ topic, partition: 0 }], fromBeginning: true });
  let seen = 0;
  for await (const _record of consumer) if (++seen >= count) break;
  await kafka.close();
}

for (const [name, scenario] of Object.entries(scenarios)) {
  if (wanted !== undefined && !wanted.includes(name)) continue;
  for (let round = 0; round < Number(values.repeat); round++) {
    for (const kind of values.brokers.split(',')) {
      const started = await startBroker(kind);
      let broker = started;
      try {
        broker = await scenario(started);
      } catch (error) {
        note(`${name} failed`, started, { why: String(error).slice(0, 300) });
      }
      await broker.stop().catch(() => undefined);
    }
  }
}
