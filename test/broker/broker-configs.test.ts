import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BrokerNode as Broker } from '../../src/broker/broker-node.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { only, RawClient } from './raw-client.js';

const brokerType = 4;
const set = 0;
const remove = 1;

type Change = readonly [name: string, operation: number, value: string | null];

const system = memorySystem();
let broker: Broker;
let client: RawClient;

/** The same directory in memory at every start, so that a second start finds what was written. */
async function start(): Promise<void> {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: '/broker-configs',
    config: { 'message.max.bytes': '5000' },
    system,
    logger: silentLogger,
  });
  client = await RawClient.connect(system.net, broker.port);
}

beforeEach(() => start());
afterEach(async () => {
  await altered([['message.max.bytes', remove, null]], '');
  await broker.close();
});

async function altered(changes: readonly Change[], resourceName = '1') {
  const configs = changes.map(([name, configOperation, value]) => ({
    name,
    configOperation,
    value,
  }));
  const resources = [{ resourceType: brokerType, resourceName, configs }];
  return only(
    (await client.send('IncrementalAlterConfigs', 1, { resources, validateOnly: false })).responses,
  );
}

async function described(resourceName: string, key: string) {
  const resources = [
    { resourceType: brokerType, resourceName, configurationKeys: key === '' ? null : [key] },
  ];
  const input = { resources, includeSynonyms: true, includeDocumentation: true };
  return only((await client.send('DescribeConfigs', 4, input)).results).configs;
}

describe('configs of a running broker (KIP-226)', () => {
  test('one broker wins over all brokers, these over the start, and taking away goes back', async () => {
    const sources = async () =>
      only(await described('1', 'message.max.bytes')).synonyms.map(
        ({ value, source }) => `${value} from ${source}`,
      );
    const atStart = ['5000 from 4', '1048588 from 5'];
    expect(await sources()).toEqual(atStart);
    await altered([['message.max.bytes', set, '6000']], '');
    expect(await sources()).toEqual(['6000 from 3', ...atStart]);
    await altered([['message.max.bytes', set, '7000']]);
    expect(await sources()).toEqual(['7000 from 2', '6000 from 3', ...atStart]);
    expect(only(await described('', ''))).toMatchObject({
      name: 'message.max.bytes',
      value: '6000',
      configSource: 3,
      readOnly: false,
    });
    await altered([['message.max.bytes', remove, null]]);
    await altered([['message.max.bytes', remove, null]], '');
    expect(await sources()).toEqual(atStart);
    expect(await described('', '')).toEqual([]);
  });

  test('a new default is in force for the topics that do not set their own', async () => {
    await broker.topics.create('inherits', 1, {});
    await broker.topics.create('has-its-own', 1, { 'max.message.bytes': '300' });
    await altered([['message.max.bytes', set, '400']], '');
    const limit = (name: string) =>
      broker.topics.byName(name)?.partitions[0]?.log.config.maxMessageBytes;
    expect(limit('inherits')).toBe(400);
    expect(limit('has-its-own')).toBe(300);
  });

  test('is still there after a restart', async () => {
    await broker.topics.create('kept', 1, {});
    await altered([['message.max.bytes', set, '4321']]);
    await broker.close();
    await start();
    expect(broker.topics.byName('kept')?.partitions[0]?.log.config.maxMessageBytes).toBe(4321);
    await altered([['message.max.bytes', remove, null]]);
  });

  test('keeps a name it has no use for, and does not show its value', async () => {
    const name = 'sasl.kerberos.min.time.before.relogin';
    expect((await altered([[name, set, '58000']])).errorCode).toBe(0);
    expect(only(await described('1', name))).toMatchObject({
      value: null,
      isSensitive: true,
      configSource: 2,
    });
    await altered([[name, remove, null]]);
    expect(await described('1', name)).toEqual([]);
  });

  test('refuses what is read at the start, other brokers, null and values that do not fit', async () => {
    expect((await altered([['num.partitions', set, '1']])).errorCode).toBe(42);
    expect((await altered([['message.max.bytes', set, '1']], '2')).errorCode).toBe(42);
    expect((await altered([['message.max.bytes', set, null]])).errorCode).toBe(42);
    expect((await altered([['message.max.bytes', set, 'much']])).errorCode).toBe(40);
    expect(await described('', '')).toEqual([]);
  });

  test('is set for all nodes of a cluster, for one only where it means nothing', async () => {
    await broker.close();
    const nodes = { listen: '127.0.0.1:0,127.0.0.1:0', brokers: 2, data: '/two' };
    broker = await Broker.start({ ...nodes, system, logger: silentLogger });
    client = await RawClient.connect(system.net, broker.port);
    expect((await altered([['message.max.bytes', set, '600']])).errorCode).toBe(42);
    expect((await altered([['message.max.bytes', remove, null]], '2')).errorCode).toBe(0);
    expect((await altered([['leader.replication.throttled.rate', set, '9']], '2')).errorCode).toBe(
      0,
    );
    expect((await altered([['message.max.bytes', set, '600']], '')).errorCode).toBe(0);
    expect(only(await described('1', 'message.max.bytes')).value).toBe('600');
  });

  test('says of each config whether it can change', async () => {
    const readOnly = async (name: string) => only(await described('1', name)).readOnly;
    expect(await readOnly('log.retention.ms')).toBe(false);
    expect(await readOnly('listeners')).toBe(true);
  });
});
