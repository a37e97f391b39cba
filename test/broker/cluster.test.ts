import { afterEach, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import type { BrokerOptions } from '../../src/broker/broker-options.js';
import { Kafka } from '../../src/client/index.js';
import { silentLogger, type System } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, only, produceOf, RawClient } from './raw-client.js';

const brokers: Broker[] = [];
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.close();
});

async function startThree(system: System, more: BrokerOptions = {}): Promise<Broker> {
  const broker = await Broker.start({
    listen: '127.0.0.1:9092',
    brokers: 3,
    data: '/d',
    durability: 'memory',
    config: { 'group.initial.rebalance.delay.ms': '0' },
    system,
    logger: silentLogger,
    ...more,
  });
  brokers.push(broker);
  return broker;
}

const portOf = (node: number): number => 9091 + node;
const errno = { notLeader: 6, notEnoughReplicas: 19, notCoordinator: 16, noLeader: 5 } as const;

async function createTopic(
  client: RawClient,
  name: string,
  more: { partitions?: number; replicas?: number; configs?: [string, string][] } = {},
) {
  const { partitions = 3, replicas = 3, configs = [] } = more;
  const answer = await client.send('CreateTopics', 7, {
    topics: [
      {
        name,
        numPartitions: partitions,
        replicationFactor: replicas,
        assignments: [],
        configs: configs.map(([config, value]) => ({ name: config, value })),
      },
    ],
    timeoutMs: 1000,
  });
  return only(answer.topics);
}

const describe = async (client: RawClient, name: string) =>
  only((await client.send('Metadata', 12, { topics: [{ name }] })).topics).partitions;

const produce = async (client: RawClient, name: string, partition = 0, acks = -1) =>
  only(
    only(
      (await client.send('Produce', 10, produceOf(name, batch(['v']), { index: partition, acks })))
        .responses,
    ).partitionResponses,
  );

test('three nodes have ids and ports of their own, and spread leaders and replicas', async () => {
  const system = memorySystem();
  await startThree(system);
  const client = await RawClient.connect(system.net, portOf(2));
  const { brokers: nodes, controllerId } = await client.send('Metadata', 12, { topics: [] });
  expect(nodes.map(({ nodeId, port }) => [nodeId, port])).toEqual([
    [1, 9092],
    [2, 9093],
    [3, 9094],
  ]);
  expect(controllerId).toBe(1);
  expect(await createTopic(client, 't')).toMatchObject({ errorCode: 0, replicationFactor: 3 });
  const partitions = await describe(client, 't');
  expect(new Set(partitions.map(({ leaderId }) => leaderId))).toEqual(new Set([1, 2, 3]));
  for (const { leaderId, replicaNodes, isrNodes } of partitions) {
    expect(replicaNodes[0]).toBe(leaderId);
    expect(new Set(replicaNodes)).toEqual(new Set([1, 2, 3]));
    expect(isrNodes).toEqual(replicaNodes);
  }
  expect(await createTopic(client, 'four', { replicas: 4 })).toMatchObject({ errorCode: 38 });
});

test('only the leader takes records, and whoever asks another is told where it is', async () => {
  const system = memorySystem();
  await startThree(system);
  const clients = await Promise.all(
    [1, 2, 3].map((id) => RawClient.connect(system.net, portOf(id))),
  );
  const [first] = clients;
  if (first === undefined) throw new Error('no client');
  await createTopic(first, 't', { partitions: 1 });
  const [partition] = await describe(first, 't');
  const leader = partition?.leaderId ?? 0;
  for (const [at, client] of clients.entries()) {
    const answer = await client.send('Produce', 10, produceOf('t', batch(['v'])));
    const result = only(only(answer.responses).partitionResponses);
    if (at + 1 === leader) {
      expect(result).toMatchObject({ errorCode: 0, baseOffset: 0 });
      continue;
    }
    expect(result).toMatchObject({
      errorCode: errno.notLeader,
      currentLeader: { leaderId: leader, leaderEpoch: 0 },
    });
    expect(answer.nodeEndpoints).toMatchObject([{ nodeId: leader, port: portOf(leader) }]);
  }
});

