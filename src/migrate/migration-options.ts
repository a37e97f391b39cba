import type { Kafka, ProducerOptions } from '../client/index.js';
import type { System } from '../system/index.js';

/** How far a migration has come. */
export interface MigrationProgress {
  readonly phase: 'copy' | 'verify' | 'groups';
  /** Records, or groups in the last phase. */
  readonly done: number;
  readonly total: number;
}

export interface MigrateOptions {
  /** The cluster to copy from; it is only read. */
  readonly from: Kafka;
  /** The cluster to copy to. */
  readonly to: Kafka;
  /** A file that remembers how far it has come, so that it can go on after an interruption. */
  readonly statePath: string;
  /** Topics by name, or all that match; default all but Kafka's own. */
  readonly topics?: readonly string[] | RegExp | undefined;
  /** Groups by name, or all that match; default all that have offsets in these topics. */
  readonly groups?: readonly string[] | RegExp | undefined;
  /** Of the topics that are made; default: what the target cluster does by itself. */
  readonly replicationFactor?: number | undefined;
  /** How batches are compressed on their way; default `none`. */
  readonly compression?: ProducerOptions['compression'];
  /** Reads everything that was copied back and compares checksums. Default true. */
  readonly verify?: boolean | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
  /** Stops in order; a later call goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Default: the machine's own. */
  readonly system?: System | undefined;
}

export interface MigratedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Copied by this call. */
  readonly records: number;
  /** Copied by all calls together. */
  readonly recordsInAll: number;
}

export interface MigratedGroup {
  readonly group: string;
  /** How many partitions it has offsets for. */
  readonly offsets: number;
  /** Why they could not be set, in words; undefined where they are. */
  readonly failure: string | undefined;
}

/** What a migration has done. */
export interface MigrationReport {
  readonly topics: readonly MigratedTopic[];
  readonly groups: readonly MigratedGroup[];
  /** Access control entries that were brought over. */
  readonly acls: number;
  /** It was stopped before everything was copied; nothing was verified, no group was moved. */
  readonly interrupted: boolean;
  readonly notes: readonly string[];
}
