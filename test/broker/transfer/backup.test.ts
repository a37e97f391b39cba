import { describe, expect, test } from 'vitest';
import { backup, restore } from '../../../src/broker/index.js';
import { readJournal } from '../../../src/broker/metadata/metadata-journal.js';
import { backupRunning } from '../../../src/broker/transfer/online-backup.js';
import { type MemorySystem, memorySystem } from '../../../src/system/simulated/index.js';
import {
  contentOf,
  failure,
  filled,
  logger,
  namesIn,
  now,
  withStorage,
  write,
} from './directories.js';

const epochsOf = (system: MemorySystem, root: string): number[] =>
  [...readJournal(system.disk, root).image.topics.values()].flatMap((each) => each.leaderEpochs);

describe('a backup of a stopped broker', () => {
  test('holds everything, and a broker that is restored from it leads anew', async () => {
    const system = memorySystem();
    const content = await filled(system);
    const done = await backup({ data: '/data', out: '/backup', system, logger });
    expect([done.topics, done.partitions]).toEqual([2, 3]);
    expect(done.linkedBytes).toBeGreaterThan(0);
    await restore({ backup: '/backup', data: '/restored', system, logger });
    expect(await withStorage(system, '/restored', contentOf)).toEqual(content);
    const [before, after] = ['/data', '/restored'].map((root) => epochsOf(system, root));
    expect(after).toEqual(before?.map((epoch) => epoch + 1));
  });

  test('is not written to, neither by its source nor by what is restored from it', async () => {
    const system = memorySystem();
    const content = await filled(system);
    await backup({ data: '/data', out: '/backup', system, logger });
    const bytes = () => system.disk.readFile('/backup/a-1/00000000000000000000.log').length;
    const before = bytes();
    await restore({ backup: '/backup', data: '/restored', system, logger });
    for (const root of ['/data', '/restored']) {
      await withStorage(system, root, ({ topics }) => {
        const topic = topics.byName('a');
        if (topic !== undefined) write(topic, 1, ['more']);
      });
    }
    expect(bytes()).toBe(before);
    await restore({ backup: '/backup', data: '/again', system, logger });
    expect(await withStorage(system, '/again', contentOf)).toEqual(content);
  });

  test('is no data directory, and nothing else is a backup', async () => {
    const system = memorySystem();
    await filled(system);
    await backup({ data: '/data', out: '/backup', system, logger });
    expect(await failure(withStorage(system, '/backup', contentOf))).toMatch(/is a backup/);
    expect(await failure(restore({ backup: '/data', data: '/x', system, logger }))).toMatch(
      /no backup/,
    );
    const onto = restore({ backup: '/backup', data: '/data', system, logger });
    expect(await failure(onto)).toMatch(/not empty/);
    const twice = backup({ data: '/data', out: '/restored', system, logger });
    await twice;
    await withStorage(system, '/data', async () => {
      const running = backup({ data: '/data', out: '/y', system, logger });
      expect(await failure(running)).toMatch(/uses/);
    });
  });

  test('that was cut off is not restored', async () => {
    const system = memorySystem();
    await filled(system);
    system.disk.inject({ code: 'ENOSPC', nth: 30 });
    const first = backup({ data: '/data', out: '/backup', copy: true, system, logger });
    expect(await failure(first)).toMatch(/No space/);
    const half = restore({ backup: '/backup', data: '/x', system, logger });
    expect(await failure(half)).toMatch(/not finished/);
    await backup({ data: '/data', out: '/backup', copy: true, system, logger });
    await restore({ backup: '/backup', data: '/x', system, logger });
  });
});

describe('a backup of a running broker', () => {
  test.each([true, false])(
    'is of one moment, whatever happens meanwhile (copies: %s)',
    async (copy) => {
      const system = memorySystem();
      await filled(system);
      const content = await withStorage(system, '/data', async ({ logs, topics }) => {
        const topic = topics.byName('a');
        if (topic === undefined) throw new RangeError('no topic');
        const [first] = topic.partitions;
        write(topic, 0, ['last of the backup'], {
          producerId: 41,
          producerEpoch: 0,
          baseSequence: 1,
        });
        const before = await contentOf({ logs } as never);
        const running = backupRunning(system, logs, '/backup', { copy });
        // The lock of the target is taken first; then everything is caught in one turn.
        await new Promise((resolve) => setImmediate(resolve));
        write(topic, 0, ['too late']);
        first?.log.roll(now);
        write(topic, 0, ['much too late']);
        await topics.delete(topics.byName('b') as never);
        const done = await running;
        expect(done.partitions).toBe(3);
        expect(namesIn(system, '/data').filter((name) => name.includes('stage'))).toEqual([]);
        return before;
      });
      await restore({ backup: '/backup', data: '/restored', system, logger });
      const restored = await withStorage(system, '/restored', async (storage) => {
        const entry = storage.logs.log('a', 0)?.producerState.entry(41);
        expect(entry?.lastSequence).toBe(1);
        return await contentOf(storage);
      });
      expect(restored).toEqual(content);
    },
  );
});
