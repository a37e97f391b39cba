import { KafkaError } from '../errors/index.js';
import type { ReceivedRequest, ServedAnswer, ServerConnection } from '../network/index.js';
import type { ApiName, RequestDecoded } from '../protocol/index.js';
import type { Logger, Net, System } from '../system/index.js';
import type { Address, BrokerInternals, ServedApi } from './broker-internals.js';
import { type BrokerOptions, type BrokerSettings, settingsOf } from './broker-options.js';
import type { BrokerConfig } from './config/broker-config.js';
import type { Compat } from './config/compat.js';
import { groupTimes } from './config/group-configs.js';
import { checkTopicConfigs } from './config/topic-config.js';
import { GroupCoordinator, type MarkerLog, TransactionCoordinator } from './coordinator/index.js';
import type { RequestConnection, RequestContext } from './handlers/handler.js';
import { acceptedRange, handlerOf, servedApis } from './handlers/index.js';
import { hostAndPort, isWildcard, parseAddress } from './listen-address.js';
import type { LogManager } from './log/index.js';
import type { MetadataJournal } from './metadata/metadata-journal.js';
import type { GroupSettings } from './metadata/group-settings.js';
import type { TopicRegistry } from './metadata/topic-registry.js';
import { FetchSessions } from './partition/fetch-sessions.js';
import type { InternalTopic } from './partition/internal-topic.js';
import { PartitionInternalTopic } from './partition/partition-internal-topic.js';
import { TransactionMarkers } from './partition/transaction-markers.js';
import { Server } from './server.js';
import {
  internalTopicSettings,
  offsetsTopicName,
  openStorage,
  transactionTopicName,
} from './storage.js';
import type { BackupSummary, TransferOptions } from './transfer/index.js';

/**
 * A running broker with everything in it: what handlers and coordinators see as BrokerInternals.
 * `Broker` is the door that programs use.
 */
export class BrokerNode implements BrokerInternals {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly compat: Compat;
  readonly nodeId: number;
  readonly clusterId: string;
  readonly logDirectory: string;
  readonly topics: TopicRegistry;
  readonly groupSettings: GroupSettings;
  readonly fetchSessions: FetchSessions;
  readonly offsetsTopic: InternalTopic;
  readonly groups: GroupCoordinator;
  readonly markers: MarkerLog;
  readonly transactions: TransactionCoordinator;
  readonly #settings: BrokerSettings;
  readonly #logs: LogManager;
  readonly #journal: MetadataJournal;
  readonly #server: Server;
  readonly #served: readonly ServedApi[];
  readonly #stopListeners = new Set<() => void>();
  #listening: Address = { host: '', port: -1 };
  #closed: Promise<void> | undefined;

