// A scripted broker over the memory network: answers what a test tells it to, in Kafka's bytes.
import { Reader, Writer } from '../../src/bytes/index.js';
import {
  apiByKey,
  type ApiName,
  apis,
  decodeRequestHeader,
  encodeResponseHeader,
  FrameCutter,
  loadApi,
  loadedApi,
  type RequestDecoded,
  type ResponseInput,
  responseHeaderVersion,
} from '../../src/protocol/index.js';
import type { Listener, Net, Socket } from '../../src/system/index.js';

/** Never answered; the connection stays. */
export const silence = Symbol('silence');
/** The connection is closed instead of an answer. */
export const hangUp = Symbol('hang up');

export interface Asked {
  readonly version: number;
  readonly clientId: string | null;
}

export type Answer<A extends ApiName> =
  | ResponseInput<A>
  | Promise<ResponseInput<A>>
  | typeof silence
  | typeof hangUp;

export type Handlers = {
  [A in ApiName]?: (request: RequestDecoded<A>, asked: Asked) => Answer<A>;
};

/** APIs that the tests use; loaded beforehand, since a dynamic import knows no virtual time. */
const used = [
  'ApiVersions',
  'Metadata',
  'Produce',
  'InitProducerId',
  'FindCoordinator',
  'ListGroups',
  'DescribeCluster',
] as const satisfies readonly ApiName[];

export async function loadApis(): Promise<void> {
  await Promise.all(used.map((name) => loadApi(name)));
}

export class FakeBroker {
  readonly host: string;
  readonly port: number;
  /** Every request in the order of its arrival, as `Api version`. */
  readonly requests: string[] = [];
  readonly handlers: Handlers;
  /** Highest versions to advertise; APIs that are missing here are served in full. */
  readonly versionMax: Partial<Record<ApiName, number>> = {};
  connections = 0;
  readonly #net: Net;
  readonly #sockets = new Set<Socket>();
  #listener: Listener | undefined;

  constructor(net: Net, host: string, port: number, handlers: Handlers = {}) {
    this.#net = net;
    this.host = host;
    this.port = port;
    this.handlers = handlers;
  }

  get address(): string {
    return `${this.host}:${this.port}`;
  }

  async start(): Promise<this> {
    const { host, port } = this;
    this.#listener = await this.#net.listen({ host, port }, (socket) => this.#accept(socket));
    return this;
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.cut();
  }

  /** Breaks all connections; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  count(api: ApiName): number {
    return this.requests.filter((request) => request.startsWith(`${api} `)).length;
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    const cutter = new FrameCutter(100_000_000);
    let line: Promise<void> = Promise.resolve();
    socket.onData = (bytes) =>
      cutter.push(bytes, (frame) => {
        // Answers leave in the order of the requests, however long one takes.
        const answer = this.#handle(frame);
        line = line.then(async () => this.#reply(socket, await answer));
      });
    socket.onClose = () => this.#sockets.delete(socket);
  }

  #reply(socket: Socket, answer: Buffer | typeof silence | typeof hangUp | undefined): void {
    if (answer === hangUp) socket.destroy();
    else if (Buffer.isBuffer(answer)) socket.write([answer]);
  }

  async #handle(frame: Buffer): Promise<Buffer | typeof silence | typeof hangUp | undefined> {
    const reader = new Reader(frame);
    const header = decodeRequestHeader(reader);
    const name = apiByKey(header.apiKey)?.name as ApiName;
    const { apiVersion: version, clientId, correlationId } = header;
    this.requests.push(`${name} ${version}`);
    if (name === 'ApiVersions' && this.handlers.ApiVersions === undefined) {
      return encode('ApiVersions', version, correlationId, this.#versions());
    }
    const api = loadedApi(name);
    if (api === undefined) throw new Error(`${name} is not among the loaded APIs`);
    const request = api.request(version).decode(reader);
    const handler = this.handlers[name] as
      | ((request: unknown, asked: Asked) => Answer<ApiName>)
      | undefined;
    if (handler === undefined) return hangUp;
    const answer = await handler(request, { version, clientId });
    if (typeof answer === 'symbol') return answer as typeof silence | typeof hangUp;
    // A version nobody knows is refused in the body of version 0.
    const isRefused = name === 'ApiVersions' && (answer as { errorCode: number }).errorCode === 35;
    const input = answer as ResponseInput<ApiName>;
    return encode(name, isRefused ? 0 : version, correlationId, input);
  }

  #versions(): ResponseInput<'ApiVersions'> {
    const apiKeys = Object.values(apis).map(({ key, name, versions: [min, max] }) => ({
      apiKey: key,
      minVersion: min,
      maxVersion: Math.min(max, this.versionMax[name] ?? max),
    }));
    return { errorCode: 0, apiKeys };
  }
}

export function encode<A extends ApiName>(
  name: A,
  version: number,
  correlationId: number,
  answer: ResponseInput<A>,
): Buffer {
  const writer = new Writer();
  writer.int32(0);
  encodeResponseHeader(writer, { correlationId }, responseHeaderVersion(name, version));
  const api = loadedApi(name);
  if (api === undefined) throw new Error(`${name} is not loaded`);
  api.response(version).encode(writer, answer);
  writer.patchInt32(0, writer.position - 4);
  return Buffer.from(writer.bytes());
}
