import { KafkaError } from '../errors/index.js';
import type { Logger, Net, System } from '../system/index.js';
import type { Address, ServedApi, SharedInternals } from './broker-internals.js';
import { type BrokerOptions, type BrokerSettings, settingsOf } from './broker-options.js';
import { ClusterNode } from './cluster/cluster-node.js';
import { Leadership } from './cluster/leadership.js';
import type { Nodes } from './cluster/nodes.js';
import type { BrokerConfig } from './config/broker-config.js';
import { type Compat, shareVersion } from './config/compat.js';
import { groupTimes } from './config/group-configs.js';
import { streamsSettings } from './config/streams-group-configs.js';
import { checkTopicConfigs } from './config/topic-config.js';
import { GroupCoordinator, type MarkerLog, TransactionCoordinator } from './coordinator/index.js';
import { servedApis } from './handlers/index.js';
import { hostAndPort, type HostAndPort, nodeAddress, parseAddresses } from './listen-address.js';
import type { LogManager } from './log/index.js';
import type { MetadataJournal } from './metadata/metadata-journal.js';
import type { DynamicSettings } from './metadata/dynamic-settings.js';
import type { GroupSettings } from './metadata/group-settings.js';
import type { TopicRegistry } from './metadata/topic-registry.js';
import type { InternalTopic } from './partition/internal-topic.js';
import { PartitionInternalTopic } from './partition/partition-internal-topic.js';
import { TransactionMarkers } from './partition/transaction-markers.js';
import { Shares } from './shares.js';
import {
  internalTopicSettings,
  offsetsTopicName,
  openStorage,
  shareStateTopicName,
  type Storage,
  transactionTopicName,
} from './storage.js';
import type { BackupSummary, TransferOptions } from './transfer/index.js';

/**
 * A running broker with everything in it: the logs, the coordinators, and the nodes through which
 * clients reach them, one unless more were asked for. `Broker` is the door that programs use.
 */
export class BrokerNode implements SharedInternals {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly compat: Compat;
  readonly clusterId: string;
  readonly logDirectory: string;
  readonly nodes: Nodes;
  readonly leadership: Leadership;
  readonly topics: TopicRegistry;
  readonly groupSettings: GroupSettings;
  readonly brokerSettings: DynamicSettings;
  readonly offsetsTopic: InternalTopic;
  readonly transactionTopic: InternalTopic;
  readonly groups: GroupCoordinator;
  readonly shares: Shares;
  readonly markers: MarkerLog;
  readonly transactions: TransactionCoordinator;
  readonly #settings: BrokerSettings;
  readonly #logs: LogManager;
  readonly #journal: MetadataJournal;
  readonly #members: readonly ClusterNode[];
  readonly #served: readonly ServedApi[];
  #closed: Promise<void> | undefined;

  private constructor(settings: BrokerSettings, storage: Storage) {
    const { logs, journal, nodes, topics, groupSettings, brokerSettings } = storage;
    const { system, logger, config, compat } = settings;
    this.#settings = settings;
    this.system = system;
    this.logger = logger;
    this.config = config;
    this.compat = compat;
    this.clusterId = logs.clusterId;
    this.logDirectory = logs.dataDirectory;
    this.nodes = nodes;
    this.leadership = new Leadership(nodes, topics);
    this.topics = topics;
    this.groupSettings = groupSettings;
    this.brokerSettings = brokerSettings;
    this.#logs = logs;
    this.#journal = journal;
    const internalTopic = (name: string) => internalTopicOf(name, topics, settings);
    this.offsetsTopic = internalTopic(offsetsTopicName);
    this.transactionTopic = internalTopic(transactionTopicName);
    this.groups = new GroupCoordinator({
      system,
      internalTopic: this.offsetsTopic,
      topics,
      config,
      logger,
      timesOf: (groupId) => groupTimes(groupSettings.of(groupId)),
      shareTimesOf: (groupId) => groupTimes(groupSettings.of(groupId), 'share'),
      streamsSettingsOf: (groupId) => streamsSettings(groupSettings.of(groupId)),
    });
    this.shares = new Shares({
      system,
      logger,
      topics,
      config,
      groupSettings,
      groups: this.groups,
      internalTopic: internalTopic(shareStateTopicName),
      hasDeadLetters: shareVersion(compat) >= 2,
      onLeft: (member) => {
        for (const node of this.#members) node.shareSessions.end(member);
      },
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
      internalTopic: this.transactionTopic,
      topics,
      config,
      logger,
      markers: this.markers,
      nextProducerId: () => topics.nextProducerId(),
    });
    this.#served = servedApis(compat);
    this.#members = nodes.ids.map(
      (nodeId, at) =>
        new ClusterNode({
          nodeId,
          shared: this,
          advertise: nodeAddress(settings.advertise, at),
          peer: (id) => this.#member(id),
        }),
    );
  }

