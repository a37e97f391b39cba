import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedMongoDb } from '../../../../test/killmatrix/scripted-mongodb.mjs';
import { isKafkaError, KafkaError } from '../../../errors/index.js';
import { realSystem, silentLogger } from '../../../system/index.js';
import type { PipeRecord } from '../../pipe-record.js';
import type { RejectedRecord, SinkWriter } from '../../sink.js';
import { type MongoSinkOptions, mongodb } from './index.js';

let server: ScriptedMongoDb;
const writers: SinkWriter[] = [];

beforeEach(async () => {
  server = await ScriptedMongoDb.start();
});
afterEach(async () => {
  server.rules.length = 0;
  for (const writer of writers.splice(0)) await writer.close();
  await server.stop();
});

async function open(options: MongoSinkOptions = {}): Promise<SinkWriter> {
  const writer = await mongodb({
    uri: server.uri,
    database: 'db',
    collection: 'c',
    clientOptions: { serverSelectionTimeoutMS: 3000, heartbeatFrequencyMS: 500 },
    ...options,
  }).start({
    pipeline: 'p',
    task: 0,
    logger: silentLogger,
    system: realSystem(),
    step: () => undefined,
    signal: new AbortController().signal,
  });
  writers.push(writer);
  return writer;
}

function record(offset: number, key: string | null, value: unknown, partition = 0): PipeRecord {
  const source = { topic: 't', partition, offset };
  return { topic: 't', key, value, headers: [], timestamp: -1, source, part: 0 };
}

interface Put {
  readonly rejected: readonly RejectedRecord[];
  readonly aside: readonly RejectedRecord[];
}

async function put(
  writer: SinkWriter,
  records: readonly PipeRecord[],
  mayWait = false,
): Promise<Put> {
  const aside: RejectedRecord[] = [];
  const rejected = await writer.put(records, {
    topic: 't',
    partition: 0,
    nextOffset: (records.at(-1)?.source.offset ?? 0) + 1,
    signal: new AbortController().signal,
    mayWait,
    stillOurs: async () => undefined,
    setAside: async (list) => void aside.push(...list),
  });
  return { rejected, aside };
}

const stored = () => server.documents('db.c');
const isUpdate = (name: string) => name === 'update';

describe('a document that another writer holds for the moment', () => {
  const held = ['k1', 't#0#1'];
  const hold = () =>
    server.rules.push((_, name) => {
      if (name !== 'update') return undefined;
      const refuse = ({ q }: { q: { _id: string } }) => held.includes(q._id);
      return { refuse, code: 112, errmsg: 'WriteConflict' };
    });
  const records = [0, 1, 2].map((n) => record(n, `k${n}`, { n }));

  test('has the whole write repeated', async () => {
    const writer = await open();
    hold();
    await expect(put(writer, records)).rejects.toMatchObject({ retriable: true });
  });

  test('is answered with by itself where it may wait; the others are written', async () => {
    const writer = await open();
    hold();
    const { rejected } = await put(writer, records, true);
    expect(rejected.map(({ record: { key } }) => key)).toEqual(['k1']);
    expect(rejected[0]?.error).toMatchObject({
      code: 'SINK_FAILED',
      retriable: true,
      context: { offset: 1 },
    });
    expect(stored().map(({ n }) => n)).toEqual([0, 2]);
    server.rules.length = 0;
    // A later record of its key has come meanwhile: what waited does not replace it.
    await put(writer, [record(7, 'k1', { n: 7 })], true);
    expect((await put(writer, [record(1, 'k1', { n: 1 })], true)).rejected).toEqual([]);
    expect(stored().map(({ n }) => n)).toEqual([0, 2, 7]);
  });

  test('is set aside before the offset moves, in a transaction', async () => {
    const writer = await open({ offsets: 'mongodb', id: 'position' });
    await writer.open?.([{ topic: 't', partition: 0 }]);
    hold();
    const { aside } = await put(writer, records, true);
    expect(aside.map(({ error }) => error.retriable)).toEqual([true]);
    expect(stored().map(({ n }) => n)).toEqual([0, 2]);
  });

  test('says nothing of a server that steps down: nobody waits for that', async () => {
    const writer = await open();
    server.rules.push((_, name) =>
      name === 'update' ? { refuse: () => true, code: 189, errmsg: 'stepped down' } : undefined,
    );
    await expect(put(writer, records, true)).rejects.toMatchObject({ retriable: true });
  });

  test('is not written late where that would do harm', () => {
    const refuses = (options: MongoSinkOptions) =>
      mongodb({ uri: server.uri, database: 'db', ...options }).refusesLate;
    expect(refuses({})).toBeUndefined();
    expect(refuses({ guard: false, id: 'position' })).toBeUndefined();
    expect(refuses({ guard: false })).toContain('guard');
    expect(refuses({ offsets: 'mongodb' })).toContain('guard');
    expect(refuses({ tombstones: 'delete' })).toContain('come back');
    expect(refuses({ write: 'update' })).toContain('hide');
  });
});

