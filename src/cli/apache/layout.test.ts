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

// The expected texts were printed by the tools of Apache Kafka 4.3.1.
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
  test('of the offsets of a group without members', () => {
    const rows = [idle, { ...idle, partition: 4, current: 1, end: 2 }];
    expect(groupOffsets(rows, false)).toBe(`
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
g1              orders          0          0               0               0               -               -               -
g1              orders          4          1               2               1               -               -               -
`);
  });

  test('of the offsets of a group with members, verbose', () => {
    const live = { ...idle, topic: 'live', consumerId, host: '/127.0.0.1', clientId: 'cc' };
    expect(groupOffsets([{ ...live, leaderEpoch: 0 }], true)).toBe(`
GROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                           HOST            CLIENT-ID
g1              live            0          0               0               0               0               ${consumerId} /127.0.0.1      cc
`);
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
    expect(groupMembers([row], false)).toBe(
      [
        '',
        'GROUP           CONSUMER-ID                                           HOST            CLIENT-ID        #PARTITIONS     ',
        `g2              ${consumerId} /127.0.0.1      console-consumer 2               `,
        '',
      ].join('\n'),
    );
    expect(groupMembers([row], true)).toBe(
      [
        '',
        'GROUP           CONSUMER-ID                                           HOST            CLIENT-ID        #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   ',
        `g2              ${consumerId} /127.0.0.1      console-consumer 2               -               live:0,1             -               -                   `,
        '',
      ].join('\n'),
    );
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
    expect(groupState(row, false)).toBe(`
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
g2              127.0.0.1:39092  (1)      range                Stable               1
`);
    expect(groupState({ ...row, assignor: '' }, true)).toBe(`
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS
g2              127.0.0.1:39092  (1)      -                    Stable               -               -                         1
`);
  });

  test('of a list of groups', () => {
    const rows = [{ group: 'g2', type: 'Classic', state: 'Stable' }];
    expect(groupList(rows, { type: false, state: false })).toBe('g2\n');
    expect(groupList(rows, { type: false, state: true })).toBe(
      'GROUP                     STATE               \ng2                        Stable              \n',
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
    expect(topicLine(topic)).toBe(
      'Topic: orders\tTopicId: DXRAC9EIROO_JoRDElC--w\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: min.insync.replicas=1,retention.ms=1000000\n',
    );
    expect(partitionLine('orders', partition)).toBe(
      '\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n',
    );
  });
});
