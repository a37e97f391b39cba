// What is sent arrives, in order, once, as it was.
import { createHash } from 'node:crypto';
import { equal, expect, fails, texts } from './scenario.mjs';

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

const codecs = Object.fromEntries(
  ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((compression) => [
    `produces and consumes 5000 records with ${compression}`,
    async ({ topic, producer, readAll }) => {
      const name = await topic(compression, 2);
      const sender = producer({ compression });
      const values = numbers(5000).map((n) => `${n} ${`value ${n} `.repeat(n % 9)}`);
      const sent = await sender.send(
        values.map((value, n) => ({ topic: name, key: `${n % 50}`, value })),
      );
      await sender.close();
      const places = new Set(sent.map(({ partition, offset }) => `${partition}/${offset}`));
      equal(places.size, 5000, 'places');
      const read = await readAll(name, 5000);
      const digest = (list) => createHash('sha256').update(list.sort().join('\n')).digest('hex');
      equal(digest(texts(read)), digest([...values]), 'digest of the values');
      const last = new Map();
      for (const { key, value } of read) {
        const n = Number.parseInt(value, 10);
        expect((last.get(`${key}`) ?? -1) < n, `key ${key} is out of order`);
        last.set(`${key}`, n);
      }
    },
  ]),
);

export const producer = {
  'sends one record and reads it back': async ({ topic, producer, readAll }) => {
    // The timestamp below is older than what topics keep by themselves.
    const name = await topic('one', 3, { 'retention.ms': '-1' });
    const sender = producer();
    const headers = [
      ['trace', 'one'],
      ['trace', 'two'],
      ['empty', ''],
      ['none', null],
    ];
    const timestamp = 1_700_000_000_123;
    const sent = await sender.send({ topic: name, key: 'k', value: 'v', headers, timestamp });
    expect(sent.offset === 0 && sent.timestamp === timestamp, JSON.stringify(sent));
    const grave = await sender.send({ topic: name, key: 'k', value: null });
    equal([grave.partition, grave.offset], [sent.partition, 1], 'place of the tombstone');
    await sender.close();
    const [first, second] = await readAll(name, 2);
    equal(
      [first.key.toString(), first.value.toString(), first.timestamp],
      ['k', 'v', timestamp],
      'record',
    );
    const pairs = [...first.headers].map(([word, value]) => [word, value?.toString() ?? null]);
    equal(pairs, headers, 'headers');
    expect(second.value === null, 'the tombstone has a value');
  },

  'empty and missing keys and values stay what they are': async ({ topic, send, readAll }) => {
    const name = await topic('empty');
    await send(name, ['', null, Buffer.alloc(0)], { key: '' });
    await send(name, ['x'], { key: null });
    const read = await readAll(name, 4);
    equal(texts(read), ['', null, '', 'x'], 'values');
    equal(
      read.map(({ key }) => key?.length ?? null),
      [0, 0, 0, null],
      'keys',
    );
  },

  'puts keys where Java puts them': async ({ topic, producer }) => {
    // Where Kafka's console producer has put these keys in a topic of 3 partitions.
    const name = await topic('keys', 3);
    const sender = producer();
    const places = {};
    for (const key of ['a', 'b', 'user-1', 'user-2', 'ä', '']) {
      places[key] = (await sender.send({ topic: name, key, value: 'x' })).partition;
    }
    await sender.close();
    equal(places, { a: 1, b: 2, 'user-1': 2, 'user-2': 2, ä: 2, '': 0 }, 'partitions');
  },

  ...codecs,

  'sends with acks 0, 1 and all, with and without idempotence': async (scene) => {
    const topic = await scene.topic('acks');
    const kinds = [
      { acks: 0 },
      { acks: 1 },
      { acks: 'all', enableIdempotence: false },
      { acks: -1 },
    ];
    for (const options of kinds) {
      const sender = scene.producer(options);
      const sent = await sender.send({ topic, value: JSON.stringify(options) });
      expect(sent.offset >= 0 === (options.acks !== 0), `offset ${sent.offset}`);
      await sender.close();
    }
    equal((await scene.readAll(topic, 4)).length, 4, 'records');
  },

  'keeps 20 000 concurrent sends in order, none lost or doubled': async (scene) => {
    const topic = await scene.topic('order');
    const sender = scene.producer({ batchSize: 2000 });
    const sent = await Promise.all(
      numbers(20_000).map((n) => sender.send({ topic, value: `${n}` })),
    );
    await sender.close();
    expect(
      sent.every(({ offset }, n) => offset === n),
      'offsets are not dense and in order',
    );
    const read = await scene.readAll(topic, 20_000);
    expect(
      read.every(({ value }, n) => value.toString() === `${n}`),
      'values are out of order',
    );
  },

  'splits batches that the topic finds too large': async ({ topic, producer }) => {
    const name = await topic('split', 1, { 'max.message.bytes': '4000' });
    const sender = producer({ batchSize: 100_000 });
    const sent = await sender.send(
      numbers(200).map((n) => ({ topic: name, value: `${n}`.padEnd(500, '.') })),
    );
    expect(
      sent.every(({ offset }, n) => offset === n),
      'offsets are not dense and in order',
    );
    await fails('MESSAGE_TOO_LARGE', () => sender.send({ topic: name, value: 'x'.repeat(5000) }));
    const after = await sender.send({ topic: name, value: 'after' });
    equal(after.offset, 200, 'offset after the refused record');
    await sender.close();
  },

  'a record of a megabyte passes where everybody allows it': async (scene) => {
    const topic = await scene.topic('large', 1, { 'max.message.bytes': '3000000' });
    const value = 'large '.repeat(350_000);
    await scene.send(topic, [value, 'small'], {}, { maxRequestSize: 3_000_000 });
    // Larger than what the consumer asks for, and delivered all the same.
    const read = await scene.readAll(topic, 2, {
      maxPartitionFetchBytes: 1000,
      fetchMaxBytes: 1000,
    });
    expect(read[0].value.toString() === value, 'another value');
    const refused = await fails('MESSAGE_TOO_LARGE', () => scene.send(topic, [value]));
    expect(/maxRequestSize/.test(refused.message), refused.message);
  },

  'the broker writes the timestamps where the topic says so': async (scene) => {
    const topic = await scene.topic('appended', 1, { 'message.timestamp.type': 'LogAppendTime' });
    const before = Date.now() - 60_000;
    const [sent] = await scene.send(topic, ['x'], { timestamp: 1000 });
    expect(sent.timestamp > before, `timestamp ${sent.timestamp}`);
    const [read] = await scene.readAll(topic, 1);
    equal(read.timestamp, sent.timestamp, 'timestamp');
  },

  'a timestamp too far ahead is refused': async (scene) => {
    const topic = await scene.topic('future', 1, { 'message.timestamp.after.max.ms': '1000' });
    const timestamp = Date.now() + 3_600_000;
    await fails('INVALID_TIMESTAMP', () => scene.send(topic, ['x'], { timestamp }));
    const [sent] = await scene.send(topic, ['y']);
    equal(sent.offset, 0, 'offset');
  },

  'a record without a key is refused by a compacted topic, and named': async (scene) => {
    const name = await scene.topic('compacted', 1, { 'cleanup.policy': 'compact' });
    const sender = scene.producer();
    const sends = await Promise.allSettled([
      sender.send({ topic: name, key: 'k', value: 'x' }),
      sender.send({ topic: name, value: 'x' }),
    ]);
    equal(
      sends.map(({ reason }) => reason?.code),
      ['INVALID_RECORD', 'INVALID_RECORD'],
      'codes',
    );
    expect(/another record/.test(sends[0].reason.message), sends[0].reason.message);
    equal((await sender.send({ topic: name, key: 'k', value: 'y' })).offset, 0, 'offset');
    await sender.close();
  },

  'creates a topic by sending to it, where the broker allows it': async ({ producer, name }) => {
    const sender = producer({ maxBlockMs: 20_000 });
    const { offset } = await sender.send({ topic: name('auto'), value: 'x' });
    await sender.close();
    equal(offset, 0, 'offset');
  },
};
