import * as net from 'node:net';
import type { ConnectionOptions, TLSSocket, TlsOptions } from 'node:tls';
import { KafkaError } from '../errors/index.js';
import type { ConnectOptions, Listener, ListenOptions, Net, TlsSettings } from './net.js';
import { connectError, listenError } from './net-error.js';
import { RealSocket } from './real-socket.js';

const connectTimeoutMs = 10_000;
/** A socket that we open reads into one buffer of this size, unless it is given space. */
const readBufferBytes = 256 * 1024;
/** How long one of several addresses of a host name is tried before the next. */
const addressTimeoutMs = 1_000;

/** TCP and TLS of the machine, through `node:net` and `node:tls` (loaded when first needed). */
export const realNet: Net = { connect, listen };

async function connect(options: ConnectOptions): Promise<RealSocket> {
  const tls = options.tls ? await import('node:tls') : undefined;
  if (options.signal?.aborted) throw aborted(options);
  return await new Promise((resolve, reject) => {
    let made: RealSocket | undefined;
    const own = Buffer.allocUnsafeSlow(readBufferBytes);
    const onread = {
      buffer: () => made?.onSpace() ?? own,
      callback(length: number, buffer: Uint8Array): boolean {
        made?.received((buffer as Buffer).subarray(0, length));
        return true;
      },
    };
    const target = {
      host: options.host,
      port: options.port,
      onread,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: addressTimeoutMs,
    };
    const socket = tls
      ? tls.connect({ ...target, ...tlsOptions(options) } as ConnectionOptions)
      : net.connect(target);
    const timeoutMs = options.timeoutMs ?? connectTimeoutMs;
    const fail = (error: unknown) => {
      settled();
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onError = (cause: Error) => fail(connectError(cause, options));
    const onTimeout = () => fail(timedOut(options, timeoutMs));
    const onAbort = () => fail(aborted(options));
    const onConnected = () => {
      settled();
      made = new RealSocket(socket, `${options.host}:${options.port}`);
      resolve(made);
    };
    const timer = setTimeout(onTimeout, timeoutMs);
    const event = tls ? 'secureConnect' : 'connect';
    const settled = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      socket.off('error', onError).off(event, onConnected);
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError).once(event, onConnected);
  });
}

/** A server name is never an address: SNI forbids it. */
function tlsOptions(options: ConnectOptions): TlsOptions & { servername?: string } {
  const settings = options.tls === true || !options.tls ? {} : options.tls;
  const servername = settings.servername ?? (net.isIP(options.host) ? undefined : options.host);
  return { ...secrets(settings), ...(servername === undefined ? {} : { servername }) };
}

function secrets(settings: TlsSettings): TlsOptions {
  return {
    ...(settings.ca === undefined ? {} : { ca: settings.ca as string | string[] }),
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
    ...(settings.passphrase === undefined ? {} : { passphrase: settings.passphrase }),
    ...(settings.rejectUnauthorized === undefined
      ? {}
      : { rejectUnauthorized: settings.rejectUnauthorized }),
  };
}

async function listen(
  options: ListenOptions,
  onSocket: (socket: RealSocket) => void,
): Promise<Listener> {
  const server = await makeServer(options, (raw) => {
    const socket = new RealSocket(raw, 'a client');
    raw.on('data', (bytes: Buffer) => socket.received(bytes));
    onSocket(socket);
  });
  return await new Promise((resolve, reject) => {
    const onError = (cause: Error) => reject(listenError(cause, options.host, options.port));
    server.once('error', onError);
    server.listen({ host: options.host, port: options.port, exclusive: true }, () => {
      server.off('error', onError);
      // Running out of file handles while accepting must not end the process.
      server.on('error', () => undefined);
      const address = server.address() as net.AddressInfo;
      let closing: Promise<void> | undefined;
      // Node calls back only when the accepted sockets are gone too: that is not waited for.
      const close = async () => void server.close();
      resolve({
        host: address.address,
        port: address.port,
        close: () => (closing ??= close()),
      });
    });
  });
}

async function makeServer(
  options: ListenOptions,
  onSocket: (socket: net.Socket | TLSSocket) => void,
): Promise<net.Server> {
  if (options.tls === undefined) return net.createServer({ noDelay: true }, onSocket);
  const { createServer } = await import('node:tls');
  const server = createServer({ noDelay: true, ...secrets(options.tls) } as TlsOptions, onSocket);
  // A client that does not speak TLS is its own problem; the socket is closed already.
  server.on('tlsClientError', () => undefined);
  return server;
}

function timedOut(options: ConnectOptions, timeoutMs: number): KafkaError {
  const broker = `${options.host}:${options.port}`;
  return new KafkaError(
    'CONNECTION_TIMED_OUT',
    `${broker} did not accept a connection within ${timeoutMs} ms.`,
    { broker, hint: 'Check the address, and whether a firewall is in between.' },
  );
}

function aborted(options: ConnectOptions): KafkaError {
  const broker = `${options.host}:${options.port}`;
  return new KafkaError('ABORTED', `Connecting to ${broker} was given up.`, { broker });
}
