import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { zeroUuid } from '../../src/bytes/index.js';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { RequestInput } from '../../src/protocol/index.js';
import { batchesIn } from '../../src/records/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

const system = memorySystem();
const unknownId = 'MDEyMzQ1Njc4OWFiY2RlZg';
let broker: Broker;
let client: RawClient;
let names = 0;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

async function newTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  const name = `topic-${names++}`;
  await broker.topics.create(name, partitions, configs);
  return name;
}

async function produce(topic: string, records: Buffer, index = 0): Promise<void> {
  const { responses } = await client.send('Produce', 9, produceOf(topic, records, { index }));
  expect(only(only(responses).partitionResponses).errorCode).toBe(0);
}

async function fetched(topic: string, offset: number, options: Parameters<typeof fetchOf>[2] = {}) {
  const { responses } = await client.send('Fetch', 12, fetchOf(topic, offset, options));
  return only(only(responses).partitions);
}

const offsets = (records: Buffer | null) =>
  [...batchesIn(records ?? Buffer.alloc(0))].map(({ baseOffset }) => baseOffset);

describe('a fetch', () => {
  let topic: string;
  beforeEach(async () => {
    topic = await newTopic();
    for (let n = 0; n < 3; n++) await produce(topic, batch(['a', 'b', 'x'.repeat(5000)]));
  });

  test('inside a batch returns the whole batch', async () => {
    expect(offsets((await fetched(topic, 4)).records)).toEqual([3, 6]);
  });

  test('at the end returns nothing, and the high watermark', async () => {
    const end = await fetched(topic, 9);
    expect([end.errorCode, end.highWatermark, end.records?.length]).toEqual([0, 9, 0]);
  });

  for (const offset of [-1, 10]) {
    test(`at ${offset} is out of range, with -1 for all that is known of the log`, async () => {
      expect(await fetched(topic, offset)).toMatchObject({
        errorCode: 1,
        highWatermark: -1,
        lastStableOffset: -1,
        logStartOffset: -1,
      });
    });
  }

  test('below the log start is out of range', async () => {
    const partitions = [{ partitionIndex: 0, offset: 3 }];
    await client.send('DeleteRecords', 2, { topics: [{ name: topic, partitions }], timeoutMs: 0 });
    expect((await fetched(topic, 2)).errorCode).toBe(1);
    expect((await fetched(topic, 3)).logStartOffset).toBe(3);
  });

  test('gives the first batch whole, however small the limits', async () => {
    for (const limits of [{ maxBytes: 0 }, { partitionMaxBytes: 0 }, { partitionMaxBytes: 10 }]) {
      expect(offsets((await fetched(topic, 0, limits)).records)).toEqual([0]);
    }
  });

  test('stays within the limits after the first batch', async () => {
    const { records } = await fetched(topic, 0, { partitionMaxBytes: 6000 });
    expect(records?.length).toBeLessThanOrEqual(6000);
    expect(offsets(records)).toEqual([0]);
  });

  test('with another leader epoch is told so: 75 for a newer, 74 for an older one', async () => {
    expect((await fetched(topic, 0, { currentLeaderEpoch: 1 })).errorCode).toBe(75);
    expect((await fetched(topic, 0, { currentLeaderEpoch: 0 })).errorCode).toBe(0);
  });

  test('of what is not there: 3 by name, 100 by id', async () => {
    expect((await fetched('nothing', 0)).errorCode).toBe(3);
    expect((await fetched(topic, 0, { partition: 7 })).errorCode).toBe(3);
    for (const topicId of [unknownId, zeroUuid]) {
      const { responses } = await client.send('Fetch', 13, fetchOf('', 0, { topicId }));
      expect(only(only(responses).partitions).errorCode).toBe(100);
    }
  });

  test('lists aborted transactions only for read_committed', async () => {
    expect((await fetched(topic, 0)).abortedTransactions).toBeNull();
    expect((await fetched(topic, 0, { isolationLevel: 1 })).abortedTransactions).toEqual([]);
  });

  test('with an epoch above the leader is out of range', async () => {
    expect((await fetched(topic, 0, { lastFetchedEpoch: 5 })).errorCode).toBe(1);
    expect((await fetched(topic, 9, { lastFetchedEpoch: 0 })).errorCode).toBe(0);
  });
});

