// The cluster changes while clients work with it.
import { equal, eventually, expect, fails, take, texts, until } from './scenario.mjs';

async function recreate(scene, topic, partitions = 1) {
  await scene.admin.deleteTopics([topic]);
  await eventually(async () => {
    const all = await scene.admin.listTopics();
    expect(!all.some(({ name }) => name === topic), 'the topic is still there');
  });
  await eventually(() => scene.admin.createTopics([{ name: topic, partitions }]));
}

export const metadata = {
  'partitions that are added are sent to and read': async (scene) => {
    const topic = await scene.topic('added', 2);
    const consumer = scene.consumer({
      groupId: scene.name('added-group'),
      topics: [topic],
      fromBeginning: true,
      metadataMaxAgeMs: 500,
    });
    const records = consumer[Symbol.asyncIterator]();
    const producer = scene.producer();
    await producer.send({ topic, partition: 0, value: 'before' });
    equal(texts(await take(records, 1)), ['before'], 'before');
    await scene.admin.createPartitions([{ topic, count: 5 }]);
    const next = records.next();
    const place = await eventually(() => producer.send({ topic, partition: 4, value: 'after' }));
    equal([place.partition, place.offset], [4, 0], 'place');
    equal((await next).value.value.toString(), 'after', 'after');
    await until(() => consumer.assignment().length === 5, 'all five are assigned');
    await consumer.close();
    await fails('INVALID_PARTITIONS', () => scene.admin.createPartitions([{ topic, count: 3 }]));
  },

  'a topic that is deleted and created again takes idempotent records': async (scene) => {
    const topic = await scene.topic('again');
    const producer = scene.producer();
    for (let n = 0; n < 3; n++) await producer.send({ topic, value: `${n}` });
    await recreate(scene, topic);
    const { offset } = await producer.send({ topic, value: 'anew' });
    equal(offset, 0, 'offset in the new topic');
    equal((await producer.send({ topic, value: 'more' })).offset, 1, 'next offset');
    await producer.close();
  },

  'a consumer goes on with the topic that is created again': async (scene) => {
    const topic = await scene.topic('reborn');
    const consumer = scene.consumer({
      topics: [topic],
      offsetReset: 'earliest',
      metadataMaxAgeMs: 500,
    });
    const records = consumer[Symbol.asyncIterator]();
    await scene.send(topic, ['a', 'b', 'c']);
    equal(texts(await take(records, 3)), ['a', 'b', 'c'], 'before');
    const next = records.next();
    await recreate(scene, topic);
    await eventually(() => scene.send(topic, ['anew']));
    equal((await next).value.value.toString(), 'anew', 'after');
    await consumer.close();
  },

  'a topic that does not exist is named in the error, soon': async (scene) => {
    const producer = scene.producer({ maxBlockMs: 1000 });
    const missing = 'not a topic';
    const error = await producer.send({ topic: missing, value: 'x' }).catch((reason) => reason);
    expect(/not a topic/.test(error.message), error.message);
    await producer.close();
  },

  'partitions move to other leaders and everything goes on': {
    needs: 'three nodes',
    run: async (scene) => {
      const topic = scene.name('moving');
      const replicaAssignment = [[1, 2, 3]];
      await scene.admin.createTopics([{ name: topic, replicaAssignment }]);
      const consumer = scene.consumer({ topics: [topic], fromBeginning: true });
      const records = consumer[Symbol.asyncIterator]();
      const producer = scene.producer();
      for (const leader of [1, 2, 3, 1]) {
        const replicas = [leader, ...[1, 2, 3].filter((id) => id !== leader)];
        await scene.kafka.send(
          'AlterPartitionReassignments',
          {
            timeoutMs: 30_000,
            topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas }] }],
          },
          'controller',
        );
        await eventually(async () => {
          await scene.kafka.send(
            'ElectLeaders',
            {
              electionType: 0,
              timeoutMs: 30_000,
              topicPartitions: [{ topic, partitions: [0] }],
            },
            'controller',
          );
          const [{ partitions }] = await scene.admin.describeTopics([topic]);
          equal(partitions[0].leader, leader, 'leader');
        });
        await producer.send({ topic, value: `by ${leader}` });
        equal(texts(await take(records, 1)), [`by ${leader}`], 'record');
      }
      await consumer.close();
      await producer.close();
    },
  },

  'a consumer reads from the replica in its own rack': {
    needs: 'three nodes',
    run: async (scene) => {
      const topic = scene.name('racks');
      await scene.admin.createTopics([{ name: topic, replicaAssignment: [[1, 2, 3]] }]);
      await scene.send(topic, ['a', 'b', 'c']);
      // Rack c is that of node 3, which does not lead.
      const options = { rackId: 'c', fetchMaxWaitMs: 100 };
      equal(texts(await scene.readAll(topic, 3, options)), ['a', 'b', 'c'], 'records');
    },
  },
};
