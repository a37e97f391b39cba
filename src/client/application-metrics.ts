import { KafkaError } from '../errors/index.js';
import type { Metric } from './metric.js';
import { metricTable } from './metric-table.js';

/** A metric of the application, told along with those of the client (KIP-1076). */
export interface ApplicationMetric {
  /** Lower-case words with hyphens, such as `orders-open`. */
  readonly name: string;
  /** Likewise, with `-metrics` at the end, such as `shop-metrics`. */
  readonly group: string;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** A counter only grows; a gauge (default) goes up and down. */
  readonly kind?: 'counter' | 'gauge' | undefined;
  /** In OpenTelemetry's spelling (`ms`, `By`, `{order}`); default a plain number. */
  readonly unit?: string | undefined;
  readonly what?: string | undefined;
  /** Its value now; asked whenever metrics are pushed or looked at. */
  measure(): number;
}

const words = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const own = new Set(metricTable.map(({ group }) => group));

/** The metrics that applications have registered with one client. */
export class ApplicationMetrics {
  readonly #clientId: string;
  readonly #metrics = new Set<ApplicationMetric>();
  readonly #failed: (metric: ApplicationMetric, error: unknown) => void;

  /** `failed` hears of what `measure` throws; the metric is left out then. */
  constructor(clientId: string, failed: (metric: ApplicationMetric, error: unknown) => void) {
    this.#clientId = clientId;
    this.#failed = failed;
  }

  /** Returns what takes it away again. Fails with INVALID_ARGUMENT for a name of the client's. */
  register(metric: ApplicationMetric): () => void {
    const { name, group } = metric;
    if (!words.test(name) || !words.test(group) || own.has(group)) {
      const message = `'${group}' and '${name}' are no names for a metric of an application.`;
      throw new KafkaError('INVALID_ARGUMENT', message, {
        hint: "Lower-case words with hyphens, in a group of your own: 'shop-metrics'.",
      });
    }
    this.#metrics.add(metric);
    return () => void this.#metrics.delete(metric);
  }

  now(): Metric[] {
    const found: Metric[] = [];
    for (const metric of this.#metrics) {
      const { name, group, kind = 'gauge', unit = '', what = '' } = metric;
      try {
        const tags = { 'client-id': this.#clientId, ...metric.tags };
        found.push({ name, group, tags, value: metric.measure(), facts: { kind, unit, what } });
      } catch (error) {
        this.#failed(metric, error);
      }
    }
    return found;
  }
}
