// Calls of Admin against a scripted broker: what is asked of whom, what is made of the answer, and
// what becomes of single failures. Real brokers judge the same calls in test/compat/admin-*.mjs.
import { beforeAll, describe, expect, test } from 'vitest';
import { createAcls, deleteAcls, describeAcls } from '../../src/client/admin/acls.js';
import { alterClientQuotas, describeClientQuotas } from '../../src/client/admin/client-quotas.js';
import { describeCluster } from '../../src/client/admin/cluster-info.js';
import { listConfigResources } from '../../src/client/admin/config-resources.js';
import { createDelegationToken } from '../../src/client/admin/delegation-tokens.js';
import { electLeaders } from '../../src/client/admin/elections.js';
import { describeFeatures, updateFeatures } from '../../src/client/admin/features.js';
import { itemResults } from '../../src/client/admin/index.js';
import { alterReplicaLogDirs, describeLogDirs } from '../../src/client/admin/log-dirs.js';
import { addRaftVoter, describeMetadataQuorum } from '../../src/client/admin/quorum.js';
import { alterPartitionReassignments } from '../../src/client/admin/reassignments.js';
import { alterUserScramCredentials } from '../../src/client/admin/scram-users.js';
import { describeTopics } from '../../src/client/admin/topic-descriptions.js';
import { deleteTopics } from '../../src/client/admin/topics.js';
import { type ResponseInput } from '../../src/protocol/index.js';
import { saltedPassword } from '../../src/system/index.js';
import { codesOf, fake, loadAdminApis } from './admin-calls.js';
import { failure, finished } from './fake-cluster.js';

beforeAll(loadAdminApis);

describe('ACLs', () => {
  test('ACLs travel with defaults filled in, and each has its own result', async () => {
    const { handlers, done } = await fake();
    handlers.CreateAcls = ({ creations }) => {
      expect(creations[0]).toEqual({
        resourceType: 2,
        resourceName: 'orders',
        resourcePatternType: 3,
        principal: 'User:alice',
        host: '*',
        operation: 3,
        permissionType: 3,
      });
      const results = [
        { errorCode: 0, errorMessage: null },
        { errorCode: 42, errorMessage: 'Invalid principal' },
      ];
      return { results };
    };
    const acl = { resourceType: 'topic', resourceName: 'orders', principal: 'User:alice' } as const;
    const acls = [
      { ...acl, operation: 'read' },
      { ...acl, principal: 'alice', operation: 'two-phase-commit', permission: 'deny' },
    ] as const;
    expect(await codesOf(done((c) => createAcls(c, acls, {})))).toEqual([null, 'INVALID_REQUEST']);
    const odd = [{ ...acl, operation: 'fly' as 'read' }];
    expect((await failure(done((c) => createAcls(c, odd, {})))).message).toMatch(
      /'fly' is no oper/,
    );
  });

  test('a filter means any where it says nothing, and what was deleted is told', async () => {
    const { handlers, done } = await fake();
    const found = { principal: 'User:a', host: '*', operation: 2, permissionType: 2 };
    handlers.DescribeAcls = (request) => {
      expect(request).toMatchObject({
        resourceTypeFilter: 1,
        resourceNameFilter: null,
        patternTypeFilter: 1,
        operation: 1,
        permissionType: 1,
      });
      const resources = [{ resourceType: 7, resourceName: 'x', patternType: 4, acls: [found] }];
      return { errorCode: 0, errorMessage: null, resources };
    };
    const binding = {
      ...{ resourceType: 'user', resourceName: 'x', patternType: 'prefixed', principal: 'User:a' },
      ...{ host: '*', operation: 'all', permission: 'deny' },
    };
    expect(await done((c) => describeAcls(c, {}, {}))).toEqual([binding]);
    handlers.DeleteAcls = () => {
      const none = { errorCode: 0, errorMessage: null };
      const acl = { ...none, resourceType: 7, resourceName: 'x', patternType: 4, ...found };
      return { filterResults: [{ ...none, matchingAcls: [acl] }] };
    };
    const [deleted] = await done((c) => deleteAcls(c, [{ principal: 'User:a' }], {}));
    expect(deleted).toEqual({ filter: { principal: 'User:a' }, deleted: [binding] });
  });
});

