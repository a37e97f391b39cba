import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedMongoDb } from '../../../../test/killmatrix/scripted-mongodb.mjs';
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

async function open(options: MongoSinkOptions): Promise<SinkWriter> {
  const sink = mongodb({ uri: server.uri, database: 'db', collection: 'c', ...options });
  const writer = await sink.start({
    pipeline: 'p',
    task: 0,
    logger: silentLogger,
    system: realSystem(),
    step: () => undefined,
    signal: new AbortController().signal,
  });
  await writer.open?.([{ topic: 't', partition: 0 }]);
  writers.push(writer);
  return writer;
}

function recordsOf(events: readonly (readonly [unknown, unknown])[], from = 0): PipeRecord[] {
  return events.map(([key, value], at) => {
    const source = { topic: 't', partition: 0, offset: from + at };
    return { topic: 't', key, value, headers: [], timestamp: -1, source, part: 0 };
  });
}

async function put(writer: SinkWriter, records: readonly PipeRecord[]) {
  const rejected: readonly RejectedRecord[] = await writer.put(records, {
    topic: 't',
    partition: 0,
    nextOffset: (records.at(-1)?.source.offset ?? 0) + 1,
    signal: new AbortController().signal,
    mayWait: false,
    stillOurs: async () => undefined,
    setAside: async () => undefined,
  });
  return rejected.map(({ error }) => error.message);
}

/** The documents as plain JSON, without the guard. */
const stored = () =>
  server.documents('db.c').map((document) => {
    const { _kafka, ...plain } = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
    void _kafka;
    return plain;
  });

describe('change events of Debezium', () => {
  const event = (op: string, after: unknown, more: object = {}) => ({
    schema: {},
    payload: { op, after, source: { connector: 'postgresql' }, ...more },
  });
  const key = (id: number) => ({ schema: {}, payload: { id } });

  test('become what the table holds, however often they come', async () => {
    const writer = await open({ changeDataCapture: 'debezium' });
    const records = recordsOf([
      [key(1), event('r', { id: 1, n: 'a' })],
      [key(2), event('c', { id: 2, n: 'b' })],
      [key(1), event('u', { id: 1, n: 'c' })],
      [key(2), event('d', null)],
      [key(2), null],
      [key(3), event('t', null)],
    ]);
    expect(await put(writer, records)).toEqual([]);
    expect(stored()).toEqual([{ _id: 1, id: 1, n: 'c' }]);
    expect(await put(writer, records)).toEqual([]);
    expect(stored()).toEqual([{ _id: 1, id: 1, n: 'c' }]);
  });

  test('of MongoDB hold documents as text, and changes of single fields', async () => {
    const writer = await open({ changeDataCapture: 'debezium' });
    const source = { connector: 'mongodb' };
    const id = { id: '{"$oid":"65a000000000000000000001"}' };
    const document = '{"_id":{"$oid":"65a000000000000000000001"},"n":1,"old":true}';
    const updateDescription = { updatedFields: '{"n":2}', removedFields: ['old'] };
    const rejected = await put(
      writer,
      recordsOf([
        [id, { op: 'c', after: document, source }],
        [id, { op: 'u', after: null, updateDescription, source }],
        [id, { op: 'x', source }],
        ['key', 'no event'],
      ]),
    );
    expect(stored()).toEqual([{ _id: '65a000000000000000000001', n: 2 }]);
    expect(rejected).toEqual([
      expect.stringContaining('is no change event of Debezium'),
      expect.stringContaining('is no change event; put json()'),
    ]);
  });
});

