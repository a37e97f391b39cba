// Topics, offsets and log levels by Admin against a scripted broker.
import { beforeAll, describe, expect, test } from 'vitest';
import { alterConfigs } from '../../src/client/admin/configs.js';
import { listOffsets } from '../../src/client/admin/offsets.js';
import { createPartitions, createTopics, deleteTopics } from '../../src/client/admin/topics.js';
import type { Cluster } from '../../src/client/cluster/index.js';
import { itemResults } from '../../src/client/admin/index.js';
import { type ApiName, loadApi } from '../../src/protocol/index.js';
import type { FakeBroker } from './fake-broker.js';
import { FakeCluster, finished } from './fake-cluster.js';

const loaded: readonly ApiName[] = [
  ...(['CreateTopics', 'DeleteTopics', 'CreatePartitions', 'ListOffsets'] as const),
  'IncrementalAlterConfigs',
];

beforeAll(async () => {
  await Promise.all(loaded.map((name) => loadApi(name)));
});

async function fake(brokers = 1) {
  const cluster = await FakeCluster.start(brokers);
  const client = cluster.client();
  client.retain();
  const [broker] = cluster.brokers as [FakeBroker];
  const done = <T>(work: (client: Cluster) => Promise<T>) => finished(cluster.system, work(client));
  return { cluster, broker, handlers: broker.handlers, clock: cluster.system.clock, done };
}

describe('topics', () => {
  test('partitions and replicas are left to the brokers where nothing is said', async () => {
    const { cluster, handlers, done } = await fake();
    handlers.CreateTopics = ({ topics }) => {
      expect(topics).toMatchObject([{ name: 'a', numPartitions: -1, replicationFactor: -1 }]);
      cluster.topic('a', 6);
      const made = { numPartitions: 6, replicationFactor: 3, topicConfigErrorCode: 0 };
      return { topics: [{ name: 'a', errorCode: 0, errorMessage: null, ...made }] };
    };
    const [created] = await done((c) => createTopics(c, [{ name: 'a' }], {}));
    expect(created).toMatchObject({ partitions: 6, replicationFactor: 3 });
  });

  test('those that a quota puts off are asked for again when the throttle is over', async () => {
    const { cluster, handlers, clock, done } = await fake();
    const asked: string[] = [];
    handlers.CreateTopics = ({ topics }) => {
      const names = topics.map(({ name }) => name);
      asked.push(`${names.join('+')} at ${Math.round(clock.monotonic() / 100)}`);
      const isPutOff = asked.length === 1;
      return {
        throttleTimeMs: isPutOff ? 2000 : 0,
        topics: names.map((name) => {
          if (name !== 'b' || !isPutOff) cluster.topic(name);
          const errorCode = name === 'c' ? 36 : name === 'b' && isPutOff ? 89 : 0;
          return { name, errorCode, errorMessage: null, topicConfigErrorCode: 0 };
        }),
      };
    };
    const names = ['a', 'b', 'c'].map((name) => ({ name }));
    const error = await done((c) =>
      createTopics(c, names, {}).then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    );
    // What is done or refused is not asked for again.
    expect(asked).toEqual(['a+b+c at 0', 'b at 20']);
    const codes = itemResults(error).map((result) => result.error?.code ?? null);
    expect(codes).toEqual([null, null, 'TOPIC_ALREADY_EXISTS']);
  });

  test('so are deletions and new partitions, until the time of the call is over', async () => {
    const { handlers, broker, done } = await fake();
    handlers.DeleteTopics = ({ topics }) => ({
      responses: topics.map(({ name }) => ({ name, errorCode: 89 })),
    });
    handlers.CreatePartitions = ({ topics }) => ({
      results: topics.map(({ name }) => ({ name, errorCode: 89, errorMessage: null })),
    });
    const putOff = { code: 'THROTTLING_QUOTA_EXCEEDED', context: { topic: 'a' } };
    const options = { timeoutMs: 3000 };
    const deleted = done((c) => deleteTopics(c, ['a'], options));
    await expect(deleted).rejects.toMatchObject(putOff);
    const grown = done((c) => createPartitions(c, [{ topic: 'a', count: 9 }], options));
    await expect(grown).rejects.toMatchObject(putOff);
    expect(broker.count('DeleteTopics')).toBeGreaterThan(2);
    expect(broker.count('CreatePartitions')).toBeGreaterThan(2);
  });
});

test('brokers are told how long they may look for offsets in slow storage', async () => {
  const { cluster, handlers, done } = await fake();
  cluster.topic('a');
  handlers.ListOffsets = (request) => {
    expect(request.timeoutMs).toBe(30_000);
    const partition = { partitionIndex: 0, errorCode: 0, timestamp: 5, offset: 7, leaderEpoch: 0 };
    return { topics: [{ name: 'a', partitions: [partition] }] };
  };
  const query = { topic: 'a', partition: 0, at: { timestamp: 5 } } as const;
  expect(await done((c) => listOffsets(c, [query], {}))).toMatchObject([{ offset: 7 }]);
});

test('levels of the loggers of a broker are changed at that broker', async () => {
  const { cluster, done } = await fake(2);
  const asked: unknown[] = [];
  for (const [id, { handlers }] of cluster.brokers.entries()) {
    handlers.IncrementalAlterConfigs = ({ resources }) => {
      for (const { resourceType, resourceName, configs } of resources) {
        asked.push([id, resourceType, resourceName, configs]);
      }
      const about = { errorCode: 0, errorMessage: null };
      return {
        responses: resources.map(({ resourceType, resourceName }) => {
          return { ...about, resourceType, resourceName };
        }),
      };
    };
  }
  const set = { 'kafka.server.ReplicaManager': 'DEBUG' };
  await done((c) => alterConfigs(c, [{ type: 'broker-logger', name: '1', set }], {}));
  const config = { name: 'kafka.server.ReplicaManager', configOperation: 0, value: 'DEBUG' };
  expect(asked).toEqual([[1, 8, '1', [config]]]);
});