describe('users', () => {
  test('a password leaves salted and hashed, one request for each mechanism of a user', async () => {
    const { handlers, broker, client } = await fake();
    const salt = Buffer.from('salt');
    const expected = await saltedPassword('secret', salt, 4096, 'sha512');
    handlers.AlterUserScramCredentials = ({ upsertions, deletions }) => {
      for (const { salt: sent, saltedPassword: hashed, mechanism } of upsertions) {
        expect([mechanism, sent, hashed]).toEqual([2, salt, expected]);
      }
      const users = [...upsertions, ...deletions].map(({ name }) => name);
      return { results: users.map((user) => ({ user, errorCode: 0, errorMessage: null })) };
    };
    const user = 'alice';
    // Hashing takes real time: no virtual clock is run beside it.
    const changes = [
      { user, mechanism: 'SCRAM-SHA-512', password: 'secret', salt },
      { user, mechanism: 'SCRAM-SHA-256', delete: true },
    ] as const;
    await alterUserScramCredentials(client, changes, {});
    expect(broker.count('AlterUserScramCredentials')).toBe(2);
    const few = [{ user, mechanism: 'SCRAM-SHA-256', password: 'x', iterations: 10 }] as const;
    const error = await failure(alterUserScramCredentials(client, few, {}));
    expect(error.message).toMatch(/iterations is 10/);
  });

  test('quotas are asked for by name, by default and by whatever is set', async () => {
    const { handlers, done } = await fake();
    handlers.DescribeClientQuotas = ({ components, strict }) => {
      expect(strict).toBe(true);
      expect(components).toEqual([
        { entityType: 'user', matchType: 0, match: 'alice' },
        { entityType: 'client-id', matchType: 1, match: null },
        { entityType: 'ip', matchType: 2, match: null },
      ]);
      const entity = [{ entityType: 'user', entityName: null }];
      const values = [{ key: 'producer_byte_rate', value: 7 }];
      return { errorCode: 0, errorMessage: null, entries: [{ entity, values }] };
    };
    const filter = { user: 'alice', 'client-id': null, ip: true } as const;
    const found = await done((c) => describeClientQuotas(c, filter, { strict: true }));
    expect(found).toEqual([{ entity: { user: null }, quotas: { producer_byte_rate: 7 } }]);
  });

  test('a change of quotas sets and removes; answers are found by their entity', async () => {
    const { handlers, done } = await fake();
    handlers.AlterClientQuotas = ({ entries }) => {
      expect(entries[0]?.ops).toEqual([
        { key: 'producer_byte_rate', value: 1, remove: false },
        { key: 'consumer_byte_rate', value: 0, remove: true },
      ]);
      const answers = entries.map(({ entity }, index) => {
        return { entity, errorCode: index === 0 ? 0 : 42, errorMessage: null };
      });
      return { entries: answers.reverse() };
    };
    const set = { producer_byte_rate: 1 };
    const changes = [
      { entity: { user: 'a' }, set, delete: ['consumer_byte_rate'] },
      { entity: { ip: null }, set },
    ];
    const codes = await codesOf(done((c) => alterClientQuotas(c, changes, {})));
    expect(codes).toEqual([null, 'INVALID_REQUEST']);
  });

  test('a token is asked for in the name of another', async () => {
    const { handlers, done } = await fake();
    handlers.CreateDelegationToken = (request) => {
      expect(request).toMatchObject({ ownerPrincipalType: 'User', ownerPrincipalName: 'bob' });
      expect(request.renewers).toEqual([{ principalType: 'User', principalName: 'eve:1' }]);
      return {
        ...{ errorCode: 0, principalType: 'User', principalName: 'bob' },
        ...{ tokenRequesterPrincipalType: 'User', tokenRequesterPrincipalName: 'admin' },
        ...{ issueTimestampMs: 1, expiryTimestampMs: 2, maxTimestampMs: 3, tokenId: 't' },
        hmac: Buffer.from('h'),
      };
    };
    const options = { owner: 'User:bob', renewers: ['User:eve:1'] };
    const token = await done((c) => createDelegationToken(c, options));
    expect(token).toMatchObject({ owner: 'User:bob', requester: 'User:admin', maxTimestamp: 3 });
    const wrong = await failure(done((c) => createDelegationToken(c, { owner: 'bob' })));
    expect(wrong.message).toMatch(/'bob' is no principal/);
  });
});

