import { Reader, Writer } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import {
  type ApiName,
  decodeResponseHeader,
  encodeRequestHeader,
  FrameCutter,
  type LoadedApi,
  loadApi,
  loadedApi,
  type RequestInput,
  requestHeaderVersion,
  type ResponseDecoded,
  responseHeaderVersion,
} from '../protocol/index.js';
import type { Socket } from '../system/index.js';
import { Alarm } from './alarm.js';
import type { ApiRanges } from './api-ranges.js';
import type {
  ClientConnectionOptions,
  ConnectionSendOptions,
} from './client-connection-options.js';
import {
  abortedError,
  asBroken,
  closedDuring,
  ended,
  explained,
  timedOut,
  undecodable,
} from './connection-errors.js';
import { clientSoftware, negotiate } from './negotiation.js';
import { PendingRequest } from './pending-request.js';

/** Requests written and not answered yet; further ones wait until some are. */
const inFlightMax = 256;
/** No broker sends more in one answer unless its fetch limits are far above the defaults. */
const answerBytesMax = 512 * 1024 * 1024;
const frameLengthSize = 4;
const writerBytes = 512;
/** Bytes from which records are handed to the socket as they lie, instead of being copied. */
const gatherFrom = 4096;

/**
 * A connection to one broker. Requests are pipelined: each is written at once, the answers come
 * back in order. The versions that the broker serves are asked once, when the connection is made.
 * An answer that comes after its caller has given up is thrown away, and nothing gets out of step.
 * An answer that tells of a throttle holds all further requests that long (KIP-219).
 */
