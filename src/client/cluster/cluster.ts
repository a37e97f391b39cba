import type { System, TlsSettings, Logger } from '../../system/index.js';
import type { ApiName, RequestInput, ResponseDecoded } from '../../protocol/index.js';
import type { Broker, ClusterMetadata, TopicMetadata } from './cluster-metadata.js';

/** Everything a Cluster must be told; `Kafka` fills it from its options. */
export interface ClusterOptions {
  readonly bootstrapServers: readonly string[];
  readonly clientId: string;
  readonly system: System;
  readonly logger: Logger;
  /** How long a broker may take to answer, 30 000 ms. */
  readonly requestTimeoutMs: number;
  /** How long establishing a connection may take, 10 000 ms. */
  readonly connectionTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** Between two tries of the same thing, 100 ms, doubling up to `retryBackoffMaxMs` (1000). */
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  readonly connectionsMaxIdleMs: number;
  /** How long `metadataFor`, `coordinator` and sends to 'any' keep trying, 60 000 ms. */
  readonly apiTimeoutMs: number;
  readonly tls: TlsSettings | boolean | undefined;
}

export type Destination = { readonly broker: number } | 'any' | 'controller';

export interface SendOptions {
  /** How long to wait for the answer, in ms; default `requestTimeoutMs`. Long polls add theirs. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Highest version to use although the broker knows newer ones. */
  readonly versionMax?: number | undefined;
  /** Lowest version that can say what the request means; UNSUPPORTED_VERSION below it. */
  readonly versionMin?: number | undefined;
  /**
   * Name of a connection of one's own to the broker. A broker answers one connection strictly in
   * order, so whoever long-polls (fetcher, group membership, producer) names a lane:
   * `cluster.lane('fetch')` makes a unique name. Default: the shared lane.
   */
  readonly lane?: string | undefined;
}

export interface MetadataOptions {
  readonly allowAutoCreate?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * What the client believes about the cluster: brokers, leaders, topic ids, coordinators. Shared by
 * the producers, consumers and admins of one Kafka.
 *
 * Errors inside answers (errorCode fields) are the caller's; what `send` throws is about sending:
 * CONNECTION_*, REQUEST_TIMEOUT (retriable), UNSUPPORTED_VERSION, ABORTED, CLOSED.
 */
export declare class Cluster {
  constructor(options: ClusterOptions);
  readonly system: System;
  readonly logger: Logger;
  readonly options: ClusterOptions;

  /**
   * One request, one answer. To a broker: one try. To 'any' or 'controller': other brokers and the
   * bootstrap addresses are tried until `apiTimeoutMs`. The throttle of answers is honoured
   * (KIP-219) by holding the connection.
   */
  send<A extends ApiName>(
    api: A,
    input: RequestInput<A>,
    to: Destination,
    options?: SendOptions,
  ): Promise<ResponseDecoded<A>>;

  /**
   * Metadata in which every one of the topics is usable (known, each partition listed). Waits with
   * retries until `timeoutMs`, then METADATA_TIMEOUT; UNKNOWN_TOPIC_OR_PARTITION fails at once
   * unless `allowAutoCreate`. The topics stay in the background refresh while they are in use.
   */
  metadataFor(topics: readonly string[], options?: MetadataOptions): Promise<ClusterMetadata>;

  /** One Metadata round trip now (coalesced); topics with errors are listed with their error. */
  refresh(topics?: readonly string[] | 'all', options?: MetadataOptions): Promise<ClusterMetadata>;

  /** Asks for a refresh in the background soon; many calls make one request. Never throws. */
  refreshSoon(reason: string): void;

  /** The newest accepted metadata, from memory. */
  metadata(): ClusterMetadata;
  /** A topic from memory; calling it keeps the topic in the background refresh. */
  topic(name: string): TopicMetadata | undefined;
  topicName(id: string): string | undefined;
  brokers(): ReadonlyMap<number, Broker>;

  /**
   * Takes over what an answer said about a leader (KIP-951), when its epoch is newer.
   * Returns whether anything changed.
   */
  leaderHint(
    topic: string,
    partition: number,
    leader: number,
    leaderEpoch: number,
    endpoints?: readonly Broker[],
  ): boolean;

  /** Broker id of the coordinator, from memory or FindCoordinator with retries. */
  coordinator(
    type: 'group' | 'transaction',
    key: string,
    options?: {
      readonly signal?: AbortSignal | undefined;
      readonly timeoutMs?: number | undefined;
    },
  ): Promise<number>;
  /** After NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE or a broken connection. */
  forgetCoordinator(type: 'group' | 'transaction', key: string): void;

  /** Called after each accepted change of metadata; returns the function that stops it. */
  onMetadata(listener: (metadata: ClusterMetadata) => void): () => void;

  /** A unique lane name; its connections are closed with `closeLane`. */
  lane(purpose: string): string;
  closeLane(lane: string): void;

  /** Waits in the cluster's clock; rejects with ABORTED or CLOSED early. */
  delay(ms: number, signal?: AbortSignal): Promise<void>;

  /** Backoff before try `attempt` (0, 1, …), with jitter of 20 %. */
  retryBackoff(attempt: number): number;

  /** Users keep connections open; when the last one lets go they are closed (and reopened on use). */
  retain(): void;
  release(): void;

  readonly closed: boolean;
  close(): Promise<void>;
}
