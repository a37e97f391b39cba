import { zeroUuid } from '../bytes/index.js';
import { KafkaError } from '../errors/index.js';
import { clientSoftware } from '../network/index.js';
import type { ApiName, RequestInput, ResponseDecoded } from '../protocol/index.js';
import { defaultLogger, environmentVariable, realSystem } from '../system/index.js';
import { Admin } from './admin/index.js';
import { type ApplicationMetric, ApplicationMetrics } from './application-metrics.js';
import { Cluster, type ClusterOptions, type SendOptions } from './cluster/index.js';
import {
  type ConsumedTopics,
  Consumer,
  type ConsumerArguments,
  type ConsumerOptions,
  ShareConsumer,
  type ShareConsumerArguments,
  type ShareConsumerOptions,
} from './consumer/index.js';
import type { KafkaOptions } from './kafka-options.js';
import { checkOptionNames, checkWhole } from './known-options.js';
import { consumerMetrics, type Metric, shareConsumerMetrics } from './metric.js';
import {
  type Bytes,
  Producer,
  type ProducerArguments,
  type ProducerOptions,
} from './producer/index.js';
import { clientProperties, type ClientProperties, isPropertiesText } from './properties/index.js';
import { requestMetrics } from './request-metrics.js';
import { TelemetryReporter } from './telemetry/telemetry-reporter.js';
import type { AnyTopics, TopicName, ValueOf } from './topic-map.js';

/** What `kafka.close()` closes. */
interface Member {
  readonly closed: boolean;
  close(): Promise<void>;
}

/** Where a raw request goes. */
export type RawDestination =
  | 'any'
  | 'controller'
  | { readonly broker: number }
  | { readonly leaderOf: { readonly topic: string; readonly partition: number } }
  | { readonly coordinatorOf: { readonly group: string } | { readonly transactionalId: string } };

const names = [
  'bootstrapServers',
  'bootstrapControllers',
  'clientId',
  'logger',
  'requestTimeoutMs',
  'connectionTimeoutMs',
  'connectionTimeoutMaxMs',
  'reconnectBackoffMs',
  'reconnectBackoffMaxMs',
  'retryBackoffMs',
  'retryBackoffMaxMs',
  'metadataMaxAgeMs',
  'metadataClusterCheckEnable',
  'connectionsMaxIdleMs',
  'defaultApiTimeoutMs',
  'enableMetricsPush',
  'tls',
  'system',
] as const satisfies readonly (keyof KafkaOptions)[];

const defaultPort = 9092;

/**
 * A Kafka cluster, as a program sees it. Makes producers, consumers and admins, which share what
 * is known of the cluster. Nothing is connected before something is asked.
 *
 * Connections are closed when the last producer, consumer or admin is closed, so a program ends by
 * itself then; `close()` ends everything at once.
 */
