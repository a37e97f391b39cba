import { describe, expect, test } from 'vitest';
import { Writer } from '../bytes/index.js';
import { encodeRequestHeader, requestHeaderVersion } from '../protocol/index.js';
import { silentLogger, type Socket } from '../system/index.js';
import { memorySystem } from '../system/simulated/index.js';
import { RequestBudget } from './request-budget.js';
import { hangUp, noAnswer, ServerConnection } from './server-connection.js';
import type {
  ReceivedRequest,
  ServedAnswer,
  ServerConnectionOptions,
} from './server-connection.js';

type Serve = (request: ReceivedRequest) => ServedAnswer | Promise<ServedAnswer>;
const { clock, net } = memorySystem();

/** A server connection that answers as `serve` says, and the client's end of it. */
async function connected(serve: Serve, options: Partial<ServerConnectionOptions> = {}) {
  let server: ServerConnection | undefined;
  const closed = { count: 0 };
  const listener = await net.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    server = new ServerConnection(socket, {
      id: 1,
      clock,
      logger: silentLogger,
      accepts: (api) => (api === 'ApiVersions' || api === 'ListGroups' ? [0, 0] : undefined),
      overlaps: () => false,
      serve,
      frameBytesMax: 100 * 1024 * 1024,
      budget: new RequestBudget(1 << 30),
      onClosed: () => closed.count++,
      ...options,
    });
  });
  const socket = await net.connect({ host: '127.0.0.1', port: listener.port });
  await listener.close();
  if (server === undefined) throw new Error('nobody connected');
  const received: Buffer[] = [];
  socket.onData = (bytes) => void received.push(Buffer.from(bytes));
  return { server, socket, closed, received: () => Buffer.concat(received) };
}

function request(correlationId: number, padding = 0): Buffer {
  const writer = new Writer();
  writer.int32(0);
  const header = { apiKey: 18, apiVersion: 0, correlationId, clientId: 'c' };
  encodeRequestHeader(writer, header, requestHeaderVersion('ApiVersions', 0));
  writer.raw(Buffer.alloc(padding));
  writer.patchInt32(0, writer.position - 4);
  return Buffer.from(writer.bytes());
}

/** The correlation ids of the answers so far. */
function answered(bytes: Buffer): number[] {
  const ids: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 4 + bytes.readInt32BE(at)) {
    ids.push(bytes.readInt32BE(at + 4));
  }
  return ids;
}

const empty = { errorCode: 0, apiKeys: [] };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => clock.soon(resolve));
}