  /** See `Broker.start`. */
  static async start(options: BrokerOptions = {}): Promise<BrokerNode> {
    const settings = await settingsOf(options);
    const broker = new BrokerNode(settings, await openStorage(settings, options));
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
    await this.shares.states.start();
    await this.transactions.start();
    for (const [name, wanted] of Object.entries(options.createTopics ?? {})) {
      if (this.topics.byName(name) !== undefined) continue;
      const configs = checkTopicConfigs(Object.entries(wanted.configs ?? {}));
      const partitions = wanted.partitions ?? this.config.number('num.partitions');
      await this.topics.create(name, partitions, configs);
    }
    await this.#listenAll(this.#settings.listen, this.system.net);
  }

  /** See `Broker.listen`. */
  async listen(address: string, net: Net = this.system.net): Promise<string> {
    const given = await this.#listenAll(parseAddresses(address, 0), net);
    return given.map(({ host, port }) => hostAndPort(host, port)).join(',');
  }

  /** Every node listens at an address of its own. */
  async #listenAll(addresses: readonly HostAndPort[], net: Net): Promise<HostAndPort[]> {
    const given: HostAndPort[] = [];
    for (const [at, member] of this.#members.entries()) {
      given.push(await member.listen(nodeAddress(addresses, at) ?? { host: '', port: 0 }, net));
    }
    return given;
  }

  #member(nodeId: number): ClusterNode | undefined {
    return this.#members.find((member) => member.nodeId === nodeId);
  }

  /** The nodes with their ids, in the order of these. */
  get members(): readonly ClusterNode[] {
    return this.#members;
  }

  /** See `Broker.stopNode`. */
  async stopNode(nodeId: number): Promise<void> {
    const member = this.#known(nodeId);
    if (!this.nodes.isRunning(nodeId)) return;
    await member.destroy();
    await this.leadership.nodeStopped(nodeId);
  }

  /** See `Broker.startNode`. */
  async startNode(nodeId: number): Promise<void> {
    const member = this.#known(nodeId);
    if (this.nodes.isRunning(nodeId)) return;
    await member.restart();
    await this.leadership.nodeStarted(nodeId);
  }

  #known(nodeId: number): ClusterNode {
    const member = this.#member(nodeId);
    if (member !== undefined) return member;
    throw new KafkaError('INVALID_ARGUMENT', `There is no node ${nodeId}.`, {
      hint: `The nodes are ${this.nodes.ids.join(', ')}.`,
    });
  }

  /** The id of the first node. */
  get nodeId(): number {
    return this.nodes.ids[0] ?? -1;
  }

  /** The address that the first node listens on. */
  get host(): string {
    return this.#members[0]?.listening.host ?? '';
  }

  /** The port that the first node listens on, the real one where 0 was asked for. */
  get port(): number {
    return this.#members[0]?.listening.port ?? -1;
  }

  /** Where clients are told to connect, node by node. */
  get advertised(): readonly Address[] {
    return this.#members.map((member) => member.advertised);
  }

  served(): readonly ServedApi[] {
    return this.#served;
  }

  /** Compacts the compacted topics (or one) now, whatever their ratio and age; for tests. */
  compactNow(topic?: string): Promise<void> {
    return this.#logs.compactNow(topic);
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
      await Promise.all(this.#members.map((member) => member.stop()));
      await this.transactions.close();
      await this.groups.close();
      await this.shares.close();
      await Promise.all(this.#members.map((member) => member.close()));
    } finally {
      try {
        await this.#journal.close();
      } finally {
        await this.#logs.close(this.#journal.failure === undefined);
      }
    }
  }

  /** See `Broker.crash`. */
  crash(): Promise<void> {
    this.#closed ??= this.#crash();
    return this.#closed;
  }

  async #crash(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.destroy()));
    // A write whose sync never ends is what crashes are made of: nobody waits for it.
    this.transactions.close().catch((error: unknown) => this.logger.debug(String(error)));
    this.groups.close().catch((error: unknown) => this.logger.debug(String(error)));
    this.shares.close().catch((error: unknown) => this.logger.debug(String(error)));
    this.#journal.abandon();
    await this.#logs.abandon();
  }
}

function internalTopicOf(
  name: string,
  topics: TopicRegistry,
  { config, system }: BrokerSettings,
): PartitionInternalTopic {
  const plain = { partitions: 1, replicationFactor: 1, overrides: {} };
  const wanted = internalTopicSettings(name, config) ?? plain;
  return new PartitionInternalTopic(name, topics, wanted, system.clock);
}
