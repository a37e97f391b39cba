import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { batchesIn } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, RawClient } from './raw-client.js';

// The answers of Apache Kafka 4.3.1 to the same requests, but for what is said.

const system = memorySystem();
const noId = 'AAAAAAAAAAAAAAAAAAAAAA';
let broker: Broker;
let client: RawClient;
let names = 0;

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    compat: '4.3',
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

async function newTopic(partitions = 2): Promise<string> {
  const topic = `t${++names}`;
  await broker.topics.create(topic, partitions, {});
  return topic;
}

function ask(transactionalId: string, version = 5, more: Partial<Producer> = {}) {
  const input = { transactionalId, transactionTimeoutMs: 60_000, ...more };
  return client.send('InitProducerId', version, input);
}

/** A new transactional id with its first producer. */
async function newProducer(): Promise<{ id: string; producer: Producer }> {
  const id = `id${++names}`;
  const { producerId, producerEpoch, errorCode } = await ask(id);
  expect(errorCode).toBe(0);
  return { id, producer: { producerId, producerEpoch } };
}

interface Sending {
  readonly version?: number;
  readonly index?: number;
  readonly transactionalId?: string | null;
  readonly isTransactional?: boolean;
}

async function send(
  id: string | null,
  producer: Producer,
  topic: string,
  baseSequence: number,
  { version = 12, index = 0, isTransactional = true }: Sending = {},
) {
  const records = batch([`${baseSequence}`], {
    producer: { ...producer, baseSequence, isTransactional },
  });
  const topicData = [{ name: topic, topicId: noId, partitionData: [{ index, records }] }];
  const input = { transactionalId: id, acks: -1, timeoutMs: 10_000, topicData };
  const { responses } = await client.send('Produce', version, input);
  return only(only(responses).partitionResponses);
}

async function code(...args: Parameters<typeof send>): Promise<number> {
  return (await send(...args)).errorCode;
}

function end(transactionalId: string, producer: Producer, committed: boolean, version = 5) {
  return client.send('EndTxn', version, { transactionalId, ...producer, committed });
}

async function add(id: string, producer: Producer, topics: [string, number[]][], version = 3) {
  const { resultsByTopicV3AndBelow } = await client.send('AddPartitionsToTxn', version, {
    v3AndBelowTransactionalId: id,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: topics.map(([name, partitions]) => ({ name, partitions })),
  });
  return resultsByTopicV3AndBelow.flatMap((topic) =>
    topic.resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
  );
}

async function commitOffset(
  transactionalId: string,
  producer: Producer,
  groupId: string,
  topic: string,
  { version = 5, offset = 7, generation = -1, memberId = '' } = {},
): Promise<number> {
  const partition = { partitionIndex: 0, committedOffset: offset, committedMetadata: 'm' };
  const { topics } = await client.send('TxnOffsetCommit', version, {
    transactionalId,
    groupId,
    ...producer,
    ...(version >= 3 ? { generationIdOrMemberEpoch: generation, memberId } : {}),
    topics: [{ name: topic, topicId: noId, partitions: [partition] }],
  });
  return only(only(topics).partitions).errorCode;
}

async function committed(groupId: string, topic: string, requireStable = false) {
  const topics = [{ name: topic, partitionIndexes: [0] }];
  const groups = [{ groupId, memberId: null, memberEpoch: -1, topics }];
  const answer = await client.send('OffsetFetch', 8, { groups, requireStable });
  const { errorCode, committedOffset } = only(only(only(answer.groups).topics).partitions);
  return errorCode === 0 ? committedOffset : { errorCode };
}

async function fetched(topic: string, isolationLevel: number, offset = 0, more = {}) {
  const input = fetchOf(topic, offset, { isolationLevel, ...more });
  const { responses } = await client.send('Fetch', 12, input);
  const answer = only(only(responses).partitions);
  const bytes = answer.records as Buffer | null;
  return { ...answer, batches: bytes === null ? [] : [...batchesIn(bytes)] };
}

