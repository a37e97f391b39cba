import { describe, expect, test } from 'vitest';
import {
  consumerOffsetsRecords,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
  encodeRecordKey,
  encodeRecordValue,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  transactionLogKey,
  transactionLogValue,
  transactionStateRecords,
} from '../../../src/protocol/internal/index.js';
import { batchesIn, controlRecordOf } from '../../../src/records/index.js';
import { type MemorySystem, memorySystem } from '../../../src/system/simulated/index.js';
import type { Topic } from '../../../src/broker/metadata/topic.js';
import { readJournal } from '../../../src/broker/metadata/metadata-journal.js';
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
import { appendRecords } from '../../../src/broker/transfer/append-records.js';
import { graduate, importFromKafka } from '../../../src/broker/transfer/index.js';
import { readKafkaMetadata } from '../../../src/broker/transfer/kafka-metadata.js';
import { recordsOf } from '../../../src/broker/transfer/log-records.js';

describe('graduation', () => {
  test('writes a checkpoint of features, topics, ids, epochs and producer ids', async () => {
    const system = memorySystem();
    await filled(system);
    const done = await graduate({ data: '/data', out: '/out', system, logger });
    expect([done.topics, done.partitions]).toEqual([2, 3]);
    const bytes = system.disk.readFile('/out/bootstrap.checkpoint');
    const batches = [...batchesIn(bytes)];
    expect(batches.every((batch) => batch.isValid())).toBe(true);
    const controls = batches.filter((batch) => batch.isControl).flatMap((b) => [...b.records()]);
    expect(controls.map((record) => controlRecordOf(record).type)).toEqual([
      'snapshot-header',
      'snapshot-footer',
    ]);
    const offsets = batches.flatMap((batch) => [...batch.records()].map(({ offset }) => offset));
    expect(offsets).toEqual(offsets.map((_, i) => i));
    const records = batches
      .filter((batch) => !batch.isControl)
      .flatMap((batch) => [...batch.records()])
      .map(({ value }) => decodeMetadataRecord(value ?? Buffer.alloc(0)));
    const features = records.flatMap((each) =>
      each?.type === 'featureLevel' ? [each.record] : [],
    );
    expect(features.map(({ name, featureLevel }) => `${name}=${featureLevel}`)).toEqual([
      'metadata.version=25',
      'group.version=1',
      'transaction.version=2',
    ]);
    const { image } = readJournal(system.disk, '/data');
    const ids = records.flatMap((each) => (each?.type === 'topic' ? [each.record.topicId] : []));
    expect(ids).toEqual(['a', 'b'].map((name) => image.topics.get(name)?.id));
    const partitions = records.flatMap((each) => (each?.type === 'partition' ? [each] : []));
    const meta = system.disk.readFile('/out/meta.properties').toString();
    for (const { record, version } of partitions) {
      expect(version).toBe(1);
      expect([record.leader, record.replicas, record.isr]).toEqual([1, [1], [1]]);
      expect(record.leaderEpoch).toBeGreaterThan(0);
      expect(meta).toContain(`directory.id=${record.directories[0]}`);
    }
    const next = records.flatMap((each) => (each?.type === 'producerIds' ? [each.record] : []));
    expect(next.map(({ nextProducerId }) => nextProducerId)).toEqual([image.nextProducerId]);
  });

  test('leaves the source as it is, and may be run again', async () => {
    const system = memorySystem();
    await filled(system);
    const before = namesIn(system, '/data').map((name) => `${name} ${namesOf(system, name)}`);
    await graduate({ data: '/data', out: '/out', system, logger });
    const first = system.disk.readFile('/out/a-0/00000000000000000000.log');
    await graduate({ data: '/data', out: '/out', system, logger });
    expect(system.disk.readFile('/out/a-0/00000000000000000000.log').equals(first)).toBe(true);
    expect(namesIn(system, '/data').map((name) => `${name} ${namesOf(system, name)}`)).toEqual(
      before,
    );
  });

  test('keeps away from directories that are in use', async () => {
    const system = memorySystem();
    await filled(system);
    await withStorage(system, '/data', async () => {
      expect(await failure(graduate({ data: '/data', out: '/x', system, logger }))).toMatch(/uses/);
    });
    system.disk.makeDirectory('/full/something');
    const full = graduate({ data: '/data', out: '/full', system, logger });
    expect(await failure(full)).toMatch(/not empty/);
    await graduate({ data: '/data', out: '/out', system, logger });
    await withStorage(system, '/out', ({ topics }) => {
      write(topics.byName('b') as Topic, 0, ['later']);
    });
    const used = graduate({ data: '/data', out: '/out', system, logger });
    expect(await failure(used)).toMatch(/has been used since/);
    expect(await failure(graduate({ data: '/nowhere', system, logger }))).toMatch(/no data dir/);
  });

  test('begins anew where an earlier run was cut off', async () => {
    const system = memorySystem();
    await filled(system);
    system.disk.inject({ code: 'ENOSPC', nth: 40, calls: ['write', 'name'] });
    expect(
      await failure(graduate({ data: '/data', out: '/out', copy: true, system, logger })),
    ).toMatch(/No space/);
    await graduate({ data: '/data', out: '/out', system, logger });
    expect(readKafkaMetadata(system.disk, '/out').image.topics.size).toBe(2);
  });

  test('cuts a torn tail in its own copy, and zeros behind the last batch', async () => {
    const system = memorySystem();
    await filled(system);
    const path = '/data/a-1/00000000000000000000.log';
    const file = system.disk.open(path, 'write');
    const sound = file.size();
    file.truncate(sound + 4096);
    await graduate({ data: '/data', out: '/zeros', system, logger });
    expect(system.disk.readFile('/zeros/a-1/00000000000000000000.log').length).toBe(sound);
    file.write([Buffer.alloc(10, 7)], sound);
    system.disk.remove('/data/.kafka_cleanshutdown');
    await graduate({ data: '/data', out: '/torn', system, logger });
    expect(system.disk.readFile('/torn/a-1/00000000000000000000.log').length).toBe(sound);
    expect(system.disk.readFile(path).length).toBe(sound + 4096);
  });

  test('writes properties that name the directory, the node and one listener more', async () => {
    const system = memorySystem();
    await filled(system);
    const settings = { 'num.partitions': '7' };
    const options = { data: '/data', listen: '10.0.0.1:19092', settings, system, logger };
    const { commands } = await graduate({ ...options, logDirectory: '/mnt/x y' });
    const text = system.disk.readFile('/data/server.properties').toString();
    expect(text).toContain('log.dirs=/mnt/x y\n');
    expect(text).toContain('controller.quorum.voters=1@10.0.0.1:19093\n');
    expect(text).toContain('listeners=PLAINTEXT://10.0.0.1:19092,CONTROLLER://10.0.0.1:19093\n');
    expect(text).toContain('num.partitions=7\n');
    expect(commands[0]).toBe("bin/kafka-server-start.sh '/mnt/x y/server.properties'");
    const comma = graduate({ data: '/data', out: '/a,b', system, logger });
    expect(await failure(comma)).toMatch(/comma/);
  });
});

