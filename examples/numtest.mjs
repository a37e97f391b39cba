// The tutorial: numbers from a topic into MongoDB, each of them once, however often this is killed.
import { json, pipeline } from 'kafkit/connect';
import { mongodb } from 'kafkit/connect/mongodb';

const { KAFKA = 'localhost:9092', MONGODB = 'mongodb://localhost:27017' } = process.env;
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const { written } = await pipeline({
  from: { bootstrapServers: KAFKA, topics: ['numtest'], groupId: 'numtest-sink' },
  via: [json()],
  to: mongodb({ uri: MONGODB, database: 'numtest', collection: 'numtest' }),
}).run({ signal: stop.signal, untilEnd: process.argv.includes('--exit') });
console.log(`${written} numbers stored`);
