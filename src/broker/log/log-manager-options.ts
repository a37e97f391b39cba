import type { Logger } from '../../system/index.js';
import type { LogConfig } from './log-config.js';
import type { Durability } from './log-sync.js';

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
  /** `log.cleaner.backoff.ms`: how often compaction looks for work; default 15 000. */
  readonly cleanerBackoffMs?: number | undefined;
  /** `log.cleaner.dedupe.buffer.size`: what the keys of one round may take; default 64 MiB. */
  readonly cleanerDedupeBytes?: number | undefined;
  /** `log.cleaner.io.max.bytes.per.second`; default no limit. */
  readonly cleanerBytesPerSecond?: number | undefined;
  /** Cuts synced data that turns out damaged instead of refusing to start. Default false. */
  readonly truncateCorrupted?: boolean | undefined;
  /** Default: nothing is logged. */
  readonly logger?: Logger | undefined;
}

/** The config of a log found on disk; undefined sets its directory aside (`-stray`). */
export type ConfigOf = (topic: string, partition: number, topicId: string) => LogConfig | undefined;

export const defaults = {
  flushMs: 5,
  flushIntervalMs: 1_000,
  retentionCheckMs: 300_000,
  checkpointMs: 60_000,
  producerIdExpirationMs: 86_400_000,
  tailCacheBytes: 32 * 1024 * 1024,
  cleanerBackoffMs: 15_000,
  cleanerDedupeBytes: 64 * 1024 * 1024,
};
