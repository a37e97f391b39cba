import type { Metric } from './metric.js';

/** What is known of a metric besides its value. */
export interface MetricFacts {
  readonly group: string;
  readonly name: string;
  /** A counter only grows; a gauge goes up and down. */
  readonly kind: 'counter' | 'gauge';
  /** In OpenTelemetry's spelling; empty for a plain number. */
  readonly unit: string;
  readonly what: string;
}

type Row = readonly [name: string, kind: MetricFacts['kind'], unit: string, what: string];

/** Of requests in the last half to whole minute, all of one kind of client together. */
function times(name: string, what: string): Row[] {
  return [
    [`${name}-avg`, 'gauge', 'ms', `${what}, on average of the last minute.`],
    [`${name}-max`, 'gauge', 'ms', `${what}, at most in the last minute.`],
  ];
}

const connections: readonly Row[] = [
  [
    'connection-creation-total',
    'counter',
    '{connection}',
    'Connections made by this client, whatever for.',
  ],
];

const heartbeats: readonly Row[] = [
  ['last-heartbeat-seconds-ago', 'gauge', 's', 'Time since a heartbeat was answered.'],
  ['heartbeat-total', 'counter', '{request}', 'Heartbeats answered.'],
  [
    'heartbeat-response-time-max',
    'gauge',
    'ms',
    'From a heartbeat to its answer, at most in the last minute.',
  ],
];

const lastPoll: readonly Row[] = [
  ['last-poll-seconds-ago', 'gauge', 's', 'Time since the loop last asked for a record.'],
];

const producer: readonly Row[] = [
  ['record-send-total', 'counter', '{record}', 'Records acknowledged.'],
  ['record-error-total', 'counter', '{record}', 'Records given up.'],
  ['record-retry-total', 'counter', '{record}', 'Records sent again, each time.'],
  ['byte-total', 'counter', 'By', 'Bytes of acknowledged batches, as sent.'],
  ['batch-split-total', 'counter', '{batch}', 'Batches that were too large for their topic.'],
  ['batch-size-avg', 'gauge', 'By', 'Bytes of an acknowledged batch, on average.'],
  ['records-per-request-avg', 'gauge', '{record}', 'Records of one request, on average.'],
  ['request-total', 'counter', '{request}', 'Produce requests sent.'],
  ['buffer-total-bytes', 'gauge', 'By', '`bufferMemory`.'],
  ['buffer-available-bytes', 'gauge', 'By', 'What is free of it.'],
  ['txn-commit-total', 'counter', '{transaction}', 'Transactions committed.'],
  ['txn-abort-total', 'counter', '{transaction}', 'Transactions aborted.'],
  ...connections,
  ...times('request-latency', 'From sending a Produce request to its answer'),
  ...times('produce-throttle-time', 'What brokers told of throttles in answers to Produce'),
];

/** Of one broker: the tag `node-id`. */
const producerNode: readonly Row[] = [
  ['request-total', 'counter', '{request}', 'Produce requests answered by one broker.'],
  ...times('request-latency', 'From sending a Produce request to its answer, of one broker'),
];

const consumer: readonly Row[] = [...lastPoll, ...connections];

/** Of one broker: the tag `node-id`. */
const consumerNode: readonly Row[] = [
  ['request-total', 'counter', '{request}', 'Fetch requests answered by one broker.'],
  ...times('request-latency', 'From sending a Fetch request to its answer, of one broker'),
];

const coordinator: readonly Row[] = [
  ['assigned-partitions', 'gauge', '{partition}', 'Partitions this consumer reads.'],
  ...heartbeats,
  ['commit-total', 'counter', '{request}', 'Commits answered.'],
  ...times('commit-latency', 'From a commit to its answer'),
  ['join-total', 'counter', '{request}', 'JoinGroup requests answered (classic protocol).'],
  ...times('join-time', 'From JoinGroup to its answer, for which the group is waited'),
  ['sync-total', 'counter', '{request}', 'SyncGroup requests answered (classic protocol).'],
  ...times('sync-time', 'From SyncGroup to its answer'),
];

const fetching: readonly Row[] = [
  ['records-lag', 'gauge', '{record}', 'Offsets behind the end, of one partition.'],
  ['records-lag-max', 'gauge', '{record}', 'The largest of those.'],
  ['records-lead', 'gauge', '{record}', 'Offsets after the start of the log, of one partition.'],
  ['records-lead-min', 'gauge', '{record}', 'The smallest of those: what retention reaches next.'],
  ['fetch-total', 'counter', '{request}', 'Fetch requests answered.'],
  ...times('fetch-latency', 'From a Fetch request to its answer, which may wait for records'),
  ...times('fetch-throttle-time', 'What brokers told of throttles in answers to Fetch'),
];

const sharing: readonly Row[] = [
  ['fetch-total', 'counter', '{request}', 'ShareFetch requests answered.'],
  ['records-consumed-total', 'counter', '{record}', 'Records acquired.'],
  ['acknowledgements-send-total', 'counter', '{record}', 'Acknowledgements taken by brokers.'],
  ['acknowledgements-error-total', 'counter', '{record}', 'Acknowledgements refused or lost.'],
  ...times('fetch-latency', 'From a ShareFetch request to its answer'),
  ...times('fetch-throttle-time', 'What brokers told of throttles in answers to ShareFetch'),
];

/** Every metric of `kafka.metrics()`. */
export const metricTable: readonly MetricFacts[] = [
  ...rows('producer-metrics', producer),
  ...rows('producer-node-metrics', producerNode),
  ...rows('consumer-metrics', consumer),
  ...rows('consumer-node-metrics', consumerNode),
  ...rows('consumer-coordinator-metrics', coordinator),
  ...rows('consumer-fetch-manager-metrics', fetching),
  ...rows('consumer-share-metrics', [...lastPoll, ...connections]),
  ...rows('consumer-share-coordinator-metrics', heartbeats),
  ...rows('consumer-share-fetch-manager-metrics', sharing),
];

function rows(group: string, list: readonly Row[]): MetricFacts[] {
  return list.map(([name, kind, unit, what]) => ({ group, name, kind, unit, what }));
}

const byName = new Map(metricTable.map((facts) => [`${facts.group}/${facts.name}`, facts]));

/** What is known of a metric; one that nobody describes is a gauge of no unit. */
export function metricFacts({ group, name, facts }: Metric): MetricFacts {
  const plain = { kind: 'gauge', unit: '', what: '' } as const;
  return byName.get(`${group}/${name}`) ?? { group, name, ...(facts ?? plain) };
}