/** Values of records that a read_committed consumer would give out. */
async function readCommitted(topic: string): Promise<string[]> {
  const { batches, abortedTransactions } = await fetched(topic, 1);
  const waiting = [...(abortedTransactions ?? [])];
  const aborted = new Set<number>();
  const values: string[] = [];
  for (const one of batches) {
    while (waiting[0] !== undefined && waiting[0].firstOffset <= one.lastOffset) {
      aborted.add(waiting[0].producerId);
      waiting.shift();
    }
    if (one.isControl) aborted.delete(one.producerId);
    else if (!one.isTransactional || !aborted.has(one.producerId)) {
      for (const { value } of one.records()) values.push(String(value));
    }
  }
  return values;
}

describe('a transaction of version 2', () => {
  test('is joined by its batches, committed with a new epoch, and begun again at once', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    expect(await code(id, producer, topic, 0)).toBe(0);
    expect(await code(id, producer, topic, 1)).toBe(0);
    expect(await code(id, producer, topic, 0, { index: 1 })).toBe(0);
    expect(await fetched(topic, 1)).toMatchObject({ lastStableOffset: 0, highWatermark: 2 });
    const ended = await end(id, producer, true);
    expect(ended).toMatchObject({ errorCode: 0, ...producer, producerEpoch: 1 });
    const { batches } = await fetched(topic, 1);
    expect(batches.map((one) => [one.isControl, one.producerEpoch, one.attributes])).toEqual([
      [false, 0, 0x10],
      [false, 0, 0x10],
      [true, 1, 0x30],
    ]);
    expect(await code(id, { ...producer, producerEpoch: 1 }, topic, 0)).toBe(0);
  });

  test('ends the same way when its end is asked for again', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    await send(id, producer, topic, 0);
    await end(id, producer, true);
    expect(await end(id, producer, true)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
    expect(await end(id, producer, false)).toMatchObject({ errorCode: 48, producerEpoch: -1 });
    expect(await code(id, producer, topic, 1)).toBe(47);
    expect(await commitOffset(id, producer, 'g', topic)).toBe(47);
  });

  test('without a partition can be aborted, not committed', async () => {
    const { id, producer } = await newProducer();
    expect(await end(id, producer, true)).toMatchObject({ errorCode: 48 });
    expect(await end(id, producer, false)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
    expect(await end(id, producer, false)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
  });

  test('takes only producers it knows, at their epoch', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    expect(await code('nobody', producer, topic, 0)).toBe(49);
    expect(await code(null, producer, topic, 0)).toBe(53);
    expect(await code(id, { ...producer, producerEpoch: 9 }, topic, 0)).toBe(47);
    expect(await code(id, producer, topic, 5)).toBe(45);
    const stranger = { ...producer, producerId: producer.producerId + 500 };
    expect((await end(id, stranger, true)).errorCode).toBe(49);
    expect((await end('nobody', producer, true)).errorCode).toBe(49);
    const wrong = { ...producer, producerEpoch: 55 };
    expect((await end(id, wrong, true)).errorCode).toBe(90);
    expect((await end(id, wrong, true, 1)).errorCode).toBe(47);
  });
});

