import { KafkaError } from '../../errors/index.js';
import { brokerConfigFacts } from './broker-configs.js';
import { checkConfig, type ConfigFacts } from './config-facts.js';
import { topicConfigs } from './topic-configs.js';

/** Broker configs that were set while the broker ran (KIP-226), by name. */
export type DynamicConfigs = Readonly<Record<string, string>>;

const topicDefaults = new Set(topicConfigs.map(({ brokerName }) => brokerName));

/**
 * Whether a running broker takes over a change: the defaults of topic configs. All others that
 * kafkit uses are read at the start.
 */
export function isDynamic(name: string): boolean {
  return topicDefaults.has(name);
}

/** The facts of a broker config; a name that kafkit has no use for is a text, as Kafka keeps it. */
export function anyBrokerConfigFacts(name: string): ConfigFacts {
  const known = brokerConfigFacts(name);
  if (known !== undefined) return known;
  return { name, type: 'string', fallback: null, bounds: {}, doc: '' };
}

/**
 * Checks configs of a broker and gives them back trimmed. Fails with INVALID_CONFIG where a value
 * does not fit, with INVALID_REQUEST where the config is read at the start only, or would be in
 * force for one node of several that have one configuration.
 */
export function checkBrokerConfigs(
  configs: Iterable<readonly [name: string, value: string | null]>,
  isOneOfSeveral: boolean,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of configs) {
    if (value === null) {
      throw new KafkaError('INVALID_REQUEST', `Null value not supported for : ${name}`);
    }
    if (brokerConfigFacts(name) !== undefined && !isDynamic(name)) {
      throw new KafkaError('INVALID_REQUEST', `Cannot update these configs dynamically: ${name}`, {
        hint: 'Set it in server.properties or by -o and start the broker again.',
      });
    }
    if (isDynamic(name) && isOneOfSeveral) {
      throw new KafkaError(
        'INVALID_REQUEST',
        `The nodes of this broker have one configuration: set ${name} for all of them.`,
      );
    }
    checked[name] = checkConfig(anyBrokerConfigFacts(name), value);
  }
  return checked;
}

/** Of configs that a journal holds, those that this broker takes over and whose values fit. */
export function usableConfigs(configs: DynamicConfigs): Map<string, string> {
  const usable = new Map<string, string>();
  for (const [name, value] of Object.entries(configs)) {
    const facts = brokerConfigFacts(name);
    if (facts === undefined || !isDynamic(name)) continue;
    try {
      usable.set(name, checkConfig(facts, value));
    } catch (error) {
      // Another Kafka wrote it; the broker starts with the value below it.
      if (!(error instanceof KafkaError)) throw error;
    }
  }
  return usable;
}
