// Admin against one node of real Apache Kafka: topics, ACLs, SCRAM users, tokens, quotas, configs,
// log directories, features; each effect is looked at with Apache's own tools.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  apache,
  apacheTool,
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

const directory = temporaryDirectory('admin');
const dirs = ['first', 'second'].map((name) => join(directory, name));
const port = await freePort();
const address = startApacheKafka('single', directory, port, [
  '--secure',
  ...['--set', `log.dirs=${dirs.join(',')}`],
  ...['--set', 'delegation.token.secret.key=a-secret-for-tokens'],
]);
const kafka = new Kafka({ bootstrapServers: address, clientId: 'admin', logger: silentLogger });
const admin = kafka.admin();
const tool = (name, ...args) =>
  apacheTool(name, ['--bootstrap-server', address, ...args], { mayFail: true }).stdout;

await topics();
await security();
await quotasAndConfigs();
await logDirs();
await features();
await kafka.close();
stopApacheKafka(directory);
closing();

async function topics() {
  await check('topics by id, paged, with what the asker may do', async () => {
    const names = ['paged-a', 'paged-b'];
    const made = await admin.createTopics(names.map((name) => ({ name, partitions: 5 })));
    const paged = await eventually(() =>
      admin.describeTopics(names, { partitionSizeLimitPerResponse: 2, authorizedOperations: true }),
    );
    equal(
      paged.map(({ partitions }) => partitions.length),
      [5, 5],
      'partitions',
    );
    require(paged[0].authorizedOperations.includes('alter-configs'), 'no operations');
    const [byId] = await admin.describeTopics([{ id: made[1].id }]);
    equal(byId.name, 'paged-b', 'name by id');
    await admin.deleteTopics([{ id: made[0].id }]);
    await eventually(() => says(tool('kafka-topics', '--list'), /^(?![^]*paged-a)[^]*paged-b/));
    const error = await fails('UNKNOWN_TOPIC_ID', () =>
      admin.deleteTopics([{ id: made[0].id }, 'paged-b']),
    );
    equal(
      itemResults(error).map(({ key, error: why }) => [key, why?.code ?? null]),
      [
        [{ topicId: made[0].id }, 'UNKNOWN_TOPIC_ID'],
        [{ topic: 'paged-b' }, null],
      ],
      'results',
    );
  });

  await check('the cluster, with operations and fenced brokers', async () => {
    const options = { authorizedOperations: true, includeFencedBrokers: true };
    const found = await admin.describeCluster(options);
    equal(
      found.brokers.map(({ id, fenced }) => [id, fenced]),
      [[1, false]],
      'brokers',
    );
    require(found.authorizedOperations.includes('create'), 'no operations');
  });
}

