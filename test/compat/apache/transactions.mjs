// Records and offsets that count together or not at all. Whatever version of transactions the
// brokers have finalized, the sentences are the same.
import { spawn } from 'node:child_process';
import { atExit } from '../environment.mjs';
import { equal, expect, fails, texts, until } from './scenario.mjs';

/** What is committed of a topic, up to a record that is written now and comes last. */
async function committed(scene, topic, partitions = 1) {
  const producer = scene.producer();
  for (let partition = 0; partition < partitions; partition++) {
    await producer.send({ topic, partition, value: 'the end' });
  }
  await producer.close();
  const consumer = scene.consumer({
    topics: [topic],
    fromBeginning: true,
    isolationLevel: 'read_committed',
  });
  const values = [];
  let ends = 0;
  for await (const { value } of consumer) {
    if (value.toString() === 'the end') ends++;
    else values.push(value.toString());
    if (ends === partitions) break;
  }
  await consumer.close();
  return values;
}

/** A process of its own, so that it can be killed in the middle of what it does. */
function start(scene, ...args) {
  const program = new URL('./transaction-worker.mjs', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, scene.bootstrapServers, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  atExit(() => child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  const closed = new Promise((done) => child.on('close', done));
  return {
    says: (word, times = 1) =>
      until(() => {
        expect(child.exitCode === null, `the worker ended: ${printed.slice(-500)}`);
        return printed.split(word).length > times;
      }, `the worker says '${word}' ${times} times`),
    kill: () => {
      child.kill('SIGKILL');
      return closed;
    },
  };
}

export const transactions = {
  'what is committed is read, what is aborted is not': async (scene) => {
    const topic = await scene.topic('mixed', 3);
    const [one, two] = ['mixed-one', 'mixed-two'].map((id) =>
      scene.producer({ transactionalId: scene.name(id) }),
    );
    const wanted = [];
    for (let round = 0; round < 12; round++) {
      // Two transactions side by side in the same partitions; one of each pair is aborted.
      const [a, b] = [await one.beginTransaction(), await two.beginTransaction()];
      const values = (who) => [0, 1, 2].map((partition) => `${who}-${round}-${partition}`);
      const records = (who) => values(who).map((value, partition) => ({ topic, partition, value }));
      await Promise.all([a.send(records('a')), b.send(records('b'))]);
      const [kept, dropped, who] = round % 2 === 0 ? [a, b, 'a'] : [b, a, 'b'];
      await dropped.abort();
      await kept.commit();
      wanted.push(...values(who));
    }
    equal((await committed(scene, topic, 3)).sort(), wanted.sort(), 'values');
  },

  'a transaction that fails in the middle leaves nothing': async (scene) => {
    const topic = await scene.topic('thrown');
    const producer = scene.producer({ transactionalId: scene.name('thrown') });
    const thrown = new Error('the work failed');
    const failed = producer.transaction(async (tx) => {
      await tx.send({ topic, value: 'lost' });
      throw thrown;
    });
    expect((await failed.catch((error) => error)) === thrown, 'another error than the thrown one');
    const value = await producer.transaction((tx) => tx.send({ topic, value: 'kept' }));
    equal(value.offset, 2, 'offset behind the abort marker');
    await fails('INVALID_TXN_STATE', () => producer.send({ topic, value: 'outside' }));
    await producer.close();
    equal(await committed(scene, topic), ['kept'], 'values');
  },

  'many transactions in a row, empty ones among them': async (scene) => {
    const topic = await scene.topic('row', 2);
    const producer = scene.producer({ transactionalId: scene.name('row') });
    for (let n = 0; n < 40; n++) {
      const transaction = await producer.beginTransaction();
      if (n % 5 !== 0) await transaction.send({ topic, partition: n % 2, value: `${n}` });
      await (n % 3 === 0 ? transaction.abort() : transaction.commit());
    }
    await producer.close();
    const wanted = Array.from({ length: 40 }, (_, n) => n).filter((n) => n % 5 && n % 3);
    const found = (await committed(scene, topic, 2)).map(Number).sort((a, b) => a - b);
    equal(found, wanted, 'values');
  },

  'a newer producer with the same id fences the older': async (scene) => {
    const topic = await scene.topic('fenced');
    const [older, newer] = [0, 1].map(() =>
      scene.producer({ transactionalId: scene.name('fenced') }),
    );
    const open = await older.beginTransaction();
    await open.send({ topic, value: 'of the older' });
    await newer.transaction((tx) => tx.send({ topic, value: 'of the newer' }));
    await fails('PRODUCER_FENCED', () => open.commit());
    await fails('PRODUCER_FENCED', () => older.beginTransaction());
    await Promise.all([older.close(), newer.close()]);
    equal(await committed(scene, topic), ['of the newer'], 'values');
  },

  'a transaction left open by a killed process is aborted by its successor': async (scene) => {
    const topic = await scene.topic('killed');
    const child = start(scene, 'open', topic, topic, scene.name('killed'));
    await child.says('written');
    await child.kill();
    const producer = scene.producer({ transactionalId: scene.name('killed') });
    const begun = Date.now();
    await producer.transaction((tx) => tx.send({ topic, value: 'of the successor' }));
    expect(Date.now() - begun < 55_000, 'the successor waited for the time-out');
    await producer.close();
    equal(await committed(scene, topic), ['of the successor'], 'values');
  },

  'offsets count with the transaction, or not at all': async (scene) => {
    const topic = await scene.topic('with-offsets');
    const groupId = scene.name('with-offsets-group');
    const producer = scene.producer({ transactionalId: scene.name('with-offsets') });
    const send = (offset, mayCommit) =>
      producer.transaction(async (tx) => {
        await tx.send({ topic, value: `${offset}` });
        await tx.sendOffsets({ groupId, offsets: [{ topic, partition: 0, offset }] });
        if (!mayCommit) await tx.abort();
      });
    const found = async () => {
      const options = { partitions: [{ topic, partition: 0 }], requireStable: true };
      const [offset] = await scene.admin.fetchOffsets(groupId, options);
      return offset?.offset ?? -1;
    };
    await send(5, false);
    equal(await found(), -1, 'an aborted offset');
    await send(7, true);
    equal(await found(), 7, 'a committed offset');
    await send(9, false);
    equal(await found(), 7, 'the offset after another abort');
    await producer.close();
    equal(await committed(scene, topic), ['7'], 'values');
  },

  'the exactly-once loop over kills: every record once': async (scene) => {
    const count = 600;
    const input = await scene.topic('in', 3);
    const output = await scene.topic('out', 3);
    const source = scene.producer();
    // In small batches, so that there is something to kill in the middle of.
    for (let at = 0; at < count; at += 15) {
      const records = Array.from({ length: 15 }, (_, n) => ({
        topic: input,
        partition: n % 3,
        value: `value ${at + n}`,
      }));
      await source.send(records);
    }
    await source.close();
    let loop = start(scene, 'loop', input, output, scene.name('loop'));
    for (let kill = 0; kill < 3; kill++) {
      await loop.says('batch', 2 + 3 * kill);
      await loop.kill();
      loop = start(scene, 'loop', input, output, scene.name('loop'));
    }
    // A second member takes half of it in the middle.
    const other = start(scene, 'loop', input, output, scene.name('loop-two'));
    const options = { isolationLevel: 'read_committed' };
    const found = texts(await scene.readAll(output, count, options));
    await loop.kill();
    await other.kill();
    const wanted = Array.from({ length: count }, (_, n) => `value ${n}!`);
    equal(found.sort(), wanted.sort(), 'copies');
    const producer = scene.producer({ transactionalId: scene.name('loop') });
    await producer.transaction(() => undefined);
    const second = scene.producer({ transactionalId: scene.name('loop-two') });
    await second.transaction(() => undefined);
    equal((await committed(scene, output, 3)).length, count, 'copies in the end');
  },
};
