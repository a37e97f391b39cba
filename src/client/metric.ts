import type { ConsumerHealth, ShareConsumerHealth } from './consumer/index.js';

/** One measured value, under the name and group that Kafka's Java clients give it. */
export interface Metric {
  readonly name: string;
  /** Such as `producer-metrics` or `consumer-fetch-manager-metrics`. */
  readonly group: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly value: number;
  /** Of a metric of the application (KIP-1076); those of the client stand in a table. */
  readonly facts?:
    | { readonly kind: 'counter' | 'gauge'; readonly unit: string; readonly what: string }
    | undefined;
}

/** What a consumer's health says as metrics; what is not known yet is left out. */
export function consumerMetrics(clientId: string, health: ConsumerHealth): Metric[] {
  const tags = { 'client-id': clientId };
  const coordinator = 'consumer-coordinator-metrics';
  const fetching = 'consumer-fetch-manager-metrics';
  const { lastPollAgeMs, lastHeartbeatAgeMs, partitions } = health;
  const metrics: Metric[] = [
    { group: coordinator, name: 'assigned-partitions', tags, value: partitions.length },
  ];
  if (lastHeartbeatAgeMs !== null) {
    const value = Math.floor(lastHeartbeatAgeMs / 1000);
    metrics.push({ group: coordinator, name: 'last-heartbeat-seconds-ago', tags, value });
  }
  if (lastPollAgeMs !== null) {
    const value = Math.floor(lastPollAgeMs / 1000);
    metrics.push({ group: 'consumer-metrics', name: 'last-poll-seconds-ago', tags, value });
  }
  const lags: number[] = [];
  const leads: number[] = [];
  for (const { topic, partition, lag, lead } of partitions) {
    const of = { ...tags, topic, partition: `${partition}` };
    if (lag !== null) {
      lags.push(lag);
      metrics.push({ group: fetching, name: 'records-lag', tags: of, value: lag });
    }
    if (lead !== null) {
      leads.push(lead);
      metrics.push({ group: fetching, name: 'records-lead', tags: of, value: lead });
    }
  }
  if (lags.length > 0) {
    metrics.push({ group: fetching, name: 'records-lag-max', tags, value: Math.max(...lags) });
  }
  if (leads.length > 0) {
    metrics.push({ group: fetching, name: 'records-lead-min', tags, value: Math.min(...leads) });
  }
  return metrics;
}

/** What a share consumer's health says as metrics (KIP-932). */
export function shareConsumerMetrics(clientId: string, health: ShareConsumerHealth): Metric[] {
  const tags = { 'client-id': clientId };
  const fetching = 'consumer-share-fetch-manager-metrics';
  const coordinator = 'consumer-share-coordinator-metrics';
  const { counters, lastPollAgeMs, lastHeartbeatAgeMs } = health;
  const answered = counters.accepted + counters.released + counters.rejected + counters.renewed;
  const metrics: Metric[] = [
    { group: fetching, name: 'fetch-total', tags, value: health.fetches },
    { group: fetching, name: 'records-consumed-total', tags, value: counters.acquired },
    { group: fetching, name: 'acknowledgements-send-total', tags, value: answered },
    { group: fetching, name: 'acknowledgements-error-total', tags, value: counters.failed },
  ];
  if (lastHeartbeatAgeMs !== null) {
    const value = Math.floor(lastHeartbeatAgeMs / 1000);
    metrics.push({ group: coordinator, name: 'last-heartbeat-seconds-ago', tags, value });
  }
  if (lastPollAgeMs !== null) {
    const value = Math.floor(lastPollAgeMs / 1000);
    metrics.push({ group: 'consumer-share-metrics', name: 'last-poll-seconds-ago', tags, value });
  }
  return metrics;
}