describe('a transaction of earlier versions', () => {
  test('must be told its partitions first', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    expect(await code(id, producer, topic, 0, { version: 11 })).toBe(120);
    expect(await send(id, producer, topic, 0, { version: 9 })).toMatchObject({
      errorCode: 48,
      errorMessage: 'Partition was not added to the transaction',
    });
    expect(await add(id, producer, [[topic, [0, 1]]])).toEqual([0, 0]);
    expect(await add(id, producer, [[topic, [0]]])).toEqual([0]);
    expect(await code(id, producer, topic, 0, { version: 11 })).toBe(0);
    expect(await end(id, producer, true, 4)).toMatchObject({ errorCode: 0 });
    expect((await end(id, producer, true, 4)).errorCode).toBe(0);
    expect((await end(id, producer, false, 4)).errorCode).toBe(48);
    expect(await code(id, producer, topic, 1, { version: 11 })).toBe(120);
    const { batches } = await fetched(topic, 1);
    expect(batches.map((one) => one.producerEpoch)).toEqual([0, 0]);
  });

  test('takes all partitions or none', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    expect(
      await add(id, producer, [
        [topic, [0]],
        ['nowhere', [0]],
      ]),
    ).toEqual([55, 3]);
    expect(await add(id, producer, [[topic, [0, 9]]])).toEqual([55, 3]);
    expect(await add(id, { ...producer, producerEpoch: 3 }, [[topic, [0]]])).toEqual([90]);
    expect(await add(id, { ...producer, producerEpoch: 3 }, [[topic, [0]]], 1)).toEqual([47]);
    expect(await add('nobody', producer, [[topic, [0]]])).toEqual([49]);
  });

  test('is verified for other brokers without being changed', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    await add(id, producer, [[topic, [0]]]);
    const one = { transactionalId: id, ...producer, verifyOnly: true };
    const transactions = [{ ...one, topics: [{ name: topic, partitions: [0, 1] }] }];
    const answer = await client.send('AddPartitionsToTxn', 5, { transactions });
    const results = only(only(answer.resultsByTransaction).topicResults).resultsByPartition;
    expect(results.map(({ partitionErrorCode }) => partitionErrorCode)).toEqual([0, 120]);
  });
});

describe('InitProducerId for a transactional id', () => {
  test('refuses what cannot be', async () => {
    const { id, producer } = await newProducer();
    for (const transactionTimeoutMs of [0, -1, 900_001]) {
      const input = { transactionalId: id, transactionTimeoutMs };
      expect((await client.send('InitProducerId', 5, input)).errorCode).toBe(50);
    }
    const { producerId } = producer;
    expect((await ask(id, 5, { producerId })).errorCode).toBe(42);
    expect((await ask(id, 5, { producerId, producerEpoch: 40 })).errorCode).toBe(90);
    expect((await ask(id, 3, { producerId, producerEpoch: 40 })).errorCode).toBe(47);
    expect((await ask(id, 5, { producerId: producerId + 9, producerEpoch: 0 })).errorCode).toBe(90);
  });

  test('gives the next epoch, and the same again to one that did not hear of it', async () => {
    const { id, producer } = await newProducer();
    expect(await ask(id, 5, producer)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
    expect(await ask(id, 5, producer)).toMatchObject({ errorCode: 0, producerEpoch: 1 });
    expect(await ask(id)).toMatchObject({ errorCode: 0, producerEpoch: 2 });
    expect((await ask(id, 5, producer)).errorCode).toBe(90);
  });

  test('aborts an open transaction and shuts its producer out', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    await send(id, producer, topic, 0);
    expect(await ask(id)).toMatchObject({ errorCode: 51, producerEpoch: -1 });
    let next = await ask(id);
    while (next.errorCode === 51) next = await ask(id);
    expect(next).toMatchObject({ errorCode: 0, producerEpoch: 2 });
    expect(await code(id, producer, topic, 1)).toBe(47);
    expect(await add(id, producer, [[topic, [0]]])).toEqual([90]);
    expect((await end(id, producer, true)).errorCode).toBe(90);
    expect(await readCommitted(topic)).toEqual([]);
    expect((await fetched(topic, 1)).lastStableOffset).toBe(2);
  });
});

