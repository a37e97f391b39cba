// Log aggregation: several services write log files; every line goes into one topic, from where
// anybody can read them together. Here somebody counts warnings and errors.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { string } from 'kafkit';
import { connect, createTopic } from './connect.mjs';

const { kafka, close } = await connect();
const admin = kafka.admin();
await createTopic(admin, { name: 'logs', partitions: 3 });

// Files as three services might have written them; or name your own on the command line.
const directory = mkdtempSync(join(tmpdir(), 'kafkit-logs-'));
const files = process.argv.slice(2);
if (files.length === 0) {
  for (const service of ['shop', 'payment', 'stock']) {
    const file = join(directory, `${service}.log`);
    const lines = Array.from({ length: 20 }, (_, n) => {
      const level = n % 10 === 9 ? 'ERROR' : n % 4 === 3 ? 'WARN' : 'INFO';
      return `2026-01-31T10:00:${String(n).padStart(2, '0')} ${level} ${service} did step ${n}\n`;
    });
    writeFileSync(file, lines.join(''));
    files.push(file);
  }
}

// The collector. The service is the key, so the lines of one file keep their order.
const producer = kafka.producer({ lingerMs: 5, compression: 'gzip' });
const places = [];
for (const file of files) {
  const service = basename(file, '.log');
  for await (const line of createInterface({ input: createReadStream(file) })) {
    places.push(producer.send({ topic: 'logs', key: service, value: line, headers: { file } }));
  }
}
const ends = new Map(); // partition -> offset of our last line there
for (const { partition, offset } of await Promise.all(places)) ends.set(partition, offset);
await producer.close();
console.log(`collected ${places.length} lines of ${files.length} files`);

// The reader.
const levels = new Map();
const consumer = kafka.consumer({
  topics: ['logs'],
  fromBeginning: true,
  keyDeserializer: string(),
  valueDeserializer: string(),
});
for await (const { key, value, partition, offset } of consumer) {
  const level = value.split(' ')[1];
  if (level === 'WARN' || level === 'ERROR') {
    const name = `${key} ${level}`;
    levels.set(name, (levels.get(name) ?? 0) + 1);
  }
  if (offset === ends.get(partition)) ends.delete(partition);
  if (ends.size === 0) break;
}
await consumer.close();
const byName = ([left], [right]) => (left < right ? -1 : 1);
for (const [name, count] of [...levels].sort(byName)) console.log(`${name}: ${count}`);

rmSync(directory, { recursive: true });
await close();
