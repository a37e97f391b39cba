import { describe, expect, test } from 'vitest';
import { backup, graduate, verify } from '../../../src/broker/index.js';
import {
  encodeRecordKey,
  encodeRecordValue,
  offsetCommitKey,
  offsetCommitValue,
} from '../../../src/protocol/internal/index.js';
import { appendRecords } from '../../../src/broker/transfer/append-records.js';
import { type MemorySystem, memorySystem } from '../../../src/system/simulated/index.js';
import { failure, filled, logger, now, withStorage, write } from './directories.js';

async function findingsIn(system: MemorySystem, data = '/data'): Promise<string[]> {
  const { findings } = await verify({ data, deep: true, system });
  return findings.map(({ level, path, message }) => `${level} ${path}: ${message}`);
}

/** Changes bytes of a file in place. */
function damage(system: MemorySystem, path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(Buffer.from(system.disk.readFile(path)));
  const file = system.disk.open(path, 'write');
  file.truncate(0);
  file.write([bytes], 0);
  file.close();
}

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
};

/** A topic of several segments with indexes that have entries. */
async function larger(system: MemorySystem): Promise<void> {
  await withStorage(system, '/data', async ({ topics }) => {
    const topic = await topics.create('large', 1, { 'index.interval.bytes': '200' });
    const partition = topic.partitions[0];
    for (let i = 0; i < 60; i++) {
      write(topic, 0, [`${i} ${'x'.repeat(100)}`]);
      if (i % 20 === 19) partition?.log.roll(now);
    }
    write(topic, 0, ['last']);
  });
}

describe('verification', () => {
  test('finds nothing wrong with what brokers, backups and graduations leave', async () => {
    const system = memorySystem();
    await filled(system);
    await larger(system);
    await backup({ data: '/data', out: '/backup', system, logger });
    await graduate({ data: '/data', out: '/kafka', system, logger });
    expect(await findingsIn(system)).toEqual([]);
    expect(await findingsIn(system, '/backup')).toEqual([]);
    system.disk.remove('/kafka/kafkit-metadata.journal');
    expect(await findingsIn(system, '/kafka')).toEqual([]);
    const report = await verify({ data: '/data', system });
    expect(report).toMatchObject({ kind: 'kafkit', topics: 3, partitions: 4, segments: 8 });
    expect(report.records).toBe(6 + 61);
    expect((await verify({ data: '/kafka', system })).kind).toBe('kafka');
    expect((await verify({ data: '/backup', system })).kind).toBe('backup');
  });

  test('names the batch whose checksum does not fit, and what is lost with it', async () => {
    const system = memorySystem();
    await larger(system);
    damage(system, '/data/large-0/00000000000000000020.log', flip(500));
    expect(await findingsIn(system)).toEqual([
      expect.stringMatching(
        /^error large-0\/0+20.log: \d+ bytes .* \(a checksum .*offsets from 22/,
      ),
      expect.stringMatching(/^error .*index: \d+ entries point behind the last batch/),
      expect.stringMatching(/^error large-0\/0+40.log: Offsets 22 to 39 before it are missing/),
    ]);
  });

  test('tells a torn tail from a loss', async () => {
    const system = memorySystem();
    await larger(system);
    const path = '/data/large-0/00000000000000000060.log';
    const sound = system.disk.readFile(path);
    damage(system, path, (bytes) => Buffer.concat([bytes, Buffer.alloc(99, 3)]));
    expect(await findingsIn(system)).toEqual([expect.stringMatching(/^error .*are lost/)]);
    system.disk.remove('/data/.kafka_cleanshutdown');
    expect(await findingsIn(system)).toEqual([expect.stringMatching(/^warning .*cuts them/)]);
    damage(system, path, () => sound.subarray(0, 30));
    expect(await findingsIn(system)).toEqual([
      expect.stringMatching(/^error .*are lost/),
      expect.stringMatching(/^error large-0: Offsets 60 to 60 had been written safely/),
    ]);
  });

  test('compares indexes, epochs, snapshots and topic ids with the log', async () => {
    const system = memorySystem();
    await larger(system);
    const at = (name: string) => `/data/large-0/${name}`;
    damage(system, at('00000000000000000000.index'), flip(7));
    damage(system, at('00000000000000000020.timeindex'), flip(6));
    damage(system, at('00000000000000000040.snapshot'), flip(3));
    damage(system, at('leader-epoch-checkpoint'), () => Buffer.from('0\n1\n7 0\n'));
    damage(system, at('partition.metadata'), () => Buffer.from('version: 0\n'));
    system.disk.remove(at('00000000000000000040.index'));
    system.disk.makeDirectory('/data/nobody-0');
    const found = (await findingsIn(system)).join('\n');
    for (const what of [
      /error .*partition.metadata: It does not name the topic's id/,
      /error .*0000.index: An entry for offset \d+ points to byte \d+/,
      /error .*20.timeindex: An entry gives offset \d+ the timestamp/,
      /error .*leader-epoch-checkpoint: It gives offset 0 the epoch 7, but its batch says 0/,
      /warning .*40.snapshot: It is damaged/,
      /warning .*40.index: It is missing/,
      /warning nobody-0: It belongs to no topic/,
    ]) {
      expect(found).toMatch(what);
    }
  });

  test('sees offsets that were committed behind the end of a log', async () => {
    const system = memorySystem();
    await filled(system);
    await withStorage(system, '/data', async ({ topics }) => {
      const topic = await topics.create('__consumer_offsets', 1, { 'cleanup.policy': 'compact' });
      const commit = (group: string, offset: number) => ({
        key: encodeRecordKey(offsetCommitKey, { group, topic: 'a', partition: 0 }),
        value: encodeRecordValue(offsetCommitValue, 4, {
          offset,
          leaderEpoch: 0,
          metadata: '',
          commitTimestamp: now,
        }),
      });
      const [partition] = topic.partitions;
      if (partition === undefined) throw new RangeError('no partition');
      appendRecords(partition, now, [commit('fine', 5), commit('ahead', 9), commit('ahead', 6)]);
    });
    expect(await findingsIn(system)).toEqual([
      'warning a-0: Group ahead has committed offset 6, but the log ends at 5.',
    ]);
  });

  test('reads journals that were torn, and keeps away from a running broker', async () => {
    const system = memorySystem();
    await filled(system);
    const journal = '/data/kafkit-metadata.journal';
    damage(system, journal, (bytes) => Buffer.concat([bytes, Buffer.alloc(9, 1)]));
    expect(await findingsIn(system)).toEqual([expect.stringMatching(/^error .*journal: 9 bytes/)]);
    // A broker would refuse it after its clean stop.
    damage(system, journal, (bytes) => bytes.subarray(0, -9));
    await withStorage(system, '/data', async () => {
      expect(await failure(verify({ data: '/data', system }))).toMatch(/uses/);
    });
    expect(await failure(verify({ data: '/none', system }))).toMatch(/no data directory/);
  });
});
