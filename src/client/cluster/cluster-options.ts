import type { ConnectionSendOptions } from '../../network/index.js';
import type { ApiName, RequestInput } from '../../protocol/index.js';
import type { Logger, System, TlsSettings } from '../../system/index.js';

/** Everything a Cluster must be told; `Kafka` fills it from its options. */
export interface ClusterOptions {
  readonly bootstrapServers: readonly string[];
  /** The addresses are those of controllers, which stand for the brokers then (KIP-919). */
  readonly isOfControllers?: boolean | undefined;
  readonly clientId: string;
  readonly system: System;
  readonly logger: Logger;
  /** How long a broker may take to answer, 30 000 ms. */
  readonly requestTimeoutMs: number;
  /** How long establishing a connection may take, 10 000 ms. */
  readonly connectionTimeoutMs: number;
  /** How far that grows with failures in a row, 30 000 ms (KIP-601). */
  readonly connectionTimeoutMaxMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** Between two tries of the same thing, 100 ms, doubling up to `retryBackoffMaxMs` (1000). */
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  /** Has brokers refuse connections that are meant for others (KIP-1242). */
  readonly metadataClusterCheckEnable: boolean;
  readonly connectionsMaxIdleMs: number;
  /** How long `metadataFor`, `coordinator` and sends to 'any' keep trying, 60 000 ms. */
  readonly apiTimeoutMs: number;
  readonly tls: TlsSettings | boolean | undefined;
}

export type Destination = { readonly broker: number } | 'any' | 'controller';

/** A request, or a function that makes it for the version that the broker understands. */
export type RequestFor<A extends ApiName> =
  | RequestInput<A>
  | ((version: number) => RequestInput<A>);

export interface SendOptions extends ConnectionSendOptions {
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
