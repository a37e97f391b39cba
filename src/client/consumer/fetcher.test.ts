import { describe, expect, test } from 'vitest';
import { type Call, FakeCluster, rest } from '../../../test/fakes/fake-cluster.js';
import { errnoOf, KafkaError } from '../../errors/index.js';
import { RecordBatchBuilder } from '../../records/index.js';
import type { Cluster } from '../cluster/index.js';
import { FetchBuffer } from './fetch-buffer.js';
import { Fetcher } from './fetcher.js';
import type { FetcherSettings } from './fetcher-host.js';
import type { PartitionState } from './partition-state.js';
import { SubscriptionState } from './subscription-state.js';

function records(baseOffset: number, count: number, valueBytes = 10): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 5 });
  for (let i = 0; i < count; i++) {
    builder.append({ key: null, value: Buffer.alloc(valueBytes), timestamp: 1 });
  }
  return builder.build();
}

describe('the fetcher', () => {
  function bench(settings: Partial<FetcherSettings> = {}) {
    const cluster = new FakeCluster();
    const subscription = new SubscriptionState();
    const buffer = new FetchBuffer();
    const events: string[] = [];
    const fetcher = new Fetcher(
      cluster as unknown as Cluster,
      {
        fetchMinBytes: 1,
        fetchMaxWaitMs: 500,
        fetchMaxBytes: 10_000,
        maxPartitionFetchBytes: 1000,
        queuedMaxBytes: 5000,
        readCommitted: false,
        rackId: '',
        checkCrcs: true,
        ...settings,
      },
      subscription,
      buffer,
      {
        fetched: () => events.push('fetched'),
        renewed: (state) => events.push(`renewed ${state.partition}`),
        offsetOutOfRange: (state) => events.push(`out of range ${state.partition}`),
        truncated: (state, offset) => events.push(`truncated ${state.partition} to ${offset}`),
        failed: (state, error) => events.push(`failed ${state.partition} ${error.code}`),
      },
    );
    const assign = (...partitions: number[]): PartitionState[] => {
      subscription.add(partitions.map((partition) => ({ topic: 'orders', partition })));
      const states = partitions.map((partition) =>
        subscription.need({ topic: 'orders', partition }),
      );
      for (const state of states) state.moveTo({ offset: 0, leaderEpoch: -1 });
      fetcher.wake();
      return states;
    };
    return { cluster, subscription, buffer, fetcher, events, assign };
  }

  function answerOf(partition: number, more: object = {}) {
    return {
      partitionIndex: partition,
      errorCode: 0,
      highWatermark: 100,
      lastStableOffset: 90,
      logStartOffset: 0,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      abortedTransactions: null,
      preferredReadReplica: -1,
      records: null,
      ...more,
    };
  }

  function response(partitions: object[], more: object = {}) {
    const responses = [{ topic: '', topicId: 'AAAAAAAAAAAAAAAAAAAABB', partitions }];
    return { errorCode: 0, sessionId: 9, responses, nodeEndpoints: [], ...more };
  }

  const asked = (call: Call) =>
    (call.input as unknown as AskedInput).topics.flatMap(({ partitions }) =>
      partitions.map(({ partition, fetchOffset }) => `${partition}@${fetchOffset}`),
    );

  interface AskedInput {
    readonly topics: {
      readonly partitions: { readonly partition: number; readonly fetchOffset: number }[];
    }[];
  }

  test('asks each leader once for all its partitions, and goes on behind what came', async () => {
    const { cluster, assign, buffer, events } = bench();
    cluster.leaders.set('orders:2', 2);
    assign(0, 1, 2);
    const one = await cluster.next('Fetch');
    const two = await cluster.next('Fetch');
    expect([one.broker, two.broker]).toEqual([1, 2]);
    expect([asked(one), asked(two)]).toEqual([['0@0', '1@0'], ['2@0']]);
    one.answer(response([answerOf(0, { records: records(0, 4) }), answerOf(1)]));
    const next = await cluster.next('Fetch');
    expect(next.input).toMatchObject({ sessionId: 9, sessionEpoch: 1, maxWaitMs: 500 });
    expect(asked(next)).toEqual(['0@4']);
    expect(events).toEqual(['fetched']);
    expect(buffer.take()?.state).toMatchObject({ partition: 0, endOffset: 100, fetchOffset: 4 });
  });

  test('a full partition is left out, and the others do not wait at the broker', async () => {
    const { cluster, assign, buffer, fetcher } = bench({
      maxPartitionFetchBytes: 100_000,
      queuedMaxBytes: 1e6,
    });
    assign(0, 1);
    const first = await cluster.next('Fetch');
    first.answer(response([answerOf(0, { records: records(0, 9, 8_000) })]));
    const beside = await cluster.next('Fetch');
    expect(beside.input).toMatchObject({ maxWaitMs: 0, topics: [] });
    expect(beside.input.forgottenTopicsData).toMatchObject([{ partitions: [0] }]);
    beside.answer(response([]));
    await rest();
    expect(cluster.open).toEqual([]);
    buffer.take();
    fetcher.wake();
    const both = await cluster.next('Fetch');
    expect(both.input).toMatchObject({ maxWaitMs: 500 });
    expect(asked(both)).toEqual(['0@9']);
  });

  test('small answers are fetched ahead, up to 64 KiB of a partition', async () => {
    const { cluster, assign, fetcher } = bench({
      maxPartitionFetchBytes: 100,
      queuedMaxBytes: 1e6,
    });
    assign(0);
    for (let offset = 0; offset < 18; offset += 9) {
      const call = await cluster.next('Fetch');
      expect(asked(call)).toEqual([`0@${offset}`]);
      call.answer(response([answerOf(0, { records: records(offset, 9, 4_000) })]));
    }
    await rest();
    fetcher.wake();
    expect(cluster.open).toEqual([]);
  });

  test.each([
    [4, 0, 'the loop comes before the next Fetch at the end of the log'],
    [100, 1, 'the next Fetch leaves at once where more is to be had'],
  ])('with a high watermark of %i behind 4 records: %i (%s)', async (highWatermark, open) => {
    const { cluster, assign, events, fetcher } = bench();
    assign(0);
    const first = await cluster.next('Fetch');
    first.answer(response([answerOf(0, { records: records(0, 4), highWatermark })]));
    // What promises bring about, and nothing of the next turn.
    for (let hop = 0; hop < 20; hop++) await Promise.resolve();
    expect(events).toEqual(['fetched']);
    // As the loop does when it takes the records.
    fetcher.wake();
    expect(cluster.open).toHaveLength(open);
    expect(asked(await cluster.next('Fetch'))).toEqual(['0@4']);
  });

  test('each of many brokers gets a part of the budget, while the others hold theirs', async () => {
    const { cluster, assign } = bench({ queuedMaxBytes: 2100 });
    cluster.leaders.set('orders:1', 2);
    cluster.leaders.set('orders:2', 3);
    assign(0, 1, 2);
    const calls = [];
    for (let n = 0; n < 3; n++) calls.push(await cluster.next('Fetch'));
    expect(calls.map(({ broker }) => broker)).toEqual([1, 2, 3]);
    expect(calls.map(({ input }) => input.maxBytes)).toEqual([700, 700, 700]);
  });

  test('nothing is asked while the buffer holds queuedMaxBytes', async () => {
    const { cluster, assign, buffer, fetcher } = bench({ queuedMaxBytes: 200 });
    assign(0);
    const first = await cluster.next('Fetch');
    expect(first.input).toMatchObject({ maxBytes: 200 });
    first.answer(response([answerOf(0, { records: records(0, 9) })]));
    await rest();
    expect(cluster.open).toEqual([]);
    buffer.take();
    fetcher.wake();
    expect(asked(await cluster.next('Fetch'))).toEqual(['0@9']);
  });

  test.each([
    ['FETCH_SESSION_ID_NOT_FOUND', 0],
    ['INVALID_FETCH_SESSION_EPOCH', 9],
    ['FETCH_SESSION_TOPIC_ID_ERROR', 9],
  ] as const)('%s is followed by a full fetch', async (code, sessionId) => {
    const { cluster, assign } = bench();
    assign(0, 1);
    (await cluster.next('Fetch')).answer(response([]));
    const second = await cluster.next('Fetch');
    second.answer({ ...response([]), errorCode: errnoOf(code), responses: [] });
    await rest();
    await cluster.clock.advance(100);
    const full = await cluster.next('Fetch');
    expect(full.input).toMatchObject({ sessionId, sessionEpoch: 0 });
    expect(asked(full)).toEqual(['0@0', '1@0']);
  });

  test('a new leader is asked at once where the answer names it', async () => {
    const { cluster, assign } = bench();
    assign(0);
    const first = await cluster.next('Fetch');
    cluster.leaders.set('orders:0', 2);
    const currentLeader = { leaderId: 2, leaderEpoch: 6 };
    const errorCode = errnoOf('NOT_LEADER_OR_FOLLOWER');
    const nodeEndpoints = [{ nodeId: 2, host: 'h', port: 1, rack: null }];
    first.answer(response([answerOf(0, { errorCode, currentLeader })], { nodeEndpoints }));
    const second = await cluster.next('Fetch');
    expect(second.broker).toBe(2);
    expect(cluster.hints).toEqual([
      ['orders', 0, 2, 6, [{ id: 2, host: 'h', port: 1, rack: null }]],
    ]);
    second.answer(response([answerOf(0, { errorCode })]));
    await rest();
    expect(cluster.refreshes).toEqual(['fetch of orders-0: NOT_LEADER_OR_FOLLOWER']);
    expect(cluster.open).toEqual([]);
    await cluster.clock.advance(100);
    await cluster.next('Fetch');
  });

  test('a broken connection costs a pause and the session', async () => {
    const { cluster, assign, events } = bench();
    const [state] = assign(0);
    (await cluster.next('Fetch')).answer(response([]));
    (await cluster.next('Fetch')).fail(new KafkaError('CONNECTION_CLOSED'));
    await rest();
    expect(cluster.open).toEqual([]);
    expect(state?.problem?.code).toBe('CONNECTION_CLOSED');
    await cluster.clock.advance(100);
    const again = await cluster.next('Fetch');
    expect(again.input).toMatchObject({ sessionId: 9, sessionEpoch: 0 });
    expect(events).toEqual([]);
    again.answer(response([]));
    await cluster.next('Fetch');
    expect(state?.problem).toBeUndefined();
  });

  test('what cannot get better by waiting is told to the loop', async () => {
    const { cluster, assign, events } = bench();
    assign(0, 1);
    const first = await cluster.next('Fetch');
    const errorCode = errnoOf('TOPIC_AUTHORIZATION_FAILED');
    const garbage = answerOf(1, { records: Buffer.alloc(80) });
    first.answer(response([answerOf(0, { errorCode }), garbage]));
    await rest();
    expect(events).toEqual(['failed 0 TOPIC_AUTHORIZATION_FAILED', 'failed 1 CORRUPT_MESSAGE']);
  });

  test('an offset out of range counts only when everything before was handed out', async () => {
    const { cluster, assign, events } = bench();
    const [state] = assign(0);
    (await cluster.next('Fetch')).answer(response([answerOf(0, { records: records(0, 2) })]));
    const errorCode = errnoOf('OFFSET_OUT_OF_RANGE');
    (await cluster.next('Fetch')).answer(response([answerOf(0, { errorCode })]));
    await rest();
    expect(events).toEqual(['fetched']);
    if (state !== undefined) state.position = 2;
    await cluster.clock.advance(100);
    (await cluster.next('Fetch')).answer(response([answerOf(0, { errorCode })]));
    await rest();
    expect(events).toEqual(['fetched', 'out of range 0']);
  });

  test('a topic that was created again is no place for the old position', async () => {
    const { cluster, assign, events, fetcher } = bench();
    const [state] = assign(0);
    const call = await cluster.next('Fetch');
    cluster.topicId = 'AAAAAAAAAAAAAAAAAAAACC';
    call.answer(response([answerOf(0, { errorCode: errnoOf('UNKNOWN_TOPIC_ID') })]));
    await rest();
    if (state !== undefined) state.retryAt = 0;
    fetcher.wake();
    expect(events).toEqual(['renewed 0']);
  });

  test('a log that was cut back is noticed by the epoch', async () => {
    const { cluster, assign, events } = bench();
    assign(0);
    const divergingEpoch = { epoch: 4, endOffset: 7 };
    (await cluster.next('Fetch')).answer(response([answerOf(0, { divergingEpoch })]));
    await rest();
    expect(events).toEqual(['truncated 0 to 7']);
  });

  test('a closer replica is asked from then on, until it does not have the offset', async () => {
    const { cluster, assign, events } = bench({ rackId: 'here' });
    const [state] = assign(0);
    const first = await cluster.next('Fetch');
    expect(first.input).toMatchObject({ rackId: 'here' });
    first.answer(response([answerOf(0, { preferredReadReplica: 2 })]));
    const follower = await cluster.next('Fetch');
    expect(follower.broker).toBe(2);
    follower.answer(response([answerOf(0, { errorCode: errnoOf('OFFSET_OUT_OF_RANGE') })]));
    await rest();
    await cluster.clock.advance(100);
    expect((await cluster.next('Fetch')).broker).toBe(1);
    expect(events).toEqual([]);
    expect(state?.preferredReplica).toBe(-1);
  });

  test('a fetch that nobody wants any more is given up with its connection', async () => {
    const { cluster, assign, fetcher, events } = bench();
    const [state] = assign(0);
    const old = await cluster.next('Fetch');
    state?.moveTo({ offset: 50, leaderEpoch: -1 });
    fetcher.wake();
    const fresh = await cluster.next('Fetch');
    expect(asked(fresh)).toEqual(['0@50']);
    expect(cluster.closedLanes).toEqual([old.lane]);
    expect(fresh.lane).not.toBe(old.lane);
    old.answer(response([answerOf(0, { records: records(0, 2) })]));
    await rest();
    expect(events).toEqual([]);
    fetcher.stop();
    await rest();
    expect(cluster.open).toEqual([]);
  });
});
