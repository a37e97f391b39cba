import type { TopicPartition, TopicPartitionOffset } from '../client/index.js';
import type { KafkaError } from '../errors/index.js';
import type { Logger, System } from '../system/index.js';
import type { PipeRecord } from './pipe-record.js';
import type { StepReporter } from './steps.js';

/**
 * What a sink promises when records come a second time: `idempotent` sinks end in the same state,
 * `transactional` ones keep offsets together with the data and never see a record twice,
 * `atLeastOnce` ones may hold records twice.
 */
export type SinkGuarantee = 'idempotent' | 'transactional' | 'atLeastOnce';

/** What a sink may use of its surroundings. */
export interface SinkContext {
  readonly pipeline: string;
  /** Number of the task within this process, from 0. */
  readonly task: number;
  readonly logger: Logger;
  readonly system: System;
  /** Tells the named steps within a write; see `steps.ts`. */
  readonly step: StepReporter;
  /** Aborted when the task must end at once. */
  readonly signal: AbortSignal;
}

/**
 * A record the sink will never take, however often it is offered; or, with an error that is
 * retriable, one that it cannot take for the moment while it takes others.
 */
export interface RejectedRecord {
  readonly record: PipeRecord;
  readonly error: KafkaError;
}

/** A place that records are written to. Made once; every task gets a writer of its own. */
export interface Sink {
  /** Names the sink in messages and dead-letter headers, such as `mongodb`. */
  readonly name: string;
  readonly guarantee: SinkGuarantee;
  /** Records in one write at the most, unless the pipeline says otherwise; default 1000. */
  readonly batchSize?: number | undefined;
  /** How many tasks may write at the same time; default: as many as wanted. */
  readonly tasksMax?: number | undefined;
  /**
   * Of how many partitions one writer takes records at the same time; default 1. Records of one
   * partition always come in order, the next ones when those before are safe.
   */
  readonly partitionsAtOnce?: number | undefined;
  /**
   * Why a record must not be written once later ones of its key were; undefined: it may. Such a
   * sink does not go with `errors.retryTopics`.
   */
  readonly refusesLate?: string | undefined;
  /**
   * Connects. Fails with what a person can act on: the first start of a pipeline ends with it,
   * a restart tries again.
   */
  start(context: SinkContext): Promise<SinkWriter>;
}

/**
 * The writer of one task. Its methods are called one at a time, but for writes of different
 * partitions where the sink says so (`partitionsAtOnce`).
 */
export interface SinkWriter {
  /**
   * These partitions are ours from now on. Offsets in the answer replace those of the group: the
   * sink knows better how far it got.
   */
  open?(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>;
  /**
   * Writes records of one partition, in order. Resolves when they are safe (or, with `flush`, when
   * that can make them so): only then their offsets are committed. Answers with the records that
   * can never be written, and (see `mayWait`) those that cannot be for the moment. Fails with a
   * KafkaError: a retriable one means that the whole batch may be offered again, any other ends
   * the task.
   */
  put(records: readonly PipeRecord[], batch: PutContext): Promise<readonly RejectedRecord[]>;
  /**
   * Makes everything put before safe. Called before each commit, so that a sink need not wait for
   * its disk with every write. A failure ends the task, nothing is committed.
   */
  flush?(): Promise<void>;
  /** These partitions belong to somebody else now; everything put before has been committed. */
  giveUp?(partitions: readonly TopicPartition[]): Promise<void>;
  close(): Promise<void>;
}

export interface PutContext {
  readonly topic: string;
  readonly partition: number;
  /** The offset behind the last record of the batch, also when the last ones were filtered out. */
  readonly nextOffset: number;
  /**
   * Whether records that cannot be written for the moment, each by itself, may be answered with,
   * too, their errors retriable: they wait in a retry topic then, while the others count as
   * written. False: the write fails with the error, and the whole batch is offered again.
   */
  readonly mayWait: boolean;
  /**
   * Sets records aside at once instead of answering with them: for sinks that move an offset of
   * their own in the same stroke. Fails when such records stop the pipeline.
   */
  setAside(rejected: readonly RejectedRecord[]): Promise<void>;
  /**
   * For sinks that write in several steps: fails when the partition is somebody else's meanwhile,
   * and waits where that is in doubt.
   */
  stillOurs(): Promise<void>;
  /** Aborted when the time for this write is over. */
  readonly signal: AbortSignal;
}
