import { isKafkaError, KafkaError } from '../../errors/index.js';
import { ClientConnection } from '../../network/index.js';
import { type ConnectionEvent, connections } from '../diagnostics.js';
import type { Broker } from './cluster-metadata.js';
import type { ClusterOptions } from './cluster-options.js';
import { RequestStats } from './request-stats.js';

/** The lane of requests that do not wait for anything on the broker. */
export const sharedLane = 'shared';

/** One broker address and its connections, a lane each. Bootstrap addresses have ids below 0. */
interface Node {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly open: Map<string, ClientConnection>;
  readonly opening: Map<string, Promise<ClientConnection>>;
  /** Failed tries in a row; the next one waits until `retryAt` (monotonic). */
  failures: number;
  retryAt: number;
}

/** What the pool needs of the cluster besides its options. */
export interface PoolHooks {
  /** A connection could not be made or has broken: leaders may have moved. */
  onTrouble(reason: string): void;
  /** Null before it is known. */
  clusterId(): string | null;
  delay(ms: number, signal?: AbortSignal): Promise<void>;
}

/**
 * The connections to the brokers, one for each broker and lane, made when first needed. A broker
 * that cannot be reached is tried again after an exponential backoff with jitter; everybody who
 * wants the same connection waits for the same try.
 */
export class BrokerPool {
  readonly stats = new RequestStats();
  readonly #options: ClusterOptions;
  readonly #hooks: PoolHooks;
  readonly #seeds: Node[];
  readonly #nodes = new Map<number, Node>();
  /** How often all connections were ended: one that was being made then is not wanted any more. */
  #disconnects = 0;
  #closed = false;

  constructor(options: ClusterOptions, hooks: PoolHooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#seeds = options.bootstrapServers.map((address, index) => seedOf(address, -1 - index));
  }

  /** The open connection, if there is one: the path without a promise. */
  ready(id: number, lane: string): ClientConnection | undefined {
    return this.#nodes.get(id)?.open.get(lane);
  }

  /** A connection of the lane that is open, to whatever broker. */
  anyReady(lane: string): ClientConnection | undefined {
    for (const { open } of this.#nodes.values()) {
      const connection = open.get(lane);
      if (connection !== undefined) return connection;
    }
    return undefined;
  }

  async connection(id: number, lane: string, signal?: AbortSignal): Promise<ClientConnection> {
    const node = this.#nodes.get(id) ?? this.#seeds.find((seed) => seed.id === id);
    if (node === undefined) {
      throw new KafkaError('BROKER_NOT_AVAILABLE', `Metadata names no broker with id ${id}.`, {
        hint: 'It may be down or starting.',
        retriable: true,
      });
    }
    const open = node.open.get(lane);
    if (open !== undefined) return open;
    let opening = node.opening.get(lane);
    if (opening === undefined) {
      opening = this.#open(node, lane).finally(() => node.opening.delete(lane));
      // Whoever waits sees the failure below; nobody may be left when they gave up.
      opening.catch(() => undefined);
      node.opening.set(lane, opening);
    }
    return signal === undefined ? opening : abortable(opening, signal);
  }

