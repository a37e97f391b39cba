import { describe, expect, test } from 'vitest';
import { apis } from '../../src/protocol/index.js';
import { FakeBroker, type Handlers, hangUp } from './fake-broker.js';
import { failure, FakeCluster, finished } from './fake-cluster.js';

describe('metadata', () => {
  test('many callers of one turn share a request, and the next turn needs none', async () => {
    const fake = await FakeCluster.start();
    for (const name of ['a', 'b', 'c']) fake.topic(name, 2);
    const cluster = fake.client();
    await Promise.all(['a', 'b', 'c', 'a'].map((name) => cluster.metadataFor([name])));
    expect(fake.brokers[0]?.count('Metadata')).toBe(1);
    await cluster.metadataFor(['a', 'b', 'c']);
    expect(fake.brokers[0]?.count('Metadata')).toBe(1);
    expect(cluster.topic('b')?.partitions).toHaveLength(2);
    await cluster.close();
  });

  test('a missing topic fails at once, unless it may be created', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    const { code, message } = await failure(cluster.metadataFor(['ghost']));
    expect(code).toBe('UNKNOWN_TOPIC_OR_PARTITION');
    expect(message).toMatch(/ghost does not exist.*createTopics/);
    fake.autoCreate = true;
    const work = cluster.metadataFor(['ghost'], { allowAutoCreate: true });
    const metadata = await finished(fake.system, work);
    expect(metadata.topics.get('ghost')?.partitions).toHaveLength(1);
    await cluster.close();
  });

  test('a topic that never comes is waited for as long as said, and the error says why', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    const work = failure(
      cluster.metadataFor(['ghost'], { allowAutoCreate: true, timeoutMs: 2000 }),
    );
    const { code, message } = await finished(fake.system, work);
    expect(code).toBe('METADATA_TIMEOUT');
    expect(message).toMatch(/within 2000 ms \(ghost: UNKNOWN_TOPIC_OR_PARTITION\)/);
    await cluster.close();
    expect(fake.system.clock.pendingTimers).toBe(0);
  });

  test('is fetched again in the background when it is old, for topics in use', async () => {
    const fake = await FakeCluster.start();
    fake.topic('a');
    const cluster = fake.client({ metadataMaxAgeMs: 60_000 });
    await cluster.metadataFor(['a']);
    fake.topic('a', 4);
    await fake.system.clock.advance(61_000);
    expect(cluster.topic('a')?.partitions).toHaveLength(4);
    await cluster.close();
  });

  test('an answer with an older leader epoch is refused', async () => {
    const fake = await FakeCluster.start(2);
    fake.topic('a');
    const cluster = fake.client();
    fake.log('a').epoch = 5;
    await cluster.metadataFor(['a']);
    fake.log('a').epoch = 4;
    fake.log('a').leader = 1;
    await cluster.refresh(['a']);
    expect(cluster.topic('a')?.partitions[0]).toMatchObject({ leader: 0, leaderEpoch: 5 });
    fake.log('a').epoch = 6;
    await cluster.refresh(['a']);
    expect(cluster.topic('a')?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 6 });
    await cluster.close();
  });

  test('a topic made anew has its epochs from the beginning', async () => {
    const fake = await FakeCluster.start();
    const old = fake.topic('a');
    fake.log('a').epoch = 9;
    const cluster = fake.client();
    await cluster.metadataFor(['a']);
    const made = fake.topic('a');
    await cluster.refresh(['a']);
    expect(cluster.topic('a')).toMatchObject({ id: made.id, partitions: [{ leaderEpoch: 0 }] });
    expect(cluster.topicName(made.id)).toBe('a');
    expect(cluster.topicName(old.id)).toBeUndefined();
    await cluster.close();
  });

  test('a leader named by an answer counts only with a newer epoch and a known address', async () => {
    const fake = await FakeCluster.start(2);
    fake.topic('a');
    const cluster = fake.client();
    await cluster.metadataFor(['a']);
    expect(cluster.leaderHint('a', 0, 1, 0)).toBe(false);
    expect(cluster.leaderHint('a', 0, 77, 3)).toBe(false);
    expect(cluster.leaderHint('a', 0, 1, 3)).toBe(true);
    expect(cluster.topic('a')?.partitions[0]).toMatchObject({ leader: 1, leaderEpoch: 3 });
    await cluster.close();
  });
});

