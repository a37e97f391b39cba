import * as fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { KafkaError } from '../errors/index.js';
import type { DirectoryLock } from './disk.js';
import { diskError } from './disk-error.js';

/** Says who holds the directory; the lock itself is a socket, which no crash leaves behind. */
const holderFile = 'kafkit.pid';
const staleSocket = 'kafkit.lock';

/**
 * Node has no flock. On Linux an abstract unix socket named by the directory's device and inode
 * can be bound once and vanishes with its process; Windows has a named pipe of that kind;
 * elsewhere it is a socket file, which is taken over when nobody answers on it.
 */
export async function lockDirectory(path: string): Promise<DirectoryLock> {
  const { dev, ino } = statOf(path);
  const holder = join(path, holderFile);
  const address = addressOf(path, `${dev}-${ino}`);
  const server = await bind(address, path, holder);
  try {
    const since = new Date().toISOString();
    fs.writeFileSync(holder, `${process.pid}\nsince ${since}\n`);
  } catch (cause) {
    server.close();
    throw diskError(cause, 'write', holder);
  }
  let released: Promise<void> | undefined;
  const release = (): Promise<void> =>
    new Promise((resolve) => {
      fs.rmSync(holder, { force: true });
      server.close(() => resolve());
    });
  return { release: () => (released ??= release()) };
}

function statOf(path: string): fs.BigIntStats {
  try {
    return fs.statSync(path, { bigint: true });
  } catch (cause) {
    throw diskError(cause, 'look at', path);
  }
}

function addressOf(path: string, identity: string): string {
  if (process.platform === 'linux') return `\0kafkit-${identity}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\kafkit-${identity}`;
  return join(path, staleSocket);
}

async function bind(address: string, path: string, holder: string): Promise<Server> {
  try {
    return await listen(address);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      throw diskError(cause, 'lock', path);
    }
    const isFile = !address.startsWith('\0') && !address.startsWith('\\\\');
    if (!isFile || (await answers(address))) throw locked(path, holder);
    fs.rmSync(address, { force: true });
    return await listen(address).catch(() => {
      throw locked(path, holder);
    });
  }
}

function listen(address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen({ path: address, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      server.unref();
      resolve(server);
    });
  });
}

async function answers(address: string): Promise<boolean> {
  const { connect } = await import('node:net');
  return await new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function locked(path: string, holder: string): KafkaError {
  let who = '';
  try {
    const pid = fs.readFileSync(holder, 'utf8').split('\n')[0];
    if (pid !== undefined && pid !== '') who = ` (process ${pid})`;
  } catch {
    // The holder may be just starting or stopping; its number is only a courtesy.
  }
  return new KafkaError(
    'DATA_DIRECTORY_LOCKED',
    `Another process${who} uses the data directory ${path}.`,
    { path, hint: 'Stop it first, or give this broker a directory of its own.' },
  );
}
