import type { Net } from '../system/index.js';
import { BrokerNode } from './broker-node.js';
import type { BrokerOptions } from './broker-options.js';
import { hostAndPort } from './listen-address.js';
import type { BackupSummary, TransferOptions } from './transfer/index.js';

/** A node of a running broker. */
export interface BrokerNodeStatus {
  readonly id: number;
  /** `host:port` as clients are told. */
  readonly address: string;
  readonly running: boolean;
}

/**
 * An embedded, single-node, Kafka-compatible broker. `Broker.start` opens the data directory,
 * listens, and resolves when clients can connect; `close` leaves a directory that starts clean.
 */
export class Broker {
  readonly #node: BrokerNode;

  private constructor(node: BrokerNode) {
    this.#node = node;
  }

  /**
   * Starts a broker. Fails with DATA_DIRECTORY_LOCKED when another process uses the directory,
   * ADDRESS_IN_USE when the port is taken, INVALID_CONFIG when a setting does not fit, and
   * LOG_CORRUPTED when data that was on disk safely is damaged.
   */
  static async start(options: BrokerOptions = {}): Promise<Broker> {
    return new Broker(await BrokerNode.start(options));
  }

  /** The address listened on. */
  get host(): string {
    return this.#node.host;
  }

  /** The port listened on, the real one where 0 was asked for. */
  get port(): number {
    return this.#node.port;
  }

  /** `host:port` as clients are told; with several nodes those of all, separated by commas. */
  get address(): string {
    return this.#node.advertised.map(({ host, port }) => hostAndPort(host, port)).join(',');
  }

  /** The nodes that clients find. */
  get nodes(): readonly BrokerNodeStatus[] {
    return this.#node.members.map(({ nodeId, advertised: { host, port } }) => ({
      id: nodeId,
      address: hostAndPort(host, port),
      running: this.#node.nodes.isRunning(nodeId),
    }));
  }

  /**
   * Stops one of several nodes as a crash does: its connections end without a word, and its
   * partitions are led by the next of their replicas that runs. The records stay where they are,
   * for all nodes share a disk; a partition without another replica is away until the node is
   * back. Fails with INVALID_ARGUMENT where there is no such node.
   */
  stopNode(id: number): Promise<void> {
    return this.#node.stopNode(id);
  }

  /**
   * Starts a stopped node at its old address. It follows at once; it leads again what nobody else
   * can, and the rest after an election of preferred leaders.
   */
  startNode(id: number): Promise<void> {
    return this.#node.startNode(id);
  }

  get clusterId(): string {
    return this.#node.clusterId;
  }

  /** The data directory; for data in memory a name without meaning. */
  get dataDirectory(): string {
    return this.#node.logDirectory;
  }

  /**
   * Listens at one more address, `host:port`, perhaps on another network (a broker in memory that
   * shall be reached by TCP, too), and answers the address with its real port.
   */
  listen(address: string, net?: Net): Promise<string> {
    return this.#node.listen(address, net);
  }

  /**
   * Makes a backup of the running broker in a new directory: all partitions, configs and offsets as
   * they are at one moment, while clients go on. `restore` makes a data directory of it. Fails with
   * DATA_DIRECTORY_INVALID where the directory is not empty.
   */
  backup(
    out: string,
    options: Pick<TransferOptions, 'copy' | 'onProgress'> = {},
  ): Promise<BackupSummary> {
    return this.#node.backup(out, options);
  }

  /**
   * Stops: accepts nothing new, answers what is at work, syncs everything and writes the marker
   * of a clean shutdown. Closing again waits for the first.
   */
  close(): Promise<void> {
    return this.#node.close();
  }

  /**
   * Stops without answering anybody and without a clean shutdown, as a crash does. What the disk
   * still holds is what the next start finds.
   */
  crash(): Promise<void> {
    return this.#node.crash();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
