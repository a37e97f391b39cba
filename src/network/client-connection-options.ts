import type { KafkaError } from '../errors/index.js';
import type { ApiName } from '../protocol/index.js';
import type { Logger, System, TlsSettings } from '../system/index.js';

export interface ClientConnectionOptions {
  readonly system: System;
  readonly logger: Logger;
  readonly host: string;
  readonly port: number;
  /** The broker as errors name it: `host:port (id n)`. */
  readonly broker: string;
  readonly clientId: string;
  readonly requestTimeoutMs: number;
  readonly connectionTimeoutMs: number;
  readonly tls?: TlsSettings | boolean | undefined;
  /**
   * The node that is meant, where it is known: one that is another, or of another cluster, refuses
   * the connection with REBOOTSTRAP_REQUIRED (KIP-1242, from Apache Kafka 4.4 on).
   */
  readonly node?: { readonly clusterId: string; readonly nodeId: number } | undefined;
  /** Called once, when the connection ends; with a reason unless this side closed it. */
  readonly onClose?: ((reason: KafkaError | undefined) => void) | undefined;
  /**
   * Hears of every answer that somebody waited for: how long it took and the throttle it tells of,
   * in ms, and the monotonic time at which it came.
   */
  readonly onAnswer?:
    | ((api: ApiName, latencyMs: number, throttleTimeMs: number, now: number) => void)
    | undefined;
}

export interface ConnectionSendOptions {
  /** How long to wait for the answer, in ms; default `requestTimeoutMs`. Long polls add theirs. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Highest version to use although the broker knows newer ones. */
  readonly versionMax?: number | undefined;
  /**
   * About how many bytes the request takes, so that its buffer need not grow; records of 4 KiB and
   * more do not count, they are not copied (and must not change until the answer has come).
   */
  readonly requestBytes?: number | undefined;
  /**
   * Hands the request to the operating system now instead of at the end of this turn of the event
   * loop together with others: the broker works on it while this side goes on.
   */
  readonly atOnce?: boolean | undefined;
  /** Lowest version that can say what the request means; UNSUPPORTED_VERSION below it. */
  readonly versionMin?: number | undefined;
}
