import { KafkaError } from '../errors/index.js';
import { defaultLogger, type Disk, type Logger, realSystem, type System } from '../system/index.js';
import { BrokerConfig } from './config/broker-config.js';
import { type Compat, newestCompat } from './config/compat.js';
import { type HostAndPort, parseAddresses, plaintextListener } from './listen-address.js';
import type { Durability } from './log/index.js';

/** A topic that should be there once the broker has started. */
export interface TopicToCreate {
  /** Default: `num.partitions`. */
  readonly partitions?: number | undefined;
  /** Topic configs by Kafka's names. */
  readonly configs?: Readonly<Record<string, string>> | undefined;
}

/** How to start a broker. Everything has a default. */
export interface BrokerOptions {
  /**
   * `host:port`, default `localhost:9092` (127.0.0.1 and ::1); port 0 picks a free one. Further
   * nodes take the ports above, or their own of a list separated by commas.
   */
  readonly listen?: string | undefined;
  /**
   * What clients are told, `host:port`; default 127.0.0.1 and the port listened on. For further
   * nodes as with `listen`.
   */
  readonly advertise?: string | undefined;
  /**
   * How many nodes clients find, 1 to 32, default 1. All live in this process and share its disk,
   * but each has an id and a port, leads partitions and coordinates groups, and can be stopped.
   */
  readonly brokers?: number | undefined;
  /** The data directory, default `./kafkit-data`; `memory` keeps everything in this process. */
  readonly data?: string | undefined;
  /** Names and values of Kafka's `server.properties`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** The Kafka version whose API versions and features are shown; default `4.4`. */
  readonly compat?: Compat | undefined;
  /** Topics to create when they are not there. */
  readonly createTopics?: Readonly<Record<string, TopicToCreate>> | undefined;
  /** When writes count as safe; default `group-commit` (`memory` for data in memory). */
  readonly durability?: Durability | undefined;
  /** For a new data directory; default a random one. */
  readonly clusterId?: string | undefined;
  /** Cuts damaged data that was on disk safely, instead of refusing to start. Default false. */
  readonly truncateCorrupted?: boolean | undefined;
  readonly system?: System | undefined;
  readonly logger?: Logger | undefined;
}

/** The options with every default filled in. */
export interface BrokerSettings {
  readonly system: System;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly compat: Compat;
  /** For each node; the last stands for the rest. */
  readonly listen: readonly HostAndPort[];
  readonly advertise: readonly HostAndPort[] | undefined;
  readonly brokers: number;
  readonly inMemory: boolean;
  readonly dataDirectory: string;
  readonly durability: Durability;
}

const defaultPort = 9092;
const compats: readonly string[] = ['4.0', '4.2', '4.3', '4.4'];

/** Config names that take effect through other options, or that need none on this broker. */
const understood: ReadonlySet<string> = new Set([
  'controller.listener.names',
  'controller.quorum.voters',
  'controller.quorum.bootstrap.servers',
  'inter.broker.listener.name',
  'listener.security.protocol.map',
]);

/** What a broker that keeps its data in memory does differently, unless it is told otherwise. */
const memoryConfig: Readonly<Record<string, string>> = {
  // Programs that try something out and tests do not want to wait for members who never come.
  'group.initial.rebalance.delay.ms': '0',
  'group.consumer.assignment.interval.ms': '0',
  'group.share.assignment.interval.ms': '0',
  'group.streams.assignment.interval.ms': '0',
  'group.streams.initial.rebalance.delay.ms': '0',
};

/** The internal topics of a cluster are on three nodes, as Kafka's are. */
function clusterConfig(brokers: number): Readonly<Record<string, string>> {
  const factor = String(Math.max(1, Math.min(3, brokers)));
  return {
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
  };
}

/** Fills in the defaults; what the options say goes before what the config says. */
export async function settingsOf(options: BrokerOptions): Promise<BrokerSettings> {
  const base = options.system ?? realSystem();
  const logger = options.logger ?? defaultLogger;
  const { 'log.dirs': logDirs, 'log.dir': logDir } = options.config ?? {};
  const directory = logDirs ?? logDir;
  const data = options.data ?? directory?.split(',')[0] ?? './kafkit-data';
  const inMemory = data === 'memory';
  const brokers = options.brokers ?? 1;
  const config = new BrokerConfig({
    ...(inMemory ? memoryConfig : {}),
    ...clusterConfig(brokers),
    ...options.config,
  });
  const compat = options.compat ?? newestCompat;
  if (!compats.includes(compat)) {
    throw new KafkaError('INVALID_ARGUMENT', `compat must be one of ${compats.join(', ')}.`);
  }
  for (const name of config.ignored) {
    if (!understood.has(name)) logger.warn(`The setting ${name} has no effect in kafkit.`);
  }
  const listeners = config.setting('listeners');
  const advertised = config.setting('advertised.listeners');
  const listen =
    options.listen ?? (listeners === undefined ? undefined : plaintextListener(listeners));
  const advertise =
    options.advertise ?? (advertised === undefined ? undefined : plaintextListener(advertised));
  return {
    system: inMemory ? { ...base, disk: await memoryDisk() } : base,
    logger,
    config,
    compat,
    listen: parseAddresses(listen ?? 'localhost', defaultPort),
    advertise: advertise === undefined ? undefined : parseAddresses(advertise, defaultPort),
    brokers,
    inMemory,
    dataDirectory: inMemory ? '/kafkit-data' : data,
    durability: options.durability ?? (inMemory ? 'memory' : 'group-commit'),
  };
}

/** Loaded only when asked for: a broker on a real disk has no use for it. */
async function memoryDisk(): Promise<Disk> {
  const { MemoryDisk } = await import('../system/simulated/index.js');
  return new MemoryDisk();
}
