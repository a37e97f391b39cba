/**
 * The log: partitions as Apache Kafka lays them out on disk, appended to, read, synced, rolled,
 * recovered and deleted. Knows batches and files; must not know requests, replicas, groups or
 * the high watermark (it tells which offset is synced, the partition draws its conclusions).
 */
export {
  AppendError,
  type AppendOptions,
  type AppendOrigin,
  type AppendResult,
  type RecordError,
} from './append.js';
export type { Log } from './log.js';
export { defaultLogConfig, type LogConfig } from './log-config.js';
export { LogManager } from './log-manager.js';
export type { ConfigOf, LogManagerOptions } from './log-manager-options.js';
export type { LogRead, ReadOptions } from './log-reader.js';
export type { Durability } from './log-sync.js';
export { prepareAppend } from './prepare-append.js';
export type { ProducerSummary } from './producer-state.js';
export type { OffsetAndTimestamp } from './timestamp-lookup.js';
export type { AbortedTransaction } from './transaction-index.js';
