import { expect, test } from 'vitest';
import { string } from '../../serde/index.js';
import { startBroker } from '../../testing/index.js';
import type { ConsumerOptions } from './consumer-options.js';

async function bench(partitions: number, records: number) {
  const broker = await startBroker({ topics: { work: { partitions } } });
  const kafka = broker.kafka();
  const producer = kafka.producer();
  await Promise.all(
    Array.from({ length: records }, (_, n) =>
      producer.send({ topic: 'work', partition: n % partitions, value: `${n}` }),
    ),
  );
  const consumer = (options: Partial<ConsumerOptions<Buffer | null, string | null>> = {}) =>
    kafka.consumer({
      topics: ['work'],
      groupId: 'crew',
      fromBeginning: true,
      heartbeatIntervalMs: 10,
      valueDeserializer: string(),
      ...options,
    });
  const close = async () => {
    await kafka.close();
    await broker.close();
  };
  return { consumer, close };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([
  [1, 1],
  [2, 2],
  [3, 3],
  [9, 4],
])('run with %i works on %i of 4 partitions at a time, each in its order', async (asked, most) => {
  const { consumer, close } = await bench(4, 200);
  const it = consumer();
  const next = [0, 0, 0, 0];
  const busy = new Set<number>();
  let widest = 0;
  let count = 0;
  await it.run({
    partitionsConsumedConcurrently: asked,
    eachRecord: async ({ partition, offset }) => {
      expect(busy.has(partition)).toBe(false);
      busy.add(partition);
      widest = Math.max(widest, busy.size);
      await turn();
      expect(offset).toBe(next[partition]);
      next[partition] = offset + 1;
      busy.delete(partition);
      if (++count === 200) void it.close();
    },
  });
  expect(next).toEqual([50, 50, 50, 50]);
  expect(widest).toBe(most);
  await close();
});

test('a handler that fails ends run, and what it had comes again', async () => {
  const { consumer, close } = await bench(3, 90);
  const it = consumer();
  const handled = new Map<string, number>();
  let isBroken = true;
  const run = () =>
    it.run({
      partitionsConsumedConcurrently: 3,
      eachBatch: async (batch) => {
        await turn();
        if (isBroken && batch.partition === 1) throw new Error('broken');
        for (const { partition, offset } of batch) {
          const key = `${partition}:${offset}`;
          handled.set(key, (handled.get(key) ?? 0) + 1);
        }
        if (handled.size === 90) void it.close();
      },
    });
  await expect(run()).rejects.toThrow('broken');
  isBroken = false;
  await run();
  expect([...handled.values()].every((times) => times === 1)).toBe(true);
  await close();
});

test('run takes over where a loop was left', async () => {
  const { consumer, close } = await bench(2, 40);
  const it = consumer();
  for await (const { offset } of it) if (offset === 5) break;
  const seen: number[] = [];
  await it.run({
    partitionsConsumedConcurrently: 2,
    eachRecord: ({ offset }) => {
      if (seen.push(offset) === 35) void it.close();
    },
  });
  expect(seen.filter((offset) => offset === 5).length).toBe(2);
  await close();
});

test('streams of partitions run beside each other and end when the partition goes', async () => {
  const { consumer, close } = await bench(4, 80);
  const first = consumer({ assignors: ['cooperative-sticky'] });
  const handled = new Set<string>();
  const ended: number[] = [];
  const read = async (it: typeof first): Promise<void> => {
    const loops: Promise<void>[] = [];
    for await (const stream of it.partitions()) {
      loops.push(
        (async () => {
          for await (const { partition, offset } of stream) {
            const key = `${partition}:${offset}`;
            expect(handled.has(key)).toBe(false);
            handled.add(key);
            await turn();
          }
          ended.push(stream.partition);
        })(),
      );
    }
    await Promise.all(loops);
  };
  const one = read(first);
  while (handled.size < 80) await turn();
  await first.commit();
  const second = consumer({ assignors: ['cooperative-sticky'] });
  const two = read(second);
  while (second.assignment().length < 2 || first.assignment().length > 2) await turn();
  while (ended.length < 2) await turn();
  await second.close();
  await two;
  await first.close();
  await one;
  expect(ended.length).toBe(6);
  await close();
});

test.each([
  [{}, /either eachRecord or eachBatch/],
  [{ eachRecord: () => undefined, partitionsConsumedConcurrently: 0 }, /from 1 to 1000/],
])('run(%j) is refused', async (options, reason) => {
  const { consumer, close } = await bench(1, 0);
  await expect(consumer().run(options)).rejects.toThrow(reason);
  await close();
});
