import { Broker, type BrokerOptions, type Compat, type TopicToCreate } from '../broker/index.js';
import { Kafka, type KafkaOptions } from '../client/index.js';
import { KafkaError } from '../errors/index.js';
import { type Logger, realSystem, type System } from '../system/index.js';
import { MemoryDisk, MemoryNet, SeededRandom } from '../system/simulated/index.js';

export interface TestBrokerOptions {
  /** Topics that are there from the beginning; `{}` gives one partition. */
  readonly topics?: Readonly<Record<string, TopicToCreate>> | undefined;
  /** Names and values of Kafka's `server.properties`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** How many nodes clients find, which `stopNode` and `startNode` stop and start; default 1. */
  readonly brokers?: number | undefined;
  /** The Kafka version whose API versions are shown; default the newest. */
  readonly compat?: Compat | undefined;
  /** Default: warnings and errors as one line each to stderr. */
  readonly logger?: Logger | undefined;
  /**
   * Keeps account of what would be on a disk, so that `crash` can take away what was not synced;
   * acknowledgements wait for the (simulated) sync then. Default false, which is faster.
   */
  readonly crashable?: boolean | undefined;
  /** What a crash takes away is drawn from this number; default 1. */
  readonly seed?: number | undefined;
}

const dataDirectory = '/kafkit-data';

/**
 * A broker in memory for one test or one file of tests. `kafka()` talks to it inside the process,
 * `listen()` opens a TCP port for everybody else.
 */
export class TestBroker {
  readonly #options: TestBrokerOptions;
  readonly #net: MemoryNet;
  readonly #random: SeededRandom;
  #disk: MemoryDisk;
  #broker: Broker;
  /** Where TCP clients connect, once somebody asked. */
  #tcp: Promise<string> | undefined;

  private constructor(
    options: TestBrokerOptions,
    net: MemoryNet,
    disk: MemoryDisk,
    broker: Broker,
  ) {
    this.#options = options;
    this.#net = net;
    this.#random = new SeededRandom(options.seed ?? 1);
    this.#disk = disk;
    this.#broker = broker;
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const net = new MemoryNet(realSystem().clock);
    const disk = new MemoryDisk({ crashable: options.crashable ?? false });
    const createTopics = options.topics;
    const broker = await Broker.start(brokerOptions(options, net, disk, { createTopics }));
    return new TestBroker(options, net, disk, broker);
  }

  /**
   * A client of this broker, connected inside the process. Its producers and consumers are closed
   * by whoever makes them.
   */
  kafka(options: KafkaOptions = {}): Kafka {
    return new Kafka({
      bootstrapServers: this.#broker.address,
      system: { ...realSystem(), net: this.#net },
      logger: this.#options.logger,
      ...options,
    });
  }

  /**
   * Opens a TCP port on this machine for every node, once, and answers its `host:port`; those of
   * several nodes separated by commas.
   */
  listen(): Promise<string> {
    this.#tcp ??= this.#broker.listen('127.0.0.1:0', realSystem().net);
    return this.#tcp;
  }

  /**
   * Stops the broker as a power failure does: nobody is answered, and what was not synced may be
   * gone. Only with `crashable`; `restart` brings it back.
   */
  async crash(): Promise<void> {
    if (this.#options.crashable !== true) {
      throw new KafkaError('INVALID_ARGUMENT', 'This broker keeps no account of what is synced.', {
        hint: 'Start it with startBroker({ crashable: true }).',
      });
    }
    this.#disk = this.#disk.crash(this.#random);
    await this.#broker.crash();
  }

  /** Stops one of several nodes: connections end, and other nodes lead what it led. */
  stopNode(id: number): Promise<void> {
    return this.#broker.stopNode(id);
  }

  /** Starts a stopped node at its old address. */
  startNode(id: number): Promise<void> {
    return this.#broker.startNode(id);
  }

  /** Stops the broker, unless it has crashed, and starts it again at the same addresses. */
  async restart(): Promise<void> {
    await this.#broker.close();
    const listen = this.#broker.address;
    this.#broker = await Broker.start(
      brokerOptions(this.#options, this.#net, this.#disk, { listen }),
    );
    if (this.#tcp !== undefined) await this.#broker.listen(await this.#tcp, realSystem().net);
  }

  /** Stops the broker; everything it held is gone. */
  close(): Promise<void> {
    return this.#broker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function brokerOptions(
  { brokers, config, compat, logger, crashable }: TestBrokerOptions,
  net: MemoryNet,
  disk: MemoryDisk,
  more: BrokerOptions,
): BrokerOptions {
  const { clock, random } = realSystem();
  const system: System = { clock, random, disk, net };
  return {
    listen: '127.0.0.1:0',
    brokers,
    data: dataDirectory,
    durability: crashable ? 'group-commit' : 'memory',
    config: {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.assignment.interval.ms': '0',
      ...config,
    },
    compat,
    logger,
    system,
    ...more,
  };
}

/** Starts a broker in memory: milliseconds, no files, and no port before `listen()`. */
export function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  return TestBroker.start(options);
}
