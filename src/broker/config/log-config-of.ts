import type { LogConfig } from '../log/index.js';
import type { TopicConfig } from './topic-config.js';

/** What the log needs of a topic's configs as they are in force. */
export function logConfigOf(config: TopicConfig): LogConfig {
  return {
    segmentBytes: config.number('segment.bytes'),
    segmentMs: config.number('segment.ms'),
    indexIntervalBytes: config.number('index.interval.bytes'),
    segmentIndexBytes: config.number('segment.index.bytes'),
    retentionMs: config.number('retention.ms'),
    retentionBytes: config.number('retention.bytes'),
    fileDeleteDelayMs: config.number('file.delete.delay.ms'),
    maxMessageBytes: config.number('max.message.bytes'),
    maxDecompressedBatchBytes: config.broker.number('max.decompressed.batch.bytes'),
    cleanupPolicy: config.list('cleanup.policy') as LogConfig['cleanupPolicy'],
    minCleanableDirtyRatio: config.number('min.cleanable.dirty.ratio'),
    minCompactionLagMs: config.number('min.compaction.lag.ms'),
    maxCompactionLagMs: config.number('max.compaction.lag.ms'),
    deleteRetentionMs: config.number('delete.retention.ms'),
    segmentJitterMs: config.number('segment.jitter.ms'),
    compressionType: config.text('compression.type') as LogConfig['compressionType'],
    compressionLevel: levelOf(config),
    messageTimestampType: config.text(
      'message.timestamp.type',
    ) as LogConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: config.number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: config.number('message.timestamp.after.max.ms'),
  };
}

/** -1 stands for the default of gzip. */
function levelOf(config: TopicConfig): number | undefined {
  const type = config.text('compression.type');
  if (type !== 'gzip' && type !== 'lz4' && type !== 'zstd') return undefined;
  const level = config.number(`compression.${type}.level`);
  return type === 'gzip' && level < 0 ? undefined : level;
}