test('a node that stops loses its partitions to others in a new epoch, and gets them back', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const client = await RawClient.connect(system.net, portOf(1));
  await createTopic(client, 't', { partitions: 1, configs: [['min.insync.replicas', '2']] });
  await client.send('AlterPartitionReassignments', 1, {
    topics: [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [2, 1, 3] }] }],
  });
  await client.send('ElectLeaders', 2, { electionType: 0, topicPartitions: null });
  expect(await describe(client, 't')).toMatchObject([{ leaderId: 2, replicaNodes: [2, 1, 3] }]);
  const epochBefore = only(await describe(client, 't')).leaderEpoch;
  const gone = await RawClient.connect(system.net, portOf(2));
  expect(await produce(gone, 't')).toMatchObject({ errorCode: 0 });

  await broker.stopNode(2);
  expect(await gone.frame()).toBeUndefined();
  await expect(RawClient.connect(system.net, portOf(2))).rejects.toThrow();
  expect(await describe(client, 't')).toMatchObject([
    { leaderId: 1, leaderEpoch: epochBefore + 1, isrNodes: [1, 3], offlineReplicas: [2] },
  ]);
  expect(await produce(client, 't')).toMatchObject({ errorCode: 0, baseOffset: 1 });

  await broker.stopNode(3);
  expect(await produce(client, 't')).toMatchObject({ errorCode: errno.notEnoughReplicas });
  expect(await produce(client, 't', 0, 1)).toMatchObject({ errorCode: 0, baseOffset: 2 });

  await broker.startNode(2);
  expect(await describe(client, 't')).toMatchObject([{ leaderId: 1, isrNodes: [2, 1] }]);
  const elected = await client.send('ElectLeaders', 2, { electionType: 0, topicPartitions: null });
  expect(only(elected.replicaElectionResults).partitionResult).toMatchObject([{ errorCode: 0 }]);
  expect(await describe(client, 't')).toMatchObject([{ leaderId: 2 }]);
});

test('a partition whose only node stops has no leader until it is back', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const client = await RawClient.connect(system.net, portOf(1));
  await createTopic(client, 't', { partitions: 3, replicas: 1 });
  await broker.stopNode(3);
  const at = (await describe(client, 't')).find(({ replicaNodes }) => replicaNodes.includes(3));
  expect(at).toMatchObject({ errorCode: errno.noLeader, leaderId: -1, isrNodes: [] });
  await broker.startNode(3);
  const back = (await describe(client, 't')).find(({ replicaNodes }) => replicaNodes.includes(3));
  expect(back).toMatchObject({ errorCode: 0, leaderId: 3 });
});

test('a group has one coordinator; others say so, and list only what they coordinate', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const clients = await Promise.all(
    [1, 2, 3].map((id) => RawClient.connect(system.net, portOf(id))),
  );
  const [client] = clients;
  if (client === undefined) throw new Error('no client');
  await createTopic(client, 't');
  const commit = (to: RawClient, groupId: string) =>
    to.send('OffsetCommit', 8, {
      groupId,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [
        {
          name: 't',
          partitions: [{ partitionIndex: 0, committedOffset: 5, committedMetadata: '' }],
        },
      ],
    });
  const where = new Map<string, number>();
  for (const groupId of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const found = await client.send('FindCoordinator', 4, {
      keyType: 0,
      coordinatorKeys: [groupId],
    });
    const { nodeId, port } = only(found.coordinators);
    expect(port).toBe(portOf(nodeId));
    where.set(groupId, nodeId);
    for (const [at, to] of clients.entries()) {
      const answer = only(only((await commit(to, groupId)).topics).partitions);
      expect(answer.errorCode).toBe(at + 1 === nodeId ? 0 : errno.notCoordinator);
    }
  }
  expect(new Set(where.values()).size).toBeGreaterThan(1);
  const listed = new Map<string, number>();
  for (const [at, to] of clients.entries()) {
    for (const { groupId } of (await to.send('ListGroups', 4, {})).groups)
      listed.set(groupId, at + 1);
  }
  expect(listed).toEqual(where);

  const moved = where.get('a') ?? 0;
  await broker.stopNode(moved);
  const witness = clients[moved % 3];
  if (witness === undefined) throw new Error('no client');
  const found = await witness.send('FindCoordinator', 4, { keyType: 0, coordinatorKeys: ['a'] });
  const { nodeId } = only(found.coordinators);
  expect(nodeId).not.toBe(moved);
  const to = clients[nodeId - 1];
  if (to === undefined) throw new Error('no client');
  const fetched = await to.send('OffsetFetch', 8, { groups: [{ groupId: 'a', topics: null }] });
  expect(only(only(only(fetched.groups).topics).partitions).committedOffset).toBe(5);
});

test('replicas, epochs and what moved are the same after a restart, also with fewer nodes', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const client = await RawClient.connect(system.net, portOf(1));
  await createTopic(client, 't', { replicas: 2 });
  await broker.stopNode(1);
  const other = await RawClient.connect(system.net, portOf(2));
  const before = await describe(other, 't');
  await broker.close();

  await startThree(system);
  const again = await RawClient.connect(system.net, portOf(1));
  const after = await describe(again, 't');
  for (const [at, { replicaNodes, leaderEpoch }] of before.entries()) {
    expect(after[at]).toMatchObject({ replicaNodes, leaderId: replicaNodes[0] });
    expect(after[at]?.leaderEpoch).toBeGreaterThanOrEqual(leaderEpoch);
  }
  await brokers.pop()?.close();
  await startThree(system, { brokers: 1 });
  const alone = await RawClient.connect(system.net, portOf(1));
  for (const partition of await describe(alone, 't')) {
    expect(partition).toMatchObject({ leaderId: 1, replicaNodes: [1] });
  }
});

