/**
 * OpenTelemetry: spans of what is sent and processed, and their links over topics. Knows the
 * conventions for messaging and the client's public door; the tracing itself is the
 * application's, handed in. Knows nothing of the wire.
 */
export { type KafkaTelemetry, openTelemetry, type OpenTelemetryOptions } from './open-telemetry.js';
export type { OpenTelemetryApi, Span, SpanContext, Tracer } from './open-telemetry-api.js';