describe('events of change streams', () => {
  test('do again what was done, with real ids and dates', async () => {
    const writer = await open({ changeDataCapture: 'changeStream' });
    const documentKey = { _id: { $oid: '65a000000000000000000001' } };
    const other = { _id: 'b' };
    const updateDescription = { updatedFields: { n: 2 }, removedFields: ['old'] };
    const fullDocument = { ...documentKey, n: 1, old: 1, at: { $date: '2024-01-01T00:00:00Z' } };
    const records = recordsOf([
      [null, { operationType: 'insert', documentKey, fullDocument }],
      [null, { operationType: 'insert', documentKey: other, fullDocument: { ...other, n: 1 } }],
      [null, { operationType: 'update', documentKey, updateDescription }],
      [null, { operationType: 'delete', documentKey: other }],
      [null, { operationType: 'update', documentKey: other, updateDescription }],
    ]);
    expect(await put(writer, records)).toEqual([]);
    expect(await put(writer, records)).toEqual([]);
    expect(stored()).toEqual([
      { _id: '65a000000000000000000001', n: 2, at: '2024-01-01T00:00:00.000Z' },
    ]);
    expect(server.documents('db.c')[0]?.at).toBeInstanceOf(Date);
    const drop = recordsOf([[null, { operationType: 'drop', ns: {} }]], 5);
    expect(await put(writer, drop)).toEqual([
      expect.stringMatching(/no change of a document .drop/),
    ]);
  });
});

describe('time series', () => {
  const timeSeries = { timeField: 'at', metaField: 'sensor', granularity: 'minutes' } as const;
  const measured = (n: number) => ['s', { at: 1_700_000_000_000 + n, sensor: 's', n }] as const;

  test('are made when missing, and a replay after a crash adds nothing', async () => {
    const first = await open({ timeSeries });
    await put(first, recordsOf([0, 1, 2, 3].map(measured)));
    expect(server.created.get('db.c')).toMatchObject({ timeseries: timeSeries });
    expect(server.documents('db.c')[0]?.at).toEqual(new Date(1_700_000_000_000));
    // Killed before the commit: all of it comes again, and something new.
    const second = await open({ timeSeries });
    await put(second, recordsOf([0, 1, 2].map(measured)));
    await put(second, recordsOf([3, 4, 5].map(measured), 3));
    expect(stored().map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5]);
    // From here on nobody looks any more.
    await put(second, recordsOf([6, 7].map(measured), 6));
    const before = server.seen.length;
    await put(second, recordsOf([8, 9].map(measured), 8));
    expect(server.seen.slice(before)).toEqual(['insert']);
  });

  test('look again after a write that failed half-way', async () => {
    // The scripted server does not know the driver's own repetitions by their number.
    const writer = await open({ timeSeries, clientOptions: { retryWrites: false } });
    await put(writer, recordsOf([0].map(measured)));
    await put(writer, recordsOf([1].map(measured), 1));
    server.rules.push((_, name) => (name === 'insert' ? 'close-after' : undefined));
    const records = recordsOf([2, 3].map(measured), 2);
    await expect(put(writer, records)).rejects.toThrow(/MongoDB/);
    server.rules.length = 0;
    await put(writer, records);
    expect(stored().map(({ n }) => n)).toEqual([0, 1, 2, 3]);
  });

  test('refuse a record without a time, and options they cannot keep', async () => {
    const writer = await open({ timeSeries });
    const rejected = await put(writer, recordsOf([['s', { at: 'soon', n: 1 }], measured(2)]));
    expect(rejected).toEqual([expect.stringMatching(/no time in its field at/)]);
    expect(stored().map(({ n }) => n)).toEqual([2]);
    const uri = server.uri;
    expect(() => mongodb({ uri, timeSeries, write: 'update' })).toThrow(/only write 'insert'/);
    expect(() => mongodb({ uri, timeSeries, offsets: 'mongodb' })).toThrow(/in transactions/);
    expect(() => mongodb({ uri, changeDataCapture: 'debezium', id: 'key' })).toThrow(
      /leave id out/,
    );
    expect(() => mongodb({ uri, colection: 'c' } as object)).toThrow(/mean 'collection'/);
  });
});

test('a limit of documents in a second spreads writes, and counts the time they took', async () => {
  const writer = await open({ documentsPerSecond: 100 });
  const began = performance.now();
  for (let at = 0; at < 3; at++) {
    await put(
      writer,
      recordsOf(
        [0, 1, 2, 3, 4].map((n) => [`k${n}`, { n }]),
        at * 5,
      ),
    );
  }
  const took = performance.now() - began;
  expect(took).toBeGreaterThanOrEqual(95);
  expect(stored()).toHaveLength(5);
});
