import { zeroUuid } from '../../bytes/index.js';
import { errorCodeOf, isKafkaError, KafkaError } from '../../errors/index.js';
import type { ResponseDecoded } from '../../protocol/index.js';
import {
  compress,
  type CompressionType,
  compressionId,
  compressionTypes,
  isCodecLoaded,
} from '../../records/index.js';
import type { Timer } from '../../system/index.js';
import type { Cluster } from '../cluster/index.js';
import type { Metric } from '../metric.js';
import { metricFacts } from '../metric-table.js';
import { encodeMetrics, telemetryName } from './otlp-metrics.js';

/** After a failure that may pass, and while no connection is open. */
const retryMs = 300_000;
/** A broker that asks more often is not heard more often. */
const intervalMinMs = 1000;
/** The last push is a courtesy: closing waits so long for it. */
const lastPushMs = 1000;

type Subscription = ResponseDecoded<'GetTelemetrySubscriptions'>;

/**
 * Pushes metrics to the cluster when its operators ask for them (KIP-714): asks a broker which it
 * wants, and sends those every so often, a last time when the client is closed. Uses connections
 * that are open anyway, keeps no process alive, and is silent for good where brokers do not take
 * metrics. Follows Kafka's `ClientTelemetryReporter`.
 */
export class TelemetryReporter {
  readonly #cluster: Cluster;
  readonly #collect: () => Metric[];
  readonly #version: string;
  readonly #unwatch: () => void;
  readonly #startedAt: number;
  #timer: Timer | undefined;
  #subscription: Subscription | undefined;
  /** Compression types that a broker refused although it had named them. */
  readonly #refused = new Set<number>();
  /** Counters as they were at the last push, by name and tags. */
  readonly #last = new Map<string, number>();
  #lastAt: number;
  #hasBegun = false;
  #isOver = false;
  /** Given by the first broker asked. */
  clientInstanceId: string = zeroUuid;

  constructor(cluster: Cluster, version: string, collect: () => Metric[]) {
    this.#cluster = cluster;
    this.#version = version;
    this.#collect = collect;
    this.#startedAt = cluster.system.clock.now();
    this.#lastAt = this.#startedAt;
    // The first metadata says that there is a cluster and a connection to it.
    this.#unwatch = cluster.onMetadata(() => this.#begin());
  }

  #begin(): void {
    if (this.#hasBegun || this.#isOver) return;
    this.#hasBegun = true;
    this.#unwatch();
    void this.#subscribe();
  }

