import type { BrokerConfig } from '../config/broker-config.js';
import { TopicConfig, type TopicOverrides } from '../config/topic-config.js';
import type { Partition } from '../partition/partition.js';
import type { TopicFacts } from './topic-lookup.js';
import { isInternalTopic } from './topic-name.js';

/** A topic of the running broker: its facts, its configs and its partitions. */
export class Topic implements TopicFacts {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  readonly partitions: Partition[] = [];
  readonly #broker: BrokerConfig;
  #overrides: TopicOverrides;
  #config: TopicConfig;

  constructor(name: string, id: string, overrides: TopicOverrides, broker: BrokerConfig) {
    this.name = name;
    this.id = id;
    this.internal = isInternalTopic(name);
    this.#broker = broker;
    this.#overrides = overrides;
    this.#config = new TopicConfig(overrides, broker);
  }

  get partitionCount(): number {
    return this.partitions.length;
  }

  /** What the topic sets for itself. */
  get overrides(): TopicOverrides {
    return this.#overrides;
  }

  /** All configs as they are in force. */
  get config(): TopicConfig {
    return this.#config;
  }

  /** Takes over new settings; the partitions hear of them from the registry. */
  setOverrides(overrides: TopicOverrides): void {
    this.#overrides = overrides;
    this.#config = new TopicConfig(overrides, this.#broker);
  }
}
