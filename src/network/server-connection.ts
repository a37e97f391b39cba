import { Reader } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import {
  type ApiName,
  apiByKey,
  type ApiFacts,
  decodeRequestHeader,
  FrameCutter,
  type LegacyApiName,
  type LoadedApi,
  loadApi,
  loadedApi,
  loadLegacy,
} from '../protocol/index.js';
import type { Clock, Logger, Socket } from '../system/index.js';
import { encodeAnswer, unknownApiVersions } from './answer-frame.js';
import type { RequestBudget } from './request-budget.js';

/** Served in place of an answer when the client expects none (Produce with acks 0). */
export const noAnswer = Symbol('no answer');
/** Served in place of an answer to close the connection. */
export const hangUp = Symbol('hang up');

export interface ReceivedRequest {
  readonly api: ApiName;
  readonly version: number;
  readonly clientId: string | null;
  /** The decoded request of that API; byte ranges in it are views into a buffer of its own. */
  readonly body: unknown;
}

/** The fields of a response, or one of the two symbols. */
export type ServedAnswer = object | typeof noAnswer | typeof hangUp;

export interface ServerConnectionOptions {
  readonly id: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The versions that are handled of an API, or undefined when it is not served. */
  readonly accepts: (api: ApiName) => readonly [from: number, to: number] | undefined;
  /** Requests of these APIs may be worked on together with the ones before them. */
  readonly overlaps: (api: ApiName) => boolean;
  readonly serve: (
    request: ReceivedRequest,
    connection: ServerConnection,
  ) => ServedAnswer | Promise<ServedAnswer>;
  /** About how many bytes the response will take, so that the buffer need not grow. */
  readonly sizeHint?: ((api: ApiName, answer: object) => number) | undefined;
  /** A frame above this closes the connection. */
  readonly frameBytesMax: number;
  /** Bounds the bytes of requests that wait, over all connections. */
  readonly budget: RequestBudget;
  readonly onClosed: (connection: ServerConnection) => void;
  /** The last request at work has been answered. */
  readonly onIdle?: (() => void) | undefined;
}

/** A frame that has arrived and waits for its turn. */
interface Waiting {
  readonly frame: Buffer;
}

/** A request that has been started. Its answer leaves when all before it have left. */
interface Started {
  readonly api: ApiName;
  readonly frameBytes: number;
  answer: Buffer | undefined;
  done: boolean;
}

/** Where nobody knows better, an answer begins with a buffer of so many bytes. */
const capacityMin = 512;
/** Requests read ahead per connection before its socket is paused. */
const requestsAheadMax = 64;
/** Bytes of requests read ahead per connection before its socket is paused. */
const bytesAheadMax = 16 * 1024 * 1024;
/** Unsent response bytes above which no further request is started. */
const unsentBytesMax = 4 * 1024 * 1024;

/**
 * The broker's end of a connection: cuts frames, decodes requests, has them served and sends the
 * answers, strictly in the order of the requests. As in Kafka, a request starts when the answer
 * to the one before is on its way; only APIs that `overlaps` names (Produce) may run side by side.
 * What is read ahead is bounded, and so is what a slow reader leaves unsent.
 */
export class ServerConnection {
  readonly id: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #socket: Socket;
  readonly #options: ServerConnectionOptions;
  readonly #cutter: FrameCutter;
  readonly #waiting: Waiting[] = [];
  readonly #started: Started[] = [];
  readonly #closeListeners = new Set<() => void>();
  /** APIs whose legacy codecs this connection has asked for. */
  readonly #legacy = new Set<ApiName>();
  #bytesAhead = 0;
  #loading = false;
  #paused = false;
  #unsent = false;
  #stopped = false;
  #closed = false;
  /** When a request last arrived or was answered, on the monotonic clock. */
  #lastActive: number;

