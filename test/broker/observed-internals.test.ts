import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { encodeSubscription } from '../../src/protocol/internal/index.js';
import { batchesIn, type RecordBatch } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

// What Apache Kafka 4.3.1 was seen to write into its internal topics and files, compared byte by
// byte with ours; times, ids and hashes are masked.

const system = memorySystem();
const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA';
let broker: Broker;
let client: RawClient;
let topicId = '';

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    config: {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.assignment.interval.ms': '0',
      'group.share.assignment.interval.ms': '0',
    },
    createTopics: { t: { partitions: 2 } },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
  topicId = broker.topics.byName('t')?.id ?? '';
});
afterAll(() => broker.close());

const hex = (text: string) => Buffer.from(text).toString('hex');
/** A text as keys have it: its length in two bytes, then itself. */
const short = (text: string) => text.length.toString(16).padStart(4, '0') + hex(text);
const packed = (pieces: string) => pieces.replaceAll(' ', '');
const idHex = () => Buffer.from(topicId, 'base64url').toString('hex');

async function batchesOf(topic: string): Promise<RecordBatch[]> {
  const count = broker.topics.byName(topic)?.partitionCount ?? 0;
  const batches: RecordBatch[] = [];
  for (let partition = 0; partition < count; partition++) {
    const { responses } = await client.send('Fetch', 12, fetchOf(topic, 0, { partition }));
    const { records } = only(only(responses).partitions);
    batches.push(...batchesIn(records ?? Buffer.alloc(0)));
  }
  return batches;
}

/** Key and value of the records whose key holds the text, in hex; values with masks for times. */
async function written(topic: string, inKey: string, masks: Record<string, string> = {}) {
  const found: [key: string, value: string | null][] = [];
  const masked = (bytes: Buffer | null) => {
    if (bytes === null) return null;
    let text = bytes.toString('hex').replaceAll(idHex(), '<topic>');
    for (const [name, value] of Object.entries(masks)) text = text.replaceAll(value, `<${name}>`);
    return text.replaceAll(/000001[89a-f][\da-f]{9}/g, '<time>');
  };
  for (const one of await batchesOf(topic)) {
    for (const { key, value } of one.records()) {
      if (key?.toString('hex').includes(hex(inKey)) !== true) continue;
      found.push([masked(key) ?? '', masked(value)]);
    }
  }
  return found;
}

async function commit(groupId: string): Promise<void> {
  const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: 'm' }];
  const request = { groupId, memberId: '', topics: [{ name: 't', partitions }] };
  const { topics } = await client.send('OffsetCommit', 8, request);
  expect(only(only(topics).partitions).errorCode).toBe(0);
}

