// Admin against three nodes of real Apache Kafka (reassignments, elections, the quorum, a broker
// that is gone) and against a quorum of controllers that grows; judged by Apache's own tools.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apache,
  apacheTool,
  freeClusterPort,
  freePort,
  require,
  run,
  startApacheKafka,
  stopApacheKafka,
  temporaryDirectory,
} from './environment.mjs';
import { check, closing, equal, eventually, fails, says } from './judging.mjs';

const dist = process.env.KAFKIT_DIST ?? new URL('../../dist', import.meta.url).pathname;
const { Kafka, itemResults, silentLogger } = await import(
  pathToFileURL(join(dist, 'index.js')).href
);

await threeNodes();
await growingQuorum();
closing();

// ---- three nodes --------------------------------------------------------------------------------

async function threeNodes() {
  const directory = temporaryDirectory('admin-three');
  const address = startApacheKafka('three', directory, await freeClusterPort());
  const kafka = new Kafka({ bootstrapServers: address, clientId: 'admin', logger: silentLogger });
  const admin = kafka.admin();
  const tool = (name, ...args) =>
    apacheTool(name, ['--bootstrap-server', address, ...args], { mayFail: true }).stdout;

  await check('partitions are reassigned, and a reassignment is ended', async () => {
    await admin.createTopics([{ name: 'spread', replicaAssignment: [[1], [2]] }]);
    const here = { topic: 'spread', partition: 0 };
    await admin.alterPartitionReassignments([{ ...here, replicas: [2, 3] }]);
    const replicas = async () => {
      const [topic] = await admin.describeTopics(['spread']);
      return topic.partitions[0].replicas;
    };
    await eventually(async () => {
      equal(await admin.listPartitionReassignments(), [], 'under way');
      equal(await replicas(), [2, 3], 'replicas');
    });
    says(
      tool('kafka-topics', '--describe', '--topic', 'spread'),
      /Partition: 0\s+Leader: \d\s+Replicas: 2,3/,
    );
    const grown = { ...here, replicas: [1, 2, 3] };
    await fails('INVALID_REPLICATION_FACTOR', () =>
      admin.alterPartitionReassignments([grown], { allowReplicationFactorChange: false }),
    );
    const error = await fails('INVALID_REPLICA_ASSIGNMENT', () =>
      admin.alterPartitionReassignments([
        { ...here, replicas: [7] },
        { topic: 'spread', partition: 1, replicas: null },
      ]),
    );
    equal(
      itemResults(error).map((one) => one.error?.code),
      ['INVALID_REPLICA_ASSIGNMENT', 'NO_REASSIGNMENT_IN_PROGRESS'],
      'each',
    );
    return await whileSlow(admin, kafka, tool);
  });

  await check('preferred leaders are elected', async () => {
    await admin.createTopics([{ name: 'led', replicaAssignment: [[1, 2, 3]] }]);
    const here = { topic: 'led', partition: 0 };
    const leader = async () => {
      const [topic] = await admin.describeTopics(['led']);
      return topic.partitions[0].leader;
    };
    await eventually(async () => equal(await leader(), 1, 'leader'));
    equal(await admin.electLeaders('preferred', [here]), [{ ...here, elected: false }], 'needless');
    await admin.alterPartitionReassignments([{ ...here, replicas: [3, 2, 1] }]);
    await eventually(async () =>
      equal(await admin.listPartitionReassignments([here]), [], 'moves'),
    );
    equal(await leader(), 1, 'leader before');
    equal(await admin.electLeaders('preferred', [here]), [{ ...here, elected: true }], 'elected');
    await eventually(async () => equal(await leader(), 3, 'leader after'));
    says(tool('kafka-topics', '--describe', '--topic', 'led'), /Leader: 3/);
    await fails('UNKNOWN_TOPIC_OR_PARTITION', () =>
      admin.electLeaders('preferred', [{ topic: 'led', partition: 9 }]),
    );
    const unclean = await admin.electLeaders('unclean', [here]);
    equal(unclean, [{ ...here, elected: false }], 'unclean');
    const all = await admin.electLeaders('preferred');
    return `${all.length} elected among all; the tool: ${tool('kafka-leader-election', '--election-type', 'preferred', '--all-topic-partitions').trim()}`;
  });

  await check('the quorum of three nodes, as the tool sees it', async () => {
    const quorum = await admin.describeMetadataQuorum();
    equal(quorum.voters.map((one) => one.replicaId).sort(), [1, 2, 3], 'voters');
    const status = tool('kafka-metadata-quorum', 'describe', '--status');
    says(status, new RegExp(`LeaderId:\\s+${quorum.leaderId}\\s`));
    says(status, new RegExp(`LeaderEpoch:\\s+${quorum.leaderEpoch}\\s`));
  });

  await check('a broker that is gone is fenced, then unregistered', async () => {
    const pid = Number(readFileSync(join(directory, 'node-3', 'pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    const listed = () =>
      apacheTool('kafka-cluster', [
        ...['list-endpoints', '--bootstrap-server', address, '--include-fenced-brokers'],
      ]).stdout;
    const all = async () => {
      const { brokers } = await admin.describeCluster({ includeFencedBrokers: true });
      return brokers.map(({ id, fenced }) => `${id}${fenced ? ' fenced' : ''}`);
    };
    await eventually(async () => equal(await all(), ['1', '2', '3 fenced'], 'brokers'));
    says(listed(), /^3\s.*fenced/m);
    await admin.unregisterBroker(3);
    await eventually(async () => equal(await all(), ['1', '2'], 'brokers'));
    require(!/^3\s/m.test(listed()), 'the tool still lists it');
    await fails('BROKER_ID_NOT_REGISTERED', () => admin.unregisterBroker(77));
  });
  await kafka.close();
  stopApacheKafka(directory);
}

/** A reassignment slowed down until it can be seen, by our list and the tool's, and ended. */
async function whileSlow(admin, kafka, tool) {
  const here = { topic: 'spread', partition: 1 };
  const producer = kafka.producer();
  for (let sent = 0; sent < 30; sent++) {
    await producer.send({ ...here, value: Buffer.alloc(100_000, sent) });
  }
  await producer.close();
  const rates = {
    'leader.replication.throttled.rate': 1000,
    'follower.replication.throttled.rate': 1000,
  };
  await admin.alterConfigs(
    [1, 2, 3].map((id) => ({ type: 'broker', name: String(id), set: rates })),
  );
  await admin.alterConfigs([
    {
      type: 'topic',
      name: 'spread',
      set: {
        'leader.replication.throttled.replicas': '*',
        'follower.replication.throttled.replicas': '*',
      },
    },
  ]);
  await admin.alterPartitionReassignments([{ ...here, replicas: [3] }]);
  const [seen] = await eventually(async () => {
    const list = await admin.listPartitionReassignments([here]);
    equal(list.length, 1, 'under way');
    return list;
  });
  equal([seen.addingReplicas, seen.removingReplicas], [[3], [2]], 'adding and removing');
  says(
    tool('kafka-reassign-partitions', '--list'),
    /spread-1: replicas: 3,2\. adding: 3\. removing: 2/,
  );
  await admin.alterPartitionReassignments([{ ...here, replicas: null }]);
  equal(await admin.listPartitionReassignments(), [], 'after it was ended');
  const names = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'];
  await admin.alterConfigs(
    [1, 2, 3].map((id) => ({ type: 'broker', name: String(id), delete: names })),
  );
  return 'seen under way and ended';
}

// ---- a quorum that grows ------------------------------------------------------------------------

async function growingQuorum() {
  const directory = temporaryDirectory('admin-quorum');
  const [broker, first, second] = [await freePort(), await freePort(), await freePort()];
  const shared = [
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `controller.quorum.bootstrap.servers=127.0.0.1:${first}`,
  ];
  const nodeAt = (name, lines, how) => {
    const node = join(directory, name);
    mkdirSync(node, { recursive: true });
    const file = join(node, 'server.properties');
    writeFileSync(file, [...shared, ...lines, `log.dirs=${node}/data`, ''].join('\n'));
    const id = 'kafkit-test-0000000002';
    run(join(apache, 'bin', 'kafka-storage.sh'), ['format', '-t', id, '-c', file, how]);
    startApacheDirectory(node);
    return node;
  };
  const one = nodeAt(
    'one',
    [
      ...['process.roles=broker,controller', 'node.id=1', 'inter.broker.listener.name=PLAINTEXT'],
      `listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${first}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${first}`,
    ],
    '--standalone',
  );
  const two = nodeAt(
    'two',
    [
      ...['process.roles=controller', 'node.id=2'],
      `listeners=CONTROLLER://127.0.0.1:${second}`,
      `advertised.listeners=CONTROLLER://127.0.0.1:${second}`,
    ],
    '--no-initial-controllers',
  );
  const bootstrapServers = `127.0.0.1:${broker}`;
  const kafka = new Kafka({ bootstrapServers, clientId: 'admin', logger: silentLogger });
  const admin = kafka.admin();

  await check('a controller becomes a voter and is taken out again', async () => {
    const meta = readFileSync(join(two, 'data', 'meta.properties'), 'utf8');
    const directoryId = /^directory\.id=(.*)$/m.exec(meta)[1].trim();
    const listeners = [{ name: 'CONTROLLER', host: '127.0.0.1', port: second }];
    await eventually(async () => {
      const { observers } = await admin.describeMetadataQuorum();
      require(observers.some((each) => each.replicaId === 2), 'it does not follow');
    });
    const voters = async () =>
      (await admin.describeMetadataQuorum()).voters.map((each) => each.replicaId).sort();
    const seen = () =>
      apacheTool('kafka-metadata-quorum', [
        ...['--bootstrap-server', bootstrapServers, 'describe', '--status'],
      ]).stdout;
    await fails('INCONSISTENT_CLUSTER_ID', () =>
      admin.addRaftVoter({ id: 2, directoryId, listeners }, { clusterId: 'another' }),
    );
    await admin.addRaftVoter({ id: 2, directoryId, listeners });
    await eventually(async () => equal(await voters(), [1, 2], 'voters'));
    says(seen(), new RegExp(`CurrentVoters:.*"id": 2.*${directoryId}`));
    const { nodes } = await admin.describeMetadataQuorum();
    equal(nodes.find(({ id }) => id === 2).listeners, listeners, 'listeners');
    await fails('DUPLICATE_VOTER', () => admin.addRaftVoter({ id: 2, directoryId, listeners }));
    await admin.removeRaftVoter({ id: 2, directoryId });
    await eventually(async () => equal(await voters(), [1], 'voters'));
    says(seen(), /^(?![^]*CurrentVoters:.*"id": 2)/);
    await fails('VOTER_NOT_FOUND', () => admin.removeRaftVoter({ id: 2, directoryId }));
  });
  await check('controllers are asked themselves, without any broker', async () => {
    const controllers = `127.0.0.1:${first}`;
    const direct = new Kafka({ bootstrapControllers: controllers, logger: silentLogger });
    const its = direct.admin();
    const described = await its.describeCluster();
    equal(described.controllerId, 1, 'the active controller');
    require(described.brokers.some(({ id, port }) => id === 1 && port === first), 'its address');
    const { leaderId, voters } = await its.describeMetadataQuorum();
    const status = apacheTool('kafka-metadata-quorum', [
      ...['--bootstrap-controller', controllers, 'describe', '--status'],
    ]).stdout;
    says(status, new RegExp(`LeaderId:\\s+${leaderId}\\s`));
    equal(
      voters.map(({ replicaId }) => replicaId),
      [1],
      'voters',
    );
    const set = { 'log.cleaner.threads': 2 };
    await its.alterConfigs([{ type: 'broker', name: '', set }]);
    // The broker that is asked learns of it a moment later.
    await eventually(async () => {
      const [{ entries }] = await admin.describeConfigs([{ type: 'broker', name: '' }]);
      equal(entries.find(({ name }) => name === 'log.cleaner.threads')?.value, '2', 'as set');
    });
    await fails('BROKER_ID_NOT_REGISTERED', () => its.unregisterBroker(77));
    await fails('UNSUPPORTED_ENDPOINT_TYPE', () => its.listTopics());
    await fails('UNSUPPORTED_ENDPOINT_TYPE', () => its.listGroups());
    await direct.close();
    const wrong = new Kafka({ bootstrapControllers: bootstrapServers, logger: silentLogger });
    await fails('MISMATCHED_ENDPOINT_TYPE', () => wrong.admin().describeMetadataQuorum());
    await wrong.close();
    return `controller ${described.controllerId} of ${described.brokers.length}`;
  });
  await kafka.close();
  for (const node of [two, one]) stopApacheKafka(node);
}

function startApacheDirectory(node) {
  run(join(apache, 'kafka'), ['run-dir', node]);
}