export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  readonly #socket: Socket;
  readonly #cutter = new FrameCutter(answerBytesMax);
  readonly #alarm: Alarm;
  #broker: string;
  #onClose: ((reason: KafkaError | undefined) => void) | undefined;
  /** Written, in the order of their answers. */
  #inFlight: PendingRequest[] = [];
  /** Not written yet: the connection is throttled, or too many are in flight. */
  #held: PendingRequest[] = [];
  #heldUntil = 0;
  /** Written requests without an answer that the operating system has not taken yet. */
  readonly #oneWay = new Set<PendingRequest>();
  #correlationId = 0;
  #lastReceivedAt: number;
  #lastUsedAt: number;
  #closed: KafkaError | undefined;
  #ranges: ApiRanges | undefined;

  private constructor(socket: Socket, options: ClientConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#broker = options.broker;
    this.#onClose = options.onClose;
    const { clock } = options.system;
    this.#lastReceivedAt = clock.monotonic();
    this.#lastUsedAt = this.#lastReceivedAt;
    this.#alarm = new Alarm(clock, () => this.#rang(), { background: true });
    socket.onData = (bytes) => this.#received(bytes);
    socket.onSpace = () => this.#cutter.space;
    socket.onClose = (error) => this.#ended(error);
  }

  /** Connects and learns the broker's versions. Fails with CONNECTION_* and what to do about it. */
  static async open(options: ClientConnectionOptions): Promise<ClientConnection> {
    const { system, host, port, tls, connectionTimeoutMs: timeoutMs } = options;
    const socket = await system.net.connect({ host, port, tls, timeoutMs });
    const connection = new ClientConnection(socket, options);
    try {
      connection.#ranges = await negotiate(
        (version) => connection.#askVersions(version),
        options.broker,
      );
    } catch (error) {
      connection.#onClose = undefined;
      connection.close();
      throw explained(error, options.broker, options.tls !== undefined && options.tls !== false);
    }
    return connection;
  }

  async #askVersions(version: number): Promise<Buffer> {
    const api = await loadApi('ApiVersions');
    const { name, version: softwareVersion } = clientSoftware;
    const software = { clientSoftwareName: name, clientSoftwareVersion: softwareVersion };
    const input = { ...software, ...this.#options.node };
    return await this.#enqueue(api, version, input, {}, (reader) => reader.buffer);
  }

  get broker(): string {
    return this.#broker;
  }

  /** Versions and features that the broker named. */
  get ranges(): ApiRanges {
    return this.#ranges as ApiRanges;
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#inFlight.length + this.#held.length;
  }

  /** Monotonic time of the last request. */
  get lastUsedAt(): number {
    return this.#lastUsedAt;
  }

  /** Gives the connection another name and owner: the broker's id has become known. */
  rename(broker: string, onClose: (reason: KafkaError | undefined) => void): void {
    this.#broker = broker;
    this.#onClose = onClose;
  }

  /**
   * Sends a request in the newest version that both sides know; `request` may be a function of
   * that version. Rejects with REQUEST_TIMEOUT, CONNECTION_CLOSED, UNSUPPORTED_VERSION, ABORTED.
   */
  send<A extends ApiName>(
    name: A,
    request: RequestInput<A> | ((version: number) => RequestInput<A>),
    options: ConnectionSendOptions = {},
  ): Promise<ResponseDecoded<A>> {
    const api = loadedApi(name);
    if (api === undefined) return loadApi(name).then(() => this.send(name, request, options));
    let version: number;
    let input: RequestInput<A>;
    try {
      version = this.ranges.choose(name, this.#broker, options);
      input = typeof request === 'function' ? request(version) : request;
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const headerVersion = responseHeaderVersion(name, version);
    return this.#enqueue(api, version, input, options, (reader) => {
      decodeResponseHeader(reader, headerVersion);
      return api.response(version).decode(reader);
    });
  }

  /**
   * Sends a request that is never answered (Produce with acks 0) and resolves when the operating
   * system has taken it.
   */
  async sendWithoutAnswer<A extends ApiName>(
    name: A,
    request: RequestInput<A> | ((version: number) => RequestInput<A>),
    options: ConnectionSendOptions = {},
  ): Promise<void> {
    const api = loadedApi(name) ?? (await loadApi(name));
    const version = this.ranges.choose(name, this.#broker, options);
    const input = typeof request === 'function' ? request(version) : request;
    await this.#enqueue(api, version, input, options, undefined);
  }

  #nextCorrelationId(): number {
    const id = this.#correlationId;
    this.#correlationId = id === 0x7fffffff ? 0 : id + 1;
    return id;
  }

  #encode<A extends ApiName>(
    api: LoadedApi<A>,
    version: number,
    correlationId: number,
    input: RequestInput<A>,
    bytes = writerBytes,
  ): Uint8Array[] {
    const { name, key } = api.facts;
    const writer = new Writer(bytes, gatherFrom);
    writer.int32(0);
    const header = {
      apiKey: key,
      apiVersion: version,
      correlationId,
      clientId: this.#options.clientId,
    };
    encodeRequestHeader(writer, header, requestHeaderVersion(name, version));
    api.request(version).encode(writer, input);
    writer.patchInt32(0, writer.length - frameLengthSize);
    return writer.chunks();
  }

  #enqueue<A extends ApiName, T>(
    api: LoadedApi<A>,
    version: number,
    input: RequestInput<A>,
    options: ConnectionSendOptions,
    decode: ((reader: Reader) => T) | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { name } = api.facts;
      const { signal } = options;
      if (this.#closed !== undefined) return reject(this.#closedDuring(name));
      if (signal?.aborted) return reject(abortedError(signal));
      const now = this.#options.system.clock.monotonic();
      const correlationId = this.#nextCorrelationId();
      const pending = new PendingRequest(
        {
          api: name,
          version,
          correlationId,
          sentAt: now,
          deadline: now + (options.timeoutMs ?? this.#options.requestTimeoutMs),
          frame: this.#encode(api, version, correlationId, input, options.requestBytes),
          decode,
        },
        resolve as (answer: unknown) => void,
        reject,
      );
      if (signal !== undefined) pending.watch(signal, () => pending.fail(abortedError(signal)));
      this.#lastUsedAt = now;
      this.#held.push(pending);
      this.#alarm.ringAt(pending.deadline);
      if (this.#held.length === 1) this.#writeHeld(now);
      if (options.atOnce === true) this.#socket.flush();
    });
  }

  /** Writes what may be written; the socket sends all writes of one turn in one go. */
  #writeHeld(now: number): void {
    if (now < this.#heldUntil) {
      this.#alarm.ringAt(this.#heldUntil);
      return;
    }
    let written = 0;
    while (written < this.#held.length && this.#inFlight.length < inFlightMax) {
      const pending = this.#held[written] as PendingRequest;
      written++;
      // Nobody waits for it any more, and the broker has not seen it.
      if (pending.settled) continue;
      const frame = pending.frame as readonly Uint8Array[];
      pending.frame = undefined;
      if (pending.isAnswered) {
        this.#inFlight.push(pending);
        this.#socket.write(frame);
      } else {
        this.#oneWay.add(pending);
        this.#socket.write(frame, () => this.#taken(pending));
      }
    }
    if (written === this.#held.length) this.#held.length = 0;
    else this.#held.splice(0, written);
  }

  /** The operating system has a request that nobody answers. */
  #taken(pending: PendingRequest): void {
    if (this.#oneWay.delete(pending)) pending.succeed(undefined);
  }

  #received(bytes: Buffer): void {
    this.#lastReceivedAt = this.#options.system.clock.monotonic();
    try {
      this.#cutter.push(bytes, (frame) => this.#answered(frame));
    } catch (error) {
      this.#break(asBroken(error, this.#broker));
    }
    if (this.#held.length > 0 && this.#closed === undefined) this.#writeHeld(this.#lastReceivedAt);
  }

  #answered(frame: Buffer): void {
    const reader = new Reader(frame);
    const correlationId = reader.int32();
    reader.position = 0;
    const pending = this.#inFlight.shift();
    if (pending?.correlationId !== correlationId) {
      const expected = pending === undefined ? 'none' : String(pending.correlationId);
      throw new KafkaError(
        'MALFORMED_MESSAGE',
        `An answer has the correlation id ${correlationId} where ${expected} is due.`,
      );
    }
    if (pending.settled) {
      this.#options.logger.debug(`${this.#broker} answered ${pending.api} after its time-out`);
      return;
    }
    let answer: unknown;
    try {
      answer = pending.decode(reader);
    } catch (error) {
      pending.fail(undecodable(error, pending, this.#broker));
      return;
    }
    const { throttleTimeMs = 0 } = answer as { throttleTimeMs?: number };
    if (throttleTimeMs > 0) this.#throttle(throttleTimeMs);
    const now = this.#lastReceivedAt;
    this.#options.onAnswer?.(pending.api, now - pending.sentAt, throttleTimeMs, now);
    pending.succeed(answer);
  }

  #throttle(throttleTimeMs: number): void {
    const until = this.#lastReceivedAt + throttleTimeMs;
    this.#heldUntil = Math.max(this.#heldUntil, until);
    this.#options.logger.debug(`${this.#broker} throttles this client for ${throttleTimeMs} ms`);
  }

  #rang(): void {
    const now = this.#options.system.clock.monotonic();
    let next = Infinity;
    for (const list of [this.#inFlight, this.#held, this.#oneWay]) {
      for (const pending of list) {
        if (pending.settled) continue;
        if (pending.deadline <= now) pending.fail(this.#timedOut(pending, now));
        else if (pending.deadline < next) next = pending.deadline;
      }
    }
    // A broker that has been silent since before a request that timed out is not there any more:
    // the connection is half open, and a new one is better.
    const oldest = this.#inFlight[0];
    if (oldest?.settled && oldest.deadline <= now && this.#lastReceivedAt < oldest.sentAt) {
      this.#break(ended(`${this.#broker} has not sent a byte in time.`, this.#broker));
      return;
    }
    this.#alarm.ringAt(next);
    if (this.#held.length > 0) this.#writeHeld(now);
  }

  #timedOut(pending: PendingRequest, now: number): KafkaError {
    return timedOut(pending, now, {
      broker: this.#broker,
      requestsBefore: this.#inFlight.indexOf(pending),
      isHeld: this.#held.includes(pending),
    });
  }

  #closedDuring(api: ApiName): KafkaError {
    return closedDuring(api, this.#broker, this.#closed);
  }

  /** The other side went away, or `destroy` has done its work. */
  #ended(cause: Error | undefined): void {
    const because = cause?.message ?? 'the broker closed it.';
    this.#finish(ended(because, this.#broker, cause), true);
  }

  #break(reason: KafkaError): void {
    this.#finish(reason, true);
    this.#socket.destroy();
  }

  #finish(reason: KafkaError, tell: boolean): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#alarm.cancel();
    const waiting = [...this.#inFlight, ...this.#held, ...this.#oneWay];
    this.#inFlight = [];
    this.#held = [];
    this.#oneWay.clear();
    for (const pending of waiting) pending.fail(this.#closedDuring(pending.api));
    this.#onClose?.(tell ? reason : undefined);
  }

  /** Ends the connection at once; requests without an answer fail with CONNECTION_CLOSED. */
  close(): void {
    this.#finish(ended('this side closed it.', this.#broker), false);
    this.#socket.destroy();
  }
}