async function security() {
  await check('ACLs are made, found by filters, and deleted', async () => {
    const acl = { resourceType: 'topic', resourceName: 'paid', principal: 'User:alice' };
    await admin.createAcls([
      { ...acl, operation: 'read' },
      { ...acl, operation: 'write', permission: 'deny', host: '10.0.0.1' },
      { ...acl, resourceName: 'pa', patternType: 'prefixed', operation: 'describe' },
      { ...acl, resourceType: 'group', resourceName: '*', operation: 'read' },
    ]);
    const listed = await eventually(() => {
      const text = tool('kafka-acls', '--list');
      says(text, /resourceType=GROUP, name=\*/);
      return text;
    });
    says(listed, /resourceType=TOPIC, name=paid, patternType=LITERAL/);
    says(listed, /principal=User:alice, host=10\.0\.0\.1, operation=WRITE, permissionType=DENY/);
    says(listed, /name=pa, patternType=PREFIXED/);
    const filter = { resourceType: 'topic', resourceName: 'paid', patternType: 'match' };
    equal((await admin.describeAcls(filter)).length, 3, 'ACLs that concern the topic');
    equal(
      (await admin.describeAcls({ permission: 'deny' })).map((one) => one.host),
      ['10.0.0.1'],
      'deny',
    );
    const [first, second] = await admin.deleteAcls([
      { resourceType: 'group' },
      { principal: 'User:alice', operation: 'describe' },
    ]);
    equal([first.deleted.length, second.deleted[0].resourceName], [1, 'pa'], 'deleted');
    await admin.deleteAcls([{ principal: 'User:alice' }]);
    equal(await admin.describeAcls(), [], 'what is left');
    require(!tool('kafka-acls', '--list').includes('alice'), 'the tool still lists ACLs');
    const odd = { ...acl, resourceName: '', operation: 'read' };
    const error = await fails('INVALID_REQUEST', () =>
      admin.createAcls([{ ...acl, operation: 'read' }, odd]),
    );
    equal(
      itemResults(error).map((one) => one.error?.code ?? null),
      [null, 'INVALID_REQUEST'],
      'each',
    );
    await admin.deleteAcls([{}]);
  });

  await check('SCRAM users: a password set here opens the door for the Java client', async () => {
    await admin.alterUserScramCredentials([
      { user: 'carol', mechanism: 'SCRAM-SHA-256', password: 'carols pass', iterations: 8192 },
      { user: 'carol', mechanism: 'SCRAM-SHA-512', password: 'carols pass' },
    ]);
    const users = await eventually(async () => {
      const found = await admin.describeUserScramCredentials(['carol']);
      equal(found[0].credentials.length, 2, 'credentials');
      return found;
    });
    // Apache Kafka tells them in no order.
    const weaker = users[0].credentials.find(({ mechanism }) => mechanism === 'SCRAM-SHA-256');
    equal(weaker, { mechanism: 'SCRAM-SHA-256', iterations: 8192 }, 'described');
    const user = ['--entity-type', 'users', '--entity-name', 'carol'];
    const described = tool('kafka-configs', '--describe', ...user);
    says(described, /SCRAM-SHA-256=iterations=8192/);
    says(described, /SCRAM-SHA-512=iterations=4096/);
    const config = join(directory, 'carol.properties');
    const login = 'org.apache.kafka.common.security.scram.ScramLoginModule';
    const as = (password, mechanism) => {
      const jaas = `${login} required username="carol" password="${password}";`;
      const lines = ['security.protocol=SASL_PLAINTEXT', `sasl.mechanism=${mechanism}`];
      writeFileSync(config, [...lines, `sasl.jaas.config=${jaas}`, ''].join('\n'));
      const args = ['--bootstrap-server', `127.0.0.1:${port + 2}`, '--command-config', config];
      return apacheTool('kafka-broker-api-versions', args, { mayFail: true });
    };
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      says(as('carols pass', mechanism).stdout, /Produce\(0\)/);
    }
    require(as('wrong', 'SCRAM-SHA-256').status !== 0, 'a wrong password opens the door');
    await admin.alterUserScramCredentials([
      { user: 'carol', mechanism: 'SCRAM-SHA-256', delete: true },
      { user: 'carol', mechanism: 'SCRAM-SHA-512', delete: true },
    ]);
    await eventually(() =>
      fails('RESOURCE_NOT_FOUND', () => admin.describeUserScramCredentials(['carol'])),
    );
    const all = await admin.describeUserScramCredentials();
    equal(all.map(({ user }) => user).sort(), ['admin', 'alice'], 'users');
  });

  await check('delegation tokens, over a listener that authenticates', async () => {
    const file = (name) => readFileSync(join(directory, 'tls', name), 'utf8');
    const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
    const bootstrapServers = `127.0.0.1:${port + 4}`;
    const secure = new Kafka({ bootstrapServers, tls, logger: silentLogger });
    try {
      const tokens = secure.admin();
      const token = await tokens.createDelegationToken({ renewers: ['User:alice'] });
      equal([token.owner, token.renewers], ['User:client', ['User:alice']], 'token');
      const [found] = await eventually(async () => {
        const list = await tokens.describeDelegationTokens({ owners: ['User:client'] });
        equal(list.length, 1, 'tokens');
        return list;
      });
      equal([found.tokenId, found.hmac.equals(token.hmac)], [token.tokenId, true], 'found');
      const command = ['--command-config', join(directory, 'tls', 'client-sasl-ssl.properties')];
      const seen = () =>
        run(join(apache, 'bin', 'kafka-delegation-tokens.sh'), [
          ...['--bootstrap-server', `127.0.0.1:${port + 3}`, '--describe'],
          ...['--owner-principal', 'User:client'],
          ...command,
        ]).stdout;
      require(seen().includes(token.tokenId), `the tool does not see the token:\n${seen()}`);
      const until = await tokens.renewDelegationToken(token.hmac, { renewTimePeriodMs: 3_600_000 });
      require(Math.abs(until - Date.now() - 3_600_000) < 60_000, `renewed until ${until}`);
      await tokens.expireDelegationToken(token.hmac);
      await eventually(async () => equal(await tokens.describeDelegationTokens(), [], 'left'));
      require(!seen().includes(token.tokenId), 'the tool still sees the token');
      await fails('DELEGATION_TOKEN_NOT_FOUND', () => tokens.renewDelegationToken(token.hmac));
    } finally {
      await secure.close();
    }
    await fails('DELEGATION_TOKEN_REQUEST_NOT_ALLOWED', () => admin.createDelegationToken());
    return `refused over ${address}`;
  });
}

