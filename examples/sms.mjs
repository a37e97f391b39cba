// One producer, and consumers that are always open. Two of them share the work of one group: every
// message is sent by one of the two. A third is a group of its own and gets every message as well.
import { json, string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const admin = kafka.admin();
await createTopic(admin, { name: 'sms', partitions: 4 });

const messages = Array.from({ length: 8 }, (_, n) => ({
  to: `+49 170 55500${n % 4}`,
  text: `Your parcel number ${n} has arrived.`,
}));
const run = `run-${Date.now()}`;
const sentBy = new Map(); // message -> who sent it
const billed = new Set();

const gateways = [openGateway('gateway 1'), openGateway('gateway 2')];
const billing = openBilling();
// Members share the partitions as soon as they have joined.
await Promise.all([...gateways, billing].map((consumer) => consumer.start()));

const producer = kafka.producer({ keySerializer: string(), valueSerializer: json() });
for (const [number, message] of messages.entries()) {
  // The key keeps the messages to one telephone in their order.
  await producer.send({ topic: 'sms', key: message.to, value: { run, number, ...message } });
}
await producer.close();

// The loops below run in the background; each takes what its partitions get.
const loops = [
  ...gateways.map((consumer, index) => sendAll(consumer, `gateway ${index + 1}`)),
  billAll(),
];
await everythingIsDone();
await Promise.all([...gateways, billing].map((consumer) => consumer.close()));
await Promise.all(loops);

console.log(`${sentBy.size} messages sent once each, ${billed.size} billed`);
await close();

function openGateway(name) {
  return kafka.consumer({
    groupId: 'sms-gateways',
    topics: ['sms'],
    fromBeginning: true,
    valueDeserializer: json(),
    onAssigned: (partitions) => console.log(`${name} has ${partitions.length} partitions`),
  });
}

function openBilling() {
  return kafka.consumer({
    groupId: 'sms-billing',
    topics: ['sms'],
    fromBeginning: true,
    valueDeserializer: json(),
  });
}

async function sendAll(consumer, name) {
  for await (const { value } of consumer) {
    if (value.run !== run) continue; // of an earlier run on the same broker
    console.log(`${name} -> ${value.to}: ${value.text}`);
    sentBy.set(value.number, name);
  }
}

async function billAll() {
  for await (const { value } of billing) if (value.run === run) billed.add(value.number);
}

async function everythingIsDone() {
  while (sentBy.size < messages.length || billed.size < messages.length) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
