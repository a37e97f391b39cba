// Calls of Admin about transactions and groups against a scripted broker, as in
// admin-requests.test.ts.
import { beforeAll, describe, expect, test } from 'vitest';
import { describeGroups } from '../../src/client/admin/group-descriptions.js';
import { fetchOffsets } from '../../src/client/admin/group-offsets.js';
import { listGroups, removeMembers } from '../../src/client/admin/groups.js';
import { findHangingTransactions } from '../../src/client/admin/hanging-transactions.js';
import { resetOffsets } from '../../src/client/admin/offset-reset.js';
import { fenceProducers } from '../../src/client/admin/producers.js';
import { describeShareGroupOffsets } from '../../src/client/admin/share-group-offsets.js';
import { abortTransaction, listTransactions } from '../../src/client/admin/transactions.js';
import { codesOf, fake, loadAdminApis } from './admin-calls.js';
import { failure } from './fake-cluster.js';

beforeAll(loadAdminApis);

describe('transactions', () => {
  test('are listed at every coordinator, by what the filters say', async () => {
    const { cluster, done } = await fake(2);
    for (const [id, { handlers }] of cluster.brokers.entries()) {
      handlers.ListTransactions = (request) => {
        expect(request).toMatchObject({ durationFilter: 5, transactionalIdPattern: 'a.*' });
        const state = { producerId: id, transactionState: 'Ongoing' };
        const transactionStates = [{ transactionalId: `a${1 - id}`, ...state }];
        return { errorCode: 0, unknownStateFilters: request.stateFilters, transactionStates };
      };
    }
    const options = { durationMs: 5, transactionalIdPattern: 'a.*' };
    const found = await done((c) => listTransactions(c, options));
    expect(found.map(({ transactionalId, coordinator }) => [transactionalId, coordinator])).toEqual(
      [
        ['a0', 1],
        ['a1', 0],
      ],
    );
    const odd = done((c) => listTransactions(c, { ...options, states: ['Odd'] }));
    expect((await failure(odd)).message).toMatch(/no such states: Odd/);
  });

  test('one hangs when its coordinator does not count the partition in', async () => {
    const { cluster, handlers, done } = await fake();
    cluster.topic('paid');
    const producer = { lastSequence: 0, lastTimestamp: 0, coordinatorEpoch: -1 };
    handlers.DescribeProducers = () => {
      const activeProducers = [1, 2, 3].map((producerId) => {
        return { ...producer, producerId, producerEpoch: 0, currentTxnStartOffset: producerId };
      });
      const partition = { partitionIndex: 0, errorCode: 0, activeProducers };
      return { topics: [{ name: 'paid', partitions: [partition] }] };
    };
    handlers.ListTransactions = ({ producerIdFilters }) => {
      expect(producerIdFilters).toEqual([1, 2, 3]);
      const transactionStates = [1, 2].map((producerId) => {
        return { transactionalId: `t${producerId}`, producerId, transactionState: 'Ongoing' };
      });
      return { errorCode: 0, unknownStateFilters: [], transactionStates };
    };
    handlers.DescribeTransactions = ({ transactionalIds: [id = ''] }) => {
      const state = { transactionState: 'Ongoing', transactionTimeoutMs: 1, producerEpoch: 0 };
      const topics = id === 't1' ? [{ topic: 'paid', partitions: [0] }] : [];
      const producerId = Number(id.slice(1));
      const whole = { errorCode: 0, transactionalId: id, ...state, producerId, topics };
      return { transactionStates: [{ ...whole, transactionStartTimeMs: 1 }] };
    };
    const partitions = [{ topic: 'paid', partition: 0 }];
    const found = await done((c) => findHangingTransactions(c, { partitions }));
    expect(found.map((one) => [one.producerId, one.transactionalId])).toEqual([
      [2, 't2'],
      [3, null],
    ]);
    expect(found[0]).toMatchObject({ coordinatorEpoch: 0, startOffset: 2 });
    handlers.WriteTxnMarkers = ({ markers }) => {
      expect(markers[0]).toMatchObject({ producerId: 2, transactionResult: false });
      const answers = [{ name: 'paid', partitions: [{ partitionIndex: 0, errorCode: 47 }] }];
      return { markers: [{ producerId: 2, topics: answers }] };
    };
    const [hanging] = found;
    if (hanging === undefined) throw new Error('none was found');
    const abort = done((c) => abortTransaction(c, hanging, {}));
    expect((await failure(abort)).code).toBe('INVALID_PRODUCER_EPOCH');
  });

  test('producers are fenced one by one; what fails names its id', async () => {
    const { handlers, done } = await fake();
    handlers.InitProducerId = ({ transactionalId }) => {
      const isGood = transactionalId === 'good';
      return { errorCode: isGood ? 0 : 53, producerId: 7, producerEpoch: 3 };
    };
    expect(await done((c) => fenceProducers(c, ['good'], {}))).toEqual([
      { transactionalId: 'good', producerId: 7, producerEpoch: 3 },
    ]);
    const error = await failure(done((c) => fenceProducers(c, ['bad'], {})));
    expect(error.message).toMatch(/^bad could not be fenced/);
  });
});

