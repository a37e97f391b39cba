import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  deletedOffsets,
  groupList,
  groupMembers,
  groupOffsets,
  groupState,
  newOffsets,
  partitionLine,
  topicLine,
} from './layout.js';

/** Printed by the tools of Apache Kafka 4.3.1, one section for each. */
const expected = new Map(
  readFileSync(new URL('layout.expected.txt', import.meta.url), 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end + 1)];
    }),
);

const idle = {
  group: 'g1',
  topic: 'orders',
  partition: 0,
  leaderEpoch: undefined,
  current: 0,
  end: 0,
  consumerId: undefined,
  host: undefined,
  clientId: undefined,
};
const consumerId = 'console-consumer-030985e9-6553-4c96-8dc3-52ce73aaedd9';

describe('the layouts of Apache', () => {
  test('of the offsets of a group', () => {
    const rows = [idle, { ...idle, partition: 4, current: 1, end: 2 }];
    expect(groupOffsets(rows, false)).toBe(expected.get('offsets of a group without members'));
    const member = { consumerId, host: '/127.0.0.1', clientId: 'cc' };
    const live = { ...idle, ...member, topic: 'live', leaderEpoch: 0 };
    expect(groupOffsets([live], true)).toBe(expected.get('offsets, verbose'));
  });

  test('of members', () => {
    const row = {
      group: 'g2',
      consumerId,
      groupInstanceId: undefined,
      host: '/127.0.0.1',
      clientId: 'console-consumer',
      assignment: [['live', [0, 1]]] as const,
    };
    expect(groupMembers([row], false)).toBe(expected.get('members'));
    expect(groupMembers([row], true)).toBe(expected.get('members, verbose'));
  });

  test('of the state', () => {
    const row = {
      group: 'g2',
      coordinator: '127.0.0.1:39092',
      coordinatorId: 1,
      assignor: 'range',
      state: 'Stable',
      members: 1,
    };
    expect(groupState(row, false)).toBe(expected.get('state'));
    expect(groupState({ ...row, assignor: '' }, true)).toBe(expected.get('state, verbose'));
  });

  test('of a list of groups', () => {
    const rows = [{ group: 'g2', type: 'classic', state: 'Stable' }];
    expect(groupList(rows, { type: false, state: false })).toBe('g2\n');
    expect(groupList(rows, { type: false, state: true })).toBe(
      'GROUP                     STATE               \n' +
        'g2                        Stable              \n',
    );
    expect(groupList(rows, { type: true, state: true })).toBe(
      'GROUP                     TYPE                 STATE               \n' +
        'g2                        Classic              Stable              \n',
    );
  });

  test('of new and of deleted offsets', () => {
    expect(newOffsets([{ group: 'g1', topic: 'orders', partition: 0, offset: 7 }])).toBe(`
GROUP           TOPIC           PARTITION  NEW-OFFSET
g1              orders          0          7
`);
    expect(deletedOffsets([{ topic: 'live', partition: 0, status: 'Successful' }])).toBe(
      '\nTOPIC           PARTITION  STATUS         \nlive            0          Successful     \n',
    );
  });

  test('of a topic and its partitions', () => {
    const partition = {
      partition: 0,
      leader: 1,
      replicas: [1],
      isr: [1],
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    };
    const topic = {
      name: 'orders',
      topicId: 'DXRAC9EIROO_JoRDElC--w',
      partitions: [partition],
      configs: ['min.insync.replicas=1', 'retention.ms=1000000'],
    };
    const text = topicLine(topic) + partitionLine('orders', partition);
    expect(text).toBe(expected.get('topic'));
  });
});
