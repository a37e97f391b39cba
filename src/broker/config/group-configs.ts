import { KafkaError } from '../../errors/index.js';
import type { BrokerConfig } from './broker-config.js';
import type { BrokerConfigName } from './broker-configs.js';
import { checkConfig, type ConfigFacts, configNumber } from './config-facts.js';
import { configSource, type EffectiveConfig } from './topic-config.js';

/** What a group sets for itself, by config name. */
export type GroupOverrides = Readonly<Record<string, string>>;

type Row = readonly [
  name: string,
  brokerName: BrokerConfigName,
  fallback: string,
  min: number,
  max: number,
  doc: string,
];

// Names and bounds are Apache's, the sentences our own.
const rows: readonly Row[] = [
  [
    'consumer.assignment.interval.ms',
    'group.consumer.assignment.interval.ms',
    '1000',
    0,
    15_000,
    'This group gets a new assignment at most this often.',
  ],
  [
    'consumer.heartbeat.interval.ms',
    'group.consumer.heartbeat.interval.ms',
    '5000',
    5000,
    15_000,
    'How often the members of this group are told to send heartbeats.',
  ],
  [
    'consumer.session.timeout.ms',
    'group.consumer.session.timeout.ms',
    '45000',
    45_000,
    60_000,
    'A member of this group that is silent for so long is taken out.',
  ],
];

/** All group configs that kafkit knows, sorted by name. */
export const groupConfigs: readonly (ConfigFacts & { readonly brokerName: BrokerConfigName })[] =
  rows.map(([name, brokerName, fallback, min, max, doc]) => ({
    name,
    type: 'int',
    fallback,
    bounds: { min, max },
    doc,
    brokerName,
  }));

const byName = new Map(groupConfigs.map((facts) => [facts.name, facts]));

/** Fails with INVALID_CONFIG in Kafka's words when there is no such config. */
export function groupConfigFacts(name: string): ConfigFacts {
  const facts = byName.get(name);
  if (facts !== undefined) return facts;
  throw new KafkaError('INVALID_CONFIG', `Unknown group config name: ${name}`);
}

/** Checks the configs of a group and gives them back trimmed. */
export function checkGroupConfigs(
  configs: Iterable<readonly [name: string, value: string | null]>,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of configs) {
    const facts = groupConfigFacts(name);
    if (value === null) {
      throw new KafkaError('INVALID_CONFIG', `Null value not supported for group configs: ${name}`);
    }
    checked[name] = checkConfig(facts, value);
  }
  return checked;
}

/** All configs of a group as they are in force. */
export function effectiveGroupConfigs(
  overrides: GroupOverrides,
  broker: BrokerConfig,
): EffectiveConfig[] {
  return groupConfigs.map((facts) => {
    const own = overrides[facts.name];
    const value = own ?? broker.text(facts.brokerName);
    const source = own === undefined ? configSource.default : configSource.group;
    return { facts, value, source, synonyms: [{ name: facts.name, value, source }] };
  });
}

/** The times that rule a consumer group, in milliseconds. */
export interface GroupTimes {
  assignmentIntervalMs?: number;
  heartbeatIntervalMs?: number;
  sessionTimeoutMs?: number;
}

const timeFields = [
  ['consumer.assignment.interval.ms', 'assignmentIntervalMs'],
  ['consumer.heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ['consumer.session.timeout.ms', 'sessionTimeoutMs'],
] as const;

/** The times among what a group has set; the others are left out. */
export function groupTimes(overrides: GroupOverrides): GroupTimes {
  const times: GroupTimes = {};
  for (const [name, field] of timeFields) {
    const own = overrides[name];
    if (own !== undefined) times[field] = configNumber(own);
  }
  return times;
}
