import {
  type CompressionType,
  decompressedBytesMax,
  type RecordBatch,
  type TimestampType,
} from '../../records/index.js';

/** What a log needs of its topic's configs; numbers in bytes and milliseconds, -1 for no limit. */
export interface LogConfig {
  /** `segment.bytes` */
  readonly segmentBytes: number;
  /** `segment.ms` */
  readonly segmentMs: number;
  /** `index.interval.bytes` */
  readonly indexIntervalBytes: number;
  /** `segment.index.bytes` */
  readonly segmentIndexBytes: number;
  /** `retention.ms` */
  readonly retentionMs: number;
  /** `retention.bytes` */
  readonly retentionBytes: number;
  /** `file.delete.delay.ms` */
  readonly fileDeleteDelayMs: number;
  /** `max.message.bytes` */
  readonly maxMessageBytes: number;
  /** `max.decompressed.batch.bytes` of the broker: how far a batch may grow when it is opened. */
  readonly maxDecompressedBatchBytes: number;
  /** `cleanup.policy`: `delete` takes old segments, `compact` all but the last of each key. */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[];
  /** `min.cleanable.dirty.ratio` */
  readonly minCleanableDirtyRatio: number;
  /** `min.compaction.lag.ms` */
  readonly minCompactionLagMs: number;
  /** `max.compaction.lag.ms` */
  readonly maxCompactionLagMs: number;
  /** `delete.retention.ms` */
  readonly deleteRetentionMs: number;
  /** `segment.jitter.ms` */
  readonly segmentJitterMs: number;
  /** `compression.type`; `producer` stores what came. */
  readonly compressionType: CompressionType | 'uncompressed' | 'producer';
  /** `compression.<type>.level` of gzip, lz4 or zstd; else undefined. */
  readonly compressionLevel?: number | undefined;
  /** `message.timestamp.type` */
  readonly messageTimestampType: TimestampType;
  /** `message.timestamp.before.max.ms` */
  readonly messageTimestampBeforeMaxMs: number;
  /** `message.timestamp.after.max.ms` */
  readonly messageTimestampAfterMaxMs: number;
}

/** Kafka 4's defaults. */
export const defaultLogConfig: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000,
  indexIntervalBytes: 4096,
  segmentIndexBytes: 10_485_760,
  retentionMs: 604_800_000,
  retentionBytes: -1,
  fileDeleteDelayMs: 60_000,
  maxMessageBytes: 1_048_588,
  maxDecompressedBatchBytes: decompressedBytesMax,
  cleanupPolicy: ['delete'],
  minCleanableDirtyRatio: 0.5,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  deleteRetentionMs: 86_400_000,
  segmentJitterMs: 0,
  compressionType: 'producer',
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000,
};

/** How a batch of the log may be opened: within the bound, and never less than it is as it lies. */
export function openingOf(config: LogConfig, batch: RecordBatch): { readonly maxBytes: number } {
  return { maxBytes: Math.max(config.maxDecompressedBatchBytes, batch.sizeInBytes) };
}
