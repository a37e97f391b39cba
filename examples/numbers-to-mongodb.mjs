// The numbers 0 to 999 travel through a topic into a database. The program that stores them is
// interrupted on the way and goes on where it was: nothing is missing, nothing is there twice.
//
//   MONGODB=mongodb://localhost:27017 node examples/numbers-to-mongodb.mjs
//
// stores in the collection numtest.numtest; without it a file of JSON lines takes the database's place.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'kafkit';
import { connect, createTopic } from './connect.mjs';
import { JsonLinesStore } from './json-lines-store.mjs';

const { kafka, close } = await connect();
// A topic and a group of this run's own, so that it can be run again on the same broker.
const topic = process.env.KAFKA ? `numtest-${Date.now()}` : 'numtest';
const admin = kafka.admin();
await createTopic(admin, { name: topic, partitions: 1 });

const producer = kafka.producer({ valueSerializer: json() });
await Promise.all(
  Array.from({ length: 1000 }, (_, number) => producer.send({ topic, value: { number } })),
);
await producer.close();
console.log('produced 1000 numbers');

const store = await openStore();

// The first run stops dead in the middle of its work; the second one finishes it.
await storeNumbers({ interruptAfter: 437 });
await storeNumbers({});

const numbers = (await store.all()).map((document) => document.number);
const missing = Array.from({ length: 1000 }, (_, n) => n).filter((n) => !numbers.includes(n));
const twice = numbers.length - new Set(numbers).size;
console.log(`${numbers.length} documents, ${missing.length} missing, ${twice} twice`);
await store.close();
await close();

async function storeNumbers({ interruptAfter = Number.POSITIVE_INFINITY }) {
  // The group remembers how far it came: that is what the next run goes on from.
  const consumer = kafka.consumer({
    groupId: `${topic}-sink`,
    topics: [topic],
    fromBeginning: true,
    valueDeserializer: json(),
  });
  let stored = 0;
  try {
    for await (const { partition, offset, value } of consumer) {
      // The place of a record never changes, so it makes an _id under which a record that
      // is delivered a second time replaces itself.
      await store.replace([{ _id: `${topic}#${partition}#${offset}`, ...value }]);
      stored += 1;
      if (stored === interruptAfter) throw new Error('interrupted');
      if (value.number === 999) break;
    }
  } catch (error) {
    if (error.message !== 'interrupted') throw error;
  } finally {
    await consumer.close();
  }
  console.log(
    `stored ${stored} records, then ${stored === interruptAfter ? 'was interrupted' : 'done'}`,
  );
}

async function openStore() {
  if (!process.env.MONGODB) {
    const directory = mkdtempSync(join(tmpdir(), 'kafkit-numbers-'));
    const store = new JsonLinesStore(join(directory, 'numtest.jsonl'));
    store.close = async () => rmSync(directory, { recursive: true });
    return store;
  }
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(process.env.MONGODB);
  const collection = client.db('numtest').collection('numtest');
  const ofThisTopic = { _id: { $regex: `^${topic}#` } };
  return {
    replace: async (documents) => {
      for (const document of documents) {
        await collection.replaceOne({ _id: document._id }, document, { upsert: true });
      }
    },
    all: () => collection.find(ofThisTopic).toArray(),
    close: () => client.close(),
  };
}
