import { describe, expect, test } from 'vitest';
import { type Call, FakeCluster, rest } from '../../../test/fakes/fake-cluster.js';
import { errnoOf, type ErrorCode, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { resolveAssignors } from './assignors/index.js';
import { ClassicMembership } from './classic-membership.js';
import type { TopicPartition } from './consumer-options.js';
import { decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.js';

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
      outdated: () => undefined,
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

  test('a leader that is told to skip the assignment sends none', async () => {
    const { cluster, events } = bench({ groupInstanceId: 'one' });
    const join = await cluster.next('JoinGroup');
    const members = [{ memberId: 'me', groupInstanceId: 'one', metadata: metadataOf(join) }];
    join.answer(joined(5, { leader: 'me', members, skipAssignment: true }));
    const sync = await cluster.next('SyncGroup');
    expect(sync.input.assignments).toEqual([]);
    sync.answer({ errorCode: 0, assignment: encodeAssignment([partition(1)]) });
    await rest();
    expect(events).toEqual(['assigned 1']);
  });

  test('REBALANCE_IN_PROGRESS: an eager member revokes everything before it joins', async () => {
    const { cluster, events } = bench();
    await settle(cluster, 1, 0, 1);
    await beat(cluster, 'REBALANCE_IN_PROGRESS');
    expect(events).toEqual(['assigned 0,1', 'revoke 0,1']);
    await settle(cluster, 2, 1);
    expect(events.at(-1)).toBe('assigned 1');
  });

  test('a cooperative member revokes only what it loses, and joins again', async () => {
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

  test('closing waits for the id it asked for: the group would wait for it', async () => {
    const { cluster, membership } = bench();
    const join = await cluster.next('JoinGroup');
    const closed = membership.close();
    join.answer({ ...failure('MEMBER_ID_REQUIRED'), memberId: 'me' });
    const leave = await cluster.next('LeaveGroup');
    expect(leave.input).toMatchObject({ members: [{ memberId: 'me' }] });
    leave.answer({ errorCode: 0, members: [] });
    await closed;
    expect(cluster.open).toEqual([]);
  });

  test('closing leaves the group even while a join is under way, unless static', async () => {
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
