// What lies in a topic is read as it is, from wherever one asks, and nothing else is.
import { equal, expect, fails, take, texts, until } from './scenario.mjs';

const numbers = (count) => Array.from({ length: count }, (_, n) => `${n}`);

export const consumer = {
  'reads assigned partitions, seeks, and knows where it is': async (scene) => {
    const topic = await scene.topic('assigned', 2);
    await scene.send(topic, numbers(100), { partition: 0 });
    await scene.send(topic, ['other'], { partition: 1 });
    const place = { topic, partition: 0 };
    const reader = scene.consumer({ assign: [place], fromBeginning: true });
    const records = reader[Symbol.asyncIterator]();
    equal(texts(await take(records, 3)), ['0', '1', '2'], 'first records');
    equal(reader.assignment(), [place], 'assignment');
    reader.seek({ ...place, offset: 50 });
    equal(texts(await take(records, 2)), ['50', '51'], 'after seeking');
    equal(await reader.position(place), 52, 'position');
    equal(await reader.lag(place), 48, 'lag');
    await reader.seekToBeginning();
    equal(texts(await take(records, 1)), ['0'], 'from the beginning');
    await reader.seekToEnd();
    await scene.send(topic, ['new'], { partition: 0 });
    equal(texts(await take(records, 1)), ['new'], 'from the end');
    await reader.close();
  },

  'seeks to a moment in time': async (scene) => {
    const topic = await scene.topic('moments', 1, { 'retention.ms': '-1' });
    const producer = scene.producer();
    for (const n of [0, 1, 2, 3]) {
      await producer.send({ topic, value: `${n}`, timestamp: 1_700_000_000_000 + n * 1000 });
    }
    const reader = scene.consumer({ assign: [{ topic, partition: 0 }], fromBeginning: true });
    const records = reader[Symbol.asyncIterator]();
    await take(records, 1);
    await reader.seekToTimestamp(1_700_000_001_500);
    equal(texts(await take(records, 2)), ['2', '3'], 'records');
    await reader.close();
    const recent = await scene.readAll(topic, 4, {
      fromBeginning: undefined,
      offsetReset: 'earliest',
    });
    equal(recent.length, 4, 'records from the earliest');
  },

  'starts at the earliest, the latest, an age, or nowhere, as it is told': async (scene) => {
    const topic = await scene.topic('resets');
    const old = Date.now() - 7_200_000;
    await scene.send(topic, ['old'], { timestamp: old });
    await scene.send(topic, ['young']);
    const assign = [{ topic, partition: 0 }];
    const first = async (offsetReset, sent) => {
      const reader = scene.consumer({ assign, offsetReset });
      const records = reader[Symbol.asyncIterator]();
      await reader.start();
      await reader.position(assign[0]);
      const next = records.next();
      if (sent !== undefined) await scene.send(topic, [sent]);
      const { value } = await next;
      await reader.close();
      return value.value.toString();
    };
    equal(await first('earliest'), 'old', 'earliest');
    equal(await first('by_duration:PT1H'), 'young', 'by_duration');
    equal(await first('latest', 'after'), 'after', 'latest');
    const lost = scene.consumer({
      topics: [topic],
      groupId: scene.name('nowhere'),
      offsetReset: 'none',
    });
    await fails('NO_OFFSET', async () => {
      for await (const record of lost) expect(false, `${record.offset} was delivered`);
    });
    await lost.close();
  },

  'an offset that is gone is reset': async (scene) => {
    const topic = await scene.topic('gone');
    await scene.send(topic, numbers(20));
    await scene.admin.deleteRecords([{ topic, partition: 0, offset: 10 }]);
    const reader = scene.consumer({ assign: [{ topic, partition: 0 }], offsetReset: 'earliest' });
    const records = reader[Symbol.asyncIterator]();
    equal(texts(await take(records, 1)), ['10'], 'after the deletion');
    reader.seek({ topic, partition: 0, offset: 3 });
    equal(texts(await take(records, 1)), ['10'], 'below the start');
    reader.seek({ topic, partition: 0, offset: 500 });
    equal(texts(await take(records, 1)), ['10'], 'behind the end');
    await reader.close();
  },

  'a paused partition rests while others go on': async (scene) => {
    const topic = await scene.topic('paused', 2);
    const [quiet, busy] = [0, 1].map((partition) => ({ topic, partition }));
    const reader = scene.consumer({ assign: [quiet, busy], fromBeginning: true });
    const records = reader[Symbol.asyncIterator]();
    await reader.start();
    reader.pause([quiet]);
    const next = records.next();
    await scene.send(topic, ['q0', 'q1'], { partition: 0 });
    await scene.send(topic, ['b0', 'b1'], { partition: 1 });
    const first = (await next).value;
    const second = (await take(records, 1))[0];
    equal(texts([first, second]), ['b0', 'b1'], 'while paused');
    equal(reader.paused(), [quiet], 'paused');
    reader.resume([quiet]);
    equal(texts(await take(records, 2)), ['q0', 'q1'], 'resumed');
    await reader.close();
  },

  'many quiet partitions, and whichever wakes is heard (fetch sessions)': async (scene) => {
    const topic = await scene.topic('session', 60);
    const reader = scene.consumer({ topics: [topic], fromBeginning: true });
    const records = reader[Symbol.asyncIterator]();
    const producer = scene.producer();
    for (let round = 0; round < 40; round++) {
      const partition = (round * 37) % 60;
      await producer.send({ topic, partition, value: `${round}` });
      const [record] = await take(records, 1);
      equal([record.partition, record.value.toString()], [partition, `${round}`], 'record');
    }
    await reader.close();
  },

  'batches and streams of partitions carry the same records': async (scene) => {
    const topic = await scene.topic('batches', 3);
    for (const partition of [0, 1, 2]) await scene.send(topic, numbers(50), { partition });
    const seen = new Map();
    const reader = scene.consumer({ topics: [topic], fromBeginning: true });
    for await (const batch of reader.batches()) {
      const list = seen.get(batch.partition) ?? [];
      seen.set(batch.partition, [...list, ...texts([...batch])]);
      if ([...seen.values()].reduce((sum, each) => sum + each.length, 0) === 150) break;
    }
    await reader.close();
    for (const list of seen.values()) equal(list, numbers(50), 'values of a partition');
  },

  'aborted records are not seen although their markers come much later': async (scene) => {
    const topic = await scene.topic('markers');
    const [one, two] = ['markers-one', 'markers-two'].map((id) =>
      scene.producer({ transactionalId: scene.name(id) }),
    );
    const wanted = [];
    // Large transactions interleaved, so that many answers lie between a record and its marker.
    for (let round = 0; round < 4; round++) {
      const [a, b] = [await one.beginTransaction(), await two.beginTransaction()];
      for (let n = 0; n < 30; n++) {
        const records = ['a', 'b'].map((who) => `${who}-${round}-${n}`.padEnd(400, '.'));
        await a.send({ topic, value: records[0] });
        await b.send({ topic, value: records[1] });
        wanted.push(round % 2 === 0 ? records[0] : records[1]);
      }
      const [kept, dropped] = round % 2 === 0 ? [a, b] : [b, a];
      await dropped.abort();
      await kept.commit();
    }
    await scene.send(topic, ['the end']);
    const options = { isolationLevel: 'read_committed', maxPartitionFetchBytes: 700 };
    const read = await scene.readAll(topic, wanted.length + 1, options);
    equal(texts(read), [...wanted, 'the end'], 'committed records');
    // Without isolation all records are there, and no control record is ever delivered.
    const all = texts(await scene.readAll(topic, 241));
    equal(all.filter((value) => value !== 'the end').length, 240, 'all records');
    expect(
      all.every((value) => value === 'the end' || /^[ab]-\d-\d+\.+$/.test(value)),
      'something else was delivered',
    );
  },

  'an open transaction holds back what lies behind it, for those who want it so': async (scene) => {
    const topic = await scene.topic('held-back');
    const producer = scene.producer({ transactionalId: scene.name('held-back') });
    const transaction = await producer.beginTransaction();
    await transaction.send({ topic, value: 'open' });
    await scene.send(topic, ['behind']);
    const assign = [{ topic, partition: 0 }];
    const options = { assign, isolationLevel: 'read_committed', offsetReset: 'earliest' };
    const reader = scene.consumer(options);
    const records = reader[Symbol.asyncIterator]();
    const next = records.next();
    await reader.start();
    await until(() => reader.health().partitions[0]?.endOffset !== null, 'an answer to a fetch');
    const [{ offset }] = await scene.admin.listOffsets([{ ...assign[0], at: 'latest' }], {
      isolationLevel: 'read_committed',
    });
    equal(offset, 0, 'last stable offset');
    equal(reader.health().partitions[0].position, 0, 'position');
    await transaction.commit();
    equal((await next).value.value.toString(), 'open', 'first record');
    equal(texts(await take(records, 1)), ['behind'], 'second record');
    await reader.close();
  },
};