describe('replicas', () => {
  test('log directories tell sizes, faults and cordons of each broker', async () => {
    const { cluster, done } = await fake(2);
    const partitions = [{ partitionIndex: 0, partitionSize: 9, offsetLag: 1, isFutureKey: true }];
    for (const [id, { handlers }] of cluster.brokers.entries()) {
      handlers.DescribeLogDirs = () => {
        const sizes = { totalBytes: 100, usableBytes: -1, isCordoned: true };
        const topics = [{ name: 'orders', partitions }];
        const well = { errorCode: 0, logDir: `/d${id}`, topics, ...sizes };
        return { errorCode: 0, results: [well, { errorCode: 56, logDir: '/bad', topics: [] }] };
      };
    }
    const found = await done((c) => describeLogDirs(c, undefined, {}));
    expect(found.map(({ broker }) => broker)).toEqual([0, 1]);
    const [well, bad] = found[1]?.logDirs ?? [];
    expect(well).toMatchObject({ path: '/d1', totalBytes: 100, usableBytes: null, cordoned: true });
    expect(well?.replicas).toEqual([
      { topic: 'orders', partition: 0, size: 9, offsetLag: 1, future: true },
    ]);
    expect(bad?.error?.code).toBe('KAFKA_STORAGE_ERROR');
  });

  test('replicas are moved at their own brokers, each with its result', async () => {
    const { cluster, done } = await fake(2);
    for (const [id, { handlers }] of cluster.brokers.entries()) {
      handlers.AlterReplicaLogDirs = ({ dirs }) => ({
        results: dirs.flatMap(({ topics }) =>
          topics.map(({ name, partitions }) => ({
            topicName: name,
            partitions: partitions.map((partitionIndex) => {
              return { partitionIndex, errorCode: id === 0 ? 0 : 57 };
            }),
          })),
        ),
      });
    }
    const replica = { topic: 'orders', partition: 0, path: '/d' };
    const moves = [
      { ...replica, broker: 1 },
      { ...replica, broker: 0 },
    ];
    const work = done((c) => alterReplicaLogDirs(c, moves, {}));
    const error = await work.catch((thrown: unknown) => thrown);
    const results = itemResults(error).map(({ key, error: why }) => [key.broker, why?.code]);
    expect(results.sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
      [0, undefined],
      [1, 'LOG_DIR_NOT_FOUND'],
    ]);
  });

  test('reassignments may forbid another number of replicas', async () => {
    const { handlers, broker, done } = await fake();
    handlers.AlterPartitionReassignments = ({ topics, allowReplicationFactorChange }) => {
      expect(allowReplicationFactorChange).toBe(false);
      expect(topics[0]?.partitions.map(({ replicas }) => replicas)).toEqual([[1, 2], null]);
      const partitions = [0, 1].map((partitionIndex) => ({
        ...{ partitionIndex, errorCode: partitionIndex === 0 ? 0 : 85, errorMessage: null },
      }));
      const responses = [{ name: 'orders', partitions }];
      return { errorCode: 0, errorMessage: null, responses };
    };
    const wanted = [
      { topic: 'orders', partition: 0, replicas: [1, 2] },
      { topic: 'orders', partition: 1, replicas: null },
    ];
    const options = { allowReplicationFactorChange: false };
    const codes = await codesOf(done((c) => alterPartitionReassignments(c, wanted, options)));
    expect(codes).toEqual([null, 'NO_REASSIGNMENT_IN_PROGRESS']);
    broker.versionMax.AlterPartitionReassignments = 0;
  });

  test('an election that was not needed is no failure', async () => {
    const { handlers, done } = await fake();
    handlers.ElectLeaders = ({ electionType, topicPartitions }) => {
      expect([electionType, topicPartitions]).toEqual([1, null]);
      const partitionResult = [
        { partitionId: 0, errorCode: 0, errorMessage: null },
        { partitionId: 1, errorCode: 84, errorMessage: null },
      ];
      return { errorCode: 0, replicaElectionResults: [{ topic: 'orders', partitionResult }] };
    };
    expect(await done((c) => electLeaders(c, 'unclean', undefined, {}))).toEqual([
      { topic: 'orders', partition: 0, elected: true },
      { topic: 'orders', partition: 1, elected: false },
    ]);
  });
});