  constructor(socket: Socket, options: ServerConnectionOptions) {
    this.id = options.id;
    this.#socket = socket;
    this.#options = options;
    this.remoteAddress = socket.remoteAddress.replace(/^::ffff:/, '');
    this.localAddress = socket.localAddress.replace(/^::ffff:/, '');
    this.localPort = socket.localPort;
    this.#lastActive = options.clock.monotonic();
    this.#cutter = new FrameCutter(options.frameBytesMax);
    socket.onData = (bytes) => this.#receive(bytes);
    socket.onDrain = () => this.#drained();
    socket.onClose = () => this.#ended();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether requests are being worked on, or wait for their turn. */
  get busy(): boolean {
    return this.#started.length > 0 || (this.#waiting.length > 0 && !this.#stopped);
  }

  get lastActive(): number {
    return this.#lastActive;
  }

  onClosed(run: () => void): () => void {
    this.#closeListeners.add(run);
    return () => this.#closeListeners.delete(run);
  }

  /** Starts no more requests; those at work are still answered. */
  stop(): void {
    this.#stopped = true;
    this.#throttleReading();
  }

  /** Sends what is buffered, then closes. */
  end(): void {
    if (this.#closed) return;
    this.#socket.end();
    this.#ended();
  }

  /** Closes at once; requests still at work end without an answer. */
  close(reason?: string): void {
    if (this.#closed) return;
    if (reason !== undefined) {
      this.#options.logger.debug(`Closing the connection from ${this.remoteAddress}: ${reason}`);
    }
    this.#socket.destroy();
    this.#ended();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.budget.release(this.#bytesAhead, this);
    this.#bytesAhead = 0;
    this.#waiting.length = 0;
    this.#started.length = 0;
    for (const run of this.#closeListeners) run();
    this.#closeListeners.clear();
    this.#options.onClosed(this);
  }

  #receive(bytes: Buffer): void {
    if (this.#closed) return;
    try {
      this.#cutter.push(bytes, (frame) => this.#accept(frame));
    } catch (error) {
      this.close(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#run();
    this.#throttleReading();
  }

  #accept(frame: Buffer): void {
    this.#lastActive = this.#options.clock.monotonic();
    this.#waiting.push({ frame });
    this.#bytesAhead += frame.length;
    this.#options.budget.take(frame.length);
  }

  /** Starts what may start. */
  #run(): void {
    while (!this.#closed && !this.#stopped && !this.#loading && !this.#unsent) {
      const next = this.#waiting[0];
      if (next === undefined) return;
      try {
        if (!this.#start(next.frame)) return;
      } catch (error) {
        this.close(error instanceof Error ? error.message : String(error));
      }
    }
  }

  /** Starts one request; false when it must wait for others or for its codec. */
  #start(frame: Buffer): boolean {
    const reader = new Reader(frame);
    const key = reader.int16();
    const version = reader.int16();
    const facts = apiByKey(key);
    const range = facts === undefined ? undefined : this.#options.accepts(facts.name);
    if (facts === undefined || range === undefined) {
      throw new KafkaError('UNSUPPORTED_VERSION', `API key ${key} is not served.`);
    }
    const api = facts.name;
    if (!this.#mayStart(api)) return false;
    const known = version >= range[0] && version <= range[1];
    if (!known && api !== 'ApiVersions') {
      throw new KafkaError('UNSUPPORTED_VERSION', `${api} v${version} is not served.`);
    }
    const loaded = this.#loaded(facts, version);
    if (loaded === undefined) return false;
    this.#waiting.shift();
    reader.position = 0;
    const header = decodeRequestHeader(reader);
    const started: Started = { api, frameBytes: frame.length, answer: undefined, done: false };
    this.#started.push(started);
    if (!known) {
      this.#finish(started, loaded, 0, header.correlationId, unknownApiVersions(range));
      return true;
    }
    const body: unknown = loaded.request(version).decode(reader);
    this.#serve(started, loaded, header.correlationId, {
      api,
      version,
      clientId: header.clientId,
      body,
    });
    return true;
  }

  #mayStart(api: ApiName): boolean {
    if (this.#started.length === 0) return true;
    return this.#options.overlaps(api) && this.#started.every((s) => this.#options.overlaps(s.api));
  }

  /** The codecs of the API; where they have to be loaded, work goes on afterwards. */
  #loaded(facts: ApiFacts, version: number): LoadedApi<ApiName> | undefined {
    const api = facts.name;
    const { legacyVersions } = facts;
    if (legacyVersions === null || version > legacyVersions[1]) {
      const loaded = loadedApi(api);
      if (loaded === undefined) this.#load(api, loadApi(api));
      return loaded;
    }
    if (this.#legacy.has(api)) return loadedApi(api);
    this.#load(
      api,
      loadLegacy(api as LegacyApiName).then(() => this.#legacy.add(api)),
    );
    return undefined;
  }

  #load(api: ApiName, loading: Promise<unknown>): void {
    this.#loading = true;
    loading.then(
      () => {
        this.#loading = false;
        this.#run();
        this.#throttleReading();
      },
      (error: unknown) => this.close(`the codec of ${api} could not be loaded: ${String(error)}`),
    );
  }

  #serve(
    started: Started,
    loaded: LoadedApi<ApiName>,
    correlationId: number,
    request: ReceivedRequest,
  ): void {
    const fail = (error: unknown): void => this.#failed(request, error);
    const finish = (answer: ServedAnswer): void => {
      try {
        this.#finish(started, loaded, request.version, correlationId, answer);
      } catch (error) {
        fail(error);
      }
    };
    let answer: ServedAnswer | Promise<ServedAnswer>;
    try {
      answer = this.#options.serve(request, this);
    } catch (error) {
      fail(error);
      return;
    }
    if (answer instanceof Promise) {
      answer.then((given) => {
        finish(given);
        this.#run();
        this.#throttleReading();
      }, fail);
    } else {
      finish(answer);
    }
  }

  #failed(request: ReceivedRequest, error: unknown): void {
    if (this.#closed) return;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.logger.error(
      `${request.api} v${request.version} from ${this.remoteAddress} ` +
        `(client ${request.clientId ?? 'without id'}) failed; its connection is closed: ${text}`,
    );
    this.close();
  }

