import { describe, expect, test } from 'vitest';
import {
  abortTransactionRecord,
  accessControlEntryRecord,
  beginTransactionRecord,
  configRecord,
  encodeMetadataRecord,
  endTransactionRecord,
  featureLevelRecord,
  partitionChangeRecord,
  partitionRecord,
  producerIdsRecord,
  removeTopicRecord,
  topicRecord,
} from '../../../src/protocol/internal/index.js';
import { RecordBatchBuilder } from '../../../src/records/index.js';
import { silentLogger } from '../../../src/system/index.js';
import { type MemorySystem, memorySystem } from '../../../src/system/simulated/index.js';
import { importFromKafka } from '../../../src/broker/transfer/index.js';
import { readKafkaMetadata } from '../../../src/broker/transfer/kafka-metadata.js';

const ids = { a: 'jKTRaM_TSNqocJeQI2aYOQ', b: 'bKTRaM_TSNqocJeQI2aYOQ' };
const directory = '/kafka/__cluster_metadata-0';

const topic = (name: 'a' | 'b') =>
  encodeMetadataRecord(topicRecord, 0, { name, topicId: ids[name] });

function partition(name: 'a' | 'b', partitionId: number, leaderEpoch: number, replicas = [1]) {
  return encodeMetadataRecord(partitionRecord, 1, {
    partitionId,
    topicId: ids[name],
    replicas,
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    leader: replicas[0] ?? 1,
    leaderEpoch,
    partitionEpoch: 0,
    directories: [],
  });
}

const change = (name: 'a' | 'b', what: { leader?: number; isr?: number[] }) =>
  encodeMetadataRecord(partitionChangeRecord, 1, { partitionId: 0, topicId: ids[name], ...what });

const config = (name: string, value: string | null) =>
  encodeMetadataRecord(configRecord, 0, { resourceType: 2, resourceName: 'a', name, value });

/** Writes a metadata log of one batch per list of records. */
function writeLog(system: MemorySystem, batches: readonly (readonly Buffer[])[]): void {
  system.disk.makeDirectory(directory);
  let offset = 0;
  const bytes = batches.map((values) => {
    const builder = new RecordBatchBuilder({ baseOffset: offset, partitionLeaderEpoch: 1 });
    for (const value of values) builder.append({ key: null, value, timestamp: 0 });
    offset += values.length;
    return builder.build();
  });
  const path = `${directory}/00000000000000000000.log`;
  system.disk.replaceFile(path, Buffer.concat([...bytes, Buffer.alloc(30, 1)]));
  const lines = ['version=1', 'cluster.id=c', 'node.id=1', `directory.id=${ids.b}`];
  system.disk.replaceFile('/kafka/meta.properties', Buffer.from(lines.join('\n')));
}

describe("Apache Kafka's metadata log", () => {
  test('gives topics, configs, producer ids, and epochs that went up with every new leader', () => {
    const system = memorySystem();
    writeLog(system, [
      [
        encodeMetadataRecord(featureLevelRecord, 0, { name: 'metadata.version', featureLevel: 25 }),
        topic('a'),
        partition('a', 0, 3),
        partition('a', 1, 0),
        config('retention.ms', '5'),
        config('segment.bytes', '7'),
      ],
      [change('a', { leader: 1 }), change('a', { isr: [1] }), change('a', { leader: -1 })],
      [config('segment.bytes', null)],
      [encodeMetadataRecord(producerIdsRecord, 0, { brokerId: 1, nextProducerId: 3000 })],
    ]);
    const { image, leftOut } = readKafkaMetadata(system.disk, '/kafka');
    expect(image.topics.get('a')).toEqual({
      name: 'a',
      id: ids.a,
      leaderEpochs: [5, 0],
      replicas: [[1], [1]],
      configs: { 'retention.ms': '5' },
    });
    expect([image.nextProducerId, [...leftOut]]).toEqual([3000, []]);
  });

  test('leaves out what was taken back, aborted or never ended', () => {
    const system = memorySystem();
    const begin = encodeMetadataRecord(beginTransactionRecord, 0, {});
    writeLog(system, [
      [topic('b'), partition('b', 0, 0)],
      [begin, config('x', 'y'), encodeMetadataRecord(abortTransactionRecord, 0, {})],
      [begin, topic('a'), partition('a', 0, 0), encodeMetadataRecord(endTransactionRecord, 0, {})],
      [encodeMetadataRecord(removeTopicRecord, 0, { topicId: ids.b })],
      [begin, config('never.ended', '1')],
    ]);
    const { image } = readKafkaMetadata(system.disk, '/kafka');
    expect([...image.topics.keys()]).toEqual(['a']);
    expect(image.topics.get('a')?.configs).toEqual({});
  });

  test('counts what kafkit has no place for', () => {
    const system = memorySystem();
    const acl = encodeMetadataRecord(accessControlEntryRecord, 0, {
      id: ids.b,
      resourceType: 2,
      resourceName: 'a',
      patternType: 3,
      principal: 'User:x',
      host: '*',
      operation: 3,
      permissionType: 3,
    });
    writeLog(system, [
      [topic('a'), partition('a', 0, 0)],
      [acl, acl],
    ]);
    const { leftOut, image } = readKafkaMetadata(system.disk, '/kafka');
    const kept = [...image.snapshot()].length;
    expect((leftOut.get('accessControlEntry') ?? 0) + kept).toBe(4);
  });

  test('is not imported where other nodes hold partitions, or some are missing', async () => {
    const system = memorySystem();
    const run = async () =>
      await importFromKafka({ from: '/kafka', system, logger: silentLogger }).then(
        () => 'imported',
        (error: Error) => error.message,
      );
    writeLog(system, [[topic('a'), partition('a', 0, 0, [2, 3])]]);
    expect(await run()).toMatch(/Node 1 does not hold all of a-0/);
    writeLog(system, [[topic('a'), partition('a', 0, 0)]]);
    expect(await run()).toMatch(/no directory of a-0/);
    const options = { from: '/kafka', system, logger: silentLogger };
    const done = await importFromKafka({ ...options, acceptMissing: true });
    expect([done.topics, done.partitions]).toEqual([1, 1]);
    expect(system.disk.list('/kafka').some(({ name }) => name.endsWith('-stray'))).toBe(true);
    expect(system.disk.exists(directory)).toBe(false);
  });
});