  async #open(node: Node, lane: string): Promise<ClientConnection> {
    const { system, reconnectBackoffMs, reconnectBackoffMaxMs, logger } = this.#options;
    const wait = node.retryAt - system.clock.monotonic();
    if (wait > 0) await this.#hooks.delay(wait);
    this.#check();
    const broker = labelOf(node);
    const before = this.#disconnects;
    // Undefined while the versions are negotiated: a connection may end before that is over.
    let connection: ClientConnection | undefined;
    try {
      connection = await ClientConnection.open({
        ...this.#options,
        host: node.host,
        port: node.port,
        connectionTimeoutMs: this.#connectionTimeout(node),
        node: this.#meant(node),
        broker,
        onAnswer: (api, latencyMs, throttleMs, now) =>
          this.stats.answered(api, node.id, latencyMs, throttleMs, now),
        onClose: (reason) => {
          if (connection !== undefined) this.#ended(node, lane, connection, reason);
        },
      });
      if (this.#disconnects !== before || !this.#holds(node)) {
        connection.close();
        throw new KafkaError(
          'CONNECTION_CLOSED',
          'The broker has moved or the client was closed.',
          {
            broker,
          },
        );
      }
      this.stats.connections++;
      node.failures = 0;
      node.retryAt = 0;
      if (!connection.closed) node.open.set(lane, connection);
      this.#tell(broker, 'opened', undefined);
      return connection;
    } catch (error) {
      const doubled = Math.min(reconnectBackoffMaxMs, reconnectBackoffMs * 2 ** node.failures);
      const jitter = 0.8 + 0.4 * system.random.fraction();
      node.failures = Math.min(node.failures + 1, 30);
      node.retryAt = system.clock.monotonic() + doubled * jitter;
      this.#tell(broker, 'failed', isKafkaError(error) ? error : undefined);
      logger.debug(`no connection to ${broker}`, { error, failures: node.failures });
      if (!this.#closed) this.#hooks.onTrouble(`no connection to ${broker}`);
      if (isKafkaError(error, 'REBOOTSTRAP_REQUIRED')) throw this.#misrouted(broker, error);
      throw error;
    }
  }

  /** What a broker is to be before it is talked to; bootstrap addresses may be anybody's. */
  #meant({ id: nodeId }: Node): { clusterId: string; nodeId: number } | undefined {
    const clusterId = this.#hooks.clusterId();
    if (nodeId < 0 || clusterId === null || !this.#options.metadataClusterCheckEnable) return;
    return { clusterId, nodeId };
  }

