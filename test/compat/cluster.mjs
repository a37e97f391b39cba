// `kafkit up --brokers 3` as Apache's tools and librdkafka see it: replicas, leaders that move while
// nodes stop and start, elections and reassignments.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  apacheToolAside,
  atExit,
  cli,
  python,
  require,
  root,
  temporaryDirectory,
} from './environment.mjs';

const work = temporaryDirectory('cluster');
const up = ['up', '--brokers', '3', '--listen', '127.0.0.1:0', '--data', join(work, 'data'), '-q'];
const broker = spawn(process.execPath, [cli, ...up], { stdio: ['pipe', 'pipe', 'pipe'] });
atExit(() => broker.kill('SIGKILL'));
let said = '';
broker.stderr.on('data', (bytes) => {
  said += bytes;
});
const addresses = await new Promise((done, fail) => {
  broker.stdout.on('data', (bytes) => done(/^ready (\S+)$/m.exec(String(bytes))?.[1]));
  broker.on('close', () => fail(new Error(`kafkit up has ended: ${said}`)));
});
require(addresses.split(',').length === 3, `${addresses} are not three addresses.`);

/** Gives an order on standard input and waits until it is said to be carried out. */
async function order(text, sign) {
  const before = said.length;
  broker.stdin.write(`${text}\n`);
  while (!said.slice(before).includes(sign)) await new Promise((done) => setTimeout(done, 20));
}
const stop = (node) => order(`stop ${node}`, `node ${node} has stopped`);
const start = (node) => order(`start ${node}`, `node ${node} runs again`);

const tool = (name, ...args) => apacheToolAside(name, ['--bootstrap-server', addresses, ...args]);
async function described() {
  const printed = await tool('kafka-topics', '--describe', '--topic', 'orders');
  const lines = printed.matchAll(
    /Partition: (\d+)\s+Leader: (\S+)\s+Replicas: ([\d,]+)\s+Isr: ([\d,]*)/g,
  );
  return [...lines].map(([, partition, leader, replicas, isr]) => ({
    partition: Number(partition),
    leader: Number(leader),
    replicas: replicas.split(',').map(Number),
    isr: isr.split(',').filter(Boolean).map(Number),
  }));
}

const three = ['--partitions', '3', '--replication-factor', '3'];
const safe = ['--config', 'min.insync.replicas=2'];
await tool('kafka-topics', '--create', '--topic', 'orders', ...three, ...safe);
const first = await described();
require(new Set(first.map(({ leader }) => leader)).size === 3, 'One node leads two partitions.');
require(first.every(({ isr }) => isr.length === 3), 'Not all replicas are in sync.');

await stop(2);
const without = await described();
require(without.every(({ leader }) => leader !== 2), 'A node leads although it has stopped.');
require(without.every(({ isr }) => !isr.includes(2)), 'A node is in sync although it has stopped.');
await start(2);
await tool('kafka-leader-election', '--election-type', 'preferred', '--all-topic-partitions');
const elected = await described();
require(elected.every(({ leader, replicas }) => leader === replicas[0]), 'No election was held.');

const plan = join(work, 'plan.json');
const partitions = [0, 1, 2].map((partition) => ({ topic: 'orders', partition, replicas: [3, 1] }));
writeFileSync(plan, JSON.stringify({ version: 1, partitions }));
const moving = ['--reassignment-json-file', plan];
await tool('kafka-reassign-partitions', ...moving, '--execute');
const verified = await tool('kafka-reassign-partitions', ...moving, '--verify');
require(/is completed|is complete/.test(verified), `The replicas did not move: ${verified}`);
const moved = await described();
require(moved.every(({ replicas }) => replicas.join() === '3,1'), 'The replicas did not move.');
const back = [0, 1, 2].map((partition) => ({
  topic: 'orders',
  partition,
  replicas: [0, 1, 2].map((step) => ((partition + step) % 3) + 1),
}));
writeFileSync(plan, JSON.stringify({ version: 1, partitions: back }));
await tool('kafka-reassign-partitions', ...moving, '--execute');

// Every node is away for a round, one after the other.
const rounds = 7;
const program = join(root, 'test', 'compat', 'cluster.py');
const client = spawn(python(), ['-B', program, addresses, String(rounds)], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
atExit(() => client.kill('SIGKILL'));
const ended = new Promise((done) => client.on('close', done));
let last = '';
let away = 0;
for await (const line of createInterface({ input: client.stdout })) {
  last = line;
  const round = Number(/^round (\d+)$/.exec(line)?.[1] ?? -1);
  if (round < 0) continue;
  if (away > 0) await start(away);
  away = round % 4;
  client.stdin.write('\n');
  if (away > 0) await stop(away);
}
require((await ended) === 0, `librdkafka's program failed: ${last}`);
const [, sent, read] = /^(\d+) records sent, (\d+) read/.exec(last) ?? [];
require(Number(sent) === 220 * rounds && sent === read, `Something is missing: ${last}`);
broker.removeAllListeners('close');
broker.kill('SIGTERM');
console.log(`three nodes for Apache's tools and librdkafka: ${last}`);
process.exit(0);
