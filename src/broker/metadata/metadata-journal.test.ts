import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../system/index.js';
import { MemoryDisk } from '../../system/simulated/index.js';
import { journalName, MetadataJournal, readJournal } from './metadata-journal.js';
import type { MetadataRecord } from './metadata-record.js';

const id = 'MDEyMzQ1Njc4OWFiY2RlZA';
const topic: MetadataRecord = { type: 'topic', name: 't', topicId: id };
const partition = (index: number, leaderEpoch = 0): MetadataRecord => ({
  type: 'partition',
  replicas: [1],
  topicId: id,
  partition: index,
  leaderEpoch,
});
const config = (value: string | null): MetadataRecord => ({
  type: 'config',
  resourceType: 2,
  resourceName: 't',
  name: 'retention.ms',
  value,
});

function newDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.makeDirectory('/d');
  return disk;
}

async function opened(disk: MemoryDisk, rewrite = false) {
  const contents = readJournal(disk, '/d');
  const journal = await MetadataJournal.open(disk, '/d', contents, rewrite, silentLogger);
  return { journal, image: contents.image };
}

const sizeOf = (disk: MemoryDisk) => disk.readFile(disk.join('/d', journalName)).length;

describe('the metadata journal', () => {
  test('gives back what was written, also after being continued', async () => {
    const disk = newDisk();
    const first = await opened(disk);
    await first.journal.append([topic, partition(0), partition(1), config('5')]);
    await first.journal.close();
    const second = await opened(disk);
    await second.journal.append([
      partition(1, 3),
      config(null),
      { type: 'producerIds', nextProducerId: 1000 },
    ]);
    await second.journal.close();
    const { image } = readJournal(disk, '/d');
    const read = image.topics.get('t');
    expect(read).toMatchObject({ name: 't', id, leaderEpochs: [0, 3], configs: {} });
    expect(image.nextProducerId).toBe(1000);
  });

  test('forgets a removed topic', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    await journal.append([topic, partition(0)]);
    await journal.append([{ type: 'removeTopic', topicId: id }]);
    const { image } = readJournal(disk, '/d');
    expect([image.topics.size, image.byId(id)]).toEqual([0, undefined]);
  });

  test('a torn tail is cut, wherever the tear is, and writing goes on', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    await journal.append([topic, partition(0)]);
    const whole = sizeOf(disk);
    await journal.append([config('7')]);
    await journal.close();
    const bytes = disk.readFile(disk.join('/d', journalName));
    for (let cut = whole; cut < bytes.length; cut++) {
      const torn = newDisk();
      torn.replaceFile(torn.join('/d', journalName), bytes.subarray(0, cut));
      const again = await opened(torn);
      expect(again.image.topics.get('t')?.configs).toEqual({});
      await again.journal.append([config('8')]);
      await again.journal.close();
      expect(readJournal(torn, '/d').image.topics.get('t')?.configs).toEqual({
        'retention.ms': '8',
      });
    }
  });

  test('is rewritten when it says little in many bytes', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    await journal.append([topic, partition(0)]);
    for (let n = 0; n < 1000; n++) await journal.append([config(`${n}`)]);
    await journal.close();
    const before = sizeOf(disk);
    const again = await opened(disk);
    await again.journal.close();
    expect(sizeOf(disk)).toBeLessThan(before / 100);
    expect(readJournal(disk, '/d').image.topics.get('t')?.configs).toEqual({
      'retention.ms': '999',
    });
  });

  test('changes that come together share a sync', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    const records = Array.from(
      { length: 50 },
      (_, n): MetadataRecord => ({
        type: 'producerIds',
        nextProducerId: n,
      }),
    );
    await Promise.all(records.map((record) => journal.append([record])));
    expect(readJournal(disk, '/d').image.nextProducerId).toBe(49);
  });

  test('after a failed sync nothing more is written', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    disk.inject({ code: 'EIO', nth: 1, calls: ['sync'] });
    await expect(journal.append([topic])).rejects.toMatchObject({ code: 'KAFKA_STORAGE_ERROR' });
    const size = sizeOf(disk);
    expect(() => journal.append([partition(0)])).toThrow('cannot be written');
    expect(sizeOf(disk)).toBe(size);
  });

  test('a full disk is no end: the same records are written once there is room', async () => {
    const disk = newDisk();
    const { journal } = await opened(disk);
    disk.inject({ code: 'ENOSPC', nth: 1, calls: ['write'] });
    expect(() => journal.append([topic])).toThrow('cannot be written');
    await journal.append([topic]);
    expect(readJournal(disk, '/d').records).toBe(1);
  });
});