function namesOf(system: MemorySystem, name: string): string {
  const path = system.disk.join('/data', name);
  const entry = system.disk.list('/data').find((each) => each.name === name);
  if (entry?.isDirectory !== true) return String(system.disk.readFile(path).length);
  return namesIn(system, path)
    .map((each) => `${each}:${system.disk.readFile(system.disk.join(path, each)).length}`)
    .join(' ');
}

describe('what is open when a directory graduates', () => {
  test('transactions end as their coordinator had decided, unknown ones are aborted', async () => {
    const system = memorySystem();
    await withStorage(system, '/data', async ({ topics }) => {
      const t = await topics.create('t', 1, {});
      const states = await topics.create('__transaction_state', 1, { 'cleanup.policy': 'compact' });
      const by = (producerId: number) => ({
        producerId,
        producerEpoch: 3,
        baseSequence: 0,
        isTransactional: true,
      });
      for (const producerId of [7, 8, 9]) write(t, 0, [`of ${producerId}`], by(producerId));
      const state = (transactionalId: string, producerId: number, transactionStatus: number) => ({
        key: encodeRecordKey(transactionLogKey, { transactionalId }),
        value: encodeRecordValue(transactionLogValue, 1, {
          producerId,
          producerEpoch: transactionStatus === 1 ? 3 : 4,
          transactionTimeoutMs: 60_000,
          transactionStatus,
          transactionPartitions: [{ topic: 't', partitionIds: [0] }],
          transactionLastUpdateTimestampMs: now,
          transactionStartTimestampMs: now,
          clientTransactionVersion: 2,
        }),
      });
      const [partition] = states.partitions;
      if (partition === undefined) throw new RangeError('no partition');
      appendRecords(partition, now, [state('ongoing', 7, 1), state('decided', 8, 2)]);
    });
    const done = await graduate({ data: '/data', out: '/out', system, logger });
    expect([done.transactionsCommitted, done.transactionsAborted]).toEqual([1, 2]);
    await withStorage(system, '/out', async (storage) => {
      const content = await contentOf(storage);
      expect(content['t-0']?.slice(3)).toEqual(['3 abort 7:4', '4 commit 8:4', '5 abort 9:3']);
      const log = storage.logs.log('t', 0);
      expect(log?.firstOpenTransactionOffset).toBeUndefined();
      const states = storage.logs.log('__transaction_state', 0);
      if (states === undefined) throw new RangeError('no log');
      const last = new Map<string, string>();
      for await (const { record } of recordsOf(states)) {
        const key = record.key ?? Buffer.alloc(0);
        const found = decodeCoordinatorRecord(transactionStateRecords, key, record.value);
        const value = found?.value;
        const partitions = JSON.stringify(value?.transactionPartitions);
        const text = `${value?.transactionStatus} ${value?.producerEpoch} ${partitions}`;
        last.set(found?.key.transactionalId ?? '', text);
      }
      expect(Object.fromEntries(last)).toEqual({ ongoing: '5 4 []', decided: '4 4 []' });
    });
    const { image } = readKafkaMetadata(system.disk, '/out');
    expect(image.nextProducerId).toBe(10);
  });

  test('groups lose their members and keep their offsets', async () => {
    const system = memorySystem();
    await withStorage(system, '/data', async ({ topics }) => {
      const topic = await topics.create('__consumer_offsets', 1, { 'cleanup.policy': 'compact' });
      const [partition] = topic.partitions;
      if (partition === undefined) throw new RangeError('no partition');
      const member = {
        memberId: 'm1',
        groupInstanceId: null,
        clientId: 'c',
        clientHost: '/127.0.0.1',
        rebalanceTimeout: 1000,
        sessionTimeout: 1000,
        subscription: Buffer.alloc(2),
        assignment: Buffer.alloc(2),
      };
      appendRecords(partition, now, [
        {
          key: encodeRecordKey(groupMetadataKey, { group: 'g' }),
          value: encodeRecordValue(groupMetadataValue, 3, {
            protocolType: 'consumer',
            generation: 5,
            protocol: 'range',
            leader: 'm1',
            currentStateTimestamp: now,
            members: [member],
          }),
        },
        {
          key: encodeRecordKey(offsetCommitKey, { group: 'g', topic: 'a', partition: 0 }),
          value: encodeRecordValue(offsetCommitValue, 4, {
            offset: 42,
            leaderEpoch: 0,
            metadata: '',
            commitTimestamp: now,
          }),
        },
      ]);
    });
    const done = await graduate({ data: '/data', system, logger });
    expect(done.groupsEmptied).toBe(1);
    await withStorage(system, '/data', async ({ logs }) => {
      const log = logs.log('__consumer_offsets', 0);
      if (log === undefined) throw new RangeError('no log');
      const seen: string[] = [];
      for await (const { record } of recordsOf(log)) {
        const key = record.key ?? Buffer.alloc(0);
        const found = decodeCoordinatorRecord(consumerOffsetsRecords, key, record.value);
        if (found?.type === 'groupMetadata') {
          seen.push(
            `generation ${found.value?.generation}, ${found.value?.members.length} members`,
          );
        } else if (found?.type === 'offsetCommit') seen.push(`offset ${found.value?.offset}`);
      }
      expect(seen).toEqual(['generation 5, 1 members', 'offset 42', 'generation 5, 0 members']);
    });
  });
});

