import { beforeAll, describe, expect, test } from 'vitest';
import { loadShareApis, shared } from '../../../../test/client/fake-share-group.js';
import type { ConsumerInterceptor } from '../consumer-interceptors.js';
import type { ShareRecord } from './share-record.js';

beforeAll(loadShareApis);

describe('batches', () => {
  test('hold what is here of one partition; asking for the next accepts them all', async () => {
    const place = await shared();
    place.waiting.push(0, 1, 4);
    const consumer = place.consumer();
    const loop = consumer.batches();
    const { value: batch } = await place.done(loop.next());
    expect(batch).toMatchObject({ topic: 'orders', partition: 0 });
    expect([...batch].map(({ offset }) => offset)).toEqual([0, 1, 4]);
    const printed = JSON.parse(JSON.stringify(batch)) as object;
    expect(printed).toMatchObject({ records: [{ value: 'v0' }, {}, {}] });
    place.waiting.push(5);
    const { value: next } = await place.done(loop.next());
    expect(next.records.map(({ offset }: ShareRecord) => offset)).toEqual([5]);
    await loop.return?.();
    await place.done(consumer.close());
    expect(place.acknowledged.join()).toMatch(/^0: 0-1 1,0: 4-4 1,0: 5-5 2$/);
    expect(consumer.health().counters).toMatchObject({ accepted: 3, released: 1 });
  });

  test('leave a record that cannot be made for the next question, which fails', async () => {
    const place = await shared();
    place.waiting.push(0, 1, 2);
    const valueDeserializer = (bytes: Buffer | null) => {
      if (bytes?.toString() === 'v1') throw new Error('no good');
      return bytes;
    };
    const consumer = place.consumer({ valueDeserializer });
    const loop = consumer.batches();
    expect((await place.done(loop.next())).value.records).toHaveLength(1);
    await expect(place.done(loop.next())).rejects.toThrow(/no good/);
    expect((await place.done(loop.next())).value.records).toMatchObject([{ offset: 2 }]);
    await place.done(consumer.commit());
    await place.done(consumer.close());
    expect(consumer.health().counters).toMatchObject({ accepted: 2, released: 1 });
  });

  test('are settled record by record in explicit mode', async () => {
    const place = await shared();
    place.waiting.push(0, 1);
    const consumer = place.consumer({ acknowledgementMode: 'explicit' });
    const loop = consumer.batches();
    const [first, second] = (await place.done(loop.next())).value.records as ShareRecord[];
    consumer.reject(first as ShareRecord);
    void loop.next();
    await place.pass(100);
    consumer.accept(second as ShareRecord);
    await place.done(consumer.commit());
    expect(place.acknowledged).toEqual(['0: 0-1 3,1']);
    await place.done(consumer.close());
  });

  test('stay as small as a slow loop can work through while their locks last', async () => {
    const place = await shared();
    for (let offset = 0; offset < 300; offset++) place.waiting.push(offset);
    const consumer = place.consumer();
    const loop = consumer.batches();
    const sizes: number[] = [];
    for (let taken = 0; taken < 8; taken++) {
      const { records } = (await place.done(loop.next())).value;
      sizes.push(records.length);
      // One second for each record.
      await place.pass(1000 * records.length);
    }
    expect(Math.max(...sizes.slice(1))).toBeLessThanOrEqual(11);
    expect(place.troubles).toEqual([]);
    await place.done(consumer.close());
  });
});

test('interceptors see what is handed out, and may change it', async () => {
  const place = await shared();
  place.waiting.push(0);
  const seen: number[] = [];
  const shout: ConsumerInterceptor<Buffer | null, Buffer | null> = {
    onConsume: (record) => {
      seen.push(record.offset);
      const value = Buffer.from(`${record.value?.toString()}!`);
      return Object.assign(Object.create(Object.getPrototypeOf(record) as object), record, {
        value,
      }) as typeof record;
    },
  };
  const consumer = place.consumer({
    interceptors: [shout as ConsumerInterceptor],
    acknowledgementMode: 'explicit',
  });
  const { value } = await place.done(consumer[Symbol.asyncIterator]().next());
  expect([seen, String(value.value), value.deliveryCount]).toEqual([[0], 'v0!', 1]);
  consumer.accept(value);
  await place.done(consumer.close());
  expect(place.acknowledged).toEqual(['0: 0-0 1']);
});
