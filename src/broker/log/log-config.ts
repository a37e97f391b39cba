import type { CompressionType, TimestampType } from '../../records/index.js';

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
  /** `cleanup.policy`: with `delete` old segments go; `compact` keeps everything for now. */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[];
  /** `compression.type`; `producer` stores what came. */
  readonly compressionType: CompressionType | 'uncompressed' | 'producer';
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
  cleanupPolicy: ['delete'],
  compressionType: 'producer',
  messageTimestampType: 'CreateTime',
  messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  messageTimestampAfterMaxMs: 3_600_000,
};