test('producers, transactions and groups of our client live through nodes that stop', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const kafka = new Kafka({ bootstrapServers: '127.0.0.1:9092,127.0.0.1:9093', system });
  const admin = kafka.admin();
  await admin.createTopics([{ name: 't', partitions: 3, replicationFactor: 3 }]);
  const producer = kafka.producer({ lingerMs: 0 });
  const transactional = kafka.producer({ transactionalId: 'tx' });
  const consumer = kafka.consumer({
    groupId: 'g',
    topics: ['t'],
    offsetReset: 'earliest',
    isolationLevel: 'read_committed',
  });
  const seen = new Set<string>();
  const read = async (count: number): Promise<void> => {
    for await (const record of consumer) {
      seen.add(String(record.value));
      if (seen.size >= count) return;
    }
  };
  let sent = 0;
  const round = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await producer.send({ topic: 't', key: `k${i}`, value: `v${sent++}` });
    }
    await transactional.transaction(async (tx) => {
      await tx.send({ topic: 't', key: 'tx', value: `v${sent++}` });
    });
  };
  await round();
  await read(sent);
  for (const id of [1, 2, 3]) {
    await broker.stopNode(id);
    await round();
    await read(sent);
    await broker.startNode(id);
  }
  expect(seen.size).toBe(sent);
  await Promise.all([consumer.close(), producer.close(), transactional.close(), admin.close()]);
});

test('a share partition is served by its leader, and goes on with the next one', async () => {
  const system = memorySystem();
  const broker = await startThree(system);
  const client = await RawClient.connect(system.net, portOf(1));
  const { topicId } = await createTopic(client, 't', { partitions: 1 });
  await broker.groupSettings.configure('g', { 'share.auto.offset.reset': 'earliest' });
  const coordinator = await client.send('FindCoordinator', 6, {
    keyType: 0,
    coordinatorKeys: ['g'],
  });
  const { port } = only(coordinator.coordinators);
  const toCoordinator = await RawClient.connect(system.net, port);
  const member = { groupId: 'g', memberId: 'm' };
  const joining = { ...member, memberEpoch: 0, subscribedTopicNames: ['t'] };
  const joined = await toCoordinator.send('ShareGroupHeartbeat', 1, joining);
  expect(only(joined.assignment?.topicPartitions)).toMatchObject({ topicId, partitions: [0] });
  const leader = only(await describe(client, 't')).leaderId;
  const toLeader = await RawClient.connect(system.net, portOf(leader));
  await produce(toLeader, 't');
  const fetch = async (by: RawClient) => {
    const partitions = [{ partitionIndex: 0, acknowledgementBatches: [] }];
    return await by.send('ShareFetch', 2, {
      ...member,
      shareSessionEpoch: 0,
      maxWaitMs: 0,
      minBytes: 1,
      maxRecords: 10,
      batchSize: 10,
      topics: [{ topicId, partitions }],
      forgottenTopicsData: [],
    });
  };
  const other = 1 + (leader % 3);
  const toOther = await RawClient.connect(system.net, portOf(other));
  const refused = await fetch(toOther);
  expect(only(only(refused.responses).partitions)).toMatchObject({
    errorCode: errno.notLeader,
    currentLeader: { leaderId: leader },
  });
  expect(only(refused.nodeEndpoints)).toMatchObject({ nodeId: leader, port: portOf(leader) });
  const given = only(only((await fetch(toLeader)).responses).partitions);
  expect(only(given.acquiredRecords)).toMatchObject({ firstOffset: 0, deliveryCount: 1 });
  await broker.stopNode(leader);
  const next = only(await describe(leader === 1 ? toOther : client, 't')).leaderId;
  expect(next).not.toBe(leader);
  const again = only(
    only((await fetch(await RawClient.connect(system.net, portOf(next)))).responses).partitions,
  );
  // The session has ended with its connection, so that the record is free.
  expect(only(again.acquiredRecords)).toMatchObject({ firstOffset: 0, deliveryCount: 2 });
});

test('the state of a share partition is kept by one node; others say so', async () => {
  const system = memorySystem();
  await startThree(system);
  const clients = await Promise.all(
    [1, 2, 3].map((id) => RawClient.connect(system.net, portOf(id))),
  );
  const [client] = clients;
  if (client === undefined) throw new Error('no client');
  const { topicId } = await createTopic(client, 't', { partitions: 6 });
  const keepers = new Set<number>();
  for (let partition = 0; partition < 6; partition++) {
    const coordinatorKeys = [`g:${topicId}:${partition}`];
    const found = await client.send('FindCoordinator', 6, { keyType: 2, coordinatorKeys });
    const { nodeId } = only(found.coordinators);
    keepers.add(nodeId);
    const topics = [{ topicId, partitions: [{ partition, stateEpoch: 1, startOffset: 0 }] }];
    for (const [at, to] of clients.entries()) {
      const { results } = await to.send('InitializeShareGroupState', 0, { groupId: 'g', topics });
      const { errorCode, errorMessage } = only(only(results).partitions);
      const isKeeper = at + 1 === nodeId;
      expect([errorCode, errorMessage]).toEqual(
        isKeeper
          ? [0, null]
          : [
              errno.notCoordinator,
              'Unable to initialize share group state: This is not the correct coordinator.',
            ],
      );
    }
  }
  expect(keepers.size).toBeGreaterThan(1);
});
