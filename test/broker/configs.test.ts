import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

const system = memorySystem();
let broker: Broker;
let client: RawClient;

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    createTopics: { t: { configs: { 'max.message.bytes': '2000' } } },
    config: { 'num.partitions': '3', 'log.retention.hours': '2', 'unknown.setting': '1' },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
});
afterAll(() => broker.close());

const topicType = 2;
const brokerType = 4;

async function described(
  resourceType: number,
  resourceName: string,
  configurationKeys: string[] | null = null,
) {
  const resources = [{ resourceType, resourceName, configurationKeys }];
  const input = { resources, includeSynonyms: true, includeDocumentation: true };
  return only((await client.send('DescribeConfigs', 4, input)).results);
}

async function configOf(name: string, topic = 't') {
  return only((await described(topicType, topic, [name])).configs);
}

describe('DescribeConfigs', () => {
  test('tells all configs of a topic, with type and one sentence each', async () => {
    const { configs, errorMessage } = await described(topicType, 't');
    expect(configs).toHaveLength(37);
    expect(errorMessage).toBe('');
    for (const { documentation, configType } of configs) {
      expect(documentation).toMatch(/^\w.*\.$/);
      expect(configType).toBeGreaterThan(0);
    }
    expect((await described(topicType, 't', [])).configs).toHaveLength(37);
  });

  test('tells where a value comes from', async () => {
    const own = { name: 'max.message.bytes', value: '2000', source: 1 };
    const inherited = { name: 'message.max.bytes', value: '1048588', source: 5 };
    expect(await configOf('max.message.bytes')).toMatchObject({
      value: '2000',
      configSource: 1,
      synonyms: [own, inherited],
    });
    expect(await configOf('segment.bytes')).toMatchObject({
      configSource: 5,
      synonyms: [{ name: 'log.segment.bytes', value: '1073741824', source: 5 }],
    });
    expect(await configOf('flush.ms')).toMatchObject({ synonyms: [] });
  });

  test('takes hours of the broker for milliseconds of the topic', async () => {
    expect(await configOf('retention.ms')).toMatchObject({ value: '7200000', configSource: 5 });
  });

  test('leaves out unknown names', async () => {
    expect((await described(topicType, 't', ['foo', 'segment.ms'])).configs).toHaveLength(1);
  });

  test('unknown topics are 3, bad names 17, other resources 42', async () => {
    expect((await described(topicType, 'nothing')).errorCode).toBe(3);
    expect((await described(topicType, 'a b')).errorCode).toBe(17);
    expect((await described(brokerType, '2')).errorCode).toBe(42);
    expect((await described(99, '')).errorCode).toBe(42);
  });

  test('tells what is in force in the broker', async () => {
    const { configs } = await described(brokerType, '1');
    const value = (wanted: string) => configs.find(({ name }) => name === wanted)?.value;
    expect(value('num.partitions')).toBe('3');
    expect(value('node.id')).toBe('1');
    expect(value('advertised.listeners')).toBe(`PLAINTEXT://127.0.0.1:${broker.port}`);
    expect(configs.map(({ name }) => name)).not.toContain('unknown.setting');
    expect((await described(brokerType, '')).configs).toEqual([]);
  });
});

type Change = readonly [name: string, configOperation: number, value: string | null];
const [set, remove, append, subtract] = [0, 1, 2, 3];

async function altered(changes: readonly Change[], resourceName = 't', resourceType = topicType) {
  const configs = changes.map(([name, configOperation, value]) => ({
    name,
    configOperation,
    value,
  }));
  const resources = [{ resourceType, resourceName, configs }];
  const input = { resources, validateOnly: false };
  return only((await client.send('IncrementalAlterConfigs', 1, input)).responses);
}