describe('groups of every type', () => {
  const unknown = { errorCode: 69, errorMessage: 'another kind' };
  const group = { groupId: 'g', groupEpoch: 2, assignmentEpoch: 1, members: [] };

  test('a group is found by the request of its own type', async () => {
    const { handlers, broker, done } = await fake();
    broker.versionMax.ConsumerGroupDescribe = 1;
    const state = { errorCode: 0, groupState: 'Stable', assignorName: 'simple', ...group };
    const nothing = { ...unknown, groupState: '', assignorName: '', ...group };
    handlers.DescribeGroups = () => {
      const dead = { groupId: 'g', groupState: 'Dead', protocolType: '', protocolData: '' };
      return { groups: [{ errorCode: 0, ...dead, members: [] }] };
    };
    handlers.ConsumerGroupDescribe = () => ({ groups: [nothing] });
    handlers.ShareGroupDescribe = () => ({ groups: [state] });
    handlers.StreamsGroupDescribe = () => ({ groups: [nothing] });
    const member = {
      ...{ memberId: 'm', rackId: 'r1', memberEpoch: 2, clientId: 'c', clientHost: '/h' },
      ...{ subscribedTopicNames: ['orders'], assignment: { topicPartitions: [] } },
    };
    handlers.ShareGroupDescribe = () => ({ groups: [{ ...state, members: [member] }] });
    const [share] = await done((c) => describeGroups(c, ['g'], {}));
    expect(share).toMatchObject({ type: 'share', protocol: 'simple', groupEpoch: 2 });
    expect(share?.members).toMatchObject([{ memberId: 'm', rackId: 'r1', topics: ['orders'] }]);
    handlers.ShareGroupDescribe = () => ({ groups: [nothing] });
    const topology = { epoch: 4, subtopologies: [] };
    handlers.StreamsGroupDescribe = () => ({ groups: [{ ...state, topology }] });
    const [streams] = await done((c) => describeGroups(c, ['g'], {}));
    expect(streams).toMatchObject({ type: 'streams', topology });
    handlers.StreamsGroupDescribe = () => ({ groups: [nothing] });
    const error = await failure(done((c) => describeGroups(c, ['g'], {})));
    expect(error.code).toBe('GROUP_ID_NOT_FOUND');
  });

  test('a listing is narrowed by protocol type', async () => {
    const { handlers, done } = await fake();
    handlers.ListGroups = ({ typesFilter }) => {
      expect(typesFilter).toEqual(['Classic']);
      const one = { groupState: 'Stable', groupType: 'Classic' };
      const groups = ['consumer', 'connect'].map((protocolType) => {
        return { groupId: protocolType, protocolType, ...one };
      });
      return { errorCode: 0, groups };
    };
    const options = { types: ['Classic'], protocolTypes: ['connect'] };
    const found = await done((c) => listGroups(c, options));
    expect(found.map(({ groupId }) => groupId)).toEqual(['connect']);
  });

  test('members are removed by either id, with a reason', async () => {
    const { handlers, done } = await fake();
    handlers.LeaveGroup = ({ members }) => {
      expect(members).toMatchObject([
        { memberId: 'm', groupInstanceId: null, reason: 'moved' },
        { memberId: '', groupInstanceId: 'i' },
      ]);
      const answers = members.map(({ memberId, groupInstanceId }) => {
        return { memberId, groupInstanceId, errorCode: memberId === 'm' ? 0 : 25 };
      });
      return { errorCode: 0, members: answers };
    };
    const members = [{ memberId: 'm' }, { groupInstanceId: 'i' }];
    const work = done((c) => removeMembers(c, 'g', { members, reason: 'moved' }));
    expect(await codesOf(work)).toEqual([null, 'UNKNOWN_MEMBER_ID']);
  });

  test('offsets of a share group: those without a start are left out', async () => {
    const { handlers, done } = await fake();
    handlers.DescribeShareGroupOffsets = ({ groups }) => {
      expect(groups).toMatchObject([{ groupId: 'g', topics: null }]);
      const one = { leaderEpoch: 0, errorCode: 0 };
      const partitions = [
        { partitionIndex: 0, startOffset: 5, lag: 2, ...one },
        { partitionIndex: 1, startOffset: -1, ...one },
      ];
      const topics = [{ topicName: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partitions }];
      return { groups: [{ groupId: 'g', topics, errorCode: 0 }] };
    };
    expect(await done((c) => describeShareGroupOffsets(c, 'g', {}))).toEqual([
      { topic: 'orders', partition: 0, startOffset: 5, leaderEpoch: 0, lag: 2 },
    ]);
  });

  test('committed offsets wait for open transactions where they shall be stable', async () => {
    const { handlers, broker, done } = await fake();
    handlers.OffsetFetch = ({ requireStable }) => {
      expect(requireStable).toBe(true);
      const errorCode = broker.count('OffsetFetch') < 3 ? 88 : 0;
      const one = { partitionIndex: 0, committedOffset: 4, metadata: '', errorCode };
      const topics = [{ name: 'orders', partitions: [one] }];
      return { groups: [{ groupId: 'g', topics, errorCode: 0 }] };
    };
    const [found] = await done((c) => fetchOffsets(c, 'g', { requireStable: true }));
    expect([found?.offset, broker.count('OffsetFetch')]).toEqual([4, 3]);
  });

  test('a reset is planned inside what a partition holds, and carried out', async () => {
    const { cluster, handlers, broker, done } = await fake();
    cluster.topic('orders');
    handlers.OffsetFetch = () => {
      const one = { partitionIndex: 0, committedOffset: 4, metadata: '', errorCode: 0 };
      const topics = [{ name: 'orders', partitions: [one] }];
      return { groups: [{ groupId: 'g', topics, errorCode: 0 }] };
    };
    handlers.ListOffsets = ({ topics }) => ({
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, timestamp }) => {
          const offset = timestamp === -2 ? 3 : timestamp === -1 ? 9 : timestamp === 50 ? 6 : -1;
          return { partitionIndex, errorCode: 0, timestamp: -1, offset, leaderEpoch: 2 };
        }),
      })),
    });
    handlers.OffsetCommit = ({ topics }) => {
      expect(topics[0]?.partitions[0]).toMatchObject({ committedOffset: 3 });
      return { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 0 }] }] };
    };
    const plan = async (to: Parameters<typeof resetOffsets>[2]['to']) => {
      const [one] = await done((c) => resetOffsets(c, 'g', { to, dryRun: true }));
      return [one?.current, one?.offset, one?.wanted];
    };
    expect(await plan('latest')).toEqual([4, 9, null]);
    expect(await plan('current')).toEqual([4, 4, null]);
    expect(await plan({ shiftBy: -3 })).toEqual([4, 3, 1]);
    expect(await plan({ offset: 50 })).toEqual([4, 9, 50]);
    expect(await plan({ timestamp: 50 })).toEqual([4, 6, null]);
    expect(await plan({ durationMs: 1 })).toEqual([4, 9, null]);
    expect(broker.count('OffsetCommit')).toBe(0);
    await done((c) => resetOffsets(c, 'g', { to: 'earliest' }));
    expect(broker.count('OffsetCommit')).toBe(1);
  });
});
