import type { BrokerConfig } from '../../config/broker-config.js';
import {
  type ConsumerGroupConfig,
  consumerGroupDefaults,
  migrationPolicyOf,
} from './consumer/consumer-config.js';
import { type ShareGroupConfig, shareGroupDefaults } from './share/share-config.js';
import { type StreamsGroupConfig, streamsGroupDefaults } from './streams/streams-config.js';

/** What the group machine wants to know of the broker's configuration. Times in milliseconds. */
export interface GroupConfig {
  readonly initialRebalanceDelayMs: number;
  readonly sessionTimeoutMinMs: number;
  readonly sessionTimeoutMaxMs: number;
  /** Members a group may have. */
  readonly groupSizeMax: number;
  /** Characters of text that may go with an offset. */
  readonly offsetMetadataMax: number;
  readonly offsetsRetentionMs: number;
  readonly offsetsRetentionCheckIntervalMs: number;
  /**
   * Bytes of one record: a generation whose subscriptions and assignments take more is refused.
   * Below the segment size of the offsets topic and below what its topic config lets in.
   */
  readonly recordBytesMax: number;
  /** Groups of the protocol of KIP-848. */
  readonly consumer: ConsumerGroupConfig;
  /** Groups of the protocol of KIP-932. */
  readonly share: ShareGroupConfig;
  /** Groups of the protocol of KIP-1071. */
  readonly streams: StreamsGroupConfig;
}

/** Kafka's defaults. */
export const groupConfigDefaults: GroupConfig = {
  initialRebalanceDelayMs: 3000,
  sessionTimeoutMinMs: 6000,
  sessionTimeoutMaxMs: 1_800_000,
  groupSizeMax: 0x7fffffff,
  offsetMetadataMax: 4096,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  recordBytesMax: 1_000_000,
  consumer: consumerGroupDefaults,
  share: shareGroupDefaults,
  streams: streamsGroupDefaults,
};

export function groupConfigOf(config: BrokerConfig): GroupConfig {
  return {
    initialRebalanceDelayMs: config.number('group.initial.rebalance.delay.ms'),
    sessionTimeoutMinMs: config.number('group.min.session.timeout.ms'),
    sessionTimeoutMaxMs: config.number('group.max.session.timeout.ms'),
    groupSizeMax: config.number('group.max.size'),
    offsetMetadataMax: config.number('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.number('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.number('offsets.retention.check.interval.ms'),
    recordBytesMax: groupConfigDefaults.recordBytesMax,
    consumer: {
      sessionTimeoutMs: config.number('group.consumer.session.timeout.ms'),
      heartbeatIntervalMs: config.number('group.consumer.heartbeat.interval.ms'),
      assignmentIntervalMs: config.number('group.consumer.assignment.interval.ms'),
      regexRefreshIntervalMs: config.number('group.consumer.regex.refresh.interval.ms'),
      sizeMax: config.number('group.consumer.max.size'),
      migrationPolicy: migrationPolicyOf(config.text('group.consumer.migration.policy')),
    },
    share: {
      sessionTimeoutMs: config.number('group.share.session.timeout.ms'),
      heartbeatIntervalMs: config.number('group.share.heartbeat.interval.ms'),
      assignmentIntervalMs: config.number('group.share.assignment.interval.ms'),
      sizeMax: config.number('group.share.max.size'),
    },
    streams: {
      sessionTimeoutMs: config.number('group.streams.session.timeout.ms'),
      heartbeatIntervalMs: config.number('group.streams.heartbeat.interval.ms'),
      assignmentIntervalMs: config.number('group.streams.assignment.interval.ms'),
      initialRebalanceDelayMs: config.number('group.streams.initial.rebalance.delay.ms'),
      standbyReplicas: config.number('group.streams.num.standby.replicas'),
      taskOffsetIntervalMs: config.number('group.streams.task.offset.interval.ms'),
      sizeMax: config.number('group.streams.max.size'),
    },
  };
}
