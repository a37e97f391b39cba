import { KafkaError } from '../../errors/index.js';
import type { BrokerConfig } from './broker-config.js';
import type { BrokerConfigName } from './broker-configs.js';
import { checkConfig, configNumber } from './config-facts.js';
import {
  checkShareGroupConfig,
  type GroupConfigFacts,
  shareGroupConfigs,
} from './share-group-configs.js';
import { streamsGroupConfigs } from './streams-group-configs.js';
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
export const groupConfigs: readonly GroupConfigFacts[] = [
  ...rows.map(
    ([name, brokerName, fallback, min, max, doc]): GroupConfigFacts => ({
      name,
      type: 'int',
      fallback,
      bounds: { min, max },
      doc,
      brokerName,
    }),
  ),
  ...shareGroupConfigs,
  ...streamsGroupConfigs,
];

const byName = new Map(groupConfigs.map((facts) => [facts.name, facts]));

/** Fails with INVALID_CONFIG in Kafka's words when there is no such config. */
export function groupConfigFacts(name: string): GroupConfigFacts {
  const facts = byName.get(name);
  if (facts !== undefined) return facts;
  throw new KafkaError('INVALID_CONFIG', `Unknown group config name: ${name}`);
}

/**
 * Checks the configs of a group and gives them back trimmed. What the broker's own configs say of
 * bounds is looked at where `broker` is given.
 */
export function checkGroupConfigs(
  configs: Iterable<readonly [name: string, value: string | null]>,
  broker?: BrokerConfig,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of configs) {
    const facts = groupConfigFacts(name);
    if (value === null) {
      throw new KafkaError('INVALID_CONFIG', `Null value not supported for group configs: ${name}`);
    }
    checked[name] = checkConfig(facts, value);
    checkShareGroupConfig(facts, checked[name], broker);
  }
  return checked;
}

/** All configs of a group as they are in force. */
export function effectiveGroupConfigs(
  overrides: GroupOverrides,
  broker: BrokerConfig,
): EffectiveConfig[] {
  return groupConfigs.map((facts) => {
    const { name, brokerName } = facts;
    const own = overrides[name];
    const common = brokerName === undefined ? (facts.fallback ?? '') : broker.text(brokerName);
    const synonyms = [{ name: brokerName ?? name, value: common, source: configSource.default }];
    if (own === undefined) return { facts, value: common, source: configSource.default, synonyms };
    const source = configSource.group;
    return { facts, value: own, source, synonyms: [{ name, value: own, source }, ...synonyms] };
  });
}

/** The times that rule a consumer group, in milliseconds. */
export interface GroupTimes {
  assignmentIntervalMs?: number;
  heartbeatIntervalMs?: number;
  sessionTimeoutMs?: number;
}

const shareTimeFields = [
  ['share.assignment.interval.ms', 'assignmentIntervalMs'],
  ['share.heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ['share.session.timeout.ms', 'sessionTimeoutMs'],
] as const;

const timeFields = [
  ['consumer.assignment.interval.ms', 'assignmentIntervalMs'],
  ['consumer.heartbeat.interval.ms', 'heartbeatIntervalMs'],
  ['consumer.session.timeout.ms', 'sessionTimeoutMs'],
] as const;

/** The times among what a group has set; the others are left out. */
export function groupTimes(
  overrides: GroupOverrides,
  kind: 'consumer' | 'share' = 'consumer',
): GroupTimes {
  const times: GroupTimes = {};
  for (const [name, field] of kind === 'share' ? shareTimeFields : timeFields) {
    const own = overrides[name];
    if (own !== undefined) times[field] = configNumber(own);
  }
  return times;
}