describe('__consumer_offsets', () => {
  test('a commit: key 1, value 4 with the topic id in its tag', async () => {
    await commit('simple1');
    expect(await written('__consumer_offsets', 'simple1')).toEqual([
      [
        packed(`0001 ${short('simple1')} ${short('t')} 00000000`),
        packed('0004 0000000000000005 ffffffff 02 6d <time> 01 00 10 <topic>'),
      ],
    ]);
  });

  test('a commit within a transaction of version 5: no topic id, in the batch of its producer', async () => {
    const asked = { transactionalId: 'tx-offsets', transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await client.send('InitProducerId', 5, asked);
    const producer = { producerId, producerEpoch };
    const partitions = [{ partitionIndex: 0, committedOffset: 3, committedMetadata: '' }];
    const { topics } = await client.send('TxnOffsetCommit', 5, {
      transactionalId: 'tx-offsets',
      groupId: 'simple2',
      ...producer,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 't', partitions }],
    });
    expect(only(only(topics).partitions).errorCode).toBe(0);
    expect(await written('__consumer_offsets', 'simple2')).toEqual([
      [
        packed(`0001 ${short('simple2')} ${short('t')} 00000000`),
        packed('0004 0000000000000003 ffffffff 01 <time> 00'),
      ],
    ]);
    const within = (await batchesOf('__consumer_offsets')).filter((one) => one.isTransactional);
    expect(within.map((one) => [one.attributes, one.producerId, one.baseSequence])).toEqual([
      [0x10, producerId, 0],
    ]);
    const ended = await client.send('EndTxn', 5, {
      transactionalId: 'tx-offsets',
      ...producer,
      committed: true,
    });
    expect(ended.errorCode).toBe(0);
  });

  test('everything else: no producer, and sequence 0', async () => {
    await commit('simple3');
    const plain = (await batchesOf('__consumer_offsets')).filter((one) => !one.isTransactional);
    expect(plain.length).toBeGreaterThan(0);
    for (const one of plain) {
      expect([one.producerId, one.producerEpoch, one.baseSequence]).toEqual([-1, -1, 0]);
    }
  });

  test('a classic group: key 2, value 3 when it is made and when it is stable', async () => {
    const metadata = encodeSubscription(0, { topics: ['t'] });
    const joined = await client.send('JoinGroup', 3, {
      groupId: 'cg',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata }],
    });
    const { memberId } = joined;
    const assignment = Buffer.from('all');
    const synced = await client.send('SyncGroup', 3, {
      groupId: 'cg',
      memberId,
      generationId: 1,
      assignments: [{ memberId, assignment }],
    });
    expect(synced.errorCode).toBe(0);
    const subscription = metadata.length.toString(16).padStart(8, '0') + metadata.toString('hex');
    const member =
      `${short(memberId)} ffff ${short('raw')} ${short('/127.0.0.1')} 00002710 00002710 ` +
      `${subscription} 00000003 ${assignment.toString('hex')}`;
    expect(await written('__consumer_offsets', 'cg')).toEqual([
      [packed(`0002 ${short('cg')}`), packed('0003 0000 00000000 ffff ffff <time> 00000000')],
      [
        packed(`0002 ${short('cg')}`),
        packed(
          `0003 ${short('consumer')} 00000001 ${short('range')} ${short(memberId)} <time> ` +
            `00000001 ${member}`,
        ),
      ],
    ]);
  });

  test('a consumer group: member, group, target and current assignment', async () => {
    const member = { groupId: 'n1', memberId: 'member-1' };
    const joined = await client.send('ConsumerGroupHeartbeat', 1, {
      ...member,
      memberEpoch: 0,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: ['t'],
      topicPartitions: [],
    });
    expect(joined.memberEpoch).toBe(2);
    const who = `${short('n1')} ${short('member-1')}`;
    const all = Object.fromEntries(await written('__consumer_offsets', 'n1'));
    const both = '<topic> 03 00000000 00000001';
    const expected: Record<string, RegExp | string> = {
      [`0003 ${short('n1')}`]: /^0000 00000002 01 00 08 [\da-f]{16}$/,
      [`0005 ${who}`]:
        `0000 00 00 04 ${hex('raw')} 0b ${hex('/127.0.0.1')} 02 02 ${hex('t')} 01 00007530 ` +
        '00 01 00 01 00',
      [`0006 ${short('n1')}`]: '0000 00000002 01 00 08 <time>',
      [`0007 ${who}`]: `0000 02 ${both} 00 00`,
      [`0008 ${who}`]: `0000 00000002 00000000 00 02 ${both} 01 00 09 03 00000002 00000002 01 00`,
    };
    expect(Object.keys(all).sort()).toEqual(Object.keys(expected).map(packed).sort());
    for (const [key, value] of Object.entries(expected)) {
      const found = all[packed(key)];
      if (typeof value === 'string') expect(found, key).toBe(packed(value));
      else expect(found, key).toMatch(new RegExp(packed(value.source)));
    }
    await client.send('ConsumerGroupHeartbeat', 1, { ...member, memberEpoch: -1 });
    const tombstones = (await written('__consumer_offsets', 'n1')).filter(([, v]) => v === null);
    expect(tombstones.map(([key]) => key.slice(0, 4))).toEqual(['0008', '0007', '0005']);
  });

  test('a share group is told of without tags; who leaves: tombstones of 14, 13, 10', async () => {
    const member = { groupId: 's1', memberId: 'member-1' };
    await client.send('ShareGroupHeartbeat', 1, {
      ...member,
      memberEpoch: 0,
      subscribedTopicNames: ['t'],
    });
    const all = await written('__consumer_offsets', 's1');
    const kinds = new Set(all.map(([key]) => key.slice(0, 4)));
    expect([...kinds].sort()).toEqual(['000a', '000b', '000c', '000d', '000e', '000f']);
    for (const [, value] of all.filter(([key]) => key.startsWith('000b'))) {
      expect(value).toMatch(/^0000[\da-f]{8}[\da-f]{16}00$/);
    }
    await client.send('ShareGroupHeartbeat', 1, { ...member, memberEpoch: -1 });
    const tombstones = (await written('__consumer_offsets', 's1')).filter(([, v]) => v === null);
    expect(tombstones.map(([key]) => key.slice(0, 4))).toEqual(['000e', '000d', '000a']);
  });
});

describe('__share_group_state', () => {
  test('a new state: key 0, epochs of 32 bits, a start that is not decided', async () => {
    const [first] = (await written('__share_group_state', 's1')).filter(([, v]) => v !== null);
    expect(first?.[0]).toMatch(
      new RegExp(`^${packed(`0000 ${short('s1')} <topic> 0000000[01]`)}$`),
    );
    expect(first?.[1]).toMatch(
      /^000000000000[\da-f]{8}00000000ffffffffffffffff<time><time>01(00|0100[\da-f]+)$/,
    );
  });
});

