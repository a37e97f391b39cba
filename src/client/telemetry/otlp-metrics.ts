import type { Metric } from '../metric.js';
import { metricFacts } from '../metric-table.js';
import { ProtobufMessage } from './protobuf-message.js';

/** What a push is about besides the values. */
export interface PushFacts {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Since when counters count; the last push where differences are wanted. */
  readonly since: number;
  readonly isDelta: boolean;
  readonly version: string;
}

/** OpenTelemetry's numbers for how sums are told. */
const temporality = { delta: 1, cumulative: 2 } as const;

/**
 * The name under which brokers know a metric: `org.apache.kafka.`, its group without `-metrics`,
 * and its name, with dots (KIP-714).
 */
export function telemetryName({ group, name }: Pick<Metric, 'group' | 'name'>): string {
  const of = group.replace(/-metrics$/, '');
  return `org.apache.kafka.${of}.${name}`.replaceAll('-', '.');
}

/** OTLP's MetricsData for these values. */
export function encodeMetrics(metrics: readonly Metric[], facts: PushFacts): Buffer {
  const scope = new ProtobufMessage().text(1, 'kafkit').text(2, facts.version);
  const scoped = new ProtobufMessage().message(1, scope);
  for (const metric of metrics) scoped.message(2, metricOf(metric, facts));
  const resource = new ProtobufMessage();
  const all = new ProtobufMessage().message(1, resource).message(2, scoped);
  return new ProtobufMessage().message(1, all).bytes();
}

function metricOf(metric: Metric, facts: PushFacts): ProtobufMessage {
  const { kind, what, unit } = metricFacts(metric);
  const point = new ProtobufMessage();
  if (kind === 'counter') point.nanoseconds(2, facts.since);
  point.nanoseconds(3, facts.now).double(4, metric.value);
  for (const [key, value] of Object.entries(metric.tags)) {
    // The broker knows who pushes.
    if (key !== 'client-id') point.message(7, attribute(key, value));
  }
  const data = new ProtobufMessage().message(1, point);
  const told = new ProtobufMessage().text(1, telemetryName(metric)).text(2, what).text(3, unit);
  if (kind === 'gauge') return told.message(5, data);
  data.varint(2, facts.isDelta ? temporality.delta : temporality.cumulative).varint(3, 1);
  return told.message(7, data);
}

function attribute(key: string, value: string): ProtobufMessage {
  return new ProtobufMessage()
    .text(1, key.replaceAll('-', '_'))
    .message(2, new ProtobufMessage().text(1, value));
}