async function quotasAndConfigs() {
  await check('client quotas of users, client ids and addresses', async () => {
    await admin.alterClientQuotas([
      { entity: { user: 'alice' }, set: { producer_byte_rate: 2048, consumer_byte_rate: 4096 } },
      { entity: { user: 'alice', 'client-id': null }, set: { request_percentage: 50 } },
      { entity: { 'client-id': 'batch' }, set: { producer_byte_rate: 1024 } },
      { entity: { ip: '127.0.0.9' }, set: { connection_creation_rate: 5 } },
    ]);
    const described = (type, name) =>
      tool('kafka-configs', '--describe', '--entity-type', type, '--entity-name', name);
    await eventually(() => says(described('users', 'alice'), /producer_byte_rate=2048/));
    says(described('ips', '127.0.0.9'), /connection_creation_rate=5/);
    await eventually(async () =>
      equal((await admin.describeClientQuotas({ user: 'alice' })).length, 2, 'of alice'),
    );
    const strict = await admin.describeClientQuotas({ user: 'alice' }, { strict: true });
    equal(strict[0].quotas, { consumer_byte_rate: 4096, producer_byte_rate: 2048 }, 'strict');
    const byDefault = await admin.describeClientQuotas({ user: true, 'client-id': null });
    equal(
      byDefault.map(({ entity }) => [entity.user, entity['client-id']]),
      [['alice', null]],
      'default',
    );
    const change = { entity: { user: 'alice' }, delete: ['consumer_byte_rate'] };
    await admin.alterClientQuotas([change], { validateOnly: true });
    await admin.alterClientQuotas([change]);
    await eventually(async () => {
      const [quota] = await admin.describeClientQuotas({ user: 'alice' }, { strict: true });
      equal(quota.quotas, { producer_byte_rate: 2048 }, 'left');
    });
    const wrong = { entity: { user: 'bob' }, set: { no_such_rate: 1 } };
    const right = { entity: { user: 'bob' }, set: { producer_byte_rate: 1 } };
    await fails('INVALID_REQUEST', () => admin.alterClientQuotas([wrong]));
    await admin.alterClientQuotas([right], { validateOnly: true });
    equal(await admin.describeClientQuotas({ user: 'bob' }), [], 'only validated');
  });

  await check('client metrics and other resources with configs', async () => {
    await admin.alterConfigs([
      { type: 'client-metrics', name: 'all-clients', set: { 'interval.ms': 60_000, metrics: '*' } },
      { type: 'group', name: 'slow', set: { 'consumer.session.timeout.ms': 50_000 } },
    ]);
    await eventually(() => says(tool('kafka-client-metrics', '--list'), /all-clients/));
    says(tool('kafka-client-metrics', '--describe', '--name', 'all-clients'), /interval\.ms=60000/);
    await eventually(async () => {
      const found = await admin.listConfigResources({ types: ['client-metrics', 'group'] });
      equal(
        found,
        [
          { type: 'client-metrics', name: 'all-clients' },
          { type: 'group', name: 'slow' },
        ],
        'resources',
      );
    });
    const [only] = await admin.listConfigResources({ types: ['client-metrics'] });
    equal(only.name, 'all-clients', 'client metrics');
    require((await admin.listConfigResources()).some((one) => one.type === 'broker'), 'no broker');
    const [configs] = await admin.describeConfigs(
      [{ type: 'client-metrics', name: 'all-clients' }],
      { documentation: true },
    );
    const entry = configs.entries.find(({ name }) => name === 'interval.ms');
    equal([entry.value, entry.source], ['60000', 'client-metrics'], 'interval.ms');
    await admin.alterConfigs([
      { type: 'client-metrics', name: 'all-clients', delete: ['interval.ms', 'metrics'] },
    ]);
  });

  await check('texts of configs', async () => {
    const topic = { type: 'broker', name: '1', keys: ['log.retention.ms', 'log.retention.hours'] };
    const [configs] = await admin.describeConfigs([topic], { documentation: true, synonyms: true });
    require(configs.entries.every((one) => one.documentation.length > 20), 'no documentation');
  });
}

