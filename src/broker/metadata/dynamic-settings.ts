import type { BrokerConfig } from '../config/broker-config.js';
import type { DynamicConfigs } from '../config/dynamic-broker-configs.js';
import type { MetadataImage } from './metadata-image.js';
import type { MetadataJournal } from './metadata-journal.js';
import { configChanges, resourceType } from './metadata-record.js';
import type { TopicRegistry } from './topic-registry.js';

/** What was set for brokers while they ran (KIP-226); the empty name stands for all of them. */
export class DynamicSettings {
  readonly #parts: DynamicSettingsParts;

  constructor(parts: DynamicSettingsParts) {
    this.#parts = parts;
  }

  of(resourceName: string): DynamicConfigs {
    return this.#parts.image.brokerConfigs.get(resourceName) ?? {};
  }

  /** Replaces what is set for a broker or for all; `wanted` must have been checked. */
  async configure(resourceName: string, wanted: DynamicConfigs): Promise<void> {
    const { image, journal, config, nodeId, topics } = this.#parts;
    const about = { resourceType: resourceType.broker, resourceName };
    const records = configChanges(about, this.of(resourceName), wanted);
    if (records.length === 0) return;
    const synced = journal.append(records);
    for (const record of records) image.replay(record);
    takeOver(image, config, nodeId);
    topics.defaultsChanged();
    await synced;
  }
}

export interface DynamicSettingsParts {
  readonly image: MetadataImage;
  readonly journal: MetadataJournal;
  readonly config: BrokerConfig;
  readonly nodeId: number;
  readonly topics: TopicRegistry;
}

/** Lays what the image holds for this broker and for all over what was set at its start. */
export function takeOver(image: MetadataImage, config: BrokerConfig, nodeId: number): void {
  const { brokerConfigs } = image;
  config.setDynamic(brokerConfigs.get(String(nodeId)) ?? {}, brokerConfigs.get('') ?? {});
}
