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
export type { Log, LogRead, OffsetAndTimestamp, ProducerSummary, ReadOptions } from './log.js';
export { defaultLogConfig, type LogConfig } from './log-config.js';
export type { Durability, LogManager, LogManagerOptions } from './log-manager.js';
export { prepareAppend } from './prepare-append.js';
