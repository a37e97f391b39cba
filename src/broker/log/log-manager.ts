import type { Logger, System } from '../../system/index.js';
import type { Log } from './log.js';
import type { LogConfig } from './log-config.js';

/**
 * `group-commit`: synced before it counts (default). `interval`: synced every `flushIntervalMs`,
 * counts at once. `os`: the operating system writes when it likes, as Kafka does. `memory`:
 * never synced (for a memory disk).
 */
export type Durability = 'group-commit' | 'interval' | 'os' | 'memory';

export interface LogManagerOptions {
  readonly dataDirectory: string;
  readonly nodeId: number;
  /** For a new directory; default a random one. An existing directory keeps its own. */
  readonly clusterId?: string | undefined;
  /** Default `group-commit`. */
  readonly durability?: Durability | undefined;
  /** An append that nobody waits for is synced after so many milliseconds; default 5. */
  readonly flushMs?: number | undefined;
  /** For `interval`; default 1000. */
  readonly flushIntervalMs?: number | undefined;
  /** `log.retention.check.interval.ms`; default 300 000. */
  readonly retentionCheckMs?: number | undefined;
  /** How often recovery points are written; default 60 000. */
  readonly checkpointMs?: number | undefined;
  /** `producer.id.expiration.ms`; default 86 400 000. */
  readonly producerIdExpirationMs?: number | undefined;
  /** Bytes of recent batches kept in memory over all logs; default 32 MiB. */
  readonly tailCacheBytes?: number | undefined;
  /** Cuts synced data that turns out damaged instead of refusing to start. Default false. */
  readonly truncateCorrupted?: boolean | undefined;
  readonly logger?: Logger | undefined;
}

/** All logs of a data directory. */
export declare class LogManager {
  /**
   * Locks the directory (made where it is missing), reads `meta.properties` and opens every log,
   * recovering those that an unclean stop may have damaged. Fails with DATA_DIRECTORY_LOCKED,
   * DATA_DIRECTORY_INVALID, LOG_CORRUPTED.
   * `configOf` gives the config of a log found on disk; undefined sets its directory aside
   * (`-stray`), because nobody knows its topic any more.
   */
  static open(
    system: System,
    options: LogManagerOptions,
    configOf: (topic: string, partition: number, topicId: string) => LogConfig | undefined,
  ): Promise<LogManager>;

  readonly dataDirectory: string;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directoryId: string;
  /** Whether the last stop was clean; leader epochs go up when it was not. */
  readonly wasCleanShutdown: boolean;
  /** Whether the directory was new. */
  readonly isNew: boolean;
  readonly durability: Durability;

  logs(): Iterable<Log>;
  log(topic: string, partition: number): Log | undefined;
  createLog(topic: string, partition: number, topicId: string, config: LogConfig): Log;
  /** Takes the log away at once; its files go after `fileDeleteDelayMs`. */
  deleteLog(topic: string, partition: number): void;
  /** Reads, and durably replaces, a plain file of the broker's own in the root (metadata journal). */
  readFile(name: string): Buffer | undefined;
  replaceFile(name: string, bytes: Uint8Array): void;
  /** Runs retention now; returns how many segments went. */
  deleteOldSegments(): number;
  /** Writes recovery points, log starts and high watermarks. */
  checkpoint(): Promise<void>;
  /** Syncs everything, writes snapshots, checkpoints and the clean-shutdown marker, unlocks. */
  close(): Promise<void>;
}
