// Topics, configs, offsets, groups and raw requests, as an administrator uses them.
import { equal, eventually, expect, fails } from './scenario.mjs';

export const admin = {
  'describes the cluster': async ({ admin }) => {
    const { clusterId, brokers } = await admin.describeCluster();
    expect(clusterId && brokers.length > 0, 'no cluster id or no brokers');
    const versions = await admin.apiVersions();
    const { finalized } = await admin.describeFeatures();
    expect(finalized !== undefined, 'no finalized features');
    return `${brokers.length} brokers, ${versions.length} APIs`;
  },

  'creates a topic, lists and describes it': async ({ admin, name }) => {
    const topic = name('made');
    const configs = { 'retention.ms': '-1' };
    await admin.createTopics([{ name: topic, partitions: 3 }], { validateOnly: true });
    const [made] = await admin.createTopics([{ name: topic, partitions: 3, configs }]);
    equal(made.partitions, 3, 'partitions');
    await eventually(async () => {
      const listed = (await admin.listTopics()).find((each) => each.name === topic);
      equal(listed?.partitions, 3, 'listed partitions');
    });
    const [described] = await eventually(() => admin.describeTopics([topic]));
    equal(described.id, made.id, 'topic id');
    expect(
      described.partitions.every(({ leader }) => leader >= 0),
      'a partition has no leader',
    );
    await fails('TOPIC_ALREADY_EXISTS', () => admin.createTopics([{ name: topic }]));
    await fails('INVALID_TOPIC_EXCEPTION', () => admin.createTopics([{ name: 'not a name' }]));
    await fails('UNKNOWN_TOPIC_OR_PARTITION', () => admin.describeTopics([name('missing')]));
  },

  'describes and changes configs': async ({ admin, topic }) => {
    const name = await topic('configs', 1, { 'retention.ms': '-1' });
    const valueOf = async () => {
      const [found] = await admin.describeConfigs([{ type: 'topic', name }]);
      return found.entries.find((entry) => entry.name === 'retention.ms');
    };
    const before = await eventually(valueOf);
    equal([before.value, before.source, before.isDefault], ['-1', 'topic', false], 'retention.ms');
    await admin.alterConfigs([{ type: 'topic', name, set: { 'retention.ms': 3_600_000 } }]);
    await eventually(async () => equal((await valueOf()).value, '3600000', 'retention.ms'));
    await admin.alterConfigs([{ type: 'topic', name, delete: ['retention.ms'] }]);
    await eventually(async () => {
      expect((await valueOf()).source !== 'topic', 'retention.ms is still set');
    });
    await fails('INVALID_CONFIG', () =>
      admin.alterConfigs([{ type: 'topic', name, set: { 'retention.ms': 'soon' } }]),
    );
  },

  'lists offsets and deletes records': async ({ admin, topic, send }) => {
    const name = await topic('offsets');
    await send(
      name,
      Array.from({ length: 1000 }, (_, n) => `${n}`),
    );
    const at = async (place) =>
      (await admin.listOffsets([{ topic: name, partition: 0, at: place }]))[0].offset;
    equal([await at('earliest'), await at('latest')], [0, 1000], 'ends');
    equal(await at({ timestamp: 0 }), 0, 'offset of the oldest timestamp');
    equal(await at({ timestamp: Date.now() + 1e9 }), -1, 'offset of a future timestamp');
    expect((await at('max-timestamp')) >= 0, 'no record has the largest timestamp');
    const [cut] = await admin.deleteRecords([{ topic: name, partition: 0, offset: 100 }]);
    equal(cut.lowWatermark, 100, 'low watermark');
    equal(await at('earliest'), 100, 'earliest');
    const [a, b] = await admin.listOffsets([
      { topic: name, partition: 0, at: 'earliest' },
      { topic: name, partition: 0, at: 'latest' },
    ]);
    equal([a.offset, b.offset], [100, 1000], 'both ends in one call');
    await fails('OFFSET_OUT_OF_RANGE', () =>
      admin.deleteRecords([{ topic: name, partition: 0, offset: 5000 }]),
    );
  },

  'offsets of a group are set, read and deleted': async ({ admin, topic, name }) => {
    const topicName = await topic('moved', 2);
    const groupId = name('moved-group');
    const place = (partition, offset) => ({ topic: topicName, partition, offset });
    await admin.alterOffsets(groupId, [place(0, 3), { ...place(1, 7), metadata: 'why' }]);
    const found = await admin.fetchOffsets(groupId);
    equal(
      found.map(({ offset, metadata }) => [offset, metadata]),
      [
        [3, ''],
        [7, 'why'],
      ],
      'offsets',
    );
    await eventually(async () => {
      const listed = (await admin.listGroups()).find((group) => group.groupId === groupId);
      equal(listed?.state, 'Empty', 'state');
    });
    await admin.deleteOffsets(groupId, [{ topic: topicName, partition: 0 }]);
    equal((await admin.fetchOffsets(groupId)).length, 1, 'offsets left');
    await admin.deleteGroups([groupId]);
    await fails('GROUP_ID_NOT_FOUND', () => admin.describeGroups([groupId]));
  },

  'a raw request reaches the leader and the coordinator': async ({ kafka, topic }) => {
    const name = await topic('raw');
    const leader = await kafka.send(
      'ListOffsets',
      (version) => ({
        replicaId: -1,
        ...(version >= 2 ? { isolationLevel: 0 } : {}),
        topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
      }),
      { leaderOf: { topic: name, partition: 0 } },
    );
    equal(leader.topics[0].partitions[0].errorCode, 0, 'error code');
    const group = await kafka.send(
      'DescribeGroups',
      { groups: ['nobody'], includeAuthorizedOperations: false },
      { coordinatorOf: { group: 'nobody' } },
    );
    equal(group.groups.length, 1, 'groups');
  },
};
