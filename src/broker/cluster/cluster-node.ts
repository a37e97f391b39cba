import type { ReceivedRequest, ServedAnswer, ServerConnection } from '../../network/index.js';
import type { ApiName, RequestDecoded } from '../../protocol/index.js';
import type { Logger, Net, System } from '../../system/index.js';
import type { Address, BrokerInternals, ServedApi, SharedInternals } from '../broker-internals.js';
import type { BrokerConfig } from '../config/broker-config.js';
import type { Compat } from '../config/compat.js';
import type {
  GroupCoordinator,
  MarkerLog,
  ShareCoordinator,
  ShareGroupCoordinator,
  TransactionCoordinator,
} from '../coordinator/index.js';
import type { RequestConnection, RequestContext } from '../handlers/handler.js';
import { acceptedRange, handlerOf } from '../handlers/index.js';
import { type HostAndPort, isWildcard } from '../listen-address.js';
import type { DynamicSettings } from '../metadata/dynamic-settings.js';
import type { GroupSettings } from '../metadata/group-settings.js';
import type { TopicRegistry } from '../metadata/topic-registry.js';
import { FetchSessions } from '../partition/fetch-sessions.js';
import type { InternalTopic } from '../partition/internal-topic.js';
import type { SharePartitions } from '../partition/share/share-partitions.js';
import { ShareSessions } from '../partition/share/share-sessions.js';
import { Server } from '../server.js';
import type { Leadership } from './leadership.js';
import type { Nodes } from './nodes.js';

export interface ClusterNodeParts {
  readonly nodeId: number;
  readonly shared: SharedInternals;
  /** What clients are told instead of where it listens. */
  readonly advertise: Address | undefined;
  /** Another node, to tell clients where it is. */
  readonly peer: (nodeId: number) => ClusterNode | undefined;
}

/** An address listened on, and the network it is in. */
interface Endpoint {
  readonly address: HostAndPort;
  readonly net: Net;
}

/**
 * One node as clients meet it: an id, ports, connections and fetch sessions of its own, over what
 * all nodes of the process share. It coordinates those groups and transactions whose partition of
 * the internal topic it leads.
 */
export class ClusterNode implements BrokerInternals {
  readonly nodeId: number;
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
  readonly shareGroups: ShareGroupCoordinator;
  readonly shareStates: ShareCoordinator;
  readonly sharePartitions: SharePartitions;
  readonly markers: MarkerLog;
  readonly transactions: TransactionCoordinator;
  readonly #parts: ClusterNodeParts;
  readonly #stopListeners = new Set<() => void>();
  /** In the order of the calls of `listen`; the same place is the same network on every node. */
  readonly #endpoints: Endpoint[] = [];
  #fetchSessions: FetchSessions;
  #shareSessions: ShareSessions;
  #server: Server;

  constructor(parts: ClusterNodeParts) {
    const { nodeId, shared } = parts;
    this.#parts = parts;
    this.nodeId = nodeId;
    this.system = shared.system;
    this.logger = shared.logger;
    this.config = shared.config;
    this.compat = shared.compat;
    this.clusterId = shared.clusterId;
    this.logDirectory = shared.logDirectory;
    this.nodes = shared.nodes;
    this.leadership = shared.leadership;
    this.topics = shared.topics;
    this.groupSettings = shared.groupSettings;
    this.brokerSettings = shared.brokerSettings;
    this.offsetsTopic = shared.offsetsTopic;
    this.transactionTopic = shared.transactionTopic;
    this.markers = shared.markers;
    const leads = (topic: string) => (partition: number) =>
      shared.topics.partition(topic, partition)?.leader === nodeId;
    this.groups = shared.groups.at(leads(shared.offsetsTopic.name));
    this.transactions = shared.transactions.at(leads(shared.transactionTopic.name));
    this.shareGroups = shared.shares.groups.at(this.groups);
    this.shareStates = shared.shares.states;
    this.sharePartitions = shared.shares.partitions;
    this.#fetchSessions = this.#newFetchSessions();
    this.#shareSessions = this.#newShareSessions();
    this.#server = this.#newServer();
  }

