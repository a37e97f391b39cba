import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { BrokerOptions } from '../../src/broker/broker-options.js';
import { batchesIn } from '../../src/records/index.js';
import { silentLogger, type System } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

// Dead-letter queues of share groups (KIP-1191, share.version 2).

const enabled = { 'errors.deadletterqueue.group.enable': 'true' };
const queue = 'errors.deadletterqueue.topic.name';
const copy = 'errors.deadletterqueue.copy.record.enable';

let system: System;
let broker: Broker;
let client: RawClient;
let topicId = '';
let warnings: string[] = [];

async function start(more: BrokerOptions = {}): Promise<void> {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/data',
    system,
    logger: { ...silentLogger, warn: (text) => void warnings.push(text) },
    ...more,
  });
  client = await RawClient.connect(system.net, broker.port);
  topicId = (await broker.topics.create('t', 2, {})).id;
}

beforeEach(() => {
  system = memorySystem();
  warnings = [];
});
afterEach(() => broker.close());

/** The group `g`, whose one member has begun its session with partition 1 of the topic. */
async function join(configs: Record<string, string>): Promise<void> {
  const earliest = { 'share.auto.offset.reset': 'earliest', 'share.delivery.count.limit': '2' };
  await broker.groupSettings.configure('g', { ...earliest, ...configs });
  const joined = await client.send('ShareGroupHeartbeat', 1, {
    groupId: 'g',
    memberId: 'm',
    memberEpoch: 0,
    subscribedTopicNames: ['t'],
  });
  expect(joined.errorCode).toBe(0);
}

const produce = (records: Buffer) =>
  client.send('Produce', 9, produceOf('t', records, { index: 1 }));

async function fetch(shareSessionEpoch: number) {
  const partitions = [{ partitionIndex: 1, acknowledgementBatches: [] }];
  const { responses } = await client.send('ShareFetch', 2, {
    groupId: 'g',
    memberId: 'm',
    shareSessionEpoch,
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 1_000_000,
    maxRecords: 100,
    batchSize: 100,
    topics: shareSessionEpoch === 0 ? [{ topicId, partitions }] : [],
    forgottenTopicsData: [],
  });
  return responses.flatMap((one) =>
    one.partitions.flatMap(({ acquiredRecords }) => acquiredRecords),
  );
}

async function acknowledge(
  shareSessionEpoch: number,
  firstOffset: number,
  ...acknowledgeTypes: number[]
): Promise<void> {
  const lastOffset = firstOffset + acknowledgeTypes.length - 1;
  const acknowledgementBatches = [{ firstOffset, lastOffset, acknowledgeTypes }];
  const topics = [{ topicId, partitions: [{ partitionIndex: 1, acknowledgementBatches }] }];
  const request = { groupId: 'g', memberId: 'm', shareSessionEpoch, topics };
  const { responses } = await client.send('ShareAcknowledge', 2, request);
  expect(only(only(responses).partitions).errorCode).toBe(0);
}

/** What lies in a partition of a topic: key, value and headers as text. */
async function noted(topic = 'dlq.g', partition = 0) {
  const { responses } = await client.send('Fetch', 12, fetchOf(topic, 0, { partition }));
  const { records } = only(only(responses).partitions);
  return [...batchesIn(records ?? Buffer.alloc(0))].flatMap((one) =>
    [...one.records()].map(({ key, value, headers }) => ({
      key: key?.toString() ?? null,
      value: value?.toString() ?? null,
      headers: Object.fromEntries(headers.map((header) => [header.key, String(header.value)])),
    })),
  );
}

const headersOf = (offset: number, deliveryCount: number, message: string) => ({
  '__dlq.errors.topic': 't',
  '__dlq.errors.partition': '1',
  '__dlq.errors.offset': String(offset),
  '__dlq.errors.group': 'g',
  '__dlq.errors.delivery.count': String(deliveryCount),
  '__dlq.errors.message': message,
});
const rejected = 'Offset rejected by client.';
const spent = 'Offset delivery count exceeded the threshold.';

