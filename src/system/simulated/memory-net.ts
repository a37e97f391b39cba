import { KafkaError } from '../../errors/index.js';
import type { Clock } from '../clock.js';
import type { ConnectOptions, Listener, ListenOptions, Net, Socket } from '../net.js';
import { MemorySocket } from './memory-socket.js';

const firstFreePort = 49_152;
const local = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::']);

interface Accepting {
  readonly options: ListenOptions;
  readonly port: number;
  readonly onSocket: (socket: Socket) => void;
}

/**
 * A network inside the process: the same bytes as over TCP, in the same order, delivered in a
 * later turn of the event loop, but no sockets. All names of this machine are one host; any
 * other name works when somebody listens under it. TLS settings are accepted and ignored.
 */
export class MemoryNet implements Net {
  readonly #clock: Pick<Clock, 'soon'>;
  readonly #listeners = new Map<string, Accepting>();
  readonly #open = new Set<MemorySocket>();
  #nextPort = firstFreePort;

  constructor(clock: Pick<Clock, 'soon'>) {
    this.#clock = clock;
  }

  /** Both ends of every open connection. */
  get sockets(): readonly MemorySocket[] {
    return [...this.#open];
  }

  async connect(options: ConnectOptions): Promise<MemorySocket> {
    const broker = `${options.host}:${options.port}`;
    await new Promise<void>((resolve) => {
      this.#clock.soon(resolve);
    });
    if (options.signal?.aborted) {
      throw new KafkaError('ABORTED', `Connecting to ${broker} was given up.`, { broker });
    }
    const listener = this.#listeners.get(keyOf(options.host, options.port));
    if (listener === undefined) {
      throw new KafkaError('CONNECTION_REFUSED', `Nothing accepts connections at ${broker}.`, {
        broker,
        hint: 'Is the broker running, and is the port right?',
      });
    }
    const near = { address: '127.0.0.1', port: this.#freePort(options.host) };
    const far = { address: '127.0.0.1', port: options.port };
    const [ours, theirs] = MemorySocket.pair(near, far, this.#clock, (socket) =>
      this.#open.delete(socket),
    );
    this.#open.add(ours);
    this.#open.add(theirs);
    listener.onSocket(theirs);
    return ours;
  }

  async listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listener> {
    const port = options.port === 0 ? this.#freePort(options.host) : options.port;
    const key = keyOf(options.host, port);
    if (this.#listeners.has(key)) {
      throw new KafkaError('ADDRESS_IN_USE', `Another listener has ${options.host}:${port}.`, {
        hint: 'Listen on another port (0 picks a free one).',
      });
    }
    this.#listeners.set(key, { options, port, onSocket });
    return {
      host: options.host,
      port,
      close: async () => void this.#listeners.delete(key),
    };
  }

  /** Breaks all connections, or those to one port, as a pulled cable does; listeners stay. */
  cut(port?: number): void {
    for (const socket of this.sockets) {
      if (port === undefined || socket.localPort === port || socket.remotePort === port) {
        socket.break(new KafkaError('CONNECTION_CLOSED', 'The connection was cut.'));
      }
    }
  }

  #freePort(host: string): number {
    while (this.#listeners.has(keyOf(host, this.#nextPort))) this.#nextPort += 1;
    return this.#nextPort++;
  }
}

function keyOf(host: string, port: number): string {
  return `${local.has(host) ? 'localhost' : host}:${port}`;
}