async function logDirs() {
  await check('log directories are described, and replicas moved between them', async () => {
    await admin.createTopics([{ name: 'moved', partitions: 2 }]);
    const producer = kafka.producer();
    await producer.send({ topic: 'moved', partition: 0, value: Buffer.alloc(5000) });
    await producer.close();
    const [{ broker, logDirs: found }] = await admin.describeLogDirs();
    equal([broker, found.map(({ path }) => path).sort()], [1, [...dirs].sort()], 'directories');
    require(found.every((dir) => dir.error === null && dir.totalBytes > 0), 'no sizes');
    require(found.every((dir) => dir.usableBytes > 0 && !dir.cordoned), 'no room');
    const replica = { topic: 'moved', partition: 0, broker: 1 };
    const [before] = await admin.describeReplicaLogDirs([replica]);
    const path = dirs.find((dir) => dir !== before.path);
    await admin.alterReplicaLogDirs([{ ...replica, path }]);
    await eventually(async () => {
      const [now] = await admin.describeReplicaLogDirs([replica]);
      equal([now.path, now.future], [path, null], 'place');
    });
    const text = tool('kafka-log-dirs', '--describe', '--topic-list', 'moved');
    const { logDirs: byTool } = JSON.parse(text.slice(text.indexOf('{'))).brokers[0];
    const there = byTool.find((dir) => dir.logDir === path).partitions;
    require(there.some(
      (one) => one.partition === 'moved-0',
    ), `the tool sees it elsewhere: ${text}`);
    const partitions = [{ topic: 'moved', partition: 0 }];
    const [only] = await admin.describeLogDirs([1], { partitions });
    const sizes = only.logDirs.flatMap(({ replicas }) => replicas);
    require(sizes.length === 1 && sizes[0].size > 5000, `one replica: ${JSON.stringify(sizes)}`);
    const error = await fails('LOG_DIR_NOT_FOUND', () =>
      admin.alterReplicaLogDirs([
        { ...replica, path: '/nowhere' },
        { ...replica, partition: 1, path },
      ]),
    );
    equal(
      itemResults(error).map((one) => one.error?.code ?? null),
      ['LOG_DIR_NOT_FOUND', null],
      'each',
    );
  });
}

async function features() {
  const levelBy = () => {
    const text = tool('kafka-features', 'describe');
    return Number(/streams\.version.*FinalizedVersionLevel: (\d+)/.exec(text)?.[1] ?? 0);
  };
  await check('features go up and down', async () => {
    const before = await admin.describeFeatures();
    equal(before.finalized.get('streams.version'), 1, 'streams.version');
    require(before.supported.get('metadata.version')[1] > 20, 'metadata.version is too low');
    const down = { feature: 'streams.version', level: 0, type: 'safe-downgrade' };
    await admin.updateFeatures([down], { validateOnly: true });
    equal(levelBy(), 1, 'level after a try');
    await admin.updateFeatures([down]);
    await eventually(() => equal(levelBy(), 0, 'level by the tool'));
    await eventually(async () => {
      const { finalized, finalizedEpoch } = await admin.describeFeatures();
      equal(finalized.get('streams.version') ?? 0, 0, 'level');
      require(finalizedEpoch > before.finalizedEpoch, 'the epoch does not grow');
    });
    await fails('INVALID_UPDATE_VERSION', () =>
      admin.updateFeatures([{ feature: 'streams.version', level: 99 }]),
    );
    await admin.updateFeatures([{ feature: 'streams.version', level: 1 }]);
    await eventually(() => equal(levelBy(), 1, 'level by the tool'));
    return address;
  });

  await check('the quorum of one node', async () => {
    const quorum = await admin.describeMetadataQuorum();
    equal([quorum.leaderId, quorum.voters.length], [1, 1], 'leader and voters');
    says(tool('kafka-metadata-quorum', 'describe', '--status'), /LeaderId:\s+1\s/);
    const voter = { id: 9, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ' };
    await fails('UNSUPPORTED_VERSION', () => admin.removeRaftVoter(voter));
  });
}
