/**
 * As much of `@opentelemetry/api` as is used here, so that the package itself is the
 * application's: `import * as api from '@opentelemetry/api'` fits.
 */
export interface OpenTelemetryApi<Context = unknown> {
  readonly trace: {
    getTracer(name: string, version?: string): Tracer<Context>;
    setSpan(context: Context, span: never): Context;
    getSpanContext(context: Context): SpanContext | undefined;
  };
  readonly context: {
    active(): Context;
    with<T>(context: Context, work: () => T): T;
  };
  readonly propagation: {
    inject(context: Context, carrier: unknown, setter?: TextMapSetter): void;
    extract(context: Context, carrier: unknown, getter?: TextMapGetter): Context;
  };
  readonly ROOT_CONTEXT: Context;
}

export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

export interface Span {
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  setAttribute(name: string, value: string | number): unknown;
  recordException(error: Error): void;
  end(at?: number): void;
}

export interface Tracer<Context> {
  startSpan(
    name: string,
    options: {
      readonly kind: number;
      readonly startTime?: number;
      readonly attributes: Record<string, string | number>;
      readonly links?: { readonly context: SpanContext }[];
    },
    context?: Context,
  ): Span;
}

interface TextMapSetter {
  set(carrier: never, key: string, value: string): void;
}

interface TextMapGetter {
  keys(carrier: never): string[];
  get(carrier: never, key: string): string | undefined;
}

/** The numbers of SpanKind and SpanStatusCode. */
export const spanKinds = { producer: 3, consumer: 4 } as const;
export const errorStatus = 2;