describe('a fetch that waits', () => {
  test('is answered by the first record, and not before', async () => {
    const topic = await newTopic();
    const waiting = await RawClient.connect(system.net, broker.port);
    await waiting.post('Fetch', 12, fetchOf(topic, 0, { maxWaitMs: 20_000 }));
    await produce(topic, batch(['x']));
    const { responses } = await waiting.answer('Fetch', 12);
    expect(offsets(only(only(responses).partitions).records)).toEqual([0]);
    waiting.close();
  });

  test('waits for minBytes', async () => {
    const topic = await newTopic();
    const waiting = await RawClient.connect(system.net, broker.port);
    await waiting.post('Fetch', 12, fetchOf(topic, 0, { maxWaitMs: 20_000, minBytes: 200 }));
    for (let n = 0; n < 3; n++) await produce(topic, batch(['x'.repeat(20)]));
    const { responses } = await waiting.answer('Fetch', 12);
    expect(only(only(responses).partitions).records?.length).toBeGreaterThanOrEqual(200);
    waiting.close();
  });

  test('ends after maxWaitMs with what there is', async () => {
    const topic = await newTopic();
    await produce(topic, batch(['x']));
    const answer = await fetched(topic, 0, { maxWaitMs: 5, minBytes: 1_000_000 });
    expect(offsets(answer.records)).toEqual([0]);
  });

  test('is answered at once when something is wrong with one partition', async () => {
    const topic = await newTopic();
    expect((await fetched(topic, 5, { maxWaitMs: 20_000 })).errorCode).toBe(1);
  });

  test('does not keep a closing broker', async () => {
    const other = memorySystem();
    const options = { listen: '127.0.0.1:0', data: 'memory', system: other, logger: silentLogger };
    const closing = await Broker.start({ ...options, createTopics: { t: {} } });
    const waiting = await RawClient.connect(other.net, closing.port);
    await waiting.post('Fetch', 12, fetchOf('t', 0, { maxWaitMs: 600_000 }));
    await (await RawClient.connect(other.net, closing.port)).send('ApiVersions', 0, {});
    await closing.close();
    expect((await waiting.answer('Fetch', 12)).errorCode).toBe(0);
  });
});

describe('fetch sessions', () => {
  const ask = (
    sessionId: number,
    sessionEpoch: number,
    topics: Record<string, number> = {},
    more: Partial<RequestInput<'Fetch'>> = {},
    version = 12,
  ) =>
    client.send('Fetch', version, {
      maxWaitMs: 0,
      minBytes: 0,
      sessionId,
      sessionEpoch,
      topics: Object.entries(topics).map(([topic, fetchOffset]) => ({
        topic,
        topicId: zeroUuid,
        partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1 << 20 }],
      })),
      forgottenTopicsData: [],
      ...more,
    });
  const told = (answer: Awaited<ReturnType<typeof ask>>) =>
    answer.responses.map(({ topic }) => topic).sort();

  test('tell everything first, then only what is new', async () => {
    const [a, b] = [await newTopic(), await newTopic()];
    const first = await ask(0, 0, { [a]: 0, [b]: 0 });
    expect(first.sessionId).toBeGreaterThan(0);
    expect(told(first)).toEqual([a, b].sort());
    expect(told(await ask(first.sessionId, 1))).toEqual([]);
    await produce(b, batch(['x']));
    expect(told(await ask(first.sessionId, 2))).toEqual([b]);
    // The position has not moved: the records are there still.
    expect(told(await ask(first.sessionId, 3))).toEqual([b]);
    expect(told(await ask(first.sessionId, 4, { [b]: 1 }))).toEqual([]);
  });

  test('forget partitions on request, and end with the last', async () => {
    const [a, b] = [await newTopic(), await newTopic()];
    const { sessionId } = await ask(0, 0, { [a]: 0, [b]: 0 });
    const forget = (topic: string) => ({
      forgottenTopicsData: [{ topic, topicId: zeroUuid, partitions: [0] }],
    });
    await ask(sessionId, 1, {}, forget(a));
    await produce(a, batch(['x']));
    expect(told(await ask(sessionId, 2))).toEqual([]);
    expect((await ask(sessionId, 3, {}, forget(b))).sessionId).toBe(0);
    expect((await ask(sessionId, 4)).errorCode).toBe(70);
  });

  test('an unknown id is 70, a wrong epoch 71, and the session survives a 71', async () => {
    const topic = await newTopic();
    const { sessionId } = await ask(0, 0, { [topic]: 0 });
    expect(await ask(sessionId, 5)).toMatchObject({ errorCode: 71, sessionId: 0, responses: [] });
    expect((await ask(sessionId, 1)).errorCode).toBe(0);
    expect((await ask(123456, 1)).errorCode).toBe(70);
    expect((await ask(0, 3)).errorCode).toBe(70);
  });

  test('epoch -1 closes one; an unknown id with epoch 0 opens another', async () => {
    const topic = await newTopic();
    const { sessionId } = await ask(0, 0, { [topic]: 0 });
    expect(await ask(sessionId, -1)).toMatchObject({ errorCode: 0, sessionId: 0 });
    expect((await ask(sessionId, 1)).errorCode).toBe(70);
    expect((await ask(77, 0, { [topic]: 0 })).sessionId).toBeGreaterThan(0);
    expect((await ask(0, 0)).sessionId).toBeGreaterThan(0);
  });

  test('put what gave records last the next time, so that all get their turn', async () => {
    const [a, b] = [await newTopic(), await newTopic()];
    for (const topic of [a, a, b, b]) await produce(topic, batch(['x']));
    // Room for one batch, however many partitions have one.
    const more = { maxBytes: 1, minBytes: 1 };
    const withRecords = (answer: Awaited<ReturnType<typeof ask>>) =>
      answer.responses.filter(({ partitions }) => (only(partitions).records?.length ?? 0) > 0);
    const first = await ask(0, 0, { [a]: 0, [b]: 0 }, more);
    const got = [only(withRecords(first)).topic];
    for (const [epoch, position] of [{ [a]: 1 }, { [b]: 1 }].entries()) {
      const answer = await ask(first.sessionId, epoch + 1, position, more);
      got.push(only(withRecords(answer)).topic);
    }
    expect(got).toEqual([a, b, a]);
  });

  test('names and ids do not mix: 106', async () => {
    const topic = await newTopic();
    const topicId = broker.topics.byName(topic)?.id ?? '';
    const input = fetchOf('', 0, { topicId, sessionEpoch: 0 });
    const { sessionId } = await client.send('Fetch', 13, input);
    expect((await ask(sessionId, 1)).errorCode).toBe(106);
  });

  test('an error is told again and again', async () => {
    const { sessionId } = await ask(0, 0, { 'never-there': 0 });
    for (const epoch of [1, 2]) {
      const { responses } = await ask(sessionId, epoch);
      expect(only(only(responses).partitions).errorCode).toBe(3);
    }
  });
});

