// The numbers of the tutorial by a pipeline: interrupted twice on the way, and in the end every
// number is there once. With MONGODB=mongodb://localhost:27017 in the collection numtest.numtest,
// else in a file of JSON lines. The pipeline itself is the function `store`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, pipeline } from 'kafkit/connect';
import { file } from 'kafkit/connect/file';
import { mongodb } from 'kafkit/connect/mongodb';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const topic = process.env.KAFKA ? `numtest-${Date.now()}` : 'numtest';
const directory = mkdtempSync(join(tmpdir(), 'kafkit-numbers-'));
const path = join(directory, 'numtest.jsonl');
const uri = process.env.MONGODB;
const to = uri ? mongodb({ uri, database: 'numtest', collection: 'numtest' }) : file({ path });

async function store(options, onStep) {
  const from = { topics: [topic], groupId: `${topic}-sink` };
  const { written } = await pipeline({
    kafka,
    from,
    via: [json()],
    to,
    batchSize: 100,
    onStep,
  }).run(options);
  console.log(
    `stored ${written} numbers, then ${options.untilEnd ? 'was done' : 'was interrupted'}`,
  );
}

await createTopic(kafka.admin(), { name: topic, partitions: 1 });
const producer = kafka.producer();
const numbers = Array.from({ length: 1000 }, (_, number) => JSON.stringify({ number }));
await producer.send(numbers.map((value) => ({ topic, value })));
await producer.close();

for (let interruption = 0; interruption < 2; interruption++) {
  const stop = new AbortController();
  await store({ signal: stop.signal }, (step) => step === 'written' && stop.abort());
}
await store({ untilEnd: true });

if (!uri) {
  const stored = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).number);
  const twice = stored.length - new Set(stored).size;
  const missing = numbers.filter((_, number) => !stored.includes(number)).length;
  console.log(`${stored.length} documents, ${missing} missing, ${twice} twice`);
}
rmSync(directory, { recursive: true });
await close();
