import type { ApiName } from '../protocol/index.js';
import type { RequestStats } from './cluster/index.js';
import type { Metric } from './metric.js';

/** What one kind of client measures of its requests. */
interface Measured {
  /** Where the connections are counted. */
  readonly client: string;
  /** The requests that are told of broker by broker, and where. */
  readonly nodes?: readonly [group: string, api: ApiName];
  /** Groups and first words of names, as Kafka has them, and the APIs meant. */
  readonly rows: readonly {
    readonly group: string;
    readonly api: readonly ApiName[];
    readonly total?: string;
    /** Gets `-avg` and `-max`. */
    readonly latency?: string;
    readonly latencyMax?: string;
    readonly throttle?: string;
  }[];
}

const coordinator = 'consumer-coordinator-metrics';

const producer: Measured = {
  client: 'producer-metrics',
  nodes: ['producer-node-metrics', 'Produce'],
  rows: [
    {
      group: 'producer-metrics',
      api: ['Produce'],
      latency: 'request-latency',
      throttle: 'produce-throttle-time',
    },
  ],
};

const consumer: Measured = {
  client: 'consumer-metrics',
  nodes: ['consumer-node-metrics', 'Fetch'],
  rows: [
    {
      group: 'consumer-fetch-manager-metrics',
      api: ['Fetch'],
      total: 'fetch-total',
      latency: 'fetch-latency',
      throttle: 'fetch-throttle-time',
    },
    { group: coordinator, api: ['OffsetCommit'], total: 'commit-total', latency: 'commit-latency' },
    {
      group: coordinator,
      api: ['Heartbeat', 'ConsumerGroupHeartbeat'],
      total: 'heartbeat-total',
      latencyMax: 'heartbeat-response-time-max',
    },
    { group: coordinator, api: ['JoinGroup'], total: 'join-total', latency: 'join-time' },
    { group: coordinator, api: ['SyncGroup'], total: 'sync-total', latency: 'sync-time' },
  ],
};

const shareConsumer: Measured = {
  client: 'consumer-share-metrics',
  rows: [
    {
      group: 'consumer-share-fetch-manager-metrics',
      api: ['ShareFetch'],
      latency: 'fetch-latency',
      throttle: 'fetch-throttle-time',
    },
    {
      group: 'consumer-share-coordinator-metrics',
      api: ['ShareGroupHeartbeat'],
      total: 'heartbeat-total',
      latencyMax: 'heartbeat-response-time-max',
    },
  ],
};

const kinds = { producer, consumer, shareConsumer };

/**
 * How long the requests of one kind of client take and what throttles brokers told, under Kafka's
 * names. All producers of a client are one there, and all its consumers. `now` is monotonic.
 */
export function requestMetrics(
  kind: keyof typeof kinds,
  clientId: string,
  stats: RequestStats,
  now: number,
): Metric[] {
  const { client, nodes, rows } = kinds[kind];
  const tags = { 'client-id': clientId };
  const metrics: Metric[] = [
    { group: client, name: 'connection-creation-total', tags, value: stats.connections },
  ];
  for (const { group, api, total, latency, latencyMax, throttle } of rows) {
    const figures = stats.figures(api, now);
    const add = (name: string, value: number) => metrics.push({ group, name, tags, value });
    if (total !== undefined) add(total, figures.total);
    if (latency !== undefined) {
      add(`${latency}-avg`, figures.latencyAvg);
      add(`${latency}-max`, figures.latencyMax);
    }
    if (latencyMax !== undefined) add(latencyMax, figures.latencyMax);
    if (throttle !== undefined) {
      add(`${throttle}-avg`, figures.throttleAvg);
      add(`${throttle}-max`, figures.throttleMax);
    }
  }
  if (nodes === undefined) return metrics;
  const [group, api] = nodes;
  for (const broker of stats.brokers(api)) {
    const figures = stats.figures([api], now, broker);
    const of = { ...tags, 'node-id': `node-${broker}` };
    metrics.push(
      { group, name: 'request-total', tags: of, value: figures.total },
      { group, name: 'request-latency-avg', tags: of, value: figures.latencyAvg },
      { group, name: 'request-latency-max', tags: of, value: figures.latencyMax },
    );
  }
  return metrics;
}
