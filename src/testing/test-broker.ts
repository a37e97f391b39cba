import { Broker, type Compat, type TopicToCreate } from '../broker/index.js';
import { Kafka, type KafkaOptions } from '../client/index.js';
import { type Logger, realSystem, type System } from '../system/index.js';
import { memorySystem } from '../system/simulated/index.js';

export interface TestBrokerOptions {
  /** Topics that are there from the beginning; `{}` gives one partition. */
  readonly topics?: Readonly<Record<string, TopicToCreate>> | undefined;
  /** Names and values of Kafka's `server.properties`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** The Kafka version whose API versions are shown; default the newest. */
  readonly compat?: Compat | undefined;
  /** Default: warnings and errors as one line each to stderr. */
  readonly logger?: Logger | undefined;
}

/**
 * A broker in memory for one test or one file of tests. `kafka()` talks to it inside the process,
 * `listen()` opens a TCP port for everybody else.
 */
export class TestBroker {
  readonly #broker: Broker;
  readonly #system: System;
  readonly #logger: Logger | undefined;
  #address: Promise<string> | undefined;

  private constructor(broker: Broker, system: System, logger: Logger | undefined) {
    this.#broker = broker;
    this.#system = system;
    this.#logger = logger;
  }

  static async start(options: TestBrokerOptions = {}): Promise<TestBroker> {
    const system = memorySystem();
    const broker = await Broker.start({
      listen: '127.0.0.1:0',
      data: 'memory',
      config: options.config,
      compat: options.compat,
      createTopics: options.topics,
      logger: options.logger,
      system,
    });
    return new TestBroker(broker, system, options.logger);
  }

  /**
   * A client of this broker, connected inside the process. Its producers and consumers are closed
   * by whoever makes them.
   */
  kafka(options: KafkaOptions = {}): Kafka {
    return new Kafka({
      bootstrapServers: this.#broker.address,
      system: this.#system,
      logger: this.#logger,
      ...options,
    });
  }

  /** Opens a TCP port on this machine, once, and answers its `host:port`. */
  listen(): Promise<string> {
    this.#address ??= this.#broker.listen('127.0.0.1:0', realSystem().net);
    return this.#address;
  }

  /** Stops the broker; everything it held is gone. */
  close(): Promise<void> {
    return this.#broker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts a broker in memory: milliseconds, no files, and no port unless `listen()` asks for one. */
export function startBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  return TestBroker.start(options);
}
