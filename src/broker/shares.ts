import type { Logger, System } from '../system/index.js';
import type { BrokerConfig } from './config/broker-config.js';
import { shareSettings } from './config/share-group-configs.js';
import {
  type GroupCoordinator,
  ShareCoordinator,
  ShareGroupCoordinator,
} from './coordinator/index.js';
import type { GroupSettings } from './metadata/group-settings.js';
import type { TopicRegistry } from './metadata/topic-registry.js';
import type { PrunedTopic } from './partition/internal-topic.js';
import { DeadLetterQueue } from './partition/share/dead-letter-queue.js';
import { SharePartitions } from './partition/share/share-partitions.js';

export interface SharesParts {
  readonly system: Pick<System, 'clock'>;
  readonly logger: Logger;
  readonly topics: TopicRegistry;
  readonly config: BrokerConfig;
  readonly groupSettings: GroupSettings;
  readonly groups: GroupCoordinator;
  /** `__share_group_state`. */
  readonly internalTopic: PrunedTopic;
  /** Whether groups may have a dead-letter queue: `share.version` 2. */
  readonly hasDeadLetters: boolean;
  /** A member has left its group. */
  readonly onLeft: (member: { readonly groupId: string; readonly memberId: string }) => void;
}

/** What all nodes have together for share groups (KIP-932). */
export class Shares {
  readonly states: ShareCoordinator;
  readonly partitions: SharePartitions;
  readonly groups: ShareGroupCoordinator;

  constructor(parts: SharesParts) {
    const { system, logger, topics, config, groupSettings, groups, internalTopic, onLeft } = parts;
    const { clock } = system;
    const settingsOf = (groupId: string) => {
      const settings = shareSettings(groupSettings.of(groupId), config);
      return parts.hasDeadLetters ? settings : { ...settings, deadLetterTopic: '' };
    };
    this.states = new ShareCoordinator({
      clock,
      logger,
      internalTopic,
      topics,
      updatesPerSnapshot: config.number('share.coordinator.snapshot.update.records.per.snapshot'),
    });
    this.partitions = new SharePartitions({
      clock,
      logger,
      topics,
      states: this.states,
      settingsOf,
      deadLetters: new DeadLetterQueue({ clock, logger, topics, config, settingsOf }),
    });
    this.groups = new ShareGroupCoordinator({
      groups,
      states: this.states,
      topics,
      logger,
      onLeft: (groupId, memberId) => {
        onLeft({ groupId, memberId });
        void this.partitions.release(groupId, memberId);
      },
      onStatesChanged: (groupId, topicIds) => this.partitions.drop(groupId, topicIds),
    });
  }

  /** Whoever waits is told so; resolves when nothing is being written. */
  async close(): Promise<void> {
    this.partitions.close();
    await this.states.close();
  }
}