describe('the way back', () => {
  test('a graduated directory that is imported holds the same', async () => {
    const system = memorySystem();
    const content = await filled(system);
    await graduate({ data: '/data', out: '/kafka', system, logger });
    system.disk.remove('/kafka/kafkit-metadata.journal');
    const done = await importFromKafka({ from: '/kafka', out: '/back', system, logger });
    expect([done.topics, done.partitions, done.notes]).toEqual([2, 3, []]);
    const [before, after] = ['/data', '/back'].map((root) => readJournal(system.disk, root).image);
    for (const topic of before?.topics.values() ?? []) {
      const found = after?.topics.get(topic.name);
      expect([found?.id, found?.configs]).toEqual([topic.id, topic.configs]);
      for (const [index, epoch] of topic.leaderEpochs.entries()) {
        expect(found?.leaderEpochs[index]).toBeGreaterThan(epoch);
      }
    }
    expect(after?.nextProducerId).toBe(before?.nextProducerId);
    expect(await withStorage(system, '/back', contentOf)).toEqual(content);
  });

  test('a directory that is ours already is not imported', async () => {
    const system = memorySystem();
    await filled(system);
    expect(await failure(importFromKafka({ from: '/data', system, logger }))).toMatch(/already/);
    expect(await failure(importFromKafka({ from: '/none', system, logger }))).toMatch(/no direct/);
  });
});