  #stop(): void {
    this.#isOver = true;
    this.#unwatch();
    this.#timer?.cancel();
  }

  #later(ms: number, run: () => Promise<void>): void {
    if (this.#isOver) return;
    this.#timer?.cancel();
    const { clock } = this.#cluster.system;
    this.#timer = clock.after(ms, () => void run(), { background: true });
  }

  async #subscribe(): Promise<void> {
    this.#subscription = undefined;
    const again = () => this.#later(retryMs, () => this.#subscribe());
    const connection = this.#cluster.anyOpenConnection();
    if (connection === undefined) return again();
    try {
      const { clientInstanceId } = this;
      const answer = await connection.send('GetTelemetrySubscriptions', { clientInstanceId }, {});
      if (this.#isOver) return;
      const code = errorCodeOf(answer.errorCode);
      if (code !== 'NONE') return this.#failed(new KafkaError(code), again);
      this.#accept(answer);
    } catch (error) {
      this.#failed(error, again);
    }
  }

  #accept(answer: Subscription): void {
    this.#subscription = answer;
    this.clientInstanceId = answer.clientInstanceId;
    const interval = Math.max(intervalMinMs, answer.pushIntervalMs);
    if (answer.requestedMetrics.length === 0) {
      this.#later(interval, () => this.#subscribe());
      return;
    }
    // Spread, so that clients that start together do not push together.
    const jitter = 0.5 + this.#cluster.system.random.fraction();
    this.#later(Math.max(intervalMinMs, interval * jitter), () => this.#push());
  }

  async #push(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const interval = Math.max(intervalMinMs, subscription.pushIntervalMs);
    const again = () => this.#later(interval, () => this.#push());
    try {
      const code = await this.#send(subscription, this.#collect(), false);
      if (code === 'UNKNOWN_SUBSCRIPTION_ID' || code === 'UNSUPPORTED_COMPRESSION_TYPE') {
        await this.#subscribe();
      } else if (code !== 'NONE') {
        this.#failed(new KafkaError(code), again);
      } else {
        again();
      }
    } catch (error) {
      this.#failed(error, again);
    }
  }

  /** One push, if there is a connection; the answer's code. */
  async #send(
    subscription: Subscription,
    metrics: readonly Metric[],
    terminating: boolean,
  ): Promise<KafkaError['code']> {
    const connection = this.#cluster.anyOpenConnection();
    const wanted = this.#wanted(metrics, subscription);
    if (connection === undefined || (wanted.length === 0 && !terminating)) return 'NONE';
    const { clientInstanceId } = this;
    const { subscriptionId, telemetryMaxBytes, deltaTemporality: isDelta } = subscription;
    const now = this.#cluster.system.clock.now();
    const since = isDelta ? this.#lastAt : this.#startedAt;
    const plain = encodeMetrics(isDelta ? this.#differences(wanted) : wanted, {
      now,
      since,
      isDelta,
      version: this.#version,
    });
    this.#lastAt = now;
    const type = this.#compression(subscription);
    const bytes = type === 'none' ? plain : compress(type, plain);
    if (bytes.length > telemetryMaxBytes) {
      const sizes = { bytes: bytes.length, telemetryMaxBytes };
      this.#cluster.logger.debug('metrics are larger than the broker takes', sizes);
      return 'NONE';
    }
    const compressionType = compressionId(type);
    const request = { clientInstanceId, subscriptionId, terminating, compressionType };
    const options = terminating ? { timeoutMs: lastPushMs } : {};
    const answer = await connection.send('PushTelemetry', { ...request, metrics: bytes }, options);
    const code = errorCodeOf(answer.errorCode);
    if (code === 'UNSUPPORTED_COMPRESSION_TYPE') this.#refused.add(compressionType);
    return code;
  }

  /** The broker names beginnings of names; an empty one means all. */
  #wanted(metrics: readonly Metric[], { requestedMetrics }: Subscription): Metric[] {
    return metrics.filter((metric) => {
      const name = telemetryName(metric);
      return requestedMetrics.some((prefix) => name.startsWith(prefix));
    });
  }

  /** Counters as what was added since the last push. */
  #differences(metrics: readonly Metric[]): Metric[] {
    return metrics.map((metric) => {
      if (metricFacts(metric).kind === 'gauge') return metric;
      const key = JSON.stringify([metric.group, metric.name, metric.tags]);
      const before = this.#last.get(key) ?? 0;
      this.#last.set(key, metric.value);
      return { ...metric, value: Math.max(0, metric.value - before) };
    });
  }

  /** The first type that the broker takes and that is at hand. */
  #compression({ acceptedCompressionTypes }: Subscription): CompressionType {
    for (const id of acceptedCompressionTypes) {
      const type = this.#refused.has(id) ? undefined : compressionTypes[id];
      if (type !== undefined && isCodecLoaded(type)) return type;
    }
    return 'none';
  }

  #failed(thrown: unknown, again: () => void): void {
    if (this.#isOver) return;
    const error = isKafkaError(thrown)
      ? thrown
      : new KafkaError('UNKNOWN_SERVER_ERROR', 'Metrics could not be pushed.', { cause: thrown });
    this.#cluster.logger.debug('metrics were not pushed', { error });
    const isFinal =
      error.code === 'UNSUPPORTED_VERSION' ||
      error.code === 'INVALID_REQUEST' ||
      error.code === 'CLOSED';
    if (isFinal) this.#stop();
    else again();
  }

  /** Stops; pushes these a last time where the cluster wants metrics. Never fails. */
  async close(metrics: readonly Metric[]): Promise<void> {
    const subscription = this.#subscription;
    const isWanted = subscription !== undefined && subscription.requestedMetrics.length > 0;
    const isOver = this.#isOver;
    this.#stop();
    if (isOver || !isWanted) return;
    try {
      await this.#send(subscription, metrics, true);
    } catch (error) {
      this.#cluster.logger.debug('the last metrics were not pushed', { error });
    }
  }
}
