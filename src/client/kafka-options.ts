import type { Logger, System, TlsSettings } from '../system/index.js';

/** Options of `new Kafka(…)`. Names are Kafka's configuration names in camelCase. */
export interface KafkaOptions {
  /** `host:port`, several separated by commas or as a list. Default `localhost:9092`. */
  readonly bootstrapServers?: string | readonly string[] | undefined;
  /**
   * Instead of `bootstrapServers`: `host:port` of controllers, for an admin that asks them itself,
   * when no broker can be reached or the quorum is at stake (KIP-919). Such a client has an admin
   * and nothing else; what controllers do not serve fails with UNSUPPORTED_ENDPOINT_TYPE.
   */
  readonly bootstrapControllers?: string | readonly string[] | undefined;
  /** Shown in the broker's logs and quotas. Default `kafkit`. */
  readonly clientId?: string | undefined;
  /** Default: warnings and errors as one line each to stderr. */
  readonly logger?: Logger | undefined;
  /** How long a broker may take to answer. Default 30 000 ms. */
  readonly requestTimeoutMs?: number | undefined;
  /** How long establishing a connection may take. Default 10 000 ms. */
  readonly connectionTimeoutMs?: number | undefined;
  /** How far that grows, doubling with each failure in a row (KIP-601). Default 30 000 ms. */
  readonly connectionTimeoutMaxMs?: number | undefined;
  /** Wait before the second try to reach a broker, doubling from there. Default 50 ms. */
  readonly reconnectBackoffMs?: number | undefined;
  /** Upper bound of that wait. Default 1000 ms. */
  readonly reconnectBackoffMaxMs?: number | undefined;
  /** Wait before a failed request is tried again, doubling from there. Default 100 ms. */
  readonly retryBackoffMs?: number | undefined;
  /** Upper bound of that wait. Default 1000 ms. */
  readonly retryBackoffMaxMs?: number | undefined;
  /** Age at which metadata is fetched again in the background. Default 300 000 ms. */
  readonly metadataMaxAgeMs?: number | undefined;
  /**
   * Names the cluster and broker that are meant when connecting, so that one that has taken over
   * the address of another refuses, and the client starts again from `bootstrapServers` (KIP-1242,
   * from Apache Kafka 4.4 on). To be switched off behind proxies that have ids of their own.
   * Default true.
   */
  readonly metadataClusterCheckEnable?: boolean | undefined;
  /** A connection unused for so long is closed. Default 540 000 ms. */
  readonly connectionsMaxIdleMs?: number | undefined;
  /** How long calls for metadata, coordinators and admin keep trying. Default 60 000 ms. */
  readonly defaultApiTimeoutMs?: number | undefined;
  /**
   * Pushes `kafka.metrics()` to the cluster when its operators ask for them (KIP-714), by
   * connections that are open anyway. Default true.
   */
  readonly enableMetricsPush?: boolean | undefined;
  readonly tls?: TlsSettings | boolean | undefined;
  /** Clock, randomness and sockets; for tests. Default: the real ones. */
  readonly system?: System | undefined;
}
