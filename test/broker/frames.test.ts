import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Broker } from '../../src/broker/index.js';
import { silentLogger } from '../../src/system/index.js';
import { memorySystem } from '../../src/system/simulated/index.js';
import { batch, fetchOf, only, produceOf, RawClient } from './raw-client.js';

const system = memorySystem();
let broker: Broker;
const connect = () => RawClient.connect(system.net, broker.port);

beforeAll(async () => {
  broker = await Broker.start({
    listen: '127.0.0.1:0',
    data: 'memory',
    createTopics: { t: {} },
    system,
    logger: silentLogger,
  });
});
afterAll(() => broker.close());

async function isClosedBy(...chunks: Buffer[]): Promise<boolean> {
  const client = await connect();
  client.write(...chunks);
  return (await client.frame()) === undefined;
}

function framed(...parts: (number[] | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as number[])));
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A request header of version 1 (or 2 with the tag byte) for a client id of null. */
function header(key: number, version: number, tags = false): Buffer {
  const bytes = Buffer.from([0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
  bytes.writeInt16BE(key, 0);
  bytes.writeInt16BE(version, 2);
  return tags ? Buffer.concat([bytes, Buffer.from([0])]) : bytes;
}

describe('what is no request closes the connection', () => {
  const cases: [string, Buffer][] = [
    ['a length of 0', Buffer.from([0, 0, 0, 0])],
    ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a length above socket.request.max.bytes', Buffer.from([0x06, 0x40, 0x00, 0x01])],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a TLS hello', Buffer.from('1603010200010001fc0303', 'hex')],
    ['a frame of 1 byte', framed([0])],
    ['a frame of 7 bytes', framed([0, 3, 0, 1, 0, 0, 0])],
    ['a body too short', framed(header(3, 1), [0, 0])],
    ['an array length of 2^31-1', framed(header(3, 1), [0x7f, 0xff, 0xff, 0xff])],
    ['key 999', framed(header(999, 0))],
    ['key 4, which brokers no longer have', framed(header(4, 0))],
    ['key 52, which only controllers have', framed(header(52, 0))],
    ['Metadata v14', framed(header(3, 14, true), [0, 0, 0, 0, 0])],
    ['InitProducerId v6, which is not final', framed(header(22, 6, true), [0, 0])],
  ];
  for (const [what, bytes] of cases) {
    test(what, async () => {
      expect(await isClosedBy(bytes)).toBe(true);
    });
  }

  test('and leaves the other connections alone', async () => {
    const other = await connect();
    expect(await isClosedBy(framed(header(999, 0)))).toBe(true);
    expect((await other.send('ApiVersions', 0, {})).errorCode).toBe(0);
  });
});

describe('what is odd but readable is answered', () => {
  test('a length of exactly 104857600 waits for the bytes', async () => {
    const client = await connect();
    client.write(Buffer.from([0x06, 0x40, 0x00, 0x00]), Buffer.from('GET'));
    const other = await connect();
    expect((await other.send('ApiVersions', 0, {})).errorCode).toBe(0);
    expect(client.closed).toBe(false);
    client.close();
  });

  test('bytes left over after the body are ignored', async () => {
    const client = await connect();
    const body = await client.encode('Metadata', 1, { topics: [] });
    client.writeFrame(Buffer.concat([body, Buffer.from('left over')]));
    expect((await client.answer('Metadata', 1)).topics).toEqual([]);
  });

  test('a client id of null', async () => {
    const client = await connect();
    client.write(framed(header(18, 0)));
    expect((await client.answer('ApiVersions', 0)).errorCode).toBe(0);
  });

  test('unknown tagged fields in header and body', async () => {
    const client = await connect();
    const tags = [1, 9, 2, 0xab, 0xcd];
    client.write(framed(header(60, 0), tags, [0], tags));
    expect((await client.answer('DescribeCluster', 0)).errorCode).toBe(0);
  });

  test('a request that arrives byte by byte', async () => {
    const client = await connect();
    for (const byte of framed(header(18, 0))) client.write(Buffer.from([byte]));
    expect((await client.answer('ApiVersions', 0)).errorCode).toBe(0);
  });
});

describe('ApiVersions', () => {
  for (const version of [6, 9, -1]) {
    test(`v${version} is answered in the body of v0 with error 35, and may be sent again`, async () => {
      const client = await connect();
      client.write(framed(header(18, version, true), [1, 1, 0]));
      const frame = await client.frame();
      expect(frame?.toString('hex')).toBe('00000007' + '0023' + '00000001' + '0012' + '00000005');
      expect((await client.send('ApiVersions', 0, {})).errorCode).toBe(0);
    });
  }

  test('v99 without the tag byte of its header closes the connection', async () => {
    expect(await isClosedBy(framed(header(18, 99)))).toBe(true);
  });

  for (const clientSoftwareName of ['a b', '', '-x']) {
    test(`the software name '${clientSoftwareName}' is refused, as often as it comes`, async () => {
      const client = await connect();
      const body = { clientSoftwareName, clientSoftwareVersion: '1' };
      for (let times = 0; times < 2; times++) {
        const answer = await client.send('ApiVersions', 3, body);
        expect([answer.errorCode, answer.apiKeys]).toEqual([42, []]);
      }
    });
  }

  test('lists what is served by key, and nothing that is not', async () => {
    const client = await connect();
    const body = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' };
    const answer = await client.send('ApiVersions', 4, body);
    const ranges = new Map(
      answer.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [
        apiKey,
        [minVersion, maxVersion],
      ]),
    );
    expect([...ranges.keys()]).toEqual([...ranges.keys()].sort((a, b) => a - b));
    expect(ranges.get(0)).toEqual([0, 13]);
    expect(ranges.get(1)).toEqual([4, 18]);
    expect(ranges.get(11)).toEqual([0, 9]);
    expect(ranges.get(18)).toEqual([0, 5]);
    expect(ranges.get(22)).toEqual([0, 5]);
    expect(ranges.get(68)).toEqual([0, 1]);
    expect(ranges.get(78)).toEqual([1, 2]);
    expect(ranges.get(88)).toEqual([0, 1]);
    for (const notServed of [17, 29]) expect(ranges.has(notServed)).toBe(false);
    const levels = answer.finalizedFeatures.map((one) => `${one.name} ${one.maxVersionLevel}`);
    expect(levels).toEqual([
      'group.version 1',
      'metadata.version 33',
      'share.version 2',
      'streams.version 1',
      'transaction.version 2',
    ]);
  });

  test('v5 for another cluster sends the client back to its bootstrap servers', async () => {
    const client = await connect();
    const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' };
    const elsewhere = { ...software, clusterId: 'another', nodeId: 1 };
    expect((await client.send('ApiVersions', 5, elsewhere)).errorCode).toBe(129);
    const here = { ...software, clusterId: broker.clusterId, nodeId: 1 };
    expect((await client.send('ApiVersions', 5, here)).errorCode).toBe(0);
  });

  test('an older Kafka shows older ranges and features', async () => {
    const old = memorySystem();
    const options = { listen: '127.0.0.1:0', data: 'memory', system: old, logger: silentLogger };
    const broker40 = await Broker.start({ ...options, compat: '4.0' });
    const client = await RawClient.connect(old.net, broker40.port);
    const body = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' };
    const answer = await client.send('ApiVersions', 4, body);
    const produce = answer.apiKeys.find(({ apiKey }) => apiKey === 0);
    expect(produce).toMatchObject({ minVersion: 0, maxVersion: 12 });
    const metadata = answer.finalizedFeatures.find(({ name }) => name === 'metadata.version');
    expect(metadata?.maxVersionLevel).toBe(25);
    client.write(framed(header(0, 13, true), [0]));
    expect(await client.frame()).toBeUndefined();
    await broker40.close();
  });
});

