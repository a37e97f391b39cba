/**
 * Connect: pipelines from topics to sinks and from sources to topics. Knows records, transforms,
 * the order of writing and committing, retries and dead letters; how to reach a place outside
 * Kafka only its connectors know. Stands on the public client and knows nothing of brokers.
 */
export { type HealthServer, serveHealth } from './health-server.js';
export { preview, type PreviewedRecord, previewSource } from './preview.js';
export { type ErrorPolicyOptions } from './error-policy.js';
export {
  describedPipeline,
  type DescriptionContext,
  parseDescription,
  type PipelineDescription,
  readDescription,
} from './config/pipeline-description.js';
export { bytes, convert, type ConverterOptions, json, jsonEnvelope, string } from './converters.js';
export { deadLetterHeaders, errorHeaders, sourcePlaceHeader } from './dead-letters.js';
export { Pipeline, pipeline } from './pipeline.js';
export type {
  PartitionProgress,
  PipelineStatus,
  TaskState,
  TaskStatus,
} from './pipeline-metrics.js';
export type {
  KafkaFrom,
  KafkaTo,
  PipelineOptions,
  RunOptions,
  SinkPipelineOptions,
  SourcePipelineOptions,
  TopicPipelineOptions,
} from './pipeline-options.js';
export type { PipeRecord, RecordPosition } from './pipe-record.js';
export {
  attemptOf,
  dueAtOf,
  originOf,
  retryHeaders,
  strippedHeaders,
} from './retry-headers.js';
export { type RetryTopic, retryTopics } from './retry-topics.js';
export type {
  PutContext,
  RejectedRecord,
  Sink,
  SinkContext,
  SinkGuarantee,
  SinkWriter,
} from './sink.js';
export type {
  Source,
  SourceBatch,
  SourceContext,
  SourcePosition,
  SourceReader,
  SourceRecord,
  UnreadableRecord,
} from './source.js';
export { type PipelineStep, pipelineSteps, type StepReporter } from './steps.js';
export {
  filter,
  map,
  mapValue,
  type Stage,
  type Transform,
  type TransformFunction,
  type TransformLike,
  type TransformResult,
} from './transform.js';
export { debeziumUnwrap } from './transforms/debezium.js';
export {
  cast,
  type CastType,
  extractField,
  type FieldCondition,
  filterBy,
  flatten,
  hoistField,
  insertField,
  maskField,
  replaceField,
  valueToKey,
} from './transforms/field-transforms.js';
export type { PartOption } from './transforms/part-of-record.js';
export { regexRouter, timestampRouter } from './transforms/routing.js';
export { timestampConverter } from './transforms/timestamp-converter.js';
