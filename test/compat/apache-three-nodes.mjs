// Our client against three real Apache Kafka nodes: an idempotent producer (acks=all) and a
// consumer group go on while one node is killed and comes back. At the end every acknowledged
// record is there exactly once and the group has seen them all.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka } from '../../dist/index.js';
import {
  apache,
  freeClusterPort,
  require,
  runAside,
  sleep,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';

const total = Number(process.argv[2] ?? 100_000);
const directory = temporaryDirectory('three-nodes');
const port = await freeClusterPort();
const bootstrapServers = startApacheKafka('three', directory, port);
const kafka = new Kafka({ bootstrapServers, clientId: 'three-nodes' });
const admin = kafka.admin();
const topic = 'payments';
await admin.createTopics([
  { name: topic, partitions: 6, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
]);

const group = kafka.consumer({ groupId: 'ledger', topics: [topic], offsetReset: 'earliest' });
const seen = new Uint8Array(total);
const lastOfKey = new Map();
let read = 0;
let again = 0;
const reading = (async () => {
  for await (const record of group) {
    const n = Number(record.value.toString());
    const key = record.key.toString();
    if (seen[n] === 0) {
      read++;
      // Redelivery after a rebalance is legal for a group; order matters for what is new.
      require((lastOfKey.get(key) ?? -1) < n, `key ${key}: ${n} came after ${lastOfKey.get(key)}`);
      lastOfKey.set(key, n);
    } else again++;
    seen[n] = 1;
    if (read === total) break;
  }
})();

const producer = kafka.producer({ acks: 'all', lingerMs: 5 });
const places = new Set();
let killed = false;
let restarted;
let sent = 0;
while (sent < total) {
  const batch = [];
  for (let n = sent; n < Math.min(sent + 500, total); n++) {
    batch.push({ topic, key: `k${n % 97}`, value: String(n) });
  }
  for (const { partition, offset } of await producer.send(batch))
    places.add(`${partition}:${offset}`);
  sent += batch.length;
  if (!killed && sent >= total / 3) {
    killed = true;
    process.kill(Number(readFileSync(join(directory, 'node-2', 'pid'), 'utf8')), 'SIGKILL');
    console.log(`node 2 killed after ${sent} records`);
    setTimeout(() => {
      // Brings back what is missing; the other two are found running.
      restarted = runAside(join(apache, 'kafka'), ['start-cluster', directory, String(port)]);
    }, 8000);
  }
}
await producer.close();
require(killed, 'a node should have been killed on the way');
require(places.size === total, `${total} records were acknowledged at ${places.size} places`);

const deadline = Date.now() + 90_000;
while (read < total && Date.now() < deadline) await sleep(200);
require(read === total, `the group read ${read} of ${total}`);
await reading;
await restarted;
await group.close();

const offsets = await admin.listOffsets(
  Array.from({ length: 6 }, (_, partition) => ({ topic, partition, at: 'latest' })),
);
const stored = [...offsets].reduce((sum, { offset }) => sum + offset, 0);
require(stored === total, `${total} records were sent, ${stored} are stored`);
await kafka.close();
stopApacheKafka(directory);
console.log(`${total} records: none lost, none twice, keys in order; the group saw ${again} again`);
process.exit(0);
