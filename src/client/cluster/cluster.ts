import { isKafkaError, KafkaError } from '../../errors/index.js';
import { Alarm, type ClientConnection } from '../../network/index.js';
import type { ApiName, ResponseDecoded } from '../../protocol/index.js';
import type { Logger, System } from '../../system/index.js';
import { abortable, BrokerPool, sharedLane } from './broker-pool.js';
import type { Broker, ClusterMetadata, TopicMetadata } from './cluster-metadata.js';
import type {
  ClusterOptions,
  Destination,
  MetadataOptions,
  RequestFor,
  SendOptions,
} from './cluster-options.js';
import { requests, tellRequest } from '../diagnostics.js';
import {
  controllersAsMetadata,
  describeControllers,
  endpointTypeVersion,
  onlyOfBrokers,
} from './controllers-as-metadata.js';
import { Coordinators, type CoordinatorType } from './coordinators.js';
import { closedError, Delays } from './delays.js';
import { MetadataRefresher } from './metadata-refresher.js';
import type { RequestStats } from './request-stats.js';

const idleCheckMs = 30_000;
const backoffDoublingsMax = 20;

/**
 * What the client believes about the cluster: brokers, leaders, topic ids, coordinators. Shared by
 * the producers, consumers and admins of one Kafka.
 *
 * Errors inside answers (errorCode fields) are the caller's; what `send` throws is about sending:
 * CONNECTION_*, REQUEST_TIMEOUT (retriable), UNSUPPORTED_VERSION, ABORTED, CLOSED.
 *
 * Over 400 lines because whatever the client asks about the cluster it asks here, each in a few
 * lines that hand over to the part that knows.
 */
export class Cluster {
  readonly options: ClusterOptions;
  readonly system: System;
  readonly logger: Logger;
  readonly #pool: BrokerPool;
  readonly #refresher: MetadataRefresher;
  readonly #coordinators: Coordinators;
  readonly #delays: Delays;
  readonly #listeners = new Set<(metadata: ClusterMetadata) => void>();
  readonly #idleAlarm: Alarm;
  #lanes = 0;
  #users = 0;
  #closed = false;
  /** Why no broker can be reached, while that is so. */
  #trouble: string | undefined;