test('SASL on a plaintext listener is refused with 34, and the connection stays', async () => {
  const client = await connect();
  const handshake = await client.send('SaslHandshake', 1, { mechanism: 'PLAIN' });
  expect([handshake.errorCode, handshake.mechanisms]).toEqual([34, []]);
  const authenticate = await client.send('SaslAuthenticate', 2, { authBytes: Buffer.alloc(1) });
  expect(authenticate.errorCode).toBe(34);
  expect((await client.send('ApiVersions', 0, {})).errorCode).toBe(0);
});

describe('the order of answers', () => {
  test('a waiting Fetch holds back the answers behind it, and lets other connections go', async () => {
    const client = await connect();
    const { topics } = await client.send('Metadata', 12, { topics: [{ name: 't' }] });
    const topicId = only(topics).topicId;
    await client.post('Fetch', 13, fetchOf('', 0, { maxWaitMs: 20_000, topicId }));
    await client.post('ApiVersions', 0, {});
    const other = await connect();
    const produced = await other.send('Produce', 9, produceOf('t', batch(['a'])));
    expect(only(only(produced.responses).partitionResponses).errorCode).toBe(0);
    const fetched = await client.answer('Fetch', 13);
    expect(only(only(fetched.responses).partitions).records?.length).toBeGreaterThan(61);
    expect((await client.answer('ApiVersions', 0)).errorCode).toBe(0);
  });

  test('many Produce requests at once are appended and answered in their order', async () => {
    const client = await connect();
    const requests = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        client.encode('Produce', 9, produceOf('t', batch([`${at}`]))),
      ),
    );
    for (const request of requests) client.writeFrame(request);
    const offsets: number[] = [];
    for (let at = 0; at < 100; at++) {
      const { responses } = await client.answer('Produce', 9);
      offsets.push(only(only(responses).partitionResponses).baseOffset);
    }
    expect(offsets).toEqual(offsets.map((_, at) => (offsets[0] ?? 0) + at));
  });

  test('Produce with acks 0 has no answer, and closes the connection when it fails', async () => {
    const client = await connect();
    await client.post('Produce', 9, produceOf('t', batch(['quiet']), { acks: 0 }));
    expect((await client.send('ApiVersions', 0, {})).errorCode).toBe(0);
    await client.post('Produce', 9, produceOf('no such topic', batch(['x']), { acks: 0 }));
    expect(await client.frame()).toBeUndefined();
  });
});