describe('readers of committed records', () => {
  test('see each committed transaction whole, no aborted one, and stop at open ones', async () => {
    const topic = await newTopic(1);
    const [a, b, c] = [await newProducer(), await newProducer(), await newProducer()];
    await send(a.id, a.producer, topic, 0);
    await send(b.id, b.producer, topic, 0);
    await send(b.id, b.producer, topic, 1);
    await end(b.id, b.producer, false);
    await send(c.id, c.producer, topic, 0);
    expect(await readCommitted(topic)).toEqual([]);
    const latest = async (isolationLevel: number) => {
      const topics = [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
      const answer = await client.send('ListOffsets', 5, { replicaId: -1, isolationLevel, topics });
      return only(only(answer.topics).partitions).offset;
    };
    expect([await latest(0), await latest(1)]).toEqual([5, 0]);
    await end(a.id, a.producer, true);
    expect(await readCommitted(topic)).toEqual(['0']);
    expect(await latest(1)).toBe(4);
    await end(c.id, c.producer, false);
    expect(await readCommitted(topic)).toEqual(['0']);
    const { abortedTransactions } = await fetched(topic, 1);
    expect(abortedTransactions?.map(({ firstOffset }) => firstOffset)).toEqual([1, 4]);
    expect((await fetched(topic, 0)).abortedTransactions).toBeNull();
  });

  test('are woken when a transaction ends', async () => {
    const topic = await newTopic(1);
    const { id, producer } = await newProducer();
    await send(id, producer, topic, 0);
    const reader = await RawClient.connect(system.net, broker.port);
    const waiting = reader.send(
      'Fetch',
      12,
      fetchOf(topic, 0, { isolationLevel: 1, maxWaitMs: 60_000 }),
    );
    await end(id, producer, true);
    const { records } = only(only((await waiting).responses).partitions);
    expect([...batchesIn(records as Buffer)]).toHaveLength(2);
    reader.close();
  });

  test('are told only of aborted transactions in what they get', async () => {
    const topic = await newTopic(1);
    let { id, producer } = await newProducer();
    for (let round = 0; round < 3; round++) {
      await send(id, producer, topic, 0);
      producer = await end(id, producer, false);
    }
    const first = await fetched(topic, 1, 0, { partitionMaxBytes: 1 });
    expect(first.abortedTransactions?.map((one) => one.firstOffset)).toEqual([0]);
    const later = await fetched(topic, 1, 3);
    expect(later.abortedTransactions?.map((one) => one.firstOffset)).toEqual([2, 4]);
  });
});

describe('offsets within a transaction', () => {
  test('count when it commits, and vanish when it aborts', async () => {
    const topic = await newTopic();
    let { id, producer } = await newProducer();
    const group = `g${++names}`;
    expect(await commitOffset(id, producer, group, topic)).toBe(0);
    expect(await committed(group, topic)).toBe(-1);
    expect(await committed(group, topic, true)).toEqual({ errorCode: 88 });
    producer = await end(id, producer, true);
    expect(await committed(group, topic, true)).toBe(7);
    expect(await commitOffset(id, producer, group, topic, { offset: 9 })).toBe(0);
    await end(id, producer, false);
    expect(await committed(group, topic, true)).toBe(7);
  });

  test('lose against a plain commit that came later', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    const group = `g${++names}`;
    await commitOffset(id, producer, group, topic, { offset: 3 });
    await client.send('OffsetCommit', 8, {
      groupId: group,
      memberId: '',
      topics: [
        {
          name: topic,
          partitions: [{ partitionIndex: 0, committedOffset: 20, committedMetadata: null }],
        },
      ],
    });
    await end(id, producer, true);
    expect(await committed(group, topic, true)).toBe(20);
  });

  test('need the group in the transaction before version 5', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    const group = `g${++names}`;
    expect(await commitOffset(id, producer, group, topic, { version: 4 })).toBe(120);
    expect(await commitOffset(id, producer, group, topic, { version: 3 })).toBe(48);
    const input = { transactionalId: id, ...producer, groupId: group };
    expect((await client.send('AddOffsetsToTxn', 3, input)).errorCode).toBe(0);
    expect(await commitOffset(id, producer, group, topic, { version: 3 })).toBe(0);
    expect(await commitOffset(id, producer, '', topic, { version: 3 })).toBe(24);
    expect(await commitOffset(id, producer, group, 'nowhere', { version: 3 })).toBe(3);
    await end(id, producer, true, 3);
    expect(await committed(group, topic, true)).toBe(7);
  });

  test('are refused to members that have lost their place', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    const group = `g${++names}`;
    const lost = { generation: 3, memberId: 'm' };
    expect(await commitOffset(id, producer, group, topic, lost)).toBe(22);
    await client.send('OffsetCommit', 8, {
      groupId: group,
      memberId: '',
      topics: [
        {
          name: topic,
          partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
        },
      ],
    });
    expect(await commitOffset(id, producer, group, topic, lost)).toBe(25);
  });
});

