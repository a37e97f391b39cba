import { KafkaError } from '../../errors/index.js';
import type { ShareSettings } from '../partition/share/share-settings.js';
import type { BrokerConfig } from './broker-config.js';
import type { BrokerConfigName } from './broker-configs.js';
import type { ConfigBounds, ConfigFacts, ConfigType } from './config-facts.js';
import { configNumber } from './config-facts.js';

/** A config of a group, the broker config that gives its default, and those that bound it. */
export interface GroupConfigFacts extends ConfigFacts {
  readonly brokerName?: BrokerConfigName | undefined;
  readonly minName?: BrokerConfigName | undefined;
  readonly maxName?: BrokerConfigName | undefined;
}

type Row = readonly [
  name: string,
  type: ConfigType,
  fallback: string,
  bounds: ConfigBounds,
  names: Pick<GroupConfigFacts, 'brokerName' | 'minName' | 'maxName'>,
  doc: string,
];

// Names and bounds are Apache's, the sentences our own.
const rows: readonly Row[] = [
  [
    'errors.deadletterqueue.copy.record.enable',
    'boolean',
    'false',
    {},
    {},
    'Whether records in the dead-letter queue have key, value and headers of those they tell of.',
  ],
  [
    'errors.deadletterqueue.topic.name',
    'string',
    '',
    {},
    {},
    'The topic in which this share group notes what was rejected or given out too often; empty ' +
      'for none.',
  ],
  [
    'share.assignment.interval.ms',
    'int',
    '1000',
    { min: 0 },
    {
      brokerName: 'group.share.assignment.interval.ms',
      minName: 'group.share.min.assignment.interval.ms',
      maxName: 'group.share.max.assignment.interval.ms',
    },
    'This share group gets a new assignment at most this often.',
  ],
  [
    'share.auto.offset.reset',
    'string',
    'latest',
    {},
    {},
    'Where this share group begins to read: earliest, latest, or by_duration: and a time of ' +
      'ISO 8601 that it goes back.',
  ],
  [
    'share.delivery.count.limit',
    'int',
    '5',
    { min: 2 },
    {
      brokerName: 'group.share.delivery.count.limit',
      minName: 'group.share.min.delivery.count.limit',
      maxName: 'group.share.max.delivery.count.limit',
    },
    'How often a record is given to members of this share group before it is put aside.',
  ],
  [
    'share.heartbeat.interval.ms',
    'int',
    '5000',
    { min: 1 },
    {
      brokerName: 'group.share.heartbeat.interval.ms',
      minName: 'group.share.min.heartbeat.interval.ms',
      maxName: 'group.share.max.heartbeat.interval.ms',
    },
    'How often the members of this share group are told to send heartbeats.',
  ],
  [
    'share.isolation.level',
    'string',
    'read_uncommitted',
    { oneOf: ['read_committed', 'read_uncommitted'] },
    {},
    'With read_committed this share group gets records of committed transactions only.',
  ],
  [
    'share.partition.max.record.locks',
    'int',
    '2000',
    { min: 100 },
    {
      brokerName: 'group.share.partition.max.record.locks',
      minName: 'group.share.min.partition.max.record.locks',
      maxName: 'group.share.max.partition.max.record.locks',
    },
    'Records of a partition that this share group may have given out without being done.',
  ],
  [
    'share.record.lock.duration.ms',
    'int',
    '30000',
    { min: 1000 },
    {
      brokerName: 'group.share.record.lock.duration.ms',
      minName: 'group.share.min.record.lock.duration.ms',
      maxName: 'group.share.max.record.lock.duration.ms',
    },
    'How long a member of this share group has a record to itself.',
  ],
  [
    'share.renew.acknowledge.enable',
    'boolean',
    'true',
    {},
    {},
    'Whether members of this share group may ask for more time.',
  ],
  [
    'share.session.timeout.ms',
    'int',
    '45000',
    { min: 1 },
    {
      brokerName: 'group.share.session.timeout.ms',
      minName: 'group.share.min.session.timeout.ms',
      maxName: 'group.share.max.session.timeout.ms',
    },
    'A member of this share group that is silent for so long is taken out.',
  ],
];

export const shareGroupConfigs: readonly GroupConfigFacts[] = rows.map(
  ([name, type, fallback, bounds, names, doc]) => ({ name, type, fallback, bounds, doc, ...names }),
);

const duration =
  /^by_duration:\+?P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$/i;

/** How far back `by_duration:` goes, in milliseconds; undefined for another text. */
export function resetDurationMs(text: string): number | undefined {
  const found = duration.exec(text);
  if (found === null || !/\d/.test(text)) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(1, 5)
    .map((n) => Number(n ?? 0));
  const fraction = Number(`0.${found[5] ?? '0'}`);
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds + fraction) * 1000;
}

/** Checks what no type can say; fails with INVALID_CONFIG in Kafka's words. */
export function checkShareGroupConfig(
  facts: GroupConfigFacts,
  value: string,
  broker: BrokerConfig | undefined,
): void {
  const { name, minName, maxName } = facts;
  if (name === 'share.auto.offset.reset' && resetOf(value) === undefined) {
    throw new KafkaError(
      'INVALID_CONFIG',
      `Invalid value ${value} for configuration ${name}: Invalid value \`${value}\` for ` +
        `configuration ${name}. The value must be either 'earliest', 'latest' or of the format ` +
        "'by_duration:<PnDTnHnMn.nS>'.",
    );
  }
  if (name === 'errors.deadletterqueue.topic.name' && value.startsWith('__')) {
    throw new KafkaError('INVALID_CONFIG', `${name}: DLQ topic name must not start with '__'`);
  }
  if (broker === undefined) return;
  if (minName !== undefined && configNumber(value) < broker.number(minName)) {
    throw new KafkaError('INVALID_CONFIG', `${name} must be greater than or equal to ${minName}`);
  }
  if (maxName !== undefined && configNumber(value) > broker.number(maxName)) {
    throw new KafkaError('INVALID_CONFIG', `${name} must be less than or equal to ${maxName}`);
  }
}

function resetOf(text: string): ShareSettings['autoOffsetReset'] | undefined {
  if (text === 'earliest' || text === 'latest') return text;
  const byDurationMs = resetDurationMs(text);
  return byDurationMs === undefined ? undefined : { byDurationMs };
}

/** What rules the share partitions of a group that has set this for itself. */
export function shareSettings(
  overrides: Readonly<Record<string, string>>,
  broker: BrokerConfig,
): ShareSettings {
  const number = (name: string, brokerName: BrokerConfigName): number => {
    const own = overrides[name];
    return own === undefined ? broker.number(brokerName) : configNumber(own);
  };
  return {
    autoOffsetReset: resetOf(overrides['share.auto.offset.reset'] ?? 'latest') ?? 'latest',
    readCommitted: overrides['share.isolation.level'] === 'read_committed',
    deliveryCountLimit: number('share.delivery.count.limit', 'group.share.delivery.count.limit'),
    lockDurationMs: number('share.record.lock.duration.ms', 'group.share.record.lock.duration.ms'),
    recordLocksMax: number(
      'share.partition.max.record.locks',
      'group.share.partition.max.record.locks',
    ),
    renewEnabled: overrides['share.renew.acknowledge.enable'] !== 'false',
    deadLetterTopic: overrides['errors.deadletterqueue.topic.name'] ?? '',
    copiesDeadLetters: overrides['errors.deadletterqueue.copy.record.enable'] === 'true',
  };
}
