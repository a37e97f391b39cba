import { Reader, Writer } from '../../src/bytes/index.js';
import {
  type ApiName,
  apis,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameCutter,
  loadApi,
  loadLegacy,
  type RequestInput,
  requestHeaderVersion,
  type ResponseDecoded,
  responseHeaderVersion,
} from '../../src/protocol/index.js';
import { RecordBatchBuilder, type RecordBatchBuilderOptions } from '../../src/records/index.js';
import type { Net, Socket } from '../../src/system/index.js';

const frameBytesMax = 200 * 1024 * 1024;

/** A connection that says exactly what a test tells it to, and hears exactly what comes back. */
export class RawClient {
  readonly socket: Socket;
  readonly #frames: Buffer[] = [];
  readonly #waiting: ((frame: Buffer | undefined) => void)[] = [];
  #correlationId = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    const cutter = new FrameCutter(frameBytesMax);
    socket.onData = (bytes) => cutter.push(bytes, (frame) => this.#received(frame));
    socket.onClose = () => {
      this.closed = true;
      for (const tell of this.#waiting.splice(0)) tell(undefined);
    };
  }

  static async connect(net: Net, port: number): Promise<RawClient> {
    return new RawClient(await net.connect({ host: '127.0.0.1', port }));
  }

  #received(frame: Buffer): void {
    const tell = this.#waiting.shift();
    if (tell === undefined) this.#frames.push(frame);
    else tell(frame);
  }

  /** The next frame, or undefined when the connection is closed instead. */
  frame(): Promise<Buffer | undefined> {
    const frame = this.#frames.shift();
    if (frame !== undefined || this.closed) return Promise.resolve(frame);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Bytes as they are. */
  write(...chunks: Uint8Array[]): void {
    this.socket.write(chunks);
  }

  /** A frame around a body that begins with the request header. */
  writeFrame(body: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    this.write(Buffer.concat([length, body]));
  }

  /** The bytes of a request, without the length. */
  async encode<A extends ApiName>(api: A, version: number, input: RequestInput<A>) {
    const loaded = await loaderOf(api, version);
    const writer = new Writer();
    const correlationId = ++this.#correlationId;
    encodeRequestHeader(
      writer,
      { apiKey: apis[api].key, apiVersion: version, correlationId, clientId: 'raw' },
      requestHeaderVersion(api, version),
    );
    loaded.request(version).encode(writer, input);
    return Buffer.from(writer.bytes());
  }

  /** Sends a request without waiting for its answer. */
  async post<A extends ApiName>(api: A, version: number, input: RequestInput<A>): Promise<void> {
    this.writeFrame(await this.encode(api, version, input));
  }

  /** The next answer, which must be one to this API and version. */
  async answer<A extends ApiName>(api: A, version: number): Promise<ResponseDecoded<A>> {
    const loaded = await loaderOf(api, version);
    const frame = await this.frame();
    if (frame === undefined) throw new Error(`closed instead of answering ${api} v${version}`);
    const reader = new Reader(frame);
    decodeResponseHeader(reader, responseHeaderVersion(api, version));
    const decoded = loaded.response(version).decode(reader);
    reader.expectEnd();
    return decoded;
  }

  async send<A extends ApiName>(
    api: A,
    version: number,
    input: RequestInput<A>,
  ): Promise<ResponseDecoded<A>> {
    await this.post(api, version, input);
    return this.answer(api, version);
  }

  close(): void {
    this.socket.destroy();
  }
}

async function loaderOf<A extends ApiName>(api: A, version: number) {
  const loaded = await loadApi(api);
  const legacy = apis[api].legacyVersions;
  if (legacy !== null && version <= legacy[1]) await loadLegacy(api as 'Produce');
  return loaded;
}

/** A batch of records with the given values, made as a producer makes it. */
export function batch(
  values: readonly (string | null)[],
  options: RecordBatchBuilderOptions & { key?: string | null; timestamp?: number } = {},
): Buffer {
  const { key = 'k', timestamp = Date.now(), ...rest } = options;
  const builder = new RecordBatchBuilder(rest);
  for (const value of values) {
    builder.append({
      timestamp,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    });
  }
  return Buffer.from(builder.build());
}

/** The body of a Produce request for one partition. */
export function produceOf(
  topic: string,
  records: Uint8Array | null,
  { acks = -1, index = 0, topicId = 'AAAAAAAAAAAAAAAAAAAAAA' } = {},
): RequestInput<'Produce'> {
  const topicData = [{ name: topic, topicId, partitionData: [{ index, records }] }];
  return { acks, timeoutMs: 10_000, topicData };
}

/** The body of a Fetch request for one partition. */
export function fetchOf(
  topic: string,
  fetchOffset: number,
  {
    maxWaitMs = 0,
    minBytes = 1,
    maxBytes = 1 << 20,
    partitionMaxBytes = 1 << 20,
    partition = 0,
    sessionId = 0,
    sessionEpoch = -1,
    currentLeaderEpoch = -1,
    lastFetchedEpoch = -1,
    isolationLevel = 0,
    topicId = 'AAAAAAAAAAAAAAAAAAAAAA',
  } = {},
): RequestInput<'Fetch'> {
  const one = { partition, fetchOffset, partitionMaxBytes, currentLeaderEpoch, lastFetchedEpoch };
  return {
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId,
    sessionEpoch,
    topics: [{ topic, topicId, partitions: [one] }],
    forgottenTopicsData: [],
  };
}

/** The only topic of an array of topics, partition of an array of partitions, … */
export function only<T>(items: readonly T[] | null | undefined): T {
  const [item] = items ?? [];
  if (item === undefined || items?.length !== 1) throw new Error(`${items?.length} instead of 1`);
  return item;
}
