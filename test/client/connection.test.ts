import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ClientConnection, type ClientConnectionOptions } from '../../src/network/index.js';
import { silentLogger } from '../../src/system/index.js';
import { type SimulatedSystem, simulatedSystem } from '../../src/system/simulated/index.js';
import { FakeBroker, hangUp, loadApis, silence } from './fake-broker.js';
import { failure } from './fake-cluster.js';

let system: SimulatedSystem;
let broker: FakeBroker;

beforeAll(loadApis);

beforeEach(async () => {
  system = simulatedSystem(7);
  broker = await new FakeBroker(system.net, 'one', 9092).start();
});

afterEach(async () => {
  await broker.stop();
});

function open(options: Partial<ClientConnectionOptions> = {}): Promise<ClientConnection> {
  return ClientConnection.open({
    system,
    logger: silentLogger,
    host: 'one',
    port: 9092,
    broker: 'one:9092',
    clientId: 'test',
    requestTimeoutMs: 1000,
    connectionTimeoutMs: 1000,
    ...options,
  });
}

const listed = (groupId: string, throttleTimeMs = 0) => ({
  throttleTimeMs,
  errorCode: 0,
  groups: [{ groupId, protocolType: 'consumer' }],
});
const ask = (connection: ClientConnection, filter = '') =>
  connection.send('ListGroups', { statesFilter: [filter], typesFilter: [] });

describe('negotiation', () => {
  test('uses the newest version that both sides know, on each connection', async () => {
    broker.versionMax.ListGroups = 3;
    broker.handlers.ListGroups = () => listed('g');
    const connection = await open();
    await connection.send('ListGroups', {});
    expect(broker.requests).toEqual(['ApiVersions 5', 'ListGroups 3']);
    broker.versionMax.ListGroups = 5;
    const second = await open();
    await ask(second);
    expect(broker.requests.at(-1)).toBe('ListGroups 5');
    connection.close();
    second.close();
  });

  test('a broker that knows only older ApiVersions is asked in the newest it lists', async () => {
    broker.handlers.ApiVersions = (_request, { version }) =>
      version > 3
        ? { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 3 }] }
        : { errorCode: 0, apiKeys: [{ apiKey: 16, minVersion: 0, maxVersion: 4 }] };
    const connection = await open();
    expect(broker.requests).toEqual(['ApiVersions 5', 'ApiVersions 3']);
    expect(connection.ranges.range('ListGroups')).toEqual([0, 4]);
    connection.close();
  });

  test('a refusal without a list is followed by version 0', async () => {
    broker.handlers.ApiVersions = (_request, { version }) => ({
      errorCode: version > 0 ? 35 : 0,
      apiKeys: [],
    });
    const connection = await open();
    expect(broker.requests).toEqual(['ApiVersions 5', 'ApiVersions 0']);
    connection.close();
  });

  test('an API that the broker does not serve fails with both ranges named', async () => {
    broker.versionMax.ListGroups = 2;
    const connection = await open();
    const work = connection.send('ListGroups', {}, { versionMin: 4 });
    expect(await failure(work)).toEqual({
      code: 'UNSUPPORTED_VERSION',
      message: expect.stringContaining('serves ListGroups in the versions 0 to 2; 4 to 5'),
    });
    connection.close();
  });

  test('a broker that hangs up on the first request is suspected of expecting TLS', async () => {
    broker.handlers.ApiVersions = () => hangUp;
    const { code, message } = await failure(open());
    expect(code).toBe('CONNECTION_CLOSED');
    expect(message).toMatch(/closed it during the first request.* expect TLS/);
  });

  test('something that is no broker is called so', async () => {
    await broker.stop();
    const listener = await system.net.listen({ host: 'one', port: 9092 }, (socket) => {
      socket.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]);
    });
    const { message } = await failure(open());
    expect(message).toMatch(/does not speak Kafka's protocol/);
    await listener.close();
  });
});