describe('the cluster', () => {
  test('a failure that passes is tried again until the one time-out of Admin', async () => {
    const { cluster, handlers, broker } = await fake();
    const client = cluster.client({ apiTimeoutMs: 2000 });
    client.retain();
    handlers.DescribeCluster = () => {
      const nothing = { clusterId: '', brokers: [], clusterAuthorizedOperations: 0 };
      return { errorCode: 15, ...nothing };
    };
    const before = cluster.system.clock.monotonic();
    const error = await failure(finished(cluster.system, describeCluster(client, {})));
    expect(error.code).toBe('COORDINATOR_NOT_AVAILABLE');
    expect(cluster.system.clock.monotonic() - before).toBeLessThanOrEqual(2000);
    expect(broker.count('DescribeCluster')).toBeGreaterThan(3);
  });

  test('fenced brokers are named when asked for', async () => {
    const { handlers, done } = await fake();
    handlers.DescribeCluster = (request) => {
      expect(request.includeFencedBrokers).toBe(true);
      const brokers = [{ brokerId: 4, host: 'h', port: 1, rack: null, isFenced: true }];
      const bits = (1 << 5) | (1 << 8);
      return { errorCode: 0, clusterId: 'c', brokers, clusterAuthorizedOperations: bits };
    };
    const options = { includeFencedBrokers: true, authorizedOperations: true };
    const found = await done((c) => describeCluster(c, options));
    expect(found.brokers).toEqual([{ id: 4, host: 'h', port: 1, rack: null, fenced: true }]);
    expect(found.authorizedOperations).toEqual(['create', 'describe']);
  });

  test('feature levels are asked for anew, and changed in one of three ways', async () => {
    const { handlers, done } = await fake();
    handlers.UpdateFeatures = ({ featureUpdates, validateOnly }) => {
      expect(validateOnly).toBe(true);
      expect(featureUpdates.map(({ upgradeType }) => upgradeType)).toEqual([1, 2, 3]);
      return { errorCode: 0, errorMessage: null, results: [] };
    };
    const update = { feature: 'share.version', level: 1 };
    const updates = [
      update,
      { ...update, type: 'safe-downgrade' },
      { ...update, type: 'unsafe-downgrade' },
    ] as const;
    await done((c) => updateFeatures(c, updates, { validateOnly: true }));
    const found = await done((c) => describeFeatures(c, {}));
    expect(found.finalizedEpoch).toBe(-1);
  });

  test('the quorum tells its voters with what they have fetched', async () => {
    const { handlers, done } = await fake();
    const voter = { replicaId: 1, replicaDirectoryId: 'AAAAAAAAAAAAAAAAAAAAAA', logEndOffset: 5 };
    handlers.DescribeQuorum = () => {
      const state = { leaderId: 1, leaderEpoch: 2, highWatermark: 5, observers: [] };
      const partition = { partitionIndex: 0, errorCode: 0, ...state, currentVoters: [voter] };
      return {
        errorCode: 0,
        topics: [{ topicName: '__cluster_metadata', partitions: [partition] }],
        nodes: [{ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: 'h', port: 9093 }] }],
      };
    };
    const quorum = await done((c) => describeMetadataQuorum(c, {}));
    expect(quorum.voters).toEqual([
      {
        ...{ replicaId: 1, directoryId: null, logEndOffset: 5 },
        ...{ lastFetchTimestamp: null, lastCaughtUpTimestamp: null },
      },
    ]);
    handlers.AddRaftVoter = () => ({ errorCode: 126, errorMessage: 'a voter already' });
    const added = { id: 1, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ', listeners: [] };
    expect((await failure(done((c) => addRaftVoter(c, added, {})))).code).toBe('DUPLICATE_VOTER');
  });

  test('resources of the first version are client metrics', async () => {
    const { handlers, broker, done } = await fake();
    broker.versionMax.ListConfigResources = 0;
    handlers.ListConfigResources = () => {
      return { errorCode: 0, configResources: [{ resourceName: 'all' }] };
    };
    const metrics = await done((c) => listConfigResources(c, { types: ['client-metrics'] }));
    expect(metrics).toEqual([{ type: 'client-metrics', name: 'all' }]);
    const error = await failure(done((c) => listConfigResources(c, {})));
    expect(error.code).toBe('UNSUPPORTED_VERSION');
  });

  test('topics are described and deleted by their ids', async () => {
    const { cluster, handlers, done } = await fake();
    const { id } = cluster.topic('orders', 2);
    handlers.Metadata = (request) => {
      const asked = request.topics?.[0];
      if (asked?.topicId !== id && asked?.name === null) {
        return {
          brokers: [],
          topics: [{ errorCode: 100, name: null, topicId: asked.topicId, partitions: [] }],
        };
      }
      const named = { ...request, topics: [{ name: 'orders', topicId: id }] };
      return cluster.metadata(named as unknown as typeof request);
    };
    handlers.DescribeTopicPartitions = ({ topics, responsePartitionLimit }) => {
      expect([topics, responsePartitionLimit]).toMatchObject([[{ name: 'orders' }], 1]);
      const bits = { topicAuthorizedOperations: 1 << 3 };
      const topic = { errorCode: 0, name: 'orders', topicId: id, partitions: [], ...bits };
      return { topics: [topic], nextCursor: null };
    };
    const options = { authorizedOperations: true, partitionSizeLimitPerResponse: 1 };
    const [found] = await done((c) => describeTopics(c, [{ id }], options));
    expect(found).toMatchObject({ name: 'orders', id, authorizedOperations: ['read'] });
    const other = { id: 'AAAAAAAAAAAAAAAAAAAAAQ' };
    const missing = await failure(done((c) => describeTopics(c, [other], {})));
    expect(missing.code).toBe('UNKNOWN_TOPIC_ID');
    handlers.DeleteTopics = ({ topics }) => {
      expect(topics).toMatchObject([{ name: null, topicId: id }, { name: 'x' }]);
      const responses = [
        { name: 'x', errorCode: 3 },
        { name: null, topicId: id, errorCode: 0 },
      ];
      return { responses } as ResponseInput<'DeleteTopics'>;
    };
    const codes = await codesOf(done((c) => deleteTopics(c, [{ id }, 'x'], {})));
    expect(codes).toEqual([null, 'UNKNOWN_TOPIC_OR_PARTITION']);
  });
});
