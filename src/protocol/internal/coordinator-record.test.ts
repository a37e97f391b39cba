import { describe, expect, test } from 'vitest';
import { zeroUuid } from '../../bytes/index.js';
import {
  consumerOffsetsRecords,
  decodeAssignment,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
  decodeSubscription,
  encodeMetadataRecord,
  encodeRecordKey,
  encodeRecordValue,
  encodeSubscription,
  featureLevelRecord,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  transactionLogKey,
  transactionLogValue,
  transactionStateRecords,
} from './index.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('records of the internal topics', () => {
  test('a committed offset has the bytes that Kafka writes, with the topic id as a tag', () => {
    const key = encodeRecordKey(offsetCommitKey, { group: 'simple1', topic: 't1', partition: 0 });
    expect(key).toEqual(hex('0001 0007 73696d706c6531 0002 7431 00000000'));
    const value = encodeRecordValue(offsetCommitValue, 4, {
      offset: 5,
      metadata: 'm',
      commitTimestamp: 0x1a1fb9e34a0,
      topicId: 'AAECAwQFBgcICQoLDA0ODw',
    });
    expect(value).toEqual(
      hex(
        '0004 0000000000000005 ffffffff 02 6d 000001a1fb9e34a0 01 00 10' +
          '000102030405060708090a0b0c0d0e0f',
      ),
    );
    const record = decodeCoordinatorRecord(consumerOffsetsRecords, key, value);
    expect(record).toMatchObject({ type: 'offsetCommit', version: 4 });
    if (record?.type === 'offsetCommit') {
      expect(record.key.group).toBe('simple1');
      expect(record.value?.offset).toBe(5);
    }
  });

  test('an offset without a topic id ends with an empty tag section', () => {
    const value = encodeRecordValue(offsetCommitValue, 4, {
      offset: 3,
      metadata: '',
      commitTimestamp: 0x1a1fba43101,
      topicId: zeroUuid,
    });
    expect(value).toEqual(hex('0004 0000000000000003 ffffffff 01 000001a1fba43101 00'));
  });

  test('a new classic group has the bytes that Kafka writes', () => {
    const value = encodeRecordValue(groupMetadataValue, 3, {
      protocolType: '',
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: 1,
      members: [],
    });
    expect(value).toEqual(hex('0003 0000 00000000 ffff ffff 0000000000000001 00000000'));
  });

  test('a null value is a tombstone, and a kind of the future is passed over', () => {
    const key = encodeRecordKey(offsetCommitKey, { group: 'g', topic: 't', partition: 1 });
    expect(decodeCoordinatorRecord(consumerOffsetsRecords, key, null)).toMatchObject({
      type: 'offsetCommit',
      value: null,
      version: -1,
    });
    expect(decodeCoordinatorRecord(consumerOffsetsRecords, hex('0063 00'), null)).toBeUndefined();
  });

  test('a value of a version of the future is refused', () => {
    const key = encodeRecordKey(offsetCommitKey, { group: 'g', topic: 't', partition: 1 });
    expect(() => decodeCoordinatorRecord(consumerOffsetsRecords, key, hex('0009 00'))).toThrowError(
      /OffsetCommitValue/,
    );
  });

  test('a transaction is written with its tags in order', () => {
    const key = encodeRecordKey(transactionLogKey, { transactionalId: 'tx1' });
    expect(key).toEqual(hex('0000 0003 747831'));
    const value = encodeRecordValue(transactionLogValue, 1, {
      producerId: 7,
      producerEpoch: 1,
      transactionTimeoutMs: 60000,
      transactionStatus: 0,
      transactionPartitions: null,
      transactionLastUpdateTimestampMs: 9,
      transactionStartTimestampMs: -1,
      previousProducerId: 7,
      clientTransactionVersion: 2,
    });
    expect(value).toEqual(
      hex(
        '0001 0000000000000007 0001 0000ea60 00 00 0000000000000009 ffffffffffffffff' +
          '02 00 08 0000000000000007 02 02 0002',
      ),
    );
    expect(decodeCoordinatorRecord(transactionStateRecords, key, value)).toMatchObject({
      value: { nextProducerEpoch: -1, previousProducerId: 7, transactionPartitions: null },
    });
  });
});

describe('records of the metadata log', () => {
  test('are framed by three varints', () => {
    const bytes = encodeMetadataRecord(featureLevelRecord, 0, {
      name: 'metadata.version',
      featureLevel: 25,
    });
    expect(bytes).toEqual(hex('01 0c 00 11 6d657461646174612e76657273696f6e 0019 00'));
    expect(decodeMetadataRecord(bytes)).toEqual({
      type: 'featureLevel',
      version: 0,
      record: { name: 'metadata.version', featureLevel: 25 },
    });
  });

  test('of a kind of the future are passed over', () => {
    expect(decodeMetadataRecord(hex('01 7f 00 00'))).toBeUndefined();
    expect(() => decodeMetadataRecord(hex('02 0c 00'))).toThrowError(/frame version 2/);
  });
});

describe('what members of a classic group tell each other', () => {
  test('a subscription of a version of the future is read as the newest known', () => {
    const bytes = encodeSubscription(3, { topics: ['t'], rackId: 'r' });
    bytes.writeInt16BE(7, 0);
    expect(decodeSubscription(Buffer.concat([bytes, hex('ffff')]))).toMatchObject({
      topics: ['t'],
      ownedPartitions: [],
      generationId: -1,
      rackId: 'r',
    });
  });

  test('no bytes are an assignment of nothing', () => {
    expect(decodeAssignment(Buffer.alloc(0)).assignedPartitions).toEqual([]);
  });
});
