import { KafkaError } from '../../errors/index.js';
import { brokerConfigFacts } from '../config/broker-configs.js';
import type { ConfigFacts } from '../config/config-facts.js';
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

/**
 * Settings of the broker are read when it starts, and none is ever set at run time. So all that can
 * be done is to take away what is not there, as Apache's tools do when they tidy up.
 */
function brokerTarget(name: string, { config, nodes }: BrokerInternals): ConfigTarget {
  if (name !== '' && !nodes.ids.map(String).includes(name)) {
    throw new KafkaError('INVALID_REQUEST', `There is no broker ${name} in the cluster.`);
  }
  return {
    overrides: {},
    check: (configs) => {
      if ([...configs].length === 0) return {};
      throw new KafkaError(
        'INVALID_REQUEST',
        'The configuration of this broker does not change while it runs: ' +
          'set it in server.properties or by -o and start the broker again.',
      );
    },
    factsOf: (wanted) =>
      brokerConfigFacts(wanted) ?? {
        name: wanted,
        type: 'string',
        fallback: null,
        bounds: {},
        doc: '',
      },
    text: (wanted) => config.value(wanted) ?? '',
    configure: () => Promise.resolve(),
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

export function checkGroupName(groupId: string): void {
  if (groupId !== '') return;
  throw new KafkaError('INVALID_REQUEST', 'Default group resources are not allowed.');
}
