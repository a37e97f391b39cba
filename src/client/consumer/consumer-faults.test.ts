import { describe, expect, test } from 'vitest';
import { errnoOf, type ErrorCode, KafkaError } from '../../errors/index.js';
import { RecordBatchBuilder } from '../../records/index.js';
import { ManualClock } from '../../system/simulated/index.js';
import type { Cluster } from '../cluster/index.js';
import { ClassicMembership } from './classic-membership.js';
import { resolveAssignors } from './assignors/index.js';
import { decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.js';
import type { TopicPartition } from './consumer-options.js';
import { FetchBuffer } from './fetch-buffer.js';
import { Fetcher, type FetcherSettings } from './fetcher.js';
import { GroupOffsets } from './group-offsets.js';
import { PartitionState } from './partition-state.js';
import { SubscriptionState } from './subscription-state.js';

interface Call {
  readonly api: string;
  // The shapes differ from API to API; each test knows what it asked for.
  readonly input: Record<string, never>;
  readonly broker: number;
  readonly lane: string | undefined;
  answer(response: object): void;
  fail(error: KafkaError): void;
}

/** A cluster whose answers the test gives one by one; brokers 1 and 2, and whatever leaders. */
class FakeCluster {
  readonly clock = new ManualClock();
  readonly system = { clock: this.clock };
  readonly logger = { debug() {}, info() {}, warn() {}, error() {} };
  readonly options = { requestTimeoutMs: 1000, apiTimeoutMs: 5000 };
  readonly open: Call[] = [];
  readonly refreshes: string[] = [];
  readonly leaders = new Map<string, number>();
  readonly hints: unknown[] = [];
  readonly closedLanes: string[] = [];
  coordinatorId = 1;
  forgotten = 0;
  #lanes = 0;
  #wake: (() => void)[] = [];

  send(
    api: string,
    request: object,
    to: { broker: number },
    options: SendOptions,
  ): Promise<object> {
    const input = (typeof request === 'function' ? request(8) : request) as Call['input'];
    return new Promise((resolve, reject) => {
      const call = {
        api,
        input,
        broker: to.broker,
        lane: options.lane,
        answer: resolve,
        fail: reject,
      };
      this.open.push(call);
      options.signal?.addEventListener('abort', () => reject(new KafkaError('ABORTED')));
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** The next request, which must be of this API. */
  async next(api: string): Promise<Call> {
    while (this.open.length === 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
    const call = this.open.shift() as Call;
    expect(call.api).toBe(api);
    return call;
  }

  topic(name: string) {
    const partitions = [0, 1, 2].map((partition) => ({
      partition,
      leader: this.leaders.get(`${name}:${partition}`) ?? 1,
      leaderEpoch: 5,
      isr: [1, 2],
    }));
    return { name, id: 'AAAAAAAAAAAAAAAAAAAABB', internal: false, partitions };
  }

  metadata() {
    return { topics: new Map([['orders', this.topic('orders')]]) };
  }

  refresh = () => Promise.resolve(this.metadata());
  metadataFor = this.refresh;
  topicName = () => 'orders';
  refreshSoon = (why: string) => void this.refreshes.push(why);
  leaderHint = (...hint: unknown[]) => this.hints.push(hint) > 0;
  coordinator = () => Promise.resolve(this.coordinatorId);
  forgetCoordinator = () => void this.forgotten++;
  onMetadata = () => () => undefined;
  lane = (purpose: string) => `${purpose}-${++this.#lanes}`;
  closeLane = (lane: string) => void this.closedLanes.push(lane);
  retryBackoff = () => 100;
  delay = (ms: number) => new Promise<void>((resolve) => void this.clock.after(ms, resolve));
}

interface SendOptions {
  readonly lane?: string;
  readonly signal?: AbortSignal;
}

/** Lets everything that is under way come to rest. */
const rest = () => new Promise<void>((resolve) => setImmediate(resolve));

function records(baseOffset: number, count: number): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset, partitionLeaderEpoch: 5 });
  for (let i = 0; i < count; i++) {
    builder.append({ key: null, value: Buffer.alloc(10), timestamp: 1 });
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

  test('a full partition is left out, and the others do not wait at the broker meanwhile', async () => {
    const { cluster, assign, buffer, fetcher } = bench({ maxPartitionFetchBytes: 100 });
    assign(0, 1);
    const first = await cluster.next('Fetch');
    first.answer(response([answerOf(0, { records: records(0, 9) })]));
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

  test('a new leader named in the answer is asked at once, otherwise metadata is fetched', async () => {
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

describe('a member of a classic group', () => {
  function bench(settings: { cooperative?: boolean; groupInstanceId?: string } = {}) {
    const cluster = new FakeCluster();
    const events: string[] = [];
    let owned: TopicPartition[] = [];
    const names = (list: readonly TopicPartition[]) =>
      list.map(({ partition }) => partition).join();
    const host = {
      owned: () => owned,
      revoke: (going: readonly TopicPartition[]) => {
        events.push(`revoke ${names(going)}`);
        owned = owned.filter(({ partition }) =>
          going.every((each) => each.partition !== partition),
        );
        return Promise.resolve();
      },
      lost: (gone: readonly TopicPartition[]) => {
        events.push(`lost ${names(gone)}`);
        owned = [];
        return Promise.resolve();
      },
      assigned: (all: readonly TopicPartition[]) => {
        events.push(`assigned ${names(all)}`);
        owned = [...all];
        return Promise.resolve();
      },
      failed: (error: KafkaError) => void events.push(`failed ${error.code}`),
      troubled: (error: KafkaError) => void events.push(error.code),
    };
    const membership = new ClassicMembership(
      cluster as unknown as Cluster,
      {
        groupId: 'g',
        groupInstanceId: settings.groupInstanceId ?? null,
        topics: ['orders'],
        assignors: resolveAssignors([
          settings.cooperative === true ? 'cooperative-sticky' : 'range',
        ]),
        sessionTimeoutMs: 10_000,
        heartbeatIntervalMs: 1000,
        rebalanceTimeoutMs: 60_000,
        rackId: '',
        metadataMaxAgeMs: 1_000_000,
      },
      host,
    );
    membership.start();
    return { cluster, membership, events };
  }

  const partition = (number: number) => ({ topic: 'orders', partition: number });

  function joined(generationId: number, more: object = {}) {
    return {
      errorCode: 0,
      generationId,
      protocolName: 'range',
      leader: 'someone',
      memberId: 'me',
      members: [],
      skipAssignment: false,
      ...more,
    };
  }

  function metadataOf(join: Call): Buffer {
    const { protocols } = join.input as unknown as { protocols: { metadata: Buffer }[] };
    return protocols[0]?.metadata ?? Buffer.alloc(0);
  }

  const failure = (code: ErrorCode) => ({ errorCode: errnoOf(code), memberId: '' });

  /** Joins as a follower and gets these partitions. */
  async function settle(cluster: FakeCluster, generationId: number, ...partitions: number[]) {
    (await cluster.next('JoinGroup')).answer(joined(generationId));
    const assignment = encodeAssignment(partitions.map(partition));
    (await cluster.next('SyncGroup')).answer({ errorCode: 0, assignment });
    await rest();
  }

  /** The next heartbeat, answered with this. */
  async function beat(cluster: FakeCluster, code: ErrorCode): Promise<Call> {
    await cluster.clock.advance(1000);
    const call = await cluster.next('Heartbeat');
    call.answer(failure(code));
    await rest();
    return call;
  }

  test('joins in two steps, syncs, and beats on its timer', async () => {
    const { cluster, membership, events } = bench();
    const first = await cluster.next('JoinGroup');
    expect(first.input).toMatchObject({ memberId: '', protocolType: 'consumer', groupId: 'g' });
    first.answer({ ...failure('MEMBER_ID_REQUIRED'), memberId: 'me' });
    const second = await cluster.next('JoinGroup');
    expect(second.input).toMatchObject({ memberId: 'me' });
    second.answer(joined(3));
    const sync = await cluster.next('SyncGroup');
    expect(sync.input).toMatchObject({ memberId: 'me', generationId: 3, assignments: [] });
    sync.answer({ errorCode: 0, assignment: encodeAssignment([partition(0), partition(2)]) });
    await rest();
    expect(events).toEqual(['assigned 0,2']);
    expect(membership.phase).toBe('stable');
    const heartbeat = await beat(cluster, 'NONE');
    expect(heartbeat.input).toMatchObject({ memberId: 'me', generationId: 3 });
    await beat(cluster, 'NONE');
    expect(membership.lastHeartbeatAt).toBe(2000);
  });

  test('the leader shares out the partitions', async () => {
    const { cluster } = bench();
    const join = await cluster.next('JoinGroup');
    const metadata = metadataOf(join);
    expect(decodeSubscription(metadata)).toMatchObject({ topics: ['orders'], generationId: -1 });
    const member = { groupInstanceId: null, metadata };
    const other = encodeSubscription({
      topics: ['orders', 'gone'],
      userData: null,
      owned: [],
      generationId: -1,
      rackId: null,
    });
    const members = [
      { ...member, memberId: 'me' },
      { ...member, memberId: 'you', metadata: other },
    ];
    join.answer(joined(1, { leader: 'me', members }));
    const sync = await cluster.next('SyncGroup');
    expect(sync.input.assignments).toEqual([
      { memberId: 'me', assignment: encodeAssignment([partition(0), partition(1)]) },
      { memberId: 'you', assignment: encodeAssignment([partition(2)]) },
    ]);
  });

  test('REBALANCE_IN_PROGRESS: an eager member revokes everything before it joins', async () => {
    const { cluster, events } = bench();
    await settle(cluster, 1, 0, 1);
    await beat(cluster, 'REBALANCE_IN_PROGRESS');
    expect(events).toEqual(['assigned 0,1', 'revoke 0,1']);
    await settle(cluster, 2, 1);
    expect(events.at(-1)).toBe('assigned 1');
  });

  test('a cooperative member revokes only what it loses, and joins again for the others', async () => {
    const { cluster, events } = bench({ cooperative: true });
    await settle(cluster, 1, 0, 1);
    await beat(cluster, 'REBALANCE_IN_PROGRESS');
    await settle(cluster, 2, 1);
    expect(events).toEqual(['assigned 0,1', 'revoke 0', 'assigned 1']);
    const again = await cluster.next('JoinGroup');
    expect(decodeSubscription(metadataOf(again))).toMatchObject({
      owned: [partition(1)],
      generationId: 2,
    });
  });

  test.each([
    ['UNKNOWN_MEMBER_ID', ''],
    ['ILLEGAL_GENERATION', 'me'],
  ] as const)('%s: everything is lost, and the member joins anew', async (code, memberId) => {
    const { cluster, membership, events } = bench();
    await settle(cluster, 1, 0, 1);
    await beat(cluster, code);
    expect(membership.identity()).toBeUndefined();
    expect(events).toEqual(['assigned 0,1', 'lost 0,1']);
    const join = await cluster.next('JoinGroup');
    expect(join.input).toMatchObject({ memberId });
  });

  test('FENCED_INSTANCE_ID: everything is lost, and that is the end', async () => {
    const { cluster, membership, events } = bench({ groupInstanceId: 'one' });
    await settle(cluster, 1, 0);
    await beat(cluster, 'FENCED_INSTANCE_ID');
    expect(events).toEqual(['assigned 0', 'lost 0', 'failed FENCED_INSTANCE_ID']);
    await membership.close();
    await cluster.clock.advance(10_000);
    expect(cluster.open).toEqual([]);
  });

  test('a coordinator that moved is looked up, and the partitions stay', async () => {
    const { cluster, events } = bench();
    await settle(cluster, 1, 0);
    cluster.coordinatorId = 2;
    await beat(cluster, 'NOT_COORDINATOR');
    expect(cluster.forgotten).toBe(1);
    await cluster.clock.advance(100);
    expect((await cluster.next('Heartbeat')).broker).toBe(2);
    expect(events).toEqual(['assigned 0']);
  });

  test('joining goes on over a coordinator that fails', async () => {
    const { cluster } = bench();
    (await cluster.next('JoinGroup')).fail(new KafkaError('CONNECTION_CLOSED'));
    await rest();
    await cluster.clock.advance(100);
    (await cluster.next('JoinGroup')).answer(failure('COORDINATOR_LOAD_IN_PROGRESS'));
    await rest();
    await cluster.clock.advance(100);
    (await cluster.next('JoinGroup')).answer(joined(1));
    (await cluster.next('SyncGroup')).answer({ ...failure('REBALANCE_IN_PROGRESS') });
    await rest();
    await cluster.clock.advance(100);
    await settle(cluster, 2, 0);
    expect(cluster.forgotten).toBe(1);
  });

  test.each([
    'GROUP_AUTHORIZATION_FAILED',
    'INCONSISTENT_GROUP_PROTOCOL',
    'INVALID_SESSION_TIMEOUT',
  ] as const)('%s ends the membership', async (code) => {
    const { cluster, events } = bench();
    (await cluster.next('JoinGroup')).answer(failure(code));
    await rest();
    expect(events).toEqual([`failed ${code}`]);
  });

  test('one that was given up on leaves, and joins again when it is asked', async () => {
    const { cluster, membership, events } = bench();
    await settle(cluster, 1, 0);
    membership.expel();
    const leave = await cluster.next('LeaveGroup');
    expect(leave.input).toMatchObject({ members: [{ memberId: 'me' }] });
    leave.answer({ errorCode: 0, members: [] });
    await rest();
    expect(events).toEqual(['assigned 0', 'lost 0']);
    expect(membership.phase).toBe('expelled');
    await cluster.clock.advance(5000);
    expect(cluster.open).toEqual([]);
    membership.asked();
    expect((await cluster.next('JoinGroup')).input).toMatchObject({ memberId: '' });
  });

  test('closing leaves the group even while a join is under way, but a static member stays', async () => {
    const { cluster, membership } = bench();
    (await cluster.next('JoinGroup')).answer({ ...failure('MEMBER_ID_REQUIRED'), memberId: 'me' });
    const pending = await cluster.next('JoinGroup');
    const closed = membership.close();
    const leave = await cluster.next('LeaveGroup');
    expect(leave.lane).not.toBe(pending.lane);
    leave.answer({ errorCode: 0, members: [] });
    await closed;
    expect(cluster.closedLanes).toEqual([pending.lane]);
    const fixed = bench({ groupInstanceId: 'one' });
    await settle(fixed.cluster, 1, 0);
    await fixed.membership.close();
    expect(fixed.cluster.open).toEqual([]);
    expect(fixed.cluster.clock.pendingTimers).toBe(0);
  });
});

describe('commits', () => {
  const identity = { memberId: 'me', generationId: 4, groupInstanceId: null };
  const offsets = [
    { topic: 'orders', partition: 0, offset: 7, leaderEpoch: 5 },
    { topic: 'orders', partition: 1, offset: 9 },
  ];
  const answer = (...codes: ErrorCode[]) => ({
    topics: [
      {
        name: 'orders',
        topicId: '',
        partitions: codes.map((code, index) => ({
          partitionIndex: index,
          errorCode: errnoOf(code),
        })),
      },
    ],
  });

  test('are sent again for what was refused for a moment, and only that', async () => {
    const cluster = new FakeCluster();
    const commit = new GroupOffsets(cluster as unknown as Cluster, 'g').commit(offsets, identity);
    (await cluster.next('OffsetCommit')).answer(answer('NONE', 'COORDINATOR_LOAD_IN_PROGRESS'));
    await rest();
    await cluster.clock.advance(100);
    const again = await cluster.next('OffsetCommit');
    expect(again.input).toMatchObject({
      memberId: 'me',
      generationIdOrMemberEpoch: 4,
      topics: [
        { partitions: [{ partitionIndex: 1, committedOffset: 9, committedLeaderEpoch: -1 }] },
      ],
    });
    again.answer(answer('NONE', 'NONE'));
    await commit;
  });

  test('of an old generation fail at once', async () => {
    const cluster = new FakeCluster();
    const commit = new GroupOffsets(cluster as unknown as Cluster, 'g').commit(offsets, identity);
    (await cluster.next('OffsetCommit')).answer(answer('ILLEGAL_GENERATION', 'ILLEGAL_GENERATION'));
    await expect(commit).rejects.toMatchObject({ code: 'ILLEGAL_GENERATION' });
  });

  test('end with the last error when the time is up', async () => {
    const cluster = new FakeCluster();
    const group = new GroupOffsets(cluster as unknown as Cluster, 'g');
    const commit = group.commit(offsets, identity, { timeoutMs: 150 });
    const failed = expect(commit).rejects.toMatchObject({ code: 'NOT_COORDINATOR' });
    (await cluster.next('OffsetCommit')).answer(answer('NOT_COORDINATOR', 'NONE'));
    await rest();
    await cluster.clock.advance(100);
    (await cluster.next('OffsetCommit')).answer(answer('NOT_COORDINATOR'));
    await failed;
    expect(cluster.forgotten).toBe(2);
  });
});
