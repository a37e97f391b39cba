// Groups of the classic protocol and of KIP-848's, and their offsets.
import { commit, heartbeat, join, makeTopic, noSuchId, offsets, sync, zeroId } from './bodies.mjs';

const beat = (groupId, memberId, generationId, instance = null) => ({
  groupId,
  generationId,
  memberId,
  groupInstanceId: instance,
});
const leave = (groupId, memberId, instance = null) => ({
  groupId,
  members: [{ memberId, groupInstanceId: instance, reason: null }],
});
const one = 'one';
const two = 'two';

export const scripts = {
  async 'joining a classic group'(script) {
    await makeTopic(script, 't', { partitions: 4 });
    await script.until(
      'FindCoordinator',
      4,
      { keyType: 0, coordinatorKeys: ['c'] },
      ({ coordinators }) => coordinators[0].errorCode === 0,
    );
    const ask = (step, api, version, body, options) =>
      script.ask(step, api, version, body, options);
    await ask('no group id', 'JoinGroup', 9, join('', ''));
    await ask(
      'a session that is too short',
      'JoinGroup',
      9,
      join('c', '', { sessionTimeoutMs: 1 }),
    );
    await ask(
      'a session that is too long',
      'JoinGroup',
      9,
      join('c', '', { sessionTimeoutMs: 9e6 }),
    );
    await ask('an unknown member', 'JoinGroup', 9, join('c', 'stranger'));
    const first = await ask('without an id', 'JoinGroup', 9, join('c', ''));
    const { memberId } = first;
    await ask('with it', 'JoinGroup', 9, join('c', memberId));
    await ask('heartbeat before the assignment', 'Heartbeat', 4, beat('c', memberId, 1));
    await ask('sync', 'SyncGroup', 5, sync('c', memberId, 1, { members: [memberId] }));
    await ask('sync again', 'SyncGroup', 5, sync('c', memberId, 1, { members: [memberId] }));
    await ask(
      'sync of another protocol',
      'SyncGroup',
      5,
      sync('c', memberId, 1, { protocol: 'x' }),
    );
    await ask('sync of another type', 'SyncGroup', 5, sync('c', memberId, 1, { type: 'connect' }));
    await ask('sync of another generation', 'SyncGroup', 5, sync('c', memberId, 9));
    await ask('heartbeat', 'Heartbeat', 4, beat('c', memberId, 1));
    await ask('heartbeat of another generation', 'Heartbeat', 4, beat('c', memberId, 2));
    await ask('heartbeat of a stranger', 'Heartbeat', 4, beat('c', 'stranger', 1));
    await ask('heartbeat of no group', 'Heartbeat', 4, beat('nowhere', memberId, 1));
    await ask('another type joins', 'JoinGroup', 9, join('c', '', { type: 'connect' }));
    const other = await script.quietly('JoinGroup', 9, join('c', ''), { connection: two });
    await ask(
      'another protocol joins',
      'JoinGroup',
      9,
      join('c', other.memberId, { protocol: 'x' }),
      {
        connection: two,
      },
    );
    await ask(
      'described',
      'DescribeGroups',
      5,
      { groups: ['c'], includeAuthorizedOperations: false },
      {
        keep: ({ groups }) =>
          groups.map(({ errorCode, groupState, protocolType, protocolData, members }) => [
            errorCode,
            groupState,
            protocolType,
            protocolData,
            members.length,
          ]),
      },
    );
    await ask('deleted while it is at work', 'DeleteGroups', 2, { groupsNames: ['c'] });
    await ask('a stranger leaves', 'LeaveGroup', 5, leave('c', 'stranger'));
    await ask('leaves', 'LeaveGroup', 5, leave('c', memberId));
    await ask('heartbeat afterwards', 'Heartbeat', 4, beat('c', memberId, 1));
    const described = { groups: ['c'], includeAuthorizedOperations: false };
    await script.until(
      'DescribeGroups',
      5,
      described,
      ({ groups: [group] }) => group.groupState === 'Empty',
    );
    await ask('described when empty', 'DescribeGroups', 5, {
      groups: ['c', 'nowhere'],
      includeAuthorizedOperations: false,
    });
    await ask('deleted when empty', 'DeleteGroups', 2, { groupsNames: ['c', 'nowhere'] });
  },

  async 'a rebalance'(script) {
    const enter = async (connection) => {
      const { memberId } = await script.quietly('JoinGroup', 9, join('r', ''), { connection });
      return memberId;
    };
    const a = await enter(one);
    await script.ask('one joins', 'JoinGroup', 9, join('r', a));
    await script.quietly('SyncGroup', 5, sync('r', a, 1, { members: [a] }));
    const b = await enter(two);
    const joining = script.ask('two joins', 'JoinGroup', 9, join('r', b), { connection: two });
    await script.until('Heartbeat', 4, beat('r', a, 1), ({ errorCode }) => errorCode === 27);
    await script.ask(
      'a commit in between',
      'OffsetCommit',
      8,
      commit('r', 't', { member: a, generation: 1 }),
    );
    // Members stand in no order.
    const keep = ({ errorCode, generationId, leader, members }) => [
      errorCode,
      generationId,
      leader === a,
      members.map(({ memberId }) => [a, b].indexOf(memberId)).sort((x, y) => x - y),
    ];
    await script.ask('one joins again', 'JoinGroup', 9, join('r', a), { keep });
    await joining;
    const waiting = script.ask('two waits for its part', 'SyncGroup', 5, sync('r', b, 2), {
      connection: two,
    });
    await script.ask(
      'a commit before the parts',
      'OffsetCommit',
      8,
      commit('r', 't', { member: a, generation: 2 }),
    );
    await script.ask('one gives the parts', 'SyncGroup', 5, sync('r', a, 2, { members: [a, b] }));
    await waiting;
    await script.ask(
      'a commit of the old generation',
      'OffsetCommit',
      8,
      commit('r', 't', { member: a, generation: 1 }),
    );
    await script.ask('two leaves', 'LeaveGroup', 5, leave('r', b), { connection: two });
    await script.ask('one hears of it', 'Heartbeat', 4, beat('r', a, 2));
    await script.ask('one leaves', 'LeaveGroup', 5, leave('r', a));
  },

  async 'static members'(script) {
    const joined = await script.ask('joins', 'JoinGroup', 9, join('s', '', { instance: 'i' }));
    const a = joined.memberId;
    await script.ask('sync', 'SyncGroup', 5, sync('s', a, 1, { instance: 'i', members: [a] }));
    const again = await script.ask(
      'starts again',
      'JoinGroup',
      9,
      join('s', '', { instance: 'i' }),
    );
    const b = again.memberId;
    await script.ask('the old one is fenced', 'Heartbeat', 4, beat('s', a, 1, 'i'));
    await script.ask(
      'the old one commits',
      'OffsetCommit',
      8,
      commit('s', 't', { member: a, generation: 1, instance: 'i' }),
    );
    await script.ask('the new one goes on', 'Heartbeat', 4, beat('s', b, 1, 'i'));
    await script.ask('an unknown instance', 'Heartbeat', 4, beat('s', b, 1, 'j'));
    await script.ask('the new one syncs', 'SyncGroup', 5, sync('s', b, 1, { instance: 'i' }));
    await script.ask('the old one is sent away', 'LeaveGroup', 5, leave('s', a, 'i'));
    await script.ask('sent away by its instance', 'LeaveGroup', 5, leave('s', '', 'i'));
  },

  async 'committed offsets'(script) {
    const ask = (step, version, body) => script.ask(step, 'OffsetCommit', version, body);
    await ask('by nobody', 8, commit('o', 't'));
    await ask('by a stranger', 8, commit('o', 't', { member: 'x', generation: 3 }));
    await ask('for an unknown topic', 8, commit('o', 'nowhere'));
    await ask('for an unknown partition', 8, commit('o', 't', { index: 99 }));
    await ask('with long metadata', 8, commit('o', 't', { metadata: 'x'.repeat(5000) }));
    await ask('without a group id', 8, commit('', 't'));
    await ask('by an unknown id', 10, commit('o', '', { topicId: noSuchId }));
    const fetched = (step, version, body) => script.ask(step, 'OffsetFetch', version, body);
    const of = (name, ...partitionIndexes) => ({ name, topicId: zeroId, partitionIndexes });
    await fetched('all', 8, offsets('o', null));
    await fetched('some', 8, offsets('o', [of('t', 0, 1, 99), of('nowhere', 0)]));
    await fetched('of an unknown group', 8, offsets('nowhere', [of('t', 0)]));
    await fetched('of a stranger', 9, offsets('o', null, { member: 'x', epoch: 3 }));
    await fetched('stable', 8, offsets('o', null, { stable: true }));
    const remove = (step, groupId, name, ...indexes) =>
      script.ask(step, 'OffsetDelete', 0, {
        groupId,
        topics: [{ name, partitions: indexes.map((partitionIndex) => ({ partitionIndex })) }],
      });
    await remove('deleted', 'o', 't', 0, 1);
    await remove('deleted of an unknown topic', 'o', 'nowhere', 0);
    await remove('deleted of an unknown group', 'nowhere', 't', 0);
    await fetched('all afterwards', 8, offsets('o', null));
  },

  async 'the protocol of KIP-848'(script) {
    const keep = ({ errorCode, memberEpoch, assignment }) => [
      errorCode,
      memberEpoch,
      assignment?.topicPartitions.map(({ partitions }) => partitions.length) ?? null,
    ];
    const ask = (step, body) => script.ask(step, 'ConsumerGroupHeartbeat', 1, body, { keep });
    const [a, b] = ['mmmmmmmmmmmmmmmmmmmmmA', 'mmmmmmmmmmmmmmmmmmmmmQ'];
    await ask('no group id', heartbeat('', a, 0));
    await ask('no member id', heartbeat('k', '', 0));
    await ask('no time-out', heartbeat('k', a, 0, { rebalanceTimeoutMs: -1 }));
    await ask('no subscription', heartbeat('k', a, 0, { topics: null }));
    await ask('an unknown assignor', heartbeat('k', a, 0, { assignor: 'sticky' }));
    await ask(
      'partitions at once',
      heartbeat('k', a, 0, { owned: [{ topicId: noSuchId, partitions: [0] }] }),
    );
    await ask('a bad expression', heartbeat('k', a, 0, { topics: [], regex: '[' }));
    await ask('an epoch of nothing', heartbeat('k', a, -3));
    await ask('an unknown group goes on', heartbeat('k', a, 5));
    await ask('joins', heartbeat('k', a, 0));
    await ask('an unknown member goes on', heartbeat('k', b, 1));
    await ask('a member from the future', heartbeat('k', a, 99));
    await ask('leaves', heartbeat('k', a, -1, { topics: null }));
    await ask('and leaves again', heartbeat('k', a, -1, { topics: null }));
    await ask('a static one joins', heartbeat('k', a, 0, { instance: 'i' }));
    await ask('another takes its name', heartbeat('k', b, 0, { instance: 'i' }));
    await ask('it goes away for a while', heartbeat('k', a, -2, { instance: 'i', topics: null }));
    await ask('another comes in its place', heartbeat('k', b, 0, { instance: 'i' }));
    await ask('the first is fenced', heartbeat('k', a, 1, { instance: 'i' }));
    const commits = (step, more) =>
      script.ask(step, 'OffsetCommit', 9, commit('k', 't', { member: b, ...more }));
    await commits('a commit of an old epoch', { generation: 0 });
    await commits('a commit from the future', { generation: 99 });
    await commits('a commit of a stranger', { member: 'stranger', generation: 1 });
    await script.ask(
      'a classic one of another protocol',
      'JoinGroup',
      9,
      join('k', '', { type: 'connect' }),
    );
    await script.ask(
      'described',
      'ConsumerGroupDescribe',
      1,
      {
        groupIds: ['nowhere', ''],
        includeAuthorizedOperations: false,
      },
      {
        keep: ({ groups }) =>
          groups.map(({ groupId, errorCode }) => `${groupId} ${errorCode}`).sort(),
      },
    );
    await ask('the last one leaves', heartbeat('k', b, -1, { topics: null, instance: 'i' }));
  },
};