  constructor(options: ClusterOptions) {
    const { system, logger, apiTimeoutMs, metadataMaxAgeMs } = options;
    const { clock } = system;
    this.options = options;
    this.system = system;
    this.logger = logger;
    this.#delays = new Delays(clock);
    const delay = (ms: number, signal?: AbortSignal) => this.#delays.wait(ms, signal);
    const retryBackoff = (attempt: number) => this.retryBackoff(attempt);
    this.#pool = new BrokerPool(options, {
      delay,
      onTrouble: (why) => this.refreshSoon(why),
      clusterId: () => this.metadata().clusterId,
    });
    this.#refresher = new MetadataRefresher({
      clock,
      logger,
      metadataMaxAgeMs,
      apiTimeoutMs,
      request: (topics, autoCreate, signal) => this.#requestMetadata(topics, autoCreate, signal),
      trouble: () => this.#trouble,
      accepted: (metadata, changed) => this.#accepted(metadata, changed),
      retryBackoff,
      delay,
    });
    this.#coordinators = new Coordinators({
      clock,
      apiTimeoutMs,
      request: (type, key) => this.#requestCoordinator(type, key),
      found: (broker) => this.#learn([broker]),
      retryBackoff,
      delay,
    });
    this.#idleAlarm = new Alarm(clock, () => this.#closeIdle(), { background: true });
  }

  /**
   * One request, one answer. To a broker: one try. To 'any' or 'controller': other brokers and the
   * bootstrap addresses are tried until `apiTimeoutMs`. The throttle of answers is honoured
   * (KIP-219) by holding the connection.
   */
  send<A extends ApiName>(
    api: A,
    request: RequestFor<A>,
    to: Destination,
    options: SendOptions = {},
  ): Promise<ResponseDecoded<A>> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.isOfControllers) return this.#sendToControllers(api, request, to, options);
    if (typeof to !== 'object') return this.#sendToAny(api, request, to, options);
    return this.#sendTo(api, request, to, options);
  }

  #sendTo<A extends ApiName>(
    api: A,
    request: RequestFor<A>,
    to: { readonly broker: number },
    options: SendOptions,
  ): Promise<ResponseDecoded<A>> {
    const open = this.#pool.ready(to.broker, options.lane ?? sharedLane);
    const answer =
      open === undefined
        ? this.#connectAndSend(api, request, to.broker, options)
        : open.send(api, request, options);
    return requests.hasSubscribers ? this.#told(api, to.broker, answer) : answer;
  }

  #told<T>(api: string, broker: number, answer: Promise<T>): Promise<T> {
    const { clientId } = this.options;
    return tellRequest(
      this.system.clock,
      { clientId, api, broker: this.brokerLabel(broker) },
      answer,
    );
  }

  async #connectAndSend<A extends ApiName>(
    api: A,
    request: RequestFor<A>,
    broker: number,
    options: SendOptions,
  ): Promise<ResponseDecoded<A>> {
    const connection = await this.connection(broker, options.lane, options.signal);
    return await connection.send(api, request, options);
  }

  async #sendToAny<A extends ApiName>(
    api: A,
    request: RequestFor<A>,
    to: 'any' | 'controller',
    options: SendOptions,
  ): Promise<ResponseDecoded<A>> {
    const { clock } = this.system;
    const { apiTimeoutMs } = this.options;
    const deadline = clock.monotonic() + apiTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      const failures: unknown[] = [];
      for (const broker of this.#candidates(to)) {
        try {
          const sent = this.#connectAndSend(api, request, broker, options);
          const answer = await (requests.hasSubscribers ? this.#told(api, broker, sent) : sent);
          this.#trouble = undefined;
          return answer;
        } catch (error) {
          if (this.#closed) throw closedError();
          if (!isKafkaError(error) || !error.retriable) throw error;
          failures.push(error);
        }
        if (clock.monotonic() >= deadline) break;
      }
      const wait = this.retryBackoff(attempt);
      if (clock.monotonic() + wait >= deadline) throw nobody(api, failures, apiTimeoutMs);
      this.#notReached(failures);
      await this.delay(wait, options.signal);
    }
  }

  /** Of controllers the active one is asked, so it must be known; any knows which one it is. */
  async #sendToControllers<A extends ApiName>(
    api: A,
    request: RequestFor<A>,
    to: Destination,
    options: SendOptions,
  ): Promise<ResponseDecoded<A>> {
    const isAboutThem = api === 'DescribeCluster';
    if (!isAboutThem && this.brokers().size === 0) {
      await this.refresh([], { signal: options.signal });
    }
    try {
      if (typeof to === 'object') return await this.#sendTo(api, request, to, options);
      return await this.#sendToAny(api, request, 'controller', options);
    } catch (error) {
      const isUnknown = !isAboutThem && isKafkaError(error, 'UNSUPPORTED_VERSION');
      throw isUnknown ? onlyOfBrokers(api, error) : error;
    }
  }

  #candidates(to: 'any' | 'controller'): number[] {
    const all = this.#pool.candidates();
    const { controllerId } = this.#refresher.state.snapshot;
    if (to === 'any' || !all.includes(controllerId)) return all;
    return [controllerId, ...all.filter((id) => id !== controllerId)];
  }

  /** Once per spell of being unreachable, so that a waiting program is not silent. */
  #notReached(failures: readonly unknown[]): void {
    const reasons = failures.map(messageOf).join(' ');
    if (this.#trouble === undefined) {
      this.logger.warn(`no broker can be reached, trying on: ${reasons}`);
    }
    this.#trouble = `no broker can be reached: ${reasons}`;
  }

  /** The connection to a broker on a lane, made if need be. */
  connection(broker: number, lane = sharedLane, signal?: AbortSignal): Promise<ClientConnection> {
    this.#idleAlarm.ringAt(this.system.clock.monotonic() + idleCheckMs);
    return this.#pool.connection(broker, lane, signal);
  }

  /** The open connection to a broker on a lane, without making one. */
  openConnection(broker: number, lane: string): ClientConnection | undefined {
    return this.#pool.ready(broker, lane);
  }

  /** An open connection to whatever broker, without making one. */
  anyOpenConnection(): ClientConnection | undefined {
    return this.#pool.anyReady(sharedLane);
  }

  #closeIdle(): void {
    if (this.#pool.closeIdle() && !this.#closed) {
      this.#idleAlarm.ringAt(this.system.clock.monotonic() + idleCheckMs);
    }
  }

  /**
   * Metadata in which every one of the topics is usable (known, each partition listed). Waits with
   * retries until `timeoutMs`, then METADATA_TIMEOUT; UNKNOWN_TOPIC_OR_PARTITION fails at once
   * unless `allowAutoCreate`. The topics stay in the background refresh while they are in use.
   */
  metadataFor(topics: readonly string[], options: MetadataOptions = {}): Promise<ClusterMetadata> {
    return this.#refresher.metadataFor(topics, options);
  }

  /** One Metadata round trip now (coalesced); topics with errors are listed with their error. */
  refresh(
    topics?: readonly string[] | 'all',
    options: MetadataOptions = {},
  ): Promise<ClusterMetadata> {
    return this.#refresher.refresh(topics, options);
  }

  /** Asks for a refresh in the background soon; many calls make one request. Never throws. */
  refreshSoon(reason: string): void {
    if (!this.#closed && this.#users > 0 && this.#refresher.state.snapshot.brokers.size > 0) {
      this.#refresher.refreshSoon(reason);
    }
  }

  async #requestMetadata(
    topics: readonly string[] | null,
    autoCreate: boolean,
    signal: AbortSignal,
  ): Promise<ResponseDecoded<'Metadata'>> {
    if (this.isOfControllers) {
      if (topics?.length !== 0) throw onlyOfBrokers('Metadata of topics');
      const options = { signal, versionMin: endpointTypeVersion };
      const answer = await this.send('DescribeCluster', describeControllers, 'any', options);
      return controllersAsMetadata(answer);
    }
    for (let isAgain = false; ; isAgain = true) {
      const response = await this.send(
        'Metadata',
        (version) => ({
          topics: topics === null ? null : topics.map((name) => ({ name })),
          ...(version >= 4 ? { allowAutoTopicCreation: autoCreate } : {}),
        }),
        'any',
        { signal },
      );
      const error = KafkaError.fromErrno(response.errorCode, undefined, { api: 'Metadata' });
      if (error.code === 'NONE') return response;
      if (error.code !== 'REBOOTSTRAP_REQUIRED' || isAgain) throw error;
      this.logger.warn('the cluster asks to start again from the bootstrap servers');
      this.#pool.rebootstrap();
    }
  }

  #accepted(metadata: ClusterMetadata, changed: boolean): void {
    if (this.#closed) return;
    this.#pool.setBrokers(metadata.brokers);
    if (!changed) return;
    for (const listener of this.#listeners) listener(metadata);
  }

  /** The newest accepted metadata, from memory. */
  metadata(): ClusterMetadata {
    return this.#refresher.state.snapshot;
  }

  /** A topic from memory; `use` says that it should stay in the background refresh. */
  topic(name: string): TopicMetadata | undefined {
    return this.#refresher.state.topic(name);
  }

  /** Keeps topics in the background refresh for the next five minutes. */
  use(topics: Iterable<string>): void {
    const now = this.system.clock.monotonic();
    for (const name of topics) this.#refresher.state.use(name, now);
  }

  /**
   * Keeps the topics that `names` gives at the time in the background refresh, for those who read
   * a topic that may be quiet for long; returns the function that ends it.
   */
  keep(names: () => Iterable<string>): () => void {
    return this.#refresher.state.keep(names);
  }

  topicName(id: string): string | undefined {
    return this.#refresher.state.topicName(id);
  }

  brokers(): ReadonlyMap<number, Broker> {
    return this.#refresher.state.snapshot.brokers;
  }

  /** A broker as error messages name it: `host:port (id n)`. */
  brokerLabel(id: number): string {
    return this.#pool.label(id);
  }

  /**
   * Takes over what an answer said about a leader (KIP-951), when its epoch is newer.
   * Returns whether anything changed.
   */
  leaderHint(
    topic: string,
    partition: number,
    leader: number,
    leaderEpoch: number,
    endpoints: readonly Broker[] = [],
  ): boolean {
    if (endpoints.length > 0) this.#learn(endpoints);
    if (!this.brokers().has(leader)) return false;
    const changed = this.#refresher.state.leaderHint(topic, partition, leader, leaderEpoch);
    if (changed) for (const listener of this.#listeners) listener(this.metadata());
    return changed;
  }

  /** Adds brokers that metadata has not named yet. */
  #learn(brokers: readonly Broker[]): void {
    const news = brokers.filter(({ id, host, port }) => {
      const known = this.brokers().get(id);
      return known?.host !== host || known.port !== port;
    });
    if (news.length === 0) return;
    this.#refresher.state.addBrokers(news);
    this.#pool.setBrokers(this.brokers());
  }

  /** Broker id of the coordinator, from memory or FindCoordinator with retries. */
  coordinator(
    type: CoordinatorType,
    key: string,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly timeoutMs?: number | undefined;
    } = {},
  ): Promise<number> {
    const found = this.#coordinators.find(type, key, options.timeoutMs);
    return options.signal === undefined ? found : abortable(found, options.signal);
  }

  /** After NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a broken connection. */
  forgetCoordinator(type: CoordinatorType, key: string): void {
    this.#coordinators.forget(type, key);
  }

  #requestCoordinator(
    type: CoordinatorType,
    key: string,
  ): Promise<ResponseDecoded<'FindCoordinator'>> {
    const keyType = type === 'group' ? 0 : 1;
    return this.send(
      'FindCoordinator',
      (version) => (version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key }),
      'any',
    );
  }

  /** Called after each accepted change of metadata; returns the function that stops it. */
  onMetadata(listener: (metadata: ClusterMetadata) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** A unique lane name; its connections are closed with `closeLane`. */
  lane(purpose: string): string {
    this.#lanes++;
    return `${purpose}-${this.#lanes}`;
  }

  closeLane(lane: string): void {
    this.#pool.closeLane(lane);
  }

  /** Waits in the cluster's clock; rejects with ABORTED or CLOSED early. */
  delay(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#delays.wait(ms, signal);
  }

  /** Backoff before try `attempt` (0, 1, …), with jitter of 20 %. */
  retryBackoff(attempt: number): number {
    const { retryBackoffMs, retryBackoffMaxMs, system } = this.options;
    const doublings = Math.min(attempt, backoffDoublingsMax);
    const backoff = Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** doublings);
    return backoff * (0.8 + 0.4 * system.random.fraction());
  }

  /** Users keep connections open; when the last lets go they are closed (and reopened on use). */
  retain(): void {
    this.#users++;
    if (this.#users === 1 && !this.#closed) this.#refresher.wake();
  }

  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#idleAlarm.cancel();
    this.#refresher.rest();
    this.#pool.disconnect();
  }

  /** Whether what stands for the brokers are the controllers (KIP-919). */
  get isOfControllers(): boolean {
    return this.options.isOfControllers === true;
  }

  /** What is measured of all requests. */
  get stats(): RequestStats {
    return this.#pool.stats;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#idleAlarm.cancel();
    this.#refresher.close(closedError());
    this.#delays.close();
    this.#pool.close();
    this.#listeners.clear();
    return Promise.resolve();
  }
}

function nobody(api: string, failures: readonly unknown[], timeoutMs: number): KafkaError {
  const reasons = failures.map(messageOf).join(' ');
  return new KafkaError(
    'BROKER_NOT_AVAILABLE',
    `No broker answered ${api} within ${timeoutMs} ms: ${reasons}`,
    {
      api,
      hint: 'Check bootstrapServers and the advertised listeners of the brokers.',
      cause: failures.length === 1 ? failures[0] : new AggregateError(failures),
      retriable: true,
    },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
