import { expect, test } from 'vitest';
import { silentLogger } from '../system/index.js';
import { MemoryDisk, simulatedSystem } from '../system/simulated/index.js';
import { settingsOf } from './broker-options.js';
import { journalName } from './metadata/metadata-journal.js';
import { openStorage, type Storage } from './storage.js';

const journal = `/data/${journalName}`;

/** A directory with three topics, closed cleanly. */
async function closed() {
  const fresh = simulatedSystem(1);
  const system = { ...fresh, disk: new MemoryDisk({ soon: (run) => fresh.clock.soon(run) }) };
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    for (let i = 0; i < 500 && !isDone; i++) await system.clock.advance(1);
    return await done;
  };
  const open = async (truncateCorrupted = false): Promise<Storage> => {
    const options = { system, data: '/data', logger: silentLogger, truncateCorrupted };
    return await openStorage(await settingsOf(options), options);
  };
  const storage = await run(open());
  for (const name of ['a', 'b', 'c']) await run(storage.topics.create(name, 1, {}));
  await run(storage.journal.close());
  await run(storage.logs.close());
  return { system, run, open };
}

/** Turns a byte in the last record of the journal around. */
function damage(disk: MemoryDisk): void {
  const bytes = disk.readFile(journal);
  const at = bytes.length - 10;
  const file = disk.open(journal, 'write');
  file.write([Buffer.from([~(bytes[at] ?? 0) & 0xff])], at);
  file.close();
}

const names = (disk: MemoryDisk) => disk.list('/data').map(({ name }) => name);

test('a damaged journal of a clean stop is refused, and no partition is set aside', async () => {
  const { system, run, open } = await closed();
  const { disk } = system;
  damage(disk);
  const before = names(disk);
  await expect(run(open())).rejects.toMatchObject({ code: 'LOG_CORRUPTED' });
  expect(names(disk)).toEqual(before);
  const storage = await run(open(true));
  expect(storage.topics.byName('c')).toBeUndefined();
  expect(storage.topics.byName('a')).toBeDefined();
});

test('a torn end of the journal is cut after a crash', async () => {
  const { system, run, open } = await closed();
  const { disk } = system;
  disk.remove('/data/.kafka_cleanshutdown');
  damage(disk);
  const storage = await run(open());
  expect(storage.topics.byName('a')).toBeDefined();
  expect(storage.topics.byName('c')).toBeUndefined();
});
