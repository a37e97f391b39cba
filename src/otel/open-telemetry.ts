import {
  type ConsumerBatch,
  type ConsumerRecord,
  type HeadersInput,
  onProducerBatch,
  type ProducerBatchEvent,
  type ProducerInterceptor,
  type ProducerRecord,
} from '../client/index.js';
import { isKafkaError } from '../errors/index.js';
import {
  errorStatus,
  type OpenTelemetryApi,
  type Span,
  type SpanContext,
  spanKinds,
} from './open-telemetry-api.js';

type Headers = readonly (readonly [name: string, value: Uint8Array | null])[];

export interface OpenTelemetryOptions {
  /** Links of one span at most, to as many records of its batch; default 128. */
  readonly linksMax?: number | undefined;
}

/** What `openTelemetry` gives. */
export interface KafkaTelemetry extends Disposable {
  /**
   * For `kafka.producer({ interceptors: [telemetry.producer] })`: writes the active context into
   * the headers of each record (`traceparent` and whatever the propagator has).
   */
  readonly producer: ProducerInterceptor;
  /** Runs the work in a span `process <topic>` that is linked to the record's producer. */
  process<T>(
    record: ConsumerRecord<unknown, unknown>,
    work: () => T | Promise<T>,
    groupId?: string,
  ): Promise<T>;
  /** The same for a batch: one span, linked to the producers of its records. */
  processBatch<T>(
    batch: ConsumerBatch<unknown, unknown>,
    work: () => T | Promise<T>,
    groupId?: string,
  ): Promise<T>;
  /** Makes no more spans of what producers send. */
  close(): void;
}

/**
 * Spans of what is sent and processed, as OpenTelemetry's conventions for messaging have them: a
 * span `send <topic>` for each batch that a producer of this process sends, and `process <topic>`
 * around your handler. Spans of one record's way are linked, not nested: a batch has many parents.
 *
 * `api` is the application's own `import * as api from '@opentelemetry/api'`.
 */
export function openTelemetry<Context>(
  api: OpenTelemetryApi<Context>,
  options: OpenTelemetryOptions = {},
): KafkaTelemetry {
  const linksMax = options.linksMax ?? 128;
  const tracer = api.trace.getTracer('kafkit');
  const contextsOf = (all: Iterable<Headers>): { context: SpanContext }[] => {
    const links = new Map<string, { context: SpanContext }>();
    for (const headers of all) {
      if (links.size >= linksMax) break;
      if (headers.length === 0) continue;
      const found = api.propagation.extract(api.ROOT_CONTEXT, headers, headerGetter);
      const context = api.trace.getSpanContext(found);
      if (context !== undefined) links.set(`${context.traceId}-${context.spanId}`, { context });
    }
    return [...links.values()];
  };
  const sent = (event: ProducerBatchEvent): void => {
    const span = tracer.startSpan(
      `send ${event.topic}`,
      {
        kind: spanKinds.producer,
        startTime: event.endedAt - event.durationMs,
        attributes: sendAttributes(event),
        links: contextsOf(event.headers()),
      },
      api.ROOT_CONTEXT,
    );
    if (event.error !== undefined) failed(span, event.error);
    span.end(event.endedAt);
  };
  const run = async <T>(
    topic: string,
    attributes: Record<string, string | number>,
    headers: Iterable<Headers>,
    work: () => T | Promise<T>,
  ): Promise<T> => {
    const active = api.context.active();
    const options = { kind: spanKinds.consumer, attributes, links: contextsOf(headers) };
    const span = tracer.startSpan(`process ${topic}`, options, active);
    try {
      return await api.context.with(api.trace.setSpan(active, span as never), work);
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  const stop = onProducerBatch(sent);
  return {
    producer: { onSend: (record) => withContext(api, record) },
    process: (record, work, groupId) => {
      const attributes = { ...place(record, groupId), 'messaging.kafka.offset': record.offset };
      return run(record.topic, attributes, [record.headers.list], work);
    },
    processBatch: (batch, work, groupId) => {
      const attributes = {
        ...place(batch, groupId),
        'messaging.batch.message_count': batch.records.length,
        'messaging.kafka.offset': batch.firstOffset,
      };
      return run(batch.topic, attributes, headersOf(batch), work);
    },
    close: stop,
    [Symbol.dispose]: stop,
  };
}

function* headersOf(batch: ConsumerBatch<unknown, unknown>): Generator<Headers> {
  for (const { headers } of batch.records) yield headers.list;
}

function place(
  of: { readonly topic: string; readonly partition: number },
  groupId: string | undefined,
): Record<string, string | number> {
  return {
    ...common('process', of),
    ...(groupId === undefined ? {} : { 'messaging.consumer.group.name': groupId }),
  };
}

function common(
  operation: 'send' | 'process',
  { topic, partition }: { readonly topic: string; readonly partition: number },
): Record<string, string | number> {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': String(partition),
  };
}

function sendAttributes(event: ProducerBatchEvent): Record<string, string | number> {
  return {
    ...common('send', event),
    'messaging.client.id': event.clientId,
    'messaging.batch.message_count': event.records,
    ...(event.baseOffset < 0 ? {} : { 'messaging.kafka.offset': event.baseOffset }),
  };
}

function failed(span: Span, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  span.recordException(error);
  span.setAttribute('error.type', isKafkaError(thrown) ? thrown.code : error.name);
  span.setStatus({ code: errorStatus, message: error.message });
}

/** The record with the active context among its headers; the record itself where there is none. */
function withContext<Context>(
  api: OpenTelemetryApi<Context>,
  record: ProducerRecord<unknown, unknown>,
): ProducerRecord<unknown, unknown> {
  const added: [string, string][] = [];
  api.propagation.inject(api.context.active(), added, headerSetter);
  if (added.length === 0) return record;
  const { headers } = record;
  if (headers === undefined) return { ...record, headers: added };
  if (isPairs(headers)) return { ...record, headers: [...headers, ...added] };
  return { ...record, headers: { ...headers, ...Object.fromEntries(added) } };
}

type Pairs = Extract<HeadersInput, readonly unknown[]>;

function isPairs(headers: HeadersInput): headers is Pairs {
  return Array.isArray(headers);
}

const headerSetter = {
  set(carrier: [string, string][], key: string, value: string): void {
    carrier.push([key, value]);
  },
};

const headerGetter = {
  keys: (headers: Headers): string[] => headers.map(([name]) => name),
  get(headers: Headers, key: string): string | undefined {
    const value = headers.findLast(([name]) => name === key)?.[1];
    return value === undefined || value === null ? undefined : Buffer.from(value).toString();
  },
};