  private constructor(
    settings: BrokerSettings,
    logs: LogManager,
    journal: MetadataJournal,
    topics: TopicRegistry,
    groupSettings: GroupSettings,
  ) {
    const { system, logger, config, compat } = settings;
    this.#settings = settings;
    this.system = system;
    this.logger = logger;
    this.config = config;
    this.compat = compat;
    this.nodeId = logs.nodeId;
    this.clusterId = logs.clusterId;
    this.logDirectory = logs.dataDirectory;
    this.topics = topics;
    this.groupSettings = groupSettings;
    this.#logs = logs;
    this.#journal = journal;
    this.fetchSessions = new FetchSessions(
      config.number('max.incremental.fetch.session.cache.slots'),
      system.random,
      system.clock,
    );
    const internalTopic = (name: string) =>
      new PartitionInternalTopic(
        name,
        topics,
        internalTopicSettings(name, config) ?? { partitions: 1, overrides: {} },
        system.clock,
      );
    this.offsetsTopic = internalTopic(offsetsTopicName);
    this.groups = new GroupCoordinator({
      system,
      internalTopic: this.offsetsTopic,
      topics,
      config,
      logger,
      timesOf: (groupId) => groupTimes(groupSettings.of(groupId)),
    });
    this.markers = new TransactionMarkers({
      topics,
      system,
      offsetsTopic: offsetsTopicName,
      endInOffsets: (partition, marker) => this.groups.endTransaction(partition, marker),
      stateTopic: transactionTopicName,
    });
    this.transactions = new TransactionCoordinator({
      system,
      internalTopic: internalTopic(transactionTopicName),
      topics,
      config,
      logger,
      markers: this.markers,
      nextProducerId: () => topics.nextProducerId(),
    });
    this.#served = servedApis(compat);
    this.#server = new Server({
      system,
      logger,
      config,
      accepts: (api) => acceptedRange(api, compat),
      serve: (request, connection) => this.#serve(request, connection),
    });
  }

  /** See `Broker.start`. */
  static async start(options: BrokerOptions = {}): Promise<BrokerNode> {
    const settings = await settingsOf(options);
    const { logs, journal, topics, groupSettings } = await openStorage(settings, options);
    const broker = new BrokerNode(settings, logs, journal, topics, groupSettings);
    try {
      await broker.#open(options);
    } catch (error) {
      await broker.close();
      throw error;
    }
    return broker;
  }

  async #open(options: BrokerOptions): Promise<void> {
    await this.groups.start();
    await this.transactions.start();
    for (const [name, wanted] of Object.entries(options.createTopics ?? {})) {
      if (this.topics.byName(name) !== undefined) continue;
      const configs = checkTopicConfigs(Object.entries(wanted.configs ?? {}));
      const partitions = wanted.partitions ?? this.config.number('num.partitions');
      await this.topics.create(name, partitions, configs);
    }
    this.#listening = await this.#server.listen(this.#settings.listen, this.system.net);
  }

  /** See `Broker.listen`. */
  async listen(address: string, net: Net = this.system.net): Promise<string> {
    const { host, port } = await this.#server.listen(parseAddress(address, 0), net);
    return hostAndPort(host, port);
  }

  /** The address listened on. */
  get host(): string {
    return this.#listening.host;
  }

  /** The port listened on, the real one where 0 was asked for. */
  get port(): number {
    return this.#listening.port;
  }

  get advertised(): Address {
    const { advertise } = this.#settings;
    if (advertise !== undefined) {
      const port = advertise.port === 0 ? this.port : advertise.port;
      return { host: advertise.host, port };
    }
    return { host: isWildcard(this.host) ? '127.0.0.1' : this.host, port: this.port };
  }

  advertisedTo(connection: RequestConnection): Address {
    if (this.#settings.advertise !== undefined || connection.localPort <= 0) return this.advertised;
    const everywhere = isWildcard(this.host) && connection.localAddress !== '';
    const host = everywhere ? connection.localAddress : this.advertised.host;
    return { host, port: connection.localPort };
  }

  served(): readonly ServedApi[] {
    return this.#served;
  }

  effectiveSetting(name: string): string | null {
    switch (name) {
      case 'node.id':
      case 'broker.id':
        return String(this.nodeId);
      case 'log.dirs':
        return this.logDirectory;
      case 'listeners':
        return `PLAINTEXT://${this.host}:${this.port}`;
      case 'advertised.listeners':
        return `PLAINTEXT://${this.advertised.host}:${this.advertised.port}`;
      default:
        return this.config.value(name);
    }
  }

  /** Compacts the compacted topics (or one) now, whatever their ratio and age; for tests. */
  compactNow(topic?: string): Promise<void> {
    return this.#logs.compactNow(topic);
  }

  onStopping(run: () => void): () => void {
    this.#stopListeners.add(run);
    return () => this.#stopListeners.delete(run);
  }

  #serve(
    request: ReceivedRequest,
    connection: ServerConnection,
  ): ServedAnswer | Promise<ServedAnswer> {
    const handler = handlerOf(request.api);
    if (handler === undefined) throw new RangeError(`${request.api} has no handler`);
    const context: RequestContext = {
      api: request.api,
      version: request.version,
      clientId: request.clientId,
      clientHost: `/${connection.remoteAddress}`,
      connection,
      broker: this,
      now: this.system.clock.now(),
    };
    // The connection decoded the body with the definition of this very API.
    return handler(request.body as RequestDecoded<ApiName> as never, context);
  }

  /** See `Broker.close`; closing again waits for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** See `Broker.backup`. */
  async backup(
    out: string,
    options: Pick<TransferOptions, 'copy' | 'onProgress'>,
  ): Promise<BackupSummary> {
    if (this.#settings.inMemory) {
      throw new KafkaError('INVALID_ARGUMENT', 'A broker in memory has no files to back up.');
    }
    const { backupRunning } = await import('./transfer/online-backup.js');
    return await backupRunning(this.system, this.#logs, out, options);
  }

  async #close(): Promise<void> {
    try {
      await this.#server.stop();
      for (const run of [...this.#stopListeners]) run();
      await this.transactions.close();
      await this.groups.close();
      await this.#server.close();
    } finally {
      try {
        await this.#journal.close();
      } finally {
        await this.#logs.close();
      }
    }
  }

  /** See `Broker.crash`. */
  crash(): Promise<void> {
    this.#closed ??= this.#crash();
    return this.#closed;
  }

  async #crash(): Promise<void> {
    await this.#server.destroy();
    // A write whose sync never ends is what crashes are made of: nobody waits for it.
    this.transactions.close().catch((error: unknown) => this.logger.debug(String(error)));
    this.groups.close().catch((error: unknown) => this.logger.debug(String(error)));
    this.#journal.abandon();
    await this.#logs.abandon();
  }
}
