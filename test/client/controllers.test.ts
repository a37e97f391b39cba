import { beforeAll, describe, expect, test } from 'vitest';
import { Kafka } from '../../src/client/index.js';
import { loadApi, type RequestDecoded } from '../../src/protocol/index.js';
import { silentLogger } from '../../src/system/index.js';
import { simulatedSystem } from '../../src/system/simulated/index.js';
import { FakeBroker, type Handlers, loadApis } from './fake-broker.js';
import { failure, finished } from './fake-cluster.js';

const needed = ['UnregisterBroker', 'UnregisterController'] as const;

beforeAll(async () => {
  await loadApis();
  await Promise.all(needed.map((api) => loadApi(api)));
});

/** Controllers of one quorum; what only the active one does, the others refuse. */
async function quorum() {
  const system = simulatedSystem(1);
  const nodes: FakeBroker[] = [];
  const state = { active: 1, endpointType: 2, unregistered: [] as string[] };
  const handlers = (id: number): Handlers => ({
    DescribeCluster: (request: RequestDecoded<'DescribeCluster'>) =>
      request.endpointType !== state.endpointType
        ? { errorCode: 114, clusterId: '', brokers: [] }
        : {
            errorCode: 0,
            endpointType: state.endpointType,
            clusterId: 'the quorum',
            controllerId: state.active,
            brokers: nodes.map(({ host, port }, brokerId) => ({ brokerId, host, port })),
          },
    UnregisterController: ({ controllerId }) => ({
      errorCode: controllerId === 3 ? 0 : 42,
      errorMessage: null,
    }),
    UnregisterBroker: ({ brokerId }) => {
      state.unregistered.push(`${brokerId} at ${id}`);
      return { errorCode: id === state.active ? 0 : 41, errorMessage: null };
    },
  });
  for (const id of [0, 1, 2]) {
    const node = new FakeBroker(system.net, `controller-${id}`, 9093, handlers(id));
    nodes.push(await node.start());
  }
  const [first] = nodes as [FakeBroker];
  const kafka = new Kafka({
    bootstrapControllers: [first.address],
    logger: silentLogger,
    system,
  });
  const done = <T>(work: Promise<T>) => finished(system, work);
  return { kafka, admin: kafka.admin(), nodes, state, done };
}

describe('an admin of controllers', () => {
  test('finds the quorum through one of them, and asks the active one', async () => {
    const { kafka, admin, state, nodes, done } = await quorum();
    const described = await done(admin.describeCluster());
    expect(described).toMatchObject({ clusterId: 'the quorum', controllerId: 1 });
    expect(described.brokers.map(({ host }) => host)).toEqual(nodes.map(({ host }) => host));
    await done(admin.unregisterBroker(7));
    expect(state.unregistered).toEqual(['7 at 1']);
    await done(admin.unregisterController(3));
    expect((await done(failure(admin.unregisterController(4)))).code).toBe('INVALID_REQUEST');
    await done(kafka.close());
  });

  test('looks for the active one again when it has changed', async () => {
    const { kafka, admin, state, done } = await quorum();
    await done(admin.unregisterBroker(7));
    state.active = 2;
    await done(admin.unregisterBroker(8));
    expect(state.unregistered).toEqual(['7 at 1', '8 at 1', '8 at 2']);
    await done(kafka.close());
  });

  test('says so where controllers do not serve what is asked for', async () => {
    const { kafka, admin, nodes, done } = await quorum();
    for (const { versionMax } of nodes) {
      Object.assign(versionMax, { ListGroups: -1, DescribeTopicPartitions: -1, Metadata: -1 });
    }
    const calls = [
      () => admin.listGroups(),
      () => admin.listTopics(),
      () => admin.describeTopics(['t']),
    ];
    for (const call of calls) {
      const { code, message } = await done(failure(call()));
      expect(code).toBe('UNSUPPORTED_ENDPOINT_TYPE');
      expect(message).toMatch(/Controllers do not serve .*bootstrapServers/);
    }
    await done(kafka.close());
  });

  test('is refused where the address is that of a broker', async () => {
    const { kafka, admin, state, done } = await quorum();
    state.endpointType = 1;
    const { code, message } = await done(failure(admin.unregisterBroker(7)));
    expect(code).toBe('MISMATCHED_ENDPOINT_TYPE');
    expect(message).toContain('bootstrapControllers leads to a broker');
    await done(kafka.close());
  });

  test('is all there is: producers and consumers need brokers', async () => {
    const { kafka, done } = await quorum();
    const hint = /needs brokers, not controllers/;
    expect(() => kafka.producer()).toThrow(hint);
    expect(() => kafka.consumer({ topics: ['t'] })).toThrow(hint);
    expect(() => kafka.shareConsumer({ groupId: 'g', topics: ['t'] })).toThrow(hint);
    const both = { bootstrapControllers: 'a:1', bootstrapServers: 'b:2' };
    expect(() => new Kafka(both)).toThrow('cannot both be given');
    expect(() => Kafka.fromProperties('bootstrap.controllers=a:1').consumer()).toThrow(hint);
    await done(kafka.close());
  });
});
