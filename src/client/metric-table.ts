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
];

const consumer: readonly Row[] = [
  ['last-poll-seconds-ago', 'gauge', 's', 'Time since the loop last asked for a record.'],
];

const coordinator: readonly Row[] = [
  ['assigned-partitions', 'gauge', '{partition}', 'Partitions this consumer reads.'],
  ['last-heartbeat-seconds-ago', 'gauge', 's', 'Time since a heartbeat was answered.'],
];

const fetching: readonly Row[] = [
  ['records-lag', 'gauge', '{record}', 'Offsets behind the end, of one partition.'],
  ['records-lag-max', 'gauge', '{record}', 'The largest of those.'],
];

/** Every metric of `kafka.metrics()`. */
export const metricTable: readonly MetricFacts[] = [
  ...rows('producer-metrics', producer),
  ...rows('consumer-metrics', consumer),
  ...rows('consumer-coordinator-metrics', coordinator),
  ...rows('consumer-fetch-manager-metrics', fetching),
];

function rows(group: string, list: readonly Row[]): MetricFacts[] {
  return list.map(([name, kind, unit, what]) => ({ group, name, kind, unit, what }));
}

const byName = new Map(metricTable.map((facts) => [`${facts.group}/${facts.name}`, facts]));

/** What is known of a metric; one that is not in the table is a gauge of no unit. */
export function metricFacts({ group, name }: Metric): MetricFacts {
  return byName.get(`${group}/${name}`) ?? { group, name, kind: 'gauge', unit: '', what: '' };
}