/** Lets everything that is under way come to rest. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await new Promise<void>((resolve) => clock.soon(resolve));
  }
}

function pauses(socket: Socket): { paused: boolean } {
  const state = { paused: false };
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  socket.pause = () => {
    state.paused = true;
    pause();
  };
  socket.resume = () => {
    state.paused = false;
    resume();
  };
  return state;
}

describe('the server side of a connection', () => {
  test('starts a request when the one before is answered', async () => {
    const asked: ((answer: ServedAnswer) => void)[] = [];
    const peer = await connected(() => new Promise((resolve) => void asked.push(resolve)));
    peer.socket.write([request(1), request(2)]);
    await until(() => asked.length === 1);
    await settled();
    expect(asked).toHaveLength(1);
    asked[0]?.(empty);
    await until(() => asked.length === 2);
    asked[1]?.(empty);
    await until(() => answered(peer.received()).length === 2);
    expect(answered(peer.received())).toEqual([1, 2]);
  });

  test('runs APIs that overlap side by side and still answers in order', async () => {
    const asked: ((answer: ServedAnswer) => void)[] = [];
    const peer = await connected(() => new Promise((resolve) => void asked.push(resolve)), {
      overlaps: () => true,
    });
    peer.socket.write([request(1), request(2), request(3)]);
    await until(() => asked.length === 3);
    asked[2]?.(empty);
    asked[1]?.(noAnswer);
    await settled();
    expect(peer.received()).toHaveLength(0);
    asked[0]?.(empty);
    await until(() => answered(peer.received()).length === 2);
    expect(answered(peer.received())).toEqual([1, 3]);
  });

  test('closes when the handler hangs up, throws or fails, and says so once', async () => {
    const failures: Serve[] = [
      () => hangUp,
      () => {
        throw new Error('broken');
      },
      () => Promise.reject(new Error('broken later')),
      () => ({ errorCode: 'not a number' }),
    ];
    for (const serve of failures) {
      const peer = await connected(serve);
      let gone = false;
      peer.socket.onClose = () => {
        gone = true;
      };
      peer.socket.write([request(1)]);
      await until(() => gone);
      expect(peer.closed.count).toBe(1);
      expect(peer.server.closed).toBe(true);
    }
  });

  test('tells whoever waits that the client has gone', async () => {
    const peer = await connected(() => new Promise(() => undefined));
    let told = 0;
    peer.server.onClosed(() => told++);
    const forget = peer.server.onClosed(() => told++);
    forget();
    peer.socket.write([request(1)]);
    await settled();
    peer.socket.destroy();
    await until(() => peer.server.closed);
    expect([told, peer.server.busy]).toEqual([1, false]);
  });

  test('stops reading when too many requests wait, and goes on afterwards', async () => {
    const asked: ((answer: ServedAnswer) => void)[] = [];
    let reading = { paused: false };
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
      reading = pauses(socket);
      new ServerConnection(socket, {
        id: 2,
        clock,
        logger: silentLogger,
        accepts: () => [0, 0],
        overlaps: () => false,
        serve: () => new Promise((resolve) => void asked.push(resolve)),
        frameBytesMax: 1 << 20,
        budget: new RequestBudget(1 << 30),
        onClosed: () => undefined,
      });
    });
    const socket = await net.connect({ host: '127.0.0.1', port: listener.port });
    const received: Buffer[] = [];
    socket.onData = (bytes) => void received.push(Buffer.from(bytes));
    for (let id = 0; id < 200; id++) {
      socket.write([request(id, 4000)]);
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
    await until(() => reading.paused);
    for (let at = 0; at < 200; at++) {
      await until(() => asked.length > at);
      asked[at]?.(empty);
    }
    await until(() => answered(Buffer.concat(received)).length === 200);
    expect(reading.paused).toBe(false);
    await listener.close();
  });

  test('starts nothing more for a client that does not read', async () => {
    let served = 0;
    const apiKeys = Array.from({ length: 30_000 }, () => ({
      apiKey: 0,
      minVersion: 0,
      maxVersion: 0,
    }));
    const peer = await connected(() => {
      served++;
      return { errorCode: 0, apiKeys };
    });
    peer.socket.pause();
    for (let id = 0; id < 60; id++) peer.socket.write([request(id)]);
    await settled();
    // Each answer takes 180 kB, and about 4 MiB may stay unsent.
    expect(served).toBeGreaterThan(20);
    expect(served).toBeLessThan(30);
    peer.socket.resume();
    await until(() => answered(peer.received()).length === 60);
    expect(served).toBe(60);
  });

  test('the budget of all connections stops those with work in hand, not the others', async () => {
    const budget = new RequestBudget(1000);
    const asked: ((answer: ServedAnswer) => void)[] = [];
    const serve: Serve = () => new Promise((resolve) => void asked.push(resolve));
    const first = await connected(serve, { budget });
    const second = await connected(serve, { budget });
    first.socket.write([request(1, 2000)]);
    await until(() => asked.length === 1);
    first.socket.write([request(2, 10)]);
    second.socket.write([request(3, 10)]);
    await until(() => asked.length === 2);
    expect(budget.used).toBeGreaterThan(2000);
    expect(budget.used).toBeLessThan(2100);
    asked[0]?.(empty);
    await until(() => asked.length === 3);
    for (const answer of asked) answer(empty);
    await until(() => budget.used === 0);
  });

  test('after `stop` nothing new begins, and what is at work is still answered', async () => {
    const asked: ((answer: ServedAnswer) => void)[] = [];
    let idle = 0;
    const peer = await connected(() => new Promise((resolve) => void asked.push(resolve)), {
      onIdle: () => idle++,
    });
    peer.socket.write([request(1), request(2)]);
    await until(() => asked.length === 1);
    peer.server.stop();
    asked[0]?.(empty);
    await until(() => answered(peer.received()).length === 1);
    await settled();
    expect([asked.length, idle, peer.server.busy]).toEqual([1, 1, false]);
  });
});