describe('a dead-letter queue', () => {
  test('is told of rejected records, of no others, and before the member hears of it', async () => {
    await start();
    await broker.topics.create('dlq.g', 1, enabled);
    await join({ [queue]: 'dlq.g' });
    await produce(batch(['a', 'b', 'c', 'd']));
    await fetch(0);
    await acknowledge(1, 0, 1, 3, 2, 0);
    expect(await noted()).toEqual([{ key: null, value: null, headers: headersOf(1, 1, rejected) }]);
    expect(warnings).toEqual([]);
  });

  test('gets what was given out too often, as a copy where the group wants that', async () => {
    await start();
    await broker.topics.create('dlq.g', 3, enabled);
    await join({ [queue]: 'dlq.g', [copy]: 'true' });
    for (const compression of ['none', 'gzip'] as const)
      await produce(batch(['a'], { compression }));
    expect(await fetch(0)).toMatchObject([{ firstOffset: 0, lastOffset: 1, deliveryCount: 1 }]);
    await acknowledge(1, 0, 2, 2);
    expect(await noted('dlq.g', 1)).toEqual([]);
    expect(await fetch(2)).toMatchObject([{ firstOffset: 0, lastOffset: 1, deliveryCount: 2 }]);
    await acknowledge(3, 0, 2, 2);
    expect(await fetch(4)).toEqual([]);
    expect(await noted('dlq.g', 1)).toEqual([
      { key: 'k', value: 'a', headers: headersOf(0, 2, spent) },
      { key: 'k', value: 'a', headers: headersOf(1, 2, spent) },
    ]);
  });

  test('is filled in batches that it takes', async () => {
    await start();
    await broker.topics.create('dlq.g', 1, { ...enabled, 'max.message.bytes': '600' });
    await join({ [queue]: 'dlq.g' });
    await produce(batch(Array.from({ length: 20 }, (_, n) => `${n}`)));
    await fetch(0);
    await acknowledge(1, 0, ...Array<number>(20).fill(3));
    const offsets = (await noted()).map(({ headers }) => headers['__dlq.errors.offset']);
    expect(offsets).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
    expect(warnings).toEqual([]);
  });

  test('is created when the broker may', async () => {
    await start({ config: { 'errors.deadletterqueue.auto.create.topics.enable': 'true' } });
    await join({ [queue]: 'dlq.made' });
    await produce(batch(['a']));
    await fetch(0);
    await acknowledge(1, 0, 3);
    expect(broker.topics.byName('dlq.made')?.overrides).toMatchObject(enabled);
    expect(await noted('dlq.made')).toHaveLength(1);
  });

  const useless = 'cannot be the dead-letter queue of group g: it';
  test.each([
    ['that is not there', 'dlq.none', `${useless} does not exist: create it`],
    ['that is not for that', 't', `${useless} needs errors.deadletterqueue.group.enable=true`],
    ['of another name', 'other', `${useless} must begin with`],
    ['that is internal', '__other', `${useless} must not begin with two underscores`],
  ])('%s is passed over: the record is put aside, and the log says why', async (_, name, why) => {
    const causes: string[] = [];
    const warn = (text: string, { error }: { error?: unknown } = {}) => {
      warnings.push(text);
      causes.push(String(error));
    };
    await start({ logger: { ...silentLogger, warn } });
    await broker.topics.create('other', 1, enabled);
    await join({ [queue]: name });
    await produce(batch(['a']));
    await fetch(0);
    await acknowledge(1, 0, 3);
    expect(await fetch(2)).toEqual([]);
    expect(only(warnings)).toContain('Records 0–0 of t-1 are put aside');
    expect(only(causes)).toContain(why);
  });

  test('may not be named like an internal topic', async () => {
    await start();
    const config = { name: queue, configOperation: 0, value: '__dlq' };
    const { responses } = await client.send('IncrementalAlterConfigs', 1, {
      resources: [{ resourceType: 32, resourceName: 'g', configs: [config] }],
      validateOnly: false,
    });
    expect(only(responses)).toMatchObject({
      errorCode: 40,
      errorMessage: `${queue}: DLQ topic name must not start with '__'`,
    });
  });

  test('is nothing that Kafka 4.3 has', async () => {
    await start({ compat: '4.3' });
    await broker.topics.create('dlq.g', 1, enabled);
    await join({ [queue]: 'dlq.g' });
    await produce(batch(['a']));
    await fetch(0);
    await acknowledge(1, 0, 3);
    expect(await noted()).toEqual([]);
  });

  test('is told of what Apache Kafka had begun to put aside', async () => {
    await start();
    await broker.topics.create('dlq.g', 1, enabled);
    await join({ [queue]: 'dlq.g' });
    await produce(batch(['a', 'b', 'c']));
    const key = { groupId: 'g', topicId, partition: 1 };
    const archiving = { deliveryState: 3, deliveryCount: 2 };
    const written = {
      stateEpoch: 3,
      leaderEpoch: 0,
      startOffset: 0,
      deliveryCompleteCount: 1,
      stateBatches: [{ firstOffset: 1, lastOffset: 1, ...archiving }],
    };
    expect(await broker.shares.states.write(key, written)).toBeUndefined();
    expect(await fetch(0)).toMatchObject([
      { firstOffset: 0, lastOffset: 0 },
      { firstOffset: 2, lastOffset: 2 },
    ]);
    await expect.poll(() => noted()).toMatchObject([{ headers: headersOf(1, 2, spent) }]);
  });
});
