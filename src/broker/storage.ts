import { KafkaError } from '../errors/index.js';
import type { Disk } from '../system/index.js';
import type { BrokerOptions, BrokerSettings } from './broker-options.js';
import type { BrokerConfig } from './config/broker-config.js';
import { logConfigOf } from './config/log-config-of.js';
import { TopicConfig } from './config/topic-config.js';
import { Nodes } from './cluster/nodes.js';
import { rootFile } from './log/file-names.js';
import { type ConfigOf, type LogConfig, LogManager } from './log/index.js';
import { readMetaProperties } from './log/meta-properties.js';
import { DynamicSettings, takeOver } from './metadata/dynamic-settings.js';
import { GroupSettings } from './metadata/group-settings.js';
import type { MetadataImage } from './metadata/metadata-image.js';
import {
  type JournalContents,
  journalName,
  MetadataJournal,
  readJournal,
} from './metadata/metadata-journal.js';
import { TopicRegistry } from './metadata/topic-registry.js';
import { ensureOurs } from './transfer/data-directory.js';
import type { InternalTopicSettings } from './partition/partition-internal-topic.js';

export const offsetsTopicName = '__consumer_offsets';
export const transactionTopicName = '__transaction_state';
export const shareStateTopicName = '__share_group_state';

/** What an internal topic that this broker keeps is created with, as Kafka creates it. */
export function internalTopicSettings(
  name: string,
  config: BrokerConfig,
): InternalTopicSettings | undefined {
  if (name === transactionTopicName) {
    return {
      partitions: config.number('transaction.state.log.num.partitions'),
      replicationFactor: config.number('transaction.state.log.replication.factor'),
      overrides: {
        'compression.type': 'uncompressed',
        'cleanup.policy': 'compact',
        'min.insync.replicas': config.text('transaction.state.log.min.isr'),
        'segment.bytes': config.text('transaction.state.log.segment.bytes'),
        'unclean.leader.election.enable': 'false',
      },
      baseSequence: -1,
    };
  }
  if (name === shareStateTopicName) {
    return {
      partitions: config.number('share.coordinator.state.topic.num.partitions'),
      replicationFactor: config.number('share.coordinator.state.topic.replication.factor'),
      overrides: {
        'compression.type': 'producer',
        // Its coordinator cuts it short itself.
        'cleanup.policy': 'delete',
        'min.insync.replicas': config.text('share.coordinator.state.topic.min.isr'),
        'retention.ms': '-1',
        'segment.bytes': config.text('share.coordinator.state.topic.segment.bytes'),
      },
    };
  }
  if (name !== offsetsTopicName) return undefined;
  return {
    partitions: config.number('offsets.topic.num.partitions'),
    replicationFactor: config.number('offsets.topic.replication.factor'),
    overrides: {
      'compression.type': 'producer',
      'cleanup.policy': 'compact',
      'segment.bytes': config.text('offsets.topic.segment.bytes'),
    },
  };
}

export interface Storage {
  readonly logs: LogManager;
  readonly journal: MetadataJournal;
  readonly nodes: Nodes;
  readonly topics: TopicRegistry;
  readonly groupSettings: GroupSettings;
  readonly brokerSettings: DynamicSettings;
}

/**
 * Opens the data directory: first the journal is read, because the logs need the configs of their
 * topics; then the directory is locked and the logs are opened. After an unclean stop every leader
 * epoch goes up, so that clients look whether records they have read are still there.
 */
export async function openStorage(
  settings: BrokerSettings,
  options: BrokerOptions,
): Promise<Storage> {
  const { system, logger, config, dataDirectory } = settings;
  ensureOurs(system.disk, dataDirectory);
  const contents = readJournal(system.disk, dataDirectory);
  if (options.truncateCorrupted !== true) ensureWhole(system.disk, dataDirectory, contents);
  const { image } = contents;
  const nodeId = nodeIdOf(settings);
  takeOver(image, config, nodeId);
  const logs = await LogManager.open(
    system,
    {
      dataDirectory,
      nodeId,
      clusterId: options.clusterId,
      durability: settings.durability,
      retentionCheckMs: config.number('log.retention.check.interval.ms'),
      producerIdExpirationMs: config.number('producer.id.expiration.ms'),
      cleanerBackoffMs: config.number('log.cleaner.backoff.ms'),
      cleanerDedupeBytes: config.number('log.cleaner.dedupe.buffer.size'),
      cleanerBytesPerSecond: config.number('log.cleaner.io.max.bytes.per.second'),
      truncateCorrupted: options.truncateCorrupted,
      logger,
    },
    configsOf(image, config),
  );
  try {
    const unclean = !logs.isNew && !logs.wasCleanShutdown;
    if (unclean) raiseLeaderEpochs(image);
    const journal = await MetadataJournal.open(
      system.disk,
      dataDirectory,
      contents,
      unclean,
      logger,
    );
    const nodes = new Nodes(logs.nodeId, settings.brokers);
    const topics = new TopicRegistry({
      image,
      journal,
      logs,
      nodes,
      config,
      system,
      logger,
      internalSettings: (name) => internalTopicSettings(name, config),
    });
    const groupSettings = new GroupSettings(image, journal);
    const parts = { image, journal, config, nodeId: logs.nodeId, topics };
    return {
      logs,
      journal,
      nodes,
      topics,
      groupSettings,
      brokerSettings: new DynamicSettings(parts),
    };
  } catch (error) {
    await logs.close(false);
    throw error;
  }
}

/** The configs of the logs that the journal knows; most topics set the same, or nothing. */
function configsOf(image: MetadataImage, config: BrokerConfig): ConfigOf {
  const byOverrides = new Map<string, LogConfig>();
  return (topic, partition, topicId) => {
    const known = image.topics.get(topic);
    if (known?.id !== topicId || partition >= known.leaderEpochs.length) return undefined;
    const key = JSON.stringify(known.configs);
    const made = byOverrides.get(key) ?? logConfigOf(new TopicConfig(known.configs, config));
    byOverrides.set(key, made);
    return made;
  };
}

/**
 * After a clean stop the journal ends with a whole record. Damage in it would take away every
 * topic behind it, and their partitions would be set aside: people decide, not we.
 */
function ensureWhole(disk: Disk, root: string, contents: JournalContents): void {
  const { validBytes, totalBytes, records } = contents;
  const isClean = disk.exists(disk.join(root, rootFile.cleanShutdown));
  if (validBytes === totalBytes || !isClean) return;
  const path = disk.join(root, journalName);
  throw new KafkaError(
    'LOG_CORRUPTED',
    `${path} is damaged at byte ${validBytes} of ${totalBytes}, behind ${records} records: ` +
      'topics and settings that had been written safely are not readable.',
    {
      path,
      hint:
        'Check the disk and restore the directory from a backup; or start with truncateCorrupted ' +
        'to give up what stands behind, whose partitions are then set aside.',
    },
  );
}

/** A directory knows whose it is; only a setting that says otherwise is held against it. */
function nodeIdOf({ system, config, dataDirectory }: BrokerSettings): number {
  const isSet = config.setting('node.id') !== undefined;
  const found = isSet ? undefined : readMetaProperties(system.disk, dataDirectory);
  return found?.nodeId ?? config.number('node.id');
}

function raiseLeaderEpochs(image: MetadataImage): void {
  for (const { leaderEpochs } of image.topics.values()) {
    for (const [index, epoch] of leaderEpochs.entries()) leaderEpochs[index] = epoch + 1;
  }
}
