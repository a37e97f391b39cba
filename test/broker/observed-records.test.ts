import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { crc32c } from '../../src/bytes/index.js';
import { batchesIn } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

// What one node of Apache Kafka 4.3.1 was seen to answer to producers and to readers of records,
// asked of ours: a stimulus and its answer each. What is not here stands in records.test.ts and
// fetch.test.ts.

const system = memorySystem();
const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
let broker: Broker;
let client: RawClient;
let names = 0;

beforeAll(async () => {
  const options = { listen: '127.0.0.1:0', data: 'memory', system, logger: silentLogger };
  broker = await Broker.start(options);
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

async function newTopic(configs: Record<string, string> = {}, partitions = 1): Promise<string> {
  const name = `topic-${names++}`;
  await broker.topics.create(name, partitions, configs);
  return name;
}

async function produce(
  topic: string,
  records: Uint8Array | null,
  { version = 9, transactionalId = null as string | null, index = 0 } = {},
) {
  const input = { ...produceOf(topic, records, { index }), transactionalId };
  const { responses } = await client.send('Produce', version, input);
  return only(only(responses).partitionResponses);
}

async function fetched(topic: string, offset: number, options: Parameters<typeof fetchOf>[2] = {}) {
  const { responses } = await client.send('Fetch', 12, fetchOf(topic, offset, options));
  return only(only(responses).partitions);
}

/** A batch whose bytes are changed, with the checksum that they have then. */
function changed(change: (bytes: Buffer) => void, records = batch(['a', 'b'])): Buffer {
  const bytes = Buffer.from(records);
  change(bytes);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

const attributesAt = 21;
const lastOffsetDeltaAt = 23;
const countAt = 57;

describe('Produce', () => {
  const corrupt = Buffer.alloc(100, 0xff);
  const more = changed((bytes) => {
    bytes.writeInt32BE(1, countAt);
    bytes.writeInt32BE(0, lastOffsetDeltaAt);
  });
  test.each([
    ['100 × 0xff', corrupt, 2, 'Record size -1 is less than the minimum record overhead (14)', -1],
    ['two batches', Buffer.concat([batch(['a']), batch(['b'])]), 87, null, -1],
    ['empty records', Buffer.alloc(0), 87, null, -1],
    ['magic 1', changed((bytes) => bytes.writeInt8(1, 16)), 87, null, -1],
    ['10 bytes of garbage', Buffer.from('0123456789'), 87, null, -1],
    ['count 0', changed((bytes) => bytes.writeInt32BE(0, countAt)), 87, undefined, 0],
    ['count −1', changed((bytes) => bytes.writeInt32BE(-1, countAt)), 87, undefined, 0],
    ['more records than the count', more, 87, undefined, 0],
    ['base offset 7', changed((bytes) => bytes.writeBigInt64BE(7n, 0)), 87, undefined, 0],
    ['a control batch', batch(['a'], { isControl: true }), 87, undefined, 0],
  ])('%s → error, message and log start', async (_, records, errorCode, text, logStart) => {
    const answer = await produce(await newTopic(), records);
    expect([answer.errorCode, answer.logStartOffset]).toEqual([errorCode, logStart]);
    if (text !== undefined) expect(answer.errorMessage).toBe(text);
  });

  test('what is odd and stored all the same: −1 and −5 as times, plain in a transaction', async () => {
    for (const timestamp of [-1, -5]) {
      const answer = await produce(await newTopic(), batch(['x'], { timestamp }));
      expect(answer.errorCode).toBe(0);
    }
    const producer = await client.send('InitProducerId', 4, {
      transactionalId: 'plain',
      transactionTimeoutMs: 60_000,
    });
    expect(producer.errorCode).toBe(0);
    const transactionalId = 'plain';
    expect((await produce(await newTopic(), batch(['x']), { transactionalId })).errorCode).toBe(0);
  });

  test('on a CreateTime topic the LogAppendTime bit is cleared, unknown bits stay', async () => {
    const topic = await newTopic();
    const odd = changed((bytes) => bytes.writeInt16BE(0x88, attributesAt));
    expect((await produce(topic, odd)).errorCode).toBe(0);
    const { records } = await fetched(topic, 0);
    expect(records?.readInt16BE(attributesAt)).toBe(0x80);
  });

  test('an answer tells the time of the append only where that is what counts', async () => {
    expect((await produce(await newTopic(), batch(['x']))).logAppendTimeMs).toBe(-1);
    const topic = await newTopic({ 'message.timestamp.type': 'LogAppendTime' });
    const sent = batch(['x'], { timestamp: 1000 });
    const { logAppendTimeMs } = await produce(topic, sent);
    expect(logAppendTimeMs).toBeGreaterThan(1000);
    const { records } = await fetched(topic, 0);
    const [stored] = batchesIn(records ?? Buffer.alloc(0));
    expect(stored?.baseTimestamp).toBe(1000);
    expect(stored?.maxTimestamp).toBe(logAppendTimeMs);
  });

  test('records without key on a compacted topic are counted in the message', async () => {
    const topic = await newTopic({ 'cleanup.policy': 'compact' });
    const answer = await produce(topic, batch(['a', 'b'], { key: null }));
    const text = `Compacted topic cannot accept message without key in topic partition ${topic}-0`;
    expect(answer.errorCode).toBe(87);
    expect(answer.recordErrors.map((one) => one.batchIndexErrorMessage)).toEqual([text, text]);
    expect(answer.errorMessage).toMatch(
      /^One or more records have been rejected due to 2 record errors in total, and only showing the first three errors at most: \[/,
    );
  });
});

describe('idempotent producers', () => {
  const producer = async () => {
    const ask = { transactionalId: null, transactionTimeoutMs: 1000 };
    const { producerId } = await client.send('InitProducerId', 4, ask);
    return producerId;
  };
  const from = (producerId: number, producerEpoch: number, baseSequence: number, count = 1) =>
    batch(Array<string>(count).fill('x'), {
      producer: { producerId, producerEpoch, baseSequence, isTransactional: false },
    });

  test('InitProducerId gives one id after the other, whatever is said of an old one', async () => {
    const first = await producer();
    const asked = { transactionalId: null, transactionTimeoutMs: 1000 };
    const again = await client.send('InitProducerId', 4, {
      ...asked,
      producerId: first,
      producerEpoch: 3,
    });
    expect(again).toMatchObject({ errorCode: 0, producerId: first + 1, producerEpoch: 0 });
  });

  test('a lower epoch → 47, though the batch is there', async () => {
    const topic = await newTopic();
    const id = await producer();
    expect((await produce(topic, from(id, 1, 0))).errorCode).toBe(0);
    expect((await produce(topic, from(id, 2, 0))).errorCode).toBe(0);
    expect((await produce(topic, from(id, 1, 0))).errorCode).toBe(47);
  });

  test('a batch in which the sequence wraps', async () => {
    const topic = await newTopic();
    const id = await producer();
    expect((await produce(topic, from(id, 0, 0x7ffffffe, 4))).errorCode).toBe(0);
    expect((await produce(topic, from(id, 0, 2))).errorCode).toBe(0);
    expect((await produce(topic, from(id, 0, 4))).errorCode).toBe(45);
  });

  test('no id with a sequence, and an id without an epoch → 0', async () => {
    const topic = await newTopic();
    expect((await produce(topic, from(-1, -1, 5))).errorCode).toBe(0);
    expect((await produce(topic, from(903, -1, 0))).errorCode).toBe(0);
  });
});

describe('Fetch', () => {
  test('an unknown id in a session → 100, in every answer, while the others are read', async () => {
    const topic = await newTopic();
    const known = { topicId: broker.topics.byName(topic)?.id ?? '' };
    await produce(topic, batch(['x']));
    const open = fetchOf('', 0, { ...known, sessionEpoch: 0 });
    const [stranger] = fetchOf('', 0, { topicId: unknownId }).topics;
    const topics = [...open.topics, ...(stranger === undefined ? [] : [stranger])];
    const first = await client.send('Fetch', 13, { ...open, topics });
    const codes = (answer: typeof first) =>
      answer.responses
        .flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
        .sort((a, b) => a - b);
    expect([first.errorCode, codes(first)]).toEqual([0, [0, 100]]);
    for (const sessionEpoch of [1, 2]) {
      const input = { ...open, topics: [], sessionId: first.sessionId, sessionEpoch };
      expect(codes(await client.send('Fetch', 13, input))).toContain(100);
    }
  });

  test('aborted transactions are [] in what the session finds wrong, else as they are read', async () => {
    const missing = fetchOf('', 0, { topicId: unknownId, isolationLevel: 1 });
    const { responses } = await client.send('Fetch', 13, missing);
    const answer = only(only(responses).partitions);
    expect([answer.errorCode, answer.abortedTransactions]).toEqual([100, []]);
    const topic = await newTopic();
    const out = await fetched(topic, 9);
    expect([out.errorCode, out.abortedTransactions]).toEqual([1, null]);
  });

  test('the last batch is cut at the limit of the partition', async () => {
    const topic = await newTopic();
    for (let n = 0; n < 3; n++) await produce(topic, batch(['x'.repeat(5000)]));
    const { records } = await fetched(topic, 0, { partitionMaxBytes: 6000 });
    expect(records).toHaveLength(6000);
  });
});

describe('the epochs of a partition whose leader has moved', () => {
  test('Fetch, OffsetForLeaderEpoch and ListOffsets know where each ended', async () => {
    const net = memorySystem();
    const options = { listen: '127.0.0.1:19092', brokers: 2, data: '/two', system: net };
    const two = await Broker.start({ ...options, logger: silentLogger });
    const first = await RawClient.connect(net.net, 19_092);
    const wanted = { name: 'moved', numPartitions: -1, replicationFactor: -1, configs: [] };
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2] }];
    const topics = [{ ...wanted, assignments }];
    expect(only((await first.send('CreateTopics', 7, { topics })).topics).errorCode).toBe(0);
    const three = produceOf('moved', batch(['a', 'b', 'c']));
    await first.send('Produce', 9, three);
    await two.stopNode(1);
    const second = await RawClient.connect(net.net, 19_093);
    await two.startNode(1);
    await two.stopNode(2);
    const again = await RawClient.connect(net.net, 19_092);
    await again.send('Produce', 9, three);
    const ask = async (leaderEpoch: number) => {
      const partitions = [{ partition: 0, leaderEpoch, currentLeaderEpoch: -1 }];
      const input = { topics: [{ topic: 'moved', partitions }] };
      const answer = await again.send('OffsetForLeaderEpoch', 4, input);
      const { errorCode, leaderEpoch: epoch, endOffset } = only(only(answer.topics).partitions);
      return [errorCode, epoch, endOffset];
    };
    // Epoch 1 never had a record.
    expect(await ask(0)).toEqual([0, 0, 3]);
    expect(await ask(1)).toEqual([0, 0, 3]);
    expect(await ask(2)).toEqual([0, 2, 6]);
    expect(await ask(3)).toEqual([0, -1, -1]);
    const read = async (offset: number, epochs: Parameters<typeof fetchOf>[2]) => {
      const { responses } = await again.send('Fetch', 12, fetchOf('moved', offset, epochs));
      return only(only(responses).partitions);
    };
    expect((await read(0, { currentLeaderEpoch: 1 })).errorCode).toBe(74);
    expect((await read(0, { currentLeaderEpoch: 3 })).errorCode).toBe(75);
    expect((await read(6, { lastFetchedEpoch: 3 })).errorCode).toBe(1);
    const diverging = await read(5, { lastFetchedEpoch: 0 });
    expect(diverging).toMatchObject({
      errorCode: 0,
      divergingEpoch: { epoch: 0, endOffset: 3 },
    });
    expect(diverging.records ?? Buffer.alloc(0)).toHaveLength(0);
    second.close();
    await two.close();
  });
});
