import { Kafka } from '../client/index.js';
import { json } from '../serde/index.js';
import type { Clock } from '../system/index.js';
import { type DocumentStore, JsonLinesStore, openMongoStore } from './demo-store.js';
import type { Input } from './input.js';
import type { CliIo } from './io.js';

/** The topic, and the group that reads it. */
export const demoTopic = 'numtest';
export const demoGroup = 'numtest-sink';

/** So many records are stored in one go, and so many between two commits. */
const storeSize = 20;
const commitSize = 100;

/**
 * The consumer of the demo, a process of its own that may be killed at any moment: it stores, and
 * only then commits. Prints `at OFFSET` with the next offset whenever records are safe.
 */
export async function demoConsumer(input: Input, io: CliIo): Promise<number> {
  const pauseMs = input.number('pause') ?? 0;
  const store = await openStore(input, io);
  const kafka = new Kafka({ bootstrapServers: input.required('bootstrap-server') });
  const consumer = kafka.consumer({
    groupId: demoGroup,
    topics: [demoTopic],
    fromBeginning: true,
    // A static member: started again after a kill, it has its partitions back at once (KIP-345).
    groupInstanceId: 'sink-1',
    commit: 'manual',
    valueDeserializer: json<{ number: number }>(),
  });
  io.interrupted.addEventListener('abort', () => void consumer.close());
  let uncommitted = 0;
  for await (const { topic, partition, records } of consumer.batches()) {
    for (let at = 0; at < records.length; at += storeSize) {
      const some = records.slice(at, at + storeSize);
      // The place of a record never changes: delivered again, it replaces itself.
      await store.replace(
        some.map(({ offset, value }) => ({
          _id: `${topic}#${partition}#${offset}`,
          number: value.number,
        })),
      );
      const offset = (some.at(-1)?.offset ?? -1) + 1;
      await io.stdout.write(`at ${offset}\n`);
      uncommitted += some.length;
      if (uncommitted >= commitSize || at + storeSize >= records.length) {
        await consumer.commit([{ topic, partition, offset }]);
        uncommitted = 0;
      }
      if (pauseMs > 0) await pause(io.system.clock, pauseMs);
    }
  }
  await consumer.close();
  await kafka.close();
  await store.close();
  return 0;
}

/** The store that the flags name. */
export async function openStore(input: Input, io: CliIo): Promise<DocumentStore> {
  const uri = input.text('mongodb');
  if (uri !== undefined) return openMongoStore(uri);
  return new JsonLinesStore(io.system.disk, input.required('store'));
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}
