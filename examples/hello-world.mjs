// Hello, World: one record goes into a topic and comes out again.
import { string } from 'kafkit';
import { connect } from './connect.mjs';

const { kafka, close } = await connect();

// A producer appends records to topics. A missing topic is created when it is first used.
const producer = kafka.producer();
const sent = await producer.send({ topic: 'sample', key: 'greeting', value: 'Hello, World!' });
await producer.close();
console.log(`sent to partition ${sent.partition} as offset ${sent.offset}`);

// A consumer reads them. Records stay in the topic: reading takes nothing away.
const consumer = kafka.consumer({
  topics: ['sample'],
  fromBeginning: true,
  keyDeserializer: string(),
  valueDeserializer: string(),
});
for await (const record of consumer) {
  console.log(
    `${record.key}: ${record.value} (partition ${record.partition}, offset ${record.offset})`,
  );
  if (record.offset === sent.offset && record.partition === sent.partition) break;
}
await consumer.close();

await close();