  #finish(
    started: Started,
    loaded: LoadedApi<ApiName>,
    version: number,
    correlationId: number,
    answer: ServedAnswer,
  ): void {
    if (this.#closed) return;
    if (answer === hangUp) {
      this.close(`${started.api} asked for it`);
      return;
    }
    started.done = true;
    if (answer !== noAnswer) {
      const capacity = this.#options.sizeHint?.(started.api, answer as object) ?? capacityMin;
      started.answer = encodeAnswer(loaded, version, correlationId, answer as object, capacity);
    }
    this.#send();
  }

  /** Sends the answers that are due, in the order of their requests. */
  #send(): void {
    const chunks: Buffer[] = [];
    let freed = 0;
    while (this.#started[0]?.done === true) {
      const { answer, frameBytes } = this.#started.shift() as Started;
      freed += frameBytes;
      if (answer !== undefined) chunks.push(answer);
    }
    if (freed === 0) return;
    this.#lastActive = this.#options.clock.monotonic();
    this.#bytesAhead -= freed;
    this.#options.budget.release(freed, this);
    if (chunks.length > 0) {
      const free = this.#socket.write(chunks);
      if (!free && this.#socket.bufferedBytes() > unsentBytesMax) this.#unsent = true;
    }
    if (this.#started.length === 0) this.#options.onIdle?.();
  }

  #drained(): void {
    this.#unsent = false;
    this.#run();
    this.#throttleReading();
  }

  /** Stops or takes up reading as the bounds demand. The budget calls it too. */
  #throttleReading(): void {
    if (this.#closed) return;
    const ahead = this.#waiting.length + this.#started.length;
    const full =
      this.#stopped ||
      this.#unsent ||
      ahead >= requestsAheadMax ||
      this.#bytesAhead >= bytesAheadMax;
    const wait = full || this.#options.budget.mustWait(this, this.#bytesAhead);
    if (wait === this.#paused) return;
    this.#paused = wait;
    if (wait) this.#socket.pause();
    else this.#socket.resume();
  }

  /** The budget has room again. */
  budgetFreed(): void {
    this.#throttleReading();
  }
}