describe('reaching brokers', () => {
  test('the second bootstrap address serves when the first does not', async () => {
    const fake = await FakeCluster.start();
    fake.topic('a');
    const cluster = fake.client({ bootstrapServers: ['nobody:1', 'broker-0:9092'] });
    await cluster.metadataFor(['a']);
    // The connection to the bootstrap address goes on as that of the broker which lives there.
    await cluster.send('ListGroups', {}, { broker: 0 }).catch(() => undefined);
    expect(fake.brokers[0]?.connections).toBe(1);
    await cluster.close();
  });

  test('metadata is fetched anew when a connection breaks, also one made for bootstrap', async () => {
    const fake = await FakeCluster.start(2);
    fake.topic('a');
    const cluster = fake.client({ bootstrapServers: ['broker-0:9092'] });
    cluster.retain();
    await cluster.metadataFor(['a']);
    const [adopted, other] = fake.brokers as [FakeBroker, FakeBroker];
    expect([adopted.count('Metadata'), other.connections]).toEqual([1, 0]);
    fake.log('a').leader = 1;
    fake.log('a').epoch = 1;
    await adopted.stop();
    await finished(
      fake.system,
      waitFor(() => cluster.topic('a')?.partitions[0]?.leader === 1),
    );
    expect(other.count('Metadata')).toBeGreaterThan(0);
    // Not when it had grown old.
    expect(fake.system.clock.monotonic()).toBeLessThan(5000);
    await cluster.close();

    function waitFor(isSo: () => boolean): Promise<void> {
      return new Promise((resolve) => {
        const stop = cluster.onMetadata(() => {
          if (!isSo()) return;
          stop();
          resolve();
        });
      });
    }
  });

  test('nothing is tried any more once the last user has left, also what was under way', async () => {
    const fake = await FakeCluster.start();
    const [broker] = fake.brokers as [FakeBroker];
    fake.topic('a');
    const cluster = fake.client();
    cluster.retain();
    await cluster.metadataFor(['a']);
    await broker.stop();
    // A refresh in the background finds nobody and goes on trying.
    await fake.system.clock.advance(1000);
    cluster.release();
    await fake.system.clock.advance(1000);
    const timers = fake.system.clock.pendingTimers;
    await broker.start();
    const { connections } = broker;
    await fake.system.clock.advance(120_000);
    expect([broker.connections, timers]).toEqual([connections, 0]);
    // And everything is there for the next one.
    cluster.retain();
    await finished(fake.system, cluster.refresh(['a']));
    expect(broker.connections).toBe(connections + 1);
    await cluster.close();
  });

  test('a connection is given longer after each failure', async () => {
    const fake = await FakeCluster.start();
    const given: number[] = [];
    const { net } = fake.system;
    const slow = {
      ...fake.system,
      net: {
        listen: net.listen.bind(net),
        connect: (target: Parameters<typeof net.connect>[0]) => {
          given.push(target.timeoutMs ?? 0);
          return net.connect(target);
        },
      },
    };
    const bounds = { connectionTimeoutMs: 1000, connectionTimeoutMaxMs: 5000 };
    const options = { bootstrapServers: ['nobody:1'], apiTimeoutMs: 5000, system: slow };
    const cluster = fake.client({ ...options, ...bounds });
    await finished(fake.system, failure(cluster.refresh([])));
    const [first, second, third] = given as [number, number, number];
    expect(first).toBe(1000);
    expect(second / 2000).toBeGreaterThanOrEqual(0.8);
    expect(second / 2000).toBeLessThanOrEqual(1.2);
    expect(third).toBeGreaterThan(second);
    expect(Math.max(...given)).toBeLessThanOrEqual(6000);
    expect(given.length).toBeGreaterThan(4);
    await cluster.close();
  });

  test('when nobody can be reached the error names every address and what to check', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client({ bootstrapServers: ['x:1', 'y:2'], apiTimeoutMs: 5000 });
    const work = failure(cluster.send('DescribeCluster', request, 'any'));
    const { code, message } = await finished(fake.system, work);
    expect(code).toBe('BROKER_NOT_AVAILABLE');
    expect(message).toMatch(/within 5000 ms: .*bootstrapServers/);
    for (const address of ['x:1', 'y:2']) expect(message).toContain(address);
    await cluster.close();
    expect(fake.system.clock.pendingTimers).toBe(0);
  });

  test('an address where something else answers is an error like others', async () => {
    const fake = await FakeCluster.start();
    const listener = await fake.system.net.listen({ host: 'web', port: 80 }, (socket) => {
      socket.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]);
    });
    const cluster = fake.client({ bootstrapServers: ['web:80'] });
    const { message } = await finished(fake.system, failure(cluster.refresh([])));
    expect(message).toMatch(/web:80 does not speak Kafka's protocol/);
    await listener.close();
    await cluster.close();
  });

  test('metadata that nobody waits for any more is not asked for any longer', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client({ bootstrapServers: ['x:1'] });
    const work = failure(cluster.metadataFor(['a'], { timeoutMs: 1000 }));
    const { code, message } = await finished(fake.system, work);
    expect(code).toBe('METADATA_TIMEOUT');
    expect(message).toMatch(/within 1000 ms \(no broker can be reached: .*x:1/);
    await fake.system.clock.advance(31_000);
    expect(fake.system.clock.pendingTimers).toBe(0);
    await cluster.close();
  });

  test('a broker that is away for a while is tried with growing pauses, and found again', async () => {
    const fake = await FakeCluster.start();
    const [broker] = fake.brokers as [FakeBroker];
    broker.handlers.DescribeCluster = () => description;
    const cluster = fake.client();
    await cluster.refresh([]);
    await broker.stop();
    await fake.system.clock.advance(10);
    const work = cluster.send('DescribeCluster', request, 'any');
    await fake.system.clock.advance(20_000);
    await broker.start();
    const answer = await finished(fake.system, work);
    expect(answer.clusterId).toBe('fake');
    await cluster.close();
  });

  test('a cluster that has moved altogether is found through the bootstrap addresses', async () => {
    const fake = await FakeCluster.start();
    fake.topic('a');
    const [old] = fake.brokers as [FakeBroker];
    const cluster = fake.client({ bootstrapServers: ['entrance:9092'] });
    const entrance = new FakeBroker(fake.system.net, 'entrance', 9092, old.handlers);
    await entrance.start();
    await cluster.metadataFor(['a']);
    await old.stop();
    fake.brokers[0] = await new FakeBroker(fake.system.net, 'new', 9092, old.handlers).start();
    const metadata = await finished(fake.system, cluster.refresh(['a']));
    expect(metadata.brokers.get(0)?.host).toBe('new');
    const groups = failure(cluster.send('ListGroups', {}, { broker: 0 }));
    await finished(fake.system, groups);
    expect(fake.brokers[0].connections).toBe(1);
    await cluster.close();
  });

  test('brokers that ask to start again are left for the bootstrap addresses', async () => {
    const fake = await FakeCluster.start();
    fake.topic('a');
    const [old] = fake.brokers as [FakeBroker];
    const entrance = new FakeBroker(fake.system.net, 'entrance', 9092, { ...old.handlers });
    await entrance.start();
    const cluster = fake.client({ bootstrapServers: ['entrance:9092'] });
    await cluster.metadataFor(['a']);
    const asked = entrance.count('Metadata');
    const young = new FakeBroker(fake.system.net, 'new', 9092, { ...old.handlers });
    fake.brokers[0] = await young.start();
    old.handlers.Metadata = (request) => ({
      ...fake.metadata({ ...request, topics: [] }),
      errorCode: 129,
    });
    const metadata = await finished(fake.system, cluster.refresh(['a']));
    expect(entrance.count('Metadata')).toBe(asked + 1);
    expect(metadata.brokers.get(0)?.host).toBe('new');
    await cluster.close();
  });

  test('a broker that has taken over the address of another refuses, and is left', async () => {
    const fake = await FakeCluster.start(2);
    const [first, second] = fake.brokers as [FakeBroker, FakeBroker];
    first.handlers.DescribeCluster = () => description;
    const isOf = (id: number): NonNullable<Handlers['ApiVersions']> => {
      return ({ clusterId, nodeId }) => {
        named.push(`${clusterId} ${nodeId} at ${id}`);
        const isWrong = nodeId >= 0 && nodeId !== id;
        return isWrong ? { errorCode: 129, apiKeys: [] } : { errorCode: 0, apiKeys: everything };
      };
    };
    const named: string[] = [];
    first.handlers.ApiVersions = isOf(0);
    second.handlers.ApiVersions = isOf(1);
    const cluster = fake.client({ bootstrapServers: [second.address] });
    await cluster.refresh([]);
    // The two have changed places; metadata does not say so yet.
    first.handlers.ApiVersions = isOf(1);
    const work = failure(cluster.send('DescribeCluster', request, { broker: 0 }));
    const { code, message } = await finished(fake.system, work);
    expect(code).toBe('REBOOTSTRAP_REQUIRED');
    expect(message).toMatch(/Another broker answers at broker-0:9092/);
    first.handlers.ApiVersions = isOf(0);
    await finished(fake.system, cluster.refresh([]));
    await finished(fake.system, cluster.send('DescribeCluster', request, { broker: 0 }));
    expect(named[0]).toBe('null -1 at 1');
    expect(named).toContain('fake 0 at 1');
    expect(named.at(-1)).toBe('fake 0 at 0');
    await cluster.close();
  });

  test('all who want the same connection wait for the same try', async () => {
    const fake = await FakeCluster.start();
    const [broker] = fake.brokers as [FakeBroker];
    broker.handlers.DescribeCluster = () => description;
    const cluster = fake.client();
    await cluster.refresh([]);
    const lane = cluster.lane('test');
    const asked = Array.from({ length: 20 }, () =>
      cluster.send('DescribeCluster', request, { broker: 0 }, { lane }),
    );
    await Promise.all(asked);
    expect(broker.connections).toBe(2);
    cluster.closeLane(lane);
    await cluster.close();
  });

  test('connections that nobody uses are closed after their idle time', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client({ connectionsMaxIdleMs: 60_000, metadataMaxAgeMs: 3_600_000 });
    await cluster.refresh([]);
    expect(fake.system.net.sockets).toHaveLength(2);
    await fake.system.clock.advance(120_000);
    expect(fake.system.net.sockets).toHaveLength(0);
    await cluster.refresh([]);
    await cluster.close();
  });

  test('the last user to let go closes the connections, and nothing is left running', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    cluster.retain();
    await cluster.refresh([]);
    cluster.release();
    await fake.system.clock.settle();
    expect(fake.system.net.sockets).toHaveLength(0);
    await cluster.close();
    expect(fake.system.clock.pendingTimers).toBe(0);
    expect((await failure(cluster.send('ListGroups', {}, 'any'))).code).toBe('CLOSED');
  });
});

