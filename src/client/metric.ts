import type { ConsumerHealth, ShareConsumerHealth } from './consumer/index.js';

/** One measured value, under the name and group that Kafka's Java clients give it. */
export interface Metric {
  readonly name: string;
  /** Such as `producer-metrics` or `consumer-fetch-manager-metrics`. */
  readonly group: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly value: number;
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
  let lagMax = -1;
  for (const { topic, partition, lag } of partitions) {
    if (lag === null) continue;
    lagMax = Math.max(lagMax, lag);
    const of = { ...tags, topic, partition: `${partition}` };
    metrics.push({ group: fetching, name: 'records-lag', tags: of, value: lag });
  }
  if (lagMax >= 0) metrics.push({ group: fetching, name: 'records-lag-max', tags, value: lagMax });
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