describe('IncrementalAlterConfigs', () => {
  test('sets, appends, subtracts and deletes', async () => {
    await altered([['cleanup.policy', append, 'compact']]);
    expect((await configOf('cleanup.policy')).value).toBe('delete,compact');
    await altered([['cleanup.policy', subtract, 'delete']]);
    expect((await configOf('cleanup.policy')).value).toBe('compact');
    await altered([['cleanup.policy', remove, null]]);
    expect(await configOf('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 });
    await altered([['segment.ms', set, ' 12345 ']]);
    expect(await configOf('segment.ms')).toMatchObject({ value: '12345', configSource: 1 });
  });

  const refusals: [string, Change[], number][] = [
    ['an unknown name', [['foo', set, '1']], 40],
    ['a value of the wrong type', [['segment.ms', set, 'soon']], 40],
    ['appending to what is no list', [['segment.ms', append, '1']], 40],
    ['segments below 1 MiB', [['segment.bytes', set, '1048575']], 40],
    ['an enumeration in other case', [['compression.type', set, 'GZIP']], 40],
    ['a flag that is neither true nor false', [['preallocate', set, 'yes']], 40],
    [
      'the same name twice',
      [
        ['segment.ms', set, '1'],
        ['segment.ms', set, '2'],
      ],
      42,
    ],
    ['a null value', [['segment.ms', set, null]], 42],
    ['an unknown operation', [['segment.ms', 9, '1']], 42],
  ];
  for (const [what, changes, code] of refusals) {
    test(`refuses ${what} with ${code} and changes nothing`, async () => {
      const before = await described(topicType, 't');
      expect((await altered(changes)).errorCode).toBe(code);
      expect(await described(topicType, 't')).toEqual(before);
    });
  }

  test('refuses unknown topics with 3, the broker itself and unknown types with 42', async () => {
    expect((await altered([['segment.ms', set, '1']], 'nothing')).errorCode).toBe(3);
    expect((await altered([['num.partitions', set, '1']], '1', brokerType)).errorCode).toBe(42);
    const throttle = 'leader.replication.throttled.rate';
    expect((await altered([[throttle, remove, null]], '1', brokerType)).errorCode).toBe(0);
    expect((await altered([[throttle, remove, null]], '9', brokerType)).errorCode).toBe(42);
    expect((await altered([['segment.ms', set, '1']], 't', 99)).errorCode).toBe(42);
  });

  test('takes the largest int64 and minus one', async () => {
    for (const value of ['9223372036854775807', '-1']) {
      expect((await altered([['retention.ms', set, value]])).errorCode).toBe(0);
      expect((await configOf('retention.ms')).value).toBe(value);
    }
    expect((await altered([['retention.ms', set, '9223372036854775808']])).errorCode).toBe(40);
  });

  test('is in force at once', async () => {
    await broker.topics.create('live', 1, {});
    await altered([['max.message.bytes', set, '100']], 'live');
    expect(broker.topics.byName('live')?.partitions[0]?.log.config.maxMessageBytes).toBe(100);
  });
});

describe('AlterConfigs', () => {
  test('replaces everything the topic had set', async () => {
    await broker.topics.create('replaced', 1, { 'segment.ms': '1', 'retention.ms': '2' });
    const configs = [{ name: 'segment.bytes', value: '2000000' }];
    const resources = [{ resourceType: topicType, resourceName: 'replaced', configs }];
    await client.send('AlterConfigs', 2, { resources, validateOnly: false });
    expect(broker.topics.byName('replaced')?.overrides).toEqual({ 'segment.bytes': '2000000' });
  });
});

describe('the rest', () => {
  test('DescribeCluster refuses to be a controller: 114', async () => {
    const ask = (endpointType: number) =>
      client.send('DescribeCluster', 1, { includeClusterAuthorizedOperations: true, endpointType });
    expect((await ask(2)).errorCode).toBe(114);
    expect((await ask(9)).errorCode).toBe(115);
    const answer = await ask(1);
    expect(answer).toMatchObject({ controllerId: 1, clusterAuthorizedOperations: 8096 });
    expect(only(answer.brokers)).toMatchObject({ brokerId: 1, port: broker.port });
  });

  test('DescribeLogDirs tells sizes', async () => {
    const { results } = await client.send('DescribeLogDirs', 4, { topics: null });
    const names = only(results).topics.map(({ name }) => name);
    expect(names).toContain('t');
  });

  test('ListConfigResources lists topics and brokers when asked', async () => {
    const answer = await client.send('ListConfigResources', 1, { resourceTypes: [2, 4] });
    expect(answer.configResources).toContainEqual(
      expect.objectContaining({ resourceName: 't', resourceType: 2 }),
    );
    const other = await client.send('ListConfigResources', 1, { resourceTypes: [77] });
    expect(other.errorCode).toBe(35);
  });
});
