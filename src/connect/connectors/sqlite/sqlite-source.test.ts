import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openSqlite,
  realSystem,
  silentLogger,
  type SqliteDatabase,
} from '../../../system/index.js';
import { startBroker, type TestBroker } from '../../../testing/index.js';
import { batchesToEnd } from '../../../client/index.js';
import { pipeline, type PipelineStep } from '../../index.js';
import { sqliteSource, type SqliteSourceOptions } from './index.js';

const hasSqlite = Number(process.versions.node.split('.')[0]) >= 24;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kafkit-sqlite-'));
  path = join(directory, 'data.db');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('modes and columns go together', () => {
  const make = (options: object) => () => sqliteSource({ path, table: 't', ...options });
  expect(make({ mode: 'bulk' })).toThrow(/one of incrementing, timestamp\+incrementing/);
  expect(make({ mode: 'timestamp+incrementing' })).toThrow(/timestampColumn goes with/);
  expect(make({ timestampColumn: 'at' })).toThrow(/timestampColumn goes with/);
  expect(make({ batchSize: 0 })).toThrow(/sqlite: batchSize is 0/);
});

// Skipped where Node has SQLite, and the other way round: see test/compat/FINDINGS.md.
test.runIf(!hasSqlite)('a Node without SQLite says so before it looks for the file', async () => {
  const step = () => undefined;
  const { signal } = new AbortController();
  const context = { pipeline: 'p', logger: silentLogger, system: realSystem(), step, signal };
  const start = sqliteSource({ path, table: 't' }).start({ ...context, position: undefined });
  await expect(start).rejects.toMatchObject({ code: 'PACKAGE_MISSING' });
  await expect(start).rejects.toThrow(/has no SQLite. Node 22.13 or newer has/);
});

describe.runIf(hasSqlite)('the SQLite source', () => {
  let broker: TestBroker;
  let database: SqliteDatabase;
  beforeEach(async () => {
    broker = await startBroker({ topics: { out: {} }, logger: silentLogger });
    database = openSqlite(path);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name, changed)');
  });
  afterEach(async () => {
    database.close();
    await broker.close();
  });

  const insert = (...names: string[]) => {
    for (const name of names) database.prepare('INSERT INTO items (name) VALUES (?)').run(name);
  };
  const run = (options: Partial<SqliteSourceOptions> = {}, onStep?: (step: PipelineStep) => void) =>
    pipeline({
      name: 'rows',
      kafka: broker.kafka(),
      from: sqliteSource({ path, table: 'items', follow: false, ...options }),
      to: { topic: 'out' },
      errors: { restartBackoffMs: 1 },
      logger: silentLogger,
      onStep,
    }).run({ untilEnd: true });

  async function sent() {
    const kafka = broker.kafka();
    const admin = kafka.admin();
    const [end] = await admin.listOffsets([{ topic: 'out', partition: 0, at: 'latest' }]);
    await admin.close();
    const range = { topic: 'out', partition: 0, offset: 0, end: end?.offset ?? 0 };
    const options = { isolationLevel: 'read_committed', clock: realSystem().clock } as const;
    const found: string[] = [];
    for await (const batch of batchesToEnd(kafka, [range], options)) {
      for (const { key, value } of batch) found.push(`${String(key)} ${String(value)}`);
    }
    return found;
  }

  test('reads rows once and in their order, and goes on behind the last one', async () => {
    insert('a', 'b', 'c');
    expect(await run({ batchSize: 2, key: 'id' })).toMatchObject({ read: 3, written: 3 });
    insert('d');
    expect(await run({ batchSize: 2, key: 'id' })).toMatchObject({ written: 1 });
    expect(await run()).toMatchObject({ read: 0 });
    expect(await sent()).toEqual(
      ['a', 'b', 'c', 'd'].map((name, at) => {
        return `${at + 1} {"id":${at + 1},"name":"${name}","changed":null}`;
      }),
    );
  });

  test.each(['fetched', 'mid-write', 'written', 'committing', 'committed'] as const)(
    'reads each row once when it dies at %s',
    async (step) => {
      insert('a', 'b', 'c', 'd', 'e');
      let times = 0;
      await run({ batchSize: 2 }, (each) => {
        if (each === step && ++times === 2) throw new Error('struck down');
      });
      const names = (await sent()).map((text) => /"name":"(.)"/.exec(text)?.[1]);
      expect(names).toEqual(['a', 'b', 'c', 'd', 'e']);
    },
  );

  test('reads changed rows again, by the time of their change', async () => {
    const options = { mode: 'timestamp+incrementing', timestampColumn: 'changed' } as const;
    const put = (id: number, name: string, changed: string) =>
      database.prepare('INSERT OR REPLACE INTO items VALUES (?, ?, ?)').run(id, name, changed);
    put(1, 'a', '2026-01-01 10:00:00.000');
    put(3, 'c', '2026-01-01 10:00:01.000');
    put(2, 'b', '2026-01-01 10:00:01.000');
    const names = async () => (await sent()).map((text) => /"name":"(.)"/.exec(text)?.[1]).join('');
    await run({ ...options, batchSize: 2 });
    expect(await names()).toBe('abc');
    put(1, 'A', '2026-01-01 10:00:02.000');
    put(4, 'd', '2026-01-01 10:00:01.000');
    await run({ ...options, batchSize: 1 });
    // The fourth came under the time of the last, but behind it.
    expect(await names()).toBe('abcdA');
  });

  test('follows the table until it is told to stop', async () => {
    const stop = new AbortController();
    const following = pipeline({
      name: 'rows',
      kafka: broker.kafka(),
      from: sqliteSource({ path, table: 'items', pollIntervalMs: 5 }),
      to: { topic: 'out' },
      logger: silentLogger,
    });
    const ended = following.run({ signal: stop.signal });
    await expect.poll(() => following.status().tasks[0]?.state).toBe('running');
    insert('a');
    await expect.poll(() => following.status().written, { timeout: 10_000 }).toBe(1);
    insert('b');
    await expect.poll(() => following.status().written, { timeout: 10_000 }).toBe(2);
    stop.abort();
    expect(await ended).toMatchObject({ written: 2 });
  });

  test('keeps whole numbers that are too large as text, and bytes as base64', async () => {
    database.exec("INSERT INTO items VALUES (9007199254740993, 7, x'00ff')");
    await run();
    expect(await sent()).toEqual(['null {"id":"9007199254740993","name":7,"changed":"AP8="}']);
    expect(await run()).toMatchObject({ read: 0 });
  });

  test('says what is missing', async () => {
    const says = async (options: Partial<SqliteSourceOptions>, message: RegExp) => {
      await expect(run(options)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
      await expect(run(options)).rejects.toThrow(message);
    };
    await says({ path: join(directory, 'no.db') }, /There is no file .*no.db/);
    await says({ table: 'item' }, /no table item in .*There are: items, sqlite_sequence/);
    await says({ key: 'nmae' }, /has no column nmae. There are: id, name, changed/);
    insert('a');
    const mode = 'timestamp+incrementing';
    await says({ mode, timestampColumn: 'changed' }, /1 row of items .* have no changed, and/);
  });
});