export class Kafka<Topics extends object = AnyTopics> implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #open = new Set<Member>();
  readonly #telemetry: TelemetryReporter | undefined;
  readonly #metrics: ApplicationMetrics;
  /** What properties say for each producer and consumer, unless its own options do. */
  #defaults: Omit<ClientProperties, 'kafka' | 'ignored'> = {
    producer: {},
    consumer: {},
    shareConsumer: {},
  };

  /** Fails with INVALID_ARGUMENT for an unknown option or an address without sense. */
  constructor(options: KafkaOptions = {}) {
    this.#cluster = new Cluster(clusterOptions(options));
    const { clientId, logger } = this.#cluster.options;
    this.#metrics = new ApplicationMetrics(clientId, ({ name, group }, error) => {
      logger.warn(`the metric ${group}/${name} could not be measured`, { error });
    });
    if ((options.enableMetricsPush ?? true) && !this.#cluster.isOfControllers) {
      const collect = () => this.metrics();
      this.#telemetry = new TelemetryReporter(this.#cluster, clientSoftware.version, collect);
    }
  }

  /**
   * A client configured by a `client.properties`: the path of such a file, its text, or an object
   * of properties, in Java's or librdkafka's spelling. Producers and consumers made by it start
   * from what it says for them; `overrides` and their own options come first. Environment
   * variables come before the properties: `KAFKIT_BOOTSTRAP_SERVERS` is `bootstrap.servers`, and
   * so on for all of them.
   *
   * Fails with INVALID_ARGUMENT for a property that nobody knows, with a suggestion. Properties
   * that are known elsewhere and mean nothing here are named in the log.
   */
  static fromProperties<Topics extends object = AnyTopics>(
    source: string | Readonly<Record<string, string | number | boolean>>,
    overrides: KafkaOptions = {},
  ): Kafka<Topics> {
    const { disk } = overrides.system ?? realSystem();
    const readText = (path: string) => disk.readFile(path).toString();
    const isFile = typeof source === 'string' && !isPropertiesText(source);
    const text = isFile ? readText(source) : source;
    const found = clientProperties(text, readText, environmentVariable);
    const kafka = new Kafka<Topics>({ ...found.kafka, ...overrides });
    kafka.#defaults = found;
    if (found.ignored.length > 0) {
      const logger = overrides.logger ?? defaultLogger;
      logger.info(`these properties have no effect: ${found.ignored.join(', ')}`);
    }
    return kafka;
  }

  /** A producer with its own batches and connections. */
  producer<K = Bytes, V = ValueOf<Topics, Bytes>>(
    ...[options]: ProducerArguments<K, V, Topics>
  ): Producer<K, V, Topics> {
    this.#needBrokers('producer');
    const all = { ...this.#defaults.producer, ...options } as ProducerOptions<K, V>;
    return this.#kept(new Producer<K, V, Topics>(this.#cluster, all));
  }

  /** A consumer, alone or in a group; nothing is fetched before it is iterated or started. */
  consumer<
    K = Buffer | null,
    V = ValueOf<Topics, Buffer | null>,
    const T extends TopicName<Topics> = TopicName<Topics>,
  >(...[options]: ConsumerArguments<K, V, Topics, T>): Consumer<K, V, ConsumedTopics<Topics, T>> {
    this.#needBrokers('consumer');
    const all = { ...this.#defaults.consumer, ...options } as ConsumerOptions<K, V>;
    return this.#kept(new Consumer<K, V, ConsumedTopics<Topics, T>>(this.#cluster, all));
  }

  /** A member of a share group: Kafka as a queue (KIP-932). It begins when it is iterated. */
  shareConsumer<
    K = Buffer | null,
    V = ValueOf<Topics, Buffer | null>,
    const T extends TopicName<Topics> = TopicName<Topics>,
  >(
    ...[options]: ShareConsumerArguments<K, V, Topics, T>
  ): ShareConsumer<K, V, ConsumedTopics<Topics, T>> {
    this.#needBrokers('share consumer');
    const all = { ...this.#defaults.shareConsumer, ...options } as ShareConsumerOptions<K, V>;
    return this.#kept(new ShareConsumer<K, V, ConsumedTopics<Topics, T>>(this.#cluster, all));
  }

  #needBrokers(what: string): void {
    if (!this.#cluster.isOfControllers) return;
    throw new KafkaError('INVALID_ARGUMENT', `A ${what} needs brokers, not controllers.`, {
      hint: 'Make it by new Kafka({ bootstrapServers }); bootstrapControllers is for admin().',
    });
  }

  /** An administrator: topics, configs, groups, offsets, records, the cluster itself. */
  admin(): Admin {
    return this.#kept(new Admin(this.#cluster));
  }

  /**
   * What the open producers and consumers of this client have done and where they stand, now:
   * one entry for each value, under the names that Kafka's Java clients use. Costs no request.
   */
  metrics(): Metric[] {
    const { options, stats, system } = this.#cluster;
    const { clientId } = options;
    const metrics: Metric[] = [];
    const kinds = new Set<'producer' | 'consumer' | 'shareConsumer'>();
    for (const one of this.#open) {
      if (one.closed) continue;
      if (one instanceof Producer) {
        kinds.add('producer');
        metrics.push(...one.metrics());
      } else if (one instanceof Consumer) {
        kinds.add('consumer');
        metrics.push(...consumerMetrics(clientId, one.health()));
      } else if (one instanceof ShareConsumer) {
        kinds.add('shareConsumer');
        metrics.push(...shareConsumerMetrics(clientId, one.health()));
      }
    }
    const now = system.clock.monotonic();
    for (const kind of kinds) metrics.push(...requestMetrics(kind, clientId, stats, now));
    metrics.push(...this.#metrics.now());
    return metrics;
  }

  /**
   * Tells a metric of the application along with those of the client: in `metrics()`, and to the
   * cluster where its operators ask for it (KIP-1076; Kafka's `registerMetricForSubscription`).
   * Returns what takes it away again. Fails with INVALID_ARGUMENT for a group of the client's own.
   */
  registerMetric(metric: ApplicationMetric): () => void {
    return this.#metrics.register(metric);
  }

  #kept<T extends Member>(made: T): T {
    for (const one of this.#open) if (one.closed) this.#open.delete(one);
    this.#open.add(made);
    return made;
  }

  /**
   * Sends any request of Kafka's protocol and gives its decoded answer: the way to what has no
   * method. `request` may be a function of the version that is used. Error codes in the answer are
   * the caller's to read.
   */
  async send<A extends ApiName>(
    api: A,
    request: RequestInput<A> | ((version: number) => RequestInput<A>),
    to: RawDestination = 'any',
    options: SendOptions = {},
  ): Promise<ResponseDecoded<A>> {
    const destination = await this.#destination(to, options.signal);
    return await this.#cluster.send(api, request, destination, options);
  }

  async #destination(
    to: RawDestination,
    signal: AbortSignal | undefined,
  ): Promise<'any' | 'controller' | { readonly broker: number }> {
    if (typeof to === 'string' || 'broker' in to) return to;
    if ('coordinatorOf' in to) {
      const { coordinatorOf } = to;
      const isGroup = 'group' in coordinatorOf;
      const key = isGroup ? coordinatorOf.group : coordinatorOf.transactionalId;
      const type = isGroup ? 'group' : 'transaction';
      return { broker: await this.#cluster.coordinator(type, key, { signal }) };
    }
    const { topic, partition } = to.leaderOf;
    const metadata = await this.#cluster.metadataFor([topic], { signal });
    const leader = metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
    if (leader >= 0) return { broker: leader };
    throw new KafkaError('LEADER_NOT_AVAILABLE', undefined, { topic, partition });
  }

  /**
   * The id by which the cluster knows this client in the metrics it pushes (KIP-714); undefined
   * before a broker has given one, and where none takes metrics.
   */
  get clientInstanceId(): string | undefined {
    const id = this.#telemetry?.clientInstanceId ?? zeroUuid;
    return id === zeroUuid ? undefined : id;
  }

  /** Closes every producer (sending what waits), consumer and admin, and all connections. */
  async close(): Promise<void> {
    const open = [...this.#open];
    this.#open.clear();
    // The last metrics go by a connection that would end with its last user.
    this.#cluster.retain();
    const results = await Promise.allSettled(open.map((one) => one.close()));
    await this.#telemetry?.close(
      open.flatMap((one) => (one instanceof Producer ? one.metrics() : [])),
    );
    await this.#cluster.close();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function clusterOptions(options: KafkaOptions): ClusterOptions {
  checkOptionNames('Kafka', options, names);
  const numbers = {
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    connectionTimeoutMs: options.connectionTimeoutMs ?? 10_000,
    connectionTimeoutMaxMs: options.connectionTimeoutMaxMs ?? 30_000,
    reconnectBackoffMs: options.reconnectBackoffMs ?? 50,
    reconnectBackoffMaxMs: options.reconnectBackoffMaxMs ?? 1000,
    retryBackoffMs: options.retryBackoffMs ?? 100,
    retryBackoffMaxMs: options.retryBackoffMaxMs ?? 1000,
    metadataMaxAgeMs: options.metadataMaxAgeMs ?? 300_000,
    connectionsMaxIdleMs: options.connectionsMaxIdleMs ?? 540_000,
    apiTimeoutMs: options.defaultApiTimeoutMs ?? 60_000,
  };
  for (const [name, value] of Object.entries(numbers)) checkWhole(name, value, 1);
  const { bootstrapServers, bootstrapControllers } = options;
  if (bootstrapServers !== undefined && bootstrapControllers !== undefined) {
    const message = 'bootstrapServers and bootstrapControllers cannot both be given.';
    throw new KafkaError('INVALID_ARGUMENT', message);
  }
  return {
    ...numbers,
    bootstrapServers: addresses(
      bootstrapControllers ?? bootstrapServers ?? `localhost:${defaultPort}`,
    ),
    isOfControllers: bootstrapControllers !== undefined,
    metadataClusterCheckEnable: options.metadataClusterCheckEnable ?? true,
    clientId: options.clientId ?? 'kafkit',
    logger: options.logger ?? defaultLogger,
    system: options.system ?? realSystem(),
    tls: options.tls,
  };
}

/** `host:port` each; a missing port is 9092. */
function addresses(given: string | readonly string[]): string[] {
  const list =
    typeof given === 'string' ? given.split(',') : given.flatMap((one) => one.split(','));
  const found = list.map((one) => one.trim()).filter((one) => one !== '');
  if (found.length === 0) throw invalidAddress(String(given));
  return found.map((one) => {
    const plain = one.replace(/^[A-Z_]+:\/\//, '');
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s/]+)(?::(\d{1,5}))?$/.exec(plain);
    const port = Number(match?.[2] ?? defaultPort);
    if (match === null || port < 1 || port > 65_535) throw invalidAddress(one);
    return `${match[1]}:${port}`;
  });
}

function invalidAddress(address: string): KafkaError {
  return new KafkaError('INVALID_ARGUMENT', `'${address}' is not an address of a broker.`, {
    hint: "bootstrapServers is 'host:port', several separated by commas or as a list.",
  });
}
