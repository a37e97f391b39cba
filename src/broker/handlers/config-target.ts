import { KafkaError } from '../../errors/index.js';
import type { ConfigFacts } from '../config/config-facts.js';
import { anyBrokerConfigFacts, checkBrokerConfigs } from '../config/dynamic-broker-configs.js';
import {
  checkGroupConfigs,
  effectiveGroupConfigs,
  groupConfigFacts,
} from '../config/group-configs.js';
import { topicConfigFacts } from '../config/topic-configs.js';
import { checkTopicConfigs } from '../config/topic-config.js';
import type { BrokerInternals } from '../broker-internals.js';
import { resourceType } from '../metadata/metadata-record.js';

/** Something whose configs can be changed. */
export interface ConfigTarget {
  /** What it has set for itself. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Fails with INVALID_CONFIG. */
  check(configs: Iterable<readonly [string, string | null]>): Record<string, string>;
  /** Fails with INVALID_CONFIG when there is no such config. */
  factsOf(name: string): ConfigFacts;
  /** The value in force. */
  text(name: string): string;
  /** Replaces the overrides, which must have been checked. */
  configure(overrides: Readonly<Record<string, string>>): Promise<void>;
}

/** Fails in Kafka's words when there is no such thing, or when its configs do not change. */
export function configTarget(type: number, name: string, broker: BrokerInternals): ConfigTarget {
  switch (type) {
    case resourceType.topic:
      return topicTarget(name, broker);
    case resourceType.group:
      return groupTarget(name, broker);
    case resourceType.broker:
      return brokerTarget(name, broker);
    default:
      throw new KafkaError('INVALID_REQUEST', `Unexpected resource type ${type}.`);
  }
}

function topicTarget(name: string, { topics }: BrokerInternals): ConfigTarget {
  const topic = topics.byName(name);
  if (topic === undefined) {
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`);
  }
  return {
    overrides: topic.overrides,
    check: checkTopicConfigs,
    factsOf: (config) => {
      const facts = topicConfigFacts(config);
      if (facts !== undefined) return facts;
      throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${config}`);
    },
    text: (config) => topic.config.text(config),
    configure: (overrides) => topics.configure(topic, overrides),
  };
}

function groupTarget(groupId: string, { groupSettings, config }: BrokerInternals): ConfigTarget {
  checkGroupName(groupId);
  const overrides = groupSettings.of(groupId);
  return {
    overrides,
    check: (configs) => checkGroupConfigs(configs, config),
    factsOf: groupConfigFacts,
    text: (name) =>
      effectiveGroupConfigs(overrides, config).find(({ facts }) => facts.name === name)?.value ??
      '',
    configure: (wanted) => groupSettings.configure(groupId, wanted),
  };
}

/**
 * A broker by its id, or all brokers by the empty name. Several nodes have one disk and one
 * configuration: what is in force can be set for all of them only.
 */
function brokerTarget(name: string, broker: BrokerInternals): ConfigTarget {
  const { brokerSettings, config, nodes } = broker;
  if (name !== '' && !nodes.ids.map(String).includes(name)) {
    throw new KafkaError('INVALID_REQUEST', `There is no broker ${name} in the cluster.`);
  }
  const isOneOfSeveral = name !== '' && nodes.ids.length > 1;
  return {
    overrides: brokerSettings.of(name),
    check: (configs) => checkBrokerConfigs(configs, isOneOfSeveral),
    factsOf: anyBrokerConfigFacts,
    text: (key) => config.value(key) ?? '',
    configure: (wanted) => brokerSettings.configure(name, wanted),
  };
}

export function checkBrokerName(name: string, nodeId: number): void {
  if (name === '' || name === String(nodeId)) return;
  throw new KafkaError(
    'INVALID_REQUEST',
    `Unexpected broker id, expected ${nodeId} or empty string, but received ${name}`,
  );
}

export function checkGroupName(groupId: string): void {
  if (groupId !== '') return;
  throw new KafkaError('INVALID_REQUEST', 'Default group resources are not allowed.');
}