describe('ListOffsets', () => {
  const list = async (topic: string, timestamp: number, version = 11) => {
    const partitions = [{ partitionIndex: 0, timestamp }];
    const input = { replicaId: -1, topics: [{ name: topic, partitions }] };
    const answer = only(only((await client.send('ListOffsets', version, input)).topics).partitions);
    const { errorCode, offset, leaderEpoch } = answer;
    return [errorCode, offset, answer.timestamp, leaderEpoch];
  };

  test('on an empty topic', async () => {
    const topic = await newTopic();
    for (const timestamp of [-1, -2, -4])
      expect(await list(topic, timestamp)).toEqual([0, 0, -1, 0]);
    for (const timestamp of [-3, -5, -6, 0, 5]) {
      expect(await list(topic, timestamp)).toEqual([0, -1, -1, -1]);
    }
    expect((await list(topic, -7))[0]).toBe(35);
  });

  test('special timestamps need their version', async () => {
    const topic = await newTopic();
    for (const [timestamp, version] of [
      [-3, 7],
      [-4, 8],
      [-5, 9],
      [-6, 11],
    ] as const) {
      expect((await list(topic, timestamp, version - 1))[0]).toBe(35);
      expect((await list(topic, timestamp, version))[0]).toBe(0);
    }
  });

  test('finds records by time and the greatest timestamp', async () => {
    const topic = await newTopic();
    const times = [1000, 3000, 2000, 3000];
    for (const timestamp of times) await produce(topic, batch(['x'], { timestamp }));
    expect(await list(topic, -1)).toEqual([0, 4, -1, 0]);
    expect(await list(topic, -2)).toEqual([0, 0, -1, 0]);
    expect(await list(topic, 1500)).toEqual([0, 1, 3000, 0]);
    expect(await list(topic, 500)).toEqual([0, 0, 1000, 0]);
    expect(await list(topic, 3001)).toEqual([0, -1, -1, -1]);
    expect(await list(topic, -3)).toEqual([0, 1, 3000, 0]);
  });

  test('of an unknown partition is 3', async () => {
    expect((await list('nothing', -1))[0]).toBe(3);
  });
});

describe('OffsetForLeaderEpoch', () => {
  test('tells where an epoch ends; -1 for one that never was', async () => {
    const topic = await newTopic();
    await produce(topic, batch(['a', 'b']));
    const ask = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
      const partitions = [{ partition: 0, leaderEpoch, currentLeaderEpoch }];
      const input = { topics: [{ topic, partitions }] };
      return only(only((await client.send('OffsetForLeaderEpoch', 4, input)).topics).partitions);
    };
    expect(await ask(0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2 });
    for (const epoch of [-1, 7]) {
      expect(await ask(epoch)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
    }
    expect((await ask(0, 3)).errorCode).toBe(75);
  });
});

describe('DeleteRecords', () => {
  const cut = async (name: string, offset: number) => {
    const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }];
    const answer = await client.send('DeleteRecords', 2, { topics, timeoutMs: 1000 });
    const { errorCode, lowWatermark } = only(only(answer.topics).partitions);
    return [errorCode, lowWatermark];
  };

  test('moves the log start; refuses what lies beyond the high watermark', async () => {
    const topic = await newTopic();
    await produce(topic, batch(['a', 'b', 'c']));
    expect(await cut(topic, 4)).toEqual([1, -1]);
    expect(await cut(topic, -2)).toEqual([1, -1]);
    expect(await cut(topic, 1)).toEqual([0, 1]);
    expect(await cut(topic, -1)).toEqual([0, 3]);
    expect(await cut('nothing', 0)).toEqual([3, -1]);
    const compacted = await newTopic(1, { 'cleanup.policy': 'compact' });
    expect(await cut(compacted, 0)).toEqual([44, -1]);
  });
});