  /** Another broker has the address by now: what is known of the cluster is not true any more. */
  #misrouted(broker: string, cause: KafkaError): KafkaError {
    this.rebootstrap();
    return new KafkaError('REBOOTSTRAP_REQUIRED', `Another broker answers at ${broker}.`, {
      broker,
      cause,
      retriable: true,
      hint: 'Behind a proxy with ids of its own set metadataClusterCheckEnable to false.',
    });
  }

  /** Doubled with each failure in a row, within bounds and with jitter (KIP-601). */
  #connectionTimeout({ failures }: Node): number {
    const { system, connectionTimeoutMs, connectionTimeoutMaxMs } = this.#options;
    const doubled = Math.min(connectionTimeoutMaxMs, connectionTimeoutMs * 2 ** failures);
    const isBounded = failures === 0 || connectionTimeoutMaxMs <= connectionTimeoutMs;
    return isBounded ? connectionTimeoutMs : doubled * (0.8 + 0.4 * system.random.fraction());
  }

  /** A connection is no more; `reason` is missing when it was closed here. */
  #ended(
    node: Node,
    lane: string,
    connection: ClientConnection,
    reason: KafkaError | undefined,
  ): void {
    if (node.open.get(lane) === connection) node.open.delete(lane);
    this.#tell(labelOf(node), 'closed', reason);
    if (reason !== undefined && !this.#closed) this.#hooks.onTrouble(reason.message);
  }

  #tell(broker: string, state: ConnectionEvent['state'], error: KafkaError | undefined): void {
    if (!connections.hasSubscribers) return;
    const event: ConnectionEvent = { clientId: this.#options.clientId, broker, state, error };
    connections.publish(event);
  }

  #check(): void {
    if (this.#closed) throw new KafkaError('CLOSED', 'The Kafka client has been closed.');
  }

  #holds(node: Node): boolean {
    return this.#nodes.get(node.id) === node || this.#seeds.includes(node);
  }

  /** Takes over the brokers that metadata names; connections to others and moved ones end. */
  setBrokers(brokers: ReadonlyMap<number, Broker>): void {
    for (const [id, node] of this.#nodes) {
      const broker = brokers.get(id);
      if (broker?.host === node.host && broker.port === node.port) continue;
      this.#nodes.delete(id);
      closeAll(node);
    }
    for (const broker of brokers.values()) {
      if (this.#nodes.has(broker.id)) continue;
      const node = nodeOf(broker.id, broker.host, broker.port);
      this.#adopt(node);
      this.#nodes.set(broker.id, node);
    }
  }

  /** A connection made to a bootstrap address goes on as the one to the broker that lives there. */
  #adopt(node: Node): void {
    for (const seed of this.#seeds) {
      if (seed.host !== node.host || seed.port !== node.port || seed.open.size === 0) continue;
      for (const [lane, connection] of seed.open) {
        node.open.set(lane, connection);
        connection.rename(labelOf(node), (why) => this.#ended(node, lane, connection, why));
      }
      seed.open.clear();
      return;
    }
  }

  /** Where a request that any broker can answer may go, best first: open, known, bootstrap. */
  candidates(): number[] {
    const { random } = this.#options.system;
    const known = [...this.#nodes.values()];
    // Rotated, so that clients with the same list do not all ask the same broker.
    const first = known.length > 0 ? random.below(known.length) : 0;
    const rotated = [...known.slice(first), ...known.slice(0, first)];
    const open = (node: Node) => (node.open.has(sharedLane) ? 0 : 1);
    const byChance = (a: Node, b: Node) => open(a) - open(b) || a.retryAt - b.retryAt;
    rotated.sort(byChance);
    const seeds = this.#seeds.filter(
      (seed) => !known.some((node) => node.host === seed.host && node.port === seed.port),
    );
    return [...rotated, ...seeds.sort(byChance)].map((node) => node.id);
  }

  label(id: number): string {
    const node = this.#nodes.get(id) ?? this.#seeds.find((seed) => seed.id === id);
    return node === undefined ? `broker ${id}` : labelOf(node);
  }

  /** Forgets the brokers known and starts from the bootstrap addresses (KIP-899, KIP-1102). */
  rebootstrap(): void {
    for (const node of this.#nodes.values()) closeAll(node);
    this.#nodes.clear();
    for (const seed of this.#seeds) seed.retryAt = 0;
  }

  closeLane(lane: string): void {
    for (const node of [...this.#nodes.values(), ...this.#seeds]) {
      node.open.get(lane)?.close();
      node.open.delete(lane);
    }
  }

  /** Ends connections unused for `connectionsMaxIdleMs`; returns whether any are left. */
  closeIdle(): boolean {
    const { system, connectionsMaxIdleMs } = this.#options;
    const before = system.clock.monotonic() - connectionsMaxIdleMs;
    let left = 0;
    for (const node of [...this.#nodes.values(), ...this.#seeds]) {
      left += node.opening.size;
      for (const [lane, connection] of node.open) {
        left++;
        if (connection.inFlight > 0 || connection.lastUsedAt > before) continue;
        left--;
        node.open.delete(lane);
        connection.close();
      }
    }
    return left > 0;
  }

  /** Ends all connections; they are made again when needed. */
  disconnect(): void {
    this.#disconnects++;
    for (const node of [...this.#nodes.values(), ...this.#seeds]) closeAll(node);
  }

  close(): void {
    this.#closed = true;
    this.disconnect();
  }
}

function closeAll(node: Node): void {
  for (const connection of node.open.values()) connection.close();
  node.open.clear();
}

function nodeOf(id: number, host: string, port: number): Node {
  return { id, host, port, open: new Map(), opening: new Map(), failures: 0, retryAt: 0 };
}

function seedOf(address: string, id: number): Node {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return nodeOf(id, host, Number(address.slice(colon + 1)));
}

function labelOf(node: Node): string {
  const host = node.host.includes(':') ? `[${node.host}]` : node.host;
  return node.id < 0 ? `${host}:${node.port}` : `${host}:${node.port} (id ${node.id})`;
}

/** Stops waiting when the signal says so; the work itself goes on for others. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw aborted(signal);
  let onAbort: () => void = () => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, abort]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export function aborted(signal: AbortSignal): KafkaError {
  if (isKafkaError(signal.reason)) return signal.reason;
  return new KafkaError('ABORTED', 'The caller gave up.', { cause: signal.reason as unknown });
}
