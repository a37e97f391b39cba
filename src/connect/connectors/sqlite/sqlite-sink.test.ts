import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite, silentLogger } from '../../../system/index.js';
import { startBroker } from '../../../testing/index.js';
import { json, pipeline } from '../../index.js';
import { sqlite } from './index.js';

const hasSqlite = Number(process.versions.node.split('.')[0]) >= 24;

// One of the two runs on each Node: see test/compat/FINDINGS.md.
test.runIf(!hasSqlite)('a Node without SQLite says so', () => {
  expect(() => openSqlite(':memory:')).toThrow(/has no SQLite. Node 22.13 or newer has/);
});

test.runIf(hasSqlite)(
  'rows are replaced by key, deleted by tombstones, and written once',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kafkit-sqlite-'));
    const path = join(directory, 'data.db');
    const broker = await startBroker({ topics: { in: {} }, logger: silentLogger });
    const kafka = broker.kafka();
    const producer = kafka.producer();
    const values = ['{"n":1}', '{"n":2}', '{"n":3,"o":[1]}', null, 'no JSON'];
    const keys = ['a', 'b', 'a', 'b', 'c'];
    await producer.send(values.map((value, at) => ({ topic: 'in', key: keys[at], value })));
    await producer.close();
    const run = () =>
      pipeline({
        name: 'p',
        kafka,
        from: { topics: ['in'], groupId: 'g' },
        via: [json()],
        to: sqlite({ path, columns: ['n', 'o'], tombstones: 'delete' }),
        errors: { deadLetterTopic: 'dlq' },
        logger: silentLogger,
      }).run({ untilEnd: true });
    expect(await run()).toMatchObject({ written: 4, deadLettered: 1 });
    const admin = kafka.admin();
    await admin.deleteGroups(['g']);
    await admin.close();
    expect(await run()).toMatchObject({ read: 0 });
    const database = openSqlite(path);
    expect(database.prepare('SELECT * FROM "in"').all()).toEqual([{ _id: 'a', n: 3, o: '[1]' }]);
    database.close();
    await broker.close();
    rmSync(directory, { recursive: true });
  },
);
