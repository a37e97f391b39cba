import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { isKafkaError } from '../errors/index.js';
import type { Net, Socket } from './net.js';
import { realClock } from './real-clock.js';
import { realNet } from './real-net.js';
import { MemoryNet } from './simulated/index.js';

function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Sends back whatever comes. */
function echo(socket: Socket): void {
  socket.onData = (bytes) => {
    if (!socket.write([Buffer.from(bytes)])) socket.pause();
  };
  socket.onDrain = () => socket.resume();
}

function receive(socket: Socket, length: number): Promise<Buffer> {
  const { promise, resolve } = later<Buffer>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.onData = (chunk) => {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes >= length) resolve(Buffer.concat(chunks));
  };
  return promise;
}

/** The first bytes and the last hundred come through the buffer of the socket, the rest not. */
function receiveDirectly(
  socket: Socket,
  length: number,
): Promise<{ bytes: Buffer; direct: number }> {
  const { promise, resolve } = later<{ bytes: Buffer; direct: number }>();
  const whole = Buffer.alloc(length);
  let filled = 0;
  let direct = 0;
  const isWanted = () => filled > 0 && filled < length - 100;
  socket.onSpace = () => (isWanted() ? whole.subarray(filled, length - 100) : undefined);
  socket.onData = (bytes) => {
    if (bytes.buffer === whole.buffer) direct += bytes.length;
    else bytes.copy(whole, filled);
    filled += bytes.length;
    if (filled === length) resolve({ bytes: whole, direct });
  };
  return promise;
}

const codeOf = async (run: Promise<unknown>) =>
  await run.then(
    () => 'none',
    (error: unknown) => (isKafkaError(error) ? error.code : String(error)),
  );

describe.each(['real', 'memory'] as const)('a %s network', (kind) => {
  const net: Net = kind === 'real' ? realNet : new MemoryNet(realClock);

  test('carries bytes both ways, in order, however large', async () => {
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, echo);
    const socket = await net.connect({ host: 'localhost', port: listener.port });
    expect(socket.remotePort).toBe(listener.port);
    const sent = Buffer.alloc(3_000_000, 'abcdefghijk');
    const received = receive(socket, sent.length);
    const written = later<void>();
    socket.write([sent.subarray(0, 5), sent.subarray(5)], () => written.resolve());
    expect((await received).equals(sent)).toBe(true);
    await written.promise;
    expect(socket.bufferedBytes()).toBe(0);
    socket.destroy();
    await listener.close();
  });

  test('puts bytes where the receiver wants them', async () => {
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, echo);
    const socket = await net.connect({ host: '127.0.0.1', port: listener.port });
    const sent = Buffer.alloc(2_000_000, 'abcdefghijk');
    const received = receiveDirectly(socket, sent.length);
    socket.write([sent]);
    const { bytes, direct } = await received;
    expect(bytes.equals(sent)).toBe(true);
    expect(direct).toBeGreaterThan(1_000_000);
    socket.destroy();
    await listener.close();
  });

  test('tells both ends when one has ended, after what it still sent', async () => {
    const closed = later<Error | undefined>();
    const got: string[] = [];
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
      socket.onData = (bytes) => void got.push(String(bytes));
      socket.onClose = closed.resolve;
    });
    const socket = await net.connect({ host: '127.0.0.1', port: listener.port });
    const ours = later<Error | undefined>();
    socket.onClose = ours.resolve;
    socket.write([Buffer.from('bye')]);
    socket.end();
    expect(await closed.promise).toBeUndefined();
    expect(await ours.promise).toBeUndefined();
    expect(got.join('')).toBe('bye');
    await listener.close();
  });

  test('a paused socket delivers nothing until it is resumed', async () => {
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, echo);
    const socket = await net.connect({ host: '127.0.0.1', port: listener.port });
    const received = receive(socket, 4);
    socket.pause();
    socket.write([Buffer.from('ping')]);
    socket.resume();
    expect(String(await received)).toBe('ping');
    socket.destroy();
    await listener.close();
  });

  test('says who refused, and which address is taken', async () => {
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, echo);
    const { port } = listener;
    expect(await codeOf(net.listen({ host: '127.0.0.1', port }, echo))).toBe('ADDRESS_IN_USE');
    await listener.close();
    const refused = net.connect({ host: '127.0.0.1', port });
    expect(await codeOf(refused)).toBe('CONNECTION_REFUSED');
    await expect(refused).rejects.toThrow(`127.0.0.1:${port}`);
    const given = net.connect({ host: '127.0.0.1', port, signal: AbortSignal.abort() });
    expect(await codeOf(given)).toBe('ABORTED');
  });
});

