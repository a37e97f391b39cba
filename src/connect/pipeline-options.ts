import type { ConsumerOptions, Kafka, KafkaOptions, ProducerOptions } from '../client/index.js';
import type { Logger, System } from '../system/index.js';
import type { ErrorPolicyOptions } from './error-policy.js';
import type { Sink } from './sink.js';
import type { Source } from './source.js';
import type { StepReporter } from './steps.js';
import type { TransformLike } from './transform.js';

/** Topics to read. */
export interface KafkaFrom {
  /** Default: the pipeline's `kafka`. */
  readonly bootstrapServers?: string | readonly string[] | undefined;
  readonly topics: readonly string[] | RegExp;
  /** Its offsets say where the pipeline goes on; default: the pipeline's name. */
  readonly groupId?: string | undefined;
  /** Where a group without offsets begins; default `earliest`. */
  readonly offsetReset?: 'earliest' | 'latest' | 'none' | undefined;
  /** Default `read_committed`. */
  readonly isolationLevel?: 'read_uncommitted' | 'read_committed' | undefined;
  /** More of the consumer's options, such as `sessionTimeoutMs` (default here 10 000). */
  readonly consumer?: ConsumerOptions | undefined;
}

/** A topic to write. */
export interface KafkaTo {
  /** Default: the cluster the records come from, else the pipeline's `kafka`. */
  readonly bootstrapServers?: string | readonly string[] | undefined;
  /**
   * A name, in which `${topic}` stands for the topic a record was read from. A transform that
   * gives a record another topic has the last word.
   */
  readonly topic: string;
  /**
   * Records and offsets (or the source's position) in one transaction: readers with
   * `read_committed` see what comes of each record exactly once (KIP-98, KIP-447). Default true,
   * unless topics are read in one cluster and written in another; `false` is at least once.
   */
  readonly exactlyOnce?: boolean | undefined;
  /** More of the producer's options; here `transactionTimeoutMs` is 10 000 by default. */
  readonly producer?: ProducerOptions | undefined;
}

interface PipelineOptionsBase {
  /** Names it in logs, metrics and dead letters; default: the group id, else what it reads. */
  readonly name?: string | undefined;
  /** Converters and transforms, first to last. */
  readonly via?: readonly TransformLike[] | undefined;
  readonly errors?: ErrorPolicyOptions | undefined;
  /** The cluster, or how to reach it; default `localhost:9092`. */
  readonly kafka?: Kafka | KafkaOptions | undefined;
  readonly logger?: Logger | undefined;
  readonly system?: System | undefined;
  /** Called, and waited for, at each named step: for tests. */
  readonly onStep?: StepReporter | undefined;
}

/** From topics to a sink. */
export interface SinkPipelineOptions extends PipelineOptionsBase {
  readonly from: KafkaFrom;
  readonly to: Sink;
  /** Consumers in this process; more processes of the same group share the work. Default 1. */
  readonly tasks?: number | undefined;
  /** Records in one write at the most; default: the sink's, else 1000. */
  readonly batchSize?: number | undefined;
  /** Offsets are committed so often while records flow; default 1000 ms. */
  readonly commitIntervalMs?: number | undefined;
  /** How long a write may go on once the pipeline was told to stop; default 30 000 ms. */
  readonly drainTimeoutMs?: number | undefined;
}

/** From topics to a topic. */
export interface TopicPipelineOptions extends PipelineOptionsBase {
  readonly from: KafkaFrom;
  readonly to: KafkaTo;
  /** Consumers in this process; more processes of the same group share the work. Default 1. */
  readonly tasks?: number | undefined;
  /** How long work may go on once the pipeline was told to stop; default 30 000 ms. */
  readonly drainTimeoutMs?: number | undefined;
}

/** From a source to a topic. */
export interface SourcePipelineOptions extends PipelineOptionsBase {
  readonly from: Source;
  readonly to: KafkaTo;
  /** The compacted topic that keeps positions; default `kafkit-pipeline-offsets`. */
  readonly offsetsTopic?: string | undefined;
}

export type PipelineOptions = SinkPipelineOptions | TopicPipelineOptions | SourcePipelineOptions;

export interface RunOptions {
  /** Drains and ends. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Ends by itself once everything that was in the topics at the start is processed (or the
   * source has ended).
   */
  readonly untilEnd?: boolean | undefined;
}
