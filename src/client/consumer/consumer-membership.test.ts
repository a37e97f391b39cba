import { describe, expect, test } from 'vitest';
import { type Call, FakeCluster, rest } from '../../../test/fakes/fake-cluster.js';
import { errnoOf, type ErrorCode, KafkaError } from '../../errors/index.js';
import type { Cluster } from '../cluster/index.js';
import { ConsumerMembership } from './consumer-membership.js';
import type { TopicPartition } from './consumer-options.js';

describe('a member of a group of the consumer protocol', () => {
  function bench(settings: { groupInstanceId?: string; topics?: string[] | string } = {}) {
    const cluster = new FakeCluster();
    const events: string[] = [];
    const failures: KafkaError[] = [];
    let owned: TopicPartition[] = [];
    /** While this waits, the loop or a hook has not finished yet. */
    const gate: { revoking: Promise<void> } = { revoking: Promise.resolve() };
    const names = (list: readonly TopicPartition[]) =>
      list.map(({ partition }) => partition).join();
    const host = {
      owned: () => owned,
      revoke: async (going: readonly TopicPartition[]) => {
        events.push(`revoke ${names(going)}`);
        await gate.revoking;
        if (membership.identity() === undefined) throw new KafkaError('POLL_TIMEOUT');
        owned = owned.filter((each) =>
          going.every(({ partition }) => partition !== each.partition),
        );
        events.push('revoked');
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
      failed: (error: KafkaError) => {
        failures.push(error);
        events.push(`failed ${error.code}`);
      },
      troubled: (error: KafkaError) => void events.push(error.code),
    };
    const membership: ConsumerMembership = new ConsumerMembership(
      cluster as unknown as Cluster,
      {
        groupId: 'g',
        groupInstanceId: settings.groupInstanceId ?? null,
        topics: settings.topics ?? ['orders'],
        groupRemoteAssignor: null,
        rebalanceTimeoutMs: 60_000,
        rackId: 'r1',
      },
      host,
    );
    membership.start();
    return { cluster, membership, events, failures, gate };
  }

  const api = 'ConsumerGroupHeartbeat';
  const topicId = 'AAAAAAAAAAAAAAAAAAAABB';

  /** What the coordinator answers: an epoch, and an assignment where it has changed. */
  function answer(memberEpoch: number, partitions?: number[]) {
    const topicPartitions = partitions?.length === 0 ? [] : [{ topicId, partitions }];
    return {
      errorCode: 0,
      errorMessage: null,
      memberId: 'me',
      memberEpoch,
      heartbeatIntervalMs: 1000,
      assignment: partitions === undefined ? null : { topicPartitions },
    };
  }

  const refusal = (code: ErrorCode, errorMessage: string | null = null) => ({
    errorCode: errnoOf(code),
    errorMessage,
    memberId: null,
    memberEpoch: 0,
    heartbeatIntervalMs: 0,
    assignment: null,
  });

  async function answered(cluster: FakeCluster, response: object): Promise<Call['input']> {
    const call = await cluster.next(api);
    call.answer(response);
    await rest();
    return call.input;
  }

  /** The heartbeat after the interval. */
  async function later(cluster: FakeCluster, response: object): Promise<Call['input']> {
    await cluster.clock.advance(1000);
    return await answered(cluster, response);
  }

  const held = (...partitions: number[]) => [{ topicId, partitions }];

  test('joins at epoch 0 saying everything, and then only what has changed', async () => {
    const { cluster, membership, events } = bench();
    expect(membership.identity()).toBeUndefined();
    expect(await answered(cluster, answer(2, [0, 1]))).toEqual({
      groupId: 'g',
      memberId: 'me',
      memberEpoch: 0,
      instanceId: null,
      rackId: 'r1',
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: ['orders'],
      serverAssignor: null,
      topicPartitions: [],
    });
    expect(events).toEqual(['assigned 0,1']);
    const short = { groupId: 'g', memberId: 'me', memberEpoch: 2, instanceId: null };
    expect(await answered(cluster, answer(2))).toEqual({ ...short, topicPartitions: held(0, 1) });
    expect(await later(cluster, answer(2))).toEqual(short);
    expect(membership.phase).toBe('stable');
    expect(membership.identity()).toMatchObject({ generationId: 2, isEpoch: true });
    expect(membership.lastHeartbeatAt).toBe(1000);
  });

  test('heartbeats go on while a revocation waits; its end is acknowledged', async () => {
    const { cluster, membership, events, gate } = bench();
    await answered(cluster, answer(2, [0, 1]));
    await answered(cluster, answer(2));
    let finish = (): void => undefined;
    gate.revoking = new Promise((resolve) => {
      finish = resolve;
    });
    await later(cluster, answer(2, [0]));
    expect(events.at(-1)).toBe('revoke 1');
    expect(membership.phase).toBe('rebalancing');
    expect(await later(cluster, answer(2))).not.toHaveProperty('topicPartitions');
    finish();
    await rest();
    const input = await answered(cluster, answer(3));
    expect(input).toMatchObject({ memberEpoch: 2, topicPartitions: held(0) });
    expect(membership.phase).toBe('stable');
    expect(membership.generationId).toBe(3);
  });

  test('a target that changes during a revocation is reached in two steps', async () => {
    const { cluster, events, gate } = bench();
    await answered(cluster, answer(2, [0, 1]));
    await answered(cluster, answer(2));
    let finish = (): void => undefined;
    gate.revoking = new Promise((resolve) => {
      finish = resolve;
    });
    await later(cluster, answer(2, [0]));
    await later(cluster, answer(3, [0, 2]));
    finish();
    await rest();
    expect(events.slice(1)).toEqual(['revoke 1', 'revoked', 'assigned 0,2']);
    expect(await answered(cluster, answer(3))).toMatchObject({ topicPartitions: held(0) });
    expect(await answered(cluster, answer(3))).toMatchObject({ topicPartitions: held(0, 2) });
  });

  test.each(['FENCED_MEMBER_EPOCH', 'UNKNOWN_MEMBER_ID'] as const)(
    '%s: everything is lost, then the member joins anew by its old id',
    async (code) => {
      const { cluster, membership, events } = bench();
      await answered(cluster, answer(2, [0, 1]));
      await answered(cluster, answer(2));
      await later(cluster, refusal(code));
      expect(membership.identity()).toBeUndefined();
      expect(events).toEqual(['assigned 0,1', code, 'lost 0,1']);
      const input = await answered(cluster, answer(5, [1]));
      expect(input).toMatchObject({ memberId: 'me', memberEpoch: 0, topicPartitions: [] });
      expect(events.at(-1)).toBe('assigned 1');
    },
  );

  test('fenced during a revocation: what was being revoked is lost, too', async () => {
    const { cluster, events, gate } = bench();
    await answered(cluster, answer(2, [0, 1]));
    await answered(cluster, answer(2));
    let finish = (): void => undefined;
    gate.revoking = new Promise((resolve) => {
      finish = resolve;
    });
    await later(cluster, answer(2, [0]));
    await later(cluster, refusal('FENCED_MEMBER_EPOCH'));
    finish();
    await rest();
    expect(events.slice(1)).toEqual(['revoke 1', 'FENCED_MEMBER_EPOCH', 'lost 0,1']);
  });

  test('after a lost answer everything is said again, with what is held', async () => {
    const { cluster, events } = bench();
    await answered(cluster, answer(2, [0, 1]));
    await answered(cluster, answer(2));
    await cluster.clock.advance(1000);
    (await cluster.next(api)).fail(new KafkaError('CONNECTION_CLOSED'));
    await rest();
    expect(cluster.forgotten).toBe(1);
    await cluster.clock.advance(100);
    const input = await answered(cluster, answer(2, [0, 1]));
    expect(input).toMatchObject({
      memberEpoch: 2,
      subscribedTopicNames: ['orders'],
      topicPartitions: held(0, 1),
    });
    expect(events).toEqual(['assigned 0,1']);
  });

  test('partitions of topics not heard of yet are taken when their names are known', async () => {
    const { cluster, events } = bench({ topics: 'ord.*' });
    const nameOf = cluster.topicName;
    cluster.topicName = () => undefined;
    const input = await answered(cluster, answer(1, []));
    expect(input).toMatchObject({ subscribedTopicNames: [], subscribedTopicRegex: 'ord.*' });
    await answered(cluster, answer(1));
    await later(cluster, answer(2, [0]));
    expect(events).toEqual(['assigned ']);
    cluster.topicName = nameOf;
    await cluster.clock.advance(100);
    await rest();
    expect(events).toEqual(['assigned ', 'assigned 0']);
    expect(await answered(cluster, answer(2))).toMatchObject({ topicPartitions: held(0) });
  });

  test('a topic that was created anew is revoked and taken again', async () => {
    const { cluster, events } = bench();
    await answered(cluster, answer(2, [0]));
    await answered(cluster, answer(2));
    const assignment = {
      topicPartitions: [{ topicId: 'AAAAAAAAAAAAAAAAAAAACC', partitions: [0] }],
    };
    await later(cluster, { ...answer(3), assignment });
    expect(events).toEqual(['assigned 0', 'revoke 0', 'revoked', 'assigned 0']);
  });

  test('UNRELEASED_INSTANCE_ID: waits until the other one is gone, and says so once', async () => {
    const { cluster, events } = bench({ groupInstanceId: 'one' });
    await answered(cluster, refusal('UNRELEASED_INSTANCE_ID'));
    await cluster.clock.advance(100);
    await answered(cluster, refusal('UNRELEASED_INSTANCE_ID'));
    await cluster.clock.advance(100);
    expect(await answered(cluster, answer(2, [0]))).toMatchObject({ instanceId: 'one' });
    expect(events).toEqual(['UNRELEASED_INSTANCE_ID', 'assigned 0']);
  });

  test.each([
    'FENCED_INSTANCE_ID',
    'INVALID_REGULAR_EXPRESSION',
    'GROUP_AUTHORIZATION_FAILED',
    'UNSUPPORTED_ASSIGNOR',
    'GROUP_MAX_SIZE_REACHED',
  ] as const)('%s ends the membership', async (code) => {
    const { cluster, membership, events } = bench();
    await answered(cluster, refusal(code, 'because'));
    expect(events).toEqual([`failed ${code}`]);
    const closed = membership.close();
    (await cluster.next(api)).answer(answer(-1));
    await closed;
    expect(cluster.clock.pendingTimers).toBe(0);
  });

  test('a broker without the protocol is named, with what to do', async () => {
    const { cluster, failures } = bench();
    (await cluster.next(api)).fail(new KafkaError('UNSUPPORTED_VERSION', 'no such api'));
    await rest();
    expect(failures).toMatchObject([{ code: 'UNSUPPORTED_VERSION' }]);
    expect(failures[0]?.hint).toContain("groupProtocol: 'classic'");
  });

  test('one that was given up on leaves, and joins again when it is asked', async () => {
    const { cluster, membership, events } = bench();
    await answered(cluster, answer(2, [0]));
    await answered(cluster, answer(2));
    membership.expel();
    expect(await answered(cluster, answer(-1))).toMatchObject({ memberEpoch: -1 });
    expect(events).toEqual(['assigned 0', 'lost 0']);
    expect(membership.phase).toBe('expelled');
    await cluster.clock.advance(5000);
    expect(cluster.open).toEqual([]);
    membership.asked();
    expect(await answered(cluster, answer(4, [0]))).toMatchObject({ memberEpoch: 0 });
  });

  test('a stale epoch is refreshed by a heartbeat at once', async () => {
    const { cluster, membership } = bench();
    await answered(cluster, answer(2, [0]));
    await answered(cluster, answer(2));
    membership.refused(new KafkaError('STALE_MEMBER_EPOCH'));
    await answered(cluster, answer(3));
    expect(membership.identity()).toMatchObject({ generationId: 3 });
  });

  test.each([
    [undefined, -1],
    ['one', -2],
  ])('closing leaves (instance %s: epoch %i) and lets go of everything', async (id, epoch) => {
    const { cluster, membership } = bench(id === undefined ? {} : { groupInstanceId: id });
    await answered(cluster, answer(2, [0]));
    await answered(cluster, answer(2));
    const closed = membership.close();
    expect(await answered(cluster, answer(epoch))).toMatchObject({ memberEpoch: epoch });
    await closed;
    expect(cluster.closedLanes).toEqual(['group-1']);
    expect(cluster.clock.pendingTimers).toBe(0);
    expect(cluster.open).toEqual([]);
  });
});
