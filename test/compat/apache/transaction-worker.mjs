// Runs until it is killed: in a transaction that never ends (`open`), or an exactly-once loop.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = process.env.KAFKIT_DIST ?? new URL('../../../dist/bundle', import.meta.url).pathname;
const { Kafka } = await import(pathToFileURL(join(dist, 'index.js')).href);

const [bootstrapServers, kind, input, output, name] = process.argv.slice(2);
const kafka = new Kafka({ bootstrapServers, clientId: name });
const producer = kafka.producer({ transactionalId: name });
if (kind === 'open') {
  const transaction = await producer.beginTransaction();
  await transaction.send({ topic: output, value: 'never to be seen' });
  console.log('written');
  setInterval(() => undefined, 1000);
} else {
  const consumer = kafka.consumer({
    groupId: `${output}-loop`,
    topics: [input],
    fromBeginning: true,
    commit: 'manual',
    isolationLevel: 'read_committed',
    maxPartitionFetchBytes: 600,
    sessionTimeoutMs: 6000,
    heartbeatIntervalMs: 500,
  });
  await producer.exactlyOnce(consumer, async (batch) => {
    console.log(`batch ${batch.partition} ${batch.firstOffset}`);
    await new Promise((done) => setTimeout(done, 20));
    return batch.records.map(({ key, value }) => ({ topic: output, key, value: `${value}!` }));
  });
}
