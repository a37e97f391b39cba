import { KafkaError } from '../../errors/index.js';
import type { BrokerConfig } from './broker-config.js';
import { brokerConfigFacts } from './broker-configs.js';
import type { Compat } from './compat.js';
import { checkConfig, type ConfigFacts, configNumber } from './config-facts.js';
import { topicConfigFacts, topicConfigs } from './topic-configs.js';

/** What a topic sets for itself, by config name. */
export type TopicOverrides = Readonly<Record<string, string>>;

/**
 * Checks the configs of a topic and gives them back trimmed. Fails with INVALID_CONFIG in
 * Kafka's words: unknown name, null, or a value that does not fit.
 */
export function checkTopicConfigs(
  configs: Iterable<readonly [name: string, value: string | null]>,
): Record<string, string> {
  const checked: Record<string, string> = {};
  const nulls: string[] = [];
  for (const [name, value] of configs) {
    if (value === null) nulls.push(name);
    else checked[name] = checkConfig(factsOf(name), value);
  }
  if (nulls.length > 0) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Null value not supported for topic configs: ${nulls.join(',')}`,
    );
  }
  checkTogether(checked);
  return checked;
}

function factsOf(name: string): ConfigFacts {
  const facts = topicConfigFacts(name);
  if (facts === undefined) {
    throw new KafkaError('INVALID_CONFIG', `Unknown topic config name: ${name}`);
  }
  return facts;
}

function checkTogether(configs: TopicOverrides): void {
  const minLag = configs['min.compaction.lag.ms'];
  const maxLag = configs['max.compaction.lag.ms'];
  if (minLag !== undefined && maxLag !== undefined && BigInt(minLag) > BigInt(maxLag)) {
    throw new KafkaError(
      'INVALID_CONFIG',
      'conflict topic config setting min.compaction.lag.ms ' +
        `(${minLag}) > max.compaction.lag.ms (${maxLag})`,
    );
  }
  if (configs['remote.storage.enable'] === 'true') {
    throw new KafkaError(
      'INVALID_CONFIG',
      'Tiered Storage functionality is disabled in the broker. ' +
        'Topic cannot be configured with remote log storage.',
    );
  }
}

/** Where a value in force comes from, as DescribeConfigs numbers it. */
export const configSource = {
  topic: 1,
  ownBroker: 2,
  allBrokers: 3,
  staticBroker: 4,
  default: 5,
  group: 8,
} as const;

/** One value in force, with where it comes from. */
export interface EffectiveConfig {
  readonly facts: ConfigFacts;
  readonly value: string | null;
  readonly source: number;
  /** The values it was chosen from, the one in force first. */
  readonly synonyms: readonly {
    readonly name: string;
    readonly value: string;
    readonly source: number;
  }[];
}

/**
 * All configs of a topic as they are in force: its own, else the broker's, else the default. An
 * older `compat` leaves out what that version did not have.
 */
export function effectiveConfigs(
  overrides: TopicOverrides,
  broker: BrokerConfig,
  compat: Compat,
): EffectiveConfig[] {
  const known = topicConfigs.filter(({ since }) => since === undefined || since === compat);
  return known.map((facts) => effectiveConfig(facts, overrides, broker));
}

function effectiveConfig(
  facts: ConfigFacts,
  overrides: TopicOverrides,
  broker: BrokerConfig,
): EffectiveConfig {
  const synonyms: { name: string; value: string; source: number }[] = [];
  const own = overrides[facts.name];
  if (own !== undefined) {
    synonyms.push({ name: facts.name, value: own, source: configSource.topic });
  }
  const { brokerName } = facts;
  if (brokerName !== undefined) {
    for (const { value, layer } of broker.layers(brokerName)) {
      synonyms.push({ name: brokerName, value, source: configSource[layer] });
    }
    const fallback = brokerConfigFacts(brokerName)?.fallback ?? null;
    if (fallback !== null) {
      synonyms.push({ name: brokerName, value: fallback, source: configSource.default });
    }
  }
  const first = synonyms[0];
  const inherited = brokerName === undefined ? facts.fallback : broker.topicDefault(brokerName);
  return {
    facts,
    value: first?.value ?? inherited ?? facts.fallback,
    source: first?.source ?? configSource.default,
    synonyms,
  };
}

/** Numbers, flags and lists of a topic's configs as they are in force. */
export class TopicConfig {
  readonly #overrides: TopicOverrides;
  /** What the broker itself is set to. */
  readonly broker: BrokerConfig;

  constructor(overrides: TopicOverrides, broker: BrokerConfig) {
    this.#overrides = overrides;
    this.broker = broker;
  }

  text(name: string): string {
    const facts = factsOf(name);
    const value = effectiveConfig(facts, this.#overrides, this.broker).value;
    return value ?? '';
  }

  /** Longs beyond ±(2^53−1) come as the nearest safe integer. */
  number(name: string): number {
    return configNumber(this.text(name));
  }

  boolean(name: string): boolean {
    return this.text(name) === 'true';
  }

  list(name: string): readonly string[] {
    const text = this.text(name);
    return text === '' ? [] : text.split(',');
  }
}
