// What tutorials show, and why not to: it reads, inserts, and lets the client commit now and then.
// Kill it and start it again: what was inserted since the last commit is there twice. The same
// without that: numtest.mjs.
import { json, Kafka } from 'kafkit';
import { MongoClient } from 'mongodb';

const { KAFKA = 'localhost:9092', MONGODB = 'mongodb://localhost:27017' } = process.env;
const kafka = new Kafka({ bootstrapServers: KAFKA });
const client = await MongoClient.connect(MONGODB);
const consumer = kafka.consumer({
  groupId: 'numtest-naive',
  topics: ['numtest'],
  fromBeginning: true,
  sessionTimeoutMs: 6000,
  valueDeserializer: json(),
});
process.once('SIGINT', () => consumer.close());
for await (const { value } of consumer) {
  await client.db('numtest').collection('naive').insertOne(value);
  if (value.number === 999 && process.argv.includes('--exit')) break;
}
await consumer.close();
await client.close();
await kafka.close();
