import { describe, expect, test } from 'vitest';
import { Broker, type BrokerOptions } from '../../src/broker/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem, simulatedSystem } from '../../src/system/simulated/index.js';
import { loadApi } from '../../src/protocol/index.js';
import { writeMessageSet } from '../../src/records/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

const base: BrokerOptions = { listen: '127.0.0.1:0', data: 'memory', logger: silentLogger };

/** Whether a connection is closed without having said anything. */
async function isRefused(client: RawClient): Promise<boolean> {
  return (await client.frame()) === undefined;
}

describe('connections', () => {
  test('above max.connections are refused, until one closes', async () => {
    const system = memorySystem();
    const broker = await Broker.start({ ...base, system, config: { 'max.connections': '2' } });
    const connect = () => RawClient.connect(system.net, broker.port);
    const first = await connect();
    const second = await connect();
    expect(await isRefused(await connect())).toBe(true);
    first.close();
    expect((await second.send('ApiVersions', 0, {})).errorCode).toBe(0);
    expect((await (await connect()).send('ApiVersions', 0, {})).errorCode).toBe(0);
    await broker.close();
  });

  test('above max.connections.per.ip are refused', async () => {
    const system = memorySystem();
    const config = { 'max.connections.per.ip': '1' };
    const broker = await Broker.start({ ...base, system, config });
    const first = await RawClient.connect(system.net, broker.port);
    expect(await isRefused(await RawClient.connect(system.net, broker.port))).toBe(true);
    expect((await first.send('ApiVersions', 0, {})).errorCode).toBe(0);
    await broker.close();
  });

  test('idle for connections.max.idle.ms are closed; those with a waiting fetch are not', async () => {
    await Promise.all([loadApi('ApiVersions'), loadApi('Fetch')]);
    const system = simulatedSystem(1);
    const broker = await Broker.start({ ...base, system, createTopics: { t: {} } });
    const idle = await RawClient.connect(system.net, broker.port);
    const halfOpen = await RawClient.connect(system.net, broker.port);
    halfOpen.write(Buffer.from([0, 0]));
    const fetching = await RawClient.connect(system.net, broker.port);
    await fetching.post('Fetch', 12, fetchOf('t', 0, { maxWaitMs: 3_000_000 }));
    await system.clock.advance(590_000);
    expect([idle.closed, halfOpen.closed, fetching.closed]).toEqual([false, false, false]);
    await system.clock.advance(60_000);
    expect([idle.closed, halfOpen.closed, fetching.closed]).toEqual([true, true, false]);
    await broker.crash();
  });
});

describe('batches that grow when they are decompressed', () => {
  test('are refused above max.decompressed.batch.bytes, also from old producers', async () => {
    const system = memorySystem();
    const config = { 'max.decompressed.batch.bytes': '100000' };
    const configs = { 'compression.type': 'lz4' };
    const createTopics = { plain: {}, packed: { configs } };
    const broker = await Broker.start({ ...base, system, config, createTopics });
    const client = await RawClient.connect(system.net, broker.port);
    const answerTo = async (topic: string, version: number, records: Buffer) => {
      const { responses } = await client.send('Produce', version, produceOf(topic, records));
      return only(only(responses).partitionResponses);
    };
    const compressed = (value: string) => batch([value, value], { compression: 'gzip' });
    const bomb = 'x'.repeat(60_000);
    expect(await answerTo('packed', 9, compressed('x'))).toMatchObject({ errorCode: 0 });
    const refused = await answerTo('packed', 9, compressed(bomb));
    expect(refused).toMatchObject({ errorCode: 10, baseOffset: -1 });
    // Nobody opens it where it is stored as it came.
    expect(await answerTo('plain', 9, compressed(bomb))).toMatchObject({ errorCode: 0 });
    const one = { timestamp: 1, key: null, value: Buffer.from(bomb) };
    const records = [0, 1].map((offset) => ({ ...one, offset }));
    const set = writeMessageSet(records, { magic: 1, compression: 'gzip' });
    expect(await answerTo('plain', 2, set)).toMatchObject({ errorCode: 10 });
    await broker.close();
  });
});

describe('starting', () => {
  test('fails clearly when the port is taken, and leaves nothing behind', async () => {
    const system = memorySystem();
    const one = await Broker.start({ ...base, system });
    const listen = `127.0.0.1:${one.port}`;
    await expect(Broker.start({ ...base, system, listen })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
    await one.close();
    await (await Broker.start({ ...base, system, listen })).close();
  });

  test('fails clearly on a setting that does not fit', async () => {
    const config = { 'num.partitions': 'many' };
    await expect(Broker.start({ ...base, config })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: 'Invalid value many for configuration num.partitions: Not a number of type INT',
    });
  });

  test('names the settings that have no effect', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (text: string) => void warnings.push(text) };
    const config = { 'zookeeper.connect': 'localhost:2181', 'num.partitions': '2' };
    const broker = await Broker.start({ ...base, system: memorySystem(), logger, config });
    expect(warnings).toEqual(['The setting zookeeper.connect has no effect in kafkit.']);
    await broker.close();
  });

  test('takes listeners and advertised.listeners of server.properties', async () => {
    const config = {
      listeners: 'CONTROLLER://:9093,PLAINTEXT://127.0.0.1:29092',
      'advertised.listeners': 'PLAINTEXT://kafka.example:19092',
    };
    const system = memorySystem();
    const broker = await Broker.start({ data: 'memory', logger: silentLogger, system, config });
    expect(broker.port).toBe(29092);
    const client = await RawClient.connect(system.net, 29092);
    const { brokers } = await client.send('Metadata', 1, { topics: [] });
    expect(brokers).toMatchObject([{ host: 'kafka.example', port: 19092 }]);
    await broker.close();
  });

  test('closing twice is closing once', async () => {
    const broker = await Broker.start({ ...base, system: memorySystem() });
    await Promise.all([broker.close(), broker.close()]);
  });
});