describe('requests', () => {
  test('are pipelined, and each caller gets its own answer', async () => {
    const waiting: (() => void)[] = [];
    broker.handlers.ListGroups = ({ statesFilter }) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(listed(statesFilter[0] as string)));
      });
    const connection = await open();
    const answers = Promise.all(['a', 'b', 'c'].map((name) => ask(connection, name)));
    await system.clock.settle();
    expect(broker.count('ListGroups')).toBe(3);
    // Worked out in another order, answered in that of the requests.
    for (const release of waiting.reverse()) release();
    const names = (await answers).map(({ groups }) => groups[0]?.groupId);
    expect(names).toEqual(['a', 'b', 'c']);
    connection.close();
  });

  test('an answer after the time-out is dropped and the next ones still fit', async () => {
    let release: (() => void) | undefined;
    broker.handlers.ListGroups = ({ statesFilter }) => {
      const answer = listed(statesFilter[0] as string);
      if (statesFilter[0] !== 'slow') return answer;
      return new Promise((resolve) => {
        release = () => resolve(answer);
      });
    };
    const connection = await open();
    await ask(connection, 'first');
    const slow = failure(ask(connection, 'slow'));
    await system.clock.advance(500);
    // Something comes in between, so that the connection counts as alive.
    const second = ask(connection, 'second');
    await system.clock.advance(600);
    const { code, message } = await slow;
    expect(code).toBe('REQUEST_TIMEOUT');
    expect(message).toMatch(/^one:9092 did not answer ListGroups within 1000 ms\./);
    expect(message).toMatch(/requestTimeoutMs/);
    connection.close();
    await failure(second);
    release?.();
  });

  test('an answer that is late but comes before the connection is given up changes nothing', async () => {
    const waiting: (() => void)[] = [];
    broker.handlers.ListGroups = ({ statesFilter }) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(listed(statesFilter[0] as string)));
      });
    const connection = await open();
    const before = ask(connection, 'before');
    const late = failure(
      connection.send('ListGroups', { statesFilter: ['late'] }, { timeoutMs: 100 }),
    );
    await system.clock.advance(50);
    waiting[0]?.();
    await system.clock.advance(100);
    expect((await before).groups[0]?.groupId).toBe('before');
    expect((await late).code).toBe('REQUEST_TIMEOUT');
    expect(connection.closed).toBe(false);
    const after = ask(connection, 'after');
    await system.clock.settle();
    waiting[1]?.();
    waiting[2]?.();
    expect((await after).groups[0]?.groupId).toBe('after');
    connection.close();
  });

  test('a broker that sends nothing at all until the time-out loses the connection', async () => {
    broker.handlers.ListGroups = () => silence;
    let reason: string | undefined;
    const connection = await open({
      onClose: (error) => {
        reason = error?.message;
      },
    });
    await system.clock.advance(10);
    const work = failure(ask(connection));
    await system.clock.advance(1500);
    expect((await work).code).toBe('REQUEST_TIMEOUT');
    expect(connection.closed).toBe(true);
    expect(reason).toMatch(/has not sent a byte/);
    expect(system.clock.pendingTimers).toBe(0);
  });

  test('a throttle holds the connection as long as the broker says', async () => {
    broker.handlers.ListGroups = ({ statesFilter }) =>
      listed('g', statesFilter[0] === 'much' ? 700 : 0);
    const connection = await open();
    await ask(connection, 'much');
    const next = ask(connection, 'next');
    await system.clock.advance(690);
    expect(broker.count('ListGroups')).toBe(1);
    await system.clock.advance(20);
    await next;
    expect(broker.count('ListGroups')).toBe(2);
    connection.close();
  });

  test('a lost connection fails all that wait, with broker and API', async () => {
    broker.handlers.ListGroups = () => silence;
    let closed = 0;
    const connection = await open({ onClose: () => closed++ });
    const work = [failure(ask(connection)), failure(ask(connection))];
    await system.clock.settle();
    broker.cut();
    for (const { code, message } of await Promise.all(work)) {
      expect(code).toBe('CONNECTION_CLOSED');
      expect(message).toMatch(/connection to one:9092 ended before ListGroups was answered/);
    }
    expect(closed).toBe(1);
    expect((await failure(ask(connection))).code).toBe('CONNECTION_CLOSED');
    expect(system.clock.pendingTimers).toBe(0);
  });

  test('a caller that gives up is answered at once, and the connection stays in step', async () => {
    let release: (() => void) | undefined;
    broker.handlers.ListGroups = ({ statesFilter }) =>
      statesFilter[0] === 'quick'
        ? listed('quick')
        : new Promise((resolve) => {
            release = () => resolve(listed('given up'));
          });
    const connection = await open();
    const caller = new AbortController();
    const { signal } = caller;
    const work = failure(connection.send('ListGroups', { statesFilter: [''] }, { signal }));
    await system.clock.settle();
    caller.abort();
    expect((await work).code).toBe('ABORTED');
    const quick = ask(connection, 'quick');
    await system.clock.settle();
    release?.();
    expect((await quick).groups[0]?.groupId).toBe('quick');
    connection.close();
  });

  test('a request without an answer resolves when it is written', async () => {
    const seen: number[] = [];
    broker.handlers.Produce = ({ acks }) => {
      seen.push(acks);
      return silence;
    };
    const connection = await open();
    const request = { acks: 0, timeoutMs: 1000, topicData: [] };
    await connection.sendWithoutAnswer('Produce', request);
    await connection.sendWithoutAnswer('Produce', request);
    expect(connection.inFlight).toBe(0);
    await system.clock.settle();
    expect(seen).toEqual([0, 0]);
    connection.close();
  });

  test('a request that cannot be encoded fails alone', async () => {
    broker.versionMax.ListGroups = 2;
    broker.handlers.ListGroups = () => listed('g');
    const connection = await open();
    expect((await failure(ask(connection, 'filter'))).code).not.toBe('CONNECTION_CLOSED');
    await connection.send('ListGroups', {});
    connection.close();
  });
});