describe('administrators', () => {
  test('find transactions by state, producer and pattern, and look at them', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    await send(id, producer, topic, 0);
    const list = async (version: number, more = {}) => {
      const input = { stateFilters: [], producerIdFilters: [], ...more };
      const answer = await client.send('ListTransactions', version, input);
      return answer.transactionStates.map((one) => one.transactionalId);
    };
    expect(await list(0, { producerIdFilters: [producer.producerId] })).toEqual([id]);
    expect(await list(0, { stateFilters: ['Ongoing'] })).toContain(id);
    expect(await list(2, { transactionalIdPattern: id })).toEqual([id]);
    const young = { stateFilters: ['Ongoing'], durationFilter: 1e9 };
    expect(await list(1, young)).toEqual([]);
    const odd = { stateFilters: ['Foo'], producerIdFilters: [] };
    expect(await client.send('ListTransactions', 1, odd)).toMatchObject({
      errorCode: 0,
      unknownStateFilters: ['Foo'],
      transactionStates: [],
    });
    const transactionalIds = [id, 'nobody', ''];
    const { transactionStates } = await client.send('DescribeTransactions', 0, {
      transactionalIds,
    });
    expect(transactionStates.map(({ errorCode }) => errorCode)).toEqual([0, 105, 42]);
    expect(transactionStates[0]).toMatchObject({
      transactionState: 'Ongoing',
      transactionTimeoutMs: 60_000,
      ...producer,
      topics: [{ topic, partitions: [0] }],
    });
  });

  test('see producers in a partition and end what hangs there', async () => {
    const topic = await newTopic();
    const { id, producer } = await newProducer();
    await send(id, producer, topic, 0);
    const producers = async () => {
      const topics = [{ name: topic, partitionIndexes: [0, 9] }];
      const answer = await client.send('DescribeProducers', 0, { topics });
      return only(answer.topics).partitions;
    };
    const [known, unknown] = await producers();
    expect(unknown).toMatchObject({ errorCode: 3, activeProducers: [] });
    expect(only(known?.activeProducers)).toMatchObject({
      ...producer,
      lastSequence: 0,
      coordinatorEpoch: -1,
      currentTxnStartOffset: 0,
    });
    const mark = async (more: { coordinatorEpoch?: number; index?: number } = {}) => {
      const { coordinatorEpoch = 0, index = 0 } = more;
      const topics = [{ name: topic, partitionIndexes: [index] }];
      const marker = { ...producer, transactionResult: false, coordinatorEpoch, topics };
      const { markers } = await client.send('WriteTxnMarkers', 1, { markers: [marker] });
      return only(only(only(markers).topics).partitions).errorCode;
    };
    expect(await mark({ index: 9 })).toBe(3);
    expect(await mark()).toBe(0);
    expect(await mark({ coordinatorEpoch: -1 })).toBe(52);
    expect((await fetched(topic, 1)).lastStableOffset).toBe(2);
    expect(only((await producers())[0]?.activeProducers).currentTxnStartOffset).toBe(-1);
  });

  test('are told of transaction.version 2', async () => {
    const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };
    const { finalizedFeatures } = await client.send('ApiVersions', 4, software);
    expect(finalizedFeatures).toContainEqual({
      name: 'transaction.version',
      minVersionLevel: 2,
      maxVersionLevel: 2,
    });
  });
});
