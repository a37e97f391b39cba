import { expect, test } from 'vitest';
import { string } from '../../serde/index.js';
import { SeededRandom } from '../../system/simulated/index.js';
import { startBroker } from '../../testing/index.js';
import type { Consumer } from './consumer.js';

const partitions = 5;
const recordsEach = 60;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test.each([
  [1, 'range'],
  [2, 'cooperative-sticky'],
  [3, 'roundrobin'],
  [4, 'cooperative-sticky'],
] as const)(
  'members that come and go handle every record and commit none unhandled (seed %i, %s)',
  async (seed, assignor) => {
    const random = new SeededRandom(seed);
    const broker = await startBroker({ topics: { work: { partitions } } });
    const kafka = broker.kafka();
    const producer = kafka.producer();
    const sends: Promise<unknown>[] = [];
    for (let index = 0; index < partitions * recordsEach; index++) {
      const partition = index % partitions;
      sends.push(
        producer.send({ topic: 'work', partition, key: null, value: Buffer.from(`${index}`) }),
      );
    }
    await Promise.all(sends);

    /** How often each offset was handled to the end. */
    const handled = Array.from({ length: partitions }, () => new Map<number, number>());
    const count = () => handled.reduce((sum, offsets) => sum + offsets.size, 0);
    const errors: string[] = [];

    async function work(it: Consumer<Buffer | null, string | null>, failAfter: number) {
      let left = failAfter;
      for await (const { partition, offset } of it) {
        for (let turns = random.below(3); turns > 0; turns--) await turn();
        if (left-- === 0) break;
        const offsets = handled[partition];
        offsets?.set(offset, (offsets.get(offset) ?? 0) + 1);
      }
    }

    const open = new Set<Consumer<Buffer | null, string | null>>();
    const runs: Promise<void>[] = [];
    const join = (): void => {
      const it = kafka.consumer({
        groupId: 'crew',
        topics: ['work'],
        fromBeginning: true,
        heartbeatIntervalMs: 10,
        autoCommitIntervalMs: 5,
        assignors: [assignor],
        valueDeserializer: string(),
        onError: ({ code }) => errors.push(code),
      });
      open.add(it);
      // Some loops end in the middle of a record, and begin again.
      runs.push(work(it, 20 + random.below(60)).then(() => work(it, Number.POSITIVE_INFINITY)));
    };

    join();
    while (count() < partitions * recordsEach) {
      for (let turns = random.below(40); turns > 0; turns--) await turn();
      const leaving = [...open][random.below(Math.max(1, open.size))];
      if (open.size < 3) join();
      else if (leaving !== undefined) {
        open.delete(leaving);
        await leaving.close();
      }
    }
    await Promise.all([...open].map((it) => it.close()));
    await Promise.all(runs);

    const reader = kafka.consumer({ groupId: 'crew', assign: [{ topic: 'work', partition: 0 }] });
    const all = Array.from(handled.keys(), (partition) => ({ topic: 'work', partition }));
    for (const { partition, offset } of await reader.committed(all)) {
      const offsets = handled[partition] ?? new Map<number, number>();
      for (let each = 0; each < offset; each++) expect(offsets.has(each)).toBe(true);
    }
    expect(errors).toEqual([]);
    await kafka.close();
    await broker.close();
  },
);
