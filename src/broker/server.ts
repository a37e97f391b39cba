import { isKafkaError } from '../errors/index.js';
import {
  type ReceivedRequest,
  RequestBudget,
  type ServedAnswer,
  ServerConnection,
} from '../network/index.js';
import type { ApiName } from '../protocol/index.js';
import type { Listener, Logger, Net, Socket, System, Timer } from '../system/index.js';
import type { BrokerConfig } from './config/broker-config.js';
import { type HostAndPort, isWildcard } from './listen-address.js';

export interface ServerOptions {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly accepts: (api: ApiName) => readonly [from: number, to: number] | undefined;
  readonly serve: (
    request: ReceivedRequest,
    connection: ServerConnection,
  ) => ServedAnswer | Promise<ServedAnswer>;
}

/** How often idle connections are looked for, at most. */
const sweepMsMax = 30_000;
/** How long closing waits for requests that are being worked on. */
const drainMsMax = 2000;

/** The listening sockets of a broker and all its connections, which are counted and bounded. */
export class Server {
  readonly #options: ServerOptions;
  readonly #listeners: Listener[] = [];
  readonly #connections = new Set<ServerConnection>();
  readonly #perAddress = new Map<string, number>();
  readonly #budget: RequestBudget;
  #nextId = 1;
  #sweep: Timer | undefined;
  #drained: (() => void) | undefined;
  #closing = false;

  constructor(options: ServerOptions) {
    this.#options = options;
    const limit = options.config.number('queued.max.request.bytes');
    this.#budget = new RequestBudget(limit < 0 ? Number.MAX_SAFE_INTEGER : limit);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /**
   * Listens and answers where. `localhost` means both loopback addresses, 127.0.0.1 first; a
   * machine without IPv6 does with the one.
   */
  async listen(address: HostAndPort, net: Net): Promise<HostAndPort> {
    const accept = (socket: Socket): void => this.#accept(socket);
    const both = address.host === 'localhost';
    const host = both ? '127.0.0.1' : isWildcard(address.host) ? '0.0.0.0' : address.host;
    const first = await net.listen({ host, port: address.port }, accept);
    this.#listeners.push(first);
    if (both) {
      try {
        this.#listeners.push(await net.listen({ host: '::1', port: first.port }, accept));
      } catch (error) {
        const { logger } = this.#options;
        const why = `Not listening on [::1]:${first.port}: ${String(error)}`;
        // Another program there would get the clients that try IPv6 first.
        if (address.port !== 0 && isKafkaError(error, 'ADDRESS_IN_USE')) logger.warn(why);
        else logger.debug(why);
      }
    }
    if (this.#sweep === undefined) this.#scheduleSweep();
    return { host: first.host, port: first.port };
  }

  #accept(socket: Socket): void {
    const { config, logger, system, accepts, serve } = this.#options;
    const address = socket.remoteAddress;
    const fromThere = this.#perAddress.get(address) ?? 0;
    const full =
      this.#closing ||
      this.#connections.size >= config.number('max.connections') ||
      fromThere >= config.number('max.connections.per.ip');
    if (full) {
      logger.warn(`A connection from ${address} is refused: there are too many.`);
      socket.destroy();
      return;
    }
    this.#perAddress.set(address, fromThere + 1);
    const connection = new ServerConnection(socket, {
      id: this.#nextId++,
      clock: system.clock,
      logger,
      accepts,
      overlaps: (api) => api === 'Produce',
      serve,
      sizeHint,
      frameBytesMax: config.number('socket.request.max.bytes'),
      budget: this.#budget,
      onClosed: () => this.#forget(connection, address),
      onIdle: () => this.#drained?.(),
    });
    this.#connections.add(connection);
  }

  #forget(connection: ServerConnection, address: string): void {
    this.#connections.delete(connection);
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
    this.#drained?.();
  }

  #scheduleSweep(): void {
    const idleMs = this.#options.config.number('connections.max.idle.ms');
    if (idleMs <= 0) return;
    const every = Math.min(sweepMsMax, idleMs);
    const run = (): void => {
      this.#closeIdle(idleMs);
      this.#sweep = this.#options.system.clock.after(every, run, { background: true });
    };
    this.#sweep = this.#options.system.clock.after(every, run, { background: true });
  }

  #closeIdle(idleMs: number): void {
    const now = this.#options.system.clock.monotonic();
    for (const connection of this.#connections) {
      if (!connection.busy && now - connection.lastActive >= idleMs) connection.close('it is idle');
    }
  }

  /** Accepts no more connections and starts no more requests. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#sweep?.cancel();
    const listeners = this.#listeners.splice(0);
    for (const connection of this.#connections) connection.stop();
    await Promise.all(listeners.map((listener) => listener.close()));
  }

  /** Waits a moment for the requests at work, then closes every connection. */
  async close(): Promise<void> {
    const busy = (): boolean => [...this.#connections].some((connection) => connection.busy);
    if (busy()) {
      await new Promise<void>((resolve) => {
        const timer = this.#options.system.clock.after(drainMsMax, resolve);
        this.#drained = () => {
          if (busy()) return;
          timer.cancel();
          resolve();
        };
      });
      this.#drained = undefined;
    }
    for (const connection of this.#connections) connection.end();
  }

  /** Closes everything without a word, as a crash does. */
  async destroy(): Promise<void> {
    const stopped = this.stop();
    for (const connection of [...this.#connections]) connection.close();
    await stopped;
  }
}

interface FetchLike {
  readonly responses?: readonly {
    readonly partitions?: readonly { readonly records?: unknown }[];
  }[];
}

/** Fetch answers are as large as their records; a good guess spares growing the buffer. */
function sizeHint(api: ApiName, answer: object): number {
  let size = 512;
  if (api !== 'Fetch') return size;
  for (const { partitions = [] } of (answer as FetchLike).responses ?? []) {
    size += 64;
    for (const { records } of partitions) {
      size += 128;
      if (Buffer.isBuffer(records)) size += records.length;
      else if (Array.isArray(records)) {
        for (const chunk of records as Buffer[]) size += chunk.length;
      }
    }
  }
  return size;
}