describe('coordinators', () => {
  test('are asked for once, and again after being forgotten', async () => {
    const fake = await FakeCluster.start();
    const cluster = fake.client();
    const found = await Promise.all([
      cluster.coordinator('group', 'g'),
      cluster.coordinator('group', 'g'),
    ]);
    expect(found).toEqual([0, 0]);
    expect(fake.brokers[0]?.count('FindCoordinator')).toBe(1);
    cluster.forgetCoordinator('group', 'g');
    await cluster.coordinator('group', 'g');
    expect(fake.brokers[0]?.count('FindCoordinator')).toBe(2);
    await cluster.close();
  });

  test('are waited for while the cluster makes them', async () => {
    const fake = await FakeCluster.start();
    const [broker] = fake.brokers as [FakeBroker];
    let tries = 0;
    broker.handlers.FindCoordinator = ({ coordinatorKeys }) => ({
      coordinators: coordinatorKeys.map((key) => ({
        key,
        nodeId: tries++ < 3 ? -1 : 0,
        host: 'broker-0',
        port: 9092,
        errorCode: tries <= 3 ? 15 : 0,
        errorMessage: null,
      })),
    });
    const cluster = fake.client();
    expect(await finished(fake.system, cluster.coordinator('group', 'g'))).toBe(0);
    await cluster.close();
  });

  test('an error that does not pass is told with the group', async () => {
    const fake = await FakeCluster.start();
    const [broker] = fake.brokers as [FakeBroker];
    broker.handlers.FindCoordinator = ({ coordinatorKeys }) => ({
      coordinators: coordinatorKeys.map((key) => {
        return { key, nodeId: -1, host: '', port: -1, errorCode: 30, errorMessage: null };
      }),
    });
    const cluster = fake.client();
    const { code, message } = await failure(cluster.coordinator('group', 'secret'));
    expect(code).toBe('GROUP_AUTHORIZATION_FAILED');
    expect(message).toMatch(/secret/);
    broker.handlers.FindCoordinator = () => hangUp;
    await cluster.close();
  });
});

const request = { includeClusterAuthorizedOperations: false };
const description = { errorCode: 0, clusterId: 'fake', controllerId: 0, brokers: [] };
const everything = Object.values(apis).map(({ key: apiKey, versions }) => {
  return { apiKey, minVersion: versions[0], maxVersion: versions[1] };
});