  get fetchSessions(): FetchSessions {
    return this.#fetchSessions;
  }

  get shareSessions(): ShareSessions {
    return this.#shareSessions;
  }

  /** Listens at one more address and answers which, with the real port. */
  async listen(address: HostAndPort, net: Net): Promise<HostAndPort> {
    const given = await this.#server.listen(address, net);
    // What was asked for stands for both loopback addresses; the port is the one given.
    this.#endpoints.push({ address: { host: address.host, port: given.port }, net });
    return given;
  }

  /** Where it listens first; port -1 before that. */
  get listening(): HostAndPort {
    const { host, port } = this.#endpoints[0]?.address ?? { host: '', port: -1 };
    return { host: host === 'localhost' ? '127.0.0.1' : host, port };
  }

  get advertised(): Address {
    const { host, port } = this.listening;
    const { advertise } = this.#parts;
    if (advertise !== undefined) {
      return { host: advertise.host, port: advertise.port === 0 ? port : advertise.port };
    }
    return { host: isWildcard(host) ? '127.0.0.1' : host, port };
  }

  addressOf(nodeId: number, connection: RequestConnection): Address {
    const node = this.#parts.peer(nodeId) ?? this;
    const { advertised } = node;
    if (this.#parts.advertise !== undefined || connection.localPort <= 0) return advertised;
    const { localAddress, localPort } = connection;
    const everywhere = isWildcard(this.listening.host) && localAddress !== '';
    const host = everywhere ? localAddress : advertised.host;
    if (node === this) return { host, port: localPort };
    const at = this.#endpoints.findIndex(({ address }) => address.port === localPort);
    return { host, port: node.#endpoints[at]?.address.port ?? advertised.port };
  }

  served(): readonly ServedApi[] {
    return this.#parts.shared.served();
  }

  onStopping(run: () => void): () => void {
    this.#stopListeners.add(run);
    return () => this.#stopListeners.delete(run);
  }

  effectiveSetting(name: string): string | null {
    const { host, port } = this.listening;
    switch (name) {
      case 'node.id':
      case 'broker.id':
        return String(this.nodeId);
      case 'log.dirs':
        return this.logDirectory;
      case 'listeners':
        return `PLAINTEXT://${host}:${port}`;
      case 'advertised.listeners':
        return `PLAINTEXT://${this.advertised.host}:${this.advertised.port}`;
      default:
        return this.config.value(name);
    }
  }

  /** Accepts no more connections and starts no more requests; who waits answers now. */
  async stop(): Promise<void> {
    await this.#server.stop();
    for (const run of [...this.#stopListeners]) run();
  }

  /** Waits a moment for the requests at work, then closes every connection. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** Closes everything without a word, as a crash does. */
  destroy(): Promise<void> {
    return this.#server.destroy();
  }

  /** Listens again where it did before it was destroyed; it has forgotten all connections. */
  async restart(): Promise<void> {
    this.#server = this.#newServer();
    this.#fetchSessions = this.#newFetchSessions();
    this.#shareSessions = this.#newShareSessions();
    for (const { address, net } of this.#endpoints) await this.#server.listen(address, net);
  }

  #newServer(): Server {
    return new Server({
      system: this.system,
      logger: this.logger,
      config: this.config,
      accepts: (api) => acceptedRange(api, this.compat),
      serve: (request, connection) => this.#serve(request, connection),
    });
  }

  #newShareSessions(): ShareSessions {
    return new ShareSessions(this.config.number('group.share.max.share.sessions'));
  }

  #newFetchSessions(): FetchSessions {
    const slots = this.config.number('max.incremental.fetch.session.cache.slots');
    return new FetchSessions(slots, this.system.random, this.system.clock);
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
}
