// A bank branch: its ATMs send transactions to a topic of two partitions.
import { json, string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();

// The admin client makes topics and shows what they are made of.
const admin = kafka.admin();
await createTopic(admin, { name: 'bankbranch', partitions: 2 });
const [topic] = await admin.describeTopics(['bankbranch']);
console.log(`${topic.name} has ${topic.partitions.length} partitions`);
const [configs] = await admin.describeConfigs([{ type: 'topic', name: 'bankbranch' }]);
for (const { name, value } of configs.entries) {
  if (['cleanup.policy', 'retention.ms', 'max.message.bytes'].includes(name)) {
    console.log(`  ${name} = ${value}`);
  }
}

// Records with the same key land in the same partition, so each ATM's transactions stay in order.
const producer = kafka.producer({ keySerializer: string(), valueSerializer: json() });
const sent = await Promise.all([
  producer.send({ topic: 'bankbranch', key: 'atm-1', value: { atmid: 1, transid: 100 } }),
  producer.send({ topic: 'bankbranch', key: 'atm-2', value: { atmid: 2, transid: 101 } }),
]);
await producer.close();

// Without a group, a consumer reads every partition and remembers nothing.
const consumer = kafka.consumer({
  topics: ['bankbranch'],
  fromBeginning: true,
  keyDeserializer: string(),
  valueDeserializer: json(),
});
const waiting = new Set(sent.map(({ partition, offset }) => `${partition}/${offset}`));
for await (const record of consumer) {
  const place = `${record.partition}/${record.offset}`;
  console.log(`${place} ${record.key} ${JSON.stringify(record.value)}`);
  waiting.delete(place);
  if (waiting.size === 0) break;
}
await consumer.close();

await close();