describe('documents', () => {
  test('have the key as their id, or the position where there is none', async () => {
    const writer = await open();
    await put(writer, [
      record(0, 'a', { n: 1 }),
      record(1, null, { n: 2 }),
      record(2, 'b', 'text'),
    ]);
    expect(stored()).toEqual([
      { _id: 'a', n: 1, _kafka: { t: 't', p: 0, o: 0 } },
      { _id: 't#0#1', n: 2, _kafka: { t: 't', p: 0, o: 1 } },
      { _id: 'b', value: 'text', _kafka: { t: 't', p: 0, o: 2 } },
    ]);
  });

  test('of a repeated key end as the last record says, however often it comes', async () => {
    const writer = await open();
    const records = Array.from({ length: 40 }, (_, at) => record(at, `k${at % 3}`, { n: at }));
    await put(writer, records);
    expect(stored().map(({ n }) => n)).toEqual([39, 37, 38]);
  });

  test('are never put back by a replay', async () => {
    const writer = await open();
    await put(writer, [
      record(0, 'a', { n: 0 }),
      record(1, 'a', { n: 1 }),
      record(2, 'b', { n: 2 }),
    ]);
    const { rejected } = await put(writer, [record(0, 'a', { n: 0 }), record(3, 'c', { n: 3 })]);
    expect(rejected).toEqual([]);
    expect(stored().map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  test('of another partition are replaced whatever its offset', async () => {
    const writer = await open();
    await put(writer, [record(7, 'a', { n: 7 })]);
    await put(writer, [record(3, 'a', { n: 3 }, 1)]);
    expect(stored()).toMatchObject([{ n: 3 }]);
  });

  test('go with their tombstones when asked, and a tombstone is refused when not', async () => {
    const asked = await open({ tombstones: 'delete' });
    await put(asked, [record(0, 'a', { n: 0 }), record(1, 'b', { n: 1 }), record(2, 'a', null)]);
    expect(stored().map(({ _id }) => _id)).toEqual(['b']);
    const { rejected } = await put(await open(), [record(3, 'b', null)]);
    expect(rejected[0]?.error.message).toMatch(/tombstone.*'delete' or 'ignore'/);
  });

  test('are merged by update, and left alone by insert', async () => {
    const update = await open({ write: 'update' });
    await put(update, [record(0, 'a', { x: 1 }), record(1, 'a', { y: 2 })]);
    expect(stored()).toMatchObject([{ _id: 'a', x: 1, y: 2 }]);
    const insert = await open({ write: 'insert' });
    const { rejected } = await put(insert, [record(2, 'a', { x: 9 }), record(3, 'b', { x: 3 })]);
    expect(rejected).toEqual([]);
    expect(stored()).toMatchObject([
      { _id: 'a', x: 1 },
      { _id: 'b', x: 3 },
    ]);
  });

  test('are found by a business key where ids are somebody else’s', async () => {
    const writer = await open({ businessKey: ['sku'] });
    await put(writer, [record(0, null, { sku: 1, n: 1 }), record(1, null, { sku: 1, n: 2 })]);
    await put(writer, [record(0, null, { sku: 1, n: 1 }), record(2, null, { sku: 2, n: 3 })]);
    expect(stored().map(({ sku, n }) => [sku, n])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
});

describe('failures', () => {
  test('one bad document is refused, and its neighbours are written', async () => {
    server.rules.push((command, name) => {
      if (!isUpdate(name)) return undefined;
      const updates = command.updates as { u: { bad?: boolean }; q: { _id: string } }[];
      const index = updates.findIndex(({ u }) => u.bad === true);
      if (index < 0) return undefined;
      if (updates.length === 1) {
        return { n: 0, writeErrors: [{ index: 0, code: 121, errmsg: 'fails validation' }] };
      }
      command.updates = updates.filter((_, at) => at !== index);
      return undefined;
    });
    const writer = await open();
    const { rejected } = await put(writer, [
      record(0, 'a', { n: 0 }),
      record(1, 'b', { bad: true }),
      record(2, 'c', { n: 2 }),
    ]);
    expect(rejected.map(({ record: { source }, error }) => [source.offset, error.message])).toEqual(
      [[1, expect.stringMatching(/fails validation \(code 121\)/)]],
    );
    expect(stored().map(({ _id }) => _id)).toEqual(['a', 'c']);
  });

  test('a server that stops at the first failure and reports index 0 loses nothing', async () => {
    await server.stop();
    server = await ScriptedMongoDb.start({ lax: true, replicaSet: false });
    const writer = await open();
    await put(writer, [record(5, 'b', { n: 5 })]);
    const replay = [3, 4, 5, 6, 7].map((at) =>
      record(at, ['x', 'a', 'b', 'c', 'd'][at - 3] ?? '', { n: at }),
    );
    const { rejected } = await put(writer, replay);
    expect(rejected).toEqual([]);
    expect(stored().map(({ n }) => n)).toEqual([5, 3, 4, 6, 7]);
  });

  test('a server that accounts for fewer statements than it was sent is asked again', async () => {
    let lies = 1;
    server.rules.push((command, name) => {
      if (!isUpdate(name) || lies-- <= 0) return undefined;
      command.updates = (command.updates as unknown[]).slice(0, 1);
      return undefined;
    });
    const writer = await open();
    await put(writer, [
      record(0, 'a', { n: 0 }),
      record(1, 'b', { n: 1 }),
      record(2, 'c', { n: 2 }),
    ]);
    expect(stored()).toHaveLength(3);
  });

  test('a full disk and a lost connection are passing, a missing right is not', async () => {
    const writer = await open();
    const verdicts: ['close' | { writeErrors: object[] } | { ok: 0; code: number }, boolean][] = [
      [{ writeErrors: [{ index: 0, code: 14031, errmsg: 'out of disk space' }] }, true],
      ['close', true],
      [{ ok: 0, code: 13 }, false],
    ];
    for (const [verdict, retriable] of verdicts) {
      server.rules.splice(0, 1, (_, name) => (isUpdate(name) ? verdict : undefined));
      const failed: unknown = await put(writer, [record(0, 'a', {})]).catch(
        (error: unknown) => error,
      );
      expect(isKafkaError(failed, 'SINK_FAILED')).toBe(true);
      expect((failed as KafkaError).retriable).toBe(retriable);
    }
  });

  test('writes that too few servers confirm are not acknowledged', async () => {
    const writer = await open();
    server.rules.push((_, name) =>
      isUpdate(name)
        ? { n: 1, nModified: 1, writeConcernError: { code: 64, errmsg: 'waiting timed out' } }
        : undefined,
    );
    await expect(put(writer, [record(0, 'a', {})])).rejects.toThrow(/waiting timed out/);
  });

  test('another unique index of the application refuses a document for good', async () => {
    const unique = await open({ businessKey: ['email'] });
    await put(unique, [record(0, null, { email: 'x' })]);
    const writer = await open();
    const { rejected } = await put(writer, [
      record(1, 'a', { email: 'x' }),
      record(2, 'b', { n: 1 }),
    ]);
    expect(rejected.map(({ record: { source } }) => source.offset)).toEqual([1]);
    expect(stored()).toHaveLength(2);
  });

  test('a document the driver cannot encode is refused alone', async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const writer = await open();
    const { rejected } = await put(writer, [record(0, 'a', loop), record(1, 'b', { n: 1 })]);
    expect(rejected).toHaveLength(1);
    expect(stored()).toHaveLength(1);
  });

  test('a uri that is none, and a server that is not there, are said in one sentence', async () => {
    expect(() => mongodb({ uri: 'postgres://u:secret@h/' })).toThrow(
      /'postgres:\/\/u:\*\*\*@h\/' is not a uri of MongoDB/,
    );
    const start = open({
      uri: 'mongodb://127.0.0.1:1/',
      clientOptions: { serverSelectionTimeoutMS: 100 },
    });
    await expect(start).rejects.toThrow(/MongoDB at mongodb:\/\/127.0.0.1:1\/.*ECONNREFUSED/);
  });
});

describe('offsets in MongoDB', () => {
  test('move with the documents, in one transaction', async () => {
    const writer = await open({ offsets: 'mongodb' });
    expect(await writer.open?.([{ topic: 't', partition: 0 }])).toEqual([]);
    await put(writer, [record(0, null, { n: 0 }), record(1, null, { n: 1 })]);
    expect(server.documents('db.kafkit_offsets')).toMatchObject([
      { _id: 'p#t#0', offset: 2, epoch: 1 },
    ]);
    const next = await open({ offsets: 'mongodb' });
    expect(await next.open?.([{ topic: 't', partition: 0 }])).toEqual([
      { topic: 't', partition: 0, offset: 2 },
    ]);
  });

  test('fence the writer that had the partition before', async () => {
    const old = await open({ offsets: 'mongodb' });
    await old.open?.([{ topic: 't', partition: 0 }]);
    const next = await open({ offsets: 'mongodb' });
    await next.open?.([{ topic: 't', partition: 0 }]);
    await expect(put(old, [record(0, null, { n: 0 })])).rejects.toThrow(/taken over the partition/);
    expect(stored()).toEqual([]);
  });

  test('stay put when the transaction fails, and move past what was set aside', async () => {
    const writer = await open({ offsets: 'mongodb' });
    await writer.open?.([{ topic: 't', partition: 0 }]);
    const { aside } = await put(writer, [record(0, 'a', { n: 0 }), record(1, 'b', null)]);
    expect(aside).toHaveLength(1);
    server.rules.push((_, name) => (name === 'commitTransaction' ? 'close' : undefined));
    await expect(put(writer, [record(2, 'c', { n: 2 })])).rejects.toThrow(/MongoDB/);
    expect(server.documents('db.kafkit_offsets')[0]).toMatchObject({ epoch: 1 });
  });
});
