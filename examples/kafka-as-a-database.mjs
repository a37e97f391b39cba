// Kafka as a database: the topic keeps every change for ever (retention.ms = -1), and a view in
// memory is rebuilt from the first record whenever a program starts.
import { json, string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const admin = kafka.admin();
const topic = process.env.KAFKA ? `balances-${Date.now()}` : 'balances';
await createTopic(admin, { name: topic, partitions: 1, configs: { 'retention.ms': '-1' } });

const producer = kafka.producer({ keySerializer: string(), valueSerializer: json() });
const change = (account, amount) => producer.send({ topic, key: account, value: { amount } });

await change('ada', 100);
await change('grace', 50);
await change('ada', -30);
console.log('view:', await rebuild());

await change('grace', 25);
console.log('view:', await rebuild());

await producer.close();
await close();

/** Reads the topic from the beginning up to where it ends now, and adds everything up. */
async function rebuild() {
  const [{ offset: end }] = await admin.listOffsets([{ topic, partition: 0, at: 'latest' }]);
  const view = {};
  const consumer = kafka.consumer({
    topics: [topic],
    fromBeginning: true,
    keyDeserializer: string(),
    valueDeserializer: json(),
  });
  for await (const { key, value, offset } of consumer) {
    view[key] = (view[key] ?? 0) + value.amount;
    if (offset === end - 1) break;
  }
  await consumer.close();
  return view;
}