describe('__transaction_state', () => {
  test('value 1: Ongoing, Prepare with the next epoch, Complete with none', async () => {
    const asked = { transactionalId: 'tx1', transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await client.send('InitProducerId', 5, asked);
    const producer = { producerId, producerEpoch };
    const records = batch(['x'], {
      producer: { ...producer, baseSequence: 0, isTransactional: true },
    });
    const produced = { ...produceOf('t', records, { topicId: zeroId }), transactionalId: 'tx1' };
    const { responses } = await client.send('Produce', 12, produced);
    expect(only(only(responses).partitionResponses).errorCode).toBe(0);
    await client.send('EndTxn', 5, { transactionalId: 'tx1', ...producer, committed: true });
    const seen = (await written('__transaction_state', 'tx1')).map(([key, value]) => {
      const bytes = value ?? '';
      return {
        key,
        version: bytes.slice(0, 4),
        pid: Number.parseInt(bytes.slice(4, 20), 16),
        epoch: Number.parseInt(bytes.slice(20, 24), 16),
        timeout: bytes.slice(24, 32),
        status: Number.parseInt(bytes.slice(32, 34), 16),
        partitions: { '00': 'null', '01': 'none' }[bytes.slice(34, 36)] ?? 'some',
      };
    });
    const common = {
      key: packed(`0000 ${short('tx1')}`),
      version: '0001',
      pid: producerId,
      timeout: '0000ea60',
    };
    expect(seen).toEqual([
      { ...common, epoch: 0, status: 0, partitions: 'null' },
      { ...common, epoch: 0, status: 1, partitions: 'some' },
      { ...common, epoch: 1, status: 2, partitions: 'some' },
      { ...common, epoch: 1, status: 4, partitions: 'none' },
    ]);
  });

  test('a marker: attributes 0x30, sequence −1, key of version and kind, value of the coordinator', async () => {
    const [marker] = (await batchesOf('t')).filter((one) => one.isControl);
    if (marker === undefined) throw new Error('no marker');
    expect([marker.attributes, marker.baseSequence, marker.producerEpoch]).toEqual([0x30, -1, 1]);
    const { key, value } = only([...marker.records()]);
    expect([key?.toString('hex'), value?.toString('hex')]).toEqual(['00000001', '000000000000']);
  });

  test('an id whose producer has a transaction open in the partition is not looked up again', async () => {
    const asked = { transactionalId: 'tx2', transactionTimeoutMs: 60_000 };
    const { producerId, producerEpoch } = await client.send('InitProducerId', 5, asked);
    const send = async (transactionalId: string, baseSequence: number) => {
      const producer = { producerId, producerEpoch, baseSequence, isTransactional: true };
      const request = produceOf('t', batch(['x'], { producer }), { topicId: zeroId });
      const { responses } = await client.send('Produce', 12, { ...request, transactionalId });
      return only(only(responses).partitionResponses).errorCode;
    };
    expect(await send('nobody', 0)).toBe(49);
    expect(await send('tx2', 0)).toBe(0);
    expect(await send('nobody', 1)).toBe(0);
  });
});

describe('topics and files', () => {
  const inForce = async (resourceName: string) => {
    const resources = [{ resourceType: 2, resourceName, configurationKeys: null }];
    const { results } = await client.send('DescribeConfigs', 4, { resources });
    const own = only(results).configs.filter(({ configSource }) => configSource === 1);
    return Object.fromEntries(own.map(({ name, value }) => [name, value]));
  };

  test.each([
    ['__consumer_offsets', { 'compression.type': 'producer', 'cleanup.policy': 'compact' }],
    [
      '__transaction_state',
      {
        'compression.type': 'uncompressed',
        'cleanup.policy': 'compact',
        'unclean.leader.election.enable': 'false',
      },
    ],
    [
      '__share_group_state',
      { 'compression.type': 'producer', 'cleanup.policy': 'delete', 'retention.ms': '-1' },
    ],
  ])('%s has configs of its own', async (name, configs) => {
    expect(await inForce(name)).toMatchObject({ ...configs, 'segment.bytes': '104857600' });
  });

  test('a log start within an epoch moves the start of that epoch', async () => {
    await broker.topics.create('cut', 1, {});
    await client.send('Produce', 9, produceOf('cut', batch(['a', 'b', 'c', 'd'])));
    const partitions = [{ partitionIndex: 0, offset: 3 }];
    const topics = [{ name: 'cut', partitions }];
    const deleted = await client.send('DeleteRecords', 2, { topics, timeoutMs: 1000 });
    expect(only(only(deleted.topics).partitions).errorCode).toBe(0);
    await broker.close();
    const checkpoint = system.disk.readFile('/data/cut-0/leader-epoch-checkpoint');
    expect(checkpoint.toString()).toBe('0\n1\n0 3\n');
  });
});