test('a handshake that never ends is given up after the time-out', async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((done) => {
    silent.listen(0, '127.0.0.1', done);
  });
  const { port } = silent.address() as { port: number };
  const connecting = realNet.connect({ host: '127.0.0.1', port, tls: true, timeoutMs: 50 });
  expect(await codeOf(connecting)).toBe('CONNECTION_TIMED_OUT');
  silent.close();
});

/** Self-signed for localhost, good for a hundred years and for nothing but this test. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/hlA5Ov0k1etLtvE
8Y3KHBrvxi+lfQw6pb5lXaNSnfahRANCAAQ8p5pxYHvFuiXWJVDIBSvb/lnF3xvN
4nitv5icQOvau+a2PbZwOTjg3Dqsvol0C/aHAeWPiSWSK4sPjIdyxGDF
-----END PRIVATE KEY-----
`;
const cert = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUFcaI8qZ+9ACy6avcRGTUX2E/HaIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAzMDYyNFoYDzIxMjYxMDI4
MDMwNjI0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ8p5pxYHvFuiXWJVDIBSvb/lnF3xvN4nitv5icQOvau+a2PbZwOTjg
3Dqsvol0C/aHAeWPiSWSK4sPjIdyxGDFo2kwZzAdBgNVHQ4EFgQUDU8kOPe7MYVJ
xyAgDYxx2ZIGCiswHwYDVR0jBBgwFoAUDU8kOPe7MYVJxyAgDYxx2ZIGCiswDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgShWgvwElY/x+sFOLCufgdLJTp4SWccOb5cy2Z4BaL60CIQC1RXX11QKT
9F5ewPAmE2/b0fdOuFVa9Tlm82DwRH1mqg==
-----END CERTIFICATE-----
`;

test('TLS carries bytes under a trusted certificate, and fails with a hint otherwise', async () => {
  const listener = await realNet.listen({ host: '127.0.0.1', port: 0, tls: { key, cert } }, echo);
  const { port } = listener;
  const socket = await realNet.connect({ host: 'localhost', port, tls: { ca: cert } });
  const sent = Buffer.alloc(500_000, 'tls');
  const received = receive(socket, sent.length);
  socket.write([sent]);
  expect((await received).equals(sent)).toBe(true);
  const again = receiveDirectly(socket, sent.length);
  socket.write([sent]);
  const { bytes, direct } = await again;
  expect(bytes.equals(sent)).toBe(true);
  expect(direct).toBeGreaterThan(100_000);
  socket.destroy();
  const untrusted = realNet.connect({ host: 'localhost', port, tls: true });
  expect(await codeOf(untrusted)).toBe('CONNECTION_CLOSED');
  await expect(untrusted).rejects.toThrow(/certificates/);
  await listener.close();
});

test('flush hands over at once what else leaves at the end of the turn', async () => {
  const listener = await realNet.listen({ host: '127.0.0.1', port: 0 }, echo);
  const socket = await realNet.connect({ host: '127.0.0.1', port: listener.port });
  const received = receive(socket, 5);
  socket.write([Buffer.from('one')]);
  expect(socket.bufferedBytes()).toBe(3);
  socket.flush();
  expect(socket.bufferedBytes()).toBe(0);
  socket.write([Buffer.from('22')]);
  expect((await received).toString()).toBe('one22');
  socket.destroy();
  await listener.close();
});
