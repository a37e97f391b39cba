// Start-up, producing and consuming (B1 to B3) of kafkit and of Apache Kafka, one after the other in
// one run, on the same disk, with Apache's own perf tools as load.
// node bench/broker-load.mjs [--records 1000000] [--size 1000]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  apacheToolAside,
  freeClusterPort,
  freePort,
  startApacheKafka,
  startKafkit,
  stopApacheKafka,
  temporaryDirectory,
} from '../test/compat/environment.mjs';
import { Broker } from '../dist/bundle/broker.js';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '1000' },
  },
});
const topic = 'load';

async function timed(work) {
  const begun = performance.now();
  const result = await work();
  return { result, ms: Math.round(performance.now() - begun) };
}

/** The last line of kafka-producer-perf-test: records/s, MB/s and latencies. */
async function produce(address, acks) {
  const printed = await apacheToolAside('kafka-producer-perf-test', [
    ...['--topic', topic, '--num-records', values.records, '--record-size', values.size],
    ...['--throughput', '-1', '--bootstrap-server', address],
    ...['--command-property', `acks=${acks}`],
  ]);
  return printed.trim().split('\n').at(-1);
}

/** kafka-consumer-perf-test: MB/s and records/s of its last line. */
async function consume(address) {
  const printed = await apacheToolAside('kafka-consumer-perf-test', [
    ...['--topic', topic, '--num-records', values.records, '--bootstrap-server', address],
  ]);
  return printed.trim().split('\n').at(-1);
}

async function measure(name, address) {
  for (const acks of ['all', '1'])
    console.log(`${name} acks=${acks}: ${await produce(address, acks)}`);
  console.log(`${name} consume: ${await consume(address)}`);
}

const { ms: startMs } = await timed(async () => {
  const broker = await startKafkit({ data: join(temporaryDirectory('bench'), 'data') });
  await broker.stop();
});
console.log(`kafkit start and stop, as a process: ${startMs} ms`);
for (const durability of ['group-commit', 'os']) {
  const data = join(temporaryDirectory('bench'), 'data');
  const listen = `127.0.0.1:${await freePort()}`;
  const start = () => Broker.start({ data, listen, durability });
  const { result: broker, ms: inProcessMs } = await timed(start);
  console.log(`kafkit ${durability} start, in process: ${inProcessMs} ms`);
  await measure(`kafkit ${durability}`, listen);
  await broker.close();
}

const directory = temporaryDirectory('bench-apache');
mkdirSync(directory, { recursive: true });
const port = await freeClusterPort();
const { ms } = await timed(async () => startApacheKafka('single', directory, port));
console.log(`apache start: ${ms} ms`);
try {
  await measure('apache', `127.0.0.1:${port}`);
} finally {
  stopApacheKafka(directory);
}
