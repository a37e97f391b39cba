// The tutorial: 1000 numbers go into MongoDB by `kafkit pipe run`, which is killed five times at
// random moments. In the end there are exactly 1000 documents.
//   node test/killmatrix/tutorial.mjs [seed]
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { json, Kafka } from '../../dist/index.js';
import { root, temporaryDirectory } from '../compat/environment.mjs';
import { randomFrom } from './cells.mjs';
import { kafkitBroker, standIn } from './surroundings.mjs';

const seed = Number(process.argv[2] ?? 1);
const random = randomFrom(seed);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const broker = await kafkitBroker();
const database = await standIn('java-h2');
const kafka = new Kafka({ bootstrapServers: broker.bootstrapServers });
const file = join(temporaryDirectory('tutorial'), 'numtest.yaml');
writeFileSync(
  file,
  `
from:
  bootstrapServers: ${broker.bootstrapServers}
  topics: [numtest]
  groupId: numtest-sink
  valueFormat: json
  consumer: { groupInstanceId: sink-1 }
to: { mongodb: { uri: "${database.uri}", database: numtest, collection: numtest } }
errors: { deadLetterTopic: numtest.dlq }
batchSize: 7
`,
);

await kafka.admin().createTopics([{ name: 'numtest', partitions: 2 }]);
const producer = kafka.producer({ valueSerializer: json() });
let next = 0;
async function produceSome(count) {
  for (let at = 0; at < count && next < 1000; at++, next++) {
    await producer.send({ topic: 'numtest', value: { number: next } });
  }
}

const run = (...flags) => {
  const args = [join(root, 'dist', 'cli', 'main.js'), 'pipe', 'run', file, '-q', ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return {
    child,
    closed: new Promise((done) => child.on('close', (code, by) => done(code ?? by))),
  };
};

console.log(`seed ${seed}`);
for (let kill = 1; kill <= 5; kill++) {
  const { child, closed } = run();
  const moment = 400 + Math.floor(random() * 900);
  await Promise.all([produceSome(200), sleep(moment)]);
  child.kill('SIGKILL');
  console.log(`kill ${kill} after ${moment} ms or more: ${await closed}`);
}
await produceSome(1000);
await producer.close();
const last = await run('--exit').closed;
await kafka.close();
const client = await MongoClient.connect(database.ownUri);
const documents = await client.db('numtest').collection('numtest').find().toArray();
await client.close();
const numbers = new Set(documents.map(({ number }) => number));
console.log(`last run: ${last}; ${documents.length} documents, ${numbers.size} different numbers`);
await broker.close();
await database.close();
process.exit(last === 0 && documents.length === 1000 && numbers.size === 1000 ? 0 : 1);
