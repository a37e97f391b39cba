import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ScriptedMongoDb } from '../../../../test/killmatrix/scripted-mongodb.mjs';
import { silentLogger } from '../../../system/index.js';
import { startBroker, type TestBroker } from '../../../testing/index.js';
import { type PipelineStep, pipeline } from '../../index.js';
import { mongodbSource } from './index.js';

let server: ScriptedMongoDb;
let broker: TestBroker;
let client: MongoClient;

beforeEach(async () => {
  server = await ScriptedMongoDb.start();
  broker = await startBroker({ topics: { out: {} }, logger: silentLogger });
  client = await MongoClient.connect(server.uri);
});
afterEach(async () => {
  await client.close();
  await broker.close();
  await server.stop();
});

/** Runs until so many records have been written. */
async function copy(records: number, format: 'document' | 'envelope' = 'document') {
  const stop = new AbortController();
  const copying = pipeline({
    name: 'orders',
    kafka: broker.kafka(),
    from: mongodbSource({ uri: server.uri, database: 'db', collection: 'orders', format }),
    to: { topic: 'out' },
    logger: silentLogger,
    onStep: (step: PipelineStep) => {
      if (step === 'committed' && copying.status().written >= records) stop.abort();
    },
  });
  await copying.run({ signal: stop.signal });
}

async function written(count: number): Promise<string[]> {
  const consumer = broker.kafka().consumer({ topics: ['out'], fromBeginning: true });
  const list: string[] = [];
  for await (const { key, value } of consumer) {
    list.push(`${String(key)} ${String(value)}`);
    if (list.length === count) break;
  }
  await consumer.close();
  return list;
}

test('a snapshot comes first, then every change, also those nobody watched', async () => {
  const orders = client.db('db').collection<{ _id: string; n: number }>('orders');
  await orders.insertMany([
    { _id: 'a', n: 1 },
    { _id: 'b', n: 2 },
  ]);
  await copy(2);
  await orders.replaceOne({ _id: 'a' }, { n: 10 });
  await orders.deleteOne({ _id: 'b' });
  await orders.insertOne({ _id: 'c', n: 3 });
  await copy(3);
  expect(await written(5)).toEqual([
    'a {"_id":"a","n":1}',
    'b {"_id":"b","n":2}',
    'a {"_id":"a","n":10}',
    'b null',
    'c {"_id":"c","n":3}',
  ]);
});

test('envelopes say what happened, and a tombstone follows a deletion', async () => {
  const orders = client.db('db').collection<{ _id: string }>('orders');
  await orders.insertOne({ _id: 'a' });
  await copy(1, 'envelope');
  await orders.deleteOne({ _id: 'a' });
  await copy(2, 'envelope');
  const [read, deleted, tombstone] = await written(3);
  expect(read).toMatch(/^a \{"op":"r","before":null,"after":\{"_id":"a"\},"source":\{"connector"/);
  expect(deleted).toMatch(/^a \{"op":"d","before":null,"after":null/);
  expect(tombstone).toBe('a null');
});
